"""Take sums and products apart and put them together again: addends, factors, powers, monomials."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce

from symreg.expressions.arithmetic import ONE, ZERO, call, negative, numeric, over, power, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Negate, Tree, names, number

Addend = tuple[int, Tree]
"""The sign before it, 1 or -1, and a tree."""
Factor = tuple[Tree, bool]
"""A tree, and whether it stands above the line."""
Power = tuple[Tree, int]
"""A base and its positive exponent."""
Monomial = tuple[Fraction, tuple[tuple[str, Fraction], ...]]
"""A coefficient, and the exponents of the other factors by their text, sorted."""


# Sums


def addends(tree: Tree, *, opened: bool = False) -> list[Addend]:
    """Return the addends of a sum, in the order in which they are written.

    Args:
        tree: A sum; any other tree is its only addend.
        opened: Open brackets too, and take the minus that a product begins with for its sign? Else an addend is what
            stands between two signs.
    """
    if opened:
        return _opened(tree)
    made: list[Addend] = []
    while isinstance(tree, Binary) and tree.operator in "+-":
        made.append((1 if tree.operator == "+" else -1, tree.right))
        tree = tree.left
    return [(1, tree), *reversed(made)]


def addend_count(tree: Tree) -> int:
    """Return how many addends a sum has once its brackets are opened."""
    return len(addends(tree, opened=True))


def signed(sign: int, tree: Tree) -> Tree:
    """Return an addend with its sign."""
    return negative(tree) if sign < 0 else tree


def sum_of(parts: Iterable[Addend]) -> Tree:
    """Return the sum of addends; the first that is added comes in front, if there is one."""
    ordered = list(parts)
    first = next((k for k, (sign, _) in enumerate(ordered) if sign > 0), 0)
    if ordered:
        ordered.insert(0, ordered.pop(first))
    return total([signed(sign, tree) for sign, tree in ordered])


def _opened(tree: Tree) -> list[Addend]:
    match tree:
        case Binary("+", left, right):
            return _opened(left) + _opened(right)
        case Binary("-", left, right):
            return _opened(left) + [(-sign, addend) for sign, addend in _opened(right)]
        case Negate(operand):
            return [(-sign, addend) for sign, addend in _opened(operand)]
        case Binary("*" | "/" as operator, (Negate() | Binary("*" | "/")) as left, right):
            match _opened(left):
                case [(-1, rest)]:
                    return [(-1, Binary(operator, rest, right))]
    return [(1, tree)]


# Products


def factors(tree: Tree, *, through_powers: bool = False) -> list[Factor]:
    """Return the factors of a product or quotient, in the order in which they are written; a sign is a factor.

    Args:
        tree: A product; any other tree is its only factor.
        through_powers: Are the factors of integer powers of products and quotients powers of their own?
    """
    match tree:
        case Binary("*", left, right):
            parts = factors(left) + factors(right)
        case Binary("/", left, right):
            parts = factors(left) + [(factor, not above) for factor, above in factors(right)]
        case Negate(operand):
            parts = [(number(-1), True), *factors(operand)]
        case _:
            parts = [(tree, True)]
    return [inner for part in parts for inner in _powers_in(part)] if through_powers else parts


def product(parts: Iterable[Factor]) -> Tree:
    """Return the product of factors."""
    top, bottom = ONE, ONE
    for factor, above in parts:
        if above:
            top = times(top, factor)
        else:
            bottom = times(bottom, factor)
    return over(top, bottom)


def multiplied(a: Tree, b: Tree) -> Tree:
    """Return a * b as it stands, nothing folded."""
    return Binary("*", a, b)


def base_and_exponent(tree: Tree) -> Power:
    """Return a factor as a base and a positive whole exponent, which is 1 for what is no such power."""
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            if value is not None and value.denominator == 1 and value > 0:
                inner, count = base_and_exponent(base)
                return inner, count * int(value)
    return tree, 1


def scalar_and_powers(tree: Tree) -> tuple[Tree, list[Power], list[Power]]:
    """Return the scalar factor of a product, and the powers of weights in it above and below the line, each once."""
    scalars: list[Factor] = []
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in factors(tree, through_powers=True):
        if "w" not in names(factor):
            scalars.append((factor, above))
            continue
        base, count = base_and_exponent(factor)
        side = top if above else bottom
        side[base] = side.get(base, 0) + count
    _cancelled(top, bottom)
    _merge_signs(top)
    return (
        scalar_of(scalars),
        [(b, n) for b, n in top.items() if n],
        [(b, n) for b, n in bottom.items() if n],
    )


def scalar_of(parts: list[Factor]) -> Tree:
    """Return the product of scalars as one scalar: its number in front, equal factors together, its sign first."""
    coefficient = Fraction(1)
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in parts:
        value = numeric(factor)
        if value:
            coefficient = coefficient * value if above else coefficient / value
            continue
        base, count = base_and_exponent(factor)
        side = top if above else bottom
        side[base] = side.get(base, 0) + count
    _cancelled(top, bottom)
    size = abs(coefficient)
    above_line = [number(size.numerator)] if size.numerator != 1 else []
    below_line = [number(size.denominator)] if size.denominator != 1 else []
    above_line += [power(b, number(n)) for b, n in top.items() if n]
    below_line += [power(b, number(n)) for b, n in bottom.items() if n]
    above_line = above_line or [ONE]
    if coefficient < 0:
        above_line[0] = negative(above_line[0])
    made = reduce(multiplied, above_line)
    return Binary("/", made, reduce(multiplied, below_line)) if below_line else made


def _powers_in(part: Factor) -> list[Factor]:
    """Return the factors of a power of a product as powers, or the factor itself."""
    factor, above = part
    base, count = base_and_exponent(factor)
    is_product = isinstance(base, Negate) or (isinstance(base, Binary) and base.operator not in ("+", "-"))
    if count == 1 or not is_product:
        return [part]
    return [(power(inner, number(count)), above == is_above) for inner, is_above in factors(base, through_powers=True)]


def _cancelled(top: dict[Tree, int], bottom: dict[Tree, int]) -> None:
    """Take out what stands above the line and below it."""
    for base in top:
        common = min(top[base], bottom.get(base, 0))
        if common:
            top[base] -= common
            bottom[base] -= common


def _merge_signs(top: dict[Tree, int]) -> None:
    """Write abs(x)*sign(x) as x and abs(x)**2 as x**2."""
    for base in list(top):
        if isinstance(base, Call) and base.function == "abs":
            inside, sign = base.arguments[0], call("sign", base.arguments[0])
            pairs = min(top[base], top.get(sign, 0))
            if pairs:
                top[base] -= pairs
                top[sign] -= pairs
            squares = top[base] // 2
            top[base] -= 2 * squares
            if pairs + 2 * squares:
                top[inside] = top.get(inside, 0) + pairs + 2 * squares


# Both


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
    for sign, tree in [*addends(a, opened=True), *((-s, t) for s, t in addends(b, opened=True))]:
        if tree == ZERO:
            continue
        coefficient, key = monomial(tree)
        before, first = collected.get(key, (Fraction(0), tree))
        collected[key] = (before + sign * coefficient, first)
    kept: list[Addend] = []
    for key, (coefficient, tree) in collected.items():
        if coefficient == 0:
            continue
        scale = number(abs(coefficient / monomial(tree)[0]))
        size = times(scale, _positive(tree)) if key else number(abs(coefficient))
        kept.append((1 if coefficient > 0 else -1, size))
    return sum_of(kept)


def _positive(tree: Tree) -> Tree:
    return negative(tree) if monomial(tree)[0] < 0 else tree
