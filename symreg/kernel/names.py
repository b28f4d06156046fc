"""Fresh names in emitted code."""

from __future__ import annotations

from collections.abc import Iterable


class Namer:
    """Hands out names that nothing else in the function has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def fresh(self, stem: str) -> str:
        """Return the stem, with the first free number from 2 behind it if it is taken."""
        name, count = stem, 2
        while name in self.taken:
            name = f"{stem}_{count}" if stem[-1].isdigit() else f"{stem}{count}"
            count += 1
        self.taken.add(name)
        return name
