"""What a rule's step is compared at: the calls to make, and the exact results of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import sqrt

from flint import arb

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.cases.slope_cases import SlopeCase
from symreg.verification.cases.split import split
from symreg.verification.cases.step_case import (
    StepCase,
    part_of,
    point_of_operator,
    point_of_weight,
    shared_values,
    step_point,
)
from symreg.verification.cases.step_inputs import Parts, at_threshold, drawn_step, plain_step
from symreg.verification.comparison.tolerance import Reference, reference
from symreg.verification.minimum.minimiser import NoMinimum
from symreg.verification.minimum.operators import Operator
from symreg.verification.minimum.steps import Stepper, stepper
from symreg.verification.oracle.formats import FORMATS, Dtype
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import slopes

_THRESHOLD_EVERY = 3  # cases; a threshold takes a hundred steps to find
_THRESHOLD_AMONG = 150  # weights, of which three stand at a threshold: nothing is compared where rounding decides


def step_cases(
    terms: Terms,
    rule: Rule,
    known: Sequence[SlopeCase],
    dtype: Dtype,
    fixed: Mapping[str, float],
    sizes: Sizes | None = None,
) -> tuple[StepCase, ...]:
    """Return a case per vector whose penalty gradient can be squared without overflow.

    Args:
        known: The gradients of all terms; a rule with `prox` gets those of the smooth ones.
        sizes: Of the weights, which bound the loss's gradients too; all that accuracy is promised for unless given.
    """
    step = stepper(rule)
    reach = FORMATS[dtype].greatest_exponent // 2 if sizes is None else sizes.reach(FORMATS[dtype])
    parts = split(terms, rule) if rule.uses_prox else None
    total = sum(len(case.weights) for case in known)
    every = max(_THRESHOLD_EVERY, _THRESHOLD_AMONG * len(known) // max(total, 1))
    cases: list[StepCase] = []
    for number, case in enumerate(known):
        usable = _usable(terms, case if parts is None else _of_part(parts[0], case, dtype), dtype)
        if usable is not None:
            cases += _step_case(rule, step, usable, number, dtype, fixed, parts, number % every == 0, reach)
    return tuple(cases)


def references_of_steps(cases: Sequence[StepCase], rule: Rule) -> dict[str, Reference]:
    """Return the exact results of all cases, concatenated, per output."""
    outputs = ("w", *(state.name for state in rule.states))
    return {name: reference([x for case in cases for x in case.exact[name]]) for name in outputs}


def _of_part(smooth: Terms, case: SlopeCase, dtype: Dtype) -> SlopeCase:
    """Return the case with the slopes of some of the terms."""
    weights = case.weights.tolist()
    slope_at = slopes(smooth, case.group.parameters, case.group.arrays_for(len(weights)), floor=FORMATS[dtype].floor)
    return SlopeCase(
        group=case.group, weights=case.weights, exact=tuple(slope_at(weights, j) for j in range(len(weights)))
    )


def _usable(terms: Terms, case: SlopeCase, dtype: Dtype) -> SlopeCase | None:
    """Return the case with only those weights (of an elementwise objective) for which a step is within range."""
    bound = sqrt(FORMATS[dtype].greatest) / 1024
    fits = [
        slope is not None and slope.value.is_finite() and bool(abs(slope.value) < bound) and abs(float(w)) < bound * 512
        for slope, w in zip(case.exact, case.weights, strict=True)
    ]
    if all(fits):
        return case
    if terms.couple_weights or not any(fits):
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
    reach: int,
) -> Iterator[StepCase]:
    """Yield the case, without weights for which the operator has no minimum; not at all if all have the same step."""
    if known.group.is_human:
        case = plain_step(known, rule, dtype, parts)
        if "lr" in case.parameters:
            case.parameters["lr"] = 0.1
        case.parameters.update({name: fixed[name] for name in case.parameters if name in fixed})
    else:
        case = drawn_step(rule, step, known, number, dtype, fixed, parts, reach)
        if case.prox.elementwise and has_threshold:
            case = at_threshold(case, step, dtype)
    if case.prox.couple_weights:
        points = tuple(point_of_operator(step, step_point(case, j)) for j in range(len(case.weights)))
        case = replace(case, points=points)
    shared = shared_values(case)
    results = []
    for j, slope in enumerate(case.slopes):
        results.append(None if slope is None else step(point_of_weight(case, j, slope.value, shared)))
    usable = [j for j, r in enumerate(results) if r is not None or _has_minimum(step, step_point(case, j), rule)]
    if len(usable) < len(results):
        if not usable or not any(call.is_step_per_weight for call in rule.prox_calls):
            return
        case, results = part_of(case, usable), [results[j] for j in usable]
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
