"""Judge somebody's own function of an objective with data: called as the emitted one of its kind would be, on copies.

Data sets with everyday predictions decide; what comes of large ones, where exp overflows, is a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import Parameter
from math import ceil, inf
from typing import Any, Literal, TypeAlias

import numpy as np

from symreg.errors import SpecError
from symreg.model.lifts import STARTS
from symreg.model.loss import DataTerm
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject
from symreg.verification.checks.against import RTOL, initial_state
from symreg.verification.checks.judge import Progress
from symreg.verification.data.calling import arguments_of
from symreg.verification.data.checks import Evidence, evidence, judge
from symreg.verification.data.conventions import Reading, of_loss, readings
from symreg.verification.data.exact import Exact
from symreg.verification.data.losses import ORDERS, loss_checks
from symreg.verification.data.samples import Wanted, samples
from symreg.verification.data.stepping import rule_parameters
from symreg.verification.foreign.arguments import read_arguments
from symreg.verification.foreign.arrays import Arrays, arrays_of
from symreg.verification.foreign.call import SAMPLE_WEIGHT, WITHOUT_SIZES, Kind, call_of_samples
from symreg.verification.foreign.fit import planned, signature_of
from symreg.verification.foreign.function import Foreign
from symreg.verification.foreign.trial import tried_with
from symreg.verification.oracle.formats import Dtype
from symreg.verification.report.check import CONSTANT_FACTOR, Check, plainer
from symreg.verification.report.numbers import compact
from symreg.verification.report.report import Report

Region: TypeAlias = Literal["plain", "near", "far"]
NEAR: Mapping[Dtype, float] = {"float64": 10.0, "float32": 4.0}
"""Predictions of about that size decide: 1 - 1/(1 + exp(-z)) keeps the digits that are asked for."""
_FARTHEST = 1e4
_POINTS_A_ROUND = 500
_LAYOUTS = ("rows", "columns")


def against_data(
    data: DataTerm,
    terms: Terms,
    rule: Rule | None,
    function: Callable[..., Any],
    as_: Kind = "value",
    *,
    rtol: float | None = None,
    points: int = 2000,
    params: Mapping[str, float] | None = None,
    dtypes: Sequence[Dtype] = ("float64",),
    is_far_asked: bool = False,
    arguments: str | None = None,
    arrays: Arrays | None = None,
    label: str = "function",
    progress: Progress | None = None,
) -> Report:
    """Compare somebody's function of weights and data, or of a prediction and a label, with what is right.

    Args:
        data: The loss over the samples, as it was written.
        terms: The penalty.
        rule: Of a step; not used otherwise.
        function: `f(w, X, y, **p)`, of a product with the Hessian `f(w, v, X, y, **p)`, of a step
            `f(w, X, y, [state], **p)`, of a loss alone `f(z, y, **p)`. What takes `sample_weight` is given it.
        as_: What the function claims to be.
        rtol: Relative error that is allowed besides the tolerance; 1e-9, in single precision 5e-6, unless given.
        points: More of them are more data sets: a dozen of all shapes for 500.
        params: Parameters that are fixed instead of sampled, which the function need not take.
        dtypes: Of the arrays that it is given.
        is_far_asked: Does it fail for what is wrong at large predictions as well?
        arguments: What the function is called with; the names of the call unless given.
        arrays: What it takes; as its code tells, unless given.
        label: What the report calls it.
        progress: Called with the number of checks done, of all checks, and the next one's name.

    Raises:
        SpecError: The call does not fit the function, or a step is to be judged and no rule is given.
        ToolMissing: The function takes PyTorch's tensors, and there is no PyTorch.
    """
    rule = rule if as_ == "step" else None
    call = call_of_samples(data, terms, rule, as_)
    written = None if arguments is None else read_arguments(arguments, (*call.names, "n", "m"))
    if arrays == "numbers" and not as_.startswith("loss_"):
        raise SpecError(
            "a function of one number at a time is judged as a loss alone, not of an objective over samples"
        )
    groups = terms.groups
    if groups is not None and not groups.sizes and STARTS in call.named:
        raise SpecError(WITHOUT_SIZES)
    known = {*(params or {}), SAMPLE_WEIGHT, *(() if groups is None else (STARTS, groups.weights))}
    usual = () if groups is None or not groups.has_usual_strengths else (groups.weights,)
    plan = planned(function, label.rpartition(":")[2], call, known, written, usual)
    if written is None and not _takes(function, SAMPLE_WEIGHT):
        plan = replace(plan, left_out=plan.left_out | {SAMPLE_WEIGHT})
    foreign = Foreign(function=function, plan=plan, arrays=arrays or arrays_of(function))
    question = _Question(
        data=data,
        terms=terms,
        rule=rule,
        foreign=foreign,
        label=label,
        fixed=dict(params or {}),
        rtol=RTOL if rtol is None else dict.fromkeys(RTOL, rtol),
        rounds=ceil(points / _POINTS_A_ROUND),
        is_far_counted=is_far_asked,
    )
    question.foreign = tried_with(foreign, question.first_values(dtypes[0]), known)
    checks: list[Check] = []
    for done, dtype in enumerate(dtypes):
        if progress:
            progress(done, len(dtypes), question.name)
        checks += question.checks(dtype)
    return Report(checks=tuple(checks), call=question.foreign.text, notes=tuple(question.foreign.notes))


@dataclass(slots=True, kw_only=True)
class _Question:
    """A function, and what it is compared with.

    Args:
        rule: Of a step, else None.
        fixed: Parameters that are not sampled.
        rtol: Relative error that is allowed besides the tolerance, by format.
        rounds: How often each shape of the data is drawn.
        is_far_counted: Does the report fail for what is wrong at large predictions?
        kept: Evidence that was made.
    """

    data: DataTerm
    terms: Terms
    rule: Rule | None
    foreign: Foreign
    label: str
    fixed: Mapping[str, float]
    rtol: Mapping[Dtype, float]
    rounds: int
    is_far_counted: bool
    kept: dict[tuple[Dtype, Region], Evidence] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What the function claims to be."""
        return self.foreign.plan.call.kind

    @property
    def name(self) -> str:
        """What is checked, as the emitted function is called."""
        return self.kind if self.rule is None else f"{self.rule.name}_step"

    def checks(self, dtype: Dtype) -> list[Check]:
        """Return the check where predictions are everyday ones, and one where they are large, if the first is right."""
        plain = Reading(said="", data=self.data, terms=self.terms)
        check = self._check(plain, dtype, "near")
        if not check.is_right:
            return [self._explained(plainer(check, self._check(plain, dtype, "plain")), dtype)]
        far = self._check(plain, dtype, "far")
        if not far.points and far.is_right:
            return [check]
        region = f"|{'z' if self.kind in ORDERS else 'Xw'}| over {compact(NEAR[dtype])}"
        return [check, replace(far, region=region, is_counted=self.is_far_counted)]

    def first_values(self, dtype: Dtype) -> dict[str, Any]:
        """Return a value for each name of the call, at a plain data set."""
        if self.kind in ORDERS:
            labels = self.data.loss.labels
            y = float(labels.values[-1]) if labels.values else next(x for x in (1.0, 0.5, 2.0, -1.0) if x in labels)
            own: dict[str, Any] = {p.name: self.fixed.get(p.name, p.default) for p in self.data.loss.parameters}
            return {"z": np.array([0.5], dtype=dtype), "y": np.array([y], dtype=dtype), **own}
        drawn = samples(self.data, self.terms, dtype, self.fixed, self._wanted(dtype, "plain"))
        if not drawn:
            raise SpecError("no weights and predictions of everyday sizes lie where the objective is defined")
        call, sample = self.foreign.plan.call, drawn[0]
        values = arguments_of(sample, "rows", call.named, self.terms.per_weight)
        values |= {"v": sample.v, SAMPLE_WEIGHT: np.ones(len(sample.y), dtype)}
        if self.rule is not None:
            values |= rule_parameters(self.rule, self.fixed, 0) | {"state": initial_state(self.rule, sample.w)}
        return values

    def _explained(self, check: Check, dtype: Dtype) -> Check:
        """Return a wrong check with the first reading of which the function is right at all points, if there is one."""
        if check.verdict != "wrong":
            return check
        given = self.foreign.plan.given
        likely = of_loss(self.data, self.terms, given) if self.kind in ORDERS else None
        for reading in likely or readings(self.data, self.terms, given, self.rule):
            if self._check(reading, dtype, "plain", enough=1).is_right:
                everywhere = self._check(reading, dtype, "near", enough=1)
                if everywhere.is_right:
                    said = f"right everywhere with {reading.said} ({everywhere.compared:,} points compared)"
                    return replace(check, notes=(*(n for n in check.notes if CONSTANT_FACTOR not in n), said))
        return check

    def _check(self, reading: Reading, dtype: Dtype, region: Region, enough: float = inf) -> Check:
        """Return what comes of the function in a region, if it is read so, until there are enough failures."""
        subject = self._subject(dtype, reading)
        if self.kind in ORDERS:
            sizes = (NEAR[dtype], _FARTHEST) if region == "far" else (0.0, NEAR[dtype])
            checks = loss_checks(
                reading.data.loss,
                (subject,),
                params=self.fixed,
                rtol=self.rtol[dtype],
                is_brief=region == "plain",
                sizes=sizes,
            )
            return checks[0]
        return judge(replace(self._evidence(reading, dtype, region), enough=enough), self.name, self.rule, subject)

    def _evidence(self, reading: Reading, dtype: Dtype, region: Region) -> Evidence:
        """Return the data sets of a region, made once, with what is right there if the function is read so."""
        key = (dtype, region)
        if key not in self.kept:
            wanted = self._wanted(dtype, region)
            rtol = self.rtol[dtype]
            self.kept[key] = evidence(self.data, self.terms, dtype, self.fixed, rtol, wanted=wanted, layouts=_LAYOUTS)
        own = self.kept[key]
        if (reading.data, reading.terms, reading.is_by_weight) == (self.data, self.terms, False):
            return own
        at = (Exact(reading.data_of(len(e.sample.w)), reading.terms, e.sample, dtype) for e in own.at)
        return replace(own, at=tuple(at))

    def _wanted(self, dtype: Dtype, region: Region) -> Wanted:
        is_weighted = SAMPLE_WEIGHT in self.foreign.plan.given
        if region == "far":
            return Wanted(beyond=NEAR[dtype], is_weighted=is_weighted)
        is_brief = region == "plain"
        return Wanted(is_brief=is_brief, rounds=self.rounds, within=NEAR[dtype], is_weighted=is_weighted)

    def _subject(self, dtype: Dtype, reading: Reading) -> Subject:
        function: Callable[..., Any] = self._called
        for convention in reading.conventions:
            function = convention.changed(function, self.foreign.plan.call.arrays)
        functions = {self.name: function}
        if self.rule is not None:
            functions[f"{self.rule.name}_state"] = partial(initial_state, self.rule)
        return Subject(label=self.label, dtype=dtype, functions=functions, is_emitted=False)

    def _called(self, *arrays: Any, **named: Any) -> Any:
        """Return what the function returns, the samples' weights left out where there are none and it has a default."""
        plan = self.foreign.plan
        if SAMPLE_WEIGHT in named or SAMPLE_WEIGHT not in plan.given:
            return self.foreign(*arrays, **named)
        if plan.arguments is None and _has_default(self.foreign.function, SAMPLE_WEIGHT):
            without = replace(plan, left_out=plan.left_out | {SAMPLE_WEIGHT})
            return replace(self.foreign, plan=without)(*arrays, **named)
        w, y = arrays[0], arrays[plan.call.arrays.index("y")]
        return self.foreign(*arrays, **named, **{SAMPLE_WEIGHT: np.ones(len(y), w.dtype)})


def _takes(function: Callable[..., Any], name: str) -> bool:
    """Does a function name an argument, or does it not tell? What goes into `**rest` need not be used."""
    signature = signature_of(function)
    return signature is None or name in signature.parameters


def _has_default(function: Callable[..., Any], name: str) -> bool:
    """May an argument be left out?"""
    signature = signature_of(function)
    parameter = None if signature is None else signature.parameters.get(name)
    return parameter is None or parameter.default is not Parameter.empty
