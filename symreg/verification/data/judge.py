"""Judge all functions of an objective with data that a subject offers: those of the data, and its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from symreg.model.loss import DataTerm
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.data.checks import KINDS, evidence, judge
from symreg.verification.oracle.formats import Dtype
from symreg.verification.report.check import Check

Progress = Callable[[int, int, str], None]

_ALLOWED: Mapping[Dtype, float] = {"float64": 1e-10, "float32": 5e-6}
"""Relative error that a quick look allows besides the tolerance: a few digits lost are told by `verify`."""


def data_checks(
    data: DataTerm,
    terms: Terms,
    rules: Sequence[Rule],
    subjects: Sequence[Subject],
    *,
    params: Mapping[str, float] | None = None,
    rtol: float = 0.0,
    is_brief: bool = False,
    progress: Progress | None = None,
) -> tuple[Check, ...]:
    """Compare each function of an objective's data with what is right at data sets of a few samples.

    Args:
        data: The loss over the samples, as it was written.
        terms: The penalty.
        rules: Rules whose steps the subjects offer, told apart from the objective.
        subjects: Functions `value(w, X, y, *, p, sample_weight)`, `gradient`, `hessian_vector(w, v, X, y, ...)`,
            `partial(w, X, y, *, p, sample_weight)`, `lipschitz(X, *, p, sample_weight)` and `RULE_step(w, X, y,
            [state], *, p, sample_weight)`, where p are parameters and X is dense or compressed sparse rows.
        params: Parameters that are fixed instead of sampled.
        rtol: Relative error that is allowed besides the tolerance.
        is_brief: A quick look: few data sets, and a few lost digits pass.
        progress: Called with the number of checks done, of all checks, and the next one's name.
    """
    names = (*KINDS, *(f"{rule.name}_step" for rule in rules))
    offered = [(name, subject) for name in names for subject in subjects if name in subject.functions]
    at = {
        dtype: evidence(
            data, terms, dtype, params or {}, max(rtol, _ALLOWED[dtype] if is_brief else 0.0), is_brief=is_brief
        )
        for dtype in dict.fromkeys(subject.dtype for subject in subjects)
    }
    checks = []
    for done, (name, subject) in enumerate(offered):
        if progress:
            progress(done, len(offered), name)
        rule = next((rule for rule in rules if f"{rule.name}_step" == name), None)
        checks.append(judge(at[subject.dtype], name, rule, subject))
    return tuple(checks)
