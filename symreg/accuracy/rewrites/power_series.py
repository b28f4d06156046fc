"""The language's functions as power series with rational coefficients, in FLINT."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from operator import methodcaller
from typing import Any, TypeAlias

from flint import fmpq, fmpq_series

from symreg.expressions.formulas import function_of
from symreg.expressions.functions import FUNCTIONS, Function

Series: TypeAlias = Any
"""An fmpq_series, which has no annotations; it is as long as `flint.ctx.cap` says."""


def _named(row: Function) -> Callable[[Series], Series]:
    """Return a function by its name in FLINT, or by its definition."""
    native = row.name if row.flint is None else row.flint
    if native:
        return methodcaller(native)
    # Read at each call: a constant is a series as well, as long as `flint.ctx.cap` says when it is made.
    return lambda x: function_of(row.definition, _constant, lambda function, y: POWER_SERIES[function](y))(x)


def _constant(value: Fraction) -> Series:
    return fmpq_series([fmpq(value.numerator, value.denominator)])


POWER_SERIES: dict[str, Callable[[Series], Series]] = {
    row.name: _named(row) for row in FUNCTIONS.values() if row.has_rational_series
}
"""By name; each raises ValueError or ZeroDivisionError where it has no such series."""
