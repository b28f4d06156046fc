"""Rows for the templates, made shorter where that reads as well, and lines that break between items."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

LONGEST_LINE = 120
"""Characters of a line of code; what a comment says stays narrower."""

Row = dict[str, Any]
"""What a template is given of one thing: strings, numbers, booleans, lists and rows of them by name."""

_MOST_PLACES = 3
"""How often an index may be written as a sum before it gets a name."""


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


def joined(rows: Iterable[Row]) -> list[Row]:
    """Return statements before loops in which neighbouring numbers of one type are declared together."""
    runs: list[list[Row]] = []
    for row in rows:
        if runs and row["kind"] == "let" and runs[-1][0]["kind"] == "let" and row["type"] == runs[-1][0]["type"]:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [run[0] if len(run) == 1 else _declaration(run) for run in runs]


def _declaration(lets: list[Row]) -> Row:
    kind = lets[0]["type"]
    items = [f"{let['name']} = {let['value']}" for let in lets]
    return {"kind": "lets", "type": kind, "lines": filled(items, LONGEST_LINE - len(f"    const {kind} ;"))}


def only_store(body: list[Row]) -> str:
    """Return the one statement of a loop; "" if there are others, or none."""
    if len(body) != 1 or body[0]["kind"] != "store":
        return ""
    return f"{body[0]['place']} = {body[0]['value']};"


def without_index(statement: str, index: str, start: str, lane: str) -> str:
    """Return a statement with an index written as a sum, `w[start + k]`; "" if it is read better with a name."""
    places = re.compile(rf"\[{index}(?= [+-] \d+\]|\])")
    count = len(places.findall(statement))
    if count > _MOST_PLACES or count < len(re.findall(rf"\b{index}\b", statement)):
        return ""
    return places.sub(f"[{start} + {lane}", statement)
