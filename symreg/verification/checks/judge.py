"""Judge functions: value, gradient, proximal operator and every rule's step, compared with the oracle.

Takes terms, rules and callables, whoever made them; hands on a `Report`. Of the callables it knows the signatures only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf
from typing import Any

import numpy as np

from symreg.model.cancelling import cancellations
from symreg.model.spec import Rule
from symreg.model.terms import Terms, told_apart
from symreg.verification.behaviour import layouts, numbers
from symreg.verification.cases.calling import Subject, Trouble, call_gradient, call_step, call_value
from symreg.verification.cases.gradient_cases import (
    SlopeCase,
    StepCase,
    ValueCase,
    offsets,
    references_of_steps,
    sampled,
    slope_cases,
    step_cases,
    value_cases,
    well_conditioned_up_to,
)
from symreg.verification.cases.plain_points import plain_prox_cases, plain_sample
from symreg.verification.cases.prox_cases import ProxCase, is_judged, prox_cases
from symreg.verification.cases.sampling import FORMATS, PER_GROUP, Dtype, Group, are_everyday, is_everyday
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.finding import Shares, find_slope, find_step, find_value, range_check, shares_of_slope
from symreg.verification.checks.nonexpansive import judge_of_pairs
from symreg.verification.checks.proximal import judge_of_prox
from symreg.verification.checks.subgradient import KIND as SUBGRADIENT
from symreg.verification.checks.subgradient import judge_of_subgradients
from symreg.verification.comparison.report import Check, Report, plainer
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import Finding, Measured, reference
from symreg.verification.minimum.steps import stepper

Progress = Callable[[int, int, str], None]


def verify(
    terms: Terms,
    rules: Sequence[Rule],
    subjects: Sequence[Subject],
    *,
    points: int = 2000,
    params: Mapping[str, float] | None = None,
    rtol: float = 0.0,
    progress: Progress | None = None,
    per_group: int = PER_GROUP,
    proofs: Sequence[Convexity] = (),
) -> Report:
    """Compare each subject's value, gradient, prox and steps with the exact ones at deterministic points.

    Args:
        terms: The penalty as it was written.
        rules: Rules whose steps the subjects offer.
        points: Outputs looked at per check, roughly.
        params: Parameters that are fixed instead of sampled; `step` is that of a prox.
        rtol: Relative error that is allowed besides the tolerance.
        progress: Called with the number of checks done, of all checks, and the next one's name.
        per_group: Weights of an elementwise objective in one call.
        proofs: What is known of the terms' convexity; what follows from it is checked as well.
    """
    fixed = dict(params or {})

    def evidence(dtype: Dtype) -> Evidence:
        limit = well_conditioned_up_to(terms, dtype)
        return Evidence(
            terms=terms,
            dtype=dtype,
            fixed=fixed,
            sample=sampled(terms, dtype, points, fixed, per_group, limit),
            prox=lambda: prox_cases(terms, dtype, points, fixed, limit, min(per_group, PER_GROUP)),
            points=points,
            limit=limit,
            per_group=per_group,
            proofs=proofs,
            plain=cache(lambda: replace(plain_evidence(terms, dtype, fixed, per_group), enough=1)),
        )

    return judged_by(evidence, checks_of(terms, rules, has_proofs=bool(proofs)), rules, subjects, rtol, progress)


def plain_evidence(terms: Terms, dtype: Dtype, fixed: Mapping[str, float], per_group: int = PER_GROUP) -> Evidence:
    """Return evidence at few points that read well, which asks for accuracy and little more."""
    shape, limit = FORMATS[dtype], well_conditioned_up_to(terms, dtype)
    whole = tuple(plain_sample(terms, shape, fixed, limit))
    sample = whole if terms.indexed or per_group >= PER_GROUP else (whole[0], *map(_one_by_one, whole[1:]))
    return Evidence(
        terms=terms,
        dtype=dtype,
        fixed=fixed,
        sample=sample,
        prox=lambda: tuple(plain_prox_cases(terms, shape, fixed, whole[1:], limit)),
        points=sum(len(vector) for group in whole for vector in group.vectors),
        limit=limit,
        per_group=per_group,
        is_brief=True,
    )


def _one_by_one(group: Group) -> Group:
    """Return the group with each weight in a call of its own."""
    parts = (vector[k : k + 1] for vector in group.vectors for k in range(len(vector)))
    return replace(group, vectors=tuple(parts))


def checks_of(terms: Terms, rules: Sequence[Rule], *, has_proofs: bool = False) -> tuple[str, ...]:
    """Return what can be checked, in the order of a report."""
    return (
        "value",
        "gradient",
        *([SUBGRADIENT] if has_proofs else []),
        *(["prox"] if is_judged(terms) else []),
        *(f"{rule.name}_step" for rule in rules),
    )


def judged_by(
    evidence_in: Callable[[Dtype], Evidence],
    order: Sequence[str],
    rules: Sequence[Rule],
    subjects: Sequence[Subject],
    rtol: float | Mapping[Dtype, float] = 0.0,
    progress: Progress | None = None,
) -> Report:
    """Return the report on what the subjects offer of the checks, judged by the evidence of their format.

    Args:
        rtol: Relative error that is allowed besides the tolerance, in every format or by format.
    """
    count = sum(_is_offered(name, subject) for subject in subjects for name in order)
    done = 0
    checks: dict[tuple[str, int], list[Check]] = {}
    for dtype in dict.fromkeys(subject.dtype for subject in subjects):
        theirs = [(k, s) for k, s in enumerate(subjects) if s.dtype == dtype]
        evidence = evidence_in(dtype)
        allowed = rtol if isinstance(rtol, float) else rtol[dtype]
        for name in order:
            judges = [(k, s) for k, s in theirs if _is_offered(name, s)]
            if not judges:
                continue
            if progress:
                progress(done, count, name)
            rule = next((r for r in rules if f"{r.name}_step" == name), None)
            judge = evidence.judge(name, rule, allowed)
            for k, subject in judges:
                checks[name, k] = evidence.in_plain_words(judge(subject), name, rule, allowed, subject)
                done += 1
    if progress:
        progress(count, count, "")
    made = [c for name in order for k in range(len(subjects)) for c in checks.get((name, k), [])]
    kinds = list(dict.fromkeys(check.name for check in made))
    return Report(checks=tuple(sorted(made, key=lambda check: kinds.index(check.name))))


def _is_offered(name: str, subject: Subject) -> bool:
    """Has a subject what a check looks at? The subgradient inequality needs one of two functions."""
    return bool({"value", "gradient"} & subject.functions.keys()) if name == SUBGRADIENT else name in subject.functions


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
                except Trouble as trouble:
                    tally.fail(Failure(at=_at_value(case), note=str(trouble), rank=_rank(case.group)))
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
                except Trouble as trouble:
                    tally.fail(Failure(at=_at_slope(case, 0), note=str(trouble), rank=_rank(case.group)))
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
                except Trouble as trouble:
                    tally.fail(
                        Failure(at=_at_step(case, 0, renamed, rule.uses_t), note=str(trouble), rank=_rank(case.group))
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
