"""Domains: intervals of the real line with open or closed ends, and the words for the common ones."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symreg.expressions.tree import Tree, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A nonempty interval; an end of None is infinite (and then open).

    Args:
        low: Lower end, exact, or None for -inf.
        high: Upper end, exact, or None for +inf.
        low_closed: Does the lower end belong to it?
        high_closed: Does the upper end belong to it?
    """

    low: Fraction | None = None
    high: Fraction | None = None
    low_closed: bool = False
    high_closed: bool = False

    def __contains__(self, x: float | Fraction) -> bool:
        if not math.isfinite(x):
            return False
        low, high = self.low, self.high
        if isinstance(x, float):  # as emitted code compares: with the ends rounded to doubles
            low, high = (None if end is None else Fraction(float(end)) for end in (low, high))
        above = low is None or x > low or (self.low_closed and x == low)
        return above and (high is None or x < high or (self.high_closed and x == high))

    def __str__(self) -> str:
        for word, interval in WORDS.items():
            if self == interval:
                return word
        low = "-inf" if self.low is None else str(_shortest(self.low))
        high = "inf" if self.high is None else str(_shortest(self.high))
        return f"{'[' if self.low_closed else '('}{low}, {high}{']' if self.high_closed else ')'}"

    @property
    def is_all(self) -> bool:
        """Is it the whole real line?"""
        return self.low is None and self.high is None

    def condition(self, name: str) -> str:
        """Return that something lies in it: `lam > 0`, `p in (0, 1)`, `mu real`."""
        if self.is_all:
            return f"{name} real"
        if self.low is not None and self.high is not None:
            return f"{name} in {self}"
        end = self.low if self.high is None else self.high
        assert end is not None
        sign = (">" if self.high is None else "<") + "=" * (self.low_closed or self.high_closed)
        return f"{name} {sign} {_shortest(end)}"

    @property
    def lower(self) -> Tree | None:
        """The lower end as an expression."""
        return None if self.low is None else number(self.low)

    @property
    def upper(self) -> Tree | None:
        """The upper end as an expression."""
        return None if self.high is None else number(self.high)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that its ends are: none; see `ParametricInterval`."""
        return ()

    def at(self, values: Mapping[str, Any]) -> Interval:
        """Return itself: no end depends on values of parameters."""
        return self

    def hull(self, ranges: Mapping[str, Interval]) -> Interval:
        """Return itself, likewise."""
        return self


def intersection(a: Interval, b: Interval) -> Interval | None:
    """Return the points that belong to both, or None if there are none."""
    low = max((x.low for x in (a, b) if x.low is not None), default=None)
    high = min((x.high for x in (a, b) if x.high is not None), default=None)
    low_closed = low is not None and all(x.low_closed for x in (a, b) if x.low == low)
    high_closed = high is not None and all(x.high_closed for x in (a, b) if x.high == high)
    if low is not None and high is not None and (low > high or (low == high and not (low_closed and high_closed))):
        return None
    return Interval(low=low, high=high, low_closed=low_closed, high_closed=high_closed)


def inside(domain: Interval) -> float:
    """Return a point of the domain, 1 where it belongs to it: the default of a parameter that names none."""
    low, high = domain.low, domain.high
    if 1.0 in domain:
        return 1.0
    if low is not None and high is not None:
        return float((low + high) / 2)
    if low is not None:
        return float(min(low + max(Fraction(1), abs(low)), _LARGEST))
    return float(max(high - max(Fraction(1), abs(high)), -_LARGEST)) if high is not None else 0.0


_LARGEST = Fraction(sys.float_info.max)

REAL = Interval()

WORDS = {
    "real": REAL,
    "positive": Interval(low=Fraction(0)),
    "nonnegative": Interval(low=Fraction(0), low_closed=True),
}


def decimal(value: float) -> str:
    """Return a double as it is written shortest: `3`, `0.1`, `1e-08`."""
    return repr(float(value)).removesuffix(".0")


def _shortest(value: Fraction) -> int | float | Fraction:
    if value.denominator == 1 and abs(value) < 10**15:
        return int(value)
    return float(value) if Fraction(repr(float(value))) == value else value
