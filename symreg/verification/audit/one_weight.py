"""A table of a value of one weight, an object's own or a formula's, that is searched for lower costs.

Takes the value, hands on where step*phi(u) + (u - v)^2/2 is lower than at a given u, if anywhere.
What is found is found by evaluation alone, so that a lower objective is a proof whatever phi is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, isnan, nan

import numpy as np
from numpy.typing import NDArray

from symreg.verification.cases.calling import CallFailed

_DECADES = (-9, 9)
_PER_DECADE = 48
_HALVINGS = 70
_GOLDEN = 0.6180339887498949
_UNIT = 2.0**-52
_NEAR = 1e-4  # of the greatest of points and input: nearer ones are told apart by rounding, or a value's own tolerance
_RELATIVE = 1e-8  # of the parts of an objective: what a difference has to exceed to be more than rounding


class Indeterminate(Exception):
    """Nothing can be said of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lower:
    """A point that is better than another one.

    Args:
        at: Where the objective is lower, about its minimum.
        objective: There.
        other: The objective at the point that it is compared with.
    """

    at: float
    objective: float
    other: float


@dataclass(slots=True, kw_only=True)
class ValueTable:
    """phi(w) of one weight, each value asked for once."""

    value: Callable[[float], float]
    grid: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    heights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    typical: float = 1.0
    known: dict[float, float] = field(default_factory=dict)

    def phi(self, w: float) -> float:
        """Return phi(w), NaN where the object gives no number."""
        if w not in self.known:
            try:
                self.known[w] = self.value(w)
            except CallFailed:
                self.known[w] = nan
        return self.known[w]

    def objective(self, u: float, v: float, step: float) -> float:
        """Return step*phi(u) + (u - v)^2/2."""
        return step * self.phi(u) + (u - v) ** 2 / 2

    def beside(self, u: float, v: float, step: float) -> float:
        """Return the least objective at u and its closest neighbours: a domain's end may be missed by rounding."""
        reach = 1e-12 * max(abs(u), abs(v), 1e-3)
        costs = [self.objective(x, v, step) for x in (u, u + reach, u - reach)]
        return min((x for x in costs if not isnan(x)), default=nan)

    def lower(self, u: float, v: float, step: float) -> Lower | None:
        """Return a point whose objective is lower than that of u by more than rounding; None if none is seen.

        Raises:
            Indeterminate: There is no objective at u, or no minimum within sight.
        """
        cost_at_u, best = self.beside(u, v, step), self.minimum(v, step)
        if isnan(cost_at_u) or best is None:
            raise Indeterminate
        least = self.objective(best, v, step)
        parts = [x for x in (step * abs(self.phi(u)), (u - v) ** 2 / 2) if isfinite(x)]
        slack = _RELATIVE * (step * abs(self.phi(best)) + (best - v) ** 2 / 2 + sum(parts))
        slack += step * (self.noise(best) + self.noise(u)) + 64 * _UNIT * (step * self.typical + v * v)
        if isnan(least) or not cost_at_u - least > slack or abs(u - best) <= _NEAR * max(abs(u), abs(best), abs(v)):
            return None
        return Lower(at=best, objective=least, other=cost_at_u)

    def noise(self, w: float) -> float:
        """Return how much phi scatters between neighbouring floats; zero where it is infinite."""
        values = [self.phi(w * (1 + k * _UNIT)) for k in (-4, -2, -1, 0, 1, 2, 4)]
        finite = [x for x in values if isfinite(x)]
        return 16 * (max(finite) - min(finite)) if finite else 0.0

    def seems_convex(self) -> bool:
        """Does no value on the grid contradict convexity?"""
        usable = np.abs(self.grid) <= 1e4
        return no_value_contradicts_convexity(self.grid[usable], self.heights[usable], self.typical)

    def minimum(self, v: float, step: float) -> float | None:
        """Return about where the objective is least; None where it still falls at an end of the grid."""
        total = step * self.heights + (self.grid - v) ** 2 / 2
        total[np.isnan(total)] = inf
        place = int(np.argmin(total))
        if not 0 < place < len(total) - 1 or not isfinite(total[place]):
            return None
        low, high = float(self.grid[place - 1]), float(self.grid[place + 1])
        candidates = [0.0, v, float(self.grid[place]), self._golden(low, high, v, step)]
        around = abs(v) * 0.05
        if not low < v < high:
            candidates.append(self._golden(v - around, v + around, v, step))
        known = {c: self.objective(c, v, step) for c in candidates}
        known = {c: x for c, x in known.items() if not isnan(x)}
        least = min(known.values())
        level = least + 64 * _UNIT * (abs(least) + step * self.typical)
        # Of points that rounding does not tell apart, zero, the input, or the one on the grid, where a kink may be.
        return next(c for c, x in known.items() if x <= level)

    def _golden(self, low: float, high: float, v: float, step: float) -> float:
        a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        left, right = self.objective(a, v, step), self.objective(b, v, step)
        for _ in range(_HALVINGS):
            if left <= right or isnan(right):
                high, b, right = b, a, left
                a = high - _GOLDEN * (high - low)
                left = self.objective(a, v, step)
            else:
                low, a, left = a, b, right
                b = low + _GOLDEN * (high - low)
                right = self.objective(b, v, step)
            if not low < a < b < high:
                break
        return a if left <= right else b


def value_table(value: Callable[[float], float], sizes: Sequence[float]) -> ValueTable:
    """Return a table of a value of one weight, over eighteen decades on either side of zero."""
    table = ValueTable(value=value)
    exponents = np.arange(_DECADES[0] * _PER_DECADE, _DECADES[1] * _PER_DECADE + 1) / _PER_DECADE
    positive = np.array([float(f"{10.0**x:.6g}") for x in exponents])
    special = [x * part for x in sizes for part in (0.5, 1.0, 2.0)]
    grid = np.unique(np.concatenate([-positive, [0.0], positive, special, [-x for x in special]]))
    table.grid = grid
    table.heights = np.array([table.phi(float(w)) for w in grid])
    human = [abs(table.phi(w)) for w in (1.0, -1.0, 10.0, -10.0)]
    table.typical = max([1.0, *(x for x in human if isfinite(x))])
    return table


def no_value_contradicts_convexity(points: NDArray[np.float64], heights: NDArray[np.float64], typical: float) -> bool:
    """Is no value above the chord of its neighbours, by more than rounding, and is the domain an interval?"""
    finite = np.isfinite(heights)
    if finite.sum() < 3:
        return False
    inside = np.flatnonzero(finite)
    if inside[-1] - inside[0] + 1 != len(inside):
        return False
    x, y = points[inside], heights[inside]
    part = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    chord = y[:-2] + part * (y[2:] - y[:-2])
    slack = 1e-9 * (np.abs(y[:-2]) + np.abs(y[2:])) + 64 * _UNIT * typical
    return bool(np.all(y[1:-1] <= chord + slack))
