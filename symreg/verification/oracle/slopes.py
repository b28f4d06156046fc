"""The reference: value and gradient of the formula as it was written, with proven error radii.

Takes `Terms` and exact numbers, hands on balls. Precision is doubled until a radius is far below what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import isnan
from typing import Any, TypeAlias

from flint import arb, ctx, fmpq

from symreg.expressions.tree import Call, Name
from symreg.model.interval import Interval
from symreg.model.lifts import STARTS
from symreg.model.terms import Term, Terms
from symreg.verification.oracle.ball import ball, balls
from symreg.verification.oracle.decisions import Decide, Undecided, sign
from symreg.verification.oracle.derivatives import MOST_BITS, Exact, Function, Slope, is_tight, slope
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.series import Value

_VALUE_BITS = 160

Values: TypeAlias = Callable[[Sequence[Exact]], arb | None]
Slopes: TypeAlias = "Callable[[Sequence[Exact], int], Slope | None]"


def values(
    terms: Terms, parameters: Mapping[str, Exact], arrays: Mapping[str, Any] | None = None, *, floor: float = 0.0
) -> Values:
    """Return R as a function of the weights; its result is inf outside the domain and None where undetermined.

    Args:
        parameters: Exact numbers by name.
        arrays: Declared arrays, as nested sequences of exact numbers.
        floor: A radius of an eighth of it is always good enough; else 2^-60 of the value is.
    """
    total = _whole(terms, parameters, arrays or {})
    domains = terms.intervals(parameters)

    def value(weights: Sequence[Exact]) -> arb | None:
        distinct = set(weights)
        if any(isnan(w) for w in distinct):
            return arb.nan()
        if any(w not in domain for domain in domains for w in distinct):
            return arb.pos_inf()
        bits = _VALUE_BITS
        while bits <= MOST_BITS:
            with ctx.workprec(bits):
                try:
                    result: arb = total(_exact(weights), sign)
                except Undecided:
                    result = arb.nan()
                if is_tight(result, floor):
                    return result
            bits *= 2
        return None

    return value


def slopes(
    terms: Terms, parameters: Mapping[str, Exact], arrays: Mapping[str, Any] | None = None, *, floor: float = 0.0
) -> Slopes:
    """Return dR/dw_j as a function of the weights and j; its result is nan outside the domain, None where undetermined.

    At a kink the elementwise terms together have 0 if it lies between the one-sided derivatives, else the one smaller
    in magnitude; those in index notation follow sign(0) = 0.
    """
    one_weight = elementwise(terms.elementwise, parameters)
    rest = Terms(terms=(*terms.indexed, *terms.grouped))
    domains = terms.intervals(parameters)
    own_domains, rest_domains = (part.intervals(parameters) for part in (Terms(terms=terms.elementwise), rest))
    whole = _whole(rest, parameters, arrays or {})
    memory: dict[int, int] = {}
    memories: dict[int, dict[int, int]] = {}

    def slope_by(weights: Sequence[Exact], j: int) -> Slope | None:
        at = weights[j]
        touched = set(weights) if rest.terms else (at,)
        if any(w not in domain for domain in domains for w in touched):
            return Slope(value=arb.nan(), low=arb.nan(), high=arb.nan())
        if not terms.terms:
            return Slope(value=arb(0), low=arb(0), high=arb(0))
        own = None
        if one_weight:
            own = _at_end(one_weight, at, floor, memory, _sides(own_domains, at))
        if not rest.terms or (one_weight and own is None):
            return own
        exact = _exact(weights)

        def along(weight: Value, decide: Decide) -> Value:
            return whole([*exact[:j], weight, *exact[j + 1 :]], decide)

        found = slope(
            along,
            at,
            floor=floor,
            memory=memories.setdefault(len(weights), {}),
            sides=_sides(rest_domains, at),
            by_atoms=True,
        )
        return _added(found, own) if found and own else found

    return slope_by


def elementwise(terms: Sequence[Term], parameters: Mapping[str, Exact]) -> Function | None:
    """Return phi(w), the sum of elementwise terms for one weight; None if there is no term."""
    if not terms:
        return None
    known = {name: ball(number) for name, number in parameters.items()}
    parts = [(term.coefficient, compiled(term.tree)) for term in terms]

    def phi(weight: Value, decide: Decide) -> Value:
        scope = Scope({**known, "w": weight}, decide=decide)
        total: Value = None
        for coefficient, code in parts:
            part = code(scope) if coefficient == 1 else code(scope) * _rational(coefficient)
            total = part if total is None else total + part
        return total

    return phi


def _at_end(
    function: Function, at: Exact, floor: float, memory: dict[int, int], sides: tuple[int, ...]
) -> Slope | None:
    """Return the derivative where the function may be defined on one side only, at a closed end of its domain.

    A kink of the formula there may have the value that it has without a domain, too: both are subgradients.
    """
    inside = slope(function, at, floor=floor, memory=memory, sides=sides)
    if len(sides) == 2 or inside is None:
        return inside
    try:
        whole = slope(function, at, floor=floor, memory=memory)
    except Undecided:
        return inside
    if whole is None or not whole.at_kink:
        return inside
    return Slope(value=inside.value, low=whole.low, high=whole.high, at_kink=True, is_settled=False)


def _exact(weights: Sequence[Exact]) -> list[arb]:
    """Return the weights as balls, equal ones as one object, so that what depends on them is worked out once."""
    known = {w: ball(w) for w in set(weights)}
    return [known[w] for w in weights]


def _whole(
    terms: Terms, parameters: Mapping[str, Exact], arrays: Mapping[str, Any]
) -> Callable[[Sequence[Value], Decide], Value]:
    """Return R as a function of all weights as numbers."""
    phi = elementwise(terms.elementwise, parameters)
    known = {name: ball(number) for name, number in parameters.items()}
    given = {array.name: balls(arrays[array.name]) for array in terms.arrays if array.name in arrays}
    parts = [(term.coefficient, compiled(term.tree)) for term in terms.indexed]
    of_groups = _over_groups(terms, parameters, arrays) if terms.grouped else None

    def total(weights: Sequence[Value], decide: Decide) -> Value:
        result: Value = arb(0)
        if phi:
            for weight in weights:
                result = result + phi(weight, decide)
        if of_groups:
            result = result + of_groups(weights, decide)
        # An empty vector has the value 0 (a mean over it would be 0/0).
        if parts and len(weights):
            scope = Scope(known, {**given, "w": weights}, len(weights), decide)
            for coefficient, code in parts:
                result = result + _rational(coefficient) * code(scope)
        return result

    return total


def _rational(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))


def _added(a: Slope, b: Slope) -> Slope:
    with ctx.workprec(MOST_BITS):
        return Slope(
            value=a.value + b.value,
            low=a.low + b.low,
            high=a.high + b.high,
            at_kink=a.at_kink or b.at_kink,
            is_settled=a.is_settled and b.is_settled,
        )


def _sides(domains: Sequence[Interval], at: Exact) -> tuple[int, ...]:
    """Return the sides of a weight on which the domain goes on: one of them at a closed end."""
    at_low = any(domain.low == at for domain in domains)
    at_high = any(domain.high == at for domain in domains)
    return tuple(side for side, is_end in ((-1, at_low), (1, at_high)) if not is_end) or (-1, 1)


_NORM = compiled(Call("norm", (Name("w"),)))


def _over_groups(
    terms: Terms, parameters: Mapping[str, Exact], arrays: Mapping[str, Any]
) -> Callable[[Sequence[Value], Decide], Value]:
    """Return the terms over groups as a function of all weights as numbers.

    Args:
        terms: With terms over groups.
        parameters: Exact numbers by name.
        arrays: With where groups begin, and their weights unless these are the roots of their sizes.
    """
    known = {name: ball(number) for name, number in parameters.items()}
    parts = [(term.coefficient, compiled(term.phi.tree)) for term in terms.grouped]

    def total(weights: Sequence[Value], decide: Decide) -> Value:
        result: Value = arb(0)
        for first, last, weight in spans_of(terms, arrays) if len(weights) else ():  # in the precision of the moment
            if weight.is_zero():
                continue
            part = list(weights[first:last])
            norm = _NORM(Scope({}, {"w": part}, len(part), decide)) if part else arb(0)
            scope = Scope({**known, "w": norm}, decide=decide)
            for coefficient, code in parts:
                result = result + _rational(coefficient) * weight * code(scope)
        return result

    return total


def spans_of(terms: Terms, arrays: Mapping[str, Any]) -> tuple[tuple[int, int, arb], ...]:
    """Return of each group its first index, the one behind it, and its weight, in the precision of the moment."""
    assert terms.groups is not None
    starts = [int(start) for start in arrays[STARTS]]
    given = arrays.get(terms.groups.weights)
    spans = list(pairwise(starts))
    weights = [arb(last - first).sqrt() for first, last in spans] if given is None else [ball(c) for c in given]
    return tuple((first, last, weight) for (first, last), weight in zip(spans, weights, strict=True))
