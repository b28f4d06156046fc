"""What a verification found: checks as data, as a table of text and as JSON."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite, log10
from typing import Any, Literal

SCHEMA_VERSION = 1
_WIDTH = 80
_SHORTEST = 20  # a place with less room is left out: hardly a name and a number would fit

Verdict = Literal["pass", "inaccurate", "wrong", "undetermined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One function compared with its references.

    Args:
        kind: `value`, `gradient`, `kinks` (the stated choice at them), `prox`, or `step`; and what follows where the
            penalty is proved to be convex, or weakly convex: `subgradient`, `prox_monotone`, `prox_lipschitz`.
        rule: Of a step, else "".
        target: Label of what was judged.
        dtype: `float64` or `float32`.
        points: Outputs, or pairs of points, looked at: compared + vacuous + undetermined.
        compared: Outputs compared.
        undetermined: Outputs whose exact value, or its tolerance, balls did not determine.
        vacuous: Outputs so sensitive to the inputs' rounding that nothing can be asked of them.
        worst_ulp: The error at `at` in units in the last place of the exact value; None where none was measured, as of
            an inequality.
        worst_ratio: It as a multiple of what is allowed there (of a check that passes, at most that).
        worst_relative: It relative to the exact value.
        at: Where the error is the greatest multiple of what is allowed, or a failure shows most plainly: weights,
            parameters and the like by name.
        expected: The exact value there, rounded; of an inequality the bound.
        got: What was returned there.
        verdict: `inaccurate` is wrong by at most a thousandth everywhere; `undetermined` says that nothing could be
            judged at values that people use.
        note: A sentence about the failure, or what was raised.
    """

    kind: str
    rule: str
    target: str
    dtype: str
    points: int
    compared: int
    undetermined: int
    vacuous: int
    worst_ulp: float | None
    worst_ratio: float | None
    worst_relative: float | None
    at: Mapping[str, Any]
    expected: float | None
    got: float | None
    verdict: Verdict
    note: str = ""

    @property
    def name(self) -> str:
        """What is checked, as the emitted function is called."""
        return f"{self.rule}_step" if self.kind == "step" else self.kind

    @property
    def unjudged(self) -> int:
        """How many points could not be decided."""
        return self.vacuous + self.undetermined


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All checks of one verification; printing it shows the table."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Did every check pass, and was there one?"""
        return bool(self.checks) and all(check.verdict == "pass" for check in self.checks)

    def table(self, width: int = _WIDTH) -> str:
        """Return a row per check, below each failure its point with both values, and a line of counts."""
        whose = "function" if any(":" in check.target for check in self.checks) else "target"
        heads = ["check", whose, "dtype", "points", "of allowed", "relative", "verdict"]
        rows = [
            (c.name, c.target, c.dtype, f"{c.points:,}", _times(c.worst_ratio), _part(c.worst_relative), c.verdict)
            for c in self.checks
        ]
        widths = [max([len(head), *(len(row[k]) for row in rows)]) for k, head in enumerate(heads)]
        room = width - sum(widths) - 2 * len(heads)
        # A failure's place has lines of its own.
        has_places = room > _SHORTEST and any(check.verdict == "pass" for check in self.checks)
        if room < -2:
            rows = [(row[0], row[1].rpartition(":")[2], *row[2:]) for row in rows]  # a function without its file
            widths[1] = max(len(whose), min(widths[1] + room + 2, max(len(row[1]) for row in rows)))
        if has_places:
            heads.insert(-1, "at")
            widths.insert(-1, room)
        lines = [_line(heads, widths)]
        for check, row in zip(self.checks, rows, strict=True):
            is_right = check.verdict == "pass"
            place = [_cut(_place(check.at), room) if is_right else ""] * has_places
            lines.append(_line((row[0], _cut(row[1], widths[1]), *row[2:-1], *place, row[-1]), widths))
            if not is_right:
                for text in ([f"at {_place(check.at)}"] if check.at else []) + _failure(check):
                    lines += [f"   {line}" for line in _wrapped(text, width - 3, most=6)]
            if check.unjudged:
                lines += [f"   {line}" for line in _wrapped(_unjudged(check), width - 3, most=2)]
        return "\n".join([*lines, "", self.summary()])

    def summary(self) -> str:
        """Return one line that says what was compared and what was not."""
        failed = sum(check.verdict != "pass" for check in self.checks)
        good = len(self.checks) - failed
        parts = [f"{failed} {_plural('check', failed)} failed"] if failed else []
        if good or not failed:
            parts.append(f"{good} {_plural('check', good)} passed")
        compared, unjudged = (sum(getattr(c, name) for c in self.checks) for name in ("compared", "unjudged"))
        return f"{', '.join(parts)}; {compared:,} points compared, {unjudged:,} not judged"

    def to_json(self) -> str:
        """Return the checks as JSON text; an infinite or undefined number is a string there."""
        data = {"schema_version": SCHEMA_VERSION, "passed": self.passed, "checks": [asdict(c) for c in self.checks]}
        return json.dumps(_plain(data), indent=2, ensure_ascii=True)

    def __str__(self) -> str:
        return self.table()


def plainer(check: Check, other: Check | None) -> Check:
    """Return a check that failed with the point of another one, if that failed as well and tells no less."""
    if other is None or "pass" in (check.verdict, other.verdict) or other.got is None or other.expected is None:
        return check
    if check.note and not other.note and not check.note.startswith(CONSTANT_FACTOR):
        return check  # a note of this point
    if digits(other.at) >= digits(check.at):
        return check
    return replace(
        check,
        **{name: getattr(other, name) for name in _OF_A_POINT},
        note=other.note if other.note or not check.note else check.note,
    )


def digits(value: Any) -> float:
    """Return how much there is to read in a point: the digits of all its numbers, and how far they are from 1."""
    if isinstance(value, Mapping):
        return sum(map(digits, value.values()))
    if isinstance(value, list):
        return sum(map(digits, value))
    if not isinstance(value, float) or not isfinite(value) or not value:
        return 1.0
    few = f"{value:.7g}"  # what tells numbers of single precision apart
    return (len(few) if value in (float(few), _single(float(few))) else len(repr(value))) + abs(log10(abs(value)))


_OF_A_POINT = ("worst_ulp", "worst_ratio", "worst_relative", "at", "expected", "got")
CONSTANT_FACTOR = "wherever it is wrong"


def short(value: Any) -> str:
    """Return a number, or a list of them, as a person would write it."""
    if isinstance(value, list | tuple):
        if len(value) > 1 and len(set(map(repr, value))) == 1:
            return short(value[0])
        return f"[{', '.join(short(v) for v in value)}]"
    if isinstance(value, float):
        few = f"{value:.3g}"
        # Next to a number of few digits it is told from that, unless it is what a format makes of it.
        is_beside = 0 < abs(float(few) - value) <= 1e-6 * abs(value) and value != _single(float(few))
        return repr(value) if is_beside else _written_out(few)
    return str(value)


def _written_out(text: str) -> str:
    """Return a number's text without an exponent where that is as short: 10000, not 1e+04."""
    return f"{float(text):g}" if "e+0" in text and abs(float(text)) < 1e6 else text


def _single(x: float) -> float:
    """Return the number of single precision that is nearest."""
    try:
        (found,) = struct.unpack("f", struct.pack("f", x))
    except OverflowError:
        return x
    return float(found)


def both(expected: float, got: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see the difference."""
    for digits in range(4, 18):
        pair = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if pair[0] != pair[1]:
            return _written_out(pair[0]), _written_out(pair[1])
    return repr(expected), repr(got)


_OF_PAIRS = ("subgradient", "prox_monotone", "prox_lipschitz")
"""Checks of inequalities, whose notes hold both sides."""


def _failure(check: Check) -> list[str]:
    """Return what came out, what is right, and the note, if there is one."""
    said = [f"{check.note}."] if check.note else []
    if check.expected is not None and check.got is not None and check.kind not in _OF_PAIRS:
        right, got = both(check.expected, check.got)
        name = check.at.get("output", {"value": "value", "prox": "prox", "step": "w"}.get(check.kind, "gradient"))
        if isinstance(check.at.get("v" if check.kind == "prox" else "w"), list) and check.kind != "value":
            name = f"{name}[{check.at.get('j', 0)}]"
        said.insert(0, f"got {name} = {got}, right is {right}{':' if said else '.'}")
    return said


def _place(at: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {short(value)}" for name, value in at.items() if name not in ("j", "output"))


def _times(ratio: float | None) -> str:
    """Return an error as a multiple of what is allowed."""
    if ratio is None:
        return "-"
    if not isfinite(ratio):
        return "infinite"
    if ratio < 1:
        return f"{_digits(ratio)} x" if ratio < 0.95 else f"{min(ratio, 0.99):.2f} x"  # not rounded up to 1
    return f"{ratio:.1f} x" if ratio < 10 else f"{ratio:.0f} x" if ratio < 1e4 else f"{_digits(ratio)} x"


def _part(relative: float | None) -> str:
    return "-" if relative is None else _digits(relative)


def _digits(x: float) -> str:
    """Return one digit of a number, without the sign and the zeros of an exponent that say nothing: 0.3, 2e8, 3e-7."""
    digits, e, exponent = f"{x:.1g}".partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def _unjudged(check: Check) -> str:
    """Return how many points were not judged, and why."""
    why = [
        (check.vacuous, "rounding the inputs moves them by over 0.1 %"),
        (check.undetermined, "the exact values are not certain"),
    ]
    parts = [(count, reason) for count, reason in why if count]
    said = "; ".join(f"{count:,}: {reason}" for count, reason in parts) if len(parts) > 1 else parts[0][1]
    return f"not judged: {check.unjudged:,} of {check.points:,} ({said})"


def _line(cells: Sequence[str], widths: list[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cut(text: str, width: int) -> str:
    """Return the text, cut where it does not fit."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """Return the text in at most `most` lines, broken at spaces, the last one cut where it does not fit."""
    lines = [""]
    for word in text.split(" "):
        if not lines[-1]:
            lines[-1] = word
        elif len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: width - 3]}..."]
    return [_cut(line, width) for line in lines]


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
