"""Points at which something is wrong, or nearest to it, and what all wrong points share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from symreg.verification.report.check import CONSTANT_FACTOR, INACCURATE

_ALWAYS = 1e-6  # relative; how constant a factor or an addend has to be to be named


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One point at which a function or an object is wrong.

    Args:
        at: The point, by name.
        expected: The exact value, rounded; None where no number is right.
        got: What was returned; None if nothing was.
        ratio: The error as a multiple of what is allowed; None where there is no such measure.
        error: The relative error, where it is not that of `got` and `expected` alone.
        note: A sentence on what is wrong besides the number.
        rank: The lower, the more instructive.
    """

    at: Mapping[str, Any]
    expected: float | None = None
    got: float | None = None
    ratio: float | None = None
    error: float | None = None
    note: str = ""
    rank: float = 0.0

    @property
    def relative(self) -> float:
        """The relative error, infinite where that is not a number."""
        return relative(self.got, self.expected) if self.error is None else self.error


def relative(got: float | None, expected: float | None, size: float = 0.0) -> float:
    """Return |got - expected| in parts of the greater of |expected| and a size; infinite where that is not a number."""
    if expected is None or got is None:
        return inf
    if expected == got:
        return 0.0
    greater = max(abs(expected), abs(size))
    off = abs(got - expected) / greater if greater else inf
    return off if isfinite(off) else inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """The point of a check at which what is right is nearest to being wrong.

    Args:
        at: The point, by name.
        expected: The exact value, rounded.
        got: What was returned.
        ratio: The error as a multiple of what is allowed; of an inequality the lack, which is no error.
        ulps: The error in units in the last place; None of an inequality.
    """

    at: Mapping[str, Any]
    expected: float
    got: float
    ratio: float
    ulps: float | None = None


def constant_factor(failures: Sequence[Failure]) -> str:
    """Name a factor by which every wrong number is off: another convention, more often than not; "" for none."""
    pairs = [(f.got, f.expected) for f in failures if f.got is not None and f.expected]
    ratios = [got / right for got, right in pairs if isfinite(got) and isfinite(right)]
    if len(ratios) < 3 or len(ratios) < len(failures):
        return ""
    if not are_constant(ratios) or abs(ratios[0] - 1) < INACCURATE:
        return ""
    return f"{CONSTANT_FACTOR} it is {ratios[0]:.4g} times what is right"


def are_constant(numbers: Sequence[float]) -> bool:
    """Are all numbers one, as far as a factor or an addend worth naming goes?"""
    return all(abs(x - numbers[0]) <= _ALWAYS * abs(numbers[0]) for x in numbers)
