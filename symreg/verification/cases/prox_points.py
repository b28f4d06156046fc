"""Points v that an operator is asked for: zeros, thresholds and their neighbours, both sides of a jump, any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf, isfinite, log2

import numpy as np
from flint import ctx

from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.minimum.minimiser import Minimisers
from symreg.verification.minimum.piecewise import PiecewisePhi
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.formats import FORMATS, Dtype, Format
from symreg.verification.oracle.kinks import from_ordinal, ordinal

_PER_CASE = 50
_JUMP = 1e-6  # relative; what moves by more between two neighbouring floats has jumped


def points_for(
    shape: Format, stream: Stream, step: float, known: PiecewisePhi, number: int, limit: int | None
) -> list[float]:
    """Return v: zeros, subnormals, where the operator changes its formula, and at any scale."""
    least = float(np.finfo(shape.name).smallest_subnormal)
    chosen = [0.0, -0.0, 0.2, -0.5, *((least, -least, 5 * least) if number % 2 else ())]
    edges = list(
        dict.fromkeys(x for x in thresholds_of(known, step) if isfinite(x) and abs(x) < 2.0**shape.greatest_exponent)
    )
    if len(edges) > 4:
        start = stream.integer(0, len(edges) - 1)
        edges = (edges[start:] + edges[:start])[:4]
    for edge in edges:
        chosen += around(edge, shape.name) + _near(edge, shape)
    scales = [abs(x) for x in edges if x] or [1.0, step]
    usable = shape.greatest_exponent if limit is None else min(limit, shape.greatest_exponent)
    usable = max(usable, shape.least_exponent + 1)
    while len(chosen) < _PER_CASE:
        turn = len(chosen) % 5
        if turn < 2:
            top = shape.greatest_exponent if len(chosen) % 16 == 0 else usable
            size = stream.log_uniform(shape.least_exponent, top)
        elif turn == 2:
            size = stream.log_uniform(-8, max(-7, min(8, usable)))
        else:
            scale = min(max(log2(scales[stream.integer(0, len(scales) - 1)]), shape.least_exponent + 5), usable - 5)
            size = 2.0**scale * stream.log_uniform(-4, 4)
        chosen.append(stream.sign() * size)
    return chosen


def thresholds_of(known: PiecewisePhi, step: float) -> Iterator[float]:
    """Yield each knot, and the v for which the minimum reaches it from either side."""
    with ctx.workprec(128):
        for point in known.breakpoints:
            yield float(point.place)
            for slope in (point.left, point.right):
                if slope.is_finite():
                    yield float(point.place + step * slope)


def around(x: float, dtype: Dtype) -> list[float]:
    """Return the number in the format and its neighbours there."""
    kind = np.dtype(dtype).type
    at = kind(x)
    return [float(np.nextafter(at, -kind(inf))), float(at), float(np.nextafter(at, kind(inf)))]


def _near(x: float, shape: Format) -> list[float]:
    """Return numbers off by half the digits: near enough for a threshold that is wrong, too far for a rounded one."""
    off = 2.0 ** (shape.unit // 2)
    return [x * (1 - off), x * (1 + off)]


def points_at_jump(minimiser: Minimisers, step: float, points: Sequence[float], dtype: Dtype) -> list[float]:
    """Return the floats around the place where the minimum jumps most, and their mirror images."""
    minima = [(v, one) for v in sorted(set(points)) if (one := minimiser(v, step)) is not None and abs(v) < 1e100]
    gaps = [
        (float((b.value - a.value) - (ball(w) - ball(v))) / (abs(v) + abs(w)), v, w)
        for (v, a), (w, b) in pairwise(minima)
    ]
    if not gaps:
        return []
    gap, low, high = max(gaps)
    if gap <= _JUMP:
        return []
    ends = {v: one.value for v, one in minima}
    while ordinal(high) - ordinal(low) > 1:
        middle = from_ordinal((ordinal(low) + ordinal(high)) // 2)
        at = minimiser(middle, step)
        if at is None:
            return []
        ends[middle] = at.value
        if at.value - ends[low] > ends[high] - at.value:
            high = middle
        else:
            low = middle
    if not abs(ends[high] - ends[low]) > _JUMP * abs(high):
        return []
    beside = [x for v in (low, -low) for x in _near(v, FORMATS[dtype])]
    if dtype == "float32":
        return [x for v in (low, -low) for x in around(v, dtype)] + beside
    return [x for v in (low, high, -low, -high) for x in (v, *around(v, dtype))] + beside
