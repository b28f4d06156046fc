"""Judge somebody's own function: called as the emitted one of its kind would be, on copies, several weights at once.

Everyday sizes of weights decide; what lies beyond them is a row of its own, which decides only if that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from symreg.errors import SpecError
from symreg.model.clashes import told_apart
from symreg.model.lifts import STARTS
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour.per_weight import checks_of_elements
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.per_weight import with_one_number
from symreg.verification.cases.prox_minima import is_judged
from symreg.verification.cases.sampling.sizes import EVERYDAY, Sizes
from symreg.verification.checks.conventions import usual_conventions, with_convention
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.evidence import Evidence, Judge, full_evidence
from symreg.verification.checks.judge import Progress, checks_of, in_plain_words, judge_of, judged_by
from symreg.verification.checks.subgradient import KIND as SUBGRADIENT
from symreg.verification.foreign.arguments import read_arguments
from symreg.verification.foreign.arrays import Arrays, arrays_of
from symreg.verification.foreign.call import WITHOUT_SIZES, Kind, call_of
from symreg.verification.foreign.fit import planned
from symreg.verification.foreign.function import Foreign
from symreg.verification.foreign.trial import tried
from symreg.verification.oracle.formats import FORMATS, Dtype
from symreg.verification.report.check import Check
from symreg.verification.report.numbers import compact
from symreg.verification.report.report import Report

_WEIGHTS_PER_CALL = 5
_FAR = 10  # times fewer points beyond the range than in it
RTOL: Mapping[Dtype, float] = {"float64": 1e-9, "float32": 5e-6}
"""Relative error that is allowed besides the tolerance, unless it is given."""


def against(
    terms: Terms,
    rule: Rule | None,
    function: Callable[..., Any],
    as_: Kind = "value",
    *,
    rtol: float | None = None,
    points: int = 2000,
    params: Mapping[str, float] | None = None,
    dtypes: Sequence[Dtype] = ("float64",),
    sizes: Sizes = EVERYDAY,
    is_far_asked: bool = False,
    arguments: str | None = None,
    arrays: Arrays | None = None,
    label: str = "function",
    proofs: Sequence[Convexity] | Callable[[], Sequence[Convexity]] = (),
    progress: Progress | None = None,
) -> Report:
    """Compare somebody's function with the exact value, gradient, proximal operator or step.

    Args:
        rule: Of a step; not used otherwise.
        function: `f(w, **p)`; of a prox `f(v, step=s, **p)`; of a step `f(w, g, [state], **p)`, which returns the new
            weights, with the new state or without it, or changes both in place.
        as_: What the function claims to be.
        rtol: Relative error that is allowed besides the tolerance; 1e-9, in single precision 5e-6, unless given.
        params: Parameters that are fixed instead of sampled, which the function need not take.
        dtypes: Of the arrays that it is given.
        sizes: Of the weights that decide.
        is_far_asked: Does it fail for what is wrong beyond or below these sizes as well?
        arguments: What the function is called with, as in `"v, tau=step*lam"`; the names of the call unless given.
        arrays: What it takes; as its code tells, unless given.
        label: What the report calls it.
        proofs: What is known of the terms' convexity, or what finds it out, once the call is known to fit.

    Raises:
        SpecError: The call does not fit the function; a step is to be judged and no rule is given, or a prox that
            there is no reference for; or no weight is of these sizes.
        ToolMissing: The function takes PyTorch's tensors, and there is no PyTorch.
    """
    if as_ == "prox" and not is_judged(terms):
        raise SpecError(
            "the prox of a penalty in index notation is judged only where it is a function of norm(w) alone"
        )
    rule = None if rule is None else told_apart(rule, terms)
    fixed = dict(params or {})
    call = call_of(terms, rule, as_)
    written = None if arguments is None else read_arguments(arguments, (*call.names, "n"))
    groups = terms.groups
    if groups is not None and not groups.sizes:
        raise SpecError(WITHOUT_SIZES)
    known = {*fixed} if groups is None else {*fixed, STARTS, groups.weights}
    usual = () if groups is None or not groups.has_usual_strengths else (groups.weights,)
    plan = planned(function, label.rpartition(":")[2], call, known, written, usual)
    if arrays == "numbers" and terms.couple_weights:
        raise SpecError("a function of one weight at a time is judged of an elementwise objective only")
    foreign = Foreign(function=function, plan=plan, arrays=arrays or arrays_of(function))
    foreign = tried(foreign, terms, rule, fixed, dtypes[0], known)
    question = _Question(
        terms=terms,
        rule=rule if as_ == "step" else None,
        foreign=foreign,
        label=label,
        fixed=fixed,
        proofs=() if as_ == "step" else tuple(proofs() if callable(proofs) else proofs),
        rtol=RTOL if rtol is None else dict.fromkeys(RTOL, rtol),
        progress=progress,
    )
    checks: list[Check] = []
    for dtype in dtypes:
        inside = question.checks(dtype, sizes, points)
        checks += inside[:1]
        if inside[0].is_right:  # what is wrong in the range need not be looked at elsewhere
            outside = [question.far_check(dtype, sizes.at(side), points) for side in ("beyond", "below")]
            checks += [replace(check, is_counted=is_far_asked) for check in outside if check is not None]
        checks += inside[1:]
    return Report(checks=tuple(checks), call=foreign.text, notes=tuple(foreign.notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A function, and what it is compared with.

    Args:
        rule: Of a step, else None.
        fixed: Parameters that are not sampled.
        rtol: Relative error that is allowed besides the tolerance, by format.
    """

    terms: Terms
    rule: Rule | None
    foreign: Foreign
    label: str
    fixed: Mapping[str, float]
    proofs: tuple[Convexity, ...]
    rtol: Mapping[Dtype, float]
    progress: Progress | None

    @property
    def name(self) -> str:
        """What is checked, as the emitted function is called."""
        return self.foreign.plan.call.kind if self.rule is None else f"{self.rule.name}_step"

    def checks(self, dtype: Dtype, sizes: Sizes, points: int) -> list[Check]:
        """Return the checks at weights of some sizes, the function's own first, with a convention if it follows one.

        What follows from convexity is asked as well: of an emitted function it follows from what is compared exactly,
        but of somebody's own, which may be inaccurate by `rtol`, it does not.

        Raises:
            SpecError: No weight is of these sizes.
        """
        evidence = self._evidence(dtype, sizes, points, self.proofs)
        if not evidence.sample:
            least, greatest = compact(sizes.least), compact(sizes.greatest)
            raise SpecError(f"no weight that the objective is defined for has a size from {least} to {greatest}")
        subject, rules = self._subject(dtype), () if self.rule is None else (self.rule,)
        order = checks_of(self.terms, rules, has_proofs=bool(self.proofs))
        report = judged_by(lambda _: evidence, order, rules, (subject,), self.rtol, self.progress)
        own = [check for check in report.checks if check.kind != SUBGRADIENT]
        others = [check for check in report.checks if check.kind == SUBGRADIENT]
        conventions = usual_conventions(self.foreign.plan.given, self.rule)
        arrays = self.foreign.plan.call.arrays
        own = with_convention(evidence, self._judge_in, subject, own, conventions, arrays)
        elements: list[Check] = []
        if self.terms.per_weight and own[0].is_right:  # else it is wrong even with one number for all weights
            elements = checks_of_elements(self.terms, [self._whole_subject(dtype)], self.fixed, rules, self.rtol)
        return [*own, *elements, *others]

    def far_check(self, dtype: Dtype, sizes: Sizes, points: int) -> Check | None:
        """Return the function's own check at few weights beyond or below the range; None where there are none."""
        evidence = self._evidence(dtype, sizes, max(points // _FAR, 1))
        if sizes.is_empty(FORMATS[dtype], evidence.limit) or not evidence.sample:
            return None
        subject, allowed = self._subject(dtype), self.rtol[dtype]
        checks = self._judge_in(evidence)(subject)
        check, *_ = in_plain_words(evidence, checks, self.name, self.rule, allowed, subject)
        if not check.points and check.is_right:
            return None
        end = sizes.greatest if sizes.side == "beyond" else sizes.least
        return replace(check, region=f"{sizes.side} {compact(end)}")

    def _evidence(self, dtype: Dtype, sizes: Sizes, points: int, proofs: Sequence[Convexity] = ()) -> Evidence:
        return full_evidence(self.terms, dtype, self.fixed, points, _WEIGHTS_PER_CALL, proofs, sizes)

    def _judge_in(self, evidence: Evidence) -> Judge:
        return judge_of(evidence, self.name, self.rule, self.rtol[evidence.dtype])

    def _subject(self, dtype: Dtype) -> Subject:
        """Return the function, called as if each parameter were one number."""
        (subject,) = with_one_number([self._whole_subject(dtype)], self.terms)
        return subject

    def _whole_subject(self, dtype: Dtype) -> Subject:
        functions: dict[str, Callable[..., Any]] = {self.name: self.foreign}
        if self.rule is not None:
            functions[f"{self.rule.name}_state"] = partial(initial_state, self.rule)
        return Subject(label=self.label, dtype=dtype, functions=functions, is_emitted=False)


def initial_state(rule: Rule, w: Any) -> dict[str, Any]:
    """Return the rule's states before the first step, by name."""
    states: dict[str, Any] = {
        s.name: np.full(w.shape, s.initial, w.dtype) if s.is_array else s.initial for s in rule.states
    }
    return states | ({"t": 0.0} if rule.uses_t else {})
