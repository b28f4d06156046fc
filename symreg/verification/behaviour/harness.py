"""One way to call a function under test and to complain: layouts, shapes, and the first difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.verification.cases.calling import Subject, Trouble
from symreg.verification.cases.gradient_cases import StepCase
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.oracle.formats import FORMATS, Vector

LENGTHS = (*range(1, 18), 33)  # around what is left over of vectors of 2, 4, 8 and 16


ROOM = 10  # 2**10 u: layouts change the order of operations at most


@dataclass(frozen=True, slots=True)
class Look:
    """Where failures go, and what is said of their place."""

    tally: Tally
    subject: Subject
    place: Mapping[str, Any]

    def at(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns, None if it failed."""
        try:
            return call()
        except Trouble as trouble:
            self.fail(str(trouble))
            return None

    def same(self, what: str, expected: Any, call: Callable[[], Any]) -> None:
        """Require of a call what another one gave."""
        got = self.at(call)
        if got is not None and expected is not None:
            self.require(what, got, expected)

    def require(self, what: str, got: Any, expected: Any) -> None:
        """Require that two results agree."""
        if not self.agree(got, expected):
            self.fail(f"{what}: {first_difference(got, expected)}")

    def agree(self, got: Any, expected: Any) -> bool:
        """Are two results the same, as far as another order of the same operations goes?"""
        room = 2.0 ** (FORMATS[self.subject.dtype].unit + ROOM)
        with np.errstate(all="ignore"):
            size = float(np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected)))
        if np.shape(got) != np.shape(expected):
            return False
        return bool(np.allclose(got, expected, room, room * size, equal_nan=True))

    def fail(self, note: str) -> None:
        """Record a failure."""
        self.tally.fail(Failure(at=self.place, note=note, rank=2.0))


def first_difference(got: Any, expected: Any) -> str:
    if np.shape(got) != np.shape(expected):
        return f"the shape is {np.shape(got)} where {np.shape(expected)} is right"
    mine, theirs = np.ravel(got), np.ravel(expected)
    with np.errstate(all="ignore"):
        off = np.abs(mine - theirs)
    k = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    return f"{float(mine[k]):.17g} comes out at {k}, in a short plain vector {float(theirs[k]):.17g}"


def layouts(column: Vector, *, is_flat: bool) -> Iterator[tuple[str, Vector]]:
    """Yield the same numbers with gaps between them, backwards in memory and, for some, in two dimensions."""
    gaps = np.full(2 * len(column), np.nan, column.dtype)
    gaps[::2] = column
    yield "strided", gaps[::2]
    yield "reversed in memory", column[::-1].copy()[::-1]
    if not is_flat:
        square = column.reshape(3, -1)
        yield "of two dimensions", square
        yield "in Fortran's order", np.asfortranarray(square)
        yield "a transposed array", np.ascontiguousarray(square.T).T


def in_shape(case: StepCase, shape: tuple[int, ...]) -> StepCase:
    return replace(
        case,
        weights=case.weights.reshape(shape),
        gradient=case.gradient.reshape(shape),
        arrays={name: column.reshape(shape) for name, column in case.arrays.items()},
    )


def differing(look: Look, got: NDArray[Any], expected: NDArray[Any]) -> list[int]:
    """Return the first place at which two columns differ, if there is one."""
    if look.agree(got, expected):
        return []
    with np.errstate(all="ignore"):
        off = np.abs(got - expected)
    return [int(np.argmax(np.where(np.isnan(off), np.inf, off)))]
