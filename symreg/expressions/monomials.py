"""Sums and products by what they consist of: addends, factors with exponents, and what is left of a difference."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symreg.expressions.arithmetic import ZERO, minus, negative, numeric, plus, product, times
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Negate, Tree, number

Addend = tuple[int, Tree]
"""A sign, 1 or -1, and a tree that begins with no minus."""
Monomial = tuple[Fraction, tuple[tuple[str, Fraction], ...]]
"""A coefficient, and the exponents of the other factors by their text, sorted."""


def terms(tree: Tree) -> list[Addend]:
    """Return the addends of a sum, however it is associated."""
    match tree:
        case Binary("+", left, right):
            return terms(left) + terms(right)
        case Binary("-", left, right):
            return terms(left) + [(-sign, addend) for sign, addend in terms(right)]
        case Negate(operand):
            return [(-sign, addend) for sign, addend in terms(operand)]
        case Binary("*" | "/" as operator, left, right):
            match left:
                case Negate() | Binary("*" | "/"):
                    inner = terms(left)
                    if len(inner) == 1 and inner[0][0] < 0:
                        return [(-1, Binary(operator, inner[0][1], right))]
    return [(1, tree)]


def total_of(addends: Iterable[Addend]) -> Tree:
    """Return the sum; the first that is added comes in front, if there is one."""
    ordered = list(addends)
    first = next((k for k, (sign, _) in enumerate(ordered) if sign > 0), 0)
    if ordered:
        ordered.insert(0, ordered.pop(first))
    made = ZERO
    for sign, tree in ordered:
        made = plus(made, tree) if sign > 0 else minus(made, tree)
    return made


def product_of(parts: Iterable[tuple[Tree, bool]]) -> Tree:
    """Return the product of factors, each above the line or below it."""
    return product(list(parts))


def monomial(tree: Tree) -> Monomial:
    """Return what a product consists of; a sum counts as one factor."""
    coefficient = Fraction(1)
    exponents: dict[str, Fraction] = {}

    def collect(node: Tree, count: Fraction) -> None:
        nonlocal coefficient
        value = numeric(node)
        if value is not None and value != 0 and count.denominator == 1:
            coefficient *= value ** int(count)
            return
        match node:
            case Negate(operand):
                coefficient *= -1 if count % 2 else 1
                collect(operand, count)
            case Binary("*", left, right):
                collect(left, count)
                collect(right, count)
            case Binary("/", left, right):
                collect(left, count)
                collect(right, -count)
            case Binary("**", base, exponent) if (power := numeric(exponent)) is not None and power.denominator == 1:
                collect(base, count * power)
            case Call("abs", (inside,)) if count % 2 == 0:
                collect(inside, count)
            case _:
                key = to_text(node)
                exponents[key] = exponents.get(key, Fraction(0)) + count

    collect(tree, Fraction(1))
    return coefficient, tuple(sorted((key, count) for key, count in exponents.items() if count))


def is_same(a: Tree, b: Tree) -> bool:
    """Are two products the same but for the order of their factors?"""
    return a == b or monomial(a) == monomial(b)


def difference(a: Tree, b: Tree) -> Tree:
    """Return a - b without the addends that cancel."""
    collected: dict[tuple[tuple[str, Fraction], ...], tuple[Fraction, Tree]] = {}
    for sign, tree in [*terms(a), *((-s, t) for s, t in terms(b))]:
        if tree == ZERO:
            continue
        coefficient, key = monomial(tree)
        before, kept = collected.get(key, (Fraction(0), tree))
        collected[key] = (before + sign * coefficient, kept)
    addends: list[Addend] = []
    for key, (coefficient, tree) in collected.items():
        if coefficient == 0:
            continue
        scale = number(abs(coefficient / monomial(tree)[0]))
        made = times(scale, _positive(tree)) if key else number(abs(coefficient))
        addends.append((1 if coefficient > 0 else -1, made))
    return total_of(addends)


def _positive(tree: Tree) -> Tree:
    return negative(tree) if monomial(tree)[0] < 0 else tree
