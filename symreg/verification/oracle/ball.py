"""Numbers as Arb balls, and exact balls as fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb, arb_series, fmpq

from symreg.verification.oracle.series import Value


def ball(value: Any) -> Value:
    """Return a number as a ball: exact for floats, integers and dyadic fractions, tight for other fractions."""
    if isinstance(value, float | int):
        return arb(value)
    if isinstance(value, arb | arb_series):
        return value
    if isinstance(value, Fraction):
        shift = value.denominator.bit_length() - 1
        if value.denominator == 1 << shift:
            return arb((value.numerator, -shift))
        return arb(fmpq(value.numerator, value.denominator))
    return arb(float(value))


def exactly(x: arb) -> Fraction:
    """Return the number that an exact ball is."""
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def balls(values: Any) -> Any:
    """Return a nested sequence of numbers as nested lists of balls."""
    return [balls(v) if hasattr(v, "__len__") else ball(v) for v in values]
