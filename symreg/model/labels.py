"""Labels: what the y of a sample may be - a set of numbers, whole numbers, or an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from symreg.model.interval import REAL, Interval, decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a label may be.

    Args:
        interval: Holds every label.
        values: All of them, ascending, where there are finitely many, as in `{-1, 1}`; else ().
        are_whole: Are they the whole numbers of the interval, as counts are?
    """

    interval: Interval = REAL
    values: tuple[Fraction, ...] = ()
    are_whole: bool = False

    def __contains__(self, y: float | Fraction) -> bool:
        if self.values:
            return math.isfinite(y) and Fraction(y) in self.values
        return y in self.interval and (not self.are_whole or Fraction(y).denominator == 1)

    def __str__(self) -> str:
        if self.values:
            return f"{{{', '.join(decimal(float(value)) for value in self.values)}}}"
        if not self.are_whole:
            return str(self.interval)
        return "integers" if self.interval.is_all else f"integers {self.interval.condition('y').removeprefix('y ')}"

    @property
    def are_all(self) -> bool:
        """May a label be any real number?"""
        return not self.values and not self.are_whole and self.interval.is_all

    def condition(self, name: str) -> str:
        """Return what a label has to be, as in `y in {-1, 1}`, `y a whole number >= 0`, `y in [0, 1]`."""
        if self.values:
            return f"{name} in {self}"
        if not self.are_whole:
            return self.interval.condition(name)
        return (
            f"{name} a whole number{'' if self.interval.is_all else self.interval.condition(name).removeprefix(name)}"
        )


ANY = Labels()
