"""The exact proximal point of lam*sum |w[i+1] - w[i]|, in fractions, and how far rounding of the inputs moves it.

The reference is found by dynamic programming over the numbers in their order (Johnson 2013, J. Comput. Graph. Stat.
22(2):246-260), which shares nothing with the taut string that is emitted. Each derivative of a partial minimum is a
rising line of pieces, kept by its breakpoints; cutting it at -lam and lam says where the next number may leave.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
from flint import arb, ctx, fmpq

from symreg.model.lifts import Difference
from symreg.model.terms import Term, Terms
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.partitions import lengths_of
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.comparison.sensitivity import nudged
from symreg.verification.comparison.tolerance import WORKING_BITS
from symreg.verification.minimum.minimiser import MinimiserUnknown
from symreg.verification.oracle.ball import exactly
from symreg.verification.oracle.decisions import sign
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.formats import Format, Vector
from symreg.verification.oracle.slopes import elementwise

_LENGTHS = (1, 2, 3, 7)
_REACH = 10**25  # of the numbers of one vector: smaller ones are lost in the sums, as the docstring says
_TRIED = (1, -1, 2, -4)


def differences_in(terms: Terms) -> bool:
    """Are the terms multiples of absolute differences, beside multiples of |w| at most, as a few numbers tell?"""
    return (
        bool(terms.indexed)
        and not terms.grouped
        and all(isinstance(term.lift, Difference) for term in terms.indexed)
        and all(_is_size(term.phi if term.lift else term) for term in terms.terms)
    )


def _is_size(term: Term) -> bool:
    """Is phi(w) = phi(1)*|w|, at the defaults of its parameters?"""
    if not term.domain.is_all:
        return False
    values = {p.name: p.default for p in term.parameters}
    one = _phi(term, values, 1)
    return all(_phi(term, values, at).overlaps(abs(at) * one) for at in (0, *_TRIED))


def _phi(term: Term, values: dict[str, float], at: int) -> arb:
    phi = elementwise((term,), values)
    assert phi is not None
    with ctx.workprec(WORKING_BITS):
        found: arb = phi(arb(at), sign)
        return found


def varying_vectors(terms: Terms, stream: Stream, shape: Format) -> Iterator[Vector]:
    """Yield vectors of several lengths: of one size, of all sizes, with equal neighbours."""
    margin = min(8, (shape.greatest_exponent - shape.least_exponent - 1) // 2)
    for length in lengths_of(terms, _LENGTHS):
        size = stream.log_uniform(shape.least_exponent + margin, shape.greatest_exponent - margin)
        scale = size if stream.integer(0, 3) == 0 else 1.0
        drawn = [stream.sign() * stream.log_uniform(-4, 4) * scale for _ in range(length)]
        if stream.integer(0, 2) == 0:
            drawn = [drawn[k - k % 2] for k in range(length)]
        yield np.array(drawn, dtype=shape.name)


def judged_differences(
    terms: Terms, group: Group, step: float, points: Vector, shape: Format
) -> tuple[tuple[arb | None, ...], tuple[arb, ...]]:
    """Return what each number should be, and how far 4u of each input moves it."""
    listed = [Fraction(float(v)) for v in points]
    strengths = [_strength(terms.indexed, group.parameters), _strength(terms.elementwise, group.parameters)]
    exact = exact_point(listed, Fraction(step), *strengths)
    moved = [Fraction(0)] * len(listed)

    def add(changed: Sequence[Sequence[Fraction]]) -> None:
        for j in range(len(listed)):
            moved[j] += max((abs(other[j] - exact[j]) for other in changed), default=Fraction(0))

    for k, v in enumerate(listed):
        vectors = [[*listed[:k], other, *listed[k + 1 :]] for other in nudged(v, shape)]
        add([exact_point(vector, Fraction(step), *strengths) for vector in vectors])
    add([exact_point(listed, other, *strengths) for other in nudged(step, shape)])
    for place, strength in enumerate(strengths):
        changes = [[other if k == place else s for k, s in enumerate(strengths)] for other in nudged(strength, shape)]
        add([exact_point(listed, Fraction(step), *change) for change in changes])
    with ctx.workprec(WORKING_BITS):
        return tuple(map(_ball, exact)), tuple(map(_ball, moved))


def _strength(terms: Sequence[Term], parameters: Mapping[str, Exact]) -> Fraction:
    """Return the sum of the phi(1), which are exact to the digits that count."""
    with ctx.workprec(WORKING_BITS):
        phis = [elementwise((term.phi if term.lift else term,), parameters) for term in terms]
        total: arb = sum((phi(arb(1), sign) for phi in phis if phi is not None), arb(0))
        return exactly(total.mid())


def _ball(x: Fraction) -> arb:
    return arb(fmpq(x.numerator, x.denominator))


def operator_of_differences(
    terms: Terms, parameters: Mapping[str, Exact], others: Sequence[arb], place: int
) -> Callable[[arb, arb], arb]:
    """Return `prox(v, s)` at one number of a vector, from the middles of balls.

    Args:
        terms: Over differences, and of single weights.
        parameters: By name.
        others: The other numbers, in order.
        place: Of the number.

    Raises:
        MinimiserUnknown: (the function) The numbers' sizes differ by more than is promised.
    """
    strengths = _strength(terms.indexed, parameters), _strength(terms.elementwise, parameters)
    rest = [exactly(other.mid()) for other in others]

    def prox(v: arb, s: arb) -> arb:
        if not (v.is_finite() and s.is_finite()):
            return arb.nan()
        vector = [*rest[:place], exactly(v.mid()), *rest[place:]]
        sizes = [abs(x) for x in vector if x]
        if sizes and max(sizes) > _REACH * min(sizes):
            raise MinimiserUnknown
        return _ball(exact_point(vector, exactly(s.mid()), *strengths)[place])

    return prox


def exact_point(v: Sequence[Fraction], step: Fraction, of_differences: Fraction, of_each: Fraction) -> list[Fraction]:
    """Return the u at which step*(a*sum |u[i+1] - u[i]| + b*sum |u[i]|) + norm(u - v)**2/2 is least.

    Args:
        v: The point.
        step: Its step.
        of_differences: a.
        of_each: b; the numbers of the point for b = 0 move nearer to 0 by step*b.
    """
    if not v:
        return []
    lam, shift = step * of_differences, step * of_each
    # The derivative of the least cost of the numbers so far by the last one: knots with its value and slope behind.
    knots: deque[tuple[Fraction, Fraction]] = deque()  # where the slope changes, and by how much
    slope_first, offset_first = Fraction(1), -v[0]  # left of all knots: slope*u + offset
    slope_last, offset_last = Fraction(1), -v[0]  # right of all
    bounds: list[tuple[Fraction, Fraction]] = []
    for x in v[1:]:
        while knots and slope_first * knots[0][0] + offset_first < -lam:
            place, more = knots.popleft()
            offset_first -= more * place
            slope_first += more
        low = (-lam - offset_first) / slope_first
        while knots and slope_last * knots[-1][0] + offset_last > lam:
            place, more = knots.pop()
            offset_last += more * place
            slope_last -= more
        high = (lam - offset_last) / slope_last
        bounds.append((low, high))
        knots.appendleft((low, slope_first))
        knots.append((high, -slope_last))
        slope_first, offset_first = Fraction(1), -lam - x
        slope_last, offset_last = Fraction(1), lam - x
    while knots and slope_first * knots[0][0] + offset_first < 0:
        place, more = knots.popleft()
        offset_first -= more * place
        slope_first += more
    point = [-offset_first / slope_first]
    for low, high in reversed(bounds):
        point.append(min(max(point[-1], low), high))
    point.reverse()
    return [u - shift if u > shift else u + shift if u < -shift else Fraction(0) for u in point]
