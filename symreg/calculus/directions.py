"""What a gradient step does to a negative and to a positive weight, and up to which step size."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import sympy

from symreg.calculus.algebra import GJ, WJ, W, negative, over, plus, times, total
from symreg.calculus.chain import Direction, Knot, Sign, StepBound
from symreg.calculus.knots import beside
from symreg.calculus.numeric import evaluate, samples
from symreg.calculus.parts import Derived
from symreg.calculus.roots import roots
from symreg.calculus.tidy import sign_of, tidy
from symreg.calculus.translate import from_sympy, to_sympy
from symreg.errors import NotDifferentiable
from symreg.language.interval import Interval
from symreg.language.spec import Parameter, Rule
from symreg.language.tree import Binary, Call, Compare, Logic, Name, Tree, number, substitute


def directions(
    parts: tuple[Derived, ...], knots: tuple[Knot, ...], parameters: tuple[Parameter, ...]
) -> tuple[Direction, ...]:
    """Return the sign of phi' on each side of zero, piece by piece, equal neighbours as one; negative side first."""
    gradient = total([part.tidied for part in parts])
    domain = parts[0].term.domain
    made: list[Direction] = []
    sides: tuple[tuple[Literal["negative", "positive"], int], ...] = (("negative", -1), ("positive", 1))
    for word, side in sides:
        rows = _merged(list(_pieces(gradient, knots, parameters, domain, side)))
        for sign, low, high in rows:
            where = None if len(rows) == 1 else _region(low, high, side)
            made.append(Direction(side=word, sign=sign, where=where))
    return tuple(made)


Piece = tuple[Sign, Tree | None, Tree | None]
"""A sign, and the magnitudes between which it holds (None: 0, or infinity)."""


def _pieces(
    gradient: Tree, knots: tuple[Knot, ...], parameters: tuple[Parameter, ...], domain: Interval, side: int
) -> Iterator[Piece]:
    """Yield the pieces of one side, from zero outwards."""
    if (side < 0 and domain.low == 0) or (side > 0 and domain.high == 0):
        return
    points = samples(parameters)
    ends = [knot.position if side > 0 else negative(knot.position) for knot in knots]
    ends = [tidy(end, parameters) for end in ends if all(evaluate(end, values) > 0 for values in points)]
    ordered = _ordered(ends, parameters)
    if ordered is None:
        yield ("undecided", None, None)
        return
    bounds: list[Tree | None] = [None, *ordered, None]
    for low, high in pairwise(bounds):
        yield from _signs_between(gradient, low, high, side, parameters)


def _signs_between(
    gradient: Tree, low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]
) -> Iterator[Piece]:
    """Yield the signs of phi' between two magnitudes: one, or those between its roots where these can be listed."""
    points = samples(parameters)
    middle = _middle(low, high)
    resolved = beside(gradient, times(number(side), middle), side, points)
    piece = tidy(resolved, parameters)
    sign = _sign_between(piece, low, high, side, parameters)
    if sign != "undecided":
        yield (sign, low, high)
        return
    try:
        zeros = [tidy(z if side > 0 else negative(z), parameters) for z in roots(piece)]
    except NotDifferentiable:
        zeros = []
    inner = [z for z in dict.fromkeys(zeros) if all(_is_between(z, low, high, values) for values in points)]
    ordered = _ordered(inner, parameters) if inner else None
    if ordered:
        bounds: list[Tree | None] = [low, *ordered, high]
        found = [(_sign_between(piece, a, b, side, parameters), a, b) for a, b in pairwise(bounds)]
        if all(sign != "undecided" for sign, _, _ in found):
            yield from found
            return
    yield ("both" if _takes_both(piece, low, high, side, parameters) else "undecided", low, high)


def _sign_between(
    piece: Tree, low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]
) -> Sign:
    """Return the sign of a smooth piece for every magnitude between two ends, by running through them with s > 0."""
    taken = {p.name for p in parameters}
    distance = next(Name(name) for name in ("s", "s_0", "s_1") if name not in taken)
    if high is None:
        magnitude = distance if low is None else plus(low, distance)
    else:
        top = times(high, distance) if low is None else plus(low, times(high, distance))
        magnitude = over(top, plus(number(1), distance))
    moved = substitute(piece, {W: times(number(side), magnitude)})
    return sign_of(moved, parameters, positive=(distance.name,))


def _takes_both(piece: Tree, low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> bool:
    """Is phi' positive somewhere and negative somewhere on the piece? Shown by two points, at the first sample."""
    values = samples(parameters)[0]
    start = evaluate(low, values) if low is not None else 0
    signs = set()
    for k in range(1, 400):
        at = start + (
            k * (evaluate(high, values) - start) / 400 if high is not None else evaluate(number(Fraction(k, 20)), {})
        )
        found = evaluate(piece, {**values, W: side * at})
        signs.add((found > 0) - (found < 0))
    return {1, -1} <= signs


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with neighbours of one sign joined."""
    made: list[Piece] = []
    for sign, low, high in pieces:
        if made and made[-1][0] == sign:
            made[-1] = (sign, made[-1][1], high)
        else:
            made.append((sign, low, high))
    return made


def _region(low: Tree | None, high: Tree | None, side: int) -> Tree | None:
    magnitude = W if side > 0 else Call("abs", (W,))
    ends = [Compare(">", magnitude, low)] if low is not None else []
    ends += [Compare("<", magnitude, high)] if high is not None else []
    return None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))


def _ordered(ends: list[Tree], parameters: tuple[Parameter, ...]) -> list[Tree] | None:
    """Return positive ends in ascending order, or None if that is not the same for all parameters."""
    values = samples(parameters)[0]
    unique = sorted(dict.fromkeys(ends), key=lambda end: float(evaluate(end, values)))
    for a, b in pairwise(unique):
        if sign_of(plus(b, negative(a)), parameters) not in ("positive", "nonnegative"):
            return None
    return unique


def _is_between(tree: Tree, low: Tree | None, high: Tree | None, values: dict[Tree, object]) -> bool:
    at = evaluate(tree, values)
    above = at > (evaluate(low, values) if low is not None else 0)
    return bool(above and (high is None or at < evaluate(high, values)))


def _middle(low: Tree | None, high: Tree | None) -> Tree:
    if high is None:
        return number(1) if low is None else times(number(2), low)
    return over(high if low is None else plus(low, high), number(2))


def step_bounds(
    rule: Rule, update: tuple[tuple[str, Tree], ...], parameters: tuple[Parameter, ...]
) -> tuple[StepBound, ...]:
    """Return when a step on the penalty alone keeps a weight's sign, and when it makes it smaller.

    Both are solved from the update `w <- a*w` that is left with the loss's gradient at 0: a >= 0, and -1 < a < 1. There
    is no answer unless the update is linear in the weight and has no state.
    """
    if rule.states or len(update) != 1:
        return ()
    ((_, expression),) = update
    known = (*parameters, *rule.parameters)
    weight, gradient = to_sympy(WJ, known), to_sympy(GJ, known)
    whole = to_sympy(expression, known)
    if whole.has(sympy.Piecewise):
        return ()
    moved = sympy.expand(whole.subs(gradient, 0))
    if not moved.is_polynomial(weight) or sympy.degree(moved, weight) != 1 or moved.coeff(weight, 0) != 0:
        return ()
    shrinkage = sympy.factor(1 - moved.coeff(weight, 1))
    if not shrinkage.is_positive:
        return ()
    coefficient, rest = shrinkage.as_coeff_Mul()
    if rest == 1:
        return ()
    factor = Fraction(int(coefficient.p), int(coefficient.q)) if rest.is_Mul or rest.is_Symbol else Fraction(1)
    measure = from_sympy(rest if factor != 1 or coefficient == 1 else shrinkage)
    return (
        StepBound(claim="no overshoot", condition=Compare("<=", measure, _literal(1 / factor))),
        StepBound(claim="contraction", condition=Compare("<", measure, _literal(2 / factor))),
    )


def _literal(value: Fraction) -> Tree:
    if value.denominator == 1:
        return number(value)
    return Binary("/", number(value.numerator), number(value.denominator))
