"""The exact proximal operator: the global minimiser of `s*phi(u) + (u - v)**2/2`, enclosed.

A search over the boxes of `boxes.py` leaves the few places where `h(u) = u + s*phi'(u)` can pass v upward: boxes on
which h is certified to rise, breakpoints whose subdifferential condition holds, and boxes of neither kind, which are
halved until their least value tells them apart from the best. Each root is enclosed by Newton's step and the certified
slope of h; the costs, to as many digits as it takes, choose among them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import TypeAlias

from flint import arb, ctx

from symreg.model.terms import Terms
from symreg.verification.minimum.box_tables import BoxTables, Run, runs
from symreg.verification.minimum.boxes import COARSE_BITS, Box
from symreg.verification.minimum.breakpoints import Breakpoint
from symreg.verification.minimum.candidates import Candidate, distinct, preferred
from symreg.verification.minimum.cost import BITS, MOST_BITS, Cost
from symreg.verification.minimum.growth import growth
from symreg.verification.minimum.piecewise import LARGEST, MIDDLE, SIZES, WHOLE, PiecewisePhi, piecewise
from symreg.verification.minimum.power_bounds import Power
from symreg.verification.minimum.pruning import pruned
from symreg.verification.minimum.root_enclosure import refine
from symreg.verification.minimum.smooth_piece import outward
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Undecided
from symreg.verification.oracle.derivatives import Exact

_SEARCHED = (SIZES[MIDDLE + 1], 2.0**64, 2.0**160, 2.0**520, LARGEST)  # sizes that a search ends at


class MinimiserUnknown(Undecided):
    """There is no minimiser, or none that could be told from others: more digits of the point would not help."""


class NoMinimum(MinimiserUnknown):
    """The cost has no minimum for this s: it falls without bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimiser:
    """The global minimisers of `s*phi(u) + (u - v)**2/2`, enclosed.

    Args:
        value: The one the tie rule takes: the smaller magnitude, of equal ones that with the sign of v.
        ties: Others whose cost cannot be told from its at this v; nearly always none.
        at_knot: Is it exactly a breakpoint of phi, or an end of the domain?
        curvature: `1 + s*phi''(u)` there, certified positive; nan at a breakpoint.
    """

    value: arb
    ties: tuple[arb, ...] = ()
    at_knot: bool = False
    curvature: arb = field(default_factory=arb.nan)


Minimisers: TypeAlias = "Callable[[Exact | arb, Exact], Minimiser | None]"


def minimisers(terms: Terms, parameters: Mapping[str, Exact], known: PiecewisePhi | None = None) -> Minimisers:
    """Return the minimiser as a function of v and s > 0; its result is None where it is undetermined.

    What lies nearer to zero than the least normal float counts as one place where phi'' is infinite at zero.

    Args:
        terms: Elementwise ones only.
        parameters: Exact numbers by name.
        known: phi for these, where it is there already.

    Raises:
        ValueError: A term is in index notation.
        NoMinimum: (the function) The cost falls without bound for this s.
    """
    if terms.indexed:
        raise ValueError("a term in index notation has no minimiser by one weight")
    whole = piecewise(terms.terms, parameters) if known is None else known
    searches: dict[Exact, _Search] = {}

    def minimiser(v: Exact | arb, s: Exact) -> Minimiser | None:
        if not whole.is_whole:
            return None
        if s not in searches:
            searches[s] = _Search(whole, s)
        return searches[s].at(v)

    return minimiser


class _Search:
    """The search for one s; what it finds of the boxes serves every v."""

    def __init__(self, whole: PiecewisePhi, s: Exact) -> None:
        self._whole = whole
        self._cost = Cost(ball(s))
        self._tables = BoxTables(whole, self._cost.step)
        self._near_zero: dict[tuple[int, float], Power] = {}
        self._growth: dict[tuple[int, float], Power] = {}
        self._sides = [side for side, end in ((-1, whole.low), (1, whole.high)) if end in (-inf, inf)]
        for side in self._sides:
            upper = growth(whole.terms, whole.parameters, side, LARGEST).upper
            # phi <= -a*|u|**p: the cost falls without bound if p > 2, or p = 2 and s*a >= 1/2.
            is_steep = upper.exponent > 2 or (upper.exponent == 2 and -2 * self._cost.step * upper.factor >= 1)
            if upper.factor < 0 and is_steep:
                raise NoMinimum("its cost falls without bound")

    def at(self, v: Exact | arb) -> Minimiser | None:
        """Return the minimiser for v."""
        if isinstance(v, float) and not isfinite(v):
            return None
        target = ball(v)
        for size in _SEARCHED:
            if abs(float(v)) * 8 > size and size < LARGEST:
                continue
            within = self._within(size, target)
            if within is None:
                return None
            candidates, most = within
            if candidates and self._is_worse_beyond(size, abs(target), most):
                return _best(candidates, self._cost, target, v)
        return None

    def _within(self, size: float, v: arb) -> tuple[list[Candidate], arb] | None:
        """Return the candidates up to a size and an upper bound of the best cost."""
        low, high = outward(v)
        at_breakpoints = [*self._at_breakpoints(v)]
        with ctx.workprec(BITS):
            most = self._cost_near(v)
            for point in self._whole.breakpoints:  # zero among them, even if it is none
                if point.value.is_finite():
                    most = most.min(self._cost.of(point.value, point.place, v).upper())
            for candidate in at_breakpoints:
                most = most.min(candidate.most.upper())
            start, end = self._reach(v, most)
        rising_runs: list[Run] = []
        undecided: list[tuple[float, Box]] = []
        for number, side in self._bands_between(max(start, -size), min(end, size), v, at_breakpoints):
            table, hits = self._tables.met(number, side, low, high)
            rising: list[tuple[int, float]] = []
            for k in hits:
                floor = table.floor(k, low, high)
                if table.rises[k] > 0:
                    rising.append((k, floor))
                else:
                    undecided.append((floor, table.boxes[k]))
            rising_runs += runs(table, rising, low)
        return pruned(self._whole, self._cost, self._tables, at_breakpoints, rising_runs, undecided, v, most)

    def _reach(self, v: arb, most: arb) -> tuple[float, float]:
        """Return the ends of the interval outside which the cost is greater than an upper bound of the least."""
        # s*phi(u) + (u - v)**2/2 <= most  =>  (u - v)**2 <= 2*(most - s*min phi)
        squared = 2 * (most - self._cost.step * self._whole.least())
        if not squared.is_finite():
            return -inf, inf
        radius = squared.upper().max(arb(0)).sqrt()
        return outward(v - radius)[0], outward(v + radius)[1]

    def _bands_between(self, start: float, end: float, v: arb, known: Sequence[Candidate]) -> Iterator[tuple[int, int]]:
        """Yield the bands that meet an interval, without those next to zero where zero itself is better."""
        is_at_zero = any(c.breakpoint is not None and c.at.is_zero() and c.most == v * v / 2 for c in known)
        for side in (-1, 1):
            least, most = (start, end) if side > 0 else (-end, -start)
            if most < 0:
                continue
            first = max(bisect_left(SIZES, least) - 1, 0)
            if first < MIDDLE and self._whole.is_tame(side):
                yield WHOLE, side
                first = MIDDLE
            for number in range(first, min(bisect_right(SIZES, most), len(SIZES) - 1)):
                if is_at_zero and number < MIDDLE and self._is_worse_near_zero(side, number, v):
                    continue
                yield number, side

    def _is_worse_near_zero(self, side: int, number: int, v: arb) -> bool:
        """Is the cost greater than at zero, where phi is 0, all along up to a band's outer end?"""
        key = side, 1 / SIZES[number + 1]
        if key not in self._near_zero:
            self._near_zero[key] = self._whole.near_zero(*key)
        lower = self._near_zero[key]
        # s*a*|u|**q - |u|*|v| > 0 for all |u| up to there, as it holds at the end and q <= 1.
        exponent = ball(-lower.exponent - 1)
        pull = self._cost.step * lower.factor * arb(key[1]) ** -exponent
        return bool(lower.factor > 0 and exponent <= 0 and pull > abs(v))

    def _at_breakpoints(self, v: arb) -> Iterator[Candidate]:
        """Yield the breakpoints at which 0 lies in the subdifferential."""
        with ctx.workprec(BITS * 4):
            for point in self._whole.breakpoints:
                if not point.value.is_finite():
                    continue
                if point.is_jump or self._is_stationary(point, v):
                    cost = self._cost.of(point.value, point.place, v)
                    yield Candidate(point.place, None, breakpoint=point, least=cost, most=cost)

    def _is_stationary(self, point: Breakpoint, v: arb) -> bool:
        if not point.is_corner:
            return bool(point.place.is_zero() and v.is_zero() and point.left.contains(0))
        low = point.place + self._cost.step * point.left - v
        high = point.place + self._cost.step * point.right - v
        # Where the balls do not tell, the breakpoint is as near to a root as can be told.
        return not (low > 0 or high < 0 or low.is_nan() or high.is_nan()) and not point.left > point.right

    def _cost_near(self, v: arb) -> arb:
        """Return the cost at v itself, where it is determined: an upper bound of the least."""
        at = float(v)
        for piece in self._whole.pieces:
            if piece.low < at < piece.high:
                value = piece.value(arb(at))
                if value.is_finite():
                    return self._cost.of(value, arb(at), v).upper()
        return arb.pos_inf()

    def _is_worse_beyond(self, size: float, distance: arb, most: arb) -> bool:
        """Is the cost greater than an upper bound of the least for all weights beyond a size?"""
        with ctx.workprec(COARSE_BITS):
            for side in self._sides:
                if (side, size) not in self._growth:
                    bounds = growth(self._whole.terms, self._whole.parameters, side, size)
                    self._growth[side, size] = bounds.lower
                lower = self._growth[side, size]
                room = arb(1) / 2
                if not lower.factor >= 0:
                    if lower.exponent > 2 or not lower.factor.is_finite():
                        return False
                    room += self._cost.step * lower.factor * arb(size) ** ball(lower.exponent - 2)
                # (u - v)**2/2 + s*phi(u) >= room*u**2 - |u|*|v| >= 3/4*room*u**2
                if not (room > 0 and size * room >= 4 * distance and 3 * room * arb(size) ** 2 / 4 > most):
                    return False
        return True


def _best(candidates: Sequence[Candidate], cost: Cost, v: arb, exact: Exact | arb) -> Minimiser | None:
    """Return the best of the candidates by their costs, at growing precision; None where a root is not enclosed."""
    bits = BITS
    alive = distinct(candidates)
    while True:
        with ctx.workprec(bits):
            for candidate in alive:
                if candidate.piece is not None and not refine(cost, candidate, v, bits):
                    return None
            alive = _cheapest(distinct(alive), cost, v)
        if len(alive) == 1 or bits * 4 > MOST_BITS:
            break
        bits *= 4
    with ctx.workprec(bits):
        first = alive[0]
        for other in alive[1:]:
            first = preferred(first, other, exact)
        curvature = arb.pos_inf() if first.is_sliver else arb.nan()
        if first.piece is not None:
            curvature = 1 + cost.step * first.piece.taylor(first.at)[2]
        return Minimiser(
            value=first.at,
            ties=tuple(candidate.at for candidate in alive if candidate is not first),
            at_knot=first.breakpoint is not None and first.breakpoint.is_corner,
            curvature=curvature,
        )


def _cheapest(candidates: list[Candidate], cost: Cost, v: arb) -> list[Candidate]:
    """Return the candidates whose cost is not surely greater than another's."""
    if len(candidates) == 1:
        return candidates
    costs = [candidate.cost(cost, v) for candidate in candidates]
    most = costs[0].upper()
    for other in costs[1:]:
        most = most.min(other.upper())
    return [
        candidate
        for candidate, own in zip(candidates, costs, strict=True)
        if not own > most and (not candidate.is_sliver or candidate.most <= most)
    ]
