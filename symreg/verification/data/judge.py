"""Judge all functions of an objective with data that a subject offers: those of the data, and its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from symreg.model.loss import DataTerm
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.checks.judge import verify
from symreg.verification.checks.quick_look import quick_look
from symreg.verification.data.checks import KINDS, evidence, judge
from symreg.verification.data.losses import loss_checks
from symreg.verification.data.matrices import HAS_SCIPY, WITHOUT_SCIPY
from symreg.verification.data.samples import Wanted
from symreg.verification.oracle.formats import FORMATS, Dtype
from symreg.verification.report.check import Check
from symreg.verification.report.report import Report

Progress = Callable[[int, int, str], None]

_OF_LOSSES = 16
"""Roundings that a loss and its derivatives may be off by, relative: quotients of squares take about so many."""

_ALLOWED: Mapping[Dtype, float] = {"float64": 1e-10, "float32": 5e-6}
"""Relative error that a quick look allows besides the tolerance: a few digits lost are told by `verify`."""


def judge_objective(
    data: DataTerm,
    terms: Terms,
    rules: Sequence[Rule],
    subjects: Sequence[Subject],
    *,
    points: int = 2000,
    params: Mapping[str, float] | None = None,
    rtol: float = 0.0,
    is_brief: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Return the report on all functions of an objective with data: of the loss alone, over samples, and the operator.

    Args:
        data: The loss over the samples, as it was written.
        terms: The penalty.
        rules: Rules whose steps the subjects offer, told apart from the objective.
        subjects: As `data_checks` and `loss_checks` take them, and `prox` of the penalty.
        points: Outputs of the operator that are looked at, roughly.
        params: Parameters that are fixed instead of sampled.
        rtol: Relative error that is allowed besides the tolerance.
        is_brief: A quick look: few data sets, and a few lost digits pass.
        progress: Called with the number of checks done, of all checks, and the next one's name.
    """
    fixed = dict(params or {})
    of_loss = [
        check
        for dtype in dict.fromkeys(subject.dtype for subject in subjects)
        for check in loss_checks(
            data.loss,
            [subject for subject in subjects if subject.dtype == dtype],
            params=fixed,
            rtol=max(rtol, _ALLOWED[dtype] if is_brief else _OF_LOSSES * 2.0 ** FORMATS[dtype].unit),
            is_brief=is_brief,
        )
    ]
    over_samples = data_checks(
        data, terms, rules, subjects, params=fixed, rtol=rtol, is_brief=is_brief, progress=progress
    )
    operators = [replace(s, functions={"prox": s.functions["prox"]}) for s in subjects if "prox" in s.functions]
    of_operator: tuple[Check, ...] = ()
    if operators and terms.terms:
        own = {p.name for p in terms.parameters} | {"step"}
        kept = {name: value for name, value in fixed.items() if name in own}
        if is_brief:
            of_operator = quick_look(terms, (), operators, params=kept).checks
        else:
            of_operator = verify(terms, (), operators, points=points, params=kept, rtol=rtol).checks
    notes = () if HAS_SCIPY else (WITHOUT_SCIPY,)
    checks = (*of_loss, *over_samples, *of_operator)
    order = list(dict.fromkeys(check.name for check in checks))
    return Report(checks=tuple(sorted(checks, key=lambda check: order.index(check.name))), notes=notes)


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
    allowed = {dtype: max(rtol, _ALLOWED[dtype] if is_brief else 0.0) for dtype in _ALLOWED}
    at = {
        dtype: evidence(data, terms, dtype, params or {}, allowed[dtype], wanted=Wanted(is_brief=is_brief))
        for dtype in dict.fromkeys(subject.dtype for _, subject in offered)
    }
    checks = []
    for done, (name, subject) in enumerate(offered):
        if progress:
            progress(done, len(offered), name)
        rule = next((rule for rule in rules if f"{rule.name}_step" == name), None)
        checks.append(judge(at[subject.dtype], name, rule, subject))
    return tuple(checks)
