"""Boxes: intervals of floats on a smooth piece, over which phi, phi' and phi'' are enclosed.

`boxes_of` cuts an interval until phi'' is enclosed on each box; a search halves boxes further where it has to.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from flint import arb, ctx

from symreg.verification.minimum.poles import last_float
from symreg.verification.minimum.smooth_piece import SmoothPiece, float_between, hull, outward
from symreg.verification.oracle.kinks import ordinal

COARSE_BITS = 64
LEAST = 2.0**-1022  # what is nearer to zero counts as one place, far below any tolerance
_TOWARD_POLE = 16.0  # of how many parts of a box at a pole the last one is cut further
_WIDEST = 4.0  # greatest ratio of a box's ends,
_WIDEST_MONOTONE = 2.0**12  # and where phi' is seen to be monotone all the same


@dataclass(slots=True)
class Box:
    """An interval of a piece.

    Args:
        piece: The piece that it is a part of.
        low: The float at its lower end.
        high: The float at its upper end.
        least: A lower bound of phi over it.
        slope: Encloses phi', as two floats.
        curvature: Encloses phi'', as two floats.
        halves: What it was cut into, once it was.
    """

    piece: SmoothPiece
    low: float
    high: float
    least: arb
    slope: tuple[float, float]
    curvature: tuple[float, float]
    halves: tuple[Box, ...] | None = None

    @property
    def is_monotone(self) -> bool:
        """Does phi' surely not fall, or not rise, on all of it?"""
        low, high = self.curvature
        return low >= 0 or high <= 0

    @property
    def is_splittable(self) -> bool:
        """Is there a float between its ends, and is it no box from zero to the least size?"""
        return ordinal(self.high) - ordinal(self.low) > 1 and max(-self.low, self.high) > LEAST

    def halved(self) -> tuple[Box, ...]:
        """Return its two halves, by the count of floats in it, each cut further where it is too wide."""
        if self.halves is None:
            middle = float_between(self.low, self.high)
            self.halves = (*boxes_of(self.piece, self.low, middle), *boxes_of(self.piece, middle, self.high))
        return self.halves


def boxes_of(piece: SmoothPiece, low: float, high: float) -> list[Box]:
    """Return boxes of moderate width; next to zero, or to a pole, as small ones as it takes to enclose phi''."""
    pole = piece.pole_of(low, high)
    if pole is not None:
        side = piece.poles[pole]
        last = last_float(pole, side)
        if last in (low, high):
            return [_box_beside_pole(piece, low, high, pole)]
        cut = pole - (high - low) / _TOWARD_POLE * side
        cut = min(cut, last) if side > 0 else max(cut, last)
        return [*boxes_of(piece, low, cut), *boxes_of(piece, cut, high)]
    nearer, farther = sorted((abs(low), abs(high)))
    if nearer == 0 or farther <= _WIDEST_MONOTONE * nearer:
        box = box_of(piece, low, high)
        is_narrow = nearer > 0 and farther <= _WIDEST * nearer
        if is_narrow or box.is_monotone or not box.is_splittable:
            return [box]
        if nearer == 0 and box.curvature != (-inf, inf):
            return [box]
    middle = float_between(low, high)
    return [*boxes_of(piece, low, middle), *boxes_of(piece, middle, high)]


def box_of(piece: SmoothPiece, low: float, high: float) -> Box:
    """Return an interval as one box, however wide."""
    with ctx.workprec(COARSE_BITS):
        whole = hull(low, high)
        value, first, second = piece.taylor(whole)
        alone = piece.value(whole)  # of an even power a ball knows the sign, a series does not
        if alone.is_finite():
            value = alone.intersection(value) if value.is_finite() and alone.overlaps(value) else alone
        slope, curvature = piece.of_large_exponentials(whole) or (outward(first), outward(second))
        if curvature != (-inf, inf) and (curvature[0] >= 0 or curvature[1] <= 0) and slope[0] != slope[1]:
            # phi' is monotone here: its ends bound it far better than a wide ball.
            ends = piece.slope_at(low), piece.slope_at(high)
            ends = ends if curvature[0] >= 0 else ends[::-1]
            slope = max(slope[0], ends[0][0]), min(slope[1], ends[1][1])
        least = value.lower() if value.is_finite() else arb.neg_inf()
        if (slope[0] >= 0 or slope[1] <= 0) and not value.rad() < abs(value.mid()) / 2:
            # So is phi, and it is least at an end; a ball about something large has no sign.
            end = piece.value(arb(low if slope[0] >= 0 else high))
            least = least.max(end.lower()) if end.is_finite() else least
    return Box(piece, low, high, least, slope, curvature)


def _box_beside_pole(piece: SmoothPiece, low: float, high: float, pole: float) -> Box:
    """Return the box between a pole and the last float before it, over which phi is known where it is convex."""
    curvature = piece.curvature_beside(pole)
    if not curvature >= 0:
        return box_of(piece, low, high)
    end = low if high == pole else high
    with ctx.workprec(COARSE_BITS):
        value, slope = piece.value(arb(end)), piece.slope_at(end)
    # phi' is monotone up to the pole: phi is least at the last float if it rises from there, else nothing is known.
    rises_away = slope[0] >= 0 if pole == high else slope[1] <= 0
    least = value.lower() if rises_away and value.is_finite() else arb.neg_inf()
    slopes = (slope[0], inf) if pole == high else (-inf, slope[1])
    return Box(piece, low, high, least, slopes, (outward(curvature)[0], inf))
