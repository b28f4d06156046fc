"""Calls of a function under test and what they do wrong: one way to ask and to complain for all of its behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.verification.cases.calling import CallFailed, Subject
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally
from symreg.verification.oracle.formats import FORMATS, Vector

ROOM = 10  # 2**10 u: layouts change the order of operations at most


@dataclass(frozen=True, slots=True)
class Harness:
    """Calls a subject, and records what it does wrong.

    Args:
        tally: Where failures go.
        subject: The functions under test.
        place: What a failure says of where it was found, by name.
    """

    tally: Tally
    subject: Subject
    place: Mapping[str, Any]

    def elsewhere(self, place: Mapping[str, Any]) -> Harness:
        """Return the same for another place."""
        return replace(self, place=place)

    def result_of(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns, None if it failed, which is recorded."""
        try:
            return call()
        except CallFailed as failed:
            self.fail(str(failed))
            return None

    def same(self, what: str, expected: Any, call: Callable[[], Any]) -> None:
        """Require of a call what another one gave."""
        got = self.result_of(call)
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

    def worst_difference(self, got: NDArray[Any], expected: NDArray[Any]) -> int | None:
        """Return the place at which two columns differ most; None if they agree."""
        return None if self.agree(got, expected) else _farthest(got, expected)

    def fail(
        self,
        note: str = "",
        *,
        expected: float | None = None,
        got: float | None = None,
        ratio: float | None = None,
        rank: float = 2.0,
    ) -> None:
        """Record a failure.

        Args:
            note: A sentence on what is wrong besides the number.
            expected: The number that is right.
            got: The one that came out.
            ratio: The error as a multiple of what is allowed.
            rank: The lower, the more instructive; after all wrong numbers unless given.
        """
        self.tally.fail(Failure(at=dict(self.place), expected=expected, got=got, ratio=ratio, note=note, rank=rank))


def first_difference(got: Any, expected: Any) -> str:
    """Return the difference of two results as a sentence: of their shapes, or where it is greatest."""
    if np.shape(got) != np.shape(expected):
        return f"the shape is {np.shape(got)} where {np.shape(expected)} is right"
    column, right = np.ravel(got), np.ravel(expected)
    k = _farthest(column, right)
    return f"{float(column[k]):.17g} comes out at {k}, in a short plain vector {float(right[k]):.17g}"


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


def _farthest(got: NDArray[Any], expected: NDArray[Any]) -> int:
    """Return the place at which two columns are furthest apart; a NaN in one of them is."""
    with np.errstate(all="ignore"):
        off = np.abs(got - expected)
    return int(np.argmax(np.where(np.isnan(off), np.inf, off)))
