"""Comments of the C target: what a function takes, returns and refuses."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from symreg.model.interval import Interval
from symreg.targets.c.expressions import signed_literal
from symreg.targets.description import WIDTH, Function

Row = dict[str, Any]


def given_names(function: Function) -> Iterator[str]:
    """Yield the names that a function's arguments have."""
    yield from (parameter.name for parameter in function.parameters)
    yield from (array.name for array in function.arrays)
    yield from (name for name, _ in function.kept)


def domain_condition(name: str, domain: Interval) -> str:
    """Return the condition that a parameter is finite and in its domain; false at NaN."""
    low = "-DBL_MAX" if domain.low is None else signed_literal(domain.low)
    high = "DBL_MAX" if domain.high is None else signed_literal(domain.high)
    above = ">=" if domain.low is None or domain.low_closed else ">"
    below = "<=" if domain.high is None or domain.high_closed else "<"
    return f"{name} {above} {low} && {name} {below} {high}"


def beyond(domain: Interval, real: str) -> tuple[str, str]:
    """Return the comparisons of a number that lies below a domain, and of one above it, with ends of its own type."""
    suffix, largest = ("f", "FLT_MAX") if real == "float" else ("", "DBL_MAX")
    below, above = "<" if domain.low_closed else "<=", ">" if domain.high_closed else ">="
    low = f"< -{largest}" if domain.low is None else f"{below} {signed_literal(domain.low, suffix)}"
    high = f"> {largest}" if domain.high is None else f"{above} {signed_literal(domain.high, suffix)}"
    return low, high


def documented(arguments: Iterable[Row]) -> list[str]:
    """Return the arguments with what they are, one below the other."""
    kept = list(arguments)
    width = max(len(row["name"]) for row in kept)
    return [
        line
        for row in kept
        for line in textwrap.wrap(
            row["doc"], WIDTH - 8, initial_indent=f"{row['name']:<{width}}  ", subsequent_indent=" " * (width + 2)
        )
    ]


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


def declared_rows(row: Row, *, is_alone: bool = False) -> str:
    """Return the declaration of an argument; a pointer to what nothing else points to is `restrict`."""
    star = ("*RESTRICT " if is_alone else "*") if row["is_pointer"] else ""
    return f"{'const ' if row.get('is_const') else ''}{row['type']} {star}{row['name']}"
