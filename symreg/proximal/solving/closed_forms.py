"""Solve F(u) = u + s*phi'(u) = v for u in closed form, up to degree 2 in u or its root, without cancellation.

Of degree 2 the root is `(N +- R)/(2*A)` or, where N and R have opposite signs, `2*C/(N -+ R)`; what stands under R is
written as a sum of squares or as `(p - q)*(p + q)`.
"""

from __future__ import annotations

from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE, sign_of
from symreg.calculus.symbolic.simplify import simplify
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import (
    NAN,
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
from symreg.model.spec import Parameter
from symreg.proximal.operator import STEP, MonotonePiece, V, times_step
from symreg.proximal.solving.iteration import is_number
from symreg.proximal.solving.points import OWN_PARAMETERS, exact, weights_between

LARGEST = 80
"""Slopes of more nodes are left to iteration."""

_FARTHEST, _FAR = number(10**300), number(10**150)


def closed_form(piece: MonotonePiece, slope: Tree, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return u over `V` and `STEP`, right wherever F rises on the piece; None if it is of a higher degree.

    Args:
        piece: Of phi.
        slope: phi' on it, as the rules give it.
        parameters: With their domains.
    """
    if size(slope) > LARGEST:
        return None
    known = (*parameters, *OWN_PARAMETERS)
    if numeric(piece.third) == 0:
        return _linear(piece, slope, known)
    return _quadratic(piece, slope, known, by_root=False) or _quadratic(piece, slope, known, by_root=True)


def for_all_floats(formula: Tree, piece: MonotonePiece, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a closed form that is a number in the piece at the largest v, too: else such a v counts as a smaller one.

    Args:
        formula: u over `V` and `STEP`.
        piece: Of phi.
        parameters: With their domains.
    """
    known = (*parameters, *OWN_PARAMETERS)
    if piece.low is not None and piece.low_slope is None:
        inside = where(Compare(">=", formula, piece.low), formula, NAN)
        if not is_number(inside, V, [-1e200, -1.7e308], known):
            return substitute(formula, {V: where(Compare("<", V, negative(_FAR)), negative(_FAR), V)})
    if piece.high is not None and piece.high_slope is None:
        inside = where(Compare("<=", formula, piece.high), formula, NAN)
        if not is_number(inside, V, [1e200, 1.7e308], known):
            return substitute(formula, {V: where(Compare(">", V, _FAR), _FAR, V)})
    far = [side * 1.7e308 for side, end in ((1, piece.high), (-1, piece.low)) if end is None]
    if not far or is_number(formula, V, far, known):
        return formula
    least, most = negative(_FARTHEST), _FARTHEST
    bounded = where(Compare(">", V, most), most, where(Compare("<", V, least), least, V) if piece.low is None else V)
    return substitute(formula, {V: bounded})


def _linear(piece: MonotonePiece, slope: Tree, known: tuple[Parameter, ...]) -> Tree:
    at_zero = simplify(substitute(slope, {W: ZERO}), known)
    top = minus(V, times(STEP, at_zero))
    if numeric(piece.curvature) == 0:
        return top
    return times(over(ONE, plus(ONE, times_step(STEP, piece.curvature))), top)


def _quadratic(piece: MonotonePiece, slope: Tree, known: tuple[Parameter, ...], *, by_root: bool) -> Tree | None:
    """Solve a quadratic equation in u, or in its square root r, u = r**2."""
    if by_root and (piece.low is None or sign_of(piece.low, known) not in ("zero", "positive", "nonnegative")):
        return None
    weight = to_sympy(W, known)
    unknown = sympy.Symbol("r", positive=True) if by_root else weight
    equation = to_sympy(plus(W, minus(times(STEP, slope), V)), known)
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
    if piece.may_fall:
        # It is 0 where F turns, and may be rounded to less.
        discriminant = where(Compare("<", discriminant, ZERO), ZERO, discriminant)
    root = call("sqrt", discriminant)
    top_half, double, last = from_sympy(sympy.expand(-b)), from_sympy(2 * a), from_sympy(sympy.expand(2 * c))
    for sign in (1, -1):
        signed_root = root if sign > 0 else negative(root)
        is_same = Compare(">=" if sign > 0 else "<=", top_half, ZERO)
        solution = over(
            where(is_same, plus(top_half, signed_root), last), where(is_same, double, minus(top_half, signed_root))
        )
        formula = power(solution, number(2)) if by_root else solution
        if _solves(formula, piece, slope, known):
            return formula
    return None


def _discriminant(expression: Any, known: tuple[Parameter, ...]) -> Tree:
    """Return a polynomial of degree 2 in v with its square completed, where its leading coefficient is a square."""
    v = to_sympy(V, known)
    if expression.is_polynomial(v) and sympy.degree(expression, v) == 2:
        leading, middle, last = sympy.Poly(expression, v).all_coeffs()
        rest = sympy.factor(last - middle**2 / (4 * leading))
        side = sympy.expand(sympy.sqrt(leading) * v + middle / (2 * sympy.sqrt(leading)))
        base, sign = from_sympy(side), sign_of(from_sympy(rest), known)
        if sign in NONNEGATIVE:
            return plus(power(base, number(2)), from_sympy(rest))
        if sign in ("negative", "nonpositive"):
            other = from_sympy(sympy.sqrt(-rest))
            return times(minus(base, other), plus(base, other))
    return from_sympy(sympy.factor_terms(expression))


def _solves(formula: Tree, piece: MonotonePiece, slope: Tree, known: tuple[Parameter, ...]) -> bool:
    """Does the formula give u back for v = F(u), at samples of u where F rises?

    The two roots of a quadratic are parted by the turning point of F, so one of them is right for all u beyond it.
    """
    compared = 0
    for values in samples(known):
        for u in weights_between(piece.low, piece.high, values, [exact(share) for share in _SHARES]):
            if not 1 + evaluate(times(STEP, piece.curvature), {**values, W: u}) > TINY:
                continue
            v = u + evaluate(times(STEP, slope), {**values, W: u})
            if not abs(evaluate(formula, {**values, V: v}) - u) <= TINY * (1 + abs(u)):
                return False
            compared += 1
    return compared > 0


_SHARES = ("0.01", "0.3", "1", "4", "90")
