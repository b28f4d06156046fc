"""Judge the functions of an objective with data: each number against what is right, for each layout of X."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from math import inf, isfinite
from typing import Any

import numpy as np
from flint import arb

from symreg.model.loss import DataTerm
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import CallFailed, Subject
from symreg.verification.comparison.failure import Failure, Right, relative
from symreg.verification.comparison.tally import Tally
from symreg.verification.comparison.tolerance import Finding, measured, ulp_at
from symreg.verification.data.calling import arguments_of, call, one_number, vector
from symreg.verification.data.exact import Exact
from symreg.verification.data.lengths import of_lengths
from symreg.verification.data.matrices import LAYOUTS
from symreg.verification.data.refusals import of_refusals
from symreg.verification.data.samples import ALL, Wanted, samples
from symreg.verification.data.stepping import after_step, rule_parameters
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.report.check import Check

KINDS = ("value", "gradient", "hessian_vector", "partial", "lipschitz")
"""Functions of an objective with data, besides its steps."""

_STEPS = 2  # one after the other: from the second on a state is not what it began with


_HARDLY = 0.01  # a relative error that shows less, and how much larger a data set may be that shows more


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where the functions of one format are asked.

    Args:
        data: The loss over the samples.
        terms: The penalty.
        dtype: The format.
        at: What is right at each data set.
        fixed: Parameters that are not sampled.
        rtol: Relative error that is allowed besides the tolerance.
        is_brief: Is it a quick look, which leaves long data and refusals out?
        layouts: How the matrix lies in memory, in turn.
        enough: Failures after which no more data sets are looked at.
    """

    data: DataTerm
    terms: Terms
    dtype: Dtype
    at: tuple[Exact, ...]
    fixed: Mapping[str, float]
    rtol: float
    is_brief: bool
    layouts: tuple[str, ...] = tuple(LAYOUTS)
    enough: float = inf

    @property
    def of_loss(self) -> tuple[str, ...]:
        """The parameters of the loss alone."""
        return tuple(p.name for p in self.data.loss.parameters)

    @property
    def of_data(self) -> tuple[str, ...]:
        """The parameters of the loss, and those of its coefficient."""
        return tuple(p.name for p in self.data.parameters)

    @property
    def of_all(self) -> tuple[str, ...]:
        """The parameters of the objective."""
        return tuple(dict.fromkeys((*self.of_data, *self.terms.names)))

    @property
    def per_weight(self) -> tuple[str, ...]:
        """The parameters that hold one number for each weight."""
        return self.terms.per_weight


def evidence(
    data: DataTerm,
    terms: Terms,
    dtype: Dtype,
    fixed: Mapping[str, float],
    rtol: float = 0.0,
    *,
    wanted: Wanted = ALL,
    layouts: tuple[str, ...] = tuple(LAYOUTS),
) -> Evidence:
    """Return where the functions of a format are asked, and what is right there, worked out once for all subjects."""
    at = tuple(Exact(data, terms, sample, dtype) for sample in samples(data, terms, dtype, fixed, wanted))
    return Evidence(
        data=data,
        terms=terms,
        dtype=dtype,
        at=at,
        fixed=fixed,
        rtol=rtol,
        is_brief=wanted.is_brief,
        layouts=layouts,
    )


def judge(evidence: Evidence, name: str, rule: Rule | None, subject: Subject) -> Check:
    """Return what comes of one function.

    Args:
        evidence: Where to look.
        name: One of `KINDS`, or the name of a step.
        rule: Of a step, told apart from the objective.
        subject: Which offers the function.
    """
    kind = "step" if rule else name
    tally = Tally(kind, subject.label, evidence.dtype, rule.name if rule else "")
    compare = _Comparison(evidence, tally, subject)
    if rule:
        compare.steps(rule)
    else:
        _OF_KIND[name](compare)
    if subject.is_emitted and name == "value" and not evidence.is_brief:
        of_refusals(tally, subject, evidence.data, evidence.at[-1].sample, evidence.of_all, evidence.per_weight)
    if subject.is_emitted and name == "partial" and not evidence.is_brief:
        of_lengths(tally, subject, evidence.at, evidence.of_loss)
    return tally.check()


@dataclass(frozen=True, slots=True)
class _Comparison:
    evidence: Evidence
    tally: Tally
    subject: Subject

    def values(self) -> None:
        """Compare O(w)."""
        for exact, layout in self._calls():
            result = self._result("value", exact, layout)
            if result is not None:
                self._total(exact, layout, "", result, exact.value)

    def gradients(self) -> None:
        """Compare dO/dw."""
        for exact, layout in self._calls():
            result = self._result("gradient", exact, layout)
            if result is not None:
                self._numbers(exact, layout, "gradient", result, exact.gradient)

    def products(self) -> None:
        """Compare the product of the Hessian with a direction."""
        for exact, layout in self._calls():
            result = self._result("hessian_vector", exact, layout, v=exact.sample.v.copy())
            if result is not None:
                self._numbers(exact, layout, "hessian_vector", result, exact.hessian_vector)

    def partials(self) -> None:
        """Compare the sums over the samples."""
        for exact, layout in self._calls():
            result = self._result("partial", exact, layout)
            if result is None:
                continue
            if not (isinstance(result, tuple) and len(result) == 3):
                self._fail(exact, layout, "partial is no (loss, gradient, weight)")
                continue
            loss, gradient, weight = exact.partial or (None, None, None)
            self._total(exact, layout, "loss", result[0], loss)
            self._numbers(exact, layout, "gradient", result[1], gradient)
            self._total(exact, layout, "weight", result[2], weight)

    def bounds(self) -> None:
        """Require of the bound on the curvature of the loss that no direction of any data set exceeds it."""
        for exact, layout in self._calls():
            result = self._result("lipschitz", exact, layout, without=("w", "y"))
            if result is None:
                continue
            bound = one_number(result, "lipschitz")
            alone = Exact(exact.data, Terms(terms=()), exact.sample, exact.dtype)
            along = alone.hessian_vector
            direction = exact.sample.v.astype(np.float64)
            if along is None or any(x is None for x in along):
                self.tally.skip()
                continue
            curved = [float(x) for x in along if x is not None]
            least = float(np.linalg.norm(curved) / np.linalg.norm(direction)) if len(direction) else 0.0
            if isfinite(bound) and bound >= least * (1 - 1e-5):
                self.tally.agree()
            else:
                note = "no bound: the loss curves more along v"
                at = {"X": exact.sample.X.tolist(), "v": exact.sample.v.tolist(), **exact.sample.parameters}
                self.tally.disagree(Failure(at=at, expected=least, got=bound, note=note, rank=_rank(exact)))
        self.tally.worst = None

    def steps(self, rule: Rule) -> None:
        """Compare weights and states after each of two steps."""
        uses_state = bool(rule.states) or rule.uses_t
        for exact, layout in self._calls():
            own = rule_parameters(rule, self.evidence.fixed, exact.sample.number)
            try:
                state = None
                if uses_state:
                    state = self.subject.call(f"{rule.name}_state", {"w": exact.sample.w.copy()})
                for _ in range(_STEPS):
                    right = after_step(exact, rule, own, state)
                    given = {**self._arguments(exact, layout, self.evidence.of_all), **own}
                    given |= {"state": state} if uses_state else {}
                    call(self.subject, f"{rule.name}_step", given)
                    after = {**(state or {}), "w": given["w"]}
                    for name, balls in right.items():
                        self._numbers(exact, layout, name, _per_weight(after[name], exact.sample.w), balls)
                    if not np.all(np.isfinite(given["w"])):
                        break
                    exact = replace(exact, sample=replace(exact.sample, w=given["w"]))
            except CallFailed as failed:
                self._fail(exact, layout, str(failed))

    def _calls(self) -> Iterator[tuple[Exact, str]]:
        """Yield each data set with a layout, in a quick look in turn, else all of them for one data set in three."""
        turns = cycle(self.evidence.layouts)
        for k, exact in enumerate(self.evidence.at):
            count = len(self.evidence.layouts) if k % 3 == 0 and not self.evidence.is_brief else 2
            for layout in islice(turns, count):
                if len(self.tally.failures) >= self.evidence.enough:
                    return
                yield exact, layout

    def _result(self, name: str, exact: Exact, layout: str, without: Sequence[str] = (), **more: Any) -> Any:
        """Return what a function returns, None where it failed, which is recorded."""
        names = {"partial": self.evidence.of_loss, "lipschitz": self.evidence.of_data}.get(name, self.evidence.of_all)
        given = {**self._arguments(exact, layout, names), **more}
        try:
            return call(self.subject, name, {k: x for k, x in given.items() if k not in without})
        except CallFailed as failed:
            self._fail(exact, layout, str(failed))
            return None

    def _arguments(self, exact: Exact, layout: str, names: Sequence[str]) -> dict[str, Any]:
        return arguments_of(exact.sample, layout, names, self.evidence.per_weight)

    def _at(self, exact: Exact, layout: str) -> dict[str, Any]:
        """Return the point; of somebody's own function the layout is told where it is not the usual one."""
        is_told = self.subject.is_emitted or layout != self.evidence.layouts[0]
        return exact.sample.at | ({"layout": layout} if is_told else {})

    def _fail(self, exact: Exact, layout: str, note: str) -> None:
        self.tally.fail(Failure(at=self._at(exact, layout), note=note, rank=_rank(exact) + 1))

    def _numbers(self, exact: Exact, layout: str, name: str, result: Any, balls: Sequence[arb | None] | None) -> None:
        """Compare one number for each weight."""
        try:
            found = vector(self.subject, result, exact.sample, name)
        except CallFailed as failed:
            self._fail(exact, layout, str(failed))
            return
        for j, got in enumerate(found.tolist()):
            self._number(exact, layout, name, got, None if balls is None else balls[j], j)

    def _total(self, exact: Exact, layout: str, output: str, result: Any, ball: arb | None) -> None:
        """Compare what is one number for all weights."""
        try:
            got = one_number(result, output or "value")
        except CallFailed as failed:
            self._fail(exact, layout, str(failed))
            return
        self._number(exact, layout, output, got, ball)

    def _number(self, exact: Exact, layout: str, output: str, got: float, ball: arb | None, j: int = 0) -> None:
        """Compare one number with all that is right."""
        if ball is None or not ball.is_finite():
            self.tally.skip()
            return
        shape = FORMATS[self.evidence.dtype]
        found = measured(got, ball.lower(), ball.upper(), shape, (), self.evidence.rtol)
        named = f"{output}[{j}]" if self.tally.kind == "partial" and output == "gradient" else output
        at = {**self._at(exact, layout), "j": j, **({"output": named} if output else {})}
        expected = float(ball.mid())
        if found.finding is Finding.WRONG:
            self.tally.counts[Finding.WRONG] += 1
            ratio = _ratio(got, ball, found.ratio)
            rank = _rank(exact) + (_HARDLY if relative(got, expected) < _HARDLY else 0.0)
            self.tally.fail(Failure(at=at, expected=expected, got=got, ratio=ratio, rank=rank))
            return
        self.tally.counts[found.finding] += 1
        if found.finding is Finding.RIGHT:
            ulps = abs(got - expected) / ulp_at(abs(expected), shape)
            self.tally.note(Right(at=at, expected=expected, got=got, ratio=_ratio(got, ball, 0.0), ulps=ulps))


def _ratio(got: float, ball: arb, least: float) -> float:
    """Return an error as a multiple of the ball's radius, which is what is allowed."""
    radius = float(ball.rad())
    off = abs(got - float(ball.mid()))
    if not radius:
        return inf if least > 1 and relative(got, float(ball.mid())) else 0.0
    return off / radius


def _per_weight(result: Any, w: Vector) -> Any:
    """Return a number for each weight. One that is Python's has no format of its own, as states that are one number."""
    with np.errstate(over="ignore"):
        return np.full_like(w, result) if isinstance(result, float) else np.broadcast_to(result, w.shape)


def _rank(exact: Exact) -> float:
    """Return how instructive a data set is: small ones are more."""
    return len(exact.sample.X) * len(exact.sample.w) / 1000 + exact.sample.number / 1e5


_OF_KIND: dict[str, Callable[[_Comparison], None]] = {
    "value": _Comparison.values,
    "gradient": _Comparison.gradients,
    "hessian_vector": _Comparison.products,
    "partial": _Comparison.partials,
    "lipschitz": _Comparison.bounds,
}
