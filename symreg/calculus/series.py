"""Differences that vanish faster than their parts: x - log1p(x) and its kin, by a short series near zero.

Each series is cut where what is left out is below 2^-58 of the sum, for the arguments for which it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import factorial

from symreg.calculus.algebra import ONE, call, factors, minus, negative, numeric, over, plus, power, times
from symreg.calculus.monomials import is_same, product_of, terms, total_of
from symreg.language.tree import Binary, Call, Compare, Tree, number

_REST = Fraction(1, 2**58)


@dataclass(frozen=True, slots=True)
class Vanishing:
    """f(x) - x near zero.

    Args:
        bound: The series is used for |x| up to this.
        near: Returns f(x) - x for small x.
    """

    bound: Fraction
    near: Callable[[Tree, Fraction], Tree]


def near_zero(node: Tree) -> Iterator[Tree]:
    """Yield a*f(x) - a*x, its parts near to each other at small x, with a series there."""
    addends = terms(node)
    for place, (sign, tree) in enumerate(addends):
        for scale, function, x in _functions(tree):
            for other, (other_sign, other_tree) in enumerate(addends):
                if other == place or sign == other_sign or not is_same(times(scale, x), other_tree):
                    continue
                row = _ROWS[function]
                rest = [a for k, a in enumerate(addends) if k not in (place, other)]
                size = x if isinstance(x, Call) and x.function == "abs" else call("abs", x)
                small = Compare("<=", size, _fraction(row.bound))
                made = call("where", small, row.near(x, row.bound), minus(call(function, x), x))
                yield total_of([(sign, times(scale, made)), *rest])


def _functions(tree: Tree) -> Iterator[tuple[Tree, str, Tree]]:
    parts = factors(tree)
    for place, (factor, above) in enumerate(parts):
        if above and isinstance(factor, Call) and factor.function in _ROWS:
            yield product_of(parts[:place] + parts[place + 1 :]), factor.function, factor.arguments[0]


def _log1p(x: Tree, bound: Fraction) -> Tree:
    """log1p(x) - x = -r*(x - 2*r**2*(1/3 + r**2/5 + ...)) with r = x/(2 + x): twice the series of atanh at r."""
    r = over(x, plus(number(2), x))
    s = times(r, r)
    largest = bound / (2 - bound)
    coefficients = _cut((Fraction(2, 2 * k + 3) for k in range(60)), largest**2, Fraction(1, 2) / largest)
    return negative(times(r, minus(x, times(s, _horner(coefficients, s)))))


def _odd(coefficient: Callable[[int], Fraction]) -> Callable[[Tree, Fraction], Tree]:
    """Return x**3*(a + b*x**2 + ...) for a function that is x + a*x**3 + b*x**5 + ..."""

    def near(x: Tree, bound: Fraction) -> Tree:
        square = times(x, x)
        coefficients = _cut((coefficient(k) for k in range(1, 60)), bound**2, abs(coefficient(1)))
        return times(times(x, square), _horner(coefficients, square))

    return near


def _expm1(x: Tree, bound: Fraction) -> Tree:
    """expm1(x) - x = x**2*(1/2 + x/6 + ...)."""
    coefficients = _cut((Fraction(1, factorial(k)) for k in range(2, 40)), bound, Fraction(1, 2))
    return times(times(x, x), _horner(coefficients, x))


def _cut(coefficients: Iterator[Fraction], ratio: Fraction, first: Fraction) -> list[Fraction]:
    """Return the coefficients whose terms count, for an argument of at most `ratio`."""
    kept: list[Fraction] = []
    scale = Fraction(1)
    for coefficient in coefficients:
        if abs(coefficient) * scale < _REST * first:
            break
        kept.append(coefficient)
        scale *= ratio
    return kept


def _horner(coefficients: list[Fraction], x: Tree) -> Tree:
    made = _fraction(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        made = plus(_fraction(coefficient), times(x, made))
    return made


def _fraction(value: Fraction) -> Tree:
    if value.denominator == 1:
        return number(value)
    made = Binary("/", number(abs(value.numerator)), number(value.denominator))
    return negative(made) if value < 0 else made


def _tanh_coefficient(k: int) -> Fraction:
    n = k + 1
    return Fraction(4**n * (4**n - 1)) * _bernoulli(2 * n) / factorial(2 * n)


def _bernoulli(n: int) -> Fraction:
    row = [Fraction(0)] * (n + 1)
    for m in range(n + 1):
        row[m] = Fraction(1, m + 1)
        for j in range(m, 0, -1):
            row[j - 1] = j * (row[j - 1] - row[j])
    return row[0]


_ROWS: dict[str, Vanishing] = {
    "log1p": Vanishing(Fraction(1, 2), _log1p),
    "expm1": Vanishing(Fraction(1, 2), _expm1),
    "sin": Vanishing(Fraction(1), _odd(lambda k: Fraction((-1) ** k, factorial(2 * k + 1)))),
    "sinh": Vanishing(Fraction(1), _odd(lambda k: Fraction(1, factorial(2 * k + 1)))),
    "atan": Vanishing(Fraction(1, 2), _odd(lambda k: Fraction((-1) ** k, 2 * k + 1))),
    "tanh": Vanishing(Fraction(1, 2), _odd(_tanh_coefficient)),
}
_ = (ONE, numeric, power)
