"""Branch and bound: boxes that cannot hold the minimiser are dropped, the others halved until h rises on them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

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
    candidates = list(known)
    low, high = outward(v)
    with ctx.workprec(BITS):
        for candidate in candidates:
            most = most.min(candidate.most.upper())
        for run in sorted(runs, key=lambda run: run.floor):
            if run.floor > outward(most)[1]:
                break  # no later run has a lesser bound
            if root := root_in(whole, cost, run, v):
                candidates.append(root)
                most = most.min(root.most.upper())
        waiting = [(floor, id(box), box) for floor, box in undecided if floor <= outward(most)[1]]
        heapq.heapify(waiting)
        halvings = 0
        while waiting and waiting[0][0] <= outward(most)[1]:
            box = heapq.heappop(waiting)[2]
            if cost.least_on(box, v) > most:
                continue
            if not box.is_splittable or box.high - box.low <= _NARROWEST * min(abs(box.low), abs(box.high)):
                if _is_settled_by_a_breakpoint(box, candidates):
                    continue
                rest = sliver(whole, cost, box, v)
                if rest is None:
                    return None
                candidates.append(rest)
                most = most.min(rest.most.upper())
                continue
            if halvings == _MOST_HALVINGS:
                return None
            halvings += 1
            halves = tables.halves(box)
            for k, half in enumerate(halves.boxes):
                if halves.rises[k] < 0 or halves.least[k] > high or halves.most[k] < low:
                    continue  # h falls, or does not pass v: a stationary point there is no minimum
                floor = halves.floor(k, low, high)
                if halves.rises[k] == 0:
                    heapq.heappush(waiting, (floor, id(half), half))
                    continue
                run = Run(
                    floor=floor, first=half, last=half, slope=float(halves.slopes[k]), near=(half.low + half.high) / 2
                )
                if root := root_in(whole, cost, run, v):
                    candidates.append(root)
                    most = most.min(root.most.upper())
        return [candidate for candidate in candidates if not candidate.least > most], most


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
