"""How a function has to behave besides being accurate: empty input, NaN, outside the domain, extremes, long arrays.

Takes a subject and what is known of the terms; hands failures to the check's tally.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import inf, isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import Harness
from symreg.verification.behaviour.lengths import BLOCK_EDGES, long_group, moderate_weights, resized, tiled
from symreg.verification.behaviour.long_exact import check_long_slopes, check_long_values
from symreg.verification.behaviour.long_repeats import same_everywhere
from symreg.verification.cases.calling import Subject, call_gradient, call_step, call_value
from symreg.verification.cases.dependence import dependent_slopes, span, value_depends
from symreg.verification.cases.finding import Shares, find_slope, find_step, shares_of_slope
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.weights import outside, probes
from symreg.verification.cases.slope_cases import SlopeCase
from symreg.verification.cases.split import split
from symreg.verification.cases.step_case import StepCase
from symreg.verification.comparison.tally import Tally
from symreg.verification.comparison.tolerance import Measured
from symreg.verification.minimum.steps import influences, stepper
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.slopes import slopes, values

_SEVERAL, _NAN_AT = 7, 3  # weights in a vector that holds a NaN, and its place there
_OUTSIDE = "outside the domain NaN is right"


def of_value(
    tally: Tally,
    subject: Subject,
    terms: Terms,
    sample: Sequence[Group],
    greatest: float = inf,
    *,
    is_brief: bool = False,
) -> None:
    """Look at `value` for n = 0, NaN, weights outside the domain and beyond the promised range, and long vectors.

    Args:
        tally: Where failures go.
        subject: The functions under test.
        terms: What they are the value of.
        sample: Groups of points, the first of which is used.
        greatest: The size of weights past which the terms determine nothing, so that NaN is as good as a number.
        is_brief: Are long vectors left out?
    """
    group = sample[0]
    harness = Harness(tally, subject, group.parameters)

    def ask(weights: Vector) -> float | None:
        given = partial(long_group, terms, group, len(weights), subject.dtype)
        here = harness.elsewhere({"n": len(weights)} | group.parameters)
        got: float | None = here.result_of(lambda: call_value(subject, given(), weights))
        return got

    empty = ask(np.zeros(0, dtype=subject.dtype))
    if empty is not None and empty != 0.0:
        harness.elsewhere({"n": 0} | group.parameters).fail(expected=0.0, got=empty)
    weights, group_of_weights = _several(terms, group, subject.dtype)
    listed = weights.tolist()
    for place in [k for k in _places(weights) if value_depends(terms, group_of_weights, listed, k)][:1]:
        got = ask(_with_nan(weights, place))
        if got is not None and not isnan(got):
            _lost_nan(harness, _with_nan(weights, place), group, got)
    for weight in outside(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and got != inf:
            here = harness.elsewhere({"w": weight} | group.parameters)
            here.fail("the weight is outside the domain", expected=inf, got=got)
    if is_brief:
        return
    height = values(terms, group.parameters, group.arrays_for(1))
    for weight in probes(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and isnan(got) and abs(weight) < greatest and height([weight]) is not None:
            _spurious_nan(harness, weight, group)
    check_long_values(harness, terms, sample)


def of_gradient(
    tally: Tally,
    subject: Subject,
    terms: Terms,
    sample: Sequence[Group],
    cases: Sequence[SlopeCase],
    greatest: float = inf,
    *,
    is_brief: bool = False,
) -> None:
    """Look at `gradient` as `of_value` looks at the value."""
    group = sample[0]
    harness = Harness(tally, subject, group.parameters)

    def ask(weights: Vector, given: Group = group) -> NDArray[Any] | None:
        here = harness.elsewhere({"n": len(weights)} | given.parameters)
        arrays = partial(long_group, terms, given, len(weights), subject.dtype)
        got: NDArray[Any] | None = here.result_of(lambda: call_gradient(subject, arrays(), weights))
        return got

    ask(np.zeros(0, dtype=subject.dtype))
    _nan_in_gradient(harness, terms, group, ask)
    for weight in outside(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and not isnan(got[0]):
            harness.elsewhere({"w": weight} | group.parameters).fail(_OUTSIDE, got=float(got[0]))
    if is_brief:
        return
    slope = slopes(terms, group.parameters, group.arrays_for(1))
    for weight in probes(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and isnan(got[0]) and abs(weight) < greatest and slope([weight], 0) is not None:
            _spurious_nan(harness, weight, group)
    if terms.couple_weights:
        check_long_slopes(harness, terms, sample)
        return
    for case in cases[1:3]:
        for length in BLOCK_EDGES:
            got = ask(tiled(case.weights, length), case.group)
            if got is not None:
                short = call_gradient(subject, case.group, case.weights)
                exact = [None if one is None else one.value for one in case.exact]

                def find(j: int, got: float, case: SlopeCase = case) -> Measured:
                    shape = FORMATS[subject.dtype]
                    return find_slope(case, j, got, shape, 0.0, shares_of_slope(terms, case, j, shape))

                same_everywhere(harness, got, short, exact, case, "gradient", find)


def of_step(
    tally: Tally, subject: Subject, terms: Terms, rule: Rule, cases: Sequence[StepCase], *, is_brief: bool = False
) -> None:
    """Look at a step for n = 0, NaN in each input, weights outside the domain, and long vectors."""
    if not cases:
        return
    first = cases[min(1, len(cases) - 1)]
    harness = Harness(tally, subject, first.group.parameters)

    def ask(case: StepCase) -> dict[str, Any] | None:
        here = harness.elsewhere({"n": len(case.weights)} | case.parameters | case.group.parameters)
        after: dict[str, Any] | None = here.result_of(lambda: call_step(subject, rule, case))
        return after

    ask(resized(first, 0))
    _nan_in_step(harness, terms, rule, first, ask)
    single = resized(first, 1)
    smooth, _ = split(terms, rule)  # an operator takes any point, into the domain of its terms
    for weight in outside(smooth, subject.dtype, first.group.parameters).tolist():
        after = ask(_with(single, "w", weight))
        if after is not None and not isnan(float(after["w"][0])):
            harness.elsewhere({"w": weight} | single.parameters).fail(_OUTSIDE, got=float(after["w"][0]))
    if terms.couple_weights or is_brief:
        return
    short = ask(first)
    step, shares = stepper(rule), Shares()
    for length in BLOCK_EDGES:
        after = ask(resized(first, length))
        if after is None or short is None:
            return
        for output in ("w", *first.arrays):

            def find(j: int, got: float, output: str = output) -> Measured:
                shape = FORMATS[subject.dtype]
                return find_step(terms, step, first, output, j, j, got, shape, 0.0, shares)

            same_everywhere(harness, after[output], short[output], first.exact[output], first, output, find)


def _nan_in_gradient(
    harness: Harness, terms: Terms, group: Group, ask: Callable[[Vector], NDArray[Any] | None]
) -> None:
    """Require NaN in one weight to come out of every slope that depends on it, and of no other weight's function."""
    weights, given = _several(terms, group, harness.subject.dtype)
    felt = {k: dependent_slopes(terms, given, weights.tolist(), k) for k in _places(weights)}
    place = next((k for k, slopes in felt.items() if slopes), _NAN_AT)
    with_nan = _with_nan(weights, place)
    plain, got = ask(weights), ask(with_nan)
    if plain is None or got is None:
        return
    for j in sorted(felt[place]):
        if not isnan(got[j]):
            _lost_nan(harness, with_nan, group, float(got[j]))
            break
    reached = np.isnan(got) & ~np.isnan(plain)
    if not terms.couple_weights and np.delete(reached, place).any():
        here = harness.elsewhere({"w": with_nan.tolist()} | group.parameters)
        here.fail("one weight's NaN reached another", rank=0.0)


def _nan_in_step(
    harness: Harness, terms: Terms, rule: Rule, first: StepCase, ask: Callable[[StepCase], dict[str, Any] | None]
) -> None:
    """Require NaN in an input to come out of everything that is written in terms of it."""
    weights, given = _several(terms, first.group, harness.subject.dtype)
    several = replace(resized(first, len(weights)), weights=weights, group=given)
    felt = dependent_slopes(terms, given, weights.tolist(), _NAN_AT)
    sources: dict[str, set[str]] = {"w": {"w", "g_penalty"} if _NAN_AT in felt else {"w"}, "g": {"g_loss"}}
    for name in ("w", "g", *several.arrays):
        after = ask(_with(several, name, nan))
        if after is None:
            continue
        for output, depends_on in influences(rule).items():
            is_written_so = bool(depends_on & sources.get(name, {name})) and output in ("w", *several.arrays)
            if is_written_so and not isnan(after[output][_NAN_AT]):
                here = harness.elsewhere({"w": weights.tolist(), "output": output})
                here.fail(f"NaN in {name} did not come out as NaN in {output}")


def _several(terms: Terms, group: Group, dtype: Dtype) -> tuple[Vector, Group]:
    """Return a few weights that are all different, enough for every sum to have summands, and arrays for them."""
    weights = moderate_weights(terms, group, _SEVERAL + span(terms))
    return weights, long_group(terms, group, len(weights), dtype)


def _places(weights: Vector) -> tuple[int, ...]:
    """Return where to put a NaN, in the order of what is tried."""
    return _NAN_AT, len(weights) - 1, 0


def _with_nan(weights: Vector, place: int) -> Vector:
    changed = weights.copy()
    changed[place] = nan
    return changed


def _lost_nan(harness: Harness, weights: Vector, group: Group, got: float) -> None:
    harness.elsewhere({"w": weights.tolist()} | group.parameters).fail("NaN in w did not come out as NaN", got=got)


def _spurious_nan(harness: Harness, weight: float, group: Group) -> None:
    harness.elsewhere({"w": weight} | group.parameters).fail("NaN came out for a finite weight")


def _with(case: StepCase, name: str, value: float) -> StepCase:
    """Return the case with one element of one of its inputs replaced."""
    column = {"w": case.weights, "g": case.gradient, **case.arrays}[name].copy()
    column[min(_NAN_AT, len(column) - 1)] = value
    if name == "w":
        return replace(case, weights=column)
    if name == "g":
        return replace(case, gradient=column)
    return replace(case, arrays={**case.arrays, name: column})
