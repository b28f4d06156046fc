"""Judge that each weight has its own element of a parameter: many of them together against each by itself.

What one weight gives by itself is judged by the checks of value, gradient, operator and steps. In a penalty that
couples weights they are compared with the formula instead (`coupled_elements.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.model.interval import Interval, inside
from symreg.model.ordering import are_in_order
from symreg.model.spec import Parameter, Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour import coupled_elements
from symreg.verification.cases.calling import CallFailed, Subject, called, vector_of
from symreg.verification.cases.sampling.parameters import sampled_parameters, two_digits
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure, relative
from symreg.verification.comparison.tally import Tally
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.report.check import Check
from symreg.verification.report.numbers import reading_length

KIND = "elements"
_COUNTS = (3, 11, 11, 11)  # of weights, a round each; those of the first have few digits
_ROOM = 10  # 2**10 roundings: a sum in another order differs at most so
_STEP = 0.5
_NAMES = ("value", "gradient", "prox")

Numbers = NDArray[Any]
Take = slice | list[int]


def checks_of_elements(
    terms: Terms,
    subjects: Sequence[Subject],
    params: Mapping[str, float] | None = None,
    rules: Sequence[Rule] = (),
    rtol: float | Mapping[Any, float] = 0.0,
) -> list[Check]:
    """Return a check for each subject of a penalty that has an element of a parameter for each weight; else nothing.

    Args:
        terms: The penalty.
        subjects: Functions under test.
        params: Parameters that are fixed, and the `step` of a prox.
        rules: Rules whose steps the subjects may offer.
        rtol: Relative error that is allowed besides rounding, in every format or by format.
    """
    if not terms.per_weight:
        return []
    checks = []
    for subject in subjects:
        allowed = rtol if isinstance(rtol, float) else rtol[subject.dtype]
        room = max(2.0 ** (FORMATS[subject.dtype].unit + _ROOM), allowed)
        tally = Tally(KIND, subject.label, subject.dtype)
        for number in range(len(_COUNTS)):
            at = _round(terms, subject.dtype, dict(params or {}), number)
            if terms.couple_weights:
                _compare_coupled(tally, terms, subject, at)
                continue
            for task in _tasks(terms, subject, dict(params or {}), rules, at):
                _compare(tally, task, room)
        checks.append(tally.check())
    return checks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One function asked of several weights.

    Args:
        name: Of the function.
        of: Calls it with some of the weights.
        at: All of them, by name.
        left_alone: What is right where every strength is 0, by place.
    """

    name: str
    of: Callable[[Take], Numbers]
    at: Mapping[str, Any]
    left_alone: Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Weights with parameters of their own.

    Args:
        number: Of the round.
        in_domain: Weights where the penalty is defined, each with its parameters.
        anywhere: Numbers of any size, each with its parameters.
        shared: The parameters that all weights have in common.
    """

    number: int
    in_domain: list[tuple[float, dict[str, float]]]
    anywhere: list[tuple[float, dict[str, float]]]
    shared: dict[str, float]

    def of(self, name: str, terms: Terms, dtype: Dtype) -> tuple[Vector, dict[str, Vector]]:
        """Return what a function is asked at: the weights, and the arrays of elements."""
        pairs = self.anywhere if name == "prox" else self.in_domain
        rows = [row for _, row in pairs]
        arrays = {p.name: _elements(p, rows, self.number, dtype) for p in terms.parameters if p.shape}
        return np.array([w for w, _ in pairs], dtype=dtype), arrays


def _round(terms: Terms, dtype: Dtype, fixed: Mapping[str, float], number: int) -> _Round:
    stream, is_plain = Stream("elements", number), number == 0
    count = terms.count or _COUNTS[number]
    drawn = [sampled_parameters(terms.parameters, stream, number + k, fixed) for k in range(count)]
    first = _plain(terms, drawn[0], fixed) if is_plain else drawn[0]
    shared = {p.name: first[p.name] for p in terms.parameters if not p.shape}
    rows = [_rounded({**(_plain(terms, row, fixed) if is_plain else row), **shared}, dtype) for row in drawn]
    rows = [row if are_in_order(terms.parameters, row) else _rounded(first, dtype) for row in rows]
    has_zero = not terms.couple_weights  # a group of zeros is judged elsewhere
    sizes = [0.0 if has_zero and k % 5 == 4 else _size(stream, is_plain=is_plain) for k in range(len(rows))]
    inside_of = [(_weight(terms, row, x, stream), row) for x, row in zip(sizes, rows, strict=True)]
    return _Round(
        number=number,
        in_domain=[(w, row) for w, row in inside_of if w is not None],
        anywhere=list(zip(sizes, rows, strict=True)),
        shared=shared,
    )


def _tasks(
    terms: Terms, subject: Subject, fixed: Mapping[str, float], rules: Sequence[Rule], at: _Round
) -> Iterator[_Task]:
    strengths = [p for p in terms.parameters if p.shape]
    has_zero = len(terms.terms) == len(strengths) == 1 and strengths[0].has_zero
    for name in (name for name in _NAMES if name in subject.functions):
        w, arrays = at.of(name, terms, subject.dtype)
        step = {"step": fixed.get("step", _STEP)} if name == "prox" else {}
        alone = arrays[strengths[0].name] == 0 if has_zero and name != "value" else np.zeros(len(w), dtype=bool)
        left_alone = {
            int(j): _nearest(float(w[j]), terms.intervals(at.anywhere[j][1])[0]) if name == "prox" else 0.0
            for j in np.flatnonzero(alone)
        }
        rest = {**at.shared, **step}
        yield _Task(
            name=name,
            of=_caller(subject.functions[name], w, arrays, rest),
            at={"v" if name == "prox" else "w": w.tolist(), **_listed(arrays), **rest},
            left_alone=left_alone,
        )
    for rule in rules:
        if f"{rule.name}_step" in subject.functions:
            w, arrays = at.of(rule.name, terms, subject.dtype)
            yield _step(subject, rule, w, arrays, at.shared, fixed)


def _listed(arrays: Mapping[str, Vector]) -> dict[str, list[float]]:
    return {name: array.tolist() for name, array in arrays.items()}


def _caller(
    function: Callable[..., Any], w: Vector, arrays: Mapping[str, Vector], rest: Mapping[str, Any]
) -> Callable[[Take], Numbers]:
    def of(take: Take) -> Numbers:
        part = {key: array[take].copy() for key, array in arrays.items()}
        return np.asarray(called(function, (w[take].copy(),), {**part, **rest}))

    return of


def _step(
    subject: Subject,
    rule: Rule,
    w: Vector,
    arrays: Mapping[str, Vector],
    shared: Mapping[str, float],
    fixed: Mapping[str, float],
) -> _Task:
    """Return the first step of a rule, with gradients of its own for each weight."""
    slopes = np.array([(-1) ** k * (1 + k) / 4 for k in range(len(w))], dtype=subject.dtype)
    rest = {**shared, **{p.name: fixed.get(p.name, p.default) for p in rule.parameters}}

    def of(take: Take) -> Numbers:
        after = w[take].copy()
        values: dict[str, Any] = {"w": after, "g": slopes[take].copy()}
        if rule.states or rule.uses_t:
            values["state"] = subject.call(f"{rule.name}_state", {"w": after.copy()})
        part = {key: array[take].copy() for key, array in arrays.items()}
        subject.call(f"{rule.name}_step", {**values, **part, **rest})
        return after

    at = {"w": w.tolist(), "g": slopes.tolist(), **_listed(arrays), **rest}
    return _Task(name=f"{rule.name}_step", of=of, at=at, left_alone={})


def _compare_coupled(tally: Tally, terms: Terms, subject: Subject, at: _Round) -> None:
    """Compare with the formula: what comes of one weight by itself says nothing there."""
    for name in (name for name in _NAMES if name in subject.functions):
        w, arrays = at.of(name, terms, subject.dtype)
        if not len(w):
            tally.skip()
            continue
        place = coupled_elements.placed(terms, w, arrays, at.shared, subject.dtype, at.number)
        coupled_elements.compare(tally, subject, name, place, _STEP)


def _compare(tally: Tally, task: _Task, room: float) -> None:
    """Compare what comes of all weights with what comes of each by itself; a strength of 0 leaves its weight alone."""
    weights = task.at.get("v", task.at.get("w", []))
    if not weights:
        tally.skip()
        return
    try:
        single = [task.of([k]) for k in range(len(weights))]
        whole = task.of(slice(None))
        if task.name == "value":
            values = [float(vector_of(x, (), "value")) for x in single]
            parts, size = np.array([sum(values)]), np.array([sum(map(abs, values))])
            whole = vector_of(whole, (), "value").reshape(1)
        else:
            parts, size = np.concatenate([vector_of(x, (1,), task.name) for x in single]), np.abs(weights)
            whole = vector_of(whole, (len(weights),), task.name)
    except CallFailed as failed:
        tally.disagree(Failure(at=task.at, note=f"{task.name}: {failed}", error=inf, rank=2.0))
        return
    note = "what is right comes of each weight by itself, with its own elements"
    off = _beyond(whole, parts, size, room)
    for j, right in task.left_alone.items():
        if not off.any() and _beyond(whole[j : j + 1], np.array([right]), size[j : j + 1], room)[0]:
            parts, off, note = parts.copy(), off.copy(), f"the strength of weight {j} is 0, which leaves it alone"
            parts[j], off[j] = right, inf
    if not off.any():
        tally.agree()
        return
    j = int(np.argmax(off))
    at, got, right = {**task.at, "output": task.name, "j": j}, float(whole[j]), float(parts[j]) + 0.0
    error, rank = relative(got, right, float(size[j])), reading_length(task.at) / 1000
    tally.disagree(Failure(at=at, got=got, expected=right, note=note, error=error, rank=rank))


def _beyond(got: Numbers, right: Numbers, size: Numbers, room: float) -> Numbers:
    """Return how far numbers are off, as multiples of what is allowed, 0 for what is within it."""
    with np.errstate(all="ignore"):
        allowed = room * np.maximum(np.abs(right), size)
        off = np.where(allowed > 0, np.abs(got - right) / allowed, inf)
    is_same = (got == right) | (np.isnan(got) & np.isnan(right))
    off = np.where(is_same, 0.0, np.where(np.isnan(off), inf, off))
    found: Numbers = np.where(off > 1, off, 0.0)
    return found


def _rounded(row: Mapping[str, float], dtype: Dtype) -> dict[str, float]:
    """Return the numbers of a row as arrays hold them."""
    return {name: float(np.dtype(dtype).type(value)) for name, value in row.items()}


def _plain(terms: Terms, row: Mapping[str, float], fixed: Mapping[str, float]) -> dict[str, float]:
    """Return a row with few digits, where its domains hold them."""
    rounded = {p.name: two_digits(row[p.name]) for p in terms.parameters if p.name not in fixed}
    domains = {p.name: p.domain for p in terms.parameters}
    return {**row, **{name: x for name, x in rounded.items() if x in domains[name]}}


def _weight(terms: Terms, row: Mapping[str, float], first: float, stream: Stream) -> float | None:
    """Return a weight in the domains that its own elements give it, None where none is found."""
    domains = terms.intervals(row)
    tried = [first, -first, *(_size(stream) for _ in range(4)), *map(inside, domains)]
    return next((w for w in map(_single, tried) if all(w in domain for domain in domains)), None)


def _single(x: float) -> float:
    """Return a number that arrays of both precisions hold."""
    return float(np.float32(x))


def _size(stream: Stream, *, is_plain: bool = False) -> float:
    x = stream.sign() * stream.log_uniform(-4, 3)
    return two_digits(x) if is_plain else _single(x)


def _nearest(x: float, domain: Interval) -> float:
    """Return the point of a domain that is nearest to a number."""
    low, high = (None if end is None else float(end) for end in (domain.low, domain.high))
    above = x if low is None else max(x, low)
    return above if high is None else min(above, high)


def _elements(parameter: Parameter, rows: Sequence[Mapping[str, float]], number: int, dtype: Dtype) -> Vector:
    """Return an element for each weight, some of them 0 where that may be."""
    elements = [row[parameter.name] for row in rows]
    if parameter.has_zero:
        elements = [0.0 if (k + number) % 3 == 0 else x for k, x in enumerate(elements)]
    return np.array(elements, dtype=dtype)
