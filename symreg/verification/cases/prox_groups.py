"""The calls of `prox` of penalties over groups: each group is judged by its norm, in the direction of its numbers.

Beside terms of single weights, the numbers are first moved to their own exact proximal points. That the operator of the
sum is the one after the other is not taken from the compiler: tests look for better points of the whole problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.cases.prox_minima import minima_of, norm_problem
from symreg.verification.cases.prox_points import thresholds_of
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.partitions import lengths_of, partition_of
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.sensitivity import ULPS_OF_INPUT
from symreg.verification.comparison.tolerance import WORKING_BITS
from symreg.verification.minimum.minimiser import Minimiser, Minimisers
from symreg.verification.oracle.formats import Format, Vector

_LENGTHS = (1, 2, 3, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfGroups:
    """What each number of a vector is judged by.

    Args:
        norms: Of the group that it is in.
        steps: s*c_g of that.
        rooms: How far rounding moves it besides: the direction, and the norm by the single weights' part.
    """

    norms: tuple[arb, ...]
    steps: tuple[float, ...]
    rooms: tuple[arb, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedVector:
    """A vector with the minimum of each number's group, what each number should be, and what that is judged by."""

    minima: tuple[Minimiser | None, ...]
    exact: tuple[arb | None, ...]
    of_groups: OfGroups


def grouped_vectors(
    terms: Terms, shape: Format, stream: Stream, group: Group, step: float
) -> Iterator[tuple[Group, Vector]]:
    """Yield vectors in groups, with norms of any size, some of them near where the operator changes its formula."""
    known = minima_of(norm_problem(terms), tuple(group.parameters.items()))[1]
    margin = min(8, (shape.greatest_exponent - shape.least_exponent - 1) // 2)
    for turn, length in enumerate(lengths_of(terms, _LENGTHS)):
        partition = partition_of(terms, turn + stream.integer(0, 14))
        assert partition is not None
        weights = partition.weights
        starts = partition.starts(length)
        points = np.zeros(length)
        for number, (first, last) in enumerate(pairwise(starts)):
            direction = np.array([stream.sign() * stream.log_uniform(-4, 4) for _ in range(last - first)])
            own = step * (weights[number % len(weights)] if weights else float(np.sqrt(last - first)))
            ends = 2.0**shape.least_exponent, 2.0**shape.greatest_exponent
            edges = [x for x in thresholds_of(known, own) if ends[0] < x < ends[1]]
            size = stream.log_uniform(shape.least_exponent + margin, shape.greatest_exponent - margin)
            if edges and stream.integer(0, 2):
                edge = edges[stream.integer(0, len(edges) - 1)]
                size = edge * (1 + stream.sign() * stream.log_uniform(-20, 0) * 0.5)
            if last > first and stream.integer(0, 7):
                points[first:last] = direction * (size / np.linalg.norm(direction))
        yield replace(group, partition=partition), points.astype(shape.name)


def judged_vector(terms: Terms, group: Group, step: float, points: Vector, shape: Format) -> JudgedVector:
    """Return what each number of a vector should be, and what it is judged by.

    Raises:
        NoMinimum: For the step of some group.
    """
    assert group.partition is not None
    values = tuple(group.parameters.items())
    of_norm, _ = minima_of(norm_problem(terms), values)
    single = minima_of(Terms(terms=terms.elementwise), values)[0] if terms.elementwise else None
    starts = group.partition.starts(len(points))
    weights = group.partition.weights
    minima: list[Minimiser | None] = []
    exact: list[arb | None] = []
    norms: list[arb] = []
    steps: list[float] = []
    rooms: list[arb] = []
    with ctx.workprec(WORKING_BITS):
        unit = arb(ULPS_OF_INPUT) * arb((1, shape.unit))
        for number, (first, last) in enumerate(pairwise(starts)):
            own_step = step * (weights[number % len(weights)] if weights else float(np.sqrt(last - first)))
            moved = [_moved(single, float(v), step) for v in points[first:last]]
            part = [u for u in moved if u is not None]
            is_known = len(part) == len(moved)
            norm = sum((u * u for u in part), arb(0)).sqrt()
            minimum = None
            if is_known:
                nothing = Minimiser(value=norm, curvature=arb(1))  # for a step of 0
                minimum = of_norm(0.0 if norm.is_zero() else norm, own_step) if own_step else nothing
            given = [arb(float(v)) for v in points[first:last]]
            offs = [unit * (abs(v) + abs(v - u)) if single else arb(0) for v, u in zip(given, part, strict=False)]
            off = sum((x * x for x in offs), arb(0)).sqrt()
            for k in range(last - first):
                minima.append(minimum)
                norms.append(norm)
                steps.append(own_step)
                if minimum is None or norm.is_zero():
                    exact.append(None if minimum is None else arb(0))
                    rooms.append(arb(0))
                    continue
                exact.append(part[k] * (minimum.value / norm))
                rise = minimum.curvature.lower() if minimum.curvature > 0 else arb(1)
                along = arb(0) if minimum.at_knot else off / rise * abs(part[k]) / norm
                rooms.append((offs[k] * abs(minimum.value) / norm + along).abs_upper())
    of_groups = OfGroups(norms=tuple(norms), steps=tuple(steps), rooms=tuple(rooms))
    return JudgedVector(minima=tuple(minima), exact=tuple(exact), of_groups=of_groups)


def _moved(single: Minimisers | None, v: float, step: float) -> arb | None:
    """Return the proximal point of one number by the single weights' part; without one, the number."""
    if single is None:
        return arb(v)
    found = single(v, step)
    return None if found is None else found.value
