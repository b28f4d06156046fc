"""Judge proximal operators by what follows from proved convexity: monotone, and Lipschitz while step*rho < 1.

Where `R(w) + rho/2*|w|**2` is convex, `<x - y, p - q> >= -rho*|p - q|**2` for subgradients x at p and y at q. Those at
p = prox(v) and q = prox(u) are (v - p)/step and (u - q)/step, so `(1 - step*rho)*|p - q|**2 <= <p - q, v - u>`: `prox`
is Lipschitz with 1/(1 - step*rho), and for rho = 0 firmly nonexpansive. `<p - q, v - u> >= 0` holds for every step.
Takes cases of `prox_cases.py`, some of whose points get one beside them, and a subject; hands on checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import isfinite
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.cases.calling import CallFailed, Subject, call_prox
from symreg.verification.cases.prox_cases import ProxCase
from symreg.verification.cases.prox_differences import differences_in
from symreg.verification.cases.prox_minima import minimum, radius_of
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.cases.sampling.weights import are_everyday
from symreg.verification.checks.convexity import Convexity, least_rho
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.checks.places import rank_of
from symreg.verification.checks.prox_tolerance import neighbours, share_of_point
from symreg.verification.comparison.failure import Failure, Right
from symreg.verification.comparison.tally import Tally
from symreg.verification.comparison.tolerance import ULPS, WORKING_BITS, Finding, ulp_at
from symreg.verification.minimum.operators import counted
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector
from symreg.verification.report.check import Check

MONOTONE, LIPSCHITZ = "prox_monotone", "prox_lipschitz"
_VACUOUS = 1e-3  # of what is compared; a tolerance beyond that tests nothing
_NEAREST, _FARTHEST = -24, -1  # binary exponents of how far, relatively, the close one of a pair is
_EVERY = 3  # points that get one beside them
_ENOUGH = 8  # failures, after which no more are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPairs:
    """Points for one set of parameters and one step.

    Args:
        group: The parameters.
        step: s of `s*phi(u) + (u - v)**2/2`.
        rise: A lower bound of 1 - s*rho, or None where it is not certainly positive.
        calls: Vectors to call `prox` with.
        points: What is compared: single elements, or whole vectors of an operator that is a function of the norm.
        pairs: Places of two points of one length.
        is_radial: Are they whole vectors?
    """

    group: Group
    step: float
    rise: arb | None
    calls: tuple[Vector, ...]
    points: tuple[Vector, ...]
    pairs: tuple[tuple[int, int], ...]
    is_radial: bool


def judge_of_pairs(evidence: Evidence, cases: Sequence[ProxCase], rtol: float) -> Judge:
    """Return the judge of `prox` by pairs of its points; where nothing is proved, no check.

    Args:
        evidence: What is known of the terms.
        cases: Those of the operator, whose points are paired.
        rtol: Relative error that is allowed besides the tolerance.
    """
    terms, dtype = evidence.terms, evidence.dtype
    pairs = () if terms.grouped or differences_in(terms) else pair_cases(dtype, cases, evidence.proofs)
    problem = radius_of(terms) or terms

    def judge(subject: Subject) -> list[Check]:
        monotone, lipschitz = (Tally(kind, subject.label, dtype) for kind in (MONOTONE, LIPSCHITZ))
        for case in pairs:
            try:
                images = [call_prox(subject, case.group, v, case.step) for v in case.calls]
            except CallFailed:
                return []  # the check of `prox` tells
            values = images if terms.couple_weights else [p for whole in images for p in np.split(whole, len(whole))]
            for places in case.pairs:
                pair = _pair(case, values, places)
                if pair is None:
                    continue
                here = counted(problem, len(values[places[0]]))
                _count(monotone, here, values, pair, arb(0), FORMATS[dtype], rtol)
                if case.rise is not None:
                    _count(lipschitz, here, values, pair, case.rise, FORMATS[dtype], rtol)
            if max(len(monotone.failures), len(lipschitz.failures)) >= _ENOUGH:
                break
        return [tally.check() for tally in (monotone, lipschitz) if any(tally.counts.values())]

    return judge


def pair_cases(dtype: Dtype, cases: Sequence[ProxCase], proofs: Sequence[Convexity]) -> tuple[PointPairs, ...]:
    """Return pairs for those parameters of the cases of which something is proved."""
    cases_of_pairs = []
    for number, (_, same) in enumerate(groupby(cases, key=lambda case: (case.step, *case.group.parameters.items()))):
        together = list(same)
        group, step = together[0].group, together[0].step
        rho = least_rho(proofs, group.parameters)
        if rho is None:
            continue
        with ctx.workprec(WORKING_BITS):
            rise = (1 - arb(step) * rho).lower()
        stream = Stream("prox pairs", dtype, number)
        calls = [part for case in together for part in (case.points, _beside(case, stream)) if len(part)]
        points = calls if together[0].is_radial else [v for whole in calls for v in np.split(whole, len(whole))]
        cases_of_pairs.append(
            PointPairs(
                group=group,
                step=step,
                rise=rise if rise > 0 else None,
                calls=tuple(calls),
                points=tuple(points),
                pairs=tuple(_pairs(points, stream)),
                is_radial=together[0].is_radial,
            )
        )
    return tuple(cases_of_pairs)


def _beside(case: ProxCase, stream: Stream) -> Vector:
    """Return numbers with a part of each added or taken away: all of a vector, or some of many."""
    kept = case.points if case.is_radial else case.points[stream.integer(0, _EVERY - 1) :: _EVERY]
    off = [1.0 + stream.sign() * stream.log_uniform(_NEAREST, _FARTHEST) for _ in kept]
    return np.array([v * part for v, part in zip(kept.tolist(), off, strict=True)], dtype=kept.dtype)


def _pairs(points: Sequence[Vector], stream: Stream) -> Iterator[tuple[int, int]]:
    """Yield each point with the next one in order, and some with any other, among those of one length."""
    for length in sorted({len(v) for v in points}):
        order = sorted((k for k, v in enumerate(points) if len(v) == length), key=lambda k: points[k].tolist())
        far = [(k, order[stream.integer(0, len(order) - 1)]) for k in order[::_EVERY]]
        for one, other in (*pairwise(order), *far):
            if points[one].tolist() != points[other].tolist():
                yield one, other


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """What came out for two points, p = prox(v) and q = prox(u).

    Args:
        places: Of v and u among the case's points.
        moved: |p - q|**2.
        way: |v - u|**2.
        along: <p - q, v - u>.
    """

    case: PointPairs
    places: tuple[int, int]
    moved: arb
    way: arb
    along: arb

    def lack(self, rise: arb) -> arb:
        """Return by how much `rise*|p - q|**2 <= <p - q, v - u>` is missed; not, where it is at most zero."""
        missed: arb = rise * self.moved - self.along
        return missed

    def room(self, rise: arb, off: arb) -> arb:
        """Return by how much it may be missed if p - q is off by a vector of that norm."""
        room: arb = off * (self.way.sqrt() + 2 * rise * self.moved.sqrt() + rise * off)
        return room

    def place(self) -> dict[str, Any]:
        v, u = (self.case.points[k].tolist() for k in self.places)
        at = {"v": v[0] if len(v) == 1 else v, "u": u[0] if len(u) == 1 else u, "step": self.case.step}
        return at | self.case.group.parameters

    @property
    def is_everyday(self) -> bool:
        """Is every number one that a person would try?"""
        return all(are_everyday(self.case.points[k]) for k in self.places)

    def sides(self, rise: arb) -> tuple[float, float]:
        """Return what came out, and what it may not pass: a slope of at least 0, or a distance of at most so much."""
        if rise.is_zero():
            return float(self.along / self.way.sqrt()), 0.0
        return float(self.moved.sqrt()), float(self.way.sqrt() / rise)

    def right(self, rise: arb) -> Right:
        """Return the pair as one that keeps the inequality."""
        with ctx.workprec(WORKING_BITS):
            got, bound = self.sides(rise)
            ratio = float(self.lack(rise) / (self.way + self.moved))
        return Right(at=self.place(), expected=bound, got=got, ratio=ratio)

    def failure(self, rise: arb) -> Failure:
        """Return the pair as a counterexample."""
        with ctx.workprec(WORKING_BITS):
            got, bound = self.sides(rise)
            if rise.is_zero():
                note = f"it decreases by {-got:.6g} on the way from the lesser to the greater"
            else:
                note = f"|prox(v) - prox(u)| = {got:.6g} where {float(1 / rise):.6g}*|v - u| = {bound:.6g} is the most"
                if got <= bound:
                    note = f"<prox(v) - prox(u), v - u> is less than {float(rise):.6g}*|prox(v) - prox(u)|**2"
        return Failure(at=self.place(), expected=bound, got=got, note=note, rank=rank_of(self.case.group))


def _pair(case: PointPairs, values: Sequence[Vector], places: tuple[int, int]) -> _Pair | None:
    """Return what came out at two places; None where a number is none: of that the check of `prox` tells."""
    (v, u), (p, q) = ([column[k].tolist() for k in places] for column in (case.points, values))
    if not all(map(isfinite, (*p, *q))):
        return None
    with ctx.workprec(WORKING_BITS):
        moved = [arb(a) - arb(b) for a, b in zip(p, q, strict=True)]
        way = [arb(a) - arb(b) for a, b in zip(v, u, strict=True)]
        along = sum((a * b for a, b in zip(moved, way, strict=True)), arb(0))
        return _Pair(case=case, places=places, moved=_square(moved), way=_square(way), along=along)


def _count(
    tally: Tally, problem: Terms, values: Sequence[Vector], pair: _Pair, rise: arb, shape: Format, rtol: float
) -> None:
    """Count one pair: by how much the inequality is missed, against what rounding allows."""
    with ctx.workprec(WORKING_BITS):
        lack = pair.lack(rise)
        size = max(abs(float(x)) for k in pair.places for x in values[k])
        finding, off = Finding.RIGHT if lack <= 0 else Finding.WRONG, arb(0)
    for share in () if finding is Finding.RIGHT else _rooms(problem, pair, values, shape, rtol):
        with ctx.workprec(WORKING_BITS):
            if share is None or not share.is_finite():
                finding = Finding.UNDETERMINED
                continue
            off = off + share
            if lack <= pair.room(rise, off):
                finding = Finding.VACUOUS if off > _VACUOUS * size + shape.floor else Finding.RIGHT
                break
    tally.counts[finding] += 1
    if pair.is_everyday:
        tally.everyday[finding] += 1
    if finding is Finding.WRONG:
        tally.fail(pair.failure(rise))
    elif finding is Finding.RIGHT:
        tally.note(pair.right(rise))


def _rooms(problem: Terms, pair: _Pair, values: Sequence[Vector], shape: Format, rtol: float) -> Iterator[arb | None]:
    """Yield how far two proximal points may be off: a few ulp of theirs, then what rounding of each input moves."""
    case = pair.case
    for k in pair.places:
        with ctx.workprec(WORKING_BITS):
            size = _square(map(arb, values[k].tolist())).sqrt()
            share = (ULPS * arb(ulp_at(float(size), shape)) + rtol * size) * len(values[k]) + shape.floor
        yield share
    for k in pair.places:
        point = case.points[k].tolist()
        with ctx.workprec(WORKING_BITS):
            target = _square(map(arb, point)).sqrt() if case.is_radial else point[0]
        yield from _shares(problem, case, target, shape)


def _shares(problem: Terms, case: PointPairs, v: Exact | arb, shape: Format) -> Iterator[arb | None]:
    parameters: dict[str, Exact] = dict(case.group.parameters)
    own = minimum(problem, parameters, v, case.step)
    if own is None:
        yield None
        return
    yield share_of_point(own, v, arb(1), shape)
    for other in neighbours(problem, parameters, v, case.step, shape):
        if other is None:
            yield None
            continue
        with ctx.workprec(WORKING_BITS):
            yield abs(other.value - own.value).upper() + share_of_point(other, v, arb(1), shape)


def _square(numbers: Iterable[arb]) -> arb:
    return sum((x * x for x in numbers), arb(0))
