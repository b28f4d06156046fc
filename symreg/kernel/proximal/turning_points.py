"""Lower the turning points of F: where 1 + s*phi'' is 0, once a call, by formula or as a root."""

from __future__ import annotations

from dataclasses import replace

from symreg.expressions.arithmetic import negative, plus, times
from symreg.expressions.tree import Binary, Call, Compare, Negate, Number, Tree, substitute
from symreg.kernel.ir import Root
from symreg.kernel.proximal.scope import FARTHEST, ONE, TWO, ZERO, Scope, Statements, W, clipped
from symreg.proximal.operator import Case, Gap, Kink, MonotonePiece, times_step


def ends_of(gap: Gap, before: Case, after: Case, scope: Scope, once: Statements) -> tuple[Tree, Tree]:
    """Return the weights at which F begins to fall and at which it rises again.

    Args:
        gap: Between two cases.
        before: The last case before it.
        after: The first behind it.
        scope: Of the function.
        once: Receives what has to be computed for that.
    """
    if gap.lost is not None:
        piece = gap.lost.place
        assert isinstance(piece, MonotonePiece) and piece.low is not None and piece.high is not None
        return piece.low, piece.high
    low, high = (
        _turning_point(case.place, gap.position, scope, once)
        if isinstance(case.place, MonotonePiece) and case.place.may_fall
        else gap.position
        for case in (before, after)
    )
    return low, high


def outer_end(place: Kink | MonotonePiece, scope: Scope, once: Statements, *, side: int) -> Tree | None:
    """Return where F turns on the first piece (side 1) or on the last (side -1), if it does at its outer end."""
    if isinstance(place, Kink) or not place.may_fall or place.trend != side:
        return None
    end = place.low if side > 0 else place.high
    return None if end is None else _turning_point(place, end, scope, once)


def _turning_point(piece: MonotonePiece, position: Tree, scope: Scope, once: Statements) -> Tree:
    """Return where F turns on a piece whose curvature is least at a position, or the position if F does not."""
    if piece.trend == 0:
        return position
    turns = None
    if piece.least_curvature is not None:
        turns = Compare("<", plus(ONE, times_step(scope.step, piece.least_curvature)), ZERO)
    if piece.turning_point is not None:
        formula = scope.at(piece.turning_point)
        return scope.let("turning_point", formula if turns is None else Call("where", (turns, formula, position)), once)
    if piece.trend < 0 and piece.low is None:
        # Far out the curvature may be NaN, which is taken for above the root: so it is, mirrored.
        mirrored = _turning_point(_mirrored(piece), negative(position), scope, once)
        return scope.let("turning_point", negative(mirrored), once)
    return _iterated(piece, position, turns, scope, once)


def _iterated(piece: MonotonePiece, position: Tree, turns: Tree | None, scope: Scope, once: Statements) -> Tree:
    """Return the root of 1 + s*phi'' between a position and the other end of a piece.

    Args:
        piece: On which phi'' is monotone.
        position: Where phi'' is least.
        turns: Does F turn there at all? None: for every step. If not, the position is returned.
        scope: Of the function.
        once: Receives the root.
    """
    far = piece.high if piece.trend > 0 else piece.low
    bound = far if far is not None else FARTHEST
    if turns is not None:
        bound = scope.let("bound", Call("where", (turns, bound, position)), once)
    start = Binary("*", TWO, position) if far is None and not isinstance(position, Number) else bound
    low, high = (position, bound) if piece.trend > 0 else (bound, position)
    rise = plus(ONE, times_step(scope.step, piece.curvature))
    change = times(scope.step, piece.third)
    name = scope.fresh("turning_point")
    once.append(
        Root(
            name=name.name,
            low=low,
            high=high,
            start=clipped(start, low, high),
            residual=substitute(rise if piece.trend > 0 else Negate(rise), {W: name}),
            slope=substitute(change if piece.trend > 0 else Negate(change), {W: name}),
        )
    )
    return name


def _mirrored(piece: MonotonePiece) -> MonotonePiece:
    """Return what there is to know of where F turns on a piece without a lower end, over -w."""
    assert piece.high is not None
    opposite: dict[Tree, Tree] = {W: Negate(W)}
    return replace(
        piece,
        low=negative(piece.high),
        high=None,
        curvature=substitute(piece.curvature, opposite),
        third=negative(substitute(piece.third, opposite)),
        trend=1,
    )
