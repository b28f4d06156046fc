"""Run through an interval whose ends are expressions in the parameters, for signs that are asked all over it."""

from __future__ import annotations

from symreg.expressions.arithmetic import ONE, ZERO, W, minus, negative, over, plus, times
from symreg.expressions.tree import Name, Tree, number

DISTANCE = Name("state")
"""How far along a span, from 0 to infinity: a name that is reserved, so that no parameter has it."""


def along(low: Tree | None, high: Tree | None) -> Tree:
    """Return the weight that runs from one end to the other as `DISTANCE` runs through the positive numbers.

    Args:
        low: Lower end; None: -inf.
        high: Upper end; None: inf. Between two infinite ends the weight itself is returned.
    """
    if low is None and high is None:
        return W
    if high is None:
        return DISTANCE if low == ZERO else plus(low or ZERO, DISTANCE)
    if low is None:
        return negative(DISTANCE) if high == ZERO else minus(high, DISTANCE)
    return over(plus(low, times(high, DISTANCE)), plus(ONE, DISTANCE))


def middle(low: Tree | None, high: Tree | None) -> Tree:
    """Return a weight strictly between the ends."""
    if low is None and high is None:
        return ONE
    if high is None:
        return ONE if low == ZERO else plus(low or ZERO, ONE)
    if low is None:
        return number(-1) if high == ZERO else minus(high, ONE)
    return over(plus(low, high), number(2))
