"""Declared arrays that a check looks at: plain ones, sampled ones, and elements that no array may hold."""

from __future__ import annotations

import numpy as np

from symreg.model.spec import Array
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.oracle.formats import Dtype, Vector


def plain_array(declared: Array, length: int, dtype: Dtype) -> Vector:
    """Return an array of ones, or an identity; the default stands where these are outside its domain."""
    one, zero = (x if is_element(x, declared, dtype) else declared.default for x in (1.0, 0.0))
    array = np.full((length,) * len(declared.shape), one if len(declared.shape) == 1 else zero, dtype=dtype)
    if array.ndim > 1:
        np.fill_diagonal(array, one)
    return array


def sampled_array(declared: Array, stream: Stream, length: int, dtype: Dtype) -> Vector:
    """Return an array of moderate elements of its domain, of both signs as far as it has both."""
    extent = (length,) * len(declared.shape)
    flat = [_element(declared, stream, dtype) for _ in range(int(np.prod(extent)))]
    return np.array(flat, dtype=dtype).reshape(extent)


def _element(declared: Array, stream: Stream, dtype: Dtype) -> float:
    """Return an element: the default within a factor 8, either sign, or one near or at an end of its domain."""
    value = stream.sign() * stream.log_uniform(-3, 3) * (abs(declared.default) or 1.0)
    if declared.domain.is_all:
        return value
    ends = [float(end) for end in (declared.domain.low, declared.domain.high) if end is not None]
    end = ends[stream.integer(0, len(ends) - 1)]
    near = end + (declared.default - end) * stream.log_uniform(-6, 0)
    for candidate in (end if stream.integer(0, 7) == 0 else value, value, -value, near):
        if is_element(candidate, declared, dtype):
            return candidate
    return declared.default


def is_element(value: float, declared: Array, dtype: Dtype) -> bool:
    """May an array hold this number, as emitted code compares: number and ends rounded to the array's precision?"""
    kind, domain = np.dtype(dtype).type, declared.domain
    with np.errstate(over="ignore"):
        x = kind(value)
        low, high = (None if end is None else kind(float(end)) for end in (domain.low, domain.high))
    above = low is None or x > low or (domain.low_closed and x == low)
    below = high is None or x < high or (domain.high_closed and x == high)
    return bool(np.isfinite(x) and above and below)


def outside_elements(declared: Array, dtype: Dtype) -> list[float]:
    """Return numbers that an array may not hold: beyond its ends, at those that are open, and infinite."""
    if declared.domain.is_all:
        return []
    ends = [float(end) for end in (declared.domain.low, declared.domain.high) if end is not None]
    around = (x for end in ends for x in (end - 1.0, end, end + 1.0))
    return [x for x in (*around, float("inf"), float("-inf")) if not is_element(x, declared, dtype)]
