"""Bounds of h on many boxes at once, for one s: which boxes h may pass a given v on, and whether it rises there.

Bounds are floats, rounded outward by a slack that is far more than the rounding of their few operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import inf, isnan
from typing import TypeAlias

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.verification.minimum.boxes import LEAST, Box
from symreg.verification.minimum.piecewise import PiecewisePhi
from symreg.verification.minimum.smooth_piece import float_between, outward

Column: TypeAlias = NDArray[np.float64]

_REFINEMENTS = 16  # rounds of halving, per v, of boxes that it lies in and on which h neither surely rises nor falls
_WIDE = 1.25  # ratio of the ends of a box that is worth halving for that
_SLACK = 2.0**-50
_HUGE = 2.0**1000  # bounds beyond it are as good as this one


@dataclass(frozen=True, slots=True)
class BoxTable:
    """Boxes with bounds of h as columns.

    Args:
        boxes: In order.
        least: h is at least that on each box,
        most: and at most that.
        rises: 1 where h surely rises, -1 where it falls, else 0.
        slopes: The least h' where it rises.
        floors: Lower bounds of s*phi.
        is_wide: Are they worth halving for all v that will lie in them?
    """

    boxes: tuple[Box, ...]
    least: Column
    most: Column
    rises: NDArray[np.int8]
    slopes: Column
    floors: Column
    is_wide: NDArray[np.bool_]

    def part(self, start: int, end: int) -> BoxTable:
        """Return the boxes from one place to before another."""
        part = slice(start, end)
        return BoxTable(self.boxes[part], *(getattr(self, name)[part] for name in _COLUMNS))

    @property
    def reach(self) -> tuple[float, float]:
        """Two floats that h lies between wherever it does not surely fall."""
        kept = self.rises >= 0
        return float(self.least[kept].min(initial=inf)), float(self.most[kept].max(initial=-inf))

    def floor(self, k: int, low: float, high: float) -> float:
        """Return a lower bound of the cost on a box for every v between two floats."""
        box, floor = self.boxes[k], float(self.floors[k])
        distance = max(box.low - high, low - box.high, 0.0)
        squared = distance * distance
        bound = floor + squared / 2 - _SLACK * (abs(floor) + squared) - LEAST
        return -inf if isnan(bound) else min(bound, _HUGE)


_COLUMNS = tuple(column.name for column in fields(BoxTable) if column.name != "boxes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Neighbouring boxes of one piece on which h rises: it passes v once at most.

    Args:
        floor: A lower bound of the cost on them, for one v.
        first: The first box.
        last: The last one.
        slope: A lower bound of h'.
        near: Where the root may be.
    """

    floor: float
    first: Box
    last: Box
    slope: float
    near: float


class BoxTables:
    """The boxes of all bands for one s; what is found of them serves every v."""

    def __init__(self, whole: PiecewisePhi, step: arb) -> None:
        self._whole = whole
        self._step = outward(step)
        self._tables: dict[tuple[int, int], BoxTable] = {}
        self._reaches: dict[tuple[int, int], tuple[float, float]] = {}
        self._halves: dict[int, BoxTable] = {}

    def met(self, number: int, side: int, low: float, high: float) -> tuple[BoxTable, list[int]]:
        """Return the boxes of a band, and which of them h may pass v on; of these, undecided ones are halved first.

        Args:
            number: Of the band.
            side: Of zero, -1 or 1.
            low: A float that v is not below,
            high: and one that it is not above.
        """
        key = number, side
        if key not in self._tables:
            self._keep(key, self._tabulated(self._whole.band(number, side)))
        table, hits = self._tables[key], np.zeros(0, np.intp)
        for _ in range(_REFINEMENTS):
            least, most = self._reaches[key]
            if least > high or most < low:
                return table, []
            hits = np.flatnonzero((table.least <= high) & (table.most >= low) & (table.rises >= 0))
            cut = hits[(table.rises[hits] == 0) & table.is_wide[hits]].tolist()
            if not cut:
                break
            parts, start = [], 0
            for k in cut:
                parts += [table.part(start, k), self._tabulated(table.boxes[k].halved())]
                start = k + 1
            table = _joined([*parts, table.part(start, len(table.boxes))])
            self._keep(key, table)
        return table, hits.tolist()

    def halves(self, box: Box) -> BoxTable:
        """Return the halves of a box, classified once for all v."""
        key = id(box)  # it stays as long as phi
        if key not in self._halves:
            self._halves[key] = self._tabulated(box.halved())
        return self._halves[key]

    def _keep(self, key: tuple[int, int], table: BoxTable) -> None:
        self._tables[key], self._reaches[key] = table, table.reach

    def _tabulated(self, boxes: Sequence[Box]) -> BoxTable:
        """Return bounds of h on each box, whether it rises or falls, and the least h' of those on which it rises."""
        rows = np.array([(b.low, b.high, *b.slope, *b.curvature, outward(b.least)[0]) for b in boxes])
        low, high, slope_low, slope_high, curve_low, curve_high, value = rows.reshape(-1, 7).T
        with np.errstate(over="ignore", invalid="ignore"):
            low_part, high_part = self._scaled(slope_low, slope_high)
            least = low + low_part - _SLACK * (np.abs(low) + np.abs(low_part)) - LEAST
            most = high + high_part + _SLACK * (np.abs(high) + np.abs(high_part)) + LEAST
            bend_low, bend_high = self._scaled(curve_low, curve_high)
            slopes = 1 + bend_low - _SLACK * (1 + np.abs(bend_low))
            falls = 1 + bend_high + _SLACK * (1 + np.abs(bend_high)) < 0
            floors, _ = self._scaled(value, value)
        least[np.isnan(least)], most[np.isnan(most)] = -inf, inf
        slopes[np.isnan(slopes)] = -inf
        rises = np.where(slopes > 0, 1, np.where(falls, -1, 0)).astype(np.int8)
        is_wide = np.array([_is_wide(box) for box in boxes], bool)
        return BoxTable(tuple(boxes), least, most, rises, slopes, floors, is_wide)

    def _scaled(self, low: Column, high: Column) -> tuple[Column, Column]:
        """Return s times an interval."""
        least, most = self._step
        lower = np.where(low < 0, low * most, low * least)
        upper = np.where(high < 0, high * least, high * most)
        return np.minimum(lower, _HUGE), np.maximum(upper, -_HUGE)


def runs(table: BoxTable, rising: Sequence[tuple[int, float]], v: float) -> Iterator[Run]:
    """Yield neighbouring boxes of one piece on which h rises, together.

    Args:
        table: All boxes.
        rising: The places of those on which h rises and may pass v, with lower bounds of the cost there.
        v: About where h is to pass.
    """
    start = 0
    for end in range(1, len(rising) + 1):
        before = rising[end - 1][0]
        is_next = end < len(rising) and rising[end][0] == before + 1
        if is_next and table.boxes[before + 1].piece is table.boxes[before].piece:
            continue
        opening = rising[start][0]
        first, last = table.boxes[opening], table.boxes[before]
        yield Run(
            floor=min(floor for _, floor in rising[start:end]),
            first=first,
            last=last,
            slope=float(table.slopes[opening : before + 1].min()),
            near=_interpolated(first.low, last.high, table.least[opening], table.most[before], v),
        )
        start = end


def _joined(parts: Sequence[BoxTable]) -> BoxTable:
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
    return BoxTable(tuple(box for part in parts for box in part.boxes), *columns)


def _is_wide(box: Box) -> bool:
    """Is a box worth halving for all v that will lie in it?"""
    least, most = sorted((abs(box.low), abs(box.high)))
    return box.is_splittable and most > _WIDE * least


def _interpolated(low: float, high: float, least: float, most: float, v: float) -> float:
    """Return where a straight line from (low, least) to (high, most) passes v."""
    with np.errstate(all="ignore"):
        at = float(low + np.float64(high - low) * ((v - least) / np.float64(most - least)))
    return at if low < at < high else float_between(low, high)
