"""Judge `value`: each number against R(w), and how the function behaves besides."""

from __future__ import annotations

import numpy as np

from symreg.verification.behaviour import layouts, numbers
from symreg.verification.cases.calling import Subject, call_value
from symreg.verification.cases.finding import Shares, find_value
from symreg.verification.cases.sampling.weights import are_everyday
from symreg.verification.cases.slope_cases import value_cases
from symreg.verification.checks import places
from symreg.verification.checks.answers import answers
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.comparison.tally import Points, Tally
from symreg.verification.comparison.tolerance import Measured, reference
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.report.check import Check


def judge_of_values(evidence: Evidence, rtol: float) -> Judge:
    """Return the judge of a subject's `value`, its references made.

    Args:
        evidence: Where to look.
        rtol: Relative error that is allowed besides the tolerance.
    """
    terms, dtype = evidence.terms, evidence.dtype
    cases = value_cases(terms, evidence.sample, dtype)
    exact = reference([case.exact for case in cases])
    everyday = np.array([are_everyday(case.weights) for case in cases], dtype=bool)
    known = Shares()

    def find(_: str, k: int, got: float) -> Measured:
        measured = find_value(terms, cases[k], k, got, FORMATS[dtype], rtol, known)
        return evidence.within_reason(measured, float(np.max(np.abs(cases[k].weights), initial=0.0)))

    points = Points(lambda k: places.of_value(cases[k]), find, lambda k: places.rank_of(cases[k].group), everyday)

    def judge(subject: Subject) -> list[Check]:
        tally = Tally("value", subject.label, dtype, enough=evidence.enough)
        given = answers(
            tally,
            subject,
            evidence,
            cases,
            lambda case: call_value(subject, case.group, case.weights),
            lambda case: (places.of_value(case), places.rank_of(case.group)),
        )
        if given is None:
            return [tally.check()]
        emitted = np.array(given, dtype=np.float64)
        tally.add({"value": (emitted, exact)}, points, rtol)
        if subject.is_emitted:
            numbers.of_value(tally, subject, terms, evidence.sample, evidence.greatest, is_brief=evidence.is_brief)
            if not evidence.is_brief:
                layouts.of_value(tally, subject, terms, evidence.sample[0])
        return [tally.check()]

    return judge
