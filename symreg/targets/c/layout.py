"""Rows for the templates, and lines that break between items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LONGEST_LINE = 120
"""Characters of a line of code; what a comment says stays narrower."""

Row = dict[str, Any]
"""What a template is given of one thing: strings, numbers, booleans, lists and rows of them by name."""


def filled(items: Iterable[str], width: int, *, between: str = ", ", at_start: str = "") -> list[str]:
    """Return items as lines that break only between items.

    Args:
        items: In order.
        width: Of a line.
        between: What stands between two items; at a break, what of it is no space ends the line.
        at_start: What stands before the first item of each line but the first, in place of what would end a line.
    """
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + len(between) <= width:
            lines[-1] += f"{between}{item}"
        elif lines:
            lines[-1] += "" if at_start else between.rstrip()
            lines.append(f"{at_start}{item}")
        else:
            lines.append(item)
    return lines
