"""The coefficient of a penalty or a loss in a sum: an exact positive number, and how it is written."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Real

from symreg.errors import SpecError
from symreg.model.names import LONGEST_MENTION


def checked_coefficient(value: float | Fraction) -> Fraction:
    """Return a coefficient, exact: a decimal as it is written.

    Raises:
        SpecError: Not positive, or beyond 1e-100 to 1e100.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not abs(value) < math.inf:
        raise SpecError(f"{_shown(value)}: a coefficient is a positive number")
    exact = Fraction(value) if isinstance(value, int | Fraction) else Fraction(repr(float(value)))
    if not Fraction(1, 10**100) <= exact <= 10**100:
        raise SpecError(f"{_shown(value)}: a coefficient is a positive number, 1e-100 to 1e100")
    return exact


def weighted_text(coefficient: Fraction, name: str) -> str:
    """Return `0.5*name`; a coefficient that is no short decimal stands as a fraction."""
    if coefficient == 1:
        return name
    value = float(coefficient)
    is_short = Fraction(repr(value)) == coefficient and f"{value:g}" == repr(value).removesuffix(".0")
    return f"{value:g}*{name}" if is_short else f"{coefficient}*{name}"


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Fraction) else repr(value)
    return f"coefficient {text}" if len(text) <= LONGEST_MENTION else f"a coefficient of {len(text)} characters"
