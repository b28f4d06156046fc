"""Poles of phi': roots of h nearer to an end of the domain, where phi' is infinite, than any float is.

`-log(1 - w)` has its minimum for a large v nearer to 1 than any float: there the weight is told by its distance from
the end, a float again. Only where phi is convex all the way; so h rises, and there is one place at most.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp2, inf, log, log2, nan, nextafter

from flint import arb, ctx

Taylor = Callable[[arb], tuple[arb, arb, arb]]

NEAREST = 2.0**-1022  # what is nearer to the end counts as one place
# Binary digits of distance in one enclosure: a radius has 30 bits, and the cube of the distance enters; in narrow ones
# the terms of a sum may be told apart.
_STRIPS = (8.0, 0.25)
_BITS = 128  # beyond those that the distance takes
_STEPS, _CLOSE = 200, 2.0**-30


def last_float(end: float, side: int) -> float:
    """Return the float before an end, on the inside; `side` is 1 at an upper end and -1 at a lower one."""
    return nextafter(end, -side * inf)


def bits_at(end: float, distance: float) -> int:
    """Return the digits that tell a place from the end."""
    return _BITS + max(0, int(log2(abs(end)) - log2(distance)))


def place(end: float, side: int, distance: float) -> arb:
    """Return the weight at a distance from an end."""
    with ctx.workprec(bits_at(end, distance)):
        return arb(end) - side * arb(distance)


def least_curvature(taylor: Taylor, end: float, side: int) -> arb:
    """Return a lower bound of phi'' from the last float to the nearest place, -inf where it is not known to rise."""
    for digits in _STRIPS:
        least, far = arb.pos_inf(), abs(end - last_float(end, side))
        while far > NEAREST and least >= 0:
            near = max(far * exp2(-digits), NEAREST)
            with ctx.workprec(bits_at(end, near)):
                bend = taylor(place(end, side, far).union(place(end, side, near)))[2]
            least, far = least.min(bend.lower()) if bend.is_finite() else arb.neg_inf(), near
        if least >= 0:
            return least
    return arb.neg_inf()


def distance_of_root(taylor: Taylor, end: float, side: int, v: arb, step: arb) -> float | None:
    """Return about how far from the end h passes v; 0 if nearer than the nearest place, None if before the last float.

    phi' is about a power of the distance: Newton's steps are taken for the two logarithms.
    """

    def pulls(distance: float) -> tuple[arb, arb, arb]:
        """Return how far phi' pulls away from the end, how far it should, and phi''."""
        weight = place(end, side, distance)
        _, first, second = taylor(weight)
        return side * first, side * (v - weight) / step, second

    low, high = NEAREST, abs(end - last_float(end, side))
    for distance in (high, low):
        with ctx.workprec(bits_at(end, distance)):
            pull, wanted, _ = pulls(distance)
            if distance == high and not pull < wanted:
                return None
            if distance == low and not pull > wanted:
                return 0.0
    at = _between(low, high)
    for _ in range(_STEPS):
        with ctx.workprec(bits_at(end, at)):
            pull, wanted, bend = pulls(at)
            change = float((pull / wanted).log() * pull / (bend * at)) if pull > 0 and wanted > 0 else nan
        low, high = (at, high) if pull > wanted else (low, at)
        if abs(change) <= _CLOSE:
            return at
        new = log2(at) + change / log(2)
        at = exp2(new) if log2(low) < new < log2(high) else _between(low, high)
    return at


def _between(low: float, high: float) -> float:
    return exp2((log2(low) + log2(high)) / 2)
