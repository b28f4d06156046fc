"""Functions with switches, of balls and series: absolute value, sign, minimum and maximum; and the norm."""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_series

from symreg.verification.oracle import series
from symreg.verification.oracle.decisions import Decide, Undecided, sign_of_the_atom
from symreg.verification.oracle.series import Value


def minus(x: Value, y: Value) -> Value:
    """Return x - y; of one number and itself, as on the diagonal of `abs(w[i] - w[j])`, a zero that is no kink."""
    return arb(0) if x is y and series.constant(x).is_finite() else x - y


def euclidean_norm(weights: Sequence[Value], decide: Decide) -> Value:
    """Return the norm of a vector; the square of a number that stands in it often is worked out once."""
    squares: dict[int, Value] = {}
    total: Value = arb(0)
    for weight in weights:
        key = id(weight)
        square = squares.get(key)
        if square is None:
            square = squares[key] = series.integer_power(weight, 2)
        total = total + square
    return root(total, decide)


def root(x: Value, decide: Decide) -> Value:
    """Return the square root; in index notation that of a zero norm has the derivative 0."""
    if decide is sign_of_the_atom and isinstance(x, arb_series) and x[0].is_zero():
        return arb(0)
    return series.square_root(x)


def absolute(x: Value, decide: Decide) -> Value:
    """Return |x|."""
    side = _if_needed(decide, x)
    if side is None:
        return abs(both_sides(x)[0])
    return x if side > 0 else -x if side < 0 else arb(0)


def _if_needed(decide: Decide, x: Value) -> int | None:
    """Decide the switch of a continuous function: of a ball, both sides can be enclosed where it is not certain."""
    try:
        return decide(x)
    except Undecided:
        if isinstance(x, arb):
            return None
        raise


def both_sides(*values: Value) -> tuple[arb, ...]:
    """Return values of which both sides are enclosed; there is no enclosure of both for derivatives."""
    if all(isinstance(value, arb) for value in values):
        return values
    raise Undecided


def signum(x: Value, decide: Decide) -> Value:
    """Return the sign of x, a ball over [-1, 1] where it is open."""
    side = decide(x)
    if side is None:
        both_sides(x)
        return arb(0, 1)
    return arb(side)


def extreme(values: Sequence[Value], sense: int, decide: Decide) -> Value:
    """Return the greatest of the values for a sense of 1, the least for -1."""
    best = values[0]
    for other in values[1:]:
        if any(series.constant(v).is_nan() for v in (best, other)):
            return arb.nan()
        side = _if_needed(decide, minus(other, best))
        if side is None:
            first, second = both_sides(best, other)
            best = first.max(second) if sense > 0 else first.min(second)
        elif side * sense > 0:
            best = other
    return best
