"""The root of F(u) = v of one element, by Newton's or Halley's method in a bracket: one iteration for all rows.

What differs from row to row (bounds, start, phi' and its derivatives) is chosen by the thresholds of v before.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.expressions.arithmetic import call, minus, over, plus, times, where
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Negate, Number, Tree, substitute, walk
from symreg.kernel.ir import Root
from symreg.kernel.proximal.rows import Row, by_threshold
from symreg.kernel.proximal.scope import FARTHEST, ONE, TWO, ZERO, Scope, Statements, W, clipped
from symreg.proximal.operator import STEP, Iteration, Kink, MonotonePiece, V

_ABOVE = Number(Fraction(1_000_001, 1_000_000))
"""What a bound is multiplied by so that no rounding puts it on the wrong side."""
_NEAREST = Number(Fraction(1, 10**307))
"""Above an end at 0 that the minimiser does not reach."""


def root_of(rows: list[Row], x: Tree, scope: Scope, once: Statements, each: Statements) -> Tree:
    """Return the root of F(u) = x in the row that x belongs to; a row that is no root has its place as bounds.

    Args:
        rows: Ascending; one of them at least is a root.
        x: v.
        scope: Of the function.
        once: Receives what does not depend on x.
        each: Receives the root.
    """
    brackets = [_bracket(row, x, scope, once, each) for row in rows]
    pieces = [_searched(row) for row in rows if row.case.is_root]
    on_rows = [_searched(row) if row.case.is_root else pieces[0] for row in rows]
    name = scope.fresh("u")

    def chosen(values: list[Tree]) -> Tree:
        return substitute(by_threshold(rows, values, x), {W: name})

    slope = chosen([piece.slope for piece, _ in on_rows])
    curvature = chosen([how.curvature for _, how in on_rows])
    residual = minus(plus(name, times(scope.step, slope)), x)
    rise = plus(ONE, times(scope.step, _without_cosines(curvature, slope)))
    in_logarithm = any(how.in_logarithm for _, how in pieces)
    thirds = [how.third for _, how in on_rows if how.third is not None]
    if len(thirds) == len(rows) and all(how.in_logarithm == in_logarithm for _, how in pieces):
        change = times(scope.step, _without_cosines(chosen(thirds), slope))
        run = times(rise, name) if in_logarithm else rise
        # Halley's method is Newton's with the slope as it is halfway; not where that overflows or is far off.
        halfway = minus(rise, times(over(residual, times(TWO, run)), change))
        is_halted = any(bracket.may_halt for bracket in brackets)
        rise = Call("where", (_is_near(halfway, rise, is_halted=is_halted), halfway, rise))
        in_logarithm = False
    each.append(
        Root(
            name=name.name,
            low=by_threshold(rows, [bracket.low for bracket in brackets], x),
            high=by_threshold(rows, [bracket.high for bracket in brackets], x),
            start=by_threshold(rows, [bracket.start for bracket in brackets], x),
            residual=residual,
            slope=rise,
            in_logarithm=in_logarithm,
        )
    )
    return name


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Between which bounds the root of a row is searched for.

    Args:
        low: A lower bound.
        high: An upper bound.
        start: The first trial.
        may_halt: May v lie beyond the turning point, so that the root is an end of the bracket at which F' is 0?
    """

    low: Tree
    high: Tree
    start: Tree
    may_halt: bool = False


def _searched(row: Row) -> tuple[MonotonePiece, Iteration]:
    """Return the piece of a row that is a root, and how that is iterated."""
    piece = row.case.place
    assert isinstance(piece, MonotonePiece)
    return piece, row.case.iteration or Iteration(curvature=piece.curvature)


def _bracket(row: Row, x: Tree, scope: Scope, once: Statements, each: Statements) -> _Bracket:
    place = row.case.place
    if isinstance(place, Kink) or not row.case.is_root:
        end = place.position if isinstance(place, Kink) else row.low or row.high or ZERO
        return _Bracket(end, end, end)
    piece, how = _searched(row)
    is_open = how.in_logarithm and piece.low_slope is None  # F is minus infinity there
    low = _NEAREST if is_open else _bound(row.low, piece.slope_sign < 0, x, Negate(FARTHEST))
    guess = _before_turning_point(row, x, scope, once, each) if piece.may_fall and piece.trend < 0 else None
    known = clipped(substitute(how.start, {V: x, STEP: scope.step}), low, row.high)
    start = known if guess is None else clipped(guess, low, row.high)
    if how.in_logarithm and how.top is not None:  # if that is 0, the root is 0
        high: Tree = Binary("*", _ABOVE, known)
    else:
        high = _bound(row.high, piece.slope_sign > 0, x, FARTHEST)
    return _Bracket(
        low,
        high,
        start if is_open else _off_infinite_ends(start, row, piece),
        may_halt=guess is None and piece.may_fall and piece.slope_sign != piece.trend,
    )


def _bound(end: Tree | None, is_nearer: bool, x: Tree, farthest: Tree) -> Tree:
    """Return a bound of u: the row's end, or x where there is none and phi' has one sign, so that x is beyond u."""
    if end is None:
        return x if is_nearer else farthest
    return end


def _before_turning_point(row: Row, x: Tree, scope: Scope, once: Statements, each: Statements) -> Tree | None:
    """Return where F would be x in a row at whose upper end it turns, if it were a parabola; None without two ends."""
    (piece, how), low, high = _searched(row), row.low, row.high
    if low is None or high is None or piece.low_slope is None:
        return None
    bottom = scope.let("lower", scope.threshold(low, piece.low_slope), once)
    top = scope.let("upper", scope.threshold(high, substitute(piece.slope, {W: high})), once)
    is_below = Compare("<", x, top)
    if how.in_logarithm:  # it has to be near a root that is near the lower end, too
        share = scope.let("share", where(is_below, over(minus(x, bottom), minus(top, bottom)), ONE), each)
        return plus(low, times(minus(high, low), over(share, plus(ONE, call("sqrt", minus(ONE, share))))))
    share = over(minus(top, x), minus(top, bottom))
    return minus(high, times(minus(high, low), Call("sqrt", (Call("where", (is_below, share, ZERO)),))))


def _without_cosines(derivative: Tree, slope: Tree) -> Tree:
    """Return a derivative with cos(x) as sin(x + pi/2) where sin(x) stands beside it; accurate enough for a step.

    Compilers compute sine and cosine of one number together, which no vector function does.
    """
    sines = {node.arguments for node in walk(slope) if isinstance(node, Call) and node.function == "sin"}
    quarter = Binary("/", Constant("pi"), TWO)
    return substitute(derivative, {Call("cos", x): Call("sin", (Binary("+", x[0], quarter),)) for x in sines})


def _off_infinite_ends(start: Tree, row: Row, piece: MonotonePiece) -> Tree:
    """Return a start that is not an end at which F is infinite: which infinity, rounding may get wrong there."""
    low = row.low if piece.low_slope is None and row.low == piece.low else None
    high = row.high if piece.high_slope is None and row.high == piece.high else None
    if low is not None:
        start = Call("where", (Compare("<=", start, low), _beyond(low, row.high, 1), start))
    if high is not None:
        start = Call("where", (Compare(">=", start, high), _beyond(high, row.low, -1), start))
    return start


def _beyond(end: Tree, other: Tree | None, side: int) -> Tree:
    """Return a number between two ends, or at some distance from one alone."""
    if other is not None:
        return Binary("+", Binary("/", end, TWO), Binary("/", other, TWO))
    return Binary("+" if side > 0 else "-", end, Binary("+", ONE, Call("abs", (end,))))


def _is_near(halfway: Tree, rise: Tree, *, is_halted: bool) -> Tree:
    """Is Halley's slope about Newton's? At a turn of F, where Newton's is 0, it is so great that no trial moves."""
    is_enough = Compare(">", times(TWO, halfway), rise)
    return Logic("and", (is_enough, Compare("<", halfway, times(TWO, rise)))) if is_halted else is_enough
