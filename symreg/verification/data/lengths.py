"""Long data: a sum over many samples is what sums over few of them add up to, in whatever blocks it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from symreg.verification.cases.calling import CallFailed, Subject
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally
from symreg.verification.data.calling import arguments_of, call
from symreg.verification.data.exact import Exact, Sums
from symreg.verification.data.matrices import LAYOUTS
from symreg.verification.data.samples import Sample
from symreg.verification.oracle.formats import FORMATS

LENGTHS = (255, 4099, 20011)
"""Beyond any block of rows, and at none of their edges."""

_WIDE = (3, 20011)


def of_lengths(tally: Tally, subject: Subject, at: Sequence[Exact], names: tuple[str, ...]) -> None:
    """Compare the sums over a data set repeated often with the same multiples of those of the data set itself."""
    chosen = max(at, key=lambda exact: (len(exact.sample.X), exact.sample.X.shape[1]))
    whole = replace(chosen.sample, sample_weight=None)
    exact = Exact(chosen.data, chosen.terms, whole, chosen.dtype)
    for count in LENGTHS:
        for layout in LAYOUTS:
            _long(tally, subject, exact, count, layout, names)
    _wide(tally, subject, exact, names)


def _long(tally: Tally, subject: Subject, exact: Exact, count: int, layout: str, names: tuple[str, ...]) -> None:
    """Require of a long data set, whose last rows are the first of the short one, what its parts add up to."""
    rows = len(exact.sample.X)
    times, rest = divmod(count, rows)
    wanted = [exact.partial, *([_first(exact, rest).partial] if rest else [])]
    parts = [part for part in wanted if part is not None]
    if len(parts) < len(wanted):
        return
    counts = np.array([times, 1][: len(parts)], dtype=np.float64)
    right = counts @ np.array([_numbers(part) for part in parts])
    room = counts @ np.array([_room(part) for part in parts])
    unit = 2.0 ** FORMATS[exact.dtype].unit
    long = replace(
        exact.sample,
        X=np.resize(exact.sample.X, (count, exact.sample.X.shape[1])),
        y=np.resize(exact.sample.y, count),
    )
    found = _called(tally, subject, long, layout, names)
    # Sums of many numbers are off by no more than the square root of their count in all but contrived cases.
    allowed = 4 * np.sqrt(count) * room / rows + 64 * unit * np.abs(right)
    if found is not None and not np.all(np.abs(found - right) <= allowed):
        worst = int(np.argmax(np.abs(found - right) - allowed))
        note = f"partial of {count:,} samples, {layout}, is not the sum of its parts"
        at = {"m": count, "output": ["loss", *["gradient"] * len(exact.sample.w), "weight"][worst]}
        tally.fail(Failure(at=at, expected=float(right[worst]), got=float(found[worst]), note=note, rank=1.5))


def _wide(tally: Tally, subject: Subject, exact: Exact, names: tuple[str, ...]) -> None:
    """Require of many columns, of which all but a few are 0, what those few give."""
    n = exact.sample.X.shape[1]
    part = exact.partial
    if part is None:
        return
    for layout in LAYOUTS:
        X = np.zeros((len(exact.sample.X), _WIDE[1]), dtype=exact.sample.X.dtype)
        places = np.linspace(0, _WIDE[1] - 1, n).astype(int)
        X[:, places] = exact.sample.X
        w = np.ones(_WIDE[1], dtype=exact.sample.w.dtype)
        w[places] = exact.sample.w
        found = _called(tally, subject, replace(exact.sample, X=X, w=w), layout, names)
        if found is None:
            continue
        chosen = found[[0, *(1 + places), -1]]
        others = np.delete(found[1:-1], places)
        right, room = np.array(_numbers(part)), 64 * np.array(_room(part))
        if not np.all(np.abs(chosen - right) <= room) or np.any(others != 0):
            note = f"partial of {_WIDE[1]:,} weights, {layout}, is not that of the few whose columns are not 0"
            tally.fail(Failure(at={"n": _WIDE[1]}, note=note, rank=1.5))


def _first(exact: Exact, count: int) -> Exact:
    sample = exact.sample
    return Exact(exact.data, exact.terms, replace(sample, X=sample.X[:count], y=sample.y[:count]), exact.dtype)


def _numbers(part: Sums) -> list[float]:
    loss, gradient, weight = part
    return [float(loss), *(float(x) for x in gradient), float(weight)]


def _room(part: Sums) -> list[float]:
    loss, gradient, weight = part
    return [float(loss.rad()), *(float(x.rad()) for x in gradient), float(weight.rad())]


def _called(tally: Tally, subject: Subject, sample: Sample, layout: str, names: tuple[str, ...]) -> np.ndarray | None:
    try:
        loss, gradient, weight = call(subject, "partial", arguments_of(sample, layout, names))
    except (CallFailed, TypeError, ValueError) as failed:
        tally.fail(Failure(at={"m": len(sample.X), "layout": layout}, note=str(failed), rank=1.5))
        return None
    return np.array([float(loss), *np.asarray(gradient, dtype=np.float64).tolist(), float(weight)])
