"""Arithmetic on trees that keeps their shape: only zeros, ones and numeric factors are folded."""

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
    Tree,
    number,
    transform,
    walk,
)

ZERO: Tree = Number(Fraction(0))
ONE: Tree = Number(Fraction(1))
W: Tree = Name("w")
WJ: Tree = Item("w", (Subscript("j"),))
GJ: Tree = Item("g", (Subscript("j"),))
NAN: Tree = Constant("nan")
INFINITY: Tree = Constant("inf")


def numeric(tree: Tree) -> Fraction | None:
    """Return the value of a literal with or without a sign, else None."""
    match tree:
        case Number(value):
            return value
        case Negate(Number(value)):
            return -value
        case _:
            return None


def rational(tree: Tree) -> Fraction | None:
    """Return the value of a literal or of a quotient of two, as in `w**(3/2)`, with or without a sign, else None."""
    match tree:
        case Negate(operand):
            value = rational(operand)
            return None if value is None else -value
        case Binary("/", left, right):
            top, bottom = rational(left), rational(right)
            return top / bottom if top is not None and bottom else None
        case _:
            return numeric(tree)


def plus(a: Tree, b: Tree) -> Tree:
    """Return a + b."""
    x, y = numeric(a), numeric(b)
    if x is not None and y is not None:
        return number(x + y)
    if x == 0:
        return b
    if y == 0:
        return a
    below_sign = _without_minus(b)
    return Binary("+", a, b) if below_sign is None else Binary("-", a, below_sign)


def minus(a: Tree, b: Tree) -> Tree:
    """Return a - b."""
    return plus(a, negative(b))


def negative(a: Tree) -> Tree:
    """Return -a."""
    value = numeric(a)
    if value is not None:
        return number(-value)
    match a:
        case Negate(operand):
            return operand
        case Binary("*" | "/" as operator, left, right) if numeric(left) is not None or isinstance(left, Negate):
            return Binary(operator, negative(left), right)
        case _:
            return Negate(a)


def times(a: Tree, b: Tree) -> Tree:
    """Return a * b, its numeric factor in front and its sign outermost."""
    x, y = numeric(a), numeric(b)
    if x is not None and y is not None:
        return number(x * y)
    if x == 0 or y == 0:
        return ZERO
    if x is not None:
        return _scaled(x, b)
    if y is not None:
        return _scaled(y, a)
    if isinstance(a, Negate):
        return negative(times(a.operand, b))
    if isinstance(b, Negate):
        return negative(times(a, b.operand))
    match a, b:
        case Binary("*", left, rest), _ if numeric(left) is not None:
            return _scaled(numeric(left) or Fraction(1), times(rest, b))
        case _, Binary("*", left, rest) if numeric(left) is not None:
            return _scaled(numeric(left) or Fraction(1), times(a, rest))
        case _, Binary("/", left, below) if left == ONE:
            return over(a, below)
        case _:
            return Binary("*", a, b)


def over(a: Tree, b: Tree) -> Tree:
    """Return a / b."""
    x, y = numeric(a), numeric(b)
    if y == 1 or x == 0:
        return a
    if x is not None and y is not None and y != 0:
        return number(x / y) if _is_short(x / y) else Binary("/", a, b)
    if isinstance(a, Negate):
        return negative(over(a.operand, b))
    match a:
        case Binary("/", top, below) if y is not None and numeric(below) is not None:
            return Binary("/", top, number((numeric(below) or Fraction(1)) * y))
        case _:
            return Binary("/", a, b)


def power(a: Tree, b: Tree) -> Tree:
    """Return a ** b."""
    y = numeric(b)
    if y == 0:
        return ONE
    if y == 1:
        return a
    return Binary("**", a, b)


def call(function: str, *arguments: Tree) -> Tree:
    """Return a function's call."""
    return Call(function, arguments)


def where(condition: Tree, then: Tree, otherwise: Tree) -> Tree:
    """Return a choice, or the one value that both branches have."""
    return then if then == otherwise else Call("where", (condition, then, otherwise))


def total(addends: list[Tree]) -> Tree:
    """Return the sum, associated to the left."""
    made = ZERO
    for addend in addends:
        made = plus(made, addend)
    return made


def without_extrema(tree: Tree) -> Tree:
    """Return the tree with `min` and `max` written as `where`, no choice in the condition of another."""

    def change(node: Tree) -> Tree:
        match node:
            case Call("min" | "max" as function, (*earlier, made)):
                operator = "<=" if function == "min" else ">="
                for at in reversed(range(len(earlier))):
                    beats = [Compare(operator, earlier[at], other) for other in node.arguments[at + 1 :]]
                    condition = beats[0] if len(beats) == 1 else Logic("and", tuple(beats))
                    made = where(condition, earlier[at], made)
                return made
            case _:
                return node

    return transform(tree, change)


def size(tree: Tree) -> int:
    """Return the number of nodes."""
    return sum(1 for _ in walk(tree))


def _without_minus(tree: Tree) -> Tree | None:
    """Return what stands behind the minus that a product begins with, or None if it begins with none."""
    match tree:
        case Negate(operand):
            return operand
        case Binary("*" | "/" as operator, left, right):
            positive = _without_minus(left)
            return None if positive is None else times(positive, right) if operator == "*" else over(positive, right)
        case _:
            return None


def _scaled(value: Fraction, tree: Tree) -> Tree:
    if value == 1:
        return tree
    if value < 0:
        return negative(_scaled(-value, tree))
    match tree:
        case Negate(operand):
            return negative(_scaled(value, operand))
        case Binary("*", left, rest) if (inner := numeric(left)) is not None:
            return _scaled(value * inner, rest)
        case Binary("/", top, below):
            inner = numeric(below)
            if inner is not None and _is_short(value / inner):
                return _scaled(value / inner, top)
            match below:
                case Binary("*", left, rest) if (inner := numeric(left)) is not None and inner != 0:
                    if _is_short(value / inner):
                        return over(_scaled(value / inner, top), rest)
            return over(_scaled(value, top), below)
        case _:
            return Binary("*", number(value), tree)


def _is_short(value: Fraction) -> bool:
    """Is it an integer or a binary fraction, so that nothing is lost in folding it?"""
    return value.denominator in (1, 2, 4, 8) and abs(value.numerator) < 10**9


def has_w(tree: Tree) -> bool:
    """Does the bare weight stand in the tree?"""
    return any(node == W for node in walk(tree))
