"""Solve F(u) = u + s*phi'(u) = v for u in closed form, up to degree 2 in u or its root, without cancellation.

Of degree 2 the root is `(N +- R)/(2*A)` or, where N and R have opposite signs, `2*C/(N -+ R)`; what stands under R is
written as a sum of squares or as `(p - q)*(p + q)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, samples
from symreg.calculus.signs.sign_of import sign_of
from symreg.calculus.symbolic.simplify import tidy
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import (
    ONE,
    ZERO,
    W,
    call,
    minus,
    negative,
    numeric,
    over,
    plus,
    power,
    size,
    times,
    where,
)
from symreg.expressions.tree import Compare, Tree, number, substitute
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter
from symreg.proximal.operator import STEP, Cell, V, times_step

LARGEST = 80
"""Slopes of more nodes are left to iteration."""

OWN_PARAMETERS = (
    Parameter(name="step", domain=WORDS["positive"], default=1.0),
    Parameter(name="v", domain=Interval(), default=1.0),
)
"""The names `step` and `v` as symbols with a sign."""


def solution(cell: Cell, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return u over `V` and `STEP`, right wherever F rises on the cell; None if it is of a higher degree."""
    if size(cell.slope) > LARGEST:
        return None
    known = (*parameters, *OWN_PARAMETERS)
    if numeric(cell.third) == 0:
        return _linear(cell, known)
    return _quadratic(cell, known, by_root=False) or _quadratic(cell, known, by_root=True)


def _linear(cell: Cell, known: tuple[Parameter, ...]) -> Tree:
    at_zero = tidy(substitute(cell.slope, {W: ZERO}), known)
    top = minus(V, times(STEP, at_zero))
    if numeric(cell.curvature) == 0:
        return top
    return times(over(ONE, plus(ONE, times_step(STEP, cell.curvature))), top)


def _quadratic(cell: Cell, known: tuple[Parameter, ...], *, by_root: bool) -> Tree | None:
    """Solve a quadratic equation in u, or in its square root r, u = r**2."""
    if by_root and (cell.low is None or sign_of(cell.low, known) not in ("zero", "positive", "nonnegative")):
        return None
    weight = to_sympy(W, known)
    unknown = sympy.Symbol("r", positive=True) if by_root else weight
    equation = to_sympy(plus(W, minus(times(STEP, cell.slope), V)), known)
    if by_root:
        equation = sympy.powdenest(equation.subs(weight, unknown**2), force=True)
    top = sympy.numer(sympy.together(equation))
    if not top.is_polynomial(unknown):
        return None
    polynomial = sympy.Poly(top, unknown)
    if polynomial.degree() != 2:
        return None
    a, b, c = (sympy.factor_terms(x) for x in polynomial.all_coeffs())
    if a.could_extract_minus_sign():
        a, b, c = -a, -b, -c
    discriminant = _discriminant(sympy.expand(b**2 - 4 * a * c), known)
    if cell.turns:
        # It is 0 where F turns, and may be rounded to less.
        discriminant = where(Compare("<", discriminant, ZERO), ZERO, discriminant)
    root = call("sqrt", discriminant)
    top_half, double, last = from_sympy(sympy.expand(-b)), from_sympy(2 * a), from_sympy(sympy.expand(2 * c))
    for sign in (1, -1):
        signed_root = root if sign > 0 else negative(root)
        is_same = Compare(">=" if sign > 0 else "<=", top_half, ZERO)
        found = over(
            where(is_same, plus(top_half, signed_root), last), where(is_same, double, minus(top_half, signed_root))
        )
        made = power(found, number(2)) if by_root else found
        if _solves(made, cell, known):
            return made
    return None


def _discriminant(expression: Any, known: tuple[Parameter, ...]) -> Tree:
    """Return a polynomial of degree 2 in v with its square completed, where its leading coefficient is a square."""
    v = to_sympy(V, known)
    if expression.is_polynomial(v) and sympy.degree(expression, v) == 2:
        leading, middle, last = sympy.Poly(expression, v).all_coeffs()
        rest = sympy.factor(last - middle**2 / (4 * leading))
        side = sympy.expand(sympy.sqrt(leading) * v + middle / (2 * sympy.sqrt(leading)))
        base, sign = from_sympy(side), sign_of(from_sympy(rest), known)
        if sign in ("positive", "zero", "nonnegative"):
            return plus(power(base, number(2)), from_sympy(rest))
        if sign in ("negative", "nonpositive"):
            other = from_sympy(sympy.sqrt(-rest))
            return times(minus(base, other), plus(base, other))
    return from_sympy(sympy.factor_terms(expression))


def _solves(formula: Tree, cell: Cell, known: tuple[Parameter, ...]) -> bool:
    """Does the formula give u back for v = F(u), at samples of u where F rises?

    The two roots of a quadratic are parted by the turn of F, so one of them is right for all u beyond it.
    """
    compared = 0
    for values, u in _points(cell, known):
        rises = 1 + evaluate(times(STEP, cell.curvature), {**values, W: u})
        if not rises > TINY:
            continue
        v = u + evaluate(times(STEP, cell.slope), {**values, W: u})
        if not abs(evaluate(formula, {**values, V: v}) - u) <= TINY * (1 + abs(u)):
            return False
        compared += 1
    return compared > 0


def _points(cell: Cell, known: tuple[Parameter, ...]) -> Iterable[tuple[Values, Any]]:
    for values in samples(known):
        low, high = (None if end is None else evaluate(end, values) for end in (cell.low, cell.high))
        for factor in ("0.01", "0.3", "1", "4", "90"):
            part = evaluate(number(1), {}) * _mp(factor)
            if low is not None and high is not None:
                yield values, low + (high - low) * part / (1 + part)
            elif low is not None:
                yield values, low + part
            elif high is not None:
                yield values, high - part
            else:
                yield values, part
                yield values, -part


def _mp(text: str) -> Any:
    return TINY.context.mpf(text)
