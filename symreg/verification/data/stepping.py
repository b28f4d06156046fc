"""A rule's step on an objective with data: what each weight and state is after it, from the gradient of the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.prox_differences import differences_in, operator_of_differences
from symreg.verification.cases.split import split
from symreg.verification.cases.step_case import point_of_operator
from symreg.verification.data.exact import BITS, Exact
from symreg.verification.data.jets import widened
from symreg.verification.data.samples import Sample
from symreg.verification.minimum.minimiser import MinimiserUnknown
from symreg.verification.minimum.operators import Operator, counted, operator, operator_in_group
from symreg.verification.minimum.steps import stepper
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import spans_of

_SETTINGS = {"lr": 0.125}


def rule_parameters(rule: Rule, fixed: Mapping[str, float], number: int) -> dict[str, float]:
    """Return the parameters of a rule: its defaults, the learning rate of another size in every data set."""
    chosen = {p.name: p.default for p in rule.parameters}
    if "lr" in chosen:
        chosen["lr"] = _SETTINGS["lr"] * 2.0 ** -(number % 5)
    return chosen | {name: fixed[name] for name in chosen if name in fixed}


def after_step(
    exact: Exact, rule: Rule, own: Mapping[str, float], state: Mapping[str, Any] | None
) -> dict[str, list[arb | None]]:
    """Return each weight and each state after a step, a ball over all that is right; None where nothing is certain.

    Args:
        exact: The objective at the weights before the step.
        rule: Told apart from the objective.
        own: The rule's parameters.
        state: Before the step, as the function under test keeps it.
    """
    unit, sample = FORMATS[exact.dtype].unit, exact.sample
    smooth, taken = split(exact.terms, rule) if rule.uses_prox else (exact.terms, Terms(terms=()))
    part = Exact(exact.data, smooth, sample, exact.dtype)
    losses, slopes = exact.loss_gradient, part.penalty_slopes
    step, n = stepper(rule), len(sample.w)
    reach = sqrt(FORMATS[exact.dtype].greatest) / 1024
    found: dict[str, list[arb | None]] = {name: [] for name in ("w", *(s.name for s in rule.states))}
    with ctx.workprec(BITS):
        shared: dict[str, Value] = {name: widened(arb(x), unit) for name, x in own.items()}
        if rule.uses_t and state is not None:
            shared["t"] = arb(int(state["t"]) + 1)
        starts = [_start(rule, shared, exact, state, j) for j in range(n)]
        usable = [losses is not None and abs(losses[j]) < reach and slopes[j] is not None for j in range(n)]
        if losses is not None:
            for start, loss, slope in zip(starts, losses, slopes, strict=True):
                start |= {"g_loss": loss, "g_penalty": arb.nan() if slope is None else slope}
        if rule.uses_prox and losses is not None:
            operators = _operators(counted(taken, n), sample, [point_of_operator(step, start) for start in starts])
            starts = [{**start, "prox": own} for start, own in zip(starts, operators, strict=True)]
        for start, is_usable in zip(starts, usable, strict=True):
            after = step(start) if is_usable else None
            for name, results in found.items():
                results.append(None if after is None else after[name])
    return found


def _start(
    rule: Rule, shared: Mapping[str, Value], exact: Exact, state: Mapping[str, Any] | None, j: int
) -> dict[str, Value]:
    """Return a weight with its states and the parameters, each with room for rounding, before a step."""
    w, unit = exact.sample.w, FORMATS[exact.dtype].unit
    start = {**shared, "w": widened(arb(float(w[j])), unit)}
    for one in rule.states:
        assert state is not None
        start[one.name] = widened(arb(float(np.broadcast_to(state[one.name], w.shape)[j])), unit)
    return start


def _operators(taken: Terms, sample: Sample, points: Sequence[arb]) -> list[Operator]:
    """Return the operator at each weight, with what it takes together with it from the others' points.

    Args:
        taken: The terms that it is of, in which the number of weights is a number.
        sample: With the parameters, and which weights are a group.
        points: What the operator is taken of at each weight.
    """
    if not taken.couple_weights:
        known = operator(taken, sample.parameters_of(0)) if points and not sample.elements else None
        return [known or operator(taken, sample.parameters_of(j)) for j in range(len(points))]
    if sample.elements:
        return [_unknown] * len(points)
    if taken.grouped:
        spans = [(span, points[span[0] : span[1]]) for span in spans_of(taken, sample.arrays)]
        return [
            operator_in_group(taken, sample.parameters, [*own[:k], *own[k + 1 :]], weight)
            for (_, _, weight), own in spans
            for k in range(len(own))
        ]
    others = [[*points[:j], *points[j + 1 :]] for j in range(len(points))]
    if differences_in(taken):
        return [_of_differences(taken, sample, beside, j) for j, beside in enumerate(others)]
    return [operator(taken, sample.parameters, sum((x**2 for x in beside), arb(0))) for beside in others]


def _unknown(v: arb, s: arb) -> arb:
    """Take the operator of what couples weights that have elements of their own."""
    raise MinimiserUnknown


def _of_differences(taken: Terms, sample: Sample, others: Sequence[arb], j: int) -> Operator:
    """Return the operator of absolute differences at one weight, with room for what is not known of the points.

    The operator of a convex function moves no farther than its point, and where the step is off by a part, by no more
    than that part of the way between both.
    """
    exact = operator_of_differences(taken, sample.parameters, others, j)

    def prox(v: arb, s: arb) -> arb:
        point = [*others[:j], v, *others[j:]]
        found = exact(v, s)
        off = sum((x.rad() ** 2 for x in point), arb(0)).sqrt()
        far = sum((abs(x) for x in point), arb(0)) + abs(found)
        return found + arb(0, 1) * (off + 2 * far * s.rad() / s).abs_upper()

    return prox
