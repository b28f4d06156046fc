"""What a gradient uses at a kink: 0 if it lies between the one-sided slopes, else the one of smaller magnitude."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, samples
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.signs.sign_of import Sign, sign_of
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, call, has_w, negative, times, where
from symreg.expressions.tree import Call, Compare, Tree, children, rebuild, transform
from symreg.model.spec import Parameter


def guarded(gradient: Tree, found: tuple[Knot, ...], parameters: tuple[Parameter, ...]) -> Tree:
    """Return a gradient that takes the chosen value at each kink; where it does by itself, nothing is added."""
    points = samples(parameters)
    for candidate in (gradient, _flipped(gradient)):
        if all(_is_chosen(candidate, knot, points) for knot in found):
            return candidate
    for knot in found:
        if not _is_chosen(gradient, knot, points):
            at_knot = Compare("==", W, knot.position)
            gradient = where(at_knot, knot.chosen, transform(gradient, partial(_elsewhere, condition=at_knot)))
    return gradient


def _elsewhere(node: Tree, condition: Tree) -> Tree:
    """Return what a choice on the condition is where it does not hold."""
    match node:
        case Call("where", (asked, _, otherwise)) if asked == condition:
            return otherwise
        case _:
            return node


def chosen_slope(left: Tree, right: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return 0 if it lies between the two, else the one of smaller magnitude."""
    domains = {p.name: p for p in parameters}
    if NAN in (left, right):
        return NAN
    (low_left, high_left), (low_right, high_right) = (_ends(side, domains) for side in (left, right))
    if (high_left <= 0 and low_right >= 0) or (low_left >= 0 and high_right <= 0):
        return ZERO
    if INFINITY in (left, right) or negative(INFINITY) in (left, right):
        left, right = (side if side not in (INFINITY, negative(INFINITY)) else right for side in (left, right))
        other = left if right in (INFINITY, negative(INFINITY)) else right
        return other
    smaller = where(Compare("<", call("abs", left), call("abs", right)), left, right)
    return where(Compare("<=", times(left, right), ZERO), ZERO, smaller)


def _ends(tree: Tree, domains: dict[str, Parameter]) -> tuple[float | Fraction, float | Fraction]:
    if tree == INFINITY:
        return float("inf"), float("inf")
    if tree == negative(INFINITY):
        return float("-inf"), float("-inf")
    low, high, _ = bounds(tree, domains)
    return (low, high) if low >= 0 or high <= 0 else _SIDES[sign_of(tree, tuple(domains.values()))]


_SIDES: dict[Sign, tuple[float, float]] = {
    "zero": (0.0, 0.0),
    "positive": (0.0, float("inf")),
    "nonnegative": (0.0, float("inf")),
    "negative": (float("-inf"), 0.0),
    "nonpositive": (float("-inf"), 0.0),
    "undecided": (float("-inf"), float("inf")),
}


def _is_chosen(gradient: Tree, knot: Knot, points: tuple[Values, ...]) -> bool:
    """Has the gradient the chosen value at the knot by itself?"""
    for values in points:
        at = evaluate(knot.position, values)
        if at != at:
            continue
        here, wanted = evaluate(gradient, {**values, W: at}), evaluate(knot.chosen, values)
        if wanted != wanted:
            continue
        if here != wanted and not abs(here - wanted) <= TINY * (1 + abs(wanted)):
            return False
    return True


_FLIP = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}


def _flipped(tree: Tree) -> Tree:
    """Return the tree with the ends of its pieces given to the other side."""
    match tree:
        case Compare(operator, left, right) if operator in _FLIP and (has_w(left) or has_w(right)):
            return Compare(_FLIP[operator], left, right)
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_flipped(child) for child in below)) if below else tree
