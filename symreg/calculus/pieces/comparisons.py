"""Write conditions as comparisons of the weight itself with the places where they change.

Both sides of `abs(w - 1) <= abs(w + 1)` are rounded before they are compared, to the same number for every small w; the
condition is w >= 0, which no rounding touches.
"""

from __future__ import annotations

from symreg.calculus.border import border
from symreg.calculus.pieces.settle import settled
from symreg.calculus.signs.roots import knots_of, roots
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import W, call, has_w, minus, negative, numeric, size
from symreg.expressions.tree import Binary, Call, Compare, Logic, Tree, rebuild, transform
from symreg.model.spec import Parameter

_LARGEST = 60
"""Nodes of a condition that is looked at."""
_HOLDS = {"positive": (">", ">="), "negative": ("<", "<="), "zero": (">=", "<=", "==")}


def compared(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the tree with every condition in the bare `w` that changes at one or two listed places written so.

    Args:
        tree: An elementwise function.
        parameters: With their domains, for all of which the new condition is the old one.
    """

    def change(node: Tree) -> Tree:
        match node:
            case Call("where", (condition, then, otherwise)) if has_w(condition):
                return rebuild(node, (_condition(condition, parameters), then, otherwise))
            case _:
                return node

    return transform(tree, change)


def _condition(condition: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    match condition:
        case Logic(operator, operands):
            return Logic(operator, tuple(_condition(operand, parameters) for operand in operands))
        case Compare(_, left, right) if not _is_plain(left, right) and size(condition) <= _LARGEST:
            try:
                with border("a condition on the weight itself"):
                    return _solved(condition, parameters) or condition
            except (Intractable, NotDifferentiable):
                return condition
        case _:
            return condition


def _is_plain(left: Tree, right: Tree) -> bool:
    """Is the weight, its size or a multiple of either compared with what has no weight in it?"""
    moving, fixed = (left, right) if has_w(left) else (right, left)
    return not has_w(fixed) and _is_weight(moving)


def _is_weight(tree: Tree) -> bool:
    match tree:
        case Binary("*" | "/", left, right):
            return has_w(left) != has_w(right) and _is_weight(left if has_w(left) else right)
        case Call("abs", (argument,)):
            return argument == W
        case _:
            return tree == W


def _solved(condition: Compare, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return the condition over the bare weight, or None where it does not change at one place or two opposite ones."""
    if condition.operator == "==":
        return None
    ends = _in_order(condition, parameters)
    spans = list(zip([None, *ends], [*ends, None], strict=True))
    holding = [_holds(condition, low, high, parameters) for low, high in spans]
    changes = [end for end, below, above in zip(ends, holding, holding[1:], strict=False) if below != above]
    is_inclusive = condition.operator in ("<=", ">=")
    upward, downward = (">=", "<=") if is_inclusive else (">", "<")
    if len(changes) == 1:
        return Compare(upward if holding[-1] else downward, W, changes[0])
    if len(changes) == 2 and _are_opposite(*changes):
        return Compare(upward if holding[-1] else downward, call("abs", W), changes[1])
    return None


def _in_order(condition: Compare, parameters: tuple[Parameter, ...]) -> list[Tree]:
    """Return the places at which the difference of the two sides may change its sign or its form, ascending.

    Raises:
        Intractable: Their order was not decided.
    """
    difference = Binary("-", condition.left, condition.right)
    found = list(dict.fromkeys((*roots(difference), *knots_of(difference))))
    ordered: list[Tree] = []
    for place in found:
        at = next((k for k, other in enumerate(ordered) if _is_below(place, other, parameters)), len(ordered))
        ordered.insert(at, place)
    return ordered


def _is_below(place: Tree, other: Tree, parameters: tuple[Parameter, ...]) -> bool:
    sign = sign_for_all(minus(place, other), parameters)
    if sign not in ("negative", "positive"):
        raise Intractable("the order in which a condition changes was not decided")
    return sign == "negative"


def _are_opposite(low: Tree, high: Tree) -> bool:
    if low == negative(high):
        return True
    a, b = numeric(low), numeric(high)
    return a is not None and b is not None and a == -b


def _holds(condition: Compare, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> bool:
    """Does the condition hold between two neighbouring places at which it may change?

    Raises:
        Intractable: It was not decided.
    """
    inner = settled(Binary("-", condition.left, condition.right), low, high, parameters)
    sign = sign_between(inner, low, high, parameters) if has_w(inner) else sign_for_all(inner, parameters)
    if sign not in _HOLDS:
        raise Intractable("the sign of a condition was not decided")
    return condition.operator in _HOLDS[sign]
