"""A tree as a constant times another tree, so that quotients of exponentials of such cancel."""

from __future__ import annotations

from fractions import Fraction

from symreg.expressions.tree import Binary, Constant, Name, Negate, Number, Tree

ONE = Number(Fraction(1))


def as_multiple(tree: Tree) -> tuple[Tree, Tree]:
    """Return a tree as a constant times another tree."""
    match tree:
        case Negate(operand):
            multiple, inner = as_multiple(operand)
            return Negate(multiple), inner
        case Binary("*", left, right) if _is_constant(left):
            multiple, inner = as_multiple(right)
            return (left if multiple == ONE else Binary("*", left, multiple)), inner
        case Binary("*", left, right) if _is_constant(right):
            return as_multiple(Binary("*", right, left))
        case Binary("/", left, right) if _is_constant(right) and not _is_constant(left):
            return as_multiple(Binary("*", Binary("/", ONE, right), left))
        case _:
            return ONE, tree


def _is_constant(tree: Tree) -> bool:
    match tree:
        case Number() | Constant():
            return True
        case Name(name):
            return name != "w"
        case Negate(operand):
            return _is_constant(operand)
        case Binary(_, left, right):
            return _is_constant(left) and _is_constant(right)
        case _:
            return False
