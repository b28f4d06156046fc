"""Partitions of weights into groups: one, single ones, uneven ones, empty ones among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symreg.model.lifts import STARTS
from symreg.model.terms import Terms

_WEIGHTS = (0.5, 2.0, 0.0, 1.25)
_SIZES = ((), (1,), (2, 0, 1), (3, 2), (0, 4, 1))
"""Of groups, over and over until no weight is left; () for one group of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """How weights of any number are put into groups, and how much each group counts.

    Args:
        weights_name: The argument for the groups' weights.
        sizes: Of the groups, over and over; () for one group of all.
        weights: Of the groups, over and over; () for the roots of their sizes.
    """

    weights_name: str
    sizes: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    def starts(self, length: int) -> list[int]:
        """Return where each group of so many weights begins, and their number."""
        starts = [0]
        if not self.sizes:
            return [0, length]
        number = 0
        while starts[-1] < length:
            starts.append(min(starts[-1] + self.sizes[number % len(self.sizes)], length))
            number += 1
        return starts

    def arguments(self, length: int) -> dict[str, Any]:
        """Return the keywords of a call with so many weights."""
        starts = self.starts(length)
        made: dict[str, Any] = {STARTS: np.array(starts, dtype=np.int64)}
        if self.weights:
            made[self.weights_name] = np.resize(np.array(self.weights), len(starts) - 1)
        return made


def partition_of(terms: Terms, number: int) -> Partition | None:
    """Return one of several partitions, where terms need one; the first is of human size."""
    if terms.groups is None:
        return None
    if terms.groups.sizes:
        own = terms.groups
        return Partition(weights_name=own.weights, sizes=own.sizes, weights=own.strengths)
    sizes = _SIZES[number % len(_SIZES)]
    weights = _WEIGHTS if number % 3 == 1 else _WEIGHTS[:2] if number % 3 == 2 else ()
    return Partition(weights_name=terms.groups.weights, sizes=sizes, weights=weights)


def lengths_of(terms: Terms, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Return the lengths of vectors: the usual ones, or the number of weights that is given."""
    return (terms.count,) * 4 if terms.count else usual


def in_length(terms: Terms, row: Sequence[float]) -> list[float]:
    """Return some numbers, repeated or cut where the number of weights is given."""
    (length, *_) = lengths_of(terms, (len(row),))
    return np.resize(np.array(row), length).tolist() if row else []
