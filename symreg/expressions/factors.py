"""Products seen as a scalar over weights and powers: what stands above the line and below it, each base once."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from symreg.expressions.arithmetic import ONE, call, factors, negative, numeric, over, power, times
from symreg.expressions.tree import Binary, Call, Negate, Tree, names, number

Factor = tuple[Tree, int]
"""A base and its positive exponent."""


def parts_of(node: Tree) -> tuple[Tree, list[Factor], list[Factor]]:
    """Return the scalar factor of a product, and the other factors above and below the line, each once."""
    scalars: list[tuple[Tree, bool]] = []
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in flat_factors(node):
        if "w" not in names(factor):
            scalars.append((factor, above))
            continue
        base, count = base_of(factor)
        side = top if above else bottom
        side[base] = side.get(base, 0) + count
    _cancelled(top, bottom)
    _merge_signs(top)
    return (
        scalar_of(scalars),
        [(b, n) for b, n in top.items() if n],
        [(b, n) for b, n in bottom.items() if n],
    )


def flat_factors(node: Tree) -> list[tuple[Tree, bool]]:
    """Return the factors, those of integer powers of products and quotients one by one."""
    made: list[tuple[Tree, bool]] = []
    for factor, above in factors(node):
        base, count = base_of(factor)
        if count > 1 and isinstance(base, Binary | Negate) and not (isinstance(base, Binary) and base.operator in "+-"):
            made += [(power(b, number(count)), above == a) for b, a in flat_factors(base)]
        else:
            made.append((factor, above))
    return made


def base_of(tree: Tree) -> Factor:
    """Return a factor as a base and its exponent."""
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            if value is not None and value.denominator == 1 and value > 0:
                inner, count = base_of(base)
                return inner, count * int(value)
    return tree, 1


def scalar_of(parts: list[tuple[Tree, bool]]) -> Tree:
    """Return the product of scalars as one scalar: its number in front, equal factors together, its sign first."""
    coefficient = Fraction(1)
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in parts:
        value = numeric(factor)
        if value:
            coefficient = coefficient * value if above else coefficient / value
            continue
        base, count = base_of(factor)
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


def quotient_of(parts: list[tuple[Tree, bool]]) -> Tree:
    """Return the product of factors, each above the line or below it."""
    top, below = ONE, ONE
    for factor, above in parts:
        if above:
            top = times(top, factor)
        else:
            below = times(below, factor)
    return over(top, below)


def multiplied(a: Tree, b: Tree) -> Tree:
    """Return a * b as it stands, nothing folded."""
    return Binary("*", a, b)


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
