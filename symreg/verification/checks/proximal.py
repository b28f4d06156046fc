"""Judge proximal operators: each number against the exact global minimum, and how the operator behaves besides.

Takes cases of `prox_cases.py` and a subject; hands on a check. What is right is said in `prox_tolerance.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ldexp
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.model.terms import Terms
from symreg.verification.behaviour import proximal
from symreg.verification.cases.calling import CallFailed, Subject, call_prox
from symreg.verification.cases.prox_cases import ProxCase
from symreg.verification.cases.prox_minima import norm_of, norm_problem, radius_of
from symreg.verification.cases.slope_cases import offsets
from symreg.verification.checks import places
from symreg.verification.checks.answers import answers
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.checks.prox_tolerance import (
    ProxPoint,
    find_prox,
    neighbours,
    share_of_point,
    shares_of_minimum,
)
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.sensitivity import ULPS_OF_INPUT
from symreg.verification.comparison.tally import Points, Tally
from symreg.verification.comparison.tolerance import Finding, Measured, measured, reference
from symreg.verification.minimum.minimiser import Minimiser
from symreg.verification.minimum.operators import counted
from symreg.verification.oracle.formats import FORMATS, Format
from symreg.verification.report.check import Check

_BACKWARD = 1e-6  # relative; less than that is no descent of the operator, only its rounding


def judge_of_prox(evidence: Evidence, cases: Sequence[ProxCase], rtol: float) -> Judge:
    """Return the judge of a subject's `prox`.

    Args:
        evidence: What is known of the terms.
        cases: With the exact minima, one call each.
        rtol: Relative error that is allowed besides the tolerance.
    """
    terms, dtype = evidence.terms, evidence.dtype
    spheres = [case for case in cases if case.is_sphere]
    every, cases = cases, [case for case in cases if not case.is_sphere]
    where = list(offsets([len(case.points) for case in cases]))
    exact = reference([cases[c].exact[j] for c, j in where])
    everyday = places.everyday_points(terms, cases)
    problem = norm_problem(terms) if terms.grouped else radius_of(terms) or terms
    known: dict[int, ProxPoint] = {}

    def describe(k: int) -> Mapping[str, Any]:
        return places.of_prox(cases[where[k][0]], where[k][1])

    def find(_: str, k: int, got: float) -> Measured:
        c, j = where[k]
        own = counted(problem, len(cases[c].points))
        point = known.setdefault(k, ProxPoint(problem=own, case=cases[c], j=j, shape=FORMATS[dtype]))
        return evidence.within_reason(find_prox(point, got, rtol), float(cases[c].points[j]))

    points = Points(describe, find, lambda k: _rank(cases[where[k][0]]), everyday)

    def judge(subject: Subject) -> list[Check]:
        tally = Tally("prox", subject.label, dtype)
        emitted = answers(
            tally,
            subject,
            evidence,
            cases,
            lambda case: call_prox(subject, case.group, case.points, case.step),
            lambda case: (places.of_prox(case, 0), _rank(case)),
        )
        if emitted is None:
            return [tally.check()]
        together = np.concatenate(emitted) if emitted else np.zeros(0, dtype)
        tally.add({"prox": (together, exact)}, points, rtol)
        for case in spheres:
            _look_at_sphere(tally, subject, case, problem, rtol)
        if not terms.couple_weights:
            _look_at_order(tally, cases, emitted, rtol)
        if subject.is_emitted and cases:
            if not terms.couple_weights:
                _look_at_zeros(tally, terms, cases, emitted, FORMATS[dtype])
            proximal.of_prox(tally, subject, terms, every, is_brief=evidence.is_brief)
        return [tally.check()]

    return judge


def _look_at_sphere(tally: Tally, subject: Subject, case: ProxCase, problem: Terms, rtol: float) -> None:
    """Require a point of the optimal radius where v = 0 does not say in which direction; any is right."""
    shape = FORMATS[tally.dtype]
    try:
        got = call_prox(subject, case.group, case.points, case.step)
    except CallFailed as failed:
        tally.fail(Failure(at=places.of_prox(case, 0), note=str(failed), rank=_rank(case)))
        return
    own = case.minima[0]
    assert own is not None
    right = abs(own.value)
    radius = float(norm_of(got))
    shares = shares_of_minimum(problem, own, dict(case.group.parameters), 0.0, case.step, arb(1), shape)
    comparison = measured(radius, right, right, shape, shares, rtol)
    tally.counts[comparison.finding] += 1
    tally.everyday[comparison.finding] += 1
    if comparison.finding is Finding.WRONG:
        note = f"norm(prox) is {radius:.6g} where {float(right):.6g} is right, in any direction"
        at = {"v": case.points.tolist(), "step": case.step} | case.group.parameters
        rank = _rank(case) - 0.5
        tally.fail(Failure(at=at, expected=float(right), got=radius, ratio=comparison.ratio, note=note, rank=rank))


def _look_at_order(tally: Tally, cases: Sequence[ProxCase], emitted: Sequence[NDArray[Any]], rtol: float) -> None:
    """Require that a greater v never has a smaller proximal point, by more than rounding."""
    for case, got in zip(cases, emitted, strict=True):
        order = np.argsort(case.points, kind="stable")
        values, points = got[order].astype(np.float64), case.points[order]
        with np.errstate(invalid="ignore", over="ignore"):
            falls = values[1:] < values[:-1] - max(_BACKWARD, 4 * rtol) * (np.abs(values[1:]) + np.abs(values[:-1]))
            falls &= points[1:] > points[:-1]  # of zeros of both signs neither is the greater one
            falls &= np.abs(values[1:] - values[:-1]) > FORMATS[tally.dtype].floor
        minima = [case.minima[j] for j in order]
        for k in np.flatnonzero(falls):
            rooms = [_room(minima[j], float(points[j]), values[j], FORMATS[tally.dtype]) for j in (k, k + 1)]
            if values[k] - values[k + 1] <= sum(rooms):
                continue
            at = {"v": float(points[k + 1]), "step": case.step} | case.group.parameters
            note = f"it decreases: for v = {float(points[k]):.17g} it is {values[k]:.17g}"
            tally.fail(Failure(at=at, got=float(values[k + 1]), note=note, rank=_rank(case) + 1.0))
            break


def _room(one: Minimiser | None, v: float, got: float, shape: Format) -> float:
    """Return how far rounding moves an emitted minimum: where h is flat, or the minimum is near 0, more than itself."""
    if one is not None:
        return float(share_of_point(one, v, arb(1), shape))
    return ULPS_OF_INPUT * ldexp(1.0, shape.unit) * (abs(v) + abs(v - got))


def _look_at_zeros(
    tally: Tally, terms: Terms, cases: Sequence[ProxCase], emitted: Sequence[NDArray[Any]], shape: Format
) -> None:
    """Require exact zeros where the minimum is zero, unless rounding may have moved the threshold past v."""
    for case, got in zip(cases, emitted, strict=True):
        for j in np.flatnonzero((got != 0) & ~np.isnan(got)):
            minimum = case.minima[j]
            if minimum is None or not minimum.value.is_zero():
                continue
            around = neighbours(terms, dict(case.group.parameters), float(case.points[j]), case.step, shape)
            if all(other is not None and other.value.is_zero() for other in around):
                at, note = places.of_prox(case, int(j)), "zero itself is right"
                tally.fail(Failure(at=at, expected=0.0, got=float(got[j]), note=note, rank=1.0))
                return


def _rank(case: ProxCase) -> float:
    return places.rank_of(case.group, case.step)
