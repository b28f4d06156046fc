"""Judge a rule's step: the weight and each state after it, and how the function behaves besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.model.spec import Rule
from symreg.verification.behaviour import layouts, numbers
from symreg.verification.cases.calling import Subject, call_step
from symreg.verification.cases.finding import Shares, find_step, range_check
from symreg.verification.cases.slope_cases import offsets
from symreg.verification.cases.step_case import StepCase
from symreg.verification.cases.step_cases import references_of_steps, step_cases
from symreg.verification.checks import places
from symreg.verification.checks.answers import answers
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Points, Tally
from symreg.verification.comparison.tolerance import Finding, Measured
from symreg.verification.minimum.steps import stepper
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.report.check import Check


def judge_of_steps(evidence: Evidence, rule: Rule, rtol: float) -> Judge:
    """Return the judge of a subject's step by a rule, its references made.

    Args:
        evidence: Where to look.
        rule: The rule, told apart from the terms.
        rtol: Relative error that is allowed besides the tolerance.
    """
    terms, dtype = evidence.terms, evidence.dtype
    cases = step_cases(terms, rule, evidence.slope_cases(), dtype, evidence.fixed, evidence.sizes)
    exact = references_of_steps(cases, rule)
    where = list(offsets([len(case.weights) for case in cases]))
    everyday = places.everyday_weights(terms, cases)
    is_out_of_range = range_check(rule, FORMATS[dtype])
    step = stepper(rule)
    known = Shares()

    def describe(k: int) -> Mapping[str, Any]:
        return places.of_step(cases[where[k][0]], where[k][1], rule.uses_t)

    def find(output: str, k: int, got: float) -> Measured:
        c, j = where[k]
        measured = find_step(terms, step, cases[c], output, k, j, got, FORMATS[dtype], rtol, known)
        if measured.finding is Finding.WRONG and is_out_of_range(cases[c], j):
            return replace(measured, finding=Finding.VACUOUS)
        return evidence.within_reason(measured, float(cases[c].weights[j]))

    points = Points(describe, find, lambda k: places.rank_of(cases[where[k][0]].group), everyday)

    def judge(subject: Subject) -> list[Check]:
        tally = Tally("step", subject.label, dtype, rule.name, evidence.enough)
        states = answers(
            tally,
            subject,
            evidence,
            cases,
            lambda case: call_step(subject, rule, case),
            lambda case: (places.of_step(case, 0, rule.uses_t), places.rank_of(case.group)),
        )
        if states is None:
            return [tally.check()]
        columns = _columns(states, cases, tuple(exact))
        tally.add({name: (column, exact[name]) for name, column in columns.items()}, points, rtol)
        for cancellation in rule.cancellations:
            tally.explain(cancellation.sentence)
            if cancellation.is_root and subject.is_emitted:
                tally.fail(Failure(at={}, note=cancellation.sentence, rank=4.0))  # no single step tells
        if subject.is_emitted:
            numbers.of_step(tally, subject, terms, rule, cases, is_brief=evidence.is_brief)
            if not evidence.is_brief:
                layouts.of_step(tally, subject, terms, rule, evidence.sample[0])
        return [tally.check()]

    return judge


def _columns(
    states: Sequence[Mapping[str, Any]], cases: Sequence[StepCase], outputs: tuple[str, ...]
) -> dict[str, NDArray[Any]]:
    """Return each output of all cases, one after the other."""
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in outputs}
    for after, case in zip(states, cases, strict=True):
        for name, column in columns.items():
            column.append(np.broadcast_to(after[name], case.weights.shape))
    return {name: np.concatenate(column) for name, column in columns.items() if column}
