"""Random numbers from names: the same on every machine and in every run, as no libm has a say in them.

The compiler has a stream of its own (`accuracy/points.py`), on purpose: points at which a form was chosen would be the
worst ones to judge it at.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ldexp


class Stream:
    """Random numbers from a name: splitmix64 over a counter that begins at the name's FNV-1a hash."""

    def __init__(self, *name: object) -> None:
        state = 0xCBF29CE484222325
        for byte in "/".join(map(str, name)).encode():
            state = (state ^ byte) * 0x100000001B3 & _MASK
        self._state = state

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        x = self._state
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
        return low + (x ^ (x >> 31)) % (high - low + 1)

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        return ldexp(self.integer(0, (1 << 53) - 1), -53)

    def log_uniform(self, least_exponent: int, greatest_exponent: int) -> float:
        """Return a positive number whose binary exponent is uniform in the range."""
        return ldexp(1.0 + self.uniform(), self.integer(least_exponent, greatest_exponent - 1))

    def sign(self) -> float:
        """Return -1.0 or 1.0."""
        return 1.0 if self.integer(0, 1) else -1.0

    def shuffled(self, numbers: Iterable[int]) -> list[int]:
        """Return the numbers in another order."""
        order = list(numbers)
        for k in range(len(order) - 1, 0, -1):
            other = self.integer(0, k)
            order[k], order[other] = order[other], order[k]
        return order


_MASK = (1 << 64) - 1
