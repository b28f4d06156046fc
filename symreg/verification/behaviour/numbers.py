"""How a function has to behave besides being accurate: empty input, NaN, outside the domain, extremes, long arrays.

Takes a subject and what is known of the terms; hands failures to the check's tally.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf, isnan, nan
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.model.spec import Rule
from symreg.model.terms import Terms, told_apart
from symreg.verification.behaviour.long_values import BLOCK_EDGES, long_group, long_slopes, long_values, resized, tiled
from symreg.verification.behaviour.long_vectors import moderate_weights
from symreg.verification.cases.calling import Subject, Trouble, call_gradient, call_step, call_value
from symreg.verification.cases.dependence import dependent_slopes, span, value_depends
from symreg.verification.cases.finding import Shares, find_slope, find_step, shares_of_slope
from symreg.verification.cases.gradient_cases import SlopeCase, StepCase
from symreg.verification.cases.sampling import Group, outside, probes
from symreg.verification.cases.split import split
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import Finding, Measured, errors, reference
from symreg.verification.minimum.steps import influences, stepper
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.slopes import slopes, values

_SEVERAL, _NAN_AT = 7, 3  # weights in a vector that holds a NaN, and its place there
_MOST_COMPARED = 64  # places that are not nearly the same, each compared with all that is allowed
_SAME = 8  # ulp by which the same weight may come out differently in another place of a longer array


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
        greatest: The size of weights past which the terms determine nothing, so that NaN is as good as a number.
        is_brief: Are long vectors left out?
    """
    group = sample[0]

    def ask(weights: Vector, given: Group = group) -> float | None:
        try:
            return call_value(subject, long_group(terms, given, len(weights), subject.dtype), weights)
        except Trouble as trouble:
            tally.fail(Failure(at={"n": len(weights)} | given.parameters, note=str(trouble), rank=2.0))
            return None

    empty = ask(np.zeros(0, dtype=subject.dtype))
    if empty is not None and empty != 0.0:
        tally.fail(Failure(at={"n": 0} | group.parameters, expected=0.0, got=empty, rank=2.0))
    weights, group_of_weights = _several(terms, group, subject.dtype)
    listed = weights.tolist()
    for place in [k for k in _places(weights) if value_depends(terms, group_of_weights, listed, k)][:1]:
        got = ask(_with_nan(weights, place))
        if got is not None and not isnan(got):
            tally.fail(_lost_nan(_with_nan(weights, place), group, got))
    for weight in outside(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and got != inf:
            at = {"w": weight} | group.parameters
            tally.fail(Failure(at=at, expected=inf, got=got, note="the weight is outside the domain", rank=2.0))
    height = values(terms, group.parameters, group.arrays_for(1))
    for weight in [] if is_brief else probes(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and isnan(got) and abs(weight) < greatest and height([weight]) is not None:
            tally.fail(_spurious_nan(weight, group))
    if not is_brief:
        long_values(tally, subject, terms, sample)


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

    def ask(weights: Vector, given: Group = group) -> NDArray[Any] | None:
        try:
            return call_gradient(subject, long_group(terms, given, len(weights), subject.dtype), weights)
        except Trouble as trouble:
            tally.fail(Failure(at={"n": len(weights)} | given.parameters, note=str(trouble), rank=2.0))
            return None

    ask(np.zeros(0, dtype=subject.dtype))
    _nan_in_gradient(tally, subject, terms, group, ask)
    for weight in outside(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and not isnan(got[0]):
            at = {"w": weight} | group.parameters
            note = "outside the domain NaN is right"
            tally.fail(Failure(at=at, got=float(got[0]), note=note, rank=2.0))
    by = slopes(terms, group.parameters, group.arrays_for(1))
    for weight in [] if is_brief else probes(terms, subject.dtype, group.parameters).tolist():
        got = ask(np.array([weight], subject.dtype))
        if got is not None and isnan(got[0]) and abs(weight) < greatest and by([weight], 0) is not None:
            tally.fail(_spurious_nan(weight, group))
    if is_brief:
        return
    if terms.indexed:
        long_slopes(tally, subject, terms, sample)
        return
    for case in cases[1:3]:
        for length in BLOCK_EDGES:
            got = ask(tiled(case.weights, length), case.group)
            if got is not None:
                small = call_gradient(subject, case.group, case.weights)
                exact = [None if one is None else one.value for one in case.exact]

                def find(j: int, got: float, case: SlopeCase = case) -> Measured:
                    shape = FORMATS[subject.dtype]
                    return find_slope(case, j, got, shape, 0.0, shares_of_slope(terms, case, j, shape))

                _same_everywhere(tally, subject.dtype, got, small, exact, case, "gradient", find)


def of_step(
    tally: Tally, subject: Subject, terms: Terms, rule: Rule, cases: Sequence[StepCase], *, is_brief: bool = False
) -> None:
    """Look at a step for n = 0, NaN in each input, weights outside the domain, and long vectors."""
    if not cases:
        return
    _, renamed = told_apart(terms, rule)
    first = cases[min(1, len(cases) - 1)]

    def ask(case: StepCase) -> dict[str, Any] | None:
        try:
            return call_step(subject, rule, renamed, case)
        except Trouble as trouble:
            at = {"n": len(case.weights)} | case.parameters | case.group.parameters
            tally.fail(Failure(at=at, note=str(trouble), rank=2.0))
            return None

    ask(resized(first, 0))
    _nan_in_step(tally, subject, terms, rule, first, ask)
    one = resized(first, 1)
    smooth, _ = split(terms, rule)  # an operator takes any point, into the domain of its terms
    for weight in outside(smooth, subject.dtype, first.group.parameters).tolist():
        after = ask(_with(one, "w", weight))
        if after is not None and not isnan(float(after["w"][0])):
            note = "outside the domain NaN is right"
            tally.fail(Failure(at={"w": weight} | one.parameters, got=float(after["w"][0]), note=note, rank=2.0))
    if terms.indexed or is_brief:
        return
    small = ask(first)
    step, shares = stepper(rule), Shares()
    for length in BLOCK_EDGES:
        after = ask(resized(first, length))
        if after is None or small is None:
            return
        for output in ("w", *first.arrays):
            exact = first.exact[output]

            def find(j: int, got: float, output: str = output) -> Measured:
                shape = FORMATS[subject.dtype]
                return find_step(terms, step, first, output, j, j, got, shape, 0.0, shares)

            _same_everywhere(tally, subject.dtype, after[output], small[output], exact, first, output, find)


def _nan_in_gradient(
    tally: Tally, subject: Subject, terms: Terms, group: Group, ask: Callable[[Vector], NDArray[Any] | None]
) -> None:
    """Require NaN in one weight to come out of every slope that depends on it, and of no other weight's function."""
    weights, given = _several(terms, group, subject.dtype)
    felt = {k: dependent_slopes(terms, given, weights.tolist(), k) for k in _places(weights)}
    place = next((k for k, slopes in felt.items() if slopes), _NAN_AT)
    with_nan = _with_nan(weights, place)
    plain, got = ask(weights), ask(with_nan)
    if plain is None or got is None:
        return
    for j in sorted(felt[place]):
        if not isnan(got[j]):
            tally.fail(_lost_nan(with_nan, group, float(got[j])))
            break
    reached = np.isnan(got) & ~np.isnan(plain)
    if not terms.indexed and np.delete(reached, place).any():
        tally.fail(Failure(at={"w": with_nan.tolist()} | group.parameters, note="one weight's NaN reached another"))


def _nan_in_step(
    tally: Tally,
    subject: Subject,
    terms: Terms,
    rule: Rule,
    first: StepCase,
    ask: Callable[[StepCase], dict[str, Any] | None],
) -> None:
    """Require NaN in an input to come out of everything that is written in terms of it."""
    weights, given = _several(terms, first.group, subject.dtype)
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
                note = f"NaN in {name} did not come out as NaN in {output}"
                tally.fail(Failure(at={"w": weights.tolist(), "output": output}, note=note, rank=2.0))


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


def _lost_nan(weights: Vector, group: Group, got: float) -> Failure:
    note = "NaN in w did not come out as NaN"
    return Failure(at={"w": weights.tolist()} | group.parameters, got=got, note=note, rank=2.0)


def _spurious_nan(weight: float, group: Group) -> Failure:
    return Failure(at={"w": weight} | group.parameters, note="NaN came out for a finite weight", rank=2.0)


def _with(case: StepCase, name: str, value: float) -> StepCase:
    """Return the case with one element of one of its inputs replaced."""
    column = {"w": case.weights, "g": case.gradient, **case.arrays}[name].copy()
    column[min(_NAN_AT, len(column) - 1)] = value
    if name == "w":
        return replace(case, weights=column)
    if name == "g":
        return replace(case, gradient=column)
    return replace(case, arrays={**case.arrays, name: column})


def _same_everywhere(
    tally: Tally,
    dtype: Dtype,
    long: NDArray[Any],
    short: NDArray[Any],
    exact: Sequence[arb | None],
    case: SlopeCase | StepCase,
    output: str,
    find: Callable[[int, float], Measured],
) -> None:
    """Require of each place in a long array what came out for the same weight in a short one (which was judged).

    Vector functions may differ in their last digits from the ones that the last few elements of an array get: what is
    not nearly the same is compared like any other number, by `find`.
    """
    known = reference(exact)
    off_short = errors(short, known, dtype)
    repeats = np.arange(len(long)) % len(short)
    exact_long = replace(
        known,
        balls=tuple(known.balls[k] for k in repeats[: len(known.balls)]),
        head=known.head[repeats],
        tail=known.tail[repeats],
        radius=known.radius[repeats],
    )
    with np.errstate(invalid="ignore", over="ignore"):
        same = long == short[repeats]
    same |= np.isnan(long) & np.isnan(short[repeats])
    if same.all():
        return
    finite = np.isfinite(known.head[repeats])
    off = np.where(finite, 0.0, np.inf)
    if finite.any():
        part = replace(
            exact_long, head=exact_long.head[finite], tail=exact_long.tail[finite], radius=exact_long.radius[finite],
            balls=(arb(0),) * int(finite.sum()),
        )  # fmt: skip
        off[finite] = errors(long[finite], part, dtype)
    for k in np.flatnonzero(~same & ~(off <= 2 * off_short[repeats] + _SAME))[:_MOST_COMPARED]:
        place = int(repeats[k])
        if exact[place] is None or find(place, float(long[k])).finding is not Finding.WRONG:
            continue
        at = {"n": len(long), "i": int(k), "w": float(case.weights[repeats[k]])} | case.group.parameters
        note = f"in a shorter array the same weight gives {float(short[repeats[k]]):.17g}"
        tally.fail(Failure(at=at | {"output": output}, got=float(long[k]), note=note, rank=2.0))
        return
