"""What a rule's step is compared at: the calls to make, and the exact results of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import sqrt
from typing import TypeAlias

import numpy as np
from flint import arb, ctx

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.groups import Group
from symreg.verification.cases.parameters import sampled_parameters, two_digits
from symreg.verification.cases.slope_cases import SlopeCase
from symreg.verification.cases.split import split
from symreg.verification.cases.stream import Stream
from symreg.verification.comparison.tolerance import WORKING_BITS, Reference, reference
from symreg.verification.minimum.minimiser import NoMinimum
from symreg.verification.minimum.operators import Operator, counted, operator
from symreg.verification.minimum.steps import Stepper, stepper
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.kinks import from_ordinal, ordinal
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import Slope, slopes

Parts: TypeAlias = tuple[Terms, Terms]


_TRAJECTORIES, _TRAJECTORY_STEPS = 4, 3


_STEPS_TAKEN = (1, 2, 3, 5, 10, 100, 1000, 100_000)


_NO_TERMS = Terms(terms=())


_THRESHOLD_EVERY = 3  # cases; a threshold takes a hundred steps to find


_THRESHOLD_AMONG = 150  # weights, of which three stand at a threshold: nothing is compared where rounding decides


_BESIDE = 10  # 2**10 u beside a jump rounding no longer decides


_GRADIENTS = sorted({0.0, *(sign * 2.0**exponent for exponent in range(-24, 25, 3) for sign in (-1, 1))})


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
    prox: Terms = _NO_TERMS
    points: tuple[arb, ...] = ()

    def beside(self, j: int) -> arb:
        """Return the sum of the squares of the other weights' points."""
        with ctx.workprec(WORKING_BITS):
            return sum((point * point for i, point in enumerate(self.points) if i != j), arb(0))


def step_cases(
    terms: Terms, rule: Rule, known: Sequence[SlopeCase], dtype: Dtype, fixed: Mapping[str, float]
) -> tuple[StepCase, ...]:
    """Return a case per vector whose penalty gradient can be squared without overflow.

    Args:
        known: The gradients of all terms; a rule with `prox` gets those of the smooth ones.
    """
    step = stepper(rule)
    parts = split(terms, rule) if rule.uses_prox else None
    total = sum(len(case.weights) for case in known)
    every = max(_THRESHOLD_EVERY, _THRESHOLD_AMONG * len(known) // max(total, 1))
    made: list[StepCase] = []
    for number, case in enumerate(known):
        usable = _usable(terms, case if parts is None else _of_part(parts[0], case, dtype), dtype)
        if usable is not None:
            made += _step_case(rule, step, usable, number, dtype, fixed, parts, number % every == 0)
    return tuple(made)


def _of_part(smooth: Terms, case: SlopeCase, dtype: Dtype) -> SlopeCase:
    """Return the case with the slopes of some of the terms."""
    weights = case.weights.tolist()
    by = slopes(smooth, case.group.parameters, case.group.arrays_for(len(weights)), floor=FORMATS[dtype].floor)
    return SlopeCase(group=case.group, weights=case.weights, exact=tuple(by(weights, j) for j in range(len(weights))))


def references_of_steps(made: Sequence[StepCase], rule: Rule) -> dict[str, Reference]:
    """Return the exact results of all cases, concatenated, per output."""
    outputs = ("w", *(state.name for state in rule.states))
    return {name: reference([x for case in made for x in case.exact[name]]) for name in outputs}


def step_point(case: StepCase, j: int) -> dict[str, Value]:
    """Return what the step of one weight is evaluated at."""
    found = case.slopes[j]
    penalty = arb.nan() if found is None else found.value
    return _point(case, j, penalty, _shared(case))


def point_of_operator(step: Stepper, point: Mapping[str, Value]) -> arb:
    """Return what a step takes the operator of at one weight; nan where it takes none."""
    seen = [arb.nan()]

    def noted(v: arb, s: arb) -> arb:
        seen.append(v)
        return v

    step({**point, "prox": noted})
    return seen[-1]


def _plain_case(known: SlopeCase, rule: Rule, dtype: Dtype, parts: Parts | None) -> StepCase:
    """Return the first step from the initial states with a zero loss gradient, at the rule's defaults."""
    parameters = {p.name: p.default for p in rule.parameters}
    weights = known.weights
    arrays = {s.name: np.full(len(weights), s.initial, dtype=dtype) for s in rule.states if s.is_array}
    scalars = {s.name: s.initial for s in rule.states if not s.is_array}
    smooth, prox = parts or (None, _NO_TERMS)
    return StepCase(
        group=known.group, weights=weights, slopes=known.exact, gradient=np.zeros_like(weights), parameters=parameters,
        arrays=arrays, scalars=scalars, taken=0, smooth=smooth, prox=prox,
    )  # fmt: skip


def _usable(terms: Terms, case: SlopeCase, dtype: Dtype) -> SlopeCase | None:
    """Return the case with only those weights (of an elementwise objective) for which a step is within range."""
    bound = sqrt(FORMATS[dtype].greatest) / 1024
    fits = [
        one is not None and one.value.is_finite() and bool(abs(one.value) < bound) and abs(float(w)) < bound * 512
        for one, w in zip(case.exact, case.weights, strict=True)
    ]
    if all(fits):
        return case
    if terms.indexed or not any(fits):
        return None
    kept = [k for k, fit in enumerate(fits) if fit]
    chosen = [kept[k % len(kept)] for k in range(len(fits))]
    return SlopeCase(group=case.group, weights=case.weights[chosen], exact=tuple(case.exact[k] for k in chosen))


def _step_case(
    rule: Rule,
    step: Stepper,
    known: SlopeCase,
    number: int,
    dtype: Dtype,
    fixed: Mapping[str, float],
    parts: Parts | None,
    has_threshold: bool,
) -> Iterator[StepCase]:
    """Yield the case, without weights for which the operator has no minimum; not at all if all have the same step."""
    if known.group.is_human:
        case = _plain_case(known, rule, dtype, parts)
        if "lr" in case.parameters:
            case.parameters["lr"] = 0.1
        case.parameters.update({name: fixed[name] for name in case.parameters if name in fixed})
    else:
        case = _drawn_case(rule, step, known, number, dtype, fixed, parts)
        if case.prox.elementwise and has_threshold:
            case = _at_threshold(case, step, dtype)
    if case.prox.indexed:
        points = tuple(point_of_operator(step, step_point(case, j)) for j in range(len(case.weights)))
        case = replace(case, points=points)
    shared = _shared(case)
    results = []
    for j, one in enumerate(case.slopes):
        results.append(None if one is None else step(_point(case, j, one.value, shared)))
    found = [j for j, r in enumerate(results) if r is not None or _has_minimum(step, step_point(case, j), rule)]
    if len(found) < len(results):
        if not found or not any(call.is_step_per_weight for call in rule.prox_calls):
            return
        case, results = _part(case, found), [results[j] for j in found]
    outputs = ("w", *(state.name for state in rule.states))
    case.exact.update({name: tuple(None if r is None else r[name] for r in results) for name in outputs})
    yield case


def _has_minimum(step: Stepper, point: Mapping[str, Value], rule: Rule) -> bool:
    """Has the cost of each operator that a step takes at one weight a minimum, as far as one knows?"""
    if not rule.uses_prox:
        return True
    take: Operator = point["prox"]
    is_missing = False

    def noted(v: arb, s: arb) -> arb:
        nonlocal is_missing
        try:
            return take(v, s)
        except NoMinimum:
            is_missing = True
            raise

    step({**point, "prox": noted})
    return not is_missing


def _part(case: StepCase, kept: Sequence[int]) -> StepCase:
    """Return the case with some of its weights, in any order."""
    places = np.array(kept)
    return replace(
        case,
        weights=case.weights[places],
        slopes=tuple(case.slopes[k] for k in kept),
        gradient=case.gradient[places],
        arrays={name: column[places] for name, column in case.arrays.items()},
    )


def _drawn_case(
    rule: Rule,
    step: Stepper,
    known: SlopeCase,
    number: int,
    dtype: Dtype,
    fixed: Mapping[str, float],
    parts: Parts | None,
) -> StepCase:
    smooth, prox = parts or (None, _NO_TERMS)
    stream = Stream("step", rule.name, dtype, number)
    parameters = sampled_parameters(rule.parameters, stream, number - 1, fixed)
    if known.group.is_plain:
        free = {p.name: p.domain for p in rule.parameters if p.name not in fixed}
        parameters |= {name: x for name, end in free.items() if (x := two_digits(parameters[name])) in end}
    is_first = number % 4 == 1
    constants: dict[str, Value] = {name: ball(x) for name, x in parameters.items()}
    if parts is not None:
        constants["prox"] = operator(counted(prox, len(known.weights)), known.group.parameters)
    snapshots = [] if is_first else _trajectory(rule, step, constants, stream, min(len(known.weights), _TRAJECTORIES))
    # Without a state that holds it, the number of steps taken has no bearing.
    taken = _STEPS_TAKEN[stream.integer(0, len(_STEPS_TAKEN) - 1)] if snapshots and rule.uses_t else 0
    count = len(known.weights)
    drawn = [stream.integer(0, len(snapshots) - 1) if snapshots else 0 for _ in range(count)]
    arrays, scalars = {}, {}
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
    # Nothing has moved yet, and nothing moves a weight at 0: what a rule divides by then is 0.
    still = [is_first and w == 0 for w in known.weights.tolist()]
    drawn_gradients = [_loss_gradient(one, stream, dtype) for one in known.exact]
    if known.group.is_plain:
        drawn_gradients = [two_digits(stream.sign() * stream.log_uniform(-4, 4)) for _ in known.exact]
        arrays = {name: np.array([*map(two_digits, column.tolist())], dtype=dtype) for name, column in arrays.items()}
        scalars = {name: two_digits(x) for name, x in scalars.items()}
    gradient = np.array([0.0 if s else g for s, g in zip(still, drawn_gradients, strict=True)], dtype=dtype)
    return StepCase(
        group=known.group, weights=known.weights, slopes=known.exact, gradient=gradient, parameters=parameters,
        arrays=arrays, scalars=scalars, taken=taken, smooth=smooth, prox=prox,
    )  # fmt: skip


def _at_threshold(case: StepCase, step: Stepper, dtype: Dtype) -> StepCase:
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
            there = from_ordinal(a)
            apart = 2.0 ** (FORMATS[dtype].unit + _BESIDE)
            around = [there, there * (1 + apart), there * (1 - apart)]
            beside = _part(case, [chosen, chosen, chosen, *range(3, len(case.weights))])
            return replace(beside, gradient=np.array([*around, *case.gradient[3:]], dtype=dtype))
    return case


def _trajectory(
    rule: Rule, step: Stepper, constants: Mapping[str, Value], stream: Stream, count: int
) -> list[dict[str, float]]:
    """Return states that a few steps from the initial ones lead to: second moments are not negative, and the like."""
    found = []
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
            found.append({name: float(x) for name, x in states.items()})
    return found


def _loss_gradient(penalty: Slope | None, stream: Stream, dtype: Dtype) -> float:
    """Return 0, something as large as the penalty's gradient, something moderate or, at times, something extreme."""
    shape = FORMATS[dtype]
    kind = stream.integer(0, 9)
    size = 0.0 if penalty is None else abs(float(penalty.value))
    if kind == 0:
        return 0.0
    if kind <= 4 and size > 0.0:
        return stream.sign() * size * stream.log_uniform(-4, 4)
    if kind == 9:
        reach = shape.greatest_exponent // 2
        return stream.sign() * stream.log_uniform(-reach, reach)
    return stream.sign() * stream.log_uniform(-20, 10)


def _shared(case: StepCase) -> dict[str, Value]:
    shared: dict[str, Value] = {name: ball(x) for name, x in (case.parameters | case.scalars).items()}
    shared["t"] = arb(case.taken + 1)
    return shared


def _point(case: StepCase, j: int, penalty: arb, shared: Mapping[str, Value]) -> dict[str, Value]:
    point = {**shared, "w": arb(float(case.weights[j])), "g_loss": arb(float(case.gradient[j])), "g_penalty": penalty}
    for name, column in case.arrays.items():
        point[name] = arb(float(column[j]))
    if case.smooth is not None:
        point["prox"] = operator(counted(case.prox, len(case.weights)), case.group.parameters, case.beside(j))
    return point
