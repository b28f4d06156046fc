"""The checks of one object as text: a title, a row per check, below each disagreement a sentence on its point."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from math import isfinite, isnan

from symreg.verification.report.check import Check
from symreg.verification.report.numbers import distinguished, exact

_WIDTH = 80


def title(label: str, objective: str, parameters: Mapping[str, float | list[float]]) -> str:
    """Return what was judged, and by what."""
    if not objective:
        return f"{label}, judged by itself"
    given = "".join(f", {name} = {exact(x)}" for name, x in parameters.items())
    return f"{label}, judged by {objective}{given}"


def listing(head: str, checks: Sequence[Check], notes: Sequence[str]) -> str:
    """Return a title, the checks, the notes, and a line that sums up."""
    lines = textwrap.wrap(head, _WIDTH, subsequent_indent="   ")
    heads = ("check", "points", "failures", "worst error", "verdict")
    rows = [(c.kind, f"{c.points:,}", f"{c.failures:,}", _size(c.worst_relative), c.verdict) for c in checks]
    widths = [max(len(row[k]) for row in (heads, *rows)) for k in range(len(heads))]
    lines += ["", _line(heads, widths)]
    for check, row in zip(checks, rows, strict=True):
        lines.append(_line(row, widths))
        for sentence in sentences(check):
            lines += textwrap.wrap(f"{sentence}.", _WIDTH - 3, initial_indent="   ", subsequent_indent="   ")
    lines += ["", *(f"note: {note}" for note in notes), summary(checks)]
    return "\n".join(lines) + "\n"


def summary(checks: Sequence[Check]) -> str:
    """Return one line that says which checks agree."""
    wrong = [check.kind for check in checks if not check.is_right]
    points = f"{sum(check.compared for check in checks):,} points compared"
    if not checks:
        return "nothing could be checked"
    if not wrong:
        return f"agrees in {', '.join(check.kind for check in checks)}; {points}"
    return f"disagrees in {', '.join(wrong)}; {points}"


def overview(outcomes: Mapping[str, str]) -> str:
    """Return a line for each of several objects, and one that counts them.

    Args:
        outcomes: What came of each, by its label: the line that sums up its report, or why it was refused.
    """
    lines = [
        line
        for label, outcome in outcomes.items()
        for line in textwrap.wrap(f"{label}: {outcome}", _WIDTH, subsequent_indent="   ")
    ]
    words = [outcome.split(maxsplit=1)[0].rstrip(":") for outcome in outcomes.values()]
    counts = [f"{words.count(word)} {shown}" for word, shown in _COUNTED.items() if word in words]
    return "\n".join([*lines, f"{len(outcomes)} objects: {', '.join(counts)}"]) + "\n"


_COUNTED = {"agrees": "right", "disagrees": "wrong", "nothing": "not judged", "refused": "refused"}


def sentences(check: Check) -> list[str]:
    """Return what a person wants to know of a disagreement: the point, what came out, what is right, and why."""
    if check.is_right:
        return []
    place = ", ".join(f"{name} = {exact(x)}" for name, x in check.at.items())
    said: list[str] = []
    if check.got is not None and check.expected is not None:
        right, got = distinguished(check.expected, check.got)
        said.append(f"at {place}: got {got}, right is {right}")
    elif check.got is not None:
        said.append(f"at {place}: got {exact(check.got)}")
    elif place:
        said.append(f"at {place}")
    return [*said, *check.notes]


def _size(error: float | None) -> str:
    if error is None or isnan(error):
        return "not a number"
    return "infinite" if not isfinite(error) else "0" if error == 0 else f"{error:.1e}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
