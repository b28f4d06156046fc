"""A penalty at given parameters as a function of exact weights, in balls: its value and its slopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import arb, arb_series

from symreg.expressions.tree import Call, Tree, names, number
from symreg.model.interval import Interval
from symreg.model.ordering import are_in_order
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.verification.claims.data import Row
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball, balls
from symreg.verification.oracle.decisions import Decide, Undecided, sign, sign_or_hull
from symreg.verification.oracle.derivatives import slope
from symreg.verification.oracle.evaluate import Scope, compiled, evaluate
from symreg.verification.oracle.series import ORDER, Value
from symreg.verification.oracle.slopes import elementwise

BITS = 256
"""Of every enclosure here."""

_FLOOR = 2.0**-180  # a slope of 0 is enclosed by a ball around it

Point = tuple[Fraction, ...]


class Function:
    """R of the weights at fixed parameters and arrays."""

    def __init__(self, terms: Terms, row: Row, arrays: Mapping[str, Any] | None = None) -> None:
        """Compile the terms; needs no precision yet."""
        self.row, self._domains = row, terms.intervals(row)
        self._phi = elementwise(terms.elementwise, row)
        self._known = {name: ball(value) for name, value in row.items()}
        self._arrays = {name: balls(values) for name, values in (arrays or {}).items()}
        self._parts = [(ball(term.coefficient), compiled(term.tree)) for term in terms.indexed]
        self._values: dict[Point, arb] = {}

    @property
    def is_indexed(self) -> bool:
        """Is there a term in index notation?"""
        return bool(self._parts)

    def holds(self, weights: Point) -> bool:
        """Do the weights lie in the domain of every term?"""
        return all(_contains(domain, weight) for domain in self._domains for weight in weights)

    def of(self, weights: Sequence[Value], decide: Decide) -> Value:
        """Return R of numbers of any kind."""
        total: Value = arb(0)
        if self._phi is not None:
            for weight in weights:
                total = total + self._phi(weight, decide)
        if self._parts:
            scope = Scope(self._known, {**self._arrays, "w": weights}, len(weights), decide)
            for coefficient, code in self._parts:
                total = total + coefficient * code(scope)
        return total

    def value(self, weights: Point) -> arb:
        """Return R at exact weights; not finite where there is no value, or none within the domain."""
        known = self._values.get(weights)
        if known is None:
            known = self.of([ball(w) for w in weights], sign_or_hull) if self.holds(weights) else arb.nan()
            self._values[weights] = known
        return known

    def along(self, weights: Sequence[Fraction], j: int) -> Callable[[Value, Decide], Value]:
        """Return R as a function of weight j."""
        fixed = [ball(w) for w in weights]
        return lambda weight, decide: self.of([*fixed[:j], weight, *fixed[j + 1 :]], decide)

    def slope(self, weights: Point, j: int = 0) -> arb | None:
        """Return dR/dw_j at exact weights; None at a kink, and where it is not determined."""
        return slope_of(self.along(weights, j), weights[j]) if self.holds(weights) else None

    def without(self, weights: Point, j: int = 0) -> tuple[bool, bool]:
        """Does weight j leave the domain to the left, and to the right?"""
        return self._is_end(weights[j], -1), self._is_end(weights[j], 1)

    def sides(self, weights: Point, j: int = 0) -> tuple[arb, arb] | None:
        """Return the slopes from the left and from the right by weight j, None where they are not determined.

        At an end of the domain that belongs to it the slope from without is infinite, as R is there.
        """
        if not self.holds(weights):
            return None
        is_low, is_high = self.without(weights, j)
        sides = tuple(side for side, is_end in ((-1, is_low), (1, is_high)) if not is_end)
        found = slope(self.along(weights, j), weights[j], sides=sides, floor=_FLOOR) if sides else None
        if found is None:
            return None
        if len(sides) == 1:
            return (arb.neg_inf(), found.value) if is_low else (found.value, arb.pos_inf())
        return self._ordered(weights, j, found.low, found.high) if found.at_kink else (found.value, found.value)

    def _is_end(self, weight: Fraction, side: int) -> bool:
        return any((d.low if side < 0 else d.high) == weight for d in self._domains)

    def _ordered(self, weights: Point, j: int, low: arb, high: arb) -> tuple[arb, arb] | None:
        """Return the lower and the higher of two slopes as left and right: by the values close by."""
        along, at, gap = self.along(weights, j), ball(weights[j]), arb((1, -200))
        here = along(at, sign_or_hull)
        right, left = along(at + gap, sign_or_hull) - here, here - along(at - gap, sign_or_hull)
        return (low, high) if right > left else (high, low) if right < left else None


def _contains(domain: Interval, weight: Fraction) -> bool:
    """Does an exact weight, of whatever size, lie in a domain?"""
    low, high = domain.low, domain.high
    above = low is None or weight > low or (domain.low_closed and weight == low)
    return above and (high is None or weight < high or (domain.high_closed and weight == high))


def slope_of(function: Callable[[Value, Decide], Value], at: Fraction) -> arb | None:
    """Return the derivative of a function of one number where it is smooth, else None."""
    try:
        around = function(arb_series([ball(at), arb(1)], ORDER), sign)
    except Undecided:
        return None
    return series.slope(around) if series.is_finite(around) else None


@lru_cache(maxsize=256)
def _as_number(condition: Tree) -> Tree:
    return Call("where", (condition, number(1), number(0)))


def truth(condition: Tree | None, values: Row) -> bool | None:
    """Does a condition hold at exact values? None where balls do not tell."""
    if condition is None:
        return True
    if "n" in names(condition):
        return None
    try:
        return bool(evaluate(_as_number(condition), values, precision=BITS, decide=sign) > 0)
    except (Undecided, KeyError):
        return None


def constant(tree: Tree | None, row: Row) -> arb | None:
    """Return a constant at exact parameters; None if there is none, or it depends on the number of weights."""
    return None if tree is None or "n" in names(tree) else evaluate(tree, row, precision=BITS)


def is_within(row: Row, parameters: Sequence[Parameter]) -> bool:
    """Does each parameter lie in its domain, and exceed the one that it has to?"""
    return are_in_order(parameters, row) and all(row[p.name] in p.domain for p in parameters if p.name in row)
