"""Print a tree as text of the language, with no bracket that is not needed: `parse(to_text(tree)) == tree`."""

from __future__ import annotations

from fractions import Fraction

from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Logic,
    Name,
    Negate,
    Number,
    Subscript,
    Sum,
    Tree,
)

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 5, 6, 7, 8, 9
_OR, _AND, _NOT, _COMPARISON = 1, 2, 3, 4
_PRECEDENCE = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}


def to_text(tree: Tree) -> str:
    """Return the tree in the language's notation (Python's)."""
    return _print(tree, 0)


LONGEST_MENTION = 120


def mention(tree: Tree, what: str = "an expression") -> str:
    """Return the tree's text for a message; of a long one `what` and its length: a part of it would mean another."""
    text = to_text(tree)
    return text if len(text) <= LONGEST_MENTION else f"{what} of {len(text)} characters"


def number_text(value: Fraction) -> str:
    """Return an exact nonnegative literal: an integer, a decimal, or `a/b` where no finite decimal exists."""
    if value.denominator == 1 and value < 10**16:
        return str(value.numerator)
    twos, fives, rest = 0, 0, value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = str(value.numerator * 10**places // value.denominator)
    stripped = digits.rstrip("0")
    exponent = len(digits) - len(stripped) - places
    if -len(stripped) - 5 < exponent < 0:
        padded = stripped.rjust(1 - exponent, "0")
        return f"{padded[:exponent]}.{padded[exponent:]}"
    return f"{stripped}e{exponent}" if exponent else stripped


def _print(tree: Tree, least: int) -> str:
    """Print a node, in brackets if it binds less tightly than `least`."""
    text, precedence = _parts(tree)
    return f"({text})" if precedence < least else text


def _parts(tree: Tree) -> tuple[str, int]:
    match tree:
        case Number(value):
            text = number_text(value)
            return text, _PRODUCT if "/" in text else _ATOM
        case Constant(name) | Name(name):
            return name, _ATOM
        case Item(array, subscripts):
            return f"{array}[{', '.join(map(_subscript, subscripts))}]", _ATOM
        case Negate(operand):
            return f"-{_print(operand, _SIGN)}", _SIGN
        case Binary("**", left, right):
            return f"{_print(left, _ATOM)}**{_print(right, _SIGN)}", _POWER
        case Binary(operator, left, right):
            precedence = _PRECEDENCE[operator]
            spaced = f" {operator} " if precedence == _SUM else operator
            return f"{_print(left, precedence)}{spaced}{_print(right, precedence + 1)}", precedence
        case Compare(operator, left, right):
            return f"{_print(left, _SUM)} {operator} {_print(right, _SUM)}", _COMPARISON
        case Logic("not", (operand,)):
            return f"not {_print(operand, _NOT)}", _NOT
        case Logic(operator, operands):
            precedence = _AND if operator == "and" else _OR
            return f" {operator} ".join(_print(o, precedence + 1) for o in operands), precedence
        case Call("greatest", (Sum(body, index),)):
            return f"max({_print(body, 0)}, {index})", _ATOM
        case Call(function, arguments):
            return f"{function}({', '.join(_print(a, 0) for a in arguments)})", _ATOM
        case Sum(body, index):
            return f"sum({_print(body, 0)}, {index})", _ATOM


def _subscript(subscript: Subscript) -> str:
    if subscript.shift == 0:
        return subscript.index
    return f"{subscript.index}{'+' if subscript.shift > 0 else '-'}{abs(subscript.shift)}"
