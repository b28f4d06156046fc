"""Rows for the template, and lines no longer than formatters leave them."""

from __future__ import annotations

from typing import Any

LONGEST_LINE = 88

Row = dict[str, Any]
"""What the template is given of one thing: strings, numbers, booleans, lists and rows of them by name."""


def code_line(text: str) -> Row:
    """Return a line of code as a row."""
    return {"kind": "line", "text": text}


def call_lines(target: str, function: str, arguments: list[str], *, indent: int) -> list[Row]:
    """Return `target = function(arguments)` as lines that are short enough, broken as formatters break them.

    Args:
        target: What the result is called.
        function: Its name.
        arguments: As they are written.
        indent: How far in the statement stands.
    """
    line = f"{target} = {function}({', '.join(arguments)})"
    if len(line) + indent <= LONGEST_LINE:
        return [code_line(line)]
    rows = (f"    {argument}," for argument in arguments)
    return [code_line(f"{target} = {function}("), *map(code_line, rows), code_line(")")]
