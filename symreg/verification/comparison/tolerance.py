"""When an emitted number is right: the comparison with a reference ball, first in bulk, then point by point.

An emitted e for an exact f is right if |e - f| is at most 4 ulp(f), plus what f moves when each input moves by 4u of
itself, plus an underflow floor. The inputs' share is only worked out where 4 ulp do not suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from math import inf, isinf, isnan
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from symreg.verification.oracle.formats import Dtype, Format

ULPS = 4
WORKING_BITS = 2048  # for differences of reference balls; radii, not this, limit what is known
_VACUOUS = arb(1) / 1000


class Finding(Enum):
    """What a comparison found at one point."""

    RIGHT = "right"
    WRONG = "wrong"
    VACUOUS = "vacuous"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a comparison found, and how great the error is.

    Args:
        ratio: The error as a multiple of what is allowed; of what is right at most that, as allowances are only worked
            out until they suffice.
    """

    finding: Finding
    ratio: float


@dataclass(frozen=True, slots=True)
class Reference:
    """Exact values of one output at many points: the balls, and each as head + tail +- radius in float64.

    A ball of nan says that NaN is right there, an infinite one that it is; None that the exact value is undetermined.
    """

    balls: tuple[arb | None, ...]
    head: NDArray[np.float64]
    tail: NDArray[np.float64]
    radius: NDArray[np.float64]


def reference(balls: Sequence[arb | None]) -> Reference:
    """Return the balls in a form that whole arrays can be compared with."""
    count = len(balls)
    head, tail, radius = np.zeros(count), np.zeros(count), np.zeros(count)
    with ctx.workprec(WORKING_BITS):
        for k, ball in enumerate(balls):
            if ball is None or not ball.is_finite():
                head[k] = np.nan
                if ball is not None and (ball > 0 or ball < 0):
                    head[k] = np.inf if ball > 0 else -np.inf
                continue
            first = float(ball)
            head[k] = first
            if not isinf(first):
                rest = ball - first
                tail[k], radius[k] = float(rest), float(rest.rad().upper()) if not rest.is_exact() else 0.0
    return Reference(tuple(balls), head, tail, radius)


def ulp_of(head: NDArray[np.float64], dtype: Dtype) -> NDArray[np.float64]:
    """Return the distance to the next number of the format above |f|; at an overflow that of its largest number."""
    # The number before the largest one has the same distance, and one after it.
    largest = np.nextafter(np.finfo(dtype).max, np.dtype(dtype).type(0))
    size = np.minimum(np.abs(head), float(largest))
    spacing: NDArray[np.float64] = np.spacing(size.astype(dtype)).astype(np.float64)
    return spacing


def ulp_at(size: float, shape: Format) -> float:
    """Return the distance to the next number of the format above a size; beyond its largest number that of it."""
    return float(ulp_of(np.array([min(size, shape.greatest)]), shape.name)[0])


def errors(emitted: NDArray[Any], exact: Reference, dtype: Dtype) -> NDArray[np.float64]:
    """Return an upper bound of each error in ulp(f).

    It is 0 where NaN, an infinity or an overflow is what is right, inf where the emitted number is NaN or inf and
    should not be, and nan where the reference is undetermined.
    """
    got = emitted.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        off = (np.abs((got - exact.head) - exact.tail) + exact.radius) / ulp_of(exact.head, dtype)
    off[np.isnan(off) | ~np.isfinite(got)] = np.inf
    overflows = np.abs(exact.head) > float(np.finfo(dtype).max)
    off[overflows & (got == np.copysign(np.inf, exact.head))] = 0.0
    for k in np.flatnonzero(np.isnan(exact.head)):
        off[k] = np.nan if exact.balls[k] is None else 0.0 if np.isnan(got[k]) else np.inf
    return off


def measured(
    emitted: float, low: arb, high: arb, shape: Format, allowances: Iterable[arb | None], rtol: float = 0.0
) -> Measured:
    """Compare one emitted number with an exact one, with everything that is allowed.

    Args:
        low: The exact value, or the least that is right (at a kink).
        high: The greatest that is right.
        allowances: How far each input's rounding moves the exact value, None if undetermined; drawn as long as needed.
        rtol: Relative error that is allowed besides.
    """
    if isnan(emitted) or (emitted == inf and high < 0) or (emitted == -inf and low > 0):
        return Measured(Finding.WRONG, inf)
    with ctx.workprec(WORKING_BITS):
        size = arb(0).max(abs(low).max(abs(high)))
        ulp = ulp_at(float(size), shape)
        # An overflow is right where what is allowed reaches beyond the largest number.
        error = arb(0).max(shape.greatest - size) if isinf(emitted) else _distance(emitted, low, high)
        total = ULPS * arb(ulp) + shape.floor
        slack = arb(rtol) * size
        is_known = True
        for allowance in chain((arb(0),), allowances):
            if allowance is None or not allowance.is_finite():
                is_known = False
                continue
            total = total + allowance
            if error < total + slack if isinf(emitted) else error <= total + slack:
                finding = Finding.VACUOUS if total > size * _VACUOUS else Finding.RIGHT
                return Measured(finding, float(error / (total + slack)))
        if not is_known or not (isinf(emitted) or error > total + slack):
            return Measured(Finding.UNDETERMINED, inf)
        return Measured(Finding.WRONG, inf if isinf(emitted) else float(error / (total + slack)))


def moved(exact: arb, others: Iterable[arb | None]) -> arb | None:
    """Return the greatest distance of the others from the exact value; None if all of them are undetermined."""
    with ctx.workprec(WORKING_BITS):
        distances = [abs(other - exact).upper() for other in others if other is not None and other.is_finite()]
        if not distances:
            return None
        greatest = distances[0]
        for distance in distances[1:]:
            greatest = greatest.max(distance)
        return greatest


def _distance(emitted: float, low: arb, high: arb) -> arb:
    got = arb(emitted)
    if got >= low and got <= high:
        return arb(0)
    return abs(got - low).min(abs(got - high))
