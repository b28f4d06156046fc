"""The reference: value and gradient of the formula as it was written, with proven error radii.

A derivative is found twice: as a central difference, its truncation enclosed by Taylor arithmetic over the same interval,
and from the Taylor coefficient itself. The two must agree. Takes `Terms` and numbers, hands on balls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import frexp, isnan
from typing import Any, TypeAlias

from flint import arb, arb_series, ctx, fmpq

from symreg.language.terms import Term, Terms
from symreg.verification import series
from symreg.verification.ball import (
    Decide,
    Scope,
    Undecided,
    ball,
    compiled,
    sign,
    sign_of_the_atom,
    sign_of_the_germ,
)
from symreg.verification.series import ORDER, Value

LEAST_BITS, MOST_BITS = 400, 8192
RELATIVE_RADIUS = arb((1, -60))  # far below an eighth of 4 ulp, in float64 and float32 alike
_VALUE_BITS = 128
_STEP_BITS = 120  # h = 2^-120 |w|
_STEP_AT_ZERO = -1200

Function: TypeAlias = Callable[[Value, Decide], Value]
Arrays: TypeAlias = Mapping[str, Any]


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


def value(
    terms: Terms, weights: Sequence[float], parameters: Mapping[str, Any], arrays: Arrays | None = None, floor: float = 0.0
) -> arb | None:
    """Return R(w) with a radius below 2^-60 of it (or below `floor`/8); +inf outside the domain, None if undetermined."""
    if any(isnan(w) for w in weights):
        return arb.nan()
    if any(w not in term.domain for term in terms.terms for w in weights):
        return arb.pos_inf()
    bits = _VALUE_BITS
    while bits <= MOST_BITS:
        with ctx.workprec(bits):
            try:
                result = _value(terms, weights, parameters, arrays or {})
            except Undecided:
                result = arb.nan()
            if is_tight(result, floor):
                return result
        bits *= 2
    return None


def gradient(
    terms: Terms,
    weights: Sequence[float],
    parameters: Mapping[str, Any],
    arrays: Arrays | None = None,
    *,
    floor: float = 0.0,
    only: Sequence[int] | None = None,
) -> tuple[Slope | None, ...]:
    """Return dR/dw_j for every j (or those in `only`); nan outside the domain, None where undetermined."""
    below = tuple(parameters.items())
    memory: dict[int, int] = {}
    wanted = range(len(weights)) if only is None else only
    if not terms.indexed:
        return tuple(elementwise_slope(terms, weights[j], below, floor, memory) for j in wanted)
    return tuple(_slope_by(terms, weights, j, below, arrays or {}, floor, memory) for j in wanted)


def elementwise_slope(
    terms: Terms, weight: float, parameters: tuple[tuple[str, Any], ...], floor: float, memory: dict[int, int]
) -> Slope | None:
    """Return phi'(w) of the elementwise terms together, by the kink rule of elementwise penalties.

    Args:
        memory: Precision that sufficed before, by the weight's exponent; read and updated.
    """
    if any(weight not in term.domain for term in terms.elementwise):
        return _outside()
    phi = _sum_over_weights(terms.elementwise, dict(parameters))
    return slope(phi, weight, floor, memory, sides=_sides(terms.elementwise, weight))


def slope(
    function: Function,
    at: float,
    floor: float,
    memory: dict[int, int],
    sides: tuple[int, ...] = (-1, 1),
    convention: bool = False,
) -> Slope | None:
    """Return the derivative of a function of one weight at an exact number.

    Args:
        function: Of the weight (ball or series) and of how to decide switches.
        floor: Absolute radius times 8 that is always good enough.
        sides: Sides on which the function is defined.
        convention: At a kink, sign(0) = 0 per atom instead of the rule for elementwise penalties.
    """
    if len(sides) == 2:
        regular = _regular(function, at, floor, memory)
        if regular is not None:
            return Slope(value=regular, low=regular, high=regular)
    one_sided = [_one_sided(function, at, side, floor) for side in sides]
    if any(one is None for one in one_sided):
        return None
    left, right = one_sided[0], one_sided[-1]
    assert left is not None and right is not None
    return _chosen(function, at, left, right, convention)


def is_tight(result: arb, floor: float) -> bool:
    """Is the radius below 2^-60 of the value, or below an eighth of the floor?"""
    if not result.is_finite():
        return False
    radius = result.rad()
    return bool(radius <= abs(result.mid()) * RELATIVE_RADIUS or radius <= floor / 8)


def _value(terms: Terms, weights: Sequence[float], parameters: Mapping[str, Any], arrays: Arrays) -> arb:
    total = arb(0)
    names = {name: ball(number) for name, number in parameters.items()}
    if terms.elementwise:
        phi = _sum_over_weights(terms.elementwise, names)
        for weight in weights:
            total = total + phi(arb(weight), sign)
    for term in terms.indexed:
        scope = Scope(dict(names), {**arrays, "w": [arb(w) for w in weights]}, len(weights), sign)
        total = total + _coefficient(term) * compiled(term.tree)(scope)
    return total


def _sum_over_weights(terms: Sequence[Term], parameters: Mapping[str, Any]) -> Function:
    """Return phi(w), the elementwise terms' sum for one weight."""
    names = {name: ball(number) for name, number in parameters.items()}
    parts = [(term.coefficient, compiled(term.tree)) for term in terms]

    def phi(weight: Value, decide: Decide) -> Value:
        scope = Scope({**names, "w": weight}, decide=decide)
        total: Value = None
        for coefficient, code in parts:
            part = code(scope)
            if coefficient != 1:
                part = part * arb(fmpq(coefficient.numerator, coefficient.denominator))
            total = part if total is None else total + part
        return total

    return phi


def _slope_by(
    terms: Terms,
    weights: Sequence[float],
    j: int,
    parameters: tuple[tuple[str, Any], ...],
    arrays: Arrays,
    floor: float,
    memory: dict[int, int],
) -> Slope | None:
    """Return dR/dw_j of all terms: those in index notation by their convention, plus phi'(w_j)."""
    if any(w not in term.domain for term in terms.indexed for w in weights):
        return _outside()
    names = {name: ball(number) for name, number in parameters}
    exact = [arb(w) for w in weights]
    parts = [(arb(fmpq(t.coefficient.numerator, t.coefficient.denominator)), compiled(t.tree)) for t in terms.indexed]

    def penalty(weight: Value, decide: Decide) -> Value:
        scope = Scope(names, {**arrays, "w": [*exact[:j], weight, *exact[j + 1 :]]}, len(exact), decide)
        total: Value = arb(0)
        for coefficient, code in parts:
            total = total + coefficient * code(scope)
        return total

    found = slope(penalty, weights[j], floor, memory, sides=_sides(terms.indexed, weights[j]), convention=True)
    if found is None or not terms.elementwise:
        return found
    own = elementwise_slope(terms, weights[j], parameters, floor, {})
    if own is None:
        return None
    return Slope(
        value=found.value + own.value,
        low=found.low + own.low,
        high=found.high + own.high,
        at_kink=found.at_kink or own.at_kink,
        is_settled=found.is_settled and own.is_settled,
    )


def _coefficient(term: Term) -> arb:
    return arb(fmpq(term.coefficient.numerator, term.coefficient.denominator))


def _outside() -> Slope:
    return Slope(value=arb.nan(), low=arb.nan(), high=arb.nan())


def _sides(terms: Sequence[Term], weight: float) -> tuple[int, ...]:
    """Return the sides of a weight on which the domain goes on: one of them at a closed end."""
    exact = Fraction(weight)
    at_low = any(term.domain.low == exact for term in terms)
    at_high = any(term.domain.high == exact for term in terms)
    return tuple(side for side, is_end in ((-1, at_low), (1, at_high)) if not is_end) or (-1, 1)


def _regular(function: Function, at: float, floor: float, memory: dict[int, int]) -> arb | None:
    """Return the derivative where the function is smooth around `at`; None at a kink or where nothing is determined."""
    exponent = frexp(at)[1]
    bits = memory.get(exponent, LEAST_BITS)
    while bits <= MOST_BITS:
        with ctx.workprec(bits):
            try:
                difference, taylor = _both_ways(function, arb(at), _step(at, bits), sign, sign)
            except Undecided:
                if _is_exactly_at_a_kink(function, at):
                    return None
                bits *= 2
                continue
            if not difference.is_finite() and not at:
                # At zero a function may have no third derivative although it has a first one (abs(w)**1.5).
                return None
            if is_tight(difference, floor):
                memory[exponent] = bits
                return _agreed(difference, taylor)
        bits *= 2
    return None


def _step(at: float, bits: int) -> int:
    """Return the exponent of h: 2^-120 |w|, smaller with each doubling where a kink or a zero of f' is nearer than that."""
    return frexp(at)[1] - _STEP_BITS * (bits // LEAST_BITS) if at else _STEP_AT_ZERO


def _both_ways(function: Function, at: arb, step: int, decide_around: Decide, decide_at: Decide) -> tuple[arb, arb]:
    """Return the central difference with its enclosed truncation error, and the Taylor coefficient over [at - h, at + h]."""
    h = arb((1, step))
    around = function(_series(arb(at, h)), decide_around)
    taylor = series.slope(around)
    third = around[3] if isinstance(around, arb_series) else arb(0) if isinstance(around, arb) else arb.nan()
    difference = (function(at + h, decide_at) - function(at - h, decide_at)) / (2 * h)
    # f(x+h) - f(x-h) = 2h f'(x) + h^3/3 f'''(xi), and third encloses f'''/6.
    return difference + arb(0, 1) * (h * h * third).abs_upper(), taylor


def _agreed(difference: arb, taylor: arb) -> arb:
    if taylor.is_nan() or not taylor.is_finite():
        return arb.nan()
    if not difference.overlaps(taylor):
        raise OracleDisagrees(f"central difference {difference.str(20)}, Taylor {taylor.str(20)}")
    return difference.intersection(taylor)


def _is_exactly_at_a_kink(function: Function, at: float) -> bool:
    try:
        return not series.is_finite(function(_series(arb(at)), sign))
    except Undecided:
        return True


def _one_sided(function: Function, at: float, side: int, floor: float) -> arb | None:
    """Return the derivative from one side, which may be infinite.

    The branch that holds just beside the point is followed through it, where it is analytic, by the two ways.
    """
    bits = LEAST_BITS
    while bits <= MOST_BITS:
        with ctx.workprec(bits):
            taken: list[int] = []

            def record(x: Value, taken: list[int] = taken) -> int:
                taken.append(sign_of_the_germ(x))
                return taken[-1]

            try:
                germ = function(arb_series([arb(at), arb(side)], ORDER), record)
                slope_here = series.slope(germ) * side
                if isinstance(germ, series.Ray):
                    return None if slope_here.is_nan() else slope_here
                difference, taylor = _both_ways(function, arb(at), _step(at, bits), _replay(taken), _replay(taken))
                if not difference.is_finite() and is_tight(slope_here, floor):
                    return slope_here  # the branch ends here: it cannot be followed through the point
                if is_tight(difference, floor):
                    return _agreed(difference, taylor)
            except Undecided:
                pass
        bits *= 2
    return None


def _replay(taken: Sequence[int]) -> Decide:
    """Return a decision that repeats those taken, in order, starting anew after the last."""
    position = 0

    def decide(_: Value) -> int:
        nonlocal position
        side = taken[position]
        position = (position + 1) % len(taken)
        return side

    return decide


def _chosen(function: Function, at: float, left: arb, right: arb, convention: bool) -> Slope | None:
    if left.overlaps(right) and left.is_finite():
        both = left.intersection(right)
        return Slope(value=both, low=both, high=both)
    low, high = (left, right) if left < right else (right, left)
    if convention:
        try:
            with ctx.workprec(LEAST_BITS):
                found = series.slope(function(_series(arb(at)), sign_of_the_atom))
        except Undecided:
            found = arb.nan()
        settled = found.is_finite()
        return Slope(value=found if settled else low, low=low, high=high, at_kink=True, is_settled=settled)
    if (low <= 0) and (high >= 0):
        return Slope(value=arb(0), low=low, high=high, at_kink=True)
    return Slope(value=low if abs(low) < abs(high) else high, low=low, high=high, at_kink=True)


def _series(at: arb) -> arb_series:
    return arb_series([at, arb(1)], ORDER)
