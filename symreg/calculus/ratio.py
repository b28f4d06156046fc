"""The extremes of phi'(w)/w, by which a gradient step on the penalty alone shrinks a weight: w - lr*phi'(w)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.sides import Side
from symreg.calculus.signs.conditions import is_at_least_zero
from symreg.calculus.signs.extremes import Extreme, extremes
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.table import simplified
from symreg.calculus.symbolic.simplify import simplify
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, has_w, minus, negative, over, times
from symreg.expressions.tree import Tree
from symreg.model.spec import Parameter


def ratio_extremes(
    piece: Piece, side: Side, greatest_curvature: Callable[[], Extreme | None], parameters: tuple[Parameter, ...]
) -> tuple[Extreme, Extreme] | None:
    """Return the infimum and supremum of phi'(w)/w on a piece; None where they are not decided.

    Its derivative has the sign of h = w*phi'' - phi', and h' = w*phi'''.

    Args:
        piece: On one side of 0.
        side: Which.
        greatest_curvature: Returns the supremum of phi'' over all pieces; asked only where nothing else decides.
        parameters: With their domains.
    """
    low, high = piece.low, piece.high
    ratio = simplify(over(piece.slope, W), parameters)
    if not has_w(ratio):
        return extremes(ratio, low, high, parameters)
    rise = extremes(minus(times(W, piece.curvature), piece.slope), low, high, parameters, times(W, piece.third))
    if rise is not None:
        for bound, direction in ((rise[1], -1), (negated(rise[0], parameters), 1)):
            if bound.value != INFINITY and is_at_least_zero(negative(bound.value), parameters) is True:
                return extremes(ratio, low, high, parameters, direction=direction)
    return extremes(ratio, low, high, parameters) or _by_mean_value(
        piece, side, ratio, greatest_curvature(), parameters
    )


def _by_mean_value(
    piece: Piece, side: Side, ratio: Tree, most: Extreme | None, parameters: tuple[Parameter, ...]
) -> tuple[Extreme, Extreme] | None:
    """Return the extremes where phi'(0) = 0 and phi'' is greatest at 0: then phi'(w)/w is at most phi''(0)."""
    start = piece.low if side > 0 else piece.high
    if start != ZERO or most is None or limit_at(piece.slope, ZERO, side, parameters) != ZERO:
        return None
    at_zero = limit_at(ratio, ZERO, side, parameters)
    if at_zero == NAN or sign_for_all(minus(at_zero, most.value), parameters) != "zero":
        return None
    least = Extreme(value=negative(INFINITY), at=None, attained="as a limit", method=most.method)
    return least, Extreme(value=at_zero, at=ZERO, attained="as a limit", method=most.method)


def negated(extreme: Extreme, parameters: tuple[Parameter, ...]) -> Extreme:
    """Return an extreme of a function as the opposite one of minus the function."""
    return replace(extreme, value=simplified(negative(extreme.value), parameters))
