"""Tell from a tree's shape whether it is an even or an odd function of the weight."""

from __future__ import annotations

from typing import Literal

from symreg.calculus.algebra import W, rational
from symreg.calculus.roots import has_w
from symreg.language.tree import Binary, Call, Compare, Logic, Negate, Tree

Parity = Literal["even", "odd", "neither shown"]


def parity(tree: Tree) -> Parity:
    """Return the parity that the shape shows: `even` holds for what has no weight, `odd` for w itself."""
    if not has_w(tree):
        return "even"
    if tree == W:
        return "odd"
    match tree:
        case Negate(operand):
            return parity(operand)
        case Binary("+" | "-", left, right):
            return parity(left) if parity(left) == parity(right) else _NONE
        case Binary("*" | "/", left, right):
            return _of_product(parity(left), parity(right))
        case Binary("**", base, exponent) if not has_w(exponent):
            value = rational(exponent)
            if parity(base) != "odd":
                return parity(base)
            return _NONE if value is None or value.denominator != 1 else "even" if value % 2 == 0 else "odd"
        case Call("where", (condition, then, otherwise)) if _is_even_condition(condition):
            return parity(then) if parity(then) == parity(otherwise) else _NONE
        case Call("abs" | "cos" | "cosh", (argument,)) if parity(argument) != _NONE:
            return "even"
        case Call("sin" | "tan" | "sinh" | "tanh" | "atan" | "sign", (argument,)):
            return parity(argument)
        case Call(function, arguments) if function != "where" and all(parity(a) == "even" for a in arguments):
            return "even"
        case _:
            return _NONE


def is_even(tree: Tree) -> bool:
    """Does the shape show that the tree is an even function of the weight?"""
    return parity(tree) == "even"


_NONE: Parity = "neither shown"


def _of_product(a: Parity, b: Parity) -> Parity:
    return _NONE if _NONE in (a, b) else "even" if a == b else "odd"


def _is_even_condition(condition: Tree) -> bool:
    match condition:
        case Compare(_, left, right):
            return is_even(left) and is_even(right)
        case Logic(_, operands):
            return all(_is_even_condition(operand) for operand in operands)
        case _:
            return False
