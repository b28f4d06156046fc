"""Judge an object by itself: its prox by the minimum of its own value, its gradient by differences of its own value.

Takes an `Operator`, hands on checks. Nothing is known of the formula, so only what its own numbers contradict is told:
an objective that is lower elsewhere, a prox that falls, a gradient that differences exclude.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from math import inf, isfinite, isnan

import numpy as np

from symreg.verification.audit import sample_points
from symreg.verification.audit.disagreements import answer_of, tally_of
from symreg.verification.audit.object import Operator
from symreg.verification.audit.one_weight import Indeterminate, ValueTable, no_value_contradicts_convexity
from symreg.verification.cases.calling import CallFailed
from symreg.verification.comparison.failure import Failure, relative
from symreg.verification.comparison.tally import Tally
from symreg.verification.report.numbers import distinguished, exact

_ROUNDING = 2.0**-45
_SLOPE = 1e-6  # relative error that differences of values in double precision leave

_STRUCTURE = 1e-6  # relative difference between a vector's element and the element alone
VECTORS = ([0.5, -2.0], [0.3, 1.5, -4.0], [1.0, -1.0, 0.0, 7.0, 0.2])
"""That a value and a prox are compared at with those of single elements."""

Tick = Callable[[], None]


def check_prox(
    operator: Operator, own: ValueTable, sizes: Sequence[float], steps: Iterable[float], count: int, tick: Tick
) -> Tally:
    """Look for a point at which the object's own objective is lower than at its prox: a proof that it is wrong."""
    tally = tally_of(operator, "prox")
    for step in steps:
        for v, got in sample_points.images(operator, sizes, step, count):
            tick()
            judge_image(tally, own, {"v": v, "step": step}, got, whose="its own ")
    return tally


def judge_image(tally: Tally, own: ValueTable, at: dict[str, float], got: float | str, whose: str) -> None:
    """Record whether the objective is lower anywhere than at what a prox gave."""
    v, step = at["v"], at["step"]
    if isinstance(got, str):
        tally.disagree(Failure(at=at, got=None, expected=None, error=inf, note=got), step)
        return
    if not isfinite(got):
        tally.disagree(Failure(at=at, got=got, expected=own.minimum(v, step), error=inf), step)
        return
    try:
        better = own.lower(got, v, step)
    except Indeterminate:
        tally.skip()
        return
    if better is None:
        tally.agree(0.0, step)
        return
    lower, upper = distinguished(better.objective, better.other)
    value = "value" if whose else "phi"
    note = f"{whose}step*{value}(u) + (u - v)**2/2 is {upper} at {exact(got)}, {lower} at {better.at:.6g}"
    error = relative(got, better.at, v)
    tally.disagree(Failure(at=at, got=got, expected=better.at, error=error, note=note), step)


def check_value(operator: Operator) -> Tally:
    """See whether the value of one weight is a number; what it is, only a formula tells."""
    tally = tally_of(operator, "value")
    value = operator.value
    assert value is not None
    for w in (1.0, -1.0, 0.5, 2.0):
        if answer_of(tally, {"w": w}, None, partial(value, [w])) is not None:
            tally.agree()
    return tally


def check_answers(operator: Operator, sizes: Sequence[float], steps: Iterable[float], count: int) -> Tally:
    """See whether the prox is a number everywhere: that of a function with values somewhere is."""
    tally = tally_of(operator, "prox")
    for step in steps:
        for v, got in sample_points.images(operator, sizes, step, count):
            at = {"v": v, "step": step}
            if isinstance(got, str):
                tally.disagree(Failure(at=at, got=None, expected=None, error=inf, note=got), step)
            elif not isfinite(got):
                tally.disagree(Failure(at=at, got=got, expected=None, error=inf), step)
            else:
                tally.agree(0.0, step)
    return tally


def check_monotone(operator: Operator, sizes: Sequence[float], steps: Iterable[float], count: int, tick: Tick) -> Tally:
    """See whether the prox ever falls: that of no function does, convex or not."""
    tally = tally_of(operator, "monotone")
    for step in steps:
        for (v, p), (w, q) in pairwise(_finite_images(operator, sizes, step, count)):
            tick()
            if p - q <= 1e-9 * (abs(p) + abs(q)) + _ROUNDING * (abs(v) + abs(w)):
                tally.agree(0.0, step)
                continue
            note = f"prox is {exact(p)} at {exact(v)} and {exact(q)} at {exact(w)}, but the prox of no function falls"
            at = {"v": [v, w], "step": step}
            tally.disagree(Failure(at=at, got=None, expected=None, error=relative(q, p, w), note=note), step)
    return tally


def check_nonexpansive(
    operator: Operator,
    own: ValueTable,
    sizes: Sequence[float],
    steps: Iterable[float],
    count: int,
    tick: Tick,
) -> Tally:
    """Where no value contradicts convexity, see whether the prox ever moves more than its input does."""
    tally = tally_of(operator, "nonexpansive")
    for step in steps:
        for (v, p), (w, q) in pairwise(_finite_images(operator, sizes, step, count)):
            tick()
            if abs(q - p) <= (w - v) * (1 + 1e-9) + _ROUNDING * (abs(v) + abs(w)):
                tally.agree(0.0, step)
                continue
            between = np.linspace(min(p, q), max(p, q), 101)
            heights = np.array([own.phi(float(x)) for x in between])
            if not no_value_contradicts_convexity(between, heights, own.typical):
                tally.skip()
                continue
            note = (
                f"prox is {exact(p)} at {exact(v)} and {exact(q)} at {exact(w)}: further apart; its values are convex"
            )
            at = {"v": [v, w], "step": step}
            error = abs(q - p) / (w - v) - 1
            tally.disagree(Failure(at=at, got=None, expected=None, error=error, note=note), step)
    return tally


def check_gradient(operator: Operator, own: ValueTable, points: Sequence[float], tick: Tick) -> Tally:
    """Compare the object's gradient with differences of its value, where these settle."""
    tally = tally_of(operator, "gradient")
    gradient = operator.gradient
    assert gradient is not None
    for w in points:
        tick()
        settled = _slope(own, w)
        if settled is None:
            tally.skip()
            continue
        right, radius = settled
        answer = answer_of(tally, {"w": w}, right, partial(gradient, [w]))
        if answer is None:
            continue
        (got,) = answer
        if abs(got - right) <= radius:
            tally.agree(relative(got, right, 1.0))
        else:
            tally.disagree(Failure(at={"w": w}, got=got, expected=float(f"{right:.7g}"), error=relative(got, right)))
    return tally


def check_subdifferential(operator: Operator, own: ValueTable, points: Sequence[float], tick: Tick) -> Tally:
    """Compare the object's distances with those from the slope of its value, where that is one number."""
    tally = tally_of(operator, "subdifferential")
    distance = operator.distance
    assert distance is not None
    for w in points:
        settled = _slope(own, w) if isfinite(own.phi(w)) else None
        for g in sample_points.gradients(()):
            tick()
            if settled is None:
                tally.skip()
                continue
            right, radius = abs(g + settled[0]), settled[1]
            at = {"w": w, "g": g}
            answer = answer_of(tally, at, right, partial(distance, [w], [g]))
            if answer is None:
                continue
            (got,) = answer
            if abs(got - right) <= radius:
                tally.agree(relative(got, right, max(abs(g), 1.0)))
            else:
                error = relative(got, right, abs(g))
                tally.disagree(Failure(at=at, got=got, expected=float(f"{right:.7g}"), error=error))
    return tally


def check_elementwise(operator: Operator, steps: Iterable[float], contradictions: Iterable[str], tick: Tick) -> Tally:
    """See whether a vector's value is the sum of its elements', and its prox that of each element alone.

    Args:
        operator: The object.
        steps: Of the prox.
        contradictions: What is known to be wrong already, a sentence each.
        tick: Called at every vector.
    """
    tally = tally_of(operator, "elementwise")
    for vector in () if operator.layout.is_one_by_one else VECTORS:
        tick()
        if operator.value is not None:
            inside = [w for w in vector if _is_finite(operator.value, w)] or [0.5, 0.25]
            _compare_values(tally, operator, inside if len(inside) > 1 else [*inside, inside[0] / 2])
        for step in steps if operator.prox is not None and not operator.is_by_element else ():
            _compare_images(tally, operator, vector, step)
    if not tally.failures:
        for note in contradictions:
            tally.disagree(Failure(at={}, got=None, expected=None, error=inf, note=note))
    return tally


def is_total(whole: float, parts: Sequence[float]) -> bool:
    """Is a whole vector's value those of its elements added up, but for rounding?"""
    return abs(whole - sum(parts)) <= _STRUCTURE * sum(map(abs, parts)) + _ROUNDING


def _is_finite(value: Callable[[Sequence[float]], float], w: float) -> bool:
    try:
        return isfinite(value([w]))
    except CallFailed:
        return False


def _compare_values(tally: Tally, operator: Operator, vector: list[float]) -> None:
    assert operator.value is not None
    try:
        parts = [operator.value([w]) for w in vector]
        whole = operator.value(vector)
    except CallFailed:
        tally.skip()
        return
    total = sum(parts)
    if not isfinite(total):
        tally.skip()
    elif is_total(whole, parts):
        tally.agree(relative(whole, total))
    else:
        note = "that is the sum of the values of its elements, each of which prox moves by itself"
        tally.disagree(Failure(at={"w": vector}, got=whole, expected=total, error=relative(whole, total), note=note))


def _compare_images(tally: Tally, operator: Operator, vector: list[float], step: float) -> None:
    assert operator.prox is not None
    try:
        alone = [operator.prox([v], step)[0] for v in vector]
    except CallFailed:
        tally.skip()
        return
    at = {"v": vector, "step": step}
    try:
        together = operator.prox(vector, step)
    except CallFailed as failed:
        tally.disagree(Failure(at=at, got=None, expected=None, error=inf, note=f"on a vector {failed}"), step)
        return
    for v, one, other in zip(vector, alone, together, strict=True):
        same = one == other or (isnan(one) and isnan(other))
        if same or abs(one - other) <= _STRUCTURE * abs(one) + _ROUNDING * abs(v):
            tally.agree(0.0 if same else relative(other, one, v), step)
            continue
        note = f"for the element {exact(v)}, which alone becomes what is called right here"
        tally.disagree(Failure(at=at, got=other, expected=one, error=relative(other, one, v), note=note), step)


def _finite_images(operator: Operator, sizes: Sequence[float], step: float, count: int) -> list[tuple[float, float]]:
    images = sample_points.images(operator, sizes, step, count)
    return [(v, got) for v, got in images if not isinstance(got, str) and isfinite(got)]


def _slope(own: ValueTable, w: float) -> tuple[float, float] | None:
    """Return an extrapolated difference quotient and how far off it may be; None where it does not settle."""
    if w == 0 or not isfinite(own.phi(w)):
        return None
    quotients: list[float] = []
    h = 2.0**-10 * abs(w)
    for k in range(3):
        width = h / 2**k
        ends = own.phi(w + width), own.phi(w - width)
        if not all(isfinite(x) for x in ends):
            return None
        sides = (ends[0] - own.phi(w)) / width, (own.phi(w) - ends[1]) / width
        quotients.append((ends[0] - ends[1]) / (2 * width))
        if abs(sides[0] - sides[1]) > 0.02 * max(abs(sides[0]), abs(sides[1])) + 1e-12:
            return None  # a kink, or a curvature that these widths do not resolve
    first, second = ((4 * b - a) / 3 for a, b in pairwise(quotients))
    noise = 4 * own.noise(w) / h + 64 * 2.0**-52 * own.typical / h
    radius = 10 * abs(second - first) + noise + _SLOPE * abs(second)
    return (second, radius) if radius <= 1e-2 * max(abs(second), 1.0) else None
