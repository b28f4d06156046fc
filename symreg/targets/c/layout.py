"""Rows for the templates, and lines that break between items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]
"""What a template is given of one thing: strings, numbers, booleans, lists and rows of them by name."""


def filled(items: Iterable[str], width: int) -> list[str]:
    """Return items, joined by commas, as lines that break only between items."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 2 <= width:
            lines[-1] += f", {item}"
        else:
            if lines:
                lines[-1] += ","
            lines.append(item)
    return lines
