"""Judge that each weight has its own element of a parameter, in a penalty with terms of several weights together.

What one weight gives by itself says nothing there, so the formula is taken in index notation, where such a parameter is
an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symreg.model.lifts import STARTS
from symreg.model.terms import Terms
from symreg.verification.cases.calling import CallFailed, Subject, called, vector_of
from symreg.verification.cases.per_weight import in_index_notation
from symreg.verification.cases.sampling.arrays import sampled_array
from symreg.verification.cases.sampling.partitions import partition_of
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally
from symreg.verification.oracle.derivatives import Slope
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.slopes import slopes, values

_ROOM = 10  # 2**10 roundings: accuracy is judged elsewhere, and a wrong element is off by far more
_OF_PROX: Mapping[Dtype, float] = {"float64": 2.0**-26, "float32": 2.0**-10}
"""How much of the largest slope may be left at a proximal point, whose rounding moves the slopes of its elements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the functions of a coupled penalty are asked.

    Args:
        terms: As they were written.
        w: The weights; of a proximal operator what it is given.
        of_each: The parameters with an element for each weight.
        shared: The other parameters.
        others: Arrays that the formula declares, and which of the weights are a group.
        dtype: Of the weights.
    """

    terms: Terms
    w: Vector
    of_each: Mapping[str, Vector]
    shared: Mapping[str, float]
    others: Mapping[str, Vector]
    dtype: Dtype

    @property
    def arguments(self) -> dict[str, Any]:
        """The keywords of a call."""
        return {**self.of_each, **self.shared, **self.others}

    @property
    def told(self) -> dict[str, Any]:
        """The place as a report shows it."""
        arrays = {**self.of_each, **self.others}
        return {"w": self.w.tolist(), **{name: a.tolist() for name, a in arrays.items()}, **self.shared}

    def value(self) -> float | None:
        """Return R, None where it is undetermined."""
        found = values(in_index_notation(self.terms), self.shared, self._exact)(self.w.tolist())
        return None if found is None else float(found)

    def slopes(self, at: Vector) -> list[Slope | None]:
        """Return the derivative by each weight."""
        slope = slopes(in_index_notation(self.terms), self.shared, self._exact)
        return [slope(at.tolist(), j) for j in range(len(at))]

    @property
    def _exact(self) -> dict[str, Any]:
        return {name: a.tolist() for name, a in {**self.of_each, **self.others}.items()}


def placed(
    terms: Terms, w: Vector, of_each: Mapping[str, Vector], shared: Mapping[str, float], dtype: Dtype, number: int
) -> Place:
    """Return a place with arrays for what the formula declares besides, and a partition where it has groups."""
    stream = Stream("coupled elements", number)
    others = {a.name: sampled_array(a, stream, len(w), dtype) for a in terms.arrays}
    partition = partition_of(terms, number)
    if partition is not None:
        own = partition.arguments(len(w))
        others |= {name: a if name == STARTS else a.astype(dtype) for name, a in own.items()}
    return Place(terms=terms, w=w, of_each=of_each, shared=shared, others=others, dtype=dtype)


def compare(tally: Tally, subject: Subject, name: str, place: Place, step: float) -> None:
    """Compare value, gradient or proximal point with the formula."""
    own = {"step": step} if name == "prox" else {}
    try:
        result = called(subject.functions[name], (place.w.copy(),), {**place.arguments, **own})
        found = np.asarray(result) if name == "value" else vector_of(result, place.w.shape, name)
    except CallFailed as failed:
        tally.fail(Failure(at={**place.told, **own}, note=f"{name}: {failed}", rank=2.0))
        return
    is_right = {"value": _is_value, "gradient": _is_gradient, "prox": _is_stationary}[name](place, found, step)
    if is_right is None:
        tally.skip()
    elif is_right:
        tally.agree()
    else:
        note = f"{name} is not that of the weights with their own elements"
        tally.fail(Failure(at={**place.told, **own}, note=note, rank=1.0))


def _is_value(place: Place, found: Vector, step: float) -> bool | None:
    right = place.value()
    return None if right is None else bool(np.isclose(float(found), right, _room(place), 0.0))


def _is_gradient(place: Place, found: Vector, step: float) -> bool | None:
    known = [(k, s) for k, s in enumerate(place.slopes(place.w)) if s is not None and s.is_settled]
    right = np.array([float(s.value) for _, s in known])
    if not len(right):
        return None
    largest = float(np.abs(right).max())
    return bool(np.allclose(found[[k for k, _ in known]], right, _room(place), _room(place) * largest))


def _is_stationary(place: Place, found: Vector, step: float) -> bool | None:
    """Is 0 a slope of R(u) + |u - v|^2/(2*step) by each weight?"""
    known = [(k, s) for k, s in enumerate(place.slopes(found)) if s is not None]
    if not known:
        return None
    at = [k for k, _ in known]
    pulls = (place.w.astype(float)[at] - found.astype(float)[at]) / step
    left = pulls - np.clip(pulls, [float(s.low) for _, s in known], [float(s.high) for _, s in known])
    largest = max(float(np.abs(place.w).max()) / step, *(abs(float(s.value)) for _, s in known))
    return bool((np.abs(left) <= _OF_PROX[place.dtype] * largest).all())


def _room(place: Place) -> float:
    return float(2.0 ** (FORMATS[place.dtype].unit + _ROOM))
