"""Points at which an object is asked: weights, inputs of its prox, steps; the same in every run.

Takes the sizes that matter to an object (its parameters), hands on plain numbers: first those that a person would try,
then random ones at those sizes and at all sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import isfinite, sqrt

from symreg.verification.audit.object import Operator
from symreg.verification.cases.calling import CallFailed
from symreg.verification.cases.sampling.stream import Stream

STEPS = (0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 100.0)

_HUMAN = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 100.0, 1e3, 1e4, 1e6)
_ROUNDS = 48  # of halving an interval in which a prox jumps
_MOST_JUMPS = 6
_BESIDE = (1e-2, 1e-4, 1e-6)
_TRIES = 40  # for each point that is wanted


def sizes_of(held: Iterable[object], parameters: Iterable[float] = ()) -> tuple[float, ...]:
    """Return the numbers that an object holds or was given, and one: what its formula changes at, mostly."""
    plain = [x for x in (*parameters, *held, 1.0) if isinstance(x, int | float) and not isinstance(x, bool)]
    return tuple(dict.fromkeys(abs(float(x)) for x in plain if 1e-30 < abs(x) < 1e30))


def weights(
    sizes: Sequence[float], count: int, special: Iterable[float], is_inside: Callable[[float], bool]
) -> list[float]:
    """Return weights, the special ones (kinks and their neighbours) among them."""
    points = [0.0, *(s * x for x in _HUMAN for s in (1.0, -1.0)), *special]
    return _filled("weights", points, sizes, count, is_inside)


def inputs(sizes: Sequence[float], step: float, count: int) -> list[float]:
    """Return inputs of a prox in order: thresholds are of the size of a parameter, of the step, or between."""
    own = [y for x in sizes for y in (x, step * x, sqrt(step * x), x + step, step / x)]
    near = [y for x in sizes[:4] for y in (0.95 * x, 1.05 * x, x + 0.3 * step, x + 0.7 * step)]
    points = [0.0, *(s * x for x in _HUMAN for s in (1.0, -1.0)), *map(_plain, near)]
    return sorted(_filled(f"inputs/{step!r}", points, own, count, lambda _: True))


def images(operator: Operator, sizes: Sequence[float], step: float, count: int) -> Iterator[tuple[float, float | str]]:
    """Yield inputs in order with what the object's prox is there, or what it said in raising."""
    assert operator.prox is not None
    answers: dict[float, float | str] = {}

    def image(v: float) -> float:
        assert operator.prox is not None
        if v not in answers:
            try:
                answers[v] = operator.prox([v], step)[0]
            except CallFailed as failed:
                answers[v] = str(failed)
        answer = answers[v]
        return float("nan") if isinstance(answer, str) else answer

    points = inputs(sizes, step, count)
    kept = [v for v in points if isfinite(image(v))]
    wanted = [*points, *beside_jumps(kept, [image(v) for v in kept], image)]
    for v in sorted(dict.fromkeys(wanted)):
        image(v)
        yield v, answers[v]


def beside_jumps(points: Sequence[float], images: Sequence[float], prox: Callable[[float], float]) -> list[float]:
    """Return inputs on either side of each place at which a prox jumps, or leaves zero.

    Args:
        points: Inputs in order.
        images: What the prox is there.
        prox: The same at one more input; NaN where it cannot be had.
    """
    beside: list[float] = []
    pairs = list(pairwise(zip(points, images, strict=True)))
    places = [k for k, ((v, p), (w, q)) in enumerate(pairs) if abs(q - p) > 3 * (w - v) or ((p == 0) != (q == 0))]
    if len(places) > _MOST_JUMPS:  # those about the middle, where the inputs are dense
        places = sorted(sorted(places, key=lambda k: abs(points[k]))[:_MOST_JUMPS])
    for k in places:
        (low, p), (high, q) = pairs[k]
        for _ in range(_ROUNDS):
            middle = low + (high - low) / 2
            if not low < middle < high:
                break
            image = prox(middle)
            is_left = image == 0 if p == 0 else image != 0 if q == 0 else abs(image - p) < abs(image - q)
            low, high = (middle, high) if is_left else (low, middle)
        size = max(abs(low), abs(high))
        beside += [low - size * part for part in _BESIDE] + [high + size * part for part in _BESIDE]
    return [x for x in dict.fromkeys(map(_plain, beside)) if isfinite(x)]


def gradients(sizes: Sequence[float]) -> list[float]:
    """Return gradients to measure the distance of."""
    return list(dict.fromkeys([0.0, 0.3, -0.3, 1.5, -1.5, *(s * x for x in sizes[:3] for s in (0.5, -0.5, 2.0, -2.0))]))


def _filled(
    name: str, points: Iterable[float], sizes: Sequence[float], count: int, is_inside: Callable[[float], bool]
) -> list[float]:
    kept = [x for x in dict.fromkeys(points) if is_inside(x)]
    stream = Stream("audit", name)
    for tries in range(_TRIES * count):
        if len(kept) >= count:
            break
        size = sizes[stream.integer(0, len(sizes) - 1)] if tries % 3 else 1.0
        spread = 2 if tries % 3 else 10
        x = _plain(stream.sign() * size * stream.log_uniform(-spread, spread), 4)
        if x not in kept and is_inside(x):
            kept.append(x)
    return kept


def _plain(x: float, digits: int = 8) -> float:
    """Return about the same number with few digits, which reads better."""
    return float(f"{x:.{digits}g}")
