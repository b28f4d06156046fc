"""Find the zeros of a function of the weight in balls: every stretch is proved to hold none or exactly one.

Weights run through the interval as s runs from 1e-30 to 1e30; what lies beyond is not looked at.
"""

from __future__ import annotations

from flint import arb, ctx

from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.calculus.evaluation.balls import Exact, compiled
from symreg.calculus.evaluation.intervals import Enclosure, ranged, sign_on
from symreg.calculus.evaluation.spans import DISTANCE, along
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Call, Tree, number, walk

DECADES = 30
"""The stated range: distances from an end (or from 0) between 1e-30 and 1e30, relative to 1."""
RANGE = "1e-30 to 1e30 from each end"
_MOST = 2_000
"""How many stretches are looked at on each side of an interval before it is given up."""
_MOST_OF_WAVES = 300
"""The same where there is a sine: with an infinite end, its zeros have no end either."""
_WAVES = frozenset(row.name for row in FUNCTIONS.values() if row.period)
_FINEST = 120
_PRECISION, _FINE = 128, 420
"""Bits to decide with, and to narrow a zero with."""
_UNRESOLVED = arb(2) ** (20 - _FINE)
"""The relative width of what is narrowed no further."""
_NEWTONS, _STEPS = (0, 4, 16), 12
"""After how many halvings Newton's method is tried, and for how many steps."""
_OFFSET = arb(67) / 64
"""Stretches begin beside round numbers: a zero at an end would be seen from neither side."""


def bisected(tree: Tree, low: Tree | None, high: Tree | None) -> tuple[arb, ...] | None:
    """Return balls around all zeros on the stated range, ascending; None if a stretch was not decided.

    Args:
        tree: Over the bare `w` alone, smooth between the ends.
        low: Lower end, without names; None: -inf.
        high: Upper end; None: inf.
    """
    value, slope = ranged(tree), ranged(bare(differentiate(elementwise_over_j(tree), ()).tree))
    sides = [(None, number(0)), (number(0), None)] if low is None and high is None else [(low, high)]
    has_waves = any(isinstance(n, Call) and n.function in _WAVES for n in walk(tree))
    left = _MOST_OF_WAVES if has_waves else _MOST
    found: list[arb] = []
    with ctx.workprec(_PRECISION):
        if len(sides) == 2 and sign_on(value, (arb(0), arb(0))) == 0:
            return None
        for a, b in sides:
            made = _on_side(value, slope, compiled(along(a, b)), left)
            if made is None:
                return None
            found += made
    return tuple(sorted(found, key=float))


def _on_side(value: Enclosure, slope: Enclosure, place: Exact, left: int) -> list[arb] | None:
    """Return the zeros on the weights that `place` gives for distances in the range."""
    waiting: list[tuple[arb, arb, int]] = [
        (_OFFSET * arb(10) ** k, _OFFSET * arb(10) ** (k + 1), 0) for k in range(-DECADES, DECADES)
    ]
    found: list[arb] = []
    while waiting:
        near, far, depth = waiting.pop()
        left -= 1
        ends = [place({DISTANCE.name: s}).mid() for s in (near, far)]
        whole = (ends[0], ends[1]) if ends[0] < ends[1] else (ends[1], ends[0])
        if sign_on(value, whole):
            continue
        if sign_on(slope, whole):
            signs = [sign_on(value, (end, end)) for end in ends]
            if 0 not in signs:
                found += [_narrowed(value, slope, ends[0], ends[1], signs[0])] if signs[0] != signs[1] else []
                continue
        if left < 0 or depth > _FINEST:
            return None
        middle = (near * far).sqrt().mid()
        waiting += [(near, middle, depth + 1), (middle, far, depth + 1)]
    return found


def _narrowed(value: Enclosure, slope: Enclosure, a: arb, b: arb, sign: int) -> arb:
    """Return a ball of some 400 bits around the zero between two weights; at the first the function has the sign."""
    with ctx.workprec(_FINE):
        rounds = 0
        while True:
            if rounds in _NEWTONS and (found := _beside(value, _newton(value, slope, a, b), sign if a < b else -sign)):
                return found
            middle, rounds = ((a + b) / 2).mid(), rounds + 1
            here = sign_on(value, (middle, middle))
            if here == 0 or abs(b - a) < abs(middle) * _UNRESOLVED:
                return a.union(b)
            a, b = (middle, b) if here == sign else (a, middle)


def _newton(value: Enclosure, slope: Enclosure, a: arb, b: arb) -> arb | None:
    """Return where Newton's method ends from halfway between two weights, None unless it does between them."""
    at = ((a + b) / 2).mid()
    for _ in range(_STEPS):
        (low, high), (least, most) = value((at, at)), slope((at, at))
        step = ((low + high) / (least + most)).mid()
        at = (at - step).mid()
        if not (step.is_finite() and a.min(b) < at < a.max(b)):
            return None
        if abs(step) <= abs(at) * _UNRESOLVED:
            return at
    return None


def _beside(value: Enclosure, at: arb | None, sign: int) -> arb | None:
    """Return a ball around a number if the function has one sign at its lower end and the other one at its upper."""
    if at is None:
        return None
    room = abs(at) * _UNRESOLVED
    low, high = (at - room).mid(), (at + room).mid()
    is_between = sign_on(value, (low, low)) == sign and sign_on(value, (high, high)) == -sign
    return low.union(high) if is_between else None
