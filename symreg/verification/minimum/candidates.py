"""Candidates for a proximal point: places where h passes v upward, breakpoints, and what stands for a whole box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import copysign, inf

from flint import arb

from symreg.verification.minimum.boxes import LEAST, Box
from symreg.verification.minimum.breakpoints import Breakpoint
from symreg.verification.minimum.cost import Cost
from symreg.verification.minimum.piecewise import PiecewisePhi
from symreg.verification.minimum.smooth_piece import SmoothPiece, hull
from symreg.verification.oracle.derivatives import Exact


@dataclass(slots=True)
class Candidate:
    """A place that may be the minimiser.

    Args:
        at: Encloses it.
        piece: Where it is a root of h - v; None elsewhere.
        slope: A lower bound of h' between the root and all points that stand for it.
        breakpoint: The breakpoint that it is.
        least: A lower bound of the cost there.
        most: An upper bound.
        room: How far it is from a pole, where that is nearer than any float.
    """

    at: arb
    piece: SmoothPiece | None
    slope: float = inf
    breakpoint: Breakpoint | None = None
    least: arb = field(default_factory=arb.neg_inf)
    most: arb = field(default_factory=arb.pos_inf)
    room: float = inf

    @property
    def is_sliver(self) -> bool:
        """Does it stand for everything between zero, or a pole, and the place nearest to it?"""
        return self.piece is None and self.breakpoint is None

    def cost(self, cost: Cost, v: arb) -> arb:
        """Return the cost there."""
        return self.least.union(self.most) if self.piece is None else cost.at(self.piece, self.at, v)


def sliver(whole: PiecewisePhi, cost: Cost, box: Box, v: arb) -> Candidate | None:
    """Return what lies between zero and the least size as one place, with the cost at that size; None elsewhere.

    phi is bounded there, and taken to have no minimum of its own that is told from the ends by more than that size.
    """
    if 0.0 not in (box.low, box.high) or box.is_splittable:
        return None
    side = 1 if box.high > 0 else -1
    end = arb(LEAST) * side
    most = cost.at(box.piece, end, v)
    nearest = (hull(box.low, box.high) - v).abs_lower()
    least = cost.step * whole.least_near_zero(side) + nearest * nearest / 2
    return Candidate(hull(box.low, box.high), None, least=least, most=most) if least.is_finite() else None


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without roots that are a breakpoint, or another root, as far as can be told."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.breakpoint is None):
        if not any(candidate.at.overlaps(other.at) for other in kept):
            kept.append(candidate)
    return kept


def preferred(one: Candidate, other: Candidate, v: Exact | arb) -> Candidate:
    """Return the candidate of smaller magnitude, of equal ones that with the sign of v."""
    if abs(one.at) < abs(other.at):
        return one
    if abs(other.at) < abs(one.at):
        return other
    sign = copysign(1.0, v) if isinstance(v, float) else 1 if v > 0 else -1
    return one if one.at * sign > 0 else other
