"""Evidence: what a function under test gave at the cases, and what is right there, check by check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import numpy as np

from symreg.model.cancelling import cancellations
from symreg.model.spec import Rule
from symreg.model.terms import Terms, told_apart
from symreg.verification.behaviour import layouts, numbers
from symreg.verification.cases.calling import CallFailed, Subject, call_gradient, call_step, call_value
from symreg.verification.cases.finding import Shares, find_slope, find_step, find_value, range_check, shares_of_slope
from symreg.verification.cases.gradient_cases import (
    SlopeCase,
    StepCase,
    ValueCase,
    offsets,
    references_of_steps,
    slope_cases,
    step_cases,
    value_cases,
)
from symreg.verification.cases.prox_cases import ProxCase
from symreg.verification.cases.sampling import PER_GROUP, Group, are_everyday, is_everyday
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.nonexpansive import judge_of_pairs
from symreg.verification.checks.proximal import judge_of_prox
from symreg.verification.checks.subgradient import KIND as SUBGRADIENT
from symreg.verification.checks.subgradient import judge_of_subgradients
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import Finding, Measured, reference
from symreg.verification.minimum.steps import stepper
from symreg.verification.oracle.formats import FORMATS, Dtype
from symreg.verification.report.check import Check, plainer


@dataclass(slots=True, kw_only=True)
class Evidence:
    """Points of one format with what is known of them; the gradient's references serve every rule.

    Args:
        prox: Makes the cases of the proximal operator.
        limit: The binary exponent past which neighbouring weights have unrelated values: nothing is wrong there.
        plain: Makes evidence at points that read well, to show a failure at.
        is_brief: Are long vectors, layouts and refusals left out?
        enough: Failures after which no more points are decided.
        slopes: The gradient's references, once they are made.
        judges: What was made by name.
    """

    terms: Terms
    dtype: Dtype
    sample: tuple[Group, ...]
    prox: Callable[[], Sequence[ProxCase]]
    fixed: Mapping[str, float]
    points: int
    limit: int | None
    per_group: int = PER_GROUP
    proofs: Sequence[Convexity] = ()
    plain: Callable[[], Evidence] | None = None
    is_brief: bool = False
    enough: float = inf
    slopes: tuple[SlopeCase, ...] = ()
    judges: dict[str, Callable[[Subject], list[Check]]] = field(default_factory=dict)

    @property
    def greatest(self) -> float:
        """The size of weights up to which the terms determine something."""
        return inf if self.limit is None else 2.0**self.limit

    def in_plain_words(
        self, found: list[Check], name: str, rule: Rule | None, rtol: float, subject: Subject
    ) -> list[Check]:
        """Return the checks, those that failed with a point that reads well if the function is wrong at one."""
        if self.plain is None or name == SUBGRADIENT or all(check.verdict == "pass" for check in found):
            return found
        plain = self.plain()
        others = {check.kind: check for check in plain.judge(name, rule, rtol)(replace(subject, is_emitted=False))}
        return [plainer(check, others.get(check.kind)) for check in found]

    def judge(self, name: str, rule: Rule | None, rtol: float) -> Callable[[Subject], list[Check]]:
        """Return the judge of one kind of function, its references made."""
        if name not in self.judges:
            self.judges[name] = self._judge(name, rule, rtol)
        return self.judges[name]

    def _judge(self, name: str, rule: Rule | None, rtol: float) -> Callable[[Subject], list[Check]]:
        if name == "prox":
            return self._judge_of_prox(rtol)
        if name == SUBGRADIENT:
            return judge_of_subgradients(
                self.terms, self.dtype, self.points, self.fixed, rtol, self.limit, self.per_group, self.proofs
            )
        if name == "value":
            return self._judge_of_values(rtol)
        if not self.slopes:
            self.slopes = slope_cases(self.terms, self.sample, self.dtype)
        return self._judge_of_slopes(rtol) if rule is None else self._judge_of_steps(rule, rtol)

    def within_reason(self, found: Measured, weight: float) -> Measured:
        """Return what was found, a vacuous one where the formula determines nothing."""
        return replace(found, finding=Finding.VACUOUS) if self._is_beyond(found, weight) else found

    def _is_beyond(self, found: Measured, weight: float) -> bool:
        return found.finding is Finding.WRONG and abs(weight) >= self.greatest

    def _judge_of_prox(self, rtol: float) -> Callable[[Subject], list[Check]]:
        cases = self.prox()
        by_points = judge_of_prox(self.terms, self.dtype, cases, rtol, self.limit, is_brief=self.is_brief)
        by_pairs = judge_of_pairs(self.terms, self.dtype, cases, rtol, self.proofs)
        return lambda subject: by_points(subject) + by_pairs(subject)

    def _judge_of_values(self, rtol: float) -> Callable[[Subject], list[Check]]:
        cases = value_cases(self.terms, self.sample, self.dtype)
        exact = reference([case.exact for case in cases])
        known = Shares()

        def judge(subject: Subject) -> list[Check]:
            tally = Tally("value", subject.label, self.dtype, enough=self.enough)
            emitted = np.full(len(cases), np.nan)
            for k, case in enumerate(cases):
                try:
                    emitted[k] = call_value(subject, case.group, case.weights)
                except CallFailed as failed:
                    tally.fail(Failure(at=_at_value(case), note=str(failed), rank=_rank(case.group)))
                    break
            else:

                def find(_: str, k: int, got: float) -> Measured:
                    found = find_value(self.terms, cases[k], k, got, FORMATS[self.dtype], rtol, known)
                    return self.within_reason(found, float(np.max(np.abs(cases[k].weights), initial=0.0)))

                tally.add(
                    {"value": (emitted, exact)},
                    lambda k: _at_value(cases[k]),
                    find,
                    lambda k: _rank(cases[k].group),
                    np.array([are_everyday(case.weights) for case in cases], dtype=bool),
                    rtol,
                )
                if subject.is_emitted:
                    numbers.of_value(tally, subject, self.terms, self.sample, self.greatest, is_brief=self.is_brief)
                    if not self.is_brief:
                        layouts.of_value(tally, subject, self.terms, self.sample[0])
            return [tally.check()]

        return judge

    def _judge_of_slopes(self, rtol: float) -> Callable[[Subject], list[Check]]:
        cases = self.slopes
        places = list(offsets([len(case.weights) for case in cases]))
        found = [cases[c].exact[j] for c, j in places]
        exact = reference([None if one is None else one.value for one in found])
        ordinary = _everyday_places(self.terms, cases)
        settled = np.array([_is_asserted(self.terms, cases[c], j) for c, j in places], dtype=bool)
        known = Shares()

        def judge(subject: Subject) -> list[Check]:
            tally = Tally("gradient", subject.label, self.dtype, enough=self.enough)
            emitted: list[np.ndarray[Any, Any]] = []
            for case in cases:
                try:
                    emitted.append(call_gradient(subject, case.group, case.weights))
                except CallFailed as failed:
                    tally.fail(Failure(at=_at_slope(case, 0), note=str(failed), rank=_rank(case.group)))
                    return [tally.check()]
            together = np.concatenate(emitted)

            def describe(k: int) -> Mapping[str, Any]:
                return _at_slope(cases[places[k][0]], places[k][1])

            def find(_: str, k: int, got: float) -> Measured:
                c, j = places[k]
                shares = known.at(k, shares_of_slope(self.terms, cases[c], j, FORMATS[self.dtype]))
                found = find_slope(cases[c], j, got, FORMATS[self.dtype], rtol, shares)
                return self.within_reason(found, float(cases[c].weights[j]))

            def rank(k: int) -> float:
                return _rank(cases[places[k][0]].group)

            tally.add({"gradient": (together, exact)}, describe, find, rank, ordinary, rtol)
            if subject.is_emitted:
                numbers.of_gradient(
                    tally, subject, self.terms, self.sample, cases, self.greatest, is_brief=self.is_brief
                )
                if not self.is_brief:
                    layouts.of_gradient(tally, subject, self.terms, self.sample[0])
            made = [tally]
            if settled.any() and subject.is_emitted:
                kinks = Tally("kinks", subject.label, self.dtype)

                def find_choice(_: str, k: int, got: float) -> Measured:
                    c, j = places[k]
                    shares = known.at(k, shares_of_slope(self.terms, cases[c], j, FORMATS[self.dtype]))
                    return find_slope(cases[c], j, got, FORMATS[self.dtype], rtol, shares, at_choice=True)

                kinks.add({"gradient": (together, exact)}, describe, find_choice, rank, ordinary, rtol, skip=~settled)
                made.append(kinks)
            return [one.check() for one in made]

        return judge

    def _judge_of_steps(self, rule: Rule, rtol: float) -> Callable[[Subject], list[Check]]:
        cases = step_cases(self.terms, rule, self.slopes, self.dtype, self.fixed)
        exact = references_of_steps(cases, rule)
        places = list(offsets([len(case.weights) for case in cases]))
        _, renamed = told_apart(self.terms, rule)
        out_of_range = range_check(rule, FORMATS[self.dtype])
        step = stepper(rule)
        known = Shares()

        def judge(subject: Subject) -> list[Check]:
            tally = Tally("step", subject.label, self.dtype, rule.name, self.enough)
            columns: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in exact}
            for case in cases:
                try:
                    after = call_step(subject, rule, renamed, case)
                except CallFailed as failed:
                    tally.fail(
                        Failure(at=_at_step(case, 0, renamed, rule.uses_t), note=str(failed), rank=_rank(case.group))
                    )
                    return [tally.check()]
                for name, column in columns.items():
                    column.append(np.broadcast_to(after[name], case.weights.shape))

            def find(output: str, k: int, got: float) -> Measured:
                c, j = places[k]
                case = cases[c]
                found = find_step(self.terms, step, case, output, k, j, got, FORMATS[self.dtype], rtol, known)
                if found.finding is Finding.WRONG and out_of_range(case, j):
                    return replace(found, finding=Finding.VACUOUS)
                return self.within_reason(found, float(case.weights[j]))

            outputs = {name: (np.concatenate(column), exact[name]) for name, column in columns.items() if column}
            tally.add(
                outputs,
                lambda k: _at_step(cases[places[k][0]], places[k][1], renamed, rule.uses_t),
                find,
                lambda k: _rank(cases[places[k][0]].group),
                _everyday_places(self.terms, cases),
                rtol,
            )
            for one in cancellations(rule):
                tally.explain(one.told)
                if one.is_root and subject.is_emitted:
                    tally.fail(Failure(at={}, note=one.told, rank=4.0))  # no single step tells
            if subject.is_emitted:
                numbers.of_step(tally, subject, self.terms, rule, cases, is_brief=self.is_brief)
                if not self.is_brief:
                    layouts.of_step(tally, subject, self.terms, rule, self.sample[0])
            return [tally.check()]

        return judge


def _is_asserted(terms: Terms, case: SlopeCase, j: int) -> bool:
    """Is this a kink at which the stated choice is the one right answer, as no rounding can move the kink?"""
    one = case.exact[j]
    if one is None or not one.at_kink or not one.is_settled:
        return False
    return bool(terms.indexed) or float(case.weights[j]) in case.group.fixed_kinks


def _everyday_places(terms: Terms, cases: Sequence[SlopeCase | StepCase]) -> np.ndarray[Any, Any]:
    """Tell which weights of all cases are, with those that they depend on, of a size that a person would try."""
    if terms.indexed:
        found = [np.full(len(case.weights), are_everyday(case.weights)) for case in cases]
    else:
        found = [is_everyday(case.weights) for case in cases]
    return np.concatenate(found) if found else np.zeros(0, dtype=bool)


def _rank(group: Group) -> float:
    """Return how far a group's numbers are from ones that a person would try."""
    if group.is_human:
        return 0.0
    return 1.0 + sum(len(repr(x)) for x in group.parameters.values()) / 100


def _at_value(case: ValueCase) -> dict[str, Any]:
    weights = case.weights.tolist()
    return {"w": weights if len(weights) != 1 else weights[0], **case.group.parameters, **_arrays(case)}


def _at_slope(case: SlopeCase, j: int) -> dict[str, Any]:
    return {**_weights_at(case.weights, j), **case.group.parameters, **_arrays(case)}


def _at_step(case: StepCase, j: int, renamed: Mapping[str, str], uses_t: bool) -> dict[str, Any]:
    whole = 1 < len(case.weights) <= 7
    at = _weights_at(case.weights, j)
    for name, column in {"g": case.gradient, **case.arrays}.items():
        at[name] = column.tolist() if whole else float(column[j])
    at |= case.scalars
    if uses_t:
        at["t"] = case.taken
    given = case.group.parameters | _arrays(case)
    return at | case.parameters | {renamed.get(name, name): x for name, x in given.items()}


def _arrays(case: ValueCase | SlopeCase | StepCase) -> dict[str, Any]:
    """Return declared arrays as lists."""
    return {name: array.tolist() for name, array in case.group.arrays_for(len(case.weights)).items()}


def _weights_at(weights: np.ndarray[Any, Any], j: int) -> dict[str, Any]:
    return {"w": weights.tolist(), "j": j} if 1 < len(weights) <= 7 else {"w": float(weights[j])}
