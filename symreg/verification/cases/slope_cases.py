"""The calls of `value` and `gradient` that a check makes, and the exact results of each.

Takes terms and a format; hands on cases, each one call of the function under test, with references that are made once
for all functions that are judged by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.cases.sampling.groups import Group, groups, human_group, of_sizes
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.comparison.tolerance import WORKING_BITS
from symreg.verification.oracle.derivatives import Exact, Function, Slope, slope
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.slopes import elementwise, slopes, values

_MARGIN = 12  # binary exponents by which other parameters may shift an ill-conditioned range


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCase:
    """One call of `value`."""

    group: Group
    weights: Vector
    exact: arb | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeCase:
    """One call of `gradient`, and dR/dw_j for each of its weights."""

    group: Group
    weights: Vector
    exact: tuple[Slope | None, ...]


def sampled(
    terms: Terms,
    dtype: Dtype,
    points: int,
    fixed: Mapping[str, float],
    per_group: int,
    limit: int | None = None,
    sizes: Sizes | None = None,
) -> tuple[Group, ...]:
    """Return the groups of points for the terms, the human-sized one first, if it has some of the sizes.

    Args:
        limit: As of `well_conditioned_up_to`.
        sizes: Of the weights; all that accuracy is promised for unless given.
    """
    return (
        *of_sizes((human_group(terms, dtype, fixed),), terms, sizes),
        *groups(terms, dtype, points, fixed, greatest_exponent=limit, per_group=per_group, sizes=sizes),
    )


def value_cases(terms: Terms, sample: Sequence[Group], dtype: Dtype) -> tuple[ValueCase, ...]:
    """Return a case per weight of an elementwise objective, per vector of one in index notation."""
    cases = []
    for group in sample:
        total = values(terms, group.parameters, group.arrays_for(group.longest), floor=FORMATS[dtype].floor)
        for vector in group.vectors:
            calls = [vector] if terms.couple_weights or group.is_human else np.split(vector, len(vector))
            for weights in calls:
                if terms.arrays or terms.grouped:
                    arrays = group.arrays_for(len(weights))
                    total = values(terms, group.parameters, arrays, floor=FORMATS[dtype].floor)
                cases.append(ValueCase(group=group, weights=weights, exact=total(weights.tolist())))
    return tuple(cases)


def slope_cases(terms: Terms, sample: Sequence[Group], dtype: Dtype) -> tuple[SlopeCase, ...]:
    """Return a case per vector."""
    cases = []
    for group in sample:
        slope_at = slopes(terms, group.parameters, group.arrays_for(group.longest), floor=FORMATS[dtype].floor)
        for vector in group.vectors:
            if terms.arrays or terms.grouped:
                slope_at = slopes(terms, group.parameters, group.arrays_for(len(vector)), floor=FORMATS[dtype].floor)
            weights = vector.tolist()
            exact = tuple(slope_at(weights, j) for j in range(len(weights)))
            cases.append(SlopeCase(group=group, weights=vector, exact=exact))
    return tuple(cases)


def well_conditioned_up_to(terms: Terms, dtype: Dtype) -> int | None:
    """Return the binary exponent from which on neighbouring weights have unrelated values, as in sin(1e20).

    None if there is no such exponent, or if the terms are in index notation.
    """
    if terms.couple_weights:
        return None
    shape = FORMATS[dtype]
    phi = elementwise(terms.terms, {p.name: p.default for p in terms.parameters})
    one_value = values(terms, {p.name: p.default for p in terms.parameters}, floor=shape.floor)
    if phi is None:
        return None
    limit, domains = None, terms.intervals({p.name: p.default for p in terms.parameters})
    for exponent in range(shape.greatest_exponent - 1, 0, -8):
        at = Fraction(4, 3) * (1 << exponent)  # no integer, where many a periodic function is exactly zero
        if not all(at in domain for domain in domains):
            return None
        near = at * (1 + Fraction(3, 7 << -shape.unit - 3))
        ends = [one_value([w]) for w in (at, near)] + [_slope_or_none(phi, w, shape.floor) for w in (at, near)]
        if any(end is None for end in ends):
            return limit
        with ctx.workprec(WORKING_BITS):
            a, b, c, d = (end if end is not None else arb(0) for end in ends)
            if not any(_differ(one, other, shape.floor) for one, other in ((a, b), (c, d))):
                return limit
        limit = max(exponent - _MARGIN, 4)
    return limit


def _differ(one: arb, other: arb, floor: float) -> bool:
    size = abs(one).max(abs(other))
    return bool(abs(one - other) > size / 1000 and size > floor)


def _slope_or_none(phi: Function, at: Exact, floor: float) -> arb | None:
    derivative = slope(phi, at, floor=floor)
    return None if derivative is None else derivative.value


def offsets(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield, for each point of all cases in order, the case's number and the place within it."""
    for number, length in enumerate(lengths):
        for j in range(length):
            yield number, j
