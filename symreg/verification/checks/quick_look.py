"""A quick look of the judge: every function at few points, those first that a person would try.

Takes terms, rules and subjects as `judge.py` does, and the judge is the same; but the points are those listed in
`plain_points.py`. Long vectors, layouts and refusals are left to `verify`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from symreg.model.clashes import told_apart
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour.per_weight import checks_of_elements
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.per_weight import with_one_number
from symreg.verification.checks.evidence import plain_evidence
from symreg.verification.checks.judge import checks_of, judged_by
from symreg.verification.oracle.formats import Dtype
from symreg.verification.report.report import Report

_ALLOWED: Mapping[Dtype, float] = {"float64": 1e-10, "float32": 5e-6}
"""Relative error that is allowed besides the tolerance: a few digits lost are told by `verify`, and are not wrong."""


def quick_look(
    terms: Terms, rules: Sequence[Rule], subjects: Sequence[Subject], *, params: Mapping[str, float] | None = None
) -> Report:
    """Compare each subject's value, gradient, prox and steps with the exact ones at a few chosen points.

    A few lost digits pass here.

    Args:
        terms: The penalty as it was written.
        rules: Rules whose steps the subjects offer.
        params: Parameters that are fixed; `step` is that of a prox.
    """
    fixed = dict(params or {})
    apart = [told_apart(rule, terms) for rule in rules]
    ones = with_one_number(subjects, terms)
    report = judged_by(
        lambda dtype: plain_evidence(terms, dtype, fixed), checks_of(terms, rules), apart, ones, _ALLOWED
    )
    return replace(report, checks=(*report.checks, *checks_of_elements(terms, subjects, fixed, apart, _ALLOWED)))
