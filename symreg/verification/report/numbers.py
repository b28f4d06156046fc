"""Numbers as a report writes them: short, exactly, or with as many digits as it takes to tell two apart."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import isfinite, log10
from typing import Any


def short(value: Any) -> str:
    """Return a number, or a list of them, as a person would write it: three digits, or all where these mislead.

    A vector of equal numbers is written as one of them; a matrix in full.
    """
    if isinstance(value, list | tuple):
        if any(isinstance(row, list | tuple) for row in value):
            rows = (f"[{', '.join(map(short, row))}]" for row in value)
            return f"[{', '.join(rows)}]"
        if len(value) > 1 and len(set(map(repr, value))) == 1:
            return short(value[0])
        return f"[{', '.join(short(v) for v in value)}]"
    if isinstance(value, float):
        few = f"{value:.3g}"
        # Next to a number of few digits it is told from that, unless it is what a format makes of it.
        is_beside = 0 < abs(float(few) - value) <= 1e-6 * abs(value) and value != _single(float(few))
        return repr(value) if is_beside else _without_exponent(few)
    return str(value)


def exact(value: Any) -> str:
    """Return a number, or a list of them, with all of its digits."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(exact(v) for v in value)}]"
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if abs(value) < 1e16 else repr(value)
    return str(value)


def compact(x: float) -> str:
    """Return a number as short as it is written: 1e6, 0.001, 250."""
    digits, e, exponent = f"{x:.6g}".partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def distinguished(right: float, got: float, least: int = 6) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see the difference, and at least so many."""
    for digits in range(least, 18):
        texts = f"{right:.{digits}g}", f"{got:.{digits}g}"
        if texts[0] != texts[1]:
            return _without_exponent(texts[0]), _without_exponent(texts[1])
    return repr(right), repr(got)


def reading_length(value: Any) -> float:
    """Return how much there is to read in a point: the digits of all its numbers, and how far they are from 1."""
    if isinstance(value, Mapping):
        return sum(map(reading_length, value.values()))
    if isinstance(value, list):
        return sum(map(reading_length, value))
    if not isinstance(value, float) or not isfinite(value) or not value:
        return 1.0
    few = f"{value:.7g}"  # what tells numbers of single precision apart
    return (len(few) if value in (float(few), _single(float(few))) else len(repr(value))) + abs(log10(abs(value)))


def as_data(value: Any) -> Any:
    """Return a value as JSON can hold it: an infinite or undefined number is a string there."""
    if isinstance(value, Mapping):
        return {key: as_data(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(v) for v in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _without_exponent(text: str) -> str:
    """Return a number's text without an exponent where that is as short: 10000, not 1e+04."""
    return f"{float(text):g}" if "e+0" in text and abs(float(text)) < 1e6 else text


def _single(x: float) -> float:
    """Return the number of single precision that is nearest."""
    try:
        (nearest,) = struct.unpack("f", struct.pack("f", x))
    except OverflowError:
        return x
    return float(nearest)
