"""Read an expression as a product of powers of sums of exponentials: c*exp(x) * (a*exp(y) + b*exp(z) + ...)**p * ...

Exponents and coefficients are polynomials over whatever else the expression holds, so that what cancels does so
exactly. How such a product is written so that nothing overflows is told in `dominant`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from math import gcd, lcm

from symreg.expressions.arithmetic import ONE, call, numeric, over, power, rational, times
from symreg.expressions.decompose import addends, sum_of
from symreg.expressions.formulas import definition, is_of_exponentials
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Name, Negate, Tree, names, number

MOST_TERMS = 40
"""Of a sum that is multiplied out."""
EXPONENTIAL = frozenset(row.name for row in FUNCTIONS.values() if is_of_exponentials(row))

Monomial = tuple[tuple[Tree, Fraction], ...]
"""Factors with their exponents, in the order of their text."""


class TooLong(Exception):
    """The expression is none of the kind, or has more terms than are looked at."""


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A sum of monomials, each with its rational coefficient, in the order of their text; nothing is 0 in it."""

    terms: tuple[tuple[Monomial, Fraction], ...]

    def __add__(self, other: Polynomial) -> Polynomial:
        return _polynomial((*self.terms, *other.terms))

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other.scaled(Fraction(-1))

    def __mul__(self, other: Polynomial) -> Polynomial:
        return _polynomial((_joined((*a, *b)), x * y) for a, x in self.terms for b, y in other.terms)

    def scaled(self, factor: Fraction) -> Polynomial:
        return _polynomial((monomial, factor * value) for monomial, value in self.terms)

    def to_power(self, exponent: Fraction) -> Polynomial:
        """Return a power: of a monomial any whole one, of a sum a small one; of one factor a fraction of an odd one."""
        match self.terms:
            case ((((factor, degree),), value),) if value == 1 and degree.denominator == 1 and degree % 2:
                return atom(factor, degree * exponent)
        if self == CONSTANT:
            return self
        if exponent.denominator != 1 or (len(self.terms) != 1 and not 0 <= exponent <= 4):
            raise TooLong
        if len(self.terms) == 1:
            ((monomial, value),) = self.terms
            return Polynomial(((tuple((t, e * exponent) for t, e in monomial), value ** int(exponent)),))
        return reduce(lambda made, _: made * self, range(int(exponent)), CONSTANT)

    @property
    def has_w(self) -> bool:
        return any("w" in names(factor) for monomial, _ in self.terms for factor, _ in monomial)

    def without_w(self) -> Polynomial:
        """Return the terms that hold no weight."""
        return Polynomial(tuple((m, c) for m, c in self.terms if not any("w" in names(t) for t, _ in m)))

    @property
    def is_negative(self) -> bool:
        """Does it begin with a minus?"""
        return bool(self.terms) and self.terms[0][1] < 0


NOTHING = Polynomial(())
CONSTANT = Polynomial((((), Fraction(1)),))

Sum = tuple[tuple[Polynomial, Polynomial], ...]
"""Exponents, the first of them 0, each with its coefficient; two at least, or a coefficient of several terms."""


@dataclass(frozen=True, slots=True)
class Product:
    """coefficient * exp(exponent) * sum**power * ...; the coefficient is one monomial, or 0."""

    coefficient: Polynomial
    exponent: Polynomial = NOTHING
    factors: tuple[tuple[Sum, Fraction], ...] = ()

    def __mul__(self, other: Product) -> Product:
        powers = dict(self.factors)
        for factor, count in other.factors:
            powers[factor] = powers.get(factor, Fraction(0)) + count
        kept = tuple((factor, count) for factor, count in powers.items() if count)
        return Product(self.coefficient * other.coefficient, self.exponent + other.exponent, kept)

    def to_power(self, exponent: Fraction) -> Product:
        """Return a power; of a fraction only where no factor can be negative without the whole being so."""
        powers = tuple((factor, count * exponent) for factor, count in self.factors)
        return Product(self.coefficient.to_power(exponent), self.exponent.scaled(exponent), powers)


def read(tree: Tree) -> Product:
    """Return a tree as a product.

    Raises:
        TooLong: It is none, or one of too many terms.
    """
    value = numeric(tree)
    if value is not None:
        return Product(CONSTANT.scaled(value))
    match tree:
        case Binary("+" | "-", _, _):
            return summed([(sign, read(addend)) for sign, addend in addends(tree, opened=True)])
        case Negate(operand):
            return Product(CONSTANT.scaled(Fraction(-1))) * read(operand)
        case Binary("*", left, right):
            return read(left) * read(right)
        case Binary("/", left, right):
            below = read(right)
            if not below.coefficient.terms:
                raise TooLong
            return read(left) * below.to_power(Fraction(-1))
        case Binary("**", base, exponent) if (count := rational(exponent)) is not None and has_exponential(
            base, of_weight=False
        ):
            return read(base).to_power(count)
        case Call("sqrt", (inside,)) if has_exponential(inside, of_weight=False):
            return read(inside).to_power(Fraction(1, 2))
        case Call("exp", (x,)):
            return Product(CONSTANT, polynomial(x))
        case Call(function, arguments) if function in EXPONENTIAL:
            return read(definition(function, arguments))
    return summed([(1, Product(_polynomial([term]))) for term in polynomial(tree).terms])


def has_exponential(tree: Tree, *, of_weight: bool = True) -> bool:
    """Does an exponential, of the weight unless told otherwise, stand in it outside other functions?"""
    match tree:
        case Call(function, _):
            return function in EXPONENTIAL and (not of_weight or "w" in names(tree))
        case Binary("+" | "-" | "*" | "/", left, right):
            return has_exponential(left, of_weight=of_weight) or has_exponential(right, of_weight=of_weight)
        case Binary("**", base, _) | Negate(base):
            return has_exponential(base, of_weight=of_weight)
        case _:
            return False


def summed(rows: list[tuple[int, Product]]) -> Product:
    """Return a sum of products over their common factors, the rest multiplied out."""
    shared: dict[Sum, Fraction] = {}
    for factor in dict.fromkeys(factor for _, product in rows for factor, _ in product.factors):
        least = min(dict(product.factors).get(factor, Fraction(0)) for _, product in rows)
        shared[factor] = least
    collected: dict[Polynomial, Polynomial] = {}
    for sign, product in rows:
        rest = [(f, dict(product.factors).get(f, Fraction(0)) - least) for f, least in shared.items()]
        for exponent, coefficient in expanded(Product(product.coefficient, product.exponent, tuple(rest))).items():
            collected[exponent] = collected.get(exponent, NOTHING) + coefficient.scaled(Fraction(sign))
    common = Product(CONSTANT, NOTHING, tuple((f, count) for f, count in shared.items() if count))
    return common * _of_sum({x: c for x, c in collected.items() if c.terms})


def expanded(product: Product) -> dict[Polynomial, Polynomial]:
    """Return a product of whole positive powers as one sum: coefficients by exponent."""
    made = {product.exponent: product.coefficient}
    for factor, count in product.factors:
        if count.denominator != 1 or count < 0:
            raise TooLong
        for _ in range(int(count)):
            grown: dict[Polynomial, Polynomial] = {}
            for (x, a), (y, b) in ((p, q) for p in made.items() for q in factor):
                grown[x + y] = grown.get(x + y, NOTHING) + a * b
            made = {x: c for x, c in grown.items() if c.terms}
            if sum(len(c.terms) for c in made.values()) > MOST_TERMS:
                raise TooLong
    return made


def _of_sum(collected: dict[Polynomial, Polynomial]) -> Product:
    """Return a sum as a product: its first exponential, and what all coefficients have in common, taken out."""
    if not collected:
        return Product(NOTHING)
    first = next(iter(collected))
    for exponent in collected:
        if (exponent - first).is_negative:
            first = exponent
    lead = content(collected[first], collected.values())
    inverse = lead.to_power(Fraction(-1))
    moved = {x - first: c * inverse for x, c in collected.items()}
    if len(moved) == 1 and moved.get(NOTHING) == CONSTANT:
        return Product(lead, first)
    ordered = tuple(sorted(moved.items(), key=lambda row: (row[0] != NOTHING, to_text(tree_of(row[0])))))
    return Product(lead, first, ((ordered, Fraction(1)),))


def content(first: Polynomial, coefficients: Iterable[Polynomial]) -> Polynomial:
    """Return the greatest monomial that divides all coefficients, with the sign of the first one."""
    rows = [row for coefficient in coefficients for row in coefficient.terms]
    below = reduce(lcm, (value.denominator for _, value in rows))
    above = reduce(gcd, (int(abs(value) * below) for _, value in rows))
    powers = [dict(monomial) for monomial, _ in rows]
    shared = [
        (t, min(row.get(t, Fraction(0)) for row in powers)) for t in dict.fromkeys(t for row in powers for t in row)
    ]
    sign = -1 if first.is_negative else 1
    return _polynomial([(_joined((t, e) for t, e in shared if e), Fraction(sign * above, below))])


def polynomial(tree: Tree) -> Polynomial:
    """Return a tree as a polynomial over whatever it does not add or multiply."""
    value = numeric(tree)
    if value is not None:
        return CONSTANT.scaled(value)
    match tree:
        case Binary("+" | "-" as operator, left, right):
            sign = Fraction(1 if operator == "+" else -1)
            return polynomial(left) + polynomial(right).scaled(sign)
        case Negate(operand):
            return polynomial(operand).scaled(Fraction(-1))
        case Binary("*", left, right):
            return _bounded(polynomial(left) * polynomial(right))
        case Binary("/", left, right):
            below = polynomial(right)
            inverse = below.to_power(Fraction(-1)) if len(below.terms) == 1 else atom(right, Fraction(-1))
            return _bounded(polynomial(left) * inverse)
        case Binary("**", base, exponent) if (count := rational(exponent)) is not None and count.denominator == 1:
            inner = polynomial(base)
            if len(inner.terms) == 1 or 0 <= count <= 4:
                return _bounded(inner.to_power(count))
            return atom(base, count)
        case Call("sqrt", (Name() as base,)):
            return atom(base, Fraction(1, 2))
    return atom(tree, Fraction(1))


def tree_of(made: Polynomial) -> Tree:
    """Return a polynomial as a tree."""
    return sum_of((1 if value > 0 else -1, _monomial_tree(monomial, abs(value))) for monomial, value in made.terms)


def factored(made: Polynomial) -> Tree:
    """Return a polynomial as a tree, what its terms have in common in front of them."""
    if len(made.terms) < 2:
        return tree_of(made)
    common = content(CONSTANT, [made])
    rest = made * common.to_power(Fraction(-1))
    return tree_of(made) if common == CONSTANT else tree_of(common * atom(tree_of(rest)))


def raised(base: Tree, exponent: Fraction) -> Tree:
    """Return a positive power of a tree."""
    if exponent == Fraction(1, 2):
        return call("sqrt", base)
    return power(base, number(exponent))


def _monomial_tree(monomial: Monomial, value: Fraction) -> Tree:
    top, below = ONE, ONE
    for factor, exponent in monomial:
        if exponent > 0:
            top = times(top, raised(factor, exponent))
        else:
            below = times(below, raised(factor, -exponent))
    if value.denominator != 1:
        below = times(number(value.denominator), below)
    return over(times(number(value.numerator), top), below)


def atom(tree: Tree, exponent: Fraction = Fraction(1)) -> Polynomial:
    """Return a power of a tree that is not looked into."""
    return Polynomial(((((tree, exponent),), Fraction(1)),))


def _bounded(made: Polynomial) -> Polynomial:
    if len(made.terms) > MOST_TERMS:
        raise TooLong
    return made


def _polynomial(rows: Iterable[tuple[Monomial, Fraction]]) -> Polynomial:
    collected: dict[Monomial, Fraction] = {}
    for monomial, value in rows:
        collected[monomial] = collected.get(monomial, Fraction(0)) + value
    kept = [(monomial, value) for monomial, value in collected.items() if value]
    return Polynomial(tuple(sorted(kept, key=lambda row: [(_text(t), e) for t, e in row[0]])))


def _joined(factors: Iterable[tuple[Tree, Fraction]]) -> Monomial:
    exponents: dict[Tree, Fraction] = {}
    for factor, exponent in factors:
        exponents[factor] = exponents.get(factor, Fraction(0)) + exponent
    return tuple(sorted(((t, e) for t, e in exponents.items() if e), key=lambda row: _text(row[0])))


@lru_cache(maxsize=1024)
def _text(tree: Tree) -> str:
    return to_text(tree)
