"""How the rows of scratch of a block are given their names."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.targets.numpy.layout import Row, code_line

_MOST_ROWS = 8  # unpacked in one line,
_LONGEST_ROWS = 40  # and characters of their names
_MOST_PLACES = 3  # rows that are taken by their places


def unpacked(scratch: str, rows: list[str], size: str) -> Iterator[Row]:
    """Yield what names the rows of scratch: a few by their places, which takes less time, more as slices."""
    if len(rows) == 1:
        yield code_line(f"{rows[0]} = {scratch}[: {size}]")
        return
    if len(rows) <= _MOST_PLACES:
        places = [f"{scratch}[{place}, : {size}]" for place in range(len(rows))]
        for first in range(0, len(rows), 2):
            names, taken = (", ".join(some[first : first + 2]) for some in (rows, places))
            yield code_line(f"{names} = {taken}")
        return
    for first, some in in_lines(rows):
        which = f"{first}:{first + len(some)}" if len(some) < len(rows) else ":"
        names = f"({some[0]},)" if len(some) == 1 else ", ".join(some)
        yield code_line(f"{names} = {scratch}[{which}, : {size}]")


def in_lines(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield names of rows as one line unpacks them, with the place of the first; all of a few in one line."""
    if rows and len(rows) <= _MOST_ROWS and len(", ".join(rows)) <= _LONGEST_ROWS:
        yield 0, rows
        return
    first = 0
    while first < len(rows):
        count = 1
        while (
            count < _MOST_ROWS
            and first + count < len(rows)
            and len(", ".join(rows[first : first + count + 1])) <= _LONGEST_ROWS
        ):
            count += 1
        yield first, rows[first : first + count]
        first += count
