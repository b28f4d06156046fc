"""Judge value and gradient by the subgradient inequality, where a penalty is proved to be convex or weakly convex.

`R(u) >= R(w) + <g(w), u - w> - rho/2*|u - w|**2` for all w and u, at pairs of points of their own: each weight with one
close to it, where the inequality is tight, and with one far from it. Of somebody's value alone, or gradient alone, the
other is the exact one. Takes terms, proofs and a format; hands on the judge of a subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.model.interval import Interval
from symreg.model.terms import Terms
from symreg.verification.cases.calling import CallFailed, Subject, call_gradient, call_value
from symreg.verification.cases.sampling.groups import Group, groups
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.cases.sampling.weights import are_everyday
from symreg.verification.checks.convexity import Convexity, least_rho
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.checks.places import rank_of
from symreg.verification.comparison import sensitivity
from symreg.verification.comparison.failure import Failure, Right
from symreg.verification.comparison.tally import Tally
from symreg.verification.comparison.tolerance import ULPS, WORKING_BITS, Finding, ulp_at
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector
from symreg.verification.oracle.slopes import slopes, values
from symreg.verification.report.check import Check

KIND = "subgradient"
_VACUOUS = 1e-3  # of what is compared; a tolerance beyond that tests nothing
_ENOUGH = 8  # failures, after which no more are looked for
_NEAREST, _FARTHEST = -20, -1  # binary exponents of how far, relatively, the close one of a pair is


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightPairs:
    """Points that share parameters.

    Args:
        group: The parameters and arrays.
        rho: Proved for them.
        points: Vectors, of one weight each where the objective is elementwise.
        pairs: Places of w and u among the points.
    """

    group: Group
    rho: arb
    points: tuple[Vector, ...]
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """R and dR/dw at each point of a case, from the subject or, if it lacks the function, exact ones."""

    heights: Sequence[arb | None]
    slopes: Sequence[Sequence[arb | None]]
    has_own_heights: bool
    has_own_slopes: bool


def judge_of_subgradients(evidence: Evidence, rtol: float) -> Judge:
    """Return the judge of a subject's `value` and `gradient`; of neither, or where nothing is proved, no check.

    Args:
        evidence: What is known of the terms, and how many pairs to look at.
        rtol: Relative error that is allowed besides the tolerance.
    """
    terms, dtype = evidence.terms, evidence.dtype
    cases = pair_cases(
        terms,
        dtype,
        evidence.points,
        evidence.fixed,
        evidence.limit,
        evidence.per_group,
        evidence.proofs,
        evidence.sizes,
    )

    def judge(subject: Subject) -> list[Check]:
        tally = Tally(KIND, subject.label, dtype)
        for case in cases:
            try:
                known = _known(terms, subject, case, FORMATS[dtype])
            except CallFailed:
                return []  # the checks of value and gradient tell
            for w, u in case.pairs:
                _compare(tally, terms, case, known, w, u, FORMATS[dtype], rtol)
            if len(tally.failures) >= _ENOUGH:
                break
        return [tally.check()] if any(tally.counts.values()) else []

    return judge


def pair_cases(
    terms: Terms,
    dtype: Dtype,
    points: int,
    fixed: Mapping[str, float],
    greatest_exponent: int | None,
    per_group: int,
    proofs: Sequence[Convexity],
    sizes: Sizes | None = None,
) -> tuple[WeightPairs, ...]:
    """Return pairs for parameters of which something is proved."""
    cases: list[WeightPairs] = []
    sample = groups(
        terms,
        dtype,
        -(-points // 3),
        fixed,
        greatest_exponent=greatest_exponent,
        per_group=per_group,
        name=KIND,
        sizes=sizes,
    )
    for number, group in enumerate(sample):
        rho = least_rho(proofs, group.parameters)
        if rho is None:
            continue
        stream = Stream(KIND, "pairs", dtype, number)
        single = [v if terms.couple_weights else v[k : k + 1] for v in group.vectors for k in _starts(terms, v)]
        single = [v for v in single if greatest_exponent is None or np.all(np.abs(v) < 2.0**greatest_exponent)]
        points_so_far, pairs = list(single), []
        for k, w in enumerate(single):
            near = _beside(w, stream)
            if near.tolist() != w.tolist() and _is_promised(terms.intervals(group.parameters), near, FORMATS[dtype]):
                pairs += [(k, len(points_so_far)), (len(points_so_far), k)]
                points_so_far.append(near)
            far = stream.integer(0, len(single) - 1)
            if len(single[far]) == len(w) and single[far].tolist() != w.tolist():
                pairs.append((k, far))
        cases.append(WeightPairs(group=group, rho=rho, points=tuple(points_so_far), pairs=tuple(pairs)))
    return tuple(case for case in cases if case.pairs)


def _starts(terms: Terms, vector: Vector) -> Sequence[int]:
    return (0,) if terms.couple_weights else range(len(vector))


def _is_promised(domains: Sequence[Interval], weights: Vector, shape: Format) -> bool:
    """Are all weights inside the domain and the range that accuracy is promised in?"""
    least, most = 2.0**shape.least_exponent, 2.0**shape.greatest_exponent
    rows = weights.tolist()
    return all(x in domain for domain in domains for x in rows) and all(x == 0 or least <= abs(x) <= most for x in rows)


def _beside(w: Vector, stream: Stream) -> Vector:
    """Return a vector each weight of which is off by a part of itself, not the same for all."""
    size = stream.log_uniform(_NEAREST, _FARTHEST)
    off = [1.0 + stream.sign() * size * (1.0 + stream.uniform()) / 2 for _ in w]
    return np.array([x * part for x, part in zip(w.tolist(), off, strict=True)], dtype=w.dtype)


def _known(terms: Terms, subject: Subject, case: WeightPairs, shape: Format) -> _Known:
    group = case.group
    has_value, has_gradient = "value" in subject.functions, "gradient" in subject.functions
    heights: list[arb | None] = []
    gradients: list[Sequence[arb | None]] = []
    for w in case.points:
        arrays = group.arrays_for(len(w))
        if has_value:
            heights.append(arb(call_value(subject, group, w)))
        else:
            heights.append(values(terms, group.parameters, arrays, floor=shape.floor)(w.tolist()))
    together = [np.concatenate(case.points)] if not terms.couple_weights else list(case.points)
    for w in together if has_gradient else ():
        column = [arb(float(g)) for g in call_gradient(subject, group, w)]
        gradients += [column] if terms.couple_weights else [[g] for g in column]
    if not has_gradient:
        for w in case.points:
            slope_at = slopes(terms, group.parameters, group.arrays_for(len(w)), floor=shape.floor)
            exact = [slope_at(w.tolist(), j) for j in range(len(w))]
            gradients.append([None if one is None else one.value for one in exact])
    return _Known(heights=heights, slopes=gradients, has_own_heights=has_value, has_own_slopes=has_gradient)


def _compare(
    tally: Tally, terms: Terms, case: WeightPairs, known: _Known, w: int, u: int, shape: Format, rtol: float
) -> None:
    """Count one pair: by how much the inequality is missed, against what rounding allows."""
    low, high, gradient = known.heights[w], known.heights[u], known.slopes[w]
    if low is None or high is None or any(g is None for g in gradient):
        tally.counts[Finding.UNDETERMINED] += 1
        return
    numbers = [low, high, *(g for g in gradient if g is not None)]
    if any(not x.is_finite() for x in numbers):
        return  # an overflow, or infinite at an end of the domain; other checks tell where it should not be
    with ctx.workprec(WORKING_BITS):
        ways = [ball(b) - ball(a) for a, b in zip(case.points[w].tolist(), case.points[u].tolist(), strict=True)]
        rise = sum((g * way for g, way in zip(gradient, ways, strict=True) if g is not None), arb(0))
        bend = case.rho * sum((way * way for way in ways), arb(0)) / 2
        bound = low + rise - bend
        lack = bound - high
        parts = [abs(low), abs(high), abs(bend)] + [abs(g * x) for g, x in zip(gradient, ways, strict=True) if g]
        size = max(float(x) for x in parts)
        slack = arb(0)
        finding = Finding.RIGHT if lack <= 0 else Finding.WRONG
        rooms = _rooms(terms, case, known, w, u, ways, shape, rtol)
        for room in () if finding is Finding.RIGHT else rooms:
            if room is None or not room.is_finite():
                finding = Finding.UNDETERMINED
                continue
            slack = slack + room
            if lack <= slack:
                finding = Finding.VACUOUS if slack > _VACUOUS * size + shape.floor else Finding.RIGHT
                break
    tally.counts[finding] += 1
    at = _at(case, w, u)
    if all(are_everyday(case.points[place]) for place in (w, u)):
        tally.everyday[finding] += 1
    if finding is Finding.RIGHT:
        tally.note(Right(at=at, expected=float(bound), got=float(high), ratio=float(lack) / size if size else 0.0))
    elif finding is Finding.WRONG:
        tally.fail(
            Failure(
                at=at,
                expected=float(bound),
                got=float(high),
                note=_told(case.rho, terms, float(bound), float(high)),
                rank=rank_of(case.group),
            )
        )


def _rooms(
    terms: Terms, case: WeightPairs, known: _Known, w: int, u: int, ways: Sequence[arb], shape: Format, rtol: float
) -> Iterator[arb | None]:
    """Yield what the inequality may be missed by: ulps, all at once, then what the rounding of each input moves."""
    low, high, gradient = known.heights[w], known.heights[u], known.slopes[w]
    assert low is not None and high is not None

    def few(x: arb) -> arb:
        return ULPS * arb(ulp_at(abs(float(x)), shape)) + shape.floor + rtol * abs(x)

    slack = few(low) + few(high) if known.has_own_heights else low.rad() + high.rad()
    if known.has_own_slopes:
        slack = slack + sum((few(g) * abs(way) for g, way in zip(gradient, ways, strict=True) if g is not None), arb(0))
    yield slack
    at_w, at_u = (_inputs(terms, case, place, shape) for place in (w, u))
    for j, way in enumerate(ways if known.has_own_slopes else ()):
        exact = at_w.slope(j)
        if exact is None or not exact.value.is_finite():
            yield None
            continue
        for share in sensitivity.of_slope(at_w, j, exact.value):
            yield None if share is None else share * abs(way)
    for inputs in (at_w, at_u) if known.has_own_heights else ():
        height = inputs.value()
        if height is None or not height.is_finite():
            yield None
            continue
        yield from sensitivity.of_value(inputs, height)


def _inputs(terms: Terms, case: WeightPairs, place: int, shape: Format) -> sensitivity.Inputs:
    weights = case.points[place].tolist()
    return sensitivity.Inputs(
        terms=terms,
        weights=weights,
        parameters=case.group.parameters,
        arrays=case.group.arrays_for(len(weights)),
        shape=shape,
    )


def _at(case: WeightPairs, w: int, u: int) -> dict[str, Any]:
    one, other = case.points[w].tolist(), case.points[u].tolist()
    if len(one) == 1:
        return {"w": one[0], "u": other[0], **case.group.parameters}
    return {"w": one, "u": other, **case.group.parameters}


def _told(rho: arb, terms: Terms, bound: float, height: float) -> str:
    name = "R" if terms.couple_weights else "phi"
    curved = "" if rho.is_zero() else " - rho/2*(u - w)**2"
    return f"{name}(u) = {height:.6g} lies below {name}(w) + g(w)*(u - w){curved} = {bound:.6g}"
