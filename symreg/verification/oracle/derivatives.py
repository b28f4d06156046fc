"""The derivative of a function of one weight, found twice: as a central difference and as a Taylor coefficient.

The difference's truncation error is enclosed by Taylor arithmetic over the interval that it spans. The two ways share
no formula beyond the evaluation itself, and must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import frexp
from typing import TypeAlias

from flint import arb, arb_series, ctx

from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import (
    Decide,
    Record,
    Undecided,
    following,
    sign,
    sign_of_the_atom,
    sign_of_the_germ,
)
from symreg.verification.oracle.series import ORDER, Value

LEAST_BITS, MOST_BITS = 400, 8192
_RELATIVE_RADIUS = arb((1, -60))  # far below an eighth of 4 ulp, in float64 and float32 alike
_STEP_BITS = 120  # h = 2^-120 |w|
_STEP_AT_ZERO = -1200
Exact: TypeAlias = float | Fraction
Function: TypeAlias = Callable[[Value, Decide], Value]


class OracleDisagrees(Exception):
    """Central difference and Taylor enclosure exclude each other: a bug in symreg itself, never a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A reference derivative.

    Args:
        value: What a gradient has to return; at a kink the stated choice.
        low: The smaller one-sided derivative; `value` where there is no kink.
        high: The greater one.
        at_kink: Do they differ?
        is_settled: Is `value` the one that the conventions ask for? False where a tie leaves it open.
    """

    value: arb
    low: arb
    high: arb
    at_kink: bool = False
    is_settled: bool = True


def slope(
    function: Function,
    at: Exact,
    *,
    floor: float = 0.0,
    memory: dict[int, int] | None = None,
    sides: tuple[int, ...] = (-1, 1),
    by_atoms: bool = False,
) -> Slope | None:
    """Return the derivative of a function of one weight at an exact number, None if undetermined.

    Args:
        function: Of the weight (ball or series) and of how to decide switches.
        memory: Precision that sufficed before, by the weight's exponent; read and updated.
        sides: Sides on which the function is defined.
        by_atoms: At a kink, sign(0) = 0 per atom instead of the rule for elementwise penalties.
    """
    if len(sides) == 2:
        regular = _regular(function, at, floor, {} if memory is None else memory)
        if regular is not None:
            return Slope(value=regular, low=regular, high=regular)
    one_sided = [_one_sided(function, at, side, floor) for side in sides]
    left, right = one_sided[0], one_sided[-1]
    if left is None or right is None:
        return None
    with ctx.workprec(MOST_BITS):
        return _chosen(function, at, left, right, by_atoms)


def is_tight(result: arb, floor: float) -> bool:
    """Is the radius below 2^-60 of the value, or below an eighth of the floor?"""
    if not result.is_finite():
        return False
    radius = result.rad()
    return bool(radius <= abs(result.mid()) * _RELATIVE_RADIUS or radius <= floor / 8)


def _regular(function: Function, at: Exact, floor: float, memory: dict[int, int]) -> arb | None:
    """Return the derivative where the function is smooth around `at`; None at a kink or where nothing is determined."""
    exponent = frexp(at)[1]
    bits = memory.get(exponent, LEAST_BITS)
    while bits <= MOST_BITS:
        with ctx.workprec(bits):
            try:
                difference, taylor = _both_ways(function, at, bits, lambda: sign)
            except Undecided:
                if _is_exactly_at_a_kink(function, at):
                    return None
            else:
                if not difference.is_finite() and not at:
                    # At zero a function may have no third derivative although it has a first one (abs(w)**1.5).
                    return None
                if is_tight(difference, floor) and taylor.is_finite():
                    memory[exponent] = bits
                    agreed = _agreed(difference, taylor)
                    return arb(0) if agreed.contains(0) and _is_exactly_flat(function, at) else agreed
        bits *= 2
    return None


def _both_ways(function: Function, at: Exact, bits: int, decision: Callable[[], Decide]) -> tuple[arb, arb]:
    """Return the central difference with its truncation error, and the Taylor coefficient over [at - h, at + h].

    Each evaluation has a decision of its own.

    h is 2^-120 |w|, smaller with each doubling where a kink or a zero of the derivative is nearer than that.
    """
    h = arb((1, frexp(at)[1] - _STEP_BITS * (bits // LEAST_BITS) if at else _STEP_AT_ZERO))
    centre = ball(at)
    around = function(_series(centre + arb(0, h)), decision())
    taylor, third = series.slope(around), series.derivative(around, 3)
    difference = (function(centre + h, decision()) - function(centre - h, decision())) / (2 * h)
    # f(x+h) - f(x-h) = 2h f'(x) + h^3/3 f'''(xi), and `third` encloses f'''/6.
    return difference + arb(0, 1) * (h * h * third).abs_upper(), taylor


def _agreed(difference: arb, taylor: arb) -> arb:
    if not difference.overlaps(taylor):
        raise OracleDisagrees(f"central difference {difference.str(20)}, Taylor {taylor.str(20)}")
    return difference.intersection(taylor)


def _is_exactly_at_a_kink(function: Function, at: Exact) -> bool:
    try:
        return not series.is_finite(function(_series(ball(at)), sign))
    except Undecided:
        return True


def _is_exactly_flat(function: Function, at: Exact) -> bool:
    """Is the derivative exactly zero, so that its sign and magnitude are known?"""
    try:
        return bool(series.slope(function(_series(ball(at)), sign)).is_zero())
    except Undecided:
        return False


def _one_sided(function: Function, at: Exact, side: int, floor: float) -> arb | None:
    """Return the derivative from one side, which may be infinite.

    The branch that holds just beside the point is followed through it, where it is analytic, by the two ways.
    """
    bits = LEAST_BITS
    while bits <= MOST_BITS:
        with ctx.workprec(bits):
            record = Record(sign_of_the_germ)
            try:
                germ = function(arb_series([ball(at), arb(side)], ORDER), record)
                at_point = series.slope(germ) * side
                if isinstance(germ, series.Ray):
                    return None if at_point.is_nan() else at_point
                difference, taylor = _both_ways(function, at, bits, partial(following, record.taken))
                if not difference.is_finite() and is_tight(at_point, floor):
                    return at_point  # the branch ends here: it cannot be followed through the point
                if is_tight(difference, floor) and taylor.is_finite():
                    return _agreed(difference, taylor)
            except Undecided:
                pass
        bits *= 2
    return None


def _chosen(function: Function, at: Exact, left: arb, right: arb, by_atoms: bool) -> Slope:
    if left.is_finite() and right.is_finite() and left.overlaps(right):
        slope = left.intersection(right)
        return Slope(value=slope, low=slope, high=slope)
    low, high = (left, right) if left < right else (right, left)
    if by_atoms:
        try:
            by_convention = series.slope(function(_series(ball(at)), sign_of_the_atom))
        except Undecided:
            by_convention = arb.nan()
        is_settled = by_convention.is_finite()
        return Slope(
            value=by_convention if is_settled else low, low=low, high=high, at_kink=True, is_settled=is_settled
        )
    if low <= 0 and high >= 0:
        return Slope(value=arb(0), low=low, high=high, at_kink=True)
    return Slope(value=low if abs(low) < abs(high) else high, low=low, high=high, at_kink=True)


def _series(at: arb) -> arb_series:
    return arb_series([at, arb(1)], ORDER)
