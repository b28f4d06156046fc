"""Breakpoints of an elementwise penalty: where its formula changes, zero, and ends of its domain."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter

from flint import arb, ctx

from symreg.verification.minimum.smooth_piece import KNOT_BITS, SmoothPiece
from symreg.verification.oracle import series
from symreg.verification.oracle.decisions import Record, Undecided, sign
from symreg.verification.oracle.derivatives import Function
from symreg.verification.oracle.derivatives import slope as one_sided

_SLOPE_FLOOR = 2.0**-1000
_BISECTIONS = 220


@dataclass(frozen=True, slots=True, eq=False)
class Breakpoint:
    """A place where the formula changes, zero, or an end of the domain.

    Args:
        place: Where it is, exact if it is a float.
        left: phi' from the left, -inf at a lower end that belongs to the domain.
        right: phi' from the right.
        value: phi there.
        is_corner: Do the slopes differ?
        is_jump: Does phi itself jump there, so that the breakpoint is lower than its surroundings?
    """

    place: arb
    left: arb
    right: arb
    value: arb
    is_corner: bool
    is_jump: bool = False


def breakpoint_between(phi: Function, left: SmoothPiece, right: SmoothPiece) -> Breakpoint:
    """Return what happens between two pieces."""
    with ctx.workprec(KNOT_BITS):
        place = arb(left.high) if left.high == right.low else _refined(phi, left, right)
        before, after = left.value(place), right.value(place)
        at_place = _value(phi, place) if place.is_exact() else before
        slopes = [piece.taylor(place)[1] for piece in (left, right)]
        if not all(slope.is_finite() for slope in slopes) and place.is_exact():
            sides = one_sided(phi, left.high, floor=_SLOPE_FLOOR)
            slopes = [arb.nan()] * 2 if sides is None else _in_order(phi, sides.low, sides.high, left.high)
        is_jump = not (before.overlaps(at_place) and at_place.overlaps(after))
        is_corner = not slopes[0].overlaps(slopes[1])
        return Breakpoint(place, slopes[0], slopes[1], at_place, is_corner, is_jump)


def breakpoints_at_end(piece: SmoothPiece, end: float, side: int, is_closed: bool) -> list[Breakpoint]:
    """Return the end of a domain as a breakpoint where it belongs to it, else nothing.

    Args:
        piece: The piece that ends there.
        end: The end; infinite for none.
        side: -1 for the lower end, 1 for the upper one.
        is_closed: Does it belong to the domain?
    """
    if not is_closed or end in (-inf, inf):
        return []
    with ctx.workprec(KNOT_BITS):
        value, first, _ = piece.taylor(arb(end))
        if not value.is_finite():
            value = piece.value(arb(end))
        if not first.is_finite():
            inside = one_sided(piece.phi, end, floor=_SLOPE_FLOOR, sides=(-side,))
            first = arb.nan() if inside is None else inside.value
        slopes = (arb.neg_inf(), first) if side < 0 else (first, arb.pos_inf())
        return [Breakpoint(arb(end), *slopes, value, True)]


def _value(phi: Function, weight: arb) -> arb:
    try:
        return series.constant(phi(weight, sign))
    except Undecided:
        return arb.nan()


def _in_order(phi: Function, low: arb, high: arb, place: float) -> list[arb]:
    """Return the one-sided slopes, known by size, from left to right: upward where phi rises to the right of it."""
    around = [one_sided(phi, nextafter(place, end), floor=_SLOPE_FLOOR) for end in (-inf, inf)]
    if any(slope is None for slope in around):
        return [arb.nan(), arb.nan()]
    before, after = (slope.value for slope in around if slope is not None)
    return [low, high] if before < after else [high, low]


def _refined(phi: Function, left: SmoothPiece, right: SmoothPiece) -> arb:
    """Return a breakpoint between two neighbouring floats: where the switches change to those of the other piece."""
    low, high = arb(right.low).min(arb(left.high)), arb(right.low).max(arb(left.high))
    with ctx.workprec(KNOT_BITS * 4):
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            record = Record(sign)
            try:
                series.constant(phi(middle, record))
            except Undecided:
                break
            if None in record.taken:
                break
            if tuple(record.taken) == left.taken:
                low = middle
            elif tuple(record.taken) == right.taken:
                high = middle
            else:
                return middle if middle.is_exact() else low.union(high)
    return low.union(high)
