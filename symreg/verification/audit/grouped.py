"""An object that acts on groups of weights: how its groups lie in an array, and whether its prox is one of its value.

Takes an `Operator` and the sizes of groups; hands on functions of flat vectors in which groups follow one another, and
the tally of a search for points at which the object's own objective is lower than where its prox is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from math import isfinite, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symreg.errors import SpecError
from symreg.verification.audit.disagreements import answer_of, tally_of
from symreg.verification.audit.object import Operator, answers_to
from symreg.verification.cases.calling import CallFailed
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally

Numbers = NDArray[np.float64]
_APART = 1e-9  # relative; a number that moves by more is moved by another group
_LOWER = 1e-9  # of the objective's size, what a lower point has to be lower by
_REACHES = 18
_ANY = (2, 3, 7)  # weights that an object answers to which is made for no number of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """How groups lie in the array that an object takes.

    Args:
        words: That, as a note; "" for groups one after the other.
        places: Of each number of the flat vector in that array; none where vectors of any length are taken as they are.
        shape: Of the array.
    """

    words: str
    places: NDArray[np.int64]
    shape: tuple[int, ...]

    def array(self, flat: ArrayLike) -> list[float]:
        """Return a flat vector as the object takes it, a matrix as a list of rows."""
        if not self.shape:
            return [float(x) for x in np.ravel(flat)]
        laid = np.empty(len(self.places))
        laid[self.places] = flat
        nested: list[float] = laid.reshape(self.shape).tolist()
        return nested

    def flat(self, numbers: Sequence[float]) -> Numbers:
        """Return what came out as a flat vector."""
        given = np.asarray(numbers, dtype=np.float64)
        return given[self.places] if self.shape else given


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What an object offers, as functions of flat vectors whose groups follow one another."""

    operator: Operator
    sizes: tuple[int, ...]
    arrangement: Arrangement

    def value(self, w: ArrayLike) -> float:
        """Return R(w)."""
        assert self.operator.value is not None
        return self.operator.value(self.arrangement.array(w))

    def gradient(self, w: ArrayLike) -> Numbers:
        """Return dR/dw."""
        assert self.operator.gradient is not None
        return self.arrangement.flat(self.operator.gradient(self.arrangement.array(w)))

    def prox(self, v: ArrayLike, step: float) -> Numbers:
        """Return the proximal point of v."""
        assert self.operator.prox is not None
        return self.arrangement.flat(self.operator.prox(self.arrangement.array(v), step))

    def distance(self, w: ArrayLike, g: ArrayLike) -> list[float]:
        """Return the distance of -g from the subdifferential at w, a number for each group."""
        assert self.operator.distance is not None
        return self.operator.distance(self.arrangement.array(w), self.arrangement.array(g))

    @property
    def offered(self) -> dict[str, Callable[..., object]]:
        """What there is to judge, by name."""
        own = self.operator
        rows = (
            ("value", own.value, self.value),
            ("gradient", own.gradient, self.gradient),
            ("prox", own.prox, self.prox),
        )
        return {name: function for name, theirs, function in rows if theirs is not None}

    @property
    def ends(self) -> list[tuple[int, int]]:
        """Where each group begins and ends."""
        return list(pairwise(accumulate(self.sizes, initial=0)))


def grouped(operator: Operator, sizes: Sequence[int]) -> Grouped:
    """Return an object with the first arrangement in which its groups do not act on each other.

    Without sizes vectors of any length are handed over as they are.

    Raises:
        SpecError: It answers to vectors of so many numbers in none; or to none of some length.
    """
    if not sizes:
        for name, probe in operator.probes().items():
            if name != "subdifferential" and not all(answers_to(probe, count) for count in _ANY):
                raise SpecError(
                    f"{operator.label}: its {name} does not answer to vectors of any length; give the number of "
                    "weights that it is made for, as in groups 5"
                )
        straight = Arrangement(words="", places=np.zeros(0, dtype=np.int64), shape=())
        return Grouped(operator=operator, sizes=(), arrangement=straight)
    answering: list[Grouped] = []
    for arrangement in _arrangements(tuple(sizes)):
        candidate = Grouped(operator=operator, sizes=tuple(sizes), arrangement=arrangement)
        try:
            if _keeps_apart(candidate):
                return candidate
        except CallFailed:
            continue
        answering.append(candidate)
    if answering:
        return answering[0]
    raise SpecError(
        f"{operator.label} answers to no array of {sum(sizes)} weights in groups of {', '.join(map(str, sizes))}"
    )


def _arrangements(sizes: tuple[int, ...]) -> Iterator[Arrangement]:
    """Yield arrangements, the plainest first; those of a matrix where all groups are of one size."""
    count, straight = sum(sizes), np.arange(sum(sizes))
    yield Arrangement(words="", places=straight, shape=(count,))
    if len(set(sizes)) == 1:
        rows, columns = len(sizes), sizes[0]
        turned = straight.reshape(columns, rows).T.ravel()
        yield Arrangement(words="groups are the rows of a matrix", places=straight, shape=(rows, columns))
        yield Arrangement(words="groups are the columns of a matrix, written row by row", places=turned, shape=(count,))
        yield Arrangement(words="groups are the columns of a matrix", places=turned, shape=(columns, rows))


def _keeps_apart(candidate: Grouped) -> bool:
    """Is a value that of each group, added up, and does a group's part of an answer stay when another group changes?

    Raises:
        CallFailed: It gives no answer.
    """
    stream = Stream("groups apart", *candidate.sizes)
    functions = {name: f for name, f in candidate.offered.items() if name != "value"}
    probes = [partial(candidate.prox, step=0.3) if name == "prox" else f for name, f in functions.items()]
    if candidate.operator.distance is not None:
        candidate.distance(np.ones(sum(candidate.sizes)), np.ones(sum(candidate.sizes)))
    for scale in (1.0, 4.0):
        v = np.array([scale * stream.sign() * stream.log_uniform(-1, 1) for _ in range(sum(candidate.sizes))])
        if candidate.operator.value is not None and not _is_sum(candidate, v):
            return False
        for probe in probes:
            before = np.asarray(probe(v))
            for first, last in candidate.ends:
                other = v.copy()
                other[first:last] *= 3.7
                moved = np.abs(np.asarray(probe(other)) - before)
                moved[first:last] = 0
                if np.any(moved > _APART * scale):
                    return False
    return True


def _is_sum(candidate: Grouped, v: Numbers) -> bool:
    """Is the value of a vector the sum of those of its groups?"""
    nothing, total = candidate.value(np.zeros_like(v)), candidate.value(v)
    summed = nothing
    for first, last in candidate.ends:
        alone = np.zeros_like(v)
        alone[first:last] = v[first:last]
        summed += candidate.value(alone) - nothing
    return not isfinite(total) or abs(summed - total) <= _APART * max(abs(total), abs(summed))


def check_prox_by_value(subject: Grouped, steps: Sequence[float], per_step: int, tick: Callable[[], None]) -> Tally:
    """Search for points at which step*R(u) + |u - v|**2/2, of the object's own value, is lower than at its prox."""
    tally = tally_of(subject.operator, "prox")
    stream = Stream("prox over groups", *subject.sizes)
    for step in steps:
        for turn in range(per_step):
            tick()
            scale = stream.log_uniform(-2, 4) if turn % 2 else max(step, 1.0) * stream.log_uniform(-1, 2)
            v = np.array(
                [float(f"{scale * stream.sign() * stream.log_uniform(-2, 1):.2g}") for _ in range(sum(subject.sizes))]
            )
            at = {"v": v.tolist(), "step": step}
            point = answer_of(tally, at, nan, partial(subject.prox, v, step))
            if point is None:
                continue

            def cost(u: Numbers, v: Numbers = v, step: float = step) -> float:
                return step * subject.value(u) + float(np.sum((u - v) ** 2)) / 2

            own, lower = cost(point), _lower(cost, point, v, subject)
            if not isfinite(own):  # on the border of where it is defined, which rounding may leave
                own = min(cost(point + _LOWER * (inner - point)) for inner in (lower, np.zeros_like(point)))
            if isfinite(own) and own - cost(lower) <= _LOWER * max(own, step * abs(subject.value(point)), 1e-300):
                tally.agree(step=step)
                continue
            j = int(np.argmax(np.abs(lower - point)))
            got, found = float(point[j]), float(lower[j])
            size = float(np.abs(v).max())
            note = f"step*R(u) + |u - v|**2/2 is {own:.6g} there, and {cost(lower):.6g} at u = [{_listed(lower)}]"
            tally.disagree(
                Failure(at={**at, "j": j}, got=got, expected=found, error=abs(got - found) / size, note=note), step=step
            )
    return tally


def _lower(cost: Callable[[Numbers], float], point: Numbers, v: Numbers, subject: Grouped) -> Numbers:
    """Return the lowest point that is found from the prox, from v and from zero, number by number and by groups."""
    best = point
    for start in (point, v, np.zeros_like(v)):
        current, least = start.copy(), cost(start)
        for reach in (float(np.abs(v).max()) * 3.0**-k for k in range(_REACHES)):
            for changed in _changes(current, reach, subject):
                there = cost(changed)
                if there < least:
                    current, least = changed, there
        if least < cost(best):
            best = current
    return best


def _changes(point: Numbers, reach: float, subject: Grouped) -> Iterator[Numbers]:
    for j in range(len(point)):
        for to in (point[j] + reach, point[j] - reach, 0.0):
            changed = point.copy()
            changed[j] = to
            yield changed
    for first, last in subject.ends:
        norm = float(np.linalg.norm(point[first:last]))
        for factor in (1 + reach / norm, 1 - reach / norm, 0.0) if norm else ():
            changed = point.copy()
            changed[first:last] *= factor
            yield changed


def _listed(numbers: Numbers) -> str:
    return ", ".join(f"{x + 0.0:.4g}" for x in numbers)
