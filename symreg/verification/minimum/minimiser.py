"""The exact proximal operator: the global minimiser of `s*phi(u) + (u - v)**2/2`, enclosed.

A search over the cells of `cells.py` leaves the few places where `h(u) = u + s*phi'(u)` can pass v upward: cells on
which h is certified to rise, knots whose subdifferential condition holds, and cells of neither kind, which are halved
until their least value tells them apart from the best. Each root is enclosed by Newton's step and the certified slope
of h; the objective's values, to as many digits as it takes, choose among them.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import copysign, inf, isfinite, isnan, nan
from typing import TypeAlias

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from symreg.model.terms import Terms
from symreg.verification.minimum.cells import (
    LARGEST,
    LEAST,
    MIDDLE,
    SIZES,
    WHOLE,
    Cell,
    Curve,
    Knot,
    Piece,
    curve,
    hull,
    outward,
)
from symreg.verification.minimum.growth import Power, growth
from symreg.verification.minimum.poles import NEAREST, bits_at, distance_of_root, place
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.kinks import from_ordinal, ordinal
from symreg.verification.oracle.slopes import Exact

_COARSE_BITS, _BITS, _MOST_BITS = 64, 192, 3072
_RADIUS_BITS = 90  # a root is enclosed to 2**-90 of itself
_REFINEMENTS = 16  # rounds of halving, per v, of cells that it lies in and on which h neither surely rises nor falls
_WIDE = 1.25  # ratio of the ends of a cell that is worth halving for that
_NARROWEST = 2.0**-44  # relative; a cell that is still undecided then stays so
_MOST_HALVINGS = 600
_NEWTON, _PATIENCE = 100, 8
_EXTRA, _POLISHING = (1, 2, 5, 16), 8  # precisions, as multiples, and Newton's steps at each
_SEARCHED = (SIZES[MIDDLE + 1], 2.0**64, 2.0**160, 2.0**520, LARGEST)  # sizes that a search ends at
_SLACK = 2.0**-50
_HUGE = 2.0**1000  # bounds beyond it are as good as this one


class NoMinimum(Exception):
    """The objective has no minimum for this s: it falls without bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimiser:
    """The global minimisers of `s*phi(u) + (u - v)**2/2`, enclosed.

    Args:
        value: The one the tie rule takes: the smaller magnitude, of equal ones that with the sign of v.
        ties: Others whose objective cannot be told from its at this v; nearly always none.
        at_knot: Is it exactly a knot of phi, or an end of the domain?
        curvature: `1 + s*phi''(u)` there, certified positive; nan at a knot.
    """

    value: arb
    ties: tuple[arb, ...] = ()
    at_knot: bool = False
    curvature: arb = field(default_factory=arb.nan)


Minimisers: TypeAlias = "Callable[[Exact | arb, Exact], Minimiser | None]"


def minimisers(terms: Terms, parameters: Mapping[str, Exact], known: Curve | None = None) -> Minimisers:
    """Return the minimiser as a function of v and s > 0; its result is None where it is undetermined.

    What lies nearer to zero than the least normal float counts as one place where phi'' is infinite at zero.

    Args:
        terms: Elementwise ones only.
        parameters: Exact numbers by name.
        known: phi for these, where it is there already.

    Raises:
        NoMinimum: (the function) The objective falls without bound for this s.
    """
    if terms.indexed:
        raise ValueError("a term in index notation has no minimiser by one weight")
    whole = curve(terms.terms, parameters) if known is None else known
    searches: dict[Exact, _Search] = {}

    def minimiser(v: Exact | arb, s: Exact) -> Minimiser | None:
        if not whole.is_whole:
            return None
        if s not in searches:
            searches[s] = _Search(whole, s)
        return searches[s].at(v)

    return minimiser


@dataclass(frozen=True, slots=True)
class _Rows:
    """Cells for one s as columns: h lies between `least` and `most`; `rises` is 1 where it surely rises, -1 falls.

    Args:
        slopes: The least h' where it rises.
        floors: Lower bounds of s*phi.
        is_wide: Are they worth halving for all v that will lie in them?
    """

    cells: tuple[Cell, ...]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    rises: NDArray[np.int8]
    slopes: NDArray[np.float64]
    floors: NDArray[np.float64]
    is_wide: NDArray[np.bool_]

    def part(self, start: int, end: int) -> _Rows:
        """Return the cells from one place to before another."""
        part = slice(start, end)
        return _Rows(self.cells[part], *(getattr(self, name)[part] for name in _COLUMNS))

    @property
    def reach(self) -> tuple[float, float]:
        """Two floats that h lies between wherever it does not surely fall."""
        kept = self.rises >= 0
        return float(self.least[kept].min(initial=inf)), float(self.most[kept].max(initial=-inf))


_COLUMNS = tuple(one.name for one in fields(_Rows) if one.name != "cells")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Neighbouring cells of one piece on which h rises: it passes v once at most.

    Args:
        floor: A lower bound of the objective on them, for one v.
        slope: Of h'.
        near: Where the root may be.
    """

    floor: float
    first: Cell
    last: Cell
    slope: float
    near: float


@dataclass(slots=True)
class _Root:
    """A place where h passes v upward, or a knot.

    Args:
        at: Encloses it.
        piece: Where it is a root; None at a knot.
        slope: A lower bound of h' between the root and all points that stand for it.
        knot: The knot that it is.
        least: A lower bound of the objective there.
        room: How far it is from a pole, where that is nearer than any float.
    """

    at: arb
    piece: Piece | None
    slope: float = inf
    knot: Knot | None = None
    least: arb = field(default_factory=arb.neg_inf)
    most: arb = field(default_factory=arb.pos_inf)
    room: float = inf

    @property
    def is_sliver(self) -> bool:
        """Does it stand for everything between zero and the least size?"""
        return self.piece is None and self.knot is None


class _Search:
    """The search for one s; what it finds of the cells serves every v."""

    def __init__(self, known: Curve, s: Exact) -> None:
        self._curve = known
        self._s = ball(s)
        self._step = outward(self._s)
        self._rows: dict[tuple[int, int], _Rows] = {}
        self._reaches: dict[tuple[int, int], tuple[float, float]] = {}
        self._halved: dict[int, _Rows] = {}
        self._near_zero: dict[tuple[int, float], Power] = {}
        self._growth: dict[tuple[int, float], Power] = {}
        self._sides = [side for side, end in ((-1, known.low), (1, known.high)) if end in (-inf, inf)]
        for side in self._sides:
            upper = growth(known.terms, known.parameters, side, LARGEST).upper
            if upper.factor < 0 and (upper.exponent > 2 or (upper.exponent == 2 and -2 * self._s * upper.factor >= 1)):
                raise NoMinimum

    def at(self, v: Exact | arb) -> Minimiser | None:
        """Return the minimiser for v."""
        if isinstance(v, float) and not isfinite(v):
            return None
        target = ball(v)
        for size in _SEARCHED:
            if abs(float(v)) * 8 > size and size < LARGEST:
                continue
            found = self._within(size, target)
            if found is None:
                return None
            best, most = found
            if best and self._is_worse_beyond(size, abs(target), most):
                return self._chosen(best, target, v)
        return None

    def _within(self, size: float, v: arb) -> tuple[list[_Root], arb] | None:
        """Return the candidates up to a size and an upper bound of the best objective."""
        low, high = outward(v)
        found = [*self._at_knots(v)]
        with ctx.workprec(_BITS):
            most = self._objective_near(v)
            for knot in self._curve.knots:  # zero among them, even if it is none
                if knot.value.is_finite():
                    most = most.min((self._s * knot.value + (knot.place - v) ** 2 / 2).upper())
            for root in found:
                most = most.min(root.most.upper())
            start, end = self._reach(v, most)
        runs: list[_Run] = []
        undecided: list[tuple[float, Cell]] = []
        for number, side in self._bands_between(max(start, -size), min(end, size), v, found):
            rows, hits = self._met(number, side, low, high)
            rising: list[tuple[int, float]] = []
            for k in hits:
                floor = self._floor(rows, k, low, high)
                if rows.rises[k] > 0:
                    rising.append((k, floor))
                else:
                    undecided.append((floor, rows.cells[k]))
            runs += _runs(rows, rising, low)
        return self._pruned(found, runs, undecided, v, low, high, most)

    def _reach(self, v: arb, most: arb) -> tuple[float, float]:
        """Return the ends of the interval outside which the objective is greater than an upper bound of the least."""
        squared = 2 * (most - self._s * self._curve.least())
        if not squared.is_finite():
            return -inf, inf
        radius = squared.upper().max(arb(0)).sqrt()
        return outward(v - radius)[0], outward(v + radius)[1]

    def _bands_between(self, start: float, end: float, v: arb, found: Sequence[_Root]) -> Iterator[tuple[int, int]]:
        """Yield the bands that meet an interval, without those next to zero where zero itself is better."""
        is_at_zero = any(root.knot is not None and root.at.is_zero() and root.most == v * v / 2 for root in found)
        for side in (-1, 1):
            least, most = (start, end) if side > 0 else (-end, -start)
            if most < 0:
                continue
            first = max(bisect_left(SIZES, least) - 1, 0)
            if first < MIDDLE and self._curve.is_tame(side):
                yield WHOLE, side
                first = MIDDLE
            for number in range(first, min(bisect_right(SIZES, most), len(SIZES) - 1)):
                if is_at_zero and number < MIDDLE and self._is_worse_near_zero(side, number, v):
                    continue
                yield number, side

    def _is_worse_near_zero(self, side: int, number: int, v: arb) -> bool:
        """Is the objective greater than at zero, where phi is 0, all along up to a band's outer end?"""
        key = side, 1 / SIZES[number + 1]
        if key not in self._near_zero:
            self._near_zero[key] = self._curve.near_zero(*key)
        lower = self._near_zero[key]
        # s*a*|u|**q - |u|*|v| > 0 for all |u| up to there, as it holds at the end and q <= 1.
        exponent = ball(-lower.exponent - 1)
        return bool(lower.factor > 0 and exponent <= 0 and self._s * lower.factor * arb(key[1]) ** -exponent > abs(v))

    def _met(self, number: int, side: int, low: float, high: float) -> tuple[_Rows, list[int]]:
        """Return the cells of a band, and which of them h may pass v on; of these, undecided ones are halved first."""
        key = number, side
        if key not in self._rows:
            self._keep(key, self._row(self._curve.band(number, side)))
        rows, hits = self._rows[key], np.zeros(0, np.intp)
        for _ in range(_REFINEMENTS):
            least, most = self._reaches[key]
            if least > high or most < low:
                return rows, []
            hits = np.flatnonzero((rows.least <= high) & (rows.most >= low) & (rows.rises >= 0))
            cut = hits[(rows.rises[hits] == 0) & rows.is_wide[hits]].tolist()
            if not cut:
                break
            parts, start = [], 0
            for k in cut:
                parts += [rows.part(start, k), self._row(self._curve.halves(rows.cells[k]))]
                start = k + 1
            rows = _joined([*parts, rows.part(start, len(rows.cells))])
            self._keep(key, rows)
        return rows, hits.tolist()

    def _keep(self, key: tuple[int, int], rows: _Rows) -> None:
        self._rows[key], self._reaches[key] = rows, rows.reach

    def _halves(self, cell: Cell) -> _Rows:
        """Return the halves of a cell, classified once for all v."""
        key = id(cell)  # it stays as long as the curve
        if key not in self._halved:
            self._halved[key] = self._row(self._curve.halves(cell))
        return self._halved[key]

    def _row(self, cells: Sequence[Cell]) -> _Rows:
        """Return bounds of h on each cell, whether it rises or falls, and the least h' of those on which it rises."""
        table = np.array([(c.low, c.high, *c.slope, *c.curvature, outward(c.least)[0]) for c in cells])
        low, high, slope_low, slope_high, curve_low, curve_high, value = table.reshape(-1, 7).T
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
        is_wide = np.array([_is_wide(cell) for cell in cells], bool)
        return _Rows(tuple(cells), least, most, rises, slopes, floors, is_wide)

    def _floor(self, rows: _Rows, k: int, low: float, high: float) -> float:
        """Return a lower bound of the objective on a cell for every v between two floats."""
        cell, floor = rows.cells[k], float(rows.floors[k])
        distance = max(cell.low - high, low - cell.high, 0.0)
        squared = distance * distance
        found = floor + squared / 2 - _SLACK * (abs(floor) + squared) - LEAST
        return -inf if isnan(found) else min(found, _HUGE)

    def _scaled(
        self, low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return s times an interval."""
        least, most = self._step
        lower = np.where(low < 0, low * most, low * least)
        upper = np.where(high < 0, high * least, high * most)
        return np.minimum(lower, _HUGE), np.maximum(upper, -_HUGE)

    def _at_knots(self, v: arb) -> Iterator[_Root]:
        """Yield the knots at which 0 lies in the subdifferential."""
        with ctx.workprec(_BITS * 4):
            for knot in self._curve.knots:
                if not knot.value.is_finite():
                    continue
                if knot.is_jump or self._is_stationary(knot, v):
                    objective = self._s * knot.value + (knot.place - v) ** 2 / 2
                    yield _Root(knot.place, None, knot=knot, least=objective, most=objective)

    def _is_stationary(self, knot: Knot, v: arb) -> bool:
        if not knot.is_corner:
            return bool(knot.place.is_zero() and v.is_zero() and knot.left.contains(0))
        low = knot.place + self._s * knot.left - v
        high = knot.place + self._s * knot.right - v
        # Where the balls do not tell, the knot is as near to a root as can be told.
        return not (low > 0 or high < 0 or low.is_nan() or high.is_nan()) and not knot.left > knot.right

    def _residual(self, piece: Piece, weight: arb, v: arb) -> tuple[arb, arb]:
        """Return h(u) - v and h'(u)."""
        _, first, second = piece.taylor(weight)
        return weight + self._s * first - v, 1 + self._s * second

    def _pruned(
        self,
        found: list[_Root],
        runs: list[_Run],
        undecided: list[tuple[float, Cell]],
        v: arb,
        low: float,
        high: float,
        most: arb,
    ) -> tuple[list[_Root], arb] | None:
        """Return the candidates that may be best, those in undecided cells too; None where cells stay undecided."""
        with ctx.workprec(_BITS):
            for root in found:
                most = most.min(root.most.upper())
            for run in sorted(runs, key=lambda run: run.floor):
                if run.floor > outward(most)[1]:
                    break
                if at := self._root(run.first, run.last, run.slope, v, run.near):
                    found.append(at)
                    most = most.min(at.most.upper())
            waiting = [(floor, id(cell), cell) for floor, cell in undecided if floor <= outward(most)[1]]
            heapq.heapify(waiting)
            halvings = 0
            while waiting and waiting[0][0] <= outward(most)[1]:
                cell = heapq.heappop(waiting)[2]
                if self._least_on(cell, v) > most:
                    continue
                if not cell.is_splittable or cell.high - cell.low <= _NARROWEST * min(abs(cell.low), abs(cell.high)):
                    if self._is_settled_by_a_knot(cell, found):
                        continue
                    sliver = self._sliver(cell, v)
                    if sliver is None:
                        return None
                    found.append(sliver)
                    most = most.min(sliver.most.upper())
                    continue
                if halvings == _MOST_HALVINGS:
                    return None
                halvings += 1
                halves = self._halves(cell)
                for k, half in enumerate(halves.cells):
                    if halves.rises[k] < 0 or halves.least[k] > high or halves.most[k] < low:
                        continue
                    if halves.rises[k] == 0:
                        heapq.heappush(waiting, (self._floor(halves, k, low, high), id(half), half))
                    elif at := self._root(half, half, float(halves.slopes[k]), v, (half.low + half.high) / 2):
                        found.append(at)
                        most = most.min(at.most.upper())
            return [root for root in found if not root.least > most], most

    def _least_on(self, cell: Cell, v: arb) -> arb:
        """Return a lower bound of the objective on a cell."""
        distance = (hull(cell.low, cell.high) - v).abs_lower()
        least: arb = (self._s * cell.least + distance * distance / 2).lower()
        return least

    def _objective_near(self, v: arb) -> arb:
        """Return the objective at v itself, where it is determined: an upper bound of the least."""
        at = float(v)
        for piece in self._curve.pieces:
            if piece.low < at < piece.high:
                value = piece.value(arb(at))
                if value.is_finite():
                    objective: arb = (self._s * value + (arb(at) - v) ** 2 / 2).upper()
                    return objective
        return arb.pos_inf()

    def _is_settled_by_a_knot(self, cell: Cell, found: Sequence[_Root]) -> bool:
        """Is a cell that cannot be halved next to a knot that stands for it, phi' being infinite there?"""
        for root in found:
            if root.knot is not None:
                if root.knot.place == cell.low and not root.knot.right.is_finite():
                    return True
                if root.knot.place == cell.high and not root.knot.left.is_finite():
                    return True
        return False

    def _sliver(self, cell: Cell, v: arb) -> _Root | None:
        """Return what lies between zero and the least size as one place, with the objective at that size.

        phi is bounded there, and taken to have no minimum of its own that is told from the ends by more than that size.
        """
        if 0.0 not in (cell.low, cell.high) or cell.is_splittable:
            return None
        side = 1 if cell.high > 0 else -1
        end = arb(LEAST) * side
        objective = self._s * cell.piece.value(end) + (end - v) ** 2 / 2
        nearest = (hull(cell.low, cell.high) - v).abs_lower()
        least = self._s * self._curve.least_near_zero(side) + nearest * nearest / 2
        return _Root(hull(cell.low, cell.high), None, least=least, most=objective) if least.is_finite() else None

    def _is_worse_beyond(self, size: float, distance: arb, most: arb) -> bool:
        """Is the objective greater than an upper bound of the least for all weights beyond a size?"""
        with ctx.workprec(_COARSE_BITS):
            for side in self._sides:
                if (side, size) not in self._growth:
                    found = growth(self._curve.terms, self._curve.parameters, side, size)
                    self._growth[side, size] = found.lower
                lower = self._growth[side, size]
                room = arb(1) / 2
                if not lower.factor >= 0:
                    if lower.exponent > 2 or not lower.factor.is_finite():
                        return False
                    room += self._s * lower.factor * arb(size) ** ball(lower.exponent - 2)
                # (u - v)**2/2 + s*phi(u) >= room*u**2 - |u|*|v| >= 3/4*room*u**2
                if not (room > 0 and size * room >= 4 * distance and 3 * room * arb(size) ** 2 / 4 > most):
                    return False
        return True

    def _chosen(self, alive: list[_Root], v: arb, exact: Exact | arb) -> Minimiser | None:
        """Return the best of the candidates by their objectives, at growing precision."""
        bits = _BITS
        alive = _distinct(alive)
        while True:
            with ctx.workprec(bits):
                for root in alive:
                    if root.piece is not None and not self._refine(root, v, bits):
                        return None
                alive = _distinct(alive)
                if len(alive) > 1:
                    objectives = [self._objective(root, v) for root in alive]
                    most = objectives[0].upper()
                    for one in objectives[1:]:
                        most = most.min(one.upper())
                    alive = [
                        root
                        for root, one in zip(alive, objectives, strict=True)
                        if not one > most and (not root.is_sliver or root.most <= most)
                    ]
            if len(alive) == 1 or bits * 4 > _MOST_BITS:
                break
            bits *= 4
        with ctx.workprec(bits):
            first = alive[0]
            for other in alive[1:]:
                first = _preferred(first, other, exact)
            curvature = arb.pos_inf() if first.is_sliver else arb.nan()
            if first.piece is not None:
                curvature = 1 + self._s * first.piece.taylor(first.at)[2]
            return Minimiser(
                value=first.at,
                ties=tuple(root.at for root in alive if root is not first),
                at_knot=first.knot is not None and first.knot.is_corner,
                curvature=curvature,
            )

    def _objective(self, root: _Root, v: arb) -> arb:
        if root.piece is None:
            return root.least.union(root.most)
        objective: arb = self._s * root.piece.value(root.at) + (root.at - v) ** 2 / 2
        return objective

    def _refine(self, root: _Root, v: arb, bits: int) -> bool:
        """Enclose a root to half the working precision at least; False if it cannot be."""
        assert root.piece is not None
        wanted = arb((1, -(min(_RADIUS_BITS, bits // 2) if bits == _BITS else bits // 2)))
        for factor in _EXTRA:
            if factor * bits < _bits_of(root) and factor < _EXTRA[-1]:
                continue
            with ctx.workprec(factor * bits):
                at = root.at.mid()
                for _ in range(_POLISHING):
                    off, rise = self._residual(root.piece, at, v)
                    if not (off.is_finite() and rise.is_finite()):
                        break
                    radius = off.abs_upper() / arb(root.slope)
                    if radius <= abs(at).min(arb(root.room)) * wanted:
                        root.at = at + arb(0, 1) * radius
                        return True
                    at = (at - off / rise).mid()
        return False

    def _root(self, first: Cell, last: Cell, least_slope: float, v: arb, near: float) -> _Root | None:
        """Return the root of h = v in a run of cells on which h rises, None if there is none."""
        piece, low, high = first.piece, first.low, last.high
        for pole in (low, high):
            if pole in piece.poles:
                found = self._beside_pole(piece, pole, least_slope, v)
                if found is not None:
                    return found
        with ctx.workprec(_COARSE_BITS):
            start = self._newton(piece, low, high, v, near)
            if start is None:
                return None
            off, _ = self._residual(piece, start, v)
            objective = self._s * piece.value(start) + (start - v) ** 2 / 2
            slack = off * off / (2 * arb(least_slope))
        root = _Root(start, piece, least_slope, least=(objective - slack).lower(), most=objective)
        for knot in self._curve.between.get(piece, ()):
            # The piece's formula was followed past the knot, by less than the distance of two floats.
            if abs(start - knot.place) <= abs(start) * 2.0**-48:
                with ctx.workprec(_BITS):
                    if not self._refine(root, v, _BITS):
                        return root
                    is_before = root.at < knot.place
                    if root.at != knot.place and is_before != (knot.place >= piece.middle):
                        return None
        return root

    def _beside_pole(self, piece: Piece, pole: float, least_slope: float, v: arb) -> _Root | None:
        """Return the root between a pole and the last float before it, None if there is none."""
        side = piece.poles[pole]
        room = distance_of_root(piece.taylor, pole, side, v, self._s)
        if room is None:
            return None
        at = place(pole, side, room or NEAREST)
        with ctx.workprec(bits_at(pole, room or NEAREST)):
            objective = self._s * piece.value(at) + (at - v) ** 2 / 2
            if not room:
                nearest = (at.union(arb(pole)) - v).abs_lower()
                least = self._s * piece.value(at) + nearest * nearest / 2
                return _Root(at.union(arb(pole)), None, least=least, most=objective)
            off, _ = self._residual(piece, at, v)
            slack = off * off / (2 * arb(least_slope))
        return _Root(at, piece, least_slope, least=(objective - slack).lower(), most=objective, room=room)

    def _newton(self, piece: Piece, low: float, high: float, v: arb, near: float) -> arb | None:
        """Return a point near the root, None if h does not reach v between the ends."""
        a, b = low, high
        ends = [0, 0]  # signs of h - v there, once they are known
        at = min(max(near, a), b)
        if at in (a, b):
            at = _between(a, b)
        for count in range(_NEWTON):
            off, rise = self._certain(piece, arb(at), v)
            if off > 0:
                b = at
            elif off < 0:
                a = at
            elif off.is_finite():
                return arb(at)
            step = off / rise
            new = at - float(step.mid()) if step.is_finite() else nan
            if abs(new - at) <= abs(new) * 2.0**-40 and low <= new <= high:
                return arb(new)
            if not a < new < b or count % _PATIENCE == _PATIENCE - 1:
                # Towards an end of the run: is the root before it?
                if b == high and not ends[1] and (new >= b or off < 0):
                    ends[1] = self._sign_at(piece, high, v)
                    if ends[1] <= 0:
                        return arb(high) if ends[1] == 0 else None
                if a == low and not ends[0] and (new <= a or off > 0):
                    ends[0] = self._sign_at(piece, low, v)
                    if ends[0] >= 0:
                        return arb(low) if ends[0] == 0 else None
                new = _between(a, b)
                if new in (a, b):
                    return arb(b if a == 0 else a)
            at = new
        return arb(at)

    def _certain(self, piece: Piece, weight: arb, v: arb) -> tuple[arb, arb]:
        """Return h(u) - v with a certain sign if more digits give one, and h'(u)."""
        for bits in (_COARSE_BITS, _BITS, 4 * _BITS, _MOST_BITS):
            with ctx.workprec(bits):
                off, rise = self._residual(piece, weight, v)
            if off > 0 or off < 0 or off.is_zero():
                break
        return off, rise

    def _sign_at(self, piece: Piece, end: float, v: arb) -> int:
        """Return the sign of h - v at an end of a run; where h is not finite there, the root is taken to be inside."""
        off, _ = self._certain(piece, arb(end), v)
        if not off.is_finite():
            return 1 if end == piece.high else -1
        return 1 if off > 0 else -1 if off < 0 else 0


def _bits_of(root: _Root) -> int:
    """Return the digits without which a root that is nearer to a pole than any float cannot be told from it."""
    return _BITS if root.room == inf else bits_at(float(root.at), root.room)


def _joined(parts: Sequence[_Rows]) -> _Rows:
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
    return _Rows(tuple(cell for part in parts for cell in part.cells), *columns)


def _runs(rows: _Rows, rising: Sequence[tuple[int, float]], v: float) -> Iterator[_Run]:
    """Yield neighbouring cells of one piece on which h rises, together; given are their places and floors."""
    start = 0
    for end in range(1, len(rising) + 1):
        before = rising[end - 1][0]
        is_next = end < len(rising) and rising[end][0] == before + 1
        if is_next and rows.cells[before + 1].piece is rows.cells[before].piece:
            continue
        here = rising[start][0]
        first, last = rows.cells[here], rows.cells[before]
        yield _Run(
            floor=min(floor for _, floor in rising[start:end]),
            first=first,
            last=last,
            slope=float(rows.slopes[here : before + 1].min()),
            near=_interpolated(first.low, last.high, rows.least[here], rows.most[before], v),
        )
        start = end


def _is_wide(cell: Cell) -> bool:
    """Is a cell worth halving for all v that will lie in it?"""
    least, most = sorted((abs(cell.low), abs(cell.high)))
    return cell.is_splittable and most > _WIDE * least


def _interpolated(low: float, high: float, least: float, most: float, v: float) -> float:
    """Return where a straight line from (low, least) to (high, most) passes v."""
    with np.errstate(all="ignore"):
        at = float(low + np.float64(high - low) * ((v - least) / np.float64(most - least)))
    return at if low < at < high else _between(low, high)


def _between(low: float, high: float) -> float:
    return from_ordinal((ordinal(low) + ordinal(high)) // 2)


def _distinct(roots: Sequence[_Root]) -> list[_Root]:
    """Return the candidates without roots that are a knot, or another root, as far as can be told."""
    kept: list[_Root] = []
    for root in sorted(roots, key=lambda root: root.knot is None):
        if not any(root.at.overlaps(other.at) for other in kept):
            kept.append(root)
    return kept


def _preferred(one: _Root, other: _Root, v: Exact | arb) -> _Root:
    """Return the root of smaller magnitude, of equal ones that with the sign of v."""
    if abs(one.at) < abs(other.at):
        return one
    if abs(other.at) < abs(one.at):
        return other
    sign = copysign(1.0, v) if isinstance(v, float) else 1 if v > 0 else -1
    return one if one.at * sign > 0 else other
