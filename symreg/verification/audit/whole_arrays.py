"""Refuse what acts on whole arrays, of whose single elements nothing can be said, by what it answers.

Takes an `Operator`; hands on what contradicts that it acts on each element by itself, though it claims to. What is
measured: an element that moves when only another one changes, equal elements that are treated differently, arrays of
one size alone, a value that is no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite, isnan, prod
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from symreg.errors import SpecError
from symreg.verification.audit.consistency import VECTORS, Tick, is_total
from symreg.verification.audit.object import FIRST_WEIGHTS, Operator, answers_to
from symreg.verification.cases.calling import CallFailed

_COUPLED = 1e-3  # relative difference between two answers for an element: an iteration may end earlier in one
_TINY = 1e-9  # of the input: a difference that rounding explains
_SCALES = (1.0, 1e-2, 1e2, 1e4)
_COUNTS = (2, 3, 5, 67)  # of elements; the last one for what keeps the greatest few
_SHAPES = ((2, 2), (2, 3), (3, 2), (3, 3), (4, 4), (1, 8), (1, 1, 4, 4), (1, 1, 16, 16), (2, 1, 8, 8), (1, 3, 4, 4))
_MADE_FOR = (*range(2, 17), 20, 25, 32, 36, 49, 64, 100)  # counts of elements that objects are made for
_MOST_ELEMENTS = 1 << 14
_GOLDEN = 0.61803398875

Probe = Callable[[ArrayLike], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What an object's answers show of its elements.

    Args:
        is_sum: Is its value that of each element, added up? None where nothing could be compared.
        value_note: A point at which it is not.
        couplings: What of it depends on more than one element, and where it shows.
    """

    is_sum: bool | None
    value_note: str
    couplings: Mapping[str, str]


def require_elementwise(operator: Operator, sizes: Sequence[float], tick: Tick) -> tuple[str, ...]:
    """Refuse an object that acts on whole arrays; return what is wrong with one that contradicts itself.

    One whose value is a sum is not refused for its prox: that of a sum is made element by element, so that one that is
    not is wrong. Nor is one refused for its value whose prox is made so: one of both is wrong.

    Args:
        operator: The object.
        sizes: Numbers that its formula may change at.
        tick: Called at every point.

    Returns:
        What shows that its prox, its gradient or its value is wrong, a sentence each.

    Raises:
        SpecError: It acts on whole arrays, with what shows it; or it raises whatever it is asked.
    """
    reason = _made_for_one_size(operator) or _differs_by_position(operator)
    if reason:
        _refuse(operator, reason)
    _require_an_answer(operator)
    measured = _measure(operator, sizes, tick)
    if measured.couplings and not measured.is_sum:
        _refuse(operator, next(iter(measured.couplings.values())))
    if measured.is_sum is False and operator.prox is None and operator.gradient is None:
        _refuse(operator, measured.value_note)
    if not _is_made_for_vectors(operator) and (reason := _across_dimensions(operator, tick)):
        _refuse(operator, reason)
    return (*measured.couplings.values(), *([measured.value_note] if measured.value_note else []))


def _refuse(operator: Operator, reason: str) -> NoReturn:
    raise SpecError(f"{operator.label} acts on whole arrays; only elementwise objects are judged: {reason}")


def _made_for_one_size(operator: Operator) -> str:
    """Say what of an object takes no single element but arrays of some size; "" if nothing does."""
    for name, probe in operator.probes().items():
        if answers_to(probe, 1):
            continue
        for shape in _shapes_of(operator.held):
            if any(_asked(_reshaped(probe, shape), [first] * prod(shape)) for first in FIRST_WEIGHTS):
                size = f"{shape[0]} elements" if len(shape) == 1 else _shown_shape(shape)
                return f"its {name} takes no single element, but an array of {size}"
    return ""


def _require_an_answer(operator: Operator) -> None:
    """Refuse an object of which everything raises everywhere: it is not called as it should be, or not made so.

    Raises:
        SpecError: It does, with what it said.
    """
    said = ""
    for name, probe in operator.probes().items():
        try:
            probe(list(FIRST_WEIGHTS[:1]))
        except CallFailed as failed:
            said = said or f"its {name} of {FIRST_WEIGHTS[0]}: {failed}"
            if "it raised" not in str(failed):
                return
        if answers_to(probe, 1):
            return
    raise SpecError(f"{operator.label} answers to no numbers that were tried; {said}")


def _shapes_of(held: Iterable[object]) -> list[tuple[int, ...]]:
    """Return shapes that an object may be made for, by the numbers, tuples and arrays that it holds."""
    counts, shapes = list(_MADE_FOR), list(_SHAPES)
    for thing in held:
        if isinstance(thing, int | np.integer) and not isinstance(thing, bool):
            counts.append(int(thing))
        elif isinstance(thing, np.ndarray | tuple | list):
            numbers = np.asarray(thing) if isinstance(thing, np.ndarray) or _are_integers(thing) else np.zeros(0)
            counts.append(numbers.size)
            if numbers.dtype.kind in "iu" and 2 <= numbers.size <= 5:
                shape = tuple(int(x) for x in numbers.ravel())
                counts.append(prod(shape))
                shapes.append(shape)
    wanted = [*((count,) for count in counts), *shapes]
    return [s for s in dict.fromkeys(wanted) if min(s) > 0 and 2 <= prod(s) <= _MOST_ELEMENTS]


def _are_integers(things: Sequence[object]) -> bool:
    return all(isinstance(x, int | np.integer) for x in things)


def _differs_by_position(operator: Operator) -> str:
    """Say where equal elements are treated differently, as weights of each do; "" if nowhere."""
    if operator.prox_at is not None:
        for j in range(1, 6):
            try:
                first, other = (operator.prox_at(3.0, 0.7, k) for k in (0, j))
            except CallFailed:
                break
            if not _are_near(first, other, 3.0):
                return (
                    f"its prox_1d of 3, step = 0.7, is {_plain(first)} as element 0 and {_plain(other)} as element {j}"
                )
    for name, probe in _of_arrays(operator):
        for count in _COUNTS:
            for size in (3.0, 0.5):
                answer = _asked(probe, [size] * count)
                for j, x in enumerate(answer):
                    if not _are_near(x, answer[0], size):
                        return (
                            f"its {name} of {count} elements that are each {_plain(size)} is {_plain(answer[0])} as "
                            f"element 0 and {_plain(x)} as element {j}"
                        )
    return ""


def _measure(operator: Operator, sizes: Sequence[float], tick: Tick) -> _Measured:
    vectors = list(_uneven_vectors(operator, sizes))
    couplings: dict[str, str] = {}
    for name, probe in _of_arrays(operator):
        for vector in vectors:
            tick()
            if reason := _coupling(name, probe, vector) or _dependence_on_count(name, probe, vector):
                couplings[name] = reason
                break
    is_sum, note = _is_sum(operator, vectors, sizes, tick)
    return _Measured(is_sum=is_sum, value_note=note, couplings=couplings)


def _of_arrays(operator: Operator) -> Iterator[tuple[str, Probe]]:
    """Yield what is asked about whole arrays and answers with a number for each element."""
    for name, probe in operator.probes().items():
        is_asked_singly = operator.layout.is_one_by_one or (name == "prox" and operator.is_by_element)
        if name in ("gradient", "prox") and not is_asked_singly:
            yield name, probe


def _uneven_vectors(operator: Operator, sizes: Sequence[float]) -> Iterator[list[float]]:
    """Yield vectors of many lengths and sizes, no two of whose elements are of one size."""
    scales = (*_SCALES, *(3 * size for size in sizes[:6] if 1e-6 <= size <= 1e6))
    counted = [int(x) + 3 for x in (*operator.held, *sizes) if isinstance(x, int | float) and 2 <= x <= 2_000]
    for count in dict.fromkeys((*_COUNTS, *counted[:4])):
        for scale in dict.fromkeys(scales):
            yield [float(f"{scale * x:.4g}") for x in _uneven(count)]


def _uneven(count: int) -> list[float]:
    """Return numbers from 0.6 to 1.6 in size, of alternating sign."""
    return [(-1) ** j * round(0.6 + (j * _GOLDEN) % 1, 4) for j in range(count)]


def _coupling(name: str, probe: Probe, vector: Sequence[float]) -> str:
    """Say which element of an answer moves when only another one of the input changes; "" if none does."""
    before = _asked(probe, vector)
    for j in dict.fromkeys((0, len(vector) // 2, len(vector) - 1)):
        for factor in (-2.5, 0.0, 1e3) if before else ():
            changed = [factor * x if i == j else x for i, x in enumerate(vector)]
            after = _asked(probe, changed)
            for i in range(len(after)):
                if i != j and not _are_near(before[i], after[i], vector[i]):
                    was, becomes = _plain(before[i]), _plain(after[i])
                    return (
                        f"element {i} of its {name} of {_listed(vector)} is {was}, and {becomes} when only element {j} "
                        f"changes, to {_plain(changed[j])}"
                    )
    return ""


def _dependence_on_count(name: str, probe: Probe, vector: Sequence[float]) -> str:
    """Say where an element alone is treated otherwise than among equal ones; "" if nowhere."""
    among, alone = _asked(probe, [vector[0]] * len(vector)), _asked(probe, vector[:1])
    if not among or not alone or _are_near(among[0], alone[0], vector[0]):
        return ""
    return (
        f"its {name} of {_plain(vector[0])} is {_plain(alone[0])}, and {_plain(among[0])} in an array of {len(vector)}"
    )


def _is_sum(
    operator: Operator, vectors: Iterable[list[float]], sizes: Sequence[float], tick: Tick
) -> tuple[bool | None, str]:
    """Say whether a value is the sum of those of single elements, and where it is not; None if it is never a number.

    Equal elements of growing size reach the border of what an indicator function allows: the largest one that is inside
    by itself, but not beside another one.
    """
    if operator.value is None or operator.layout.is_one_by_one:
        return None, ""
    value = operator.value
    magnitudes = [*(10.0 ** (k / 8) for k in range(-24, 25)), *(part * x for x in sizes for part in (0.6, 0.8, 0.99))]
    equal = [[sign * x] * count for x in magnitudes for sign in (1.0, -1.0) for count in (2, 7)]
    of_one = cache(lambda w: value([w]))
    compared = 0
    for vector in (*VECTORS, *vectors, *equal):
        tick()
        try:
            parts = [of_one(w) for w in vector]
            whole = value(vector)
        except CallFailed:
            continue
        if isfinite(sum(parts)):
            compared += any(parts)
            if not is_total(whole, parts):
                return False, _no_sum(_listed(vector), whole, parts)
    return (True, "") if compared else (None, "")


def _no_sum(where: str, whole: float, parts: Sequence[float]) -> str:
    return f"its value of {where} is {_plain(whole)}, and those of its elements add up to {_plain(sum(parts))}"


def _is_made_for_vectors(operator: Operator) -> bool:
    """Does all of an object answer to vectors, its value with one number?"""
    probes = operator.probes().values()
    is_answering = all(any(answers_to(probe, count) for count in (2, 3)) for probe in probes)
    return operator.layout.lead == () and is_answering and not operator.is_for_each


def _across_dimensions(operator: Operator, tick: Tick) -> str:
    """Say where elements of a matrix, or of a batch of images, act on each other; "" if nowhere."""
    for shape in _SHAPES if not operator.layout.is_one_by_one else ():
        numbers, where = _uneven(prod(shape)), f"an array of {_shown_shape(shape)}"
        for name, probe in _of_arrays(operator):
            for scale in (1.0, 1e2):
                tick()
                if reason := _coupling(name, _reshaped(probe, shape), [scale * x for x in numbers]):
                    return f"in {where}, {reason}"
        if operator.value is not None:
            try:
                parts = [operator.value([w]) for w in numbers]
                whole = operator.value(np.reshape(numbers, shape).tolist())
            except CallFailed:
                continue
            if isfinite(sum(parts)) and not is_total(whole, parts):
                return _no_sum(where, whole, parts)
    return ""


def _asked(probe: Probe, numbers: Sequence[float]) -> list[float]:
    """Return what a function answers, nothing if it fails."""
    try:
        return probe(list(numbers))
    except CallFailed:
        return []


def _reshaped(probe: Probe, shape: tuple[int, ...]) -> Probe:
    return lambda numbers: probe(np.reshape(numbers, shape).tolist())


def _are_near(one: float, other: float, size: float) -> bool:
    if one == other or (isnan(one) and isnan(other)):
        return True
    return abs(one - other) <= _COUPLED * max(abs(one), abs(other)) + _TINY * abs(size)


def _shown_shape(shape: tuple[int, ...]) -> str:
    return f"shape ({', '.join(map(str, shape))})"


def _plain(x: float) -> str:
    return f"{x + 0.0:.6g}"


def _listed(vector: Sequence[float]) -> str:
    shown = ", ".join(_plain(x) for x in vector[:4])
    return f"[{shown}, ...] ({len(vector)} elements)" if len(vector) > 4 else f"[{shown}]"
