"""Judge functions: value, gradient, proximal operator and every rule's step, compared with the oracle.

Takes terms, rules and callables, whoever made them; hands on a `Report`. Of the callables it knows the signatures only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.gradient_cases import (
    sampled,
    well_conditioned_up_to,
)
from symreg.verification.cases.plain_points import plain_prox_cases, plain_sample
from symreg.verification.cases.prox_cases import is_judged, prox_cases
from symreg.verification.cases.sampling import PER_GROUP, Group
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.evidence import Evidence
from symreg.verification.checks.subgradient import KIND as SUBGRADIENT
from symreg.verification.oracle.formats import FORMATS, Dtype
from symreg.verification.report.check import Check
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
        rules: Rules whose steps the subjects offer.
        points: Outputs looked at per check, roughly.
        params: Parameters that are fixed instead of sampled; `step` is that of a prox.
        rtol: Relative error that is allowed besides the tolerance.
        progress: Called with the number of checks done, of all checks, and the next one's name.
    """
    fixed = dict(params or {})
    return judged_by(
        lambda dtype: evidence(terms, dtype, fixed, points), checks_of(terms, rules), rules, subjects, rtol, progress
    )


def evidence(
    terms: Terms,
    dtype: Dtype,
    fixed: Mapping[str, float],
    points: int,
    per_group: int = PER_GROUP,
    proofs: Sequence[Convexity] = (),
) -> Evidence:
    """Return evidence at many points of every size.

    Args:
        fixed: Parameters that are not sampled, and the `step` of a prox.
        points: Outputs looked at per check, roughly.
        per_group: Weights of an elementwise objective in one call.
        proofs: What is known of the terms' convexity; what follows from it is checked as well.
    """
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
