"""Which side of a switch holds: decided rigorously, recorded, followed, or left open so that both are enclosed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from flint import arb, arb_series

from symreg.verification.oracle import series
from symreg.verification.oracle.scaled import Scaled
from symreg.verification.oracle.series import ORDER, Value

Decide: TypeAlias = Callable[[Value], int | None]


class Undecided(Exception):
    """A switch whose side the balls do not tell at this precision."""


class AtKink(Undecided):
    """A switch that is exactly zero at this weight and moves with it."""


def sign(x: Value) -> int:
    """Decide a switch rigorously.

    Raises:
        AtKink: If it is exactly zero here but not all around.
        Undecided: If the ball straddles zero.
    """
    at = x if isinstance(x, arb) else series.constant(x.factor if isinstance(x, Scaled) else x)
    if at > 0:
        return 1
    if at < 0:
        return -1
    if at.is_zero():
        if isinstance(x, arb):
            return 0
        raise AtKink
    raise Undecided


def sign_or_hull(x: Value) -> int | None:
    """Decide a switch where the ball tells, otherwise ask for both sides."""
    return 1 if x > 0 else -1 if x < 0 else 0 if x.is_zero() else None


def sign_of_the_germ(x: Value) -> int:
    """Decide a switch just to the right of a point: by the first coefficient that is not exactly zero."""
    if isinstance(x, series.Ray) and x.value.is_zero() and x.slope.is_zero():
        if not x.beside:
            raise Undecided
        return x.beside
    if not isinstance(x, arb_series):
        at = series.constant(x)
        return sign(at if isinstance(x, arb) or not at.is_zero() else series.slope(x))
    for k in range(ORDER):
        if not x[k].is_zero():
            return sign(x[k])
    raise Undecided


def sign_of_the_atom(x: Value) -> int:
    """Decide a switch at a point by the convention of index notation: sign(0) = 0."""
    return sign(series.constant(x))


@dataclass(slots=True)
class Record:
    """Decides switches at one place and keeps the sides in order, so that the same branch can be followed elsewhere.

    Both sides (None) are kept of a ball that straddles zero; a series there has no branch.
    """

    decide: Decide
    taken: list[int | None] = field(default_factory=list)

    def __call__(self, x: Value) -> int | None:
        try:
            side = self.decide(x)
        except Undecided:
            if not isinstance(x, arb):
                raise
            side = None
        self.taken.append(side)
        return side


def following(taken: Sequence[int | None]) -> Decide:
    """Return a decision that repeats recorded sides, whatever a ball tells; for one evaluation."""
    sides = iter(taken)

    def decide(_: Value) -> int | None:
        for side in sides:
            return side
        raise Undecided

    return decide
