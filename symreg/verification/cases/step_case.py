"""One call of a rule's step, and what the step of each of its weights is evaluated at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.cases.prox_differences import differences_in, operator_of_differences
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.comparison.tolerance import WORKING_BITS
from symreg.verification.minimum.operators import Operator, counted, operator, operator_in_group
from symreg.verification.minimum.steps import Stepper
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.derivatives import Exact, Slope
from symreg.verification.oracle.formats import Vector
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import spans_of

NO_TERMS = Terms(terms=())


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCase:
    """One call of a rule's step.

    Args:
        slopes: The penalty's gradient at the weights; of its smooth terms for a rule with `prox`.
        gradient: The loss's gradient, `g`.
        parameters: The rule's.
        arrays: Array states before the step, by name.
        scalars: Scalar states before the step, by name.
        taken: Steps taken before this one.
        exact: Per output (`w`, each state) the exact value for each weight.
        smooth: The terms that the slopes are of, for a rule with `prox`; else None for all of them.
        prox: The terms that the rule takes the proximal operator of.
        points: Of terms in index notation, what the operator is taken of: one number for each weight.
    """

    group: Group
    weights: Vector
    slopes: tuple[Slope | None, ...]
    gradient: Vector
    parameters: dict[str, float]
    arrays: dict[str, Vector]
    scalars: dict[str, float]
    taken: int
    exact: dict[str, tuple[arb | None, ...]] = field(default_factory=dict)
    smooth: Terms | None = None
    prox: Terms = NO_TERMS
    points: tuple[arb, ...] = ()

    def others(self, j: int) -> list[int]:
        """Return the other weights that the operator takes together with one: all, or those of its group."""
        if not self.prox.grouped:
            return [i for i in range(len(self.weights)) if i != j]
        first, last, _ = self._span(j)
        return [i for i in range(first, last) if i != j]

    def beside(self, j: int) -> arb:
        """Return the sum of the squares of the other weights' points."""
        with ctx.workprec(WORKING_BITS):
            return sum((self.points[i] ** 2 for i in self.others(j) if self.points), arb(0))

    def operator_at(self, j: int, parameters: Mapping[str, Exact], beside: arb) -> Operator:
        """Return the operator at one weight.

        Args:
            j: The weight.
            parameters: Of the penalty.
            beside: The sum of the squares of the other weights' points.
        """
        prox = counted(self.prox, len(self.weights))
        if not prox.grouped and not differences_in(prox):
            return operator(prox, parameters, beside)
        with ctx.workprec(WORKING_BITS):
            before = self.beside(j)
            scale = arb(1) if before.is_zero() else (beside / before).sqrt()
            others = [self.points[i] * scale for i in self.others(j) if self.points]
        if not prox.grouped:
            return operator_of_differences(prox, parameters, others, j) if self.points else lambda v, s: v
        return operator_in_group(prox, parameters, others, self._span(j)[2])

    def _span(self, j: int) -> tuple[int, int, arb]:
        with ctx.workprec(WORKING_BITS):
            spans = spans_of(self.prox, self.group.arrays_for(len(self.weights)))
        return next(span for span in spans if span[0] <= j < span[1])


def step_point(case: StepCase, j: int) -> dict[str, Value]:
    """Return what the step of one weight is evaluated at."""
    slope = case.slopes[j]
    penalty = arb.nan() if slope is None else slope.value
    return point_of_weight(case, j, penalty, shared_values(case))


def point_of_operator(step: Stepper, point: Mapping[str, Value]) -> arb:
    """Return what a step takes the operator of at one weight; nan where it takes none."""
    seen = [arb.nan()]

    def noted(v: arb, s: arb) -> arb:
        seen.append(v)
        return v

    step({**point, "prox": noted})
    return seen[-1]


def part_of(case: StepCase, kept: Sequence[int]) -> StepCase:
    """Return the case with some of its weights, in any order."""
    places = np.array(kept)
    return replace(
        case,
        weights=case.weights[places],
        slopes=tuple(case.slopes[k] for k in kept),
        gradient=case.gradient[places],
        arrays={name: column[places] for name, column in case.arrays.items()},
    )


def shared_values(case: StepCase) -> dict[str, Value]:
    shared: dict[str, Value] = {name: ball(x) for name, x in (case.parameters | case.scalars).items()}
    shared["t"] = arb(case.taken + 1)
    return shared


def point_of_weight(case: StepCase, j: int, penalty: arb, shared: Mapping[str, Value]) -> dict[str, Value]:
    point = {**shared, "w": arb(float(case.weights[j])), "g_loss": arb(float(case.gradient[j])), "g_penalty": penalty}
    for name, column in case.arrays.items():
        point[name] = arb(float(column[j]))
    if case.smooth is not None:
        point["prox"] = case.operator_at(j, case.group.parameters, case.beside(j))
    return point
