"""Time contenders against one another in one run, and say whether a promise was kept."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

PATIENT = 120.0
"""Seconds for symbolic work: on a busy machine the usual ten are soon over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Args:
        group: The benchmark that it is of.
        subject: What was measured.
        measured: Its time or size, as text with a unit.
        against: What it was compared with, with its own figure; "" if with nothing.
        figure: The number that the promise is about: a ratio, seconds, bytes.
        promise: Text of the promise, such as `<= 1.1x`; "" for a row that only informs.
        is_kept: Was it kept? None for a row that only informs.
    """

    group: str
    subject: str
    measured: str
    against: str = ""
    figure: float
    promise: str = ""
    is_kept: bool | None = None


Case = Callable[[], Iterator[Row]]
"""Measures one contest when it is called; a benchmark is several, by name, so that time may run out between two."""


def interleaved(
    contenders: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Return seconds of each contender, run A B C A B C ..., so that a disturbance meets all of them alike.

    Args:
        contenders: What to call, by name; each is called once before anything is timed.
        rounds: How often each is timed.
        clock: `time.process_time` for what runs on one core: all threads of this process, and nobody else's.
    """
    for call in contenders.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return seconds


def quotient(seconds: Mapping[str, list[float]], above: str, below: str) -> float:
    """Return the median over the rounds of `above` / `below`, each quotient from one round."""
    return statistics.median(a / b for a, b in zip(seconds[above], seconds[below], strict=True))


def at_most(limit: float, group: str, seconds: Mapping[str, list[float]], subject: str, against: str) -> Row:
    """Return a row on the promise that the subject takes at most `limit` times as long as the other."""
    ratio = quotient(seconds, subject, against)
    return _compared(group, seconds, subject, against, ratio, f"time <= {limit:g}x", ratio <= limit)


def at_least(limit: float, group: str, seconds: Mapping[str, list[float]], subject: str, against: str) -> Row:
    """Return a row on the promise that the subject is at least `limit` times as fast as the other."""
    ratio = quotient(seconds, against, subject)
    return _compared(group, seconds, subject, against, ratio, f"speed >= {limit:g}x", ratio >= limit)


def shown(seconds: float) -> str:
    """Return a time as text."""
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def _compared(
    group: str,
    seconds: Mapping[str, list[float]],
    subject: str,
    against: str,
    ratio: float,
    promise: str,
    is_kept: bool,
) -> Row:
    return Row(
        group=group,
        subject=subject,
        measured=shown(statistics.median(seconds[subject])),
        against=f"{against}: {shown(statistics.median(seconds[against]))}",
        figure=ratio,
        promise=promise,
        is_kept=is_kept,
    )
