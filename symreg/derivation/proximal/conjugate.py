"""The Fenchel conjugate phi*(y) = sup over u of u*y - phi(u) of a convex phi, where it has a closed form.

On each piece the slope is inverted, phi'(u) = y, by `roots`; what comes out is compared with Fenchel and Young's
inequality at samples before it is handed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, samples
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.roots import roots
from symreg.calculus.symbolic.simplify import simplify
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import (
    INFINITY,
    NAN,
    ZERO,
    W,
    call,
    minus,
    negative,
    numeric,
    over,
    power,
    times,
    total,
    where,
)
from symreg.expressions.tree import Compare, Name, Tree, number, substitute
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter
from symreg.proximal.formulas import ShownCase, even_in
from symreg.proximal.operator import Kink

Y = Name("y")
"""The slope at which the conjugate is taken: a name that is reserved, so that no parameter has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What the conjugate is on an interval of slopes, and the piece that has them; None: an infinite end, no piece."""

    low: Tree | None
    high: Tree | None
    value: Tree
    case: ShownCase | None = None


def conjugate(cases: Sequence[ShownCase], parameters: tuple[Parameter, ...], *, is_even: bool) -> Tree | None:
    """Return phi* over `Y`, infinite outside its domain; None where a piece's slope has no inverse to be listed.

    Args:
        cases: Of a convex phi, ascending, over its whole domain; of an even phi those with u >= 0.
        parameters: With their domains.
        is_even: Is phi even?
    """
    domain = WORDS["positive"] if is_even else Interval()
    known = (*parameters, Parameter(name=Y.name, domain=domain, default=1.0))
    parts: list[_Part] = []
    for case in cases:
        place = case.place
        if isinstance(place, Kink):
            value = simplify(minus(times(place.position, Y), place.value), known)
            parts.append(
                _Part(low=None if is_even and place.position == ZERO else place.left, high=place.right, value=value)
            )
            continue
        if numeric(place.curvature) == 0:
            continue  # its slope is one number, the end of the parts beside it
        found = next(_inverses(case, known), None)
        if found is None:
            return None
        ends = [limit_at(case.slope, end, side, parameters) for end, side in ((place.low, 1), (place.high, -1))]
        if NAN in ends:
            return None
        low, high = (None if end in (INFINITY, negative(INFINITY)) else end for end in ends)
        parts.append(_Part(low=low, high=high, value=found, case=case))
    made = _joined(parts, known, is_even=is_even) if parts else None
    return made if made is not None and _meets_fenchel_young(made, cases, known) else None


def _inverses(case: ShownCase, known: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield u*y - phi(u) with the u whose slope is y, where samples show that it is that."""
    assert not isinstance(case.place, Kink)
    for equation in _equations(case.slope, known):
        try:
            found = roots(equation)
        except NotDifferentiable:
            continue
        for root in found:
            if _gives_back(root, case, known):
                yield simplify(minus(times(root, Y), substitute(case.place.value, {W: root})), known)


def _equations(slope: Tree, known: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield phi'(u) = y as it stands, over one denominator, and squared: trees that are 0 where it holds."""
    yield minus(slope, Y)
    for x, y in ((slope, Y), (power(slope, number(2)), power(Y, number(2)))):
        expression = to_sympy(minus(x, y), known, weight=WORDS["positive"])
        top = sympy.fraction(sympy.together(expression))[0]
        weight = next((symbol for symbol in top.free_symbols if symbol.name == "w"), None)
        if weight is not None and top.is_polynomial(weight):
            coefficients = sympy.Poly(top, weight).all_coeffs()[::-1]
            yield total([times(from_sympy(sympy.factor(c)), power(W, number(k))) for k, c in enumerate(coefficients)])


def _gives_back(root: Tree, case: ShownCase, known: tuple[Parameter, ...]) -> bool:
    """Is the root the weight whose slope is y, at samples (but where the slope hardly changes any more)?"""
    assert not isinstance(case.place, Kink)
    compared = 0
    for row, u in _weights(case, known):
        slope, bend = (evaluate(tree, {**row, W: u}) for tree in (case.slope, case.place.curvature))
        if not abs(u * bend) > TINY * abs(slope):
            continue
        if not abs(evaluate(root, {**row, Y: slope}) - u) <= TINY * (1 + abs(u)):
            return False
        compared += 1
    return compared >= 3


def _joined(parts: list[_Part], known: tuple[Parameter, ...], *, is_even: bool) -> Tree | None:
    """Return the parts as one choice, with infinity beyond the slopes that phi comes near to."""
    y = call("abs", Y) if is_even else Y
    last, first = parts[-1], parts[0]
    made: Tree | None = _at(last.value, y)
    if last.high is not None:
        made = _ended(_at(last.value, y), last, y, -1, known, is_even=is_even)
    for part in reversed(parts[:-1]):
        assert made is not None and part.high is not None
        made = where(Compare("<=", y, part.high), _at(part.value, y), made)
    if made is None or is_even or first.low is None:
        return made
    return _ended(made, first, y, 1, known, is_even=is_even)


def _at(tree: Tree, y: Tree) -> Tree:
    return tree if y == Y else even_in(tree, Y)


def _ended(
    inside: Tree, part: _Part, y: Tree, side: int, known: tuple[Parameter, ...], *, is_even: bool
) -> Tree | None:
    """Return a choice between what holds inside an end and what lies beyond it; None where the end is not known."""
    beyond: Tree = INFINITY
    end, signs = (part.high, ("<=", "<")) if side < 0 else (part.low, (">=", ">"))
    assert end is not None
    at_end = substitute(part.value, {Y: end})
    if all(abs(evaluate(at_end, row)) < _INFINITE for row in samples(known)):
        return where(Compare(signs[0], y, end), inside, beyond)
    assert part.case is not None
    place = part.case.place
    assert not isinstance(place, Kink)
    here = limit_at(minus(times(end, W), place.value), place.high if side < 0 else place.low, side, known)
    if here == NAN:
        return None
    if is_even and here != INFINITY and (arc := _arc(part, here, known)) is not None:
        return where(Compare("<=", y, end), arc, beyond)
    if here != INFINITY:
        beyond = where(Compare("==", y, end), here, beyond)
    return where(Compare(signs[1], y, end), inside, beyond)


_INFINITE = TINY.context.inf


def _arc(part: _Part, here: Tree, known: tuple[Parameter, ...]) -> Tree | None:
    """Return the value as a part of an ellipse, A - B*sqrt(b**2 - y**2), if it is one: shorter than what roots give."""
    if part.high is None:
        return None
    width = over(minus(here, substitute(part.value, {Y: ZERO})), part.high)
    root = call("sqrt", minus(power(part.high, number(2)), power(Y, number(2))))
    made = minus(here, times(simplify(width, known), root))
    for row in samples(known):
        for share in (Fraction(1, 9), Fraction(1, 2), Fraction(7, 8)):
            at = {**row, Y: evaluate(times(number(share), part.high), row)}
            if not abs(evaluate(made, at) - evaluate(part.value, at)) <= TINY * (1 + abs(evaluate(made, at))):
                return None
    return made


def _meets_fenchel_young(made: Tree, cases: Sequence[ShownCase], known: tuple[Parameter, ...]) -> bool:
    """Is phi(u) + phi*(y) >= u*y at samples, with equality where y is the slope at u?"""
    points = [
        (row, u, evaluate(case.place.value, {**row, W: u}), evaluate(case.slope, {**row, W: u}))
        for case in cases
        if not isinstance(case.place, Kink)
        for row, u in _weights(case, known)
    ]
    for k, (row, u, value, slope) in enumerate(points):
        gap = value + evaluate(made, {**row, Y: slope}) - u * slope
        if not abs(gap) <= TINY * (1 + abs(value) + abs(u * slope)):
            return False
        others = [p for p in points[k + 1 : k + 6] if p[0] is row]
        if any(not p[2] + evaluate(made, {**row, Y: slope}) - p[1] * slope >= -TINY * (1 + abs(value)) for p in others):
            return False
    return bool(points)


def _weights(case: ShownCase, known: tuple[Parameter, ...]) -> Iterator[tuple[Values, Any]]:
    """Yield parameters and weights strictly within a case's piece."""
    assert not isinstance(case.place, Kink)
    one = evaluate(number(1), {})
    for row in samples(known):
        low, high = (None if end is None else evaluate(end, row) for end in (case.place.low, case.place.high))
        for part in (one / 50, one / 3, one * 2, one * 9):
            if low is not None and high is not None:
                yield row, low + (high - low) * part / (1 + part)
            elif low is not None:
                yield row, low + part
            else:
                yield row, (high or 0) - part
                if high is None:
                    yield row, part
