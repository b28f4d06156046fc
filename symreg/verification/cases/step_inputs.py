"""What a step is taken with: gradients of the loss, states, counts and parameters of the rule.

States are ones that a few steps lead to, so that second moments are not negative, and the like; in the human-sized
group the first step is taken with a zero loss gradient at the rule's defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from flint import arb

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.sampling.parameters import sampled_parameters, two_digits
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.cases.slope_cases import SlopeCase
from symreg.verification.cases.step_case import NO_TERMS, StepCase, part_of, step_point
from symreg.verification.minimum.operators import Operator, counted, operator
from symreg.verification.minimum.steps import Stepper
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.derivatives import Slope
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.kinks import from_ordinal, ordinal
from symreg.verification.oracle.series import Value

Parts: TypeAlias = tuple[Terms, Terms]
"""The terms whose gradient a rule uses, and those whose proximal operator it takes."""

_TRAJECTORIES, _TRAJECTORY_STEPS = 4, 3
_STEPS_TAKEN = (1, 2, 3, 5, 10, 100, 1000, 100_000)
_BESIDE = 10  # 2**10 u beside a jump rounding no longer decides
_GRADIENTS = sorted({0.0, *(sign * 2.0**exponent for exponent in range(-24, 25, 3) for sign in (-1, 1))})


def plain_step(known: SlopeCase, rule: Rule, dtype: Dtype, parts: Parts | None) -> StepCase:
    """Return the first step from the initial states with a zero loss gradient, at the rule's defaults."""
    parameters = {p.name: p.default for p in rule.parameters}
    arrays = {s.name: np.full(len(known.weights), s.initial, dtype=dtype) for s in rule.states if s.is_array}
    scalars = {s.name: s.initial for s in rule.states if not s.is_array}
    return _step(known, parts, np.zeros_like(known.weights), parameters, arrays, scalars, taken=0)


def drawn_step(
    rule: Rule,
    step: Stepper,
    known: SlopeCase,
    number: int,
    dtype: Dtype,
    fixed: Mapping[str, float],
    parts: Parts | None,
    reach: int,
) -> StepCase:
    """Return a step with drawn gradients, from the initial states or from others that steps lead to.

    Args:
        rule: The rule.
        step: Takes a step of it.
        known: Weights with the penalty's gradient at them.
        number: Of the case: it names the random numbers.
        dtype: The format.
        fixed: Parameters that are not sampled.
        parts: For a rule with `prox`, which terms it takes it of.
        reach: The binary exponent of an extreme gradient of the loss.
    """
    stream = Stream("step", rule.name, dtype, number)
    parameters = sampled_parameters(rule.parameters, stream, number - 1, fixed)
    if known.group.is_plain:
        free = {p.name: p.domain for p in rule.parameters if p.name not in fixed}
        parameters |= {name: x for name, end in free.items() if (x := two_digits(parameters[name])) in end}
    is_first = number % 4 == 1
    constants: dict[str, Value] = {name: ball(x) for name, x in parameters.items()}
    if parts is not None:
        constants["prox"] = operator(counted(parts[1], len(known.weights)), known.group.parameters)
    snapshots = [] if is_first else _trajectory(rule, step, constants, stream, min(len(known.weights), _TRAJECTORIES))
    # Without a state that holds it, the number of steps taken has no bearing.
    taken = _STEPS_TAKEN[stream.integer(0, len(_STEPS_TAKEN) - 1)] if snapshots and rule.uses_t else 0
    arrays, scalars = _states(rule, snapshots, stream, len(known.weights), dtype)
    # Nothing has moved yet, and nothing moves a weight at 0: what a rule divides by then is 0.
    still = [is_first and w == 0 for w in known.weights.tolist()]
    drawn = [_loss_gradient(slope, stream, reach) for slope in known.exact]
    if known.group.is_plain:
        drawn = [two_digits(stream.sign() * stream.log_uniform(-4, 4)) for _ in known.exact]
        arrays = {name: np.array([*map(two_digits, column.tolist())], dtype=dtype) for name, column in arrays.items()}
        scalars = {name: two_digits(x) for name, x in scalars.items()}
    gradient = np.array([0.0 if s else g for s, g in zip(still, drawn, strict=True)], dtype=dtype)
    return _step(known, parts, gradient, parameters, arrays, scalars, taken)


def _step(
    known: SlopeCase,
    parts: Parts | None,
    gradient: Vector,
    parameters: dict[str, float],
    arrays: dict[str, Vector],
    scalars: dict[str, float],
    taken: int,
) -> StepCase:
    smooth, prox = parts or (None, NO_TERMS)
    return StepCase(
        group=known.group,
        weights=known.weights,
        slopes=known.exact,
        gradient=gradient,
        parameters=parameters,
        arrays=arrays,
        scalars=scalars,
        taken=taken,
        smooth=smooth,
        prox=prox,
    )


def _states(
    rule: Rule, snapshots: list[dict[str, float]], stream: Stream, count: int, dtype: Dtype
) -> tuple[dict[str, Vector], dict[str, float]]:
    """Return a rule's array states for so many weights, and its scalar ones: from snapshots, or else the initial."""
    drawn = [stream.integer(0, len(snapshots) - 1) if snapshots else 0 for _ in range(count)]
    arrays: dict[str, Vector] = {}
    scalars: dict[str, float] = {}
    for state in rule.states:
        if not snapshots:
            column = [state.initial] * count
        elif state.is_array:
            column = [snapshots[k][state.name] * stream.log_uniform(-5, 5) for k in drawn]
        else:
            column = [snapshots[drawn[0] if drawn else 0][state.name]]
        if state.is_array:
            arrays[state.name] = np.array(column, dtype=dtype)
        else:
            scalars[state.name] = float(column[0]) if column else state.initial
    return arrays, scalars


def at_threshold(case: StepCase, step: Stepper, dtype: Dtype) -> StepCase:
    """Return the case with three of its weights where the operator leaves zero: at, just before and just after it.

    The three are one weight with gradients close together, between which the operator's result changes from zero to
    another number, gradually or by a jump: the first where rounding decides, the others where it no longer does. Where
    no such gradient is found the case stays as it is.
    """
    chosen = next((k for k, w in enumerate(case.weights.tolist()) if w and case.slopes[k] is not None), None)
    if len(case.weights) < 3 or chosen is None:
        return case
    point = step_point(case, chosen)
    take: Operator = point["prox"]
    zeros: list[bool] = []

    def noted(v: arb, s: arb) -> arb:
        found = take(v, s)
        zeros.append(found.is_zero())
        return found

    def is_zero(gradient: float) -> bool | None:
        zeros.clear()
        return zeros[-1] if step({**point, "prox": noted, "g_loss": arb(gradient)}) is not None else None

    rows = [(gradient, is_zero(gradient)) for gradient in _GRADIENTS]
    for (low, before), (high, after) in pairwise(rows):
        if None not in (before, after) and before != after:
            a, b = ordinal(low), ordinal(high)
            while b - a > 1:
                middle = (a + b) // 2
                a, b = (middle, b) if is_zero(from_ordinal(middle)) == before else (a, middle)
            threshold = from_ordinal(a)
            apart = 2.0 ** (FORMATS[dtype].unit + _BESIDE)
            around = [threshold, threshold * (1 + apart), threshold * (1 - apart)]
            beside = part_of(case, [chosen, chosen, chosen, *range(3, len(case.weights))])
            return replace(beside, gradient=np.array([*around, *case.gradient[3:]], dtype=dtype))
    return case


def _trajectory(
    rule: Rule, step: Stepper, constants: Mapping[str, Value], stream: Stream, count: int
) -> list[dict[str, float]]:
    """Return states that a few steps from the initial ones lead to: second moments are not negative, and the like."""
    snapshots = []
    for _ in range(count):
        states = {state.name: arb(state.initial) for state in rule.states}
        weight = arb(stream.sign() * stream.log_uniform(-4, 4))
        for t in range(1, _TRAJECTORY_STEPS + 1):
            drawn = {"g_loss": arb(stream.sign() * stream.log_uniform(-8, 8)), "g_penalty": arb(0)}
            after = step({**constants, **states, **drawn, "w": weight, "t": arb(t)})
            if after is None:
                break
            weight = after["w"]
            states = {state.name: after[state.name] for state in rule.states}
            snapshots.append({name: float(x) for name, x in states.items()})
    return snapshots


def _loss_gradient(penalty: Slope | None, stream: Stream, reach: int) -> float:
    """Return 0, something as large as the penalty's gradient, something moderate or, at times, something extreme."""
    kind = stream.integer(0, 9)
    size = 0.0 if penalty is None else abs(float(penalty.value))
    if kind == 0:
        return 0.0
    if kind <= 4 and size > 0.0:
        return stream.sign() * size * stream.log_uniform(-4, 4)
    if kind == 9:
        return stream.sign() * stream.log_uniform(-reach, reach)
    return stream.sign() * stream.log_uniform(-20, 10)
