"""Differences that vanish faster than their parts: x - log1p(x) and its kin, by a short series near zero.

Each series is cut where what is left out is below 2^-58 of the sum, for the arguments for which it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from math import factorial

from flint import ctx, fmpq_series

from symreg.accuracy.rewrites.power_series import POWER_SERIES
from symreg.calculus.symbolic.patterns import is_nonnegative
from symreg.expressions.arithmetic import call, minus, negative, over, plus, times
from symreg.expressions.decompose import addends, factors, is_same, product, sum_of
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Call, Compare, Tree, number

BOUNDS = (Fraction(1, 4), Fraction(1, 2), Fraction(1))
"""The series is used for |x| up to one of these; the shortest one that does is for the caller to find out."""

REST = Fraction(1, 2**58)
_MOST = 40
"""Terms of a series before it is cut."""

Near = Callable[[Tree, Fraction], Tree]
"""Returns f(x) - x for |x| up to a bound."""


def near_zero(node: Tree) -> Iterator[Tree]:
    """Yield a*f(x) - a*x, whose parts are near to each other at small x, with a series there."""
    summands = addends(node, opened=True)
    if len(summands) < 2:
        return
    for place, (sign, tree) in enumerate(summands):
        for scale, function, x in _functions(tree):
            for other, (other_sign, other_tree) in enumerate(summands):
                if other == place or sign == other_sign or not is_same(times(scale, x), other_tree):
                    continue
                rest = [a for k, a in enumerate(summands) if k not in (place, other)]
                size = x if is_nonnegative(x) else call("abs", x)
                for bound in BOUNDS:
                    near, far = _ROWS[function](x, bound), minus(call(function, x), x)
                    if sign < 0:  # the difference is turned round, so that no minus stands before the choice
                        near, far = negative(near), minus(x, call(function, x))
                    made = call("where", Compare("<=", size, number(bound)), near, far)
                    yield sum_of([(1, times(scale, made)), *rest])


def _functions(tree: Tree) -> Iterator[tuple[Tree, str, Tree]]:
    """Yield the ways to see a product as scale*f(x)."""
    parts = factors(tree)
    for place, (factor, above) in enumerate(parts):
        if above and isinstance(factor, Call) and factor.function in _ROWS:
            yield product(parts[:place] + parts[place + 1 :]), factor.function, factor.arguments[0]


def _log1p(x: Tree, bound: Fraction) -> Tree:
    """log1p(x) - x = -r*(x - r**2*(2/3 + 2/5*r**2 + ...)) with r = x/(2 + x): the series of 2*atanh(r) beyond 2*r."""
    r = over(x, plus(number(2), x))
    square = times(r, r)
    largest = bound / (2 + bound) if is_nonnegative(x) else bound / (2 - min(bound, Fraction(1)))
    coefficients = _cut((Fraction(2, 2 * k + 3) for k in range(_MOST)), largest**2)
    return negative(times(r, minus(x, times(square, horner(coefficients, square)))))


def _odd(function: str) -> Near:
    """Return x**3*(a + b*x**2 + ...) for a function that is x + a*x**3 + b*x**5 + ..."""

    def near(x: Tree, bound: Fraction) -> Tree:
        square = times(x, x)
        coefficients = _cut(iter(_taylor(function)[3::2]), bound**2)
        return times(times(x, square), horner(coefficients, square))

    return near


@cache
def _taylor(function: str) -> tuple[Fraction, ...]:
    """Return the Taylor coefficients of a function at 0, enough of them for a series of `_MOST` terms in x**2."""
    before, ctx.cap = ctx.cap, 2 * _MOST
    try:
        return tuple(Fraction(int(c.p), int(c.q)) for c in POWER_SERIES[function](fmpq_series([0, 1])).coeffs())
    finally:
        ctx.cap = before


def _expm1(x: Tree, bound: Fraction) -> Tree:
    """expm1(x) - x = x**2*(1/2 + x/6 + ...)."""
    coefficients = _cut((Fraction(1, factorial(k)) for k in range(2, _MOST)), bound)
    return times(times(x, x), horner(coefficients, x))


def _cut(coefficients: Iterator[Fraction], ratio: Fraction) -> list[Fraction]:
    """Return the coefficients whose terms count, for an argument of at most `ratio`."""
    kept: list[Fraction] = []
    scale = Fraction(1)
    for coefficient in coefficients:
        kept.append(coefficient)
        scale *= ratio
        if abs(coefficient) * scale < REST * abs(kept[0]):
            break
    return kept


def horner(coefficients: list[Fraction], x: Tree) -> Tree:
    made = number(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        made = plus(number(coefficient), times(x, made))
    return made


_ROWS: dict[str, Near] = {
    "log1p": _log1p,
    "expm1": _expm1,
    **{row.name: _odd(row.name) for row in FUNCTIONS.values() if row.parity == "odd" and row.has_rational_series},
}
"""All odd functions that have such a series begin it with x; a test says so."""
