"""Quotients of sums of exponentials, the greatest exponential of each sum taken out, as trees that do not overflow.

Where all exponents are multiples of one m, the greatest one is told by the sign of m, and the rest is a polynomial in
q = exp(-|m|), the same on either side or with the coefficients reversed; its zeros at m = 0 become expm1. Elsewhere
each term of the numerator is divided by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import accumulate, combinations_with_replacement
from itertools import product as choices
from math import gcd, lcm

from symreg.calculus.symbolic.exponential_sums import (
    NOTHING,
    Polynomial,
    Product,
    Sum,
    TooLong,
    expanded,
    factored,
    raised,
    tree_of,
)
from symreg.calculus.symbolic.patterns import is_nonnegative
from symreg.expressions.arithmetic import ONE, ZERO, call, negative, over, plus, power, times, total, where
from symreg.expressions.tree import Compare, Tree, number

HIGHEST = 12
"""Degree in q up to which a zero at q = 1 is looked for."""
LONGEST_POWER = 8  # of q; higher ones are exponentials of their own
MOST_CHOICES = 200


# One direction: every exponent is a multiple of m


@dataclass(frozen=True, slots=True)
class Direction:
    """m, and the greatest common divisor of the multiples of it."""

    size: Tree
    m: Tree
    unit: Fraction
    is_positive: bool

    def decay(self, count: Fraction) -> Tree:
        """Return exp(-count*|m|), as a power of q where that is short."""
        steps = count / self.unit
        if steps.denominator == 1 and steps <= LONGEST_POWER:
            return power(call("exp", negative(multiple(self.unit, self.size))), number(steps))
        return call("exp", negative(multiple(count, self.size)))

    def on(self, above: Tree, below: Tree) -> Tree:
        """Return what holds for m >= 0, or what holds for m < 0."""
        return above if self.is_positive else where(Compare(">=", self.m, ZERO), above, below)


def multiple(count: Fraction, tree: Tree) -> Tree:
    made = times(number(count.numerator), tree)
    return made if count.denominator == 1 else over(made, number(count.denominator))


def direction_of(product: Product) -> Direction | None:
    exponents = [product.exponent - product.exponent.without_w()]
    exponents += [x for factor, _ in product.factors for x, _ in factor]
    if any(x.without_w().terms for x in exponents):
        return None
    found = {monomial for x in exponents for monomial, _ in x.terms}
    if len(found) != 1:
        return None
    (monomial,) = found
    m = tree_of(Polynomial(((monomial, Fraction(1)),)))
    unit = common([abs(value) for x in exponents for _, value in x.terms])
    is_positive = is_nonnegative(m)
    return Direction(m if is_positive else call("abs", m), m, unit, is_positive)


@dataclass(frozen=True, slots=True)
class Side:
    """A product on one side of m = 0: its sign, and its size."""

    sign: int
    tree: Tree

    @property
    def signed(self) -> Tree:
        return self.tree if self.sign > 0 else negative(self.tree)


def multiples(factor: Sum) -> dict[Fraction, Polynomial]:
    return {multiple_in(x): c for x, c in factor}


def multiple_in(exponent: Polynomial) -> Fraction:
    """Return what m is multiplied by in an exponent; what holds no weight is left out."""
    rest = exponent - exponent.without_w()
    return rest.terms[0][1] if rest.terms else Fraction(0)


def side_of(product: Product, along: Direction, side: int) -> Side:
    """Return the product for m >= 0 (side 1) or m <= 0 (side -1)."""
    sign = -1 if product.coefficient.is_negative else 1
    scale = tree_of(product.coefficient.scaled(Fraction(sign)))
    if (offset := product.exponent.without_w()).terms:
        scale = times(scale, call("exp", factored(offset)))
    growth = side * multiple_in(product.exponent)
    top, below = ONE, ONE
    for factor, count in product.factors:
        coefficients = multiples(factor)
        greatest = max(coefficients) if side > 0 else min(coefficients)
        growth += side * count * greatest
        flips, parts = _in_q({abs(x - greatest): c for x, c in coefficients.items()}, along)
        if flips and count.denominator != 1:
            raise TooLong
        sign = -sign if flips and count % 2 else sign
        for tree, zeros in parts:
            made = raised(tree, abs(count) * zeros)
            top, below = (times(top, made), below) if count > 0 else (top, times(below, made))
    if growth < 0:
        top = times(along.decay(-growth), top)
    if growth > 0:
        top = times(call("exp", multiple(growth, along.size)), top)
    return Side(sign, over(times(scale, top), below))


def _in_q(left: dict[Fraction, Polynomial], along: Direction) -> tuple[bool, list[tuple[Tree, int]]]:
    """Return whether a polynomial in q begins with a minus, and without that minus its factors with their powers.

    Args:
        left: The coefficients, by what |m| is multiplied by in the exponent; the first is that of 0.
        along: The direction.
    """
    flips = left[Fraction(0)].is_negative
    unit = common([x for x in left if x])
    zeros = 0
    if unit and max(left) / unit <= HIGHEST:
        coefficients = [left.get(k * unit, NOTHING) for k in range(int(max(left) / unit) + 1)]
        while len(coefficients) > 1 and not reduce(added, coefficients).terms:
            coefficients, zeros = list(accumulate(coefficients[:-1], added)), zeros + 1  # over 1 - q
        left = {k * unit: c for k, c in enumerate(coefficients) if c.terms}
    rest = ZERO
    for x in sorted(left):
        coefficient = tree_of(left[x].scaled(Fraction(-1)) if flips else left[x])
        rest = plus(rest, coefficient if x == 0 else times(coefficient, along.decay(x)))
    made = [(rest, 1)] if rest != ONE else []
    if zeros:
        made.append((negative(call("expm1", negative(multiple(unit, along.size)))), zeros))
    return flips, made


def added(a: Polynomial, b: Polynomial) -> Polynomial:
    return a + b


def common(values: list[Fraction]) -> Fraction:
    """Return the greatest number of which all are multiples."""
    below = lcm(*(value.denominator for value in values))
    return Fraction(gcd(*(int(value * below) for value in values)), below)


def quotients(product: Product) -> Iterator[Tree]:
    if not product.coefficient.terms or not any(len(factor) > 1 for factor, _ in product.factors):
        return
    along = direction_of(product)
    if along is None:
        yield from terms_apart(product)
        return
    above, below = side_of(product, along, 1), side_of(product, along, -1)
    if along.is_positive or above == below:
        yield above.signed
    elif above.tree == below.tree:
        odd = times(call("sign", along.m), above.tree)
        yield odd if above.sign > 0 else negative(odd)
    else:
        yield along.on(above.signed, below.signed)


# Several directions: each term of the numerator by itself, over the denominator divided by its exponential


def terms_apart(product: Product) -> Iterator[Tree]:
    """Yield n*exp(z)/D**p, term by term, as n/(D/exp(z/p))**p: where D/exp(z/p) overflows the term is 0."""
    below = [(factor, -count) for factor, count in product.factors if count < 0]
    above = tuple((factor, count) for factor, count in product.factors if count > 0)
    if not below or any(count.denominator != 1 for _, count in below):
        return
    rows = list(expanded(Product(product.coefficient, product.exponent, above)).items())
    made = [(z, coefficient, _divided(z, below)) for z, coefficient in rows]
    if len(made) == 2 and not (made[0][1] + made[1][1]).terms:
        (x, scale, first), (y, _, second) = made
        sides = (negative(over(call("expm1", factored(y - x)), first)), over(call("expm1", factored(x - y)), second))
        yield times(tree_of(scale), call("where", Compare("<=", factored(y - x), ZERO), *sides))
    yield total([over(tree_of(coefficient), tree) for _, coefficient, tree in made])


def _divided(z: Polynomial, below: list[tuple[Sum, Fraction]]) -> Tree:
    """Return powers of sums over exp(z), which is shared out among them so that each is bounded from below."""
    made = ONE
    for factor, shares in zip((f for f, _ in below), _shared_out(z, below), strict=True):
        for share, count in shares:
            divided = ZERO
            for x, coefficient in factor:
                tree = tree_of(coefficient)
                divided = plus(divided, tree if x == share else times(tree, call("exp", factored(x - share))))
            made = times(made, power(divided, number(count)))
    return made


def _shared_out(z: Polynomial, below: list[tuple[Sum, Fraction]]) -> list[list[tuple[Polynomial, int]]]:
    """Return for each denominator the exponents that it is divided by, with how often; their sum is z.

    Raises:
        TooLong: Only exponents between those of the denominators add up to it, and there is more than one of them.
    """
    options = [list(combinations_with_replacement([x for x, _ in factor], int(count))) for factor, count in below]
    if reduce(lambda a, b: a * len(b), options, 1) <= MOST_CHOICES:
        for chosen in choices(*options):
            if reduce(added, (x for row in chosen for x in row)) == z:
                return [[(x, row.count(x)) for x in dict.fromkeys(row)] for row in chosen]
    if len(below) > 1:
        raise TooLong
    count = below[0][1]
    return [[(z.scaled(1 / count), int(count))]]
