"""Fresh names in emitted code."""

from __future__ import annotations

from collections.abc import Iterable, Set
from itertools import count


class Namer:
    """Hands out names that nothing else in the function has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def fresh(self, stem: str) -> str:
        """Return the stem, with the first free number from 2 behind it if it is taken."""
        name, number = stem, 2
        while name in self.taken:
            name = f"{stem}_{number}" if stem[-1].isdigit() else f"{stem}{number}"
            number += 1
        self.taken.add(name)
        return name

    def temporary(self, others: Set[str] = frozenset()) -> str:
        """Return the first of t1, t2, ... that is neither taken nor among others: what is part of an expression."""
        name = next(name for k in count(1) if (name := f"t{k}") not in self.taken and name not in others)
        self.taken.add(name)
        return name
