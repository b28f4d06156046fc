"""Judge functions: value, gradient, proximal operator and every rule's step, compared with the oracle.

Takes terms, rules and callables, whoever made them; hands on a `Report`. Of the callables it knows the signatures only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from symreg.model.clashes import told_apart
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour.per_weight import checks_of_elements
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.per_weight import with_one_number
from symreg.verification.cases.prox_minima import is_judged
from symreg.verification.checks.evidence import Evidence, Judge, full_evidence
from symreg.verification.checks.gradients import judge_of_gradients
from symreg.verification.checks.nonexpansive import judge_of_pairs
from symreg.verification.checks.proximal import judge_of_prox
from symreg.verification.checks.steps import judge_of_steps
from symreg.verification.checks.subgradient import KIND as SUBGRADIENT
from symreg.verification.checks.subgradient import judge_of_subgradients
from symreg.verification.checks.values import judge_of_values
from symreg.verification.oracle.formats import Dtype
from symreg.verification.report.check import Check, plainer
from symreg.verification.report.report import Report

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
) -> Report:
    """Compare each subject's value, gradient, prox and steps with the exact ones at deterministic points.

    Args:
        terms: The penalty as it was written.
        rules: Rules whose steps the subjects offer, under the names that they have beside the penalty.
        subjects: The functions under test.
        points: Outputs looked at per check, roughly.
        params: Parameters that are fixed instead of sampled; `step` is that of a prox.
        rtol: Relative error that is allowed besides the tolerance.
        progress: Called with the number of checks done, of all checks, and the next one's name.
    """
    fixed, apart = dict(params or {}), [told_apart(rule, terms) for rule in rules]
    report = judged_by(
        lambda dtype: full_evidence(terms, dtype, fixed, points),
        checks_of(terms, rules),
        apart,
        with_one_number(subjects, terms),
        rtol,
        progress,
    )
    return replace(report, checks=(*report.checks, *checks_of_elements(terms, subjects, fixed, apart, rtol)))


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
        evidence_in: Makes the evidence of a format.
        order: Names of checks, as `checks_of` returns them.
        rules: The rules among them.
        subjects: The functions under test.
        rtol: Relative error that is allowed besides the tolerance, in every format or by format.
        progress: Called with the number of checks done, of all checks, and the next one's name.
    """
    count = sum(_is_offered(name, subject) for subject in subjects for name in order)
    done = 0
    checks: dict[tuple[str, int], list[Check]] = {}
    for dtype in dict.fromkeys(subject.dtype for subject in subjects):
        evidence = evidence_in(dtype)
        allowed = rtol if isinstance(rtol, float) else rtol[dtype]
        for name in order:
            offering = [(k, s) for k, s in enumerate(subjects) if s.dtype == dtype and _is_offered(name, s)]
            if not offering:
                continue
            if progress:
                progress(done, count, name)
            rule = next((r for r in rules if f"{r.name}_step" == name), None)
            judge = judge_of(evidence, name, rule, allowed)
            for k, subject in offering:
                checks[name, k] = in_plain_words(evidence, judge(subject), name, rule, allowed, subject)
                done += 1
    if progress:
        progress(count, count, "")
    in_order = [check for name in order for k in range(len(subjects)) for check in checks.get((name, k), [])]
    kinds = list(dict.fromkeys(check.name for check in in_order))
    return Report(checks=tuple(sorted(in_order, key=lambda check: kinds.index(check.name))))


def judge_of(evidence: Evidence, name: str, rule: Rule | None, rtol: float) -> Judge:
    """Return the judge of one check, its references made; they are kept with the evidence."""
    if name not in evidence.judges:
        evidence.judges[name] = _made(evidence, name, rule, rtol)
    return evidence.judges[name]


def in_plain_words(
    evidence: Evidence, checks: list[Check], name: str, rule: Rule | None, rtol: float, subject: Subject
) -> list[Check]:
    """Return the checks, those that failed with a point that reads well if the function is wrong at one."""
    if evidence.plain is None or name == SUBGRADIENT or all(check.is_right for check in checks):
        return checks
    judge = judge_of(evidence.plain(), name, rule, rtol)
    others = {check.kind: check for check in judge(replace(subject, is_emitted=False))}
    return [plainer(check, others.get(check.kind)) for check in checks]


def _made(evidence: Evidence, name: str, rule: Rule | None, rtol: float) -> Judge:
    if rule is not None:
        return judge_of_steps(evidence, rule, rtol)
    if name == "value":
        return judge_of_values(evidence, rtol)
    if name == "gradient":
        return judge_of_gradients(evidence, rtol)
    if name == SUBGRADIENT:
        return judge_of_subgradients(evidence, rtol)
    cases = evidence.prox()
    by_points, by_pairs = judge_of_prox(evidence, cases, rtol), judge_of_pairs(evidence, cases, rtol)
    return lambda subject: by_points(subject) + by_pairs(subject)


def _is_offered(name: str, subject: Subject) -> bool:
    """Has a subject what a check looks at? The subgradient inequality needs one of two functions."""
    return bool({"value", "gradient"} & subject.functions.keys()) if name == SUBGRADIENT else name in subject.functions
