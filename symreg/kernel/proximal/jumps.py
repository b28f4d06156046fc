"""Lower a gap of F: the threshold of v at which the minimiser jumps from the rows before it to those behind it."""

from __future__ import annotations

from dataclasses import replace

from symreg.expressions.arithmetic import plus
from symreg.expressions.tree import Binary, Call, Compare, Tree
from symreg.kernel.ir import Let, Root
from symreg.kernel.proximal.minimiser import minimiser_in
from symreg.kernel.proximal.rows import Row, greatest_v, least_v
from symreg.kernel.proximal.scope import ONE, TWO, ZERO, Scope, Statements
from symreg.proximal.operator import Gap, MonotonePiece, times_step


def joined(before: list[Row], after: list[Row], gap: Gap, scope: Scope, once: Statements) -> list[Row]:
    """Return the rows on both sides of a gap with the jump as a threshold between them.

    The thresholds on either side are moved up to the jump, so that what is never the best has no v left.
    """
    last, first = before[-1], after[0]
    if gap.lost is not None:
        before, jump = _over_lost_piece(before, after, gap, scope, once)
    elif gap.jump is not None:
        jump = scope.let("jump", scope.at(gap.jump), once)
    else:
        top = greatest_v(last, scope, once)
        bottom = least_v(first, scope, once)
        jump = _iterated(before, after, bottom, top, scope, once)
    rows = [_moved(row, "min", jump, scope, once) for row in before[:-1]]
    rows.append(replace(before[-1], threshold=jump))
    rows += [_moved(row, "max", jump, scope, once) for row in after]
    return rows


def _moved(row: Row, extremum: str, jump: Tree, scope: Scope, once: Statements) -> Row:
    """Return a row whose threshold is not beyond the jump, or not before it."""
    if row.threshold is None:
        return row
    return replace(row, threshold=scope.let("threshold", Call(extremum, (row.threshold, jump)), once))


def _over_lost_piece(
    before: list[Row], after: list[Row], gap: Gap, scope: Scope, once: Statements
) -> tuple[list[Row], Tree]:
    """Return the rows before a gap with the piece that is lost for long steps behind them, and up to where that holds.

    For short steps F rises on the piece and the threshold is the v at its upper end; for the others it is the jump.
    """
    last, first = before[-1], after[0]
    lost = gap.lost
    assert lost is not None and isinstance(lost.place, MonotonePiece)
    piece, (low, high) = lost.place, (last.high, first.low)
    assert low is not None and high is not None and piece.low_slope and piece.high_slope
    rise = scope.let("slope", plus(ONE, times_step(scope.step, scope.at(piece.curvature))), once)
    at_low = scope.let("threshold", scope.threshold(low, piece.low_slope), once)
    at_high = scope.let("threshold", scope.threshold(high, piece.high_slope), once)
    is_kept = Compare(">", rise, ZERO)
    if gap.jump is not None:
        jump = scope.let("jump", Call("where", (is_kept, at_high, scope.at(gap.jump))), once)
    else:
        top = scope.let("upper", Call("where", (is_kept, at_high, at_low)), once)
        jump = _iterated(before, after, at_high, top, scope, once)
    return [*before[:-1], replace(last, threshold=at_low), Row(lost, low, high, None)], jump


def _iterated(before: list[Row], after: list[Row], bottom: Tree, top: Tree, scope: Scope, once: Statements) -> Tree:
    """Return the v at which the rows on both sides have minima that are equally good.

    The difference of the two minimal values rises with v; its derivative is the distance of the two minimisers.

    Args:
        before: The rows before the gap.
        after: The rows behind it.
        bottom: The least v that has a minimum in the rows behind.
        top: The greatest that has one in the rows before.
        scope: Of the function.
        once: Receives the root.
    """
    name = scope.fresh("jump")
    body: Statements = []
    a, value_a = minimiser_in(before, name, scope, once, body, is_clipped=True)
    b, value_b = minimiser_in(after, name, scope, once, body, is_clipped=True)
    a, b = scope.let("left", a, body), scope.let("right", b, body)
    middle = Binary("-", Binary("/", Binary("+", a, b), TWO), name)
    penalty = Binary("*", scope.step, Binary("-", value_a, value_b))
    distance = Binary("-", b, a)
    once.append(
        Root(
            name=name.name,
            low=bottom,
            high=top,
            start=bottom,
            body=tuple(statement for statement in body if isinstance(statement, Let | Root)),
            residual=Binary("-", penalty, Binary("*", distance, middle)),
            slope=distance,
        )
    )
    return name
