"""Branch and bound: boxes that cannot hold the minimiser are dropped, the others halved until h rises on them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flint import arb, ctx

from symreg.verification.minimum.box_tables import BoxTables, Run
from symreg.verification.minimum.boxes import Box
from symreg.verification.minimum.candidates import Candidate, sliver
from symreg.verification.minimum.cost import BITS, Cost
from symreg.verification.minimum.piecewise import PiecewisePhi
from symreg.verification.minimum.root_enclosure import root_in
from symreg.verification.minimum.smooth_piece import outward

_NARROWEST = 2.0**-44  # relative; a box that is still undecided then stays so
_MOST_HALVINGS = 600


def pruned(
    whole: PiecewisePhi,
    cost: Cost,
    tables: BoxTables,
    known: Sequence[Candidate],
    runs: Sequence[Run],
    undecided: Sequence[tuple[float, Box]],
    v: arb,
    most: arb,
) -> tuple[list[Candidate], arb] | None:
    """Return the candidates that may be best, and an upper bound of the least cost; None where boxes stay undecided.

    Args:
        whole: phi.
        cost: The cost for the step in question.
        tables: Its boxes.
        known: Candidates that are known already.
        runs: Boxes on which h rises, with lower bounds of the cost.
        undecided: Lower bounds of the cost, and boxes of which it is not known whether h rises.
        v: The point whose minimiser is looked for.
        most: An upper bound of the least cost.
    """
    low, high = outward(v)
    with ctx.workprec(BITS):
        best = _Best(list(known), most)
        for candidate in known:
            best.most = best.most.min(candidate.most.upper())
        for run in sorted(runs, key=lambda run: run.floor):
            if not best.may_be_at(run.floor):
                break  # no later run has a lesser bound
            best.add(root_in(whole, cost, run, v))
        waiting = [(floor, id(box), box) for floor, box in undecided if best.may_be_at(floor)]
        heapq.heapify(waiting)
        halvings = 0
        while waiting and best.may_be_at(waiting[0][0]):
            box = heapq.heappop(waiting)[2]
            if cost.least_on(box, v) > best.most:
                continue
            if not box.is_splittable or box.high - box.low <= _NARROWEST * min(abs(box.low), abs(box.high)):
                if _is_settled_by_a_breakpoint(box, best.candidates):
                    continue
                rest = sliver(whole, cost, box, v)
                if rest is None:
                    return None
                best.add(rest)
                continue
            if halvings == _MOST_HALVINGS:
                return None
            halvings += 1
            for floor, half, rising in _halves(tables, box, low, high):
                if rising is None:
                    heapq.heappush(waiting, (floor, id(half), half))
                else:
                    best.add(root_in(whole, cost, rising, v))
        return [candidate for candidate in best.candidates if not candidate.least > best.most], best.most


@dataclass(slots=True)
class _Best:
    """The candidates so far, and an upper bound of the least cost."""

    candidates: list[Candidate]
    most: arb

    def add(self, candidate: Candidate | None) -> None:
        """Note a candidate, if there is one."""
        if candidate is not None:
            self.candidates.append(candidate)
            self.most = self.most.min(candidate.most.upper())

    def may_be_at(self, floor: float) -> bool:
        """May the minimiser be where the cost is at least so much?"""
        return floor <= outward(self.most)[1]


def _halves(tables: BoxTables, box: Box, low: float, high: float) -> Iterator[tuple[float, Box, Run | None]]:
    """Yield a lower bound of the cost on each half of a box, the half, and itself as a run where h rises on it.

    Where h falls, or does not pass v, a stationary point is no minimum: such a half is left out.
    """
    halves = tables.halves(box)
    for k, half in enumerate(halves.boxes):
        if halves.rises[k] < 0 or halves.least[k] > high or halves.most[k] < low:
            continue
        floor = halves.floor(k, low, high)
        if halves.rises[k] == 0:
            yield floor, half, None
            continue
        slope, middle = float(halves.slopes[k]), (half.low + half.high) / 2
        yield floor, half, Run(floor=floor, first=half, last=half, slope=slope, near=middle)


def _is_settled_by_a_breakpoint(box: Box, candidates: Sequence[Candidate]) -> bool:
    """Is a box that cannot be halved next to a breakpoint that stands for it, phi' being infinite there?"""
    for candidate in candidates:
        point = candidate.breakpoint
        if point is not None:
            if point.place == box.low and not point.right.is_finite():
                return True
            if point.place == box.high and not point.left.is_finite():
                return True
    return False
