"""What a gradient uses at a knot: 0 if it lies between the one-sided slopes, else the one of smaller magnitude."""

from __future__ import annotations

from fractions import Fraction

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.pieces.knot import Kind
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import Sign, sign_of
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, call, minus, negative, times, where
from symreg.expressions.tree import Compare, Tree
from symreg.model.spec import Parameter


def kind_of(left: Tree, right: Tree, parameters: tuple[Parameter, ...]) -> Kind:
    """Return how phi goes on at a knot, from its slopes on either side."""
    if NAN in (left, right):
        return "undecided"
    if left == right:
        return "smooth"
    if right == INFINITY or left == negative(INFINITY):
        return "convex kink"
    if left == INFINITY or right == negative(INFINITY):
        return "concave kink"
    return _KINDS.get(sign_for_all(minus(right, left), parameters), "undecided")


_KINDS: dict[Sign, Kind] = {"zero": "smooth", "positive": "convex kink", "negative": "concave kink"}


def chosen_slope(left: Tree, right: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return 0 if it lies between the two slopes, else the one of smaller magnitude.

    Args:
        left: From the left, an expression in the parameters; may be infinite.
        right: From the right.
        parameters: With their domains. Where these do not settle which it is, the choice is part of the result.
    """
    domains = {p.name: p for p in parameters}
    if NAN in (left, right):
        return NAN
    (low_left, high_left), (low_right, high_right) = (_range(slope, domains) for slope in (left, right))
    if (high_left <= 0 and low_right >= 0) or (low_left >= 0 and high_right <= 0):
        return ZERO
    finite = [slope for slope in (left, right) if slope not in (INFINITY, negative(INFINITY))]
    if len(finite) < 2:
        return finite[0] if finite else right
    return nearest_to_zero(left, right)


def nearest_to_zero(left: Tree, right: Tree) -> Tree:
    """Return the point of the interval between two slopes that is nearest to 0, as a choice on the slopes."""
    smaller = where(Compare("<", call("abs", left), call("abs", right)), left, right)
    return where(Compare("<=", times(left, right), ZERO), ZERO, smaller)


def _range(slope: Tree, domains: dict[str, Parameter]) -> tuple[float | Fraction, float | Fraction]:
    """Return bounds of a slope over all parameters; where they do not show its sign, the half-line of that."""
    if slope == INFINITY:
        return float("inf"), float("inf")
    if slope == negative(INFINITY):
        return float("-inf"), float("-inf")
    low, high, _ = bounds(slope, domains)
    return (low, high) if low >= 0 or high <= 0 else _HALF_LINES[sign_of(slope, tuple(domains.values()))]


_HALF_LINES: dict[Sign, tuple[float, float]] = {
    "zero": (0.0, 0.0),
    "positive": (0.0, float("inf")),
    "nonnegative": (0.0, float("inf")),
    "negative": (float("-inf"), 0.0),
    "nonpositive": (float("-inf"), 0.0),
    "undecided": (float("-inf"), float("inf")),
}
