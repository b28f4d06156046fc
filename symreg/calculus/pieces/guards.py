"""Give a gradient the chosen value at each knot: by giving the ends of pieces to their neighbours, else by a guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, samples
from symreg.calculus.pieces.knot import Knot
from symreg.expressions.arithmetic import W, has_w, where
from symreg.expressions.tree import Call, Compare, Tree, transform
from symreg.model.spec import Parameter


def guarded(gradient: Tree, knots: tuple[Knot, ...], parameters: tuple[Parameter, ...]) -> Tree:
    """Return a gradient that takes the chosen value at each knot; where it does by itself, nothing is added.

    Args:
        gradient: phi' over the bare `w`, with its switches.
        knots: Of phi.
        parameters: With their domains.
    """
    points = samples(parameters)
    for candidate in (gradient, flipped(gradient, _is_of_weights)):
        if all(_takes_chosen(candidate, knot, points) for knot in knots):
            return candidate
    for knot in knots:
        if not _takes_chosen(gradient, knot, points):
            at_knot = Compare("==", W, knot.position)
            gradient = where(at_knot, knot.chosen, transform(gradient, partial(_elsewhere, condition=at_knot)))
    return gradient


def flipped(tree: Tree, is_flipped: Callable[[Compare], bool]) -> Tree:
    """Return a tree in which some comparisons give the point at which both sides are equal to the other branch."""

    def change(node: Tree) -> Tree:
        match node:
            case Compare(operator, left, right) if operator in _FLIPPED and is_flipped(node):
                return Compare(_FLIPPED[operator], left, right)
            case _:
                return node

    return transform(tree, change)


_FLIPPED = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}


def takes(gradient: Tree, chosen: Tree, rows: Iterable[Values]) -> bool:
    """Has a gradient the chosen value by itself at each of these weights and parameters?"""
    for values in rows:
        value, wanted = evaluate(gradient, values), evaluate(chosen, values)
        if value != wanted and not abs(value - wanted) <= TINY * (1 + abs(wanted)):
            return False
    return True


def _takes_chosen(gradient: Tree, knot: Knot, points: tuple[Values, ...]) -> bool:
    """Has the gradient the chosen value at the knot, for the parameters for which there is one?"""
    at_knot = [{**values, W: evaluate(knot.position, values)} for values in points]
    return takes(gradient, knot.chosen, (row for row in at_knot if _is_number(W, row) and _is_number(knot.chosen, row)))


def _is_number(tree: Tree, values: Values) -> bool:
    value = evaluate(tree, values)
    return bool(value == value)


def _is_of_weights(comparison: Compare) -> bool:
    return has_w(comparison.left) or has_w(comparison.right)


def _elsewhere(node: Tree, condition: Tree) -> Tree:
    """Return what a choice on the condition is where it does not hold."""
    match node:
        case Call("where", (asked, _, otherwise)) if asked == condition:
            return otherwise
        case _:
            return node
