"""Numbers in C: literals in either precision, and the ends of ranges of indices."""

from __future__ import annotations

from fractions import Fraction

from symreg.expressions.text import number_text
from symreg.targets.infix import shifted

_LARGEST = {"double": Fraction(2**1024 - 2**970), "float": Fraction(2**128 - 2**103)}
_SMALLEST = {"double": Fraction(1, 2**1074), "float": Fraction(1, 2**149)}


def literal(value: Fraction, suffix: str) -> str:
    """Return a nonnegative number; the suffix is `f` in single precision, else empty."""
    kind = "float" if suffix else "double"
    if value > _LARGEST[kind]:
        return "INFINITY" if suffix else "(double)INFINITY"
    if value < _SMALLEST[kind] / 2:
        return f"0.0{suffix}"
    text = number_text(value)
    if "/" in text or len(text) > 17:
        text = repr(float(value))
    return f"{text}{suffix}" if any(c in text for c in ".e") else f"{text}.0{suffix}"


def signed_literal(value: Fraction, suffix: str = "") -> str:
    """Return a number of either sign."""
    return f"-{literal(-value, suffix)}" if value < 0 else literal(value, suffix)


def is_before_end(index: str, extent: str, high: int) -> str:
    """Return the condition `index < extent - high`, in unsigned arithmetic."""
    return f"{shifted(index, high)} < {extent}" if high >= 0 else f"{index} < {extent} + {-high}"
