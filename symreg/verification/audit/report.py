"""What an audit found: checks as data, as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite, isnan
from typing import Any, Literal

SCHEMA_VERSION = 1
INACCURATE = 1e-3
"""Greatest relative error of what is called inaccurate; a greater one is wrong."""

_WIDTH = 80

Verdict = Literal["agrees", "inaccurate", "wrong", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that an object offers, compared at many points.

    Args:
        kind: `value`, `gradient`, `prox`, `subdifferential`, `elementwise`, `monotone` or `nonexpansive`.
        points: Points looked at: compared and undetermined.
        undetermined: Points at which nothing could be said.
        failures: Points at which it disagrees.
        worst: The greatest error relative to the size of what is right, or of the input; of a check that agrees, too.
        at: The failure that reads most plainly: `w`, `g`, `v`, `step` by name.
        got: What came out there.
        right: What is right there, None where no number is.
        verdict: `inaccurate` is off by at most a thousandth everywhere.
        notes: Sentences on the failure, each without its full stop.
    """

    kind: str
    points: int
    undetermined: int
    failures: int
    worst: float
    at: Mapping[str, Any] = field(default_factory=dict)
    got: float | None = None
    right: float | None = None
    verdict: Verdict
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All checks of one object; printing it shows the table.

    Args:
        label: The object.
        objective: The formula that it was judged by, "" where it was judged by itself.
        parameters: The formula's parameters.
        checks: In the order in which they were made.
        notes: What was not judged, and why.
    """

    label: str
    objective: str
    parameters: Mapping[str, float]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Does every check agree, and was there one?"""
        return bool(self.checks) and all(check.verdict == "agrees" for check in self.checks)

    def text(self) -> str:
        """Return a row per check, below each disagreement its point, and a line that sums up."""
        lines = textwrap.wrap(self._title(), _WIDTH, subsequent_indent="   ")
        heads = ("check", "points", "failures", "worst error", "verdict")
        rows = [(c.kind, f"{c.points:,}", f"{c.failures:,}", _size(c.worst), c.verdict) for c in self.checks]
        widths = [max(len(row[k]) for row in (heads, *rows)) for k in range(len(heads))]
        lines += ["", _line(heads, widths)]
        for check, row in zip(self.checks, rows, strict=True):
            lines.append(_line(row, widths))
            for sentence in sentences(check):
                lines += textwrap.wrap(f"{sentence}.", _WIDTH - 3, initial_indent="   ", subsequent_indent="   ")
        lines += ["", *(f"note: {note}" for note in self.notes), self.summary()]
        return "\n".join(lines) + "\n"

    def summary(self) -> str:
        """Return one line that says how many checks agree."""
        bad = [check.kind for check in self.checks if check.verdict != "agrees"]
        compared = sum(check.points - check.undetermined for check in self.checks)
        counted = f"{compared:,} points compared"
        if not self.checks:
            return "nothing could be checked"
        if not bad:
            return f"agrees in {', '.join(check.kind for check in self.checks)}; {counted}"
        return f"disagrees in {', '.join(bad)}; {counted}"

    def to_json(self) -> str:
        """Return the report as JSON text; an infinite or undefined number is a string there."""
        data = {
            "schema_version": SCHEMA_VERSION,
            "object": self.label,
            "objective": self.objective or None,
            "parameters": dict(self.parameters),
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
            "notes": self.notes,
        }
        return json.dumps(_plain(data), indent=2, ensure_ascii=True)

    def __str__(self) -> str:
        return self.text()

    def _title(self) -> str:
        if not self.objective:
            return f"{self.label}, judged by itself"
        given = "".join(f", {name} = {short(x)}" for name, x in self.parameters.items())
        return f"{self.label}, judged by {self.objective}{given}"


def sentences(check: Check) -> list[str]:
    """Return what a person wants to know of a disagreement: the point, what came out, what is right, and why."""
    if check.verdict == "agrees":
        return []
    place = ", ".join(f"{name} = {short(x)}" for name, x in check.at.items())
    said: list[str] = []
    if check.got is not None and check.right is not None:
        right, got = both(check.right, check.got)
        said.append(f"at {place}: got {got}, right is {right}")
    elif check.got is not None:
        said.append(f"at {place}: got {short(check.got)}")
    elif place:
        said.append(f"at {place}")
    return [*said, *check.notes]


def short(value: Any) -> str:
    """Return a number, or a list of them, as a person would write it, exactly."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(short(v) for v in value)}]"
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if abs(value) < 1e16 else repr(value)
    return str(value)


def both(right: float, got: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see the difference."""
    for digits in range(6, 18):
        pair = f"{right:.{digits}g}", f"{got:.{digits}g}"
        if pair[0] != pair[1]:
            return pair
    return repr(right), repr(got)


def _size(worst: float) -> str:
    if isnan(worst):
        return "not a number"
    return "infinite" if not isfinite(worst) else "0" if worst == 0 else f"{worst:.1e}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
