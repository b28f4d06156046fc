"""An elementwise penalty for one set of parameters: its smooth pieces, the breakpoints between them, and their boxes.

Boxes are made band by band, as a search asks for them, and remembered, so that every step size and every point share
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf

from flint import arb, ctx

from symreg.model.terms import Term, Terms
from symreg.verification.minimum.boxes import COARSE_BITS, Box, box_of, boxes_of
from symreg.verification.minimum.breakpoints import Breakpoint, breakpoint_between, breakpoints_at_end
from symreg.verification.minimum.growth import growth
from symreg.verification.minimum.power_bounds import Power
from symreg.verification.minimum.smooth_piece import SmoothPiece, hull, piece_between
from symreg.verification.oracle.derivatives import Exact, Function
from symreg.verification.oracle.kinks import every_kink
from symreg.verification.oracle.logarithms import joined
from symreg.verification.oracle.slopes import elementwise

# Sizes between which boxes are made, as a search needs them; the band from the middle one is always looked at.
_BELOW = (0.0, *(2.0**k for k in range(-900, -50, 50)))
SIZES = (*_BELOW, 2.0**-50, 2.0**18, *(2.0**k for k in range(40, 1001, 24)))
MIDDLE = len(_BELOW)
WHOLE = -1  # the number of the band from zero to the middle one, where one box does
LARGEST = SIZES[-1]


@dataclass(slots=True)
class PiecewisePhi:
    """phi for one set of parameters.

    Args:
        terms: The elementwise terms that it is the sum of.
        parameters: Exact numbers by name.
        low: The lower end of the domain, -inf if there is none.
        high: The upper end.
        pieces: In order.
        breakpoints: In order, zero among them; ends of the domain only where they belong to it.
        is_whole: Is everything about it known that a search relies on?
        at_ends: The breakpoints at a piece's ends, other than zero.
        bands: The boxes of one side between two neighbouring sizes, once they are made.
        lowest: A lower bound of phi, once it is known.
        tame: By side, what `is_tame` found.
    """

    terms: Sequence[Term]
    parameters: Mapping[str, Exact]
    low: float
    high: float
    pieces: tuple[SmoothPiece, ...]
    breakpoints: tuple[Breakpoint, ...]
    is_whole: bool
    at_ends: dict[SmoothPiece, list[Breakpoint]] = field(default_factory=dict)
    bands: dict[tuple[int, int], tuple[Box, ...]] = field(default_factory=dict)
    lowest: arb | None = None
    tame: dict[int, bool] = field(default_factory=dict)

    def is_tame(self, side: int) -> bool:
        """Are phi' and phi'' enclosed all the way from zero to the middle band, so that one box does for all that?"""
        if side not in self.tame:
            low, high = sorted((0.0, side * SIZES[MIDDLE]))
            inside = [piece for piece in self.pieces if max(low, piece.low) < min(high, piece.high)]
            self.tame[side] = len(inside) == 1 and inside[0].low <= low and high <= inside[0].high
            if self.tame[side]:
                box = box_of(inside[0], low, high)
                self.tame[side] = box.is_monotone
                self.bands[WHOLE, side] = (box,)
        return self.tame[side]

    def band(self, number: int, side: int) -> tuple[Box, ...]:
        """Return the boxes of one side between two neighbouring sizes, in order."""
        key = number, side
        if key not in self.bands:
            low, high = sorted((side * SIZES[number], side * SIZES[number + 1]))
            boxes: list[Box] = []
            for piece in self.pieces:
                start, end = max(low, piece.low), min(high, piece.high)
                if start < end:
                    boxes += boxes_of(piece, start, end)
            self.bands[key] = tuple(boxes)
        return self.bands[key]

    def least(self) -> arb:
        """Return a lower bound of phi over its domain, -inf if none is known."""
        if self.lowest is None:
            inner, outer = SIZES[MIDDLE], SIZES[MIDDLE + 1]
            bounds = [box.least for side in (-1, 1) for box in self.band(MIDDLE, side)]
            bounds += [point.value for point in self.breakpoints]
            with ctx.workprec(COARSE_BITS):
                for side in (-1, 1):
                    for piece in self.pieces:
                        low, high = sorted((0.0, side * inner))
                        if max(low, piece.low) < min(high, piece.high):
                            bounds.append(piece.value(hull(max(low, piece.low), min(high, piece.high))))
                    if side * (self.high if side > 0 else self.low) == inf:
                        lower = growth(self.terms, self.parameters, side, outer).lower
                        bounds.append(arb(0) if lower.factor >= 0 else arb.nan())
                self.lowest = arb.pos_inf()
                for bound in bounds:
                    self.lowest = self.lowest.min(bound.lower()) if bound.is_finite() else arb.neg_inf()
        return self.lowest

    def least_near_zero(self, side: int) -> arb:
        """Return a lower bound of phi between zero and the least size on one side, -inf if none is known."""
        lower = self.near_zero(side, LARGEST)
        if lower.factor >= 0:
            return arb(0)
        return lower.factor if lower.exponent <= 0 else arb.neg_inf()

    def near_zero(self, side: int, threshold: float) -> Power:
        """Return a lower bound of phi by a power of 1/|w|, for |w| up to 1/threshold."""
        return growth(self.terms, self.parameters, side, threshold, toward_zero=True).lower


def piecewise(terms: Sequence[Term], parameters: Mapping[str, Exact]) -> PiecewisePhi:
    """Return phi for a set of parameters.

    Args:
        terms: Elementwise ones only.
        parameters: Exact numbers by name.

    Raises:
        ValueError: There is no elementwise term.
    """
    phi = elementwise([replace(term, tree=joined(term.tree, parameters)) for term in terms], parameters)
    if phi is None:
        raise ValueError("there is no elementwise term")
    domains = Terms(terms=tuple(terms)).intervals(parameters)
    lows = [domain.low for domain in domains if domain.low is not None]
    highs = [domain.high for domain in domains if domain.high is not None]
    low, high = (float(max(lows)) if lows else -inf), (float(min(highs)) if highs else inf)
    kinks = every_kink(terms, parameters)
    cuts = {(k.below, k.above) for k in kinks or () if low < k.below and k.above < high}
    pieces = _pieces(phi, low, high, cuts | ({(0.0, 0.0)} if low < 0.0 < high else set()))
    is_whole = kinks is not None and None not in pieces
    known = tuple(piece for piece in pieces if piece is not None)
    whole = PiecewisePhi(terms, parameters, low, high, known, (), is_whole)
    if is_whole:
        breakpoints = breakpoints_at_end(known[0], low, -1, all(low in domain for domain in domains))
        for left, right in pairwise(known):
            point = breakpoint_between(phi, left, right)
            breakpoints.append(point)
            if left.high != 0.0:
                whole.at_ends.setdefault(left, []).append(point)
                whole.at_ends.setdefault(right, []).append(point)
        breakpoints += breakpoints_at_end(known[-1], high, 1, all(high in domain for domain in domains))
        whole.breakpoints = tuple(breakpoints)
    return whole


def _pieces(phi: Function, low: float, high: float, cuts: set[tuple[float, float]]) -> list[SmoothPiece | None]:
    """Return the pieces between cuts, each of which is given by the floats around it; None for one that is not known.

    A piece reaches from the float before the cut that it begins at to the float after the one that it ends at.
    """
    ends = [low if low != -inf else -LARGEST]
    for below, above in sorted(cuts):
        ends += [above, below]
    ends.append(high if high != inf else LARGEST)
    pieces = [piece_between(phi, ends[k], ends[k + 1]) for k in range(0, len(ends), 2)]
    for piece, end, side in ((pieces[0], low, -1), (pieces[-1], high, 1)):
        if piece is not None and end not in (-inf, 0.0, inf) and not piece.taylor(arb(end))[1].is_finite():
            piece.poles[end] = side
    return pieces
