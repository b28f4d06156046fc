"""Quotients by roots at the weight -0, which is 0: the root of -0 is -0 in floating point, and turns their sign."""

from __future__ import annotations

from symreg.expressions.arithmetic import call, has_w
from symreg.expressions.tree import Binary, Call, Name, Negate, Tree, transform


def of_unsigned_zero(node: Tree) -> Tree:
    """Return a quotient by the root of a multiple of the weight as one by the root of its size.

    The root of -0 is -0, and a quotient by that has the wrong sign; the weight 0 is an end of the domain there.
    """
    if isinstance(node, Binary) and node.operator == "/":
        return Binary("/", node.left, transform(node.right, _root_of_size))
    return node


def _root_of_size(node: Tree) -> Tree:
    if isinstance(node, Call) and node.function == "sqrt" and _is_multiple_of_weight(node.arguments[0]):
        return call("sqrt", call("abs", node.arguments[0]))
    return node


def _is_multiple_of_weight(tree: Tree) -> bool:
    match tree:
        case Negate(operand):
            return _is_multiple_of_weight(operand)
        case Binary("*", left, right):
            return _is_multiple_of_weight(left if has_w(left) else right) and not (has_w(left) and has_w(right))
        case Binary("/", left, right):
            return _is_multiple_of_weight(left) and not has_w(right)
        case _:
            return tree == Name("w")
