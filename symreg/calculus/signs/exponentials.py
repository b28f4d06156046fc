"""The sign of sums of exponentials and of their quotients, by Descartes' rule of signs.

A sum of c*exp(s*m) with one m has, as a function of q = exp(-m), no more positive zeros than its coefficients, in the
order of s, change their sign; those at q = 1 are divided out first. (Laguerre, "Sur la theorie des equations
numeriques", 1883: the rule holds for real exponents too.)
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from itertools import accumulate, pairwise
from math import comb

from symreg.calculus.signs.symbolic_sign import Sign, is_heavy, sign_of
from symreg.calculus.symbolic.exponential_quotients import HIGHEST, common
from symreg.calculus.symbolic.exponential_sums import (
    NOTHING,
    Polynomial,
    Product,
    Sum,
    TooLong,
    has_exponential,
    read,
    tree_of,
)
from symreg.expressions.arithmetic import ZERO, call, plus, times
from symreg.expressions.tree import Tree
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter

_Coefficient = dict[Polynomial, Polynomial]
"""A sum of exponentials without a weight: coefficients by exponent."""


def sign_of_exponentials(tree: Tree, parameters: tuple[Parameter, ...], *, is_positive: bool) -> Sign:
    """Return the strict sign of a tree over `w`, for all weights or for the positive ones; `undecided` mostly.

    Args:
        tree: Free of switches.
        parameters: With the domains for which the sign is to hold.
        is_positive: Are only positive weights asked about?
    """
    if not has_exponential(tree):
        return "undecided"
    weight = Parameter(name="w", domain=WORDS["positive"] if is_positive else Interval(), default=1.0)
    with suppress(TooLong):
        made = _sign(read(tree), (*parameters, weight), is_positive=is_positive)
        return "undecided" if made is None else "positive" if made > 0 else "negative"
    return "undecided"


def _sign(product: Product, parameters: tuple[Parameter, ...], *, is_positive: bool) -> int | None:
    made = _strict(tree_of(product.coefficient), parameters)
    for factor, count in product.factors:
        sign = _sign_of_sum(factor, parameters, is_positive=is_positive)
        if sign is None or made is None or (sign < 0 and count.denominator != 1):
            return None
        made *= sign if count % 2 else 1
    return made


def _sign_of_sum(factor: Sum, parameters: tuple[Parameter, ...], *, is_positive: bool) -> int | None:
    """Return the sign of a sum of exponentials if it is never 0."""
    signs = {_strict(tree_of(coefficient), parameters) for _, coefficient in factor}
    if len(signs) == 1:
        return signs.pop()
    direction = {monomial for x, _ in factor for monomial, _ in (x - x.without_w()).terms}
    if len(direction) != 1 or any(coefficient.has_w for _, coefficient in factor):
        return None
    m = tree_of(Polynomial(((direction.pop(), Fraction(1)),)))
    if is_positive and _strict(m, parameters) != 1:
        return None
    rows: dict[Fraction, _Coefficient] = {}
    for x, coefficient in factor:
        offset = x.without_w()
        multiple = (x - offset).terms
        row = rows.setdefault(multiple[0][1] if multiple else Fraction(0), {})
        row[offset] = row.get(offset, NOTHING) + coefficient
    return _descartes(rows, parameters, is_positive=is_positive)


def _descartes(
    rows: dict[Fraction, _Coefficient], parameters: tuple[Parameter, ...], *, is_positive: bool
) -> int | None:
    """Return the sign of the sum of C*exp(s*m) by its coefficients, for m > 0 or for every m."""
    greatest = max(rows)
    unit = common([greatest - s for s in rows if s != greatest])
    if not unit or (greatest - min(rows)) / unit > HIGHEST:
        return None
    coefficients = [rows.get(greatest - k * unit, {}) for k in range(int((greatest - min(rows)) / unit) + 1)]
    zeros = 0
    while len(coefficients) > 1 and not _total(coefficients):
        coefficients, zeros = list(accumulate(coefficients[:-1], _plus)), zeros + 1
    if zeros and not is_positive:
        return None
    signs = [_sign_of_coefficient(c, parameters) for c in coefficients if c]
    if None not in signs and len(set(signs)) == 1:
        return signs[0]
    if not is_positive:
        return None
    # q lies between 0 and 1 where x = 1/q - 1 is positive.
    degree = len(coefficients) - 1
    moved = [
        _total([_scaled(c, comb(degree - k, power)) for k, c in enumerate(coefficients[: degree - power + 1])])
        for power in range(degree + 1)
    ]
    signs = [_sign_of_coefficient(c, parameters) for c in moved if c]
    return signs[0] if None not in signs and all(a == b for a, b in pairwise(signs)) else None


def _sign_of_coefficient(coefficient: _Coefficient, parameters: tuple[Parameter, ...]) -> int | None:
    signs = {_strict(tree_of(c), parameters) for c in coefficient.values()}
    if len(signs) == 1:
        return signs.pop()
    whole = ZERO
    for exponent, c in coefficient.items():
        whole = plus(whole, times(tree_of(c), call("exp", tree_of(exponent))) if exponent.terms else tree_of(c))
    return _strict(whole, parameters)


def _strict(tree: Tree, parameters: tuple[Parameter, ...]) -> int | None:
    return None if is_heavy(tree) else {"positive": 1, "negative": -1}.get(sign_of(tree, parameters))


def _plus(a: _Coefficient, b: _Coefficient) -> _Coefficient:
    made = {x: a.get(x, NOTHING) + b.get(x, NOTHING) for x in {**a, **b}}
    return {x: c for x, c in made.items() if c.terms}


def _total(rows: list[_Coefficient]) -> _Coefficient:
    made: _Coefficient = {}
    for row in rows:
        made = _plus(made, row)
    return made


def _scaled(row: _Coefficient, factor: int) -> _Coefficient:
    return {x: c.scaled(Fraction(factor)) for x, c in row.items()}
