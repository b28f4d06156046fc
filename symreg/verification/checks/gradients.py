"""Judge `gradient`: each number against dR/dw_j, the stated choice at kinks, and how the function behaves besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symreg.model.terms import Terms
from symreg.verification.behaviour import layouts, numbers
from symreg.verification.cases.calling import Subject, call_gradient
from symreg.verification.cases.finding import Shares, find_slope, shares_of_slope
from symreg.verification.cases.slope_cases import SlopeCase, offsets
from symreg.verification.checks import places
from symreg.verification.checks.answers import answers
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.comparison.tally import Points, Tally
from symreg.verification.comparison.tolerance import Measured, reference
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.report.check import Check


def judge_of_gradients(evidence: Evidence, rtol: float) -> Judge:
    """Return the judge of a subject's `gradient`, its references made.

    At a kink anything between the one-sided derivatives is right; of what is emitted the check `kinks` asks for the
    stated choice.

    Args:
        evidence: Where to look.
        rtol: Relative error that is allowed besides the tolerance.
    """
    terms, dtype, cases = evidence.terms, evidence.dtype, evidence.slope_cases()
    where = list(offsets([len(case.weights) for case in cases]))
    slopes = [cases[c].exact[j] for c, j in where]
    exact = reference([None if slope is None else slope.value for slope in slopes])
    everyday = places.everyday_weights(terms, cases)
    settled = np.array([_is_settled(terms, cases[c], j) for c, j in where], dtype=bool)
    known = Shares()

    def describe(k: int) -> Mapping[str, Any]:
        return places.of_slope(cases[where[k][0]], where[k][1])

    def measure(k: int, got: float, *, at_choice: bool) -> Measured:
        c, j = where[k]
        shares = known.at(k, shares_of_slope(terms, cases[c], j, FORMATS[dtype]))
        return find_slope(cases[c], j, got, FORMATS[dtype], rtol, shares, at_choice)

    def find(_: str, k: int, got: float) -> Measured:
        c, j = where[k]
        return evidence.within_reason(measure(k, got, at_choice=False), float(cases[c].weights[j]))

    def find_choice(_: str, k: int, got: float) -> Measured:
        return measure(k, got, at_choice=True)

    def rank(k: int) -> float:
        return places.rank_of(cases[where[k][0]].group)

    points = Points(describe, find, rank, everyday)
    at_kinks = Points(describe, find_choice, rank, everyday, skip=~settled)

    def judge(subject: Subject) -> list[Check]:
        tally = Tally("gradient", subject.label, dtype, enough=evidence.enough)
        given = answers(
            tally,
            subject,
            evidence,
            cases,
            lambda case: call_gradient(subject, case.group, case.weights),
            lambda case: (places.of_slope(case, 0), places.rank_of(case.group)),
        )
        if given is None:
            return [tally.check()]
        together = np.concatenate(given)
        tally.add({"gradient": (together, exact)}, points, rtol)
        if not subject.is_emitted:
            return [tally.check()]
        numbers.of_gradient(
            tally, subject, terms, evidence.sample, cases, evidence.greatest, is_brief=evidence.is_brief
        )
        if not evidence.is_brief:
            layouts.of_gradient(tally, subject, terms, evidence.sample[0])
        if not settled.any():
            return [tally.check()]
        kinks = Tally("kinks", subject.label, dtype)
        kinks.add({"gradient": (together, exact)}, at_kinks, rtol)
        return [tally.check(), kinks.check()]

    return judge


def _is_settled(terms: Terms, case: SlopeCase, j: int) -> bool:
    """Is this a kink at which the stated choice is the one right answer, as no rounding can move the kink?"""
    slope = case.exact[j]
    if slope is None or not slope.at_kink or not slope.is_settled:
        return False
    return terms.couple_weights or float(case.weights[j]) in case.group.fixed_kinks
