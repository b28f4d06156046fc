"""The checks of functions as a table of text: a row each, below a failure its point with both values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from symreg.verification.report.check import Check
from symreg.verification.report.numbers import distinguished, short

WIDTH = 80
_DIGITS = 4  # of numbers that differ, at least
_SHORTEST = 20  # a place with less room is left out: hardly a name and a number would fit
_OF_PAIRS = ("subgradient", "prox_monotone", "prox_lipschitz")
"""Checks of inequalities, whose notes hold both sides."""

_OF_NUMBERS = ("value", "partial", "lipschitz")
"""Checks of functions whose output is named in full, or is one number."""

_OWN_NAMES = ("value", "prox", "hessian_vector", "lipschitz", "loss_value", "loss_gradient", "loss_hessian")
_NAMES = {name: name for name in _OWN_NAMES} | {"step": "w"}
"""What came out, by the kind of a check whose points do not name it."""


def table(checks: Sequence[Check], width: int, call: str = "", notes: Sequence[str] = ()) -> str:
    """Return a row per check, below each failure its point with both values, and a line of counts.

    Args:
        checks: One a row.
        width: Of a line, at most.
        call: How somebody's own function was called, which is told first.
        notes: Told last.
    """
    heads, rows, widths, room = _columns(checks, width, has_call=bool(call))
    lines = [*_wrapped(f"called as {call}", width, most=6), ""] if call else []
    lines.append(_line(heads, widths))
    for check, row in zip(checks, rows, strict=True):
        place = [_cut(_place(check.at), room) if check.is_right else ""] * (room > 0)
        lines.append(_line((row[0], _cut(row[1], widths[1]), *row[2:-1], *place, row[-1]), widths))
        if not check.is_right:
            for text in ([f"at {_place(check.at)}"] if check.at else []) + _failure(check):
                lines += [f"   {line}" for line in _wrapped(text, width - 3, most=6)]
            if not check.is_counted:
                lines.append("   this does not count; --far makes it count")
        if check.unjudged:
            lines += [f"   {line}" for line in _wrapped(_unjudged(check), width - 3, most=2)]
    told = [line for note in notes for line in _wrapped(f"note: {note}", width, most=6)]
    return "\n".join([*lines, "", *told, summary(checks)])


def summary(checks: Sequence[Check]) -> str:
    """Return one line that says what was compared and what was not."""
    failed = sum(not check.is_right for check in checks if check.is_counted)
    good = sum(check.is_right for check in checks)
    parts = [f"{failed} {_plural('check', failed)} failed"] if failed else []
    if good or not failed:
        parts.append(f"{good} {_plural('check', good)} passed")
    compared, unjudged = sum(check.compared for check in checks), sum(check.unjudged for check in checks)
    return f"{', '.join(parts)}; {compared:,} points compared, {unjudged:,} not judged"


def _columns(
    checks: Sequence[Check], width: int, *, has_call: bool
) -> tuple[list[str], list[tuple[str, ...]], list[int], int]:
    """Return heads, rows, the columns' widths, and the width of that of places: 0 where they have no room."""
    whose = "function" if has_call else "target"
    heads = ["check", whose, "dtype", "points", "of allowed", "relative", "verdict"]
    rows: list[tuple[str, ...]] = [
        (
            f"  {c.region}" if c.region else c.name,
            c.target.rpartition(":")[2] if has_call else c.target,
            c.dtype,
            f"{c.points:,}",
            _times(c.worst_ratio),
            _part(c.worst_relative),
            c.verdict,
        )
        for c in checks
    ]
    widths = [max([len(head), *(len(row[k]) for row in rows)]) for k, head in enumerate(heads)]
    room = width - sum(widths) - 2 * len(heads)
    # A failure's place has lines of its own.
    has_places = room > _SHORTEST and any(check.is_right for check in checks)
    if room < -2 and has_call and len({check.dtype for check in checks}) == 1:
        rows, heads = [(*row[:2], *row[3:]) for row in rows], [*heads[:2], *heads[3:]]  # the call tells it
        room += widths.pop(2) + 2
    if room < -2:
        widths[1] = max(len(whose), min(widths[1] + room + 2, max(len(row[1]) for row in rows)))
    if has_places:
        heads.insert(-1, "at")
        widths.insert(-1, room)
    return heads, rows, widths, room if has_places else 0


def _failure(check: Check) -> list[str]:
    """Return what came out, what is right, and the note, if there is one."""
    said = [f"{check.note}."] if check.note else []
    if check.expected is not None and check.got is not None and check.kind not in _OF_PAIRS:
        right, got = distinguished(check.expected, check.got, _DIGITS)
        name = check.at.get("output", _NAMES.get(check.kind, "gradient"))
        is_number = not {name, check.kind}.isdisjoint(_OF_NUMBERS)
        if isinstance(check.at.get("v" if name == "prox" else "w"), list) and not is_number:
            name = f"{name}[{check.at.get('j', 0)}]"
        said.insert(0, f"got {name} = {got}, right is {right}{':' if said else '.'}")
    return said


def _unjudged(check: Check) -> str:
    """Return how many points were not judged, and why."""
    why = [
        (check.vacuous, "rounding the inputs moves them by over 0.1 %"),
        (check.undetermined, "the exact values are not certain"),
    ]
    parts = [(count, reason) for count, reason in why if count]
    said = "; ".join(f"{count:,}: {reason}" for count, reason in parts) if len(parts) > 1 else parts[0][1]
    return f"not judged: {check.unjudged:,} of {check.points:,} ({said})"


def _place(at: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {short(value)}" for name, value in at.items() if name not in ("j", "output"))


def _times(ratio: float | None) -> str:
    """Return an error as a multiple of what is allowed."""
    if ratio is None:
        return "-"
    if not isfinite(ratio):
        return "infinite"
    if ratio < 1:
        return f"{_digit(ratio)} x" if ratio < 0.95 else f"{min(ratio, 0.99):.2f} x"  # not rounded up to 1
    return f"{ratio:.1f} x" if ratio < 10 else f"{ratio:.0f} x" if ratio < 1e4 else f"{_digit(ratio)} x"


def _part(relative: float | None) -> str:
    return "-" if relative is None else _digit(relative)


def _digit(x: float) -> str:
    """Return one digit of a number, without the sign and the zeros of an exponent that say nothing: 0.3, 2e8, 3e-7."""
    digits, e, exponent = f"{x:.1g}".partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


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
