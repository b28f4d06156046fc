"""Bounds on the learning rate, read off the update: no overshoot, and contraction."""

from __future__ import annotations

from fractions import Fraction

import sympy

from symreg.calculus.symbolic.simplify import is_linear
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.claims.verdict import StepBound
from symreg.expressions.arithmetic import GJ, WJ
from symreg.expressions.tree import Binary, Compare, Tree, number
from symreg.model.spec import Parameter, Rule


def step_bounds(
    rule: Rule, update: tuple[tuple[str, Tree], ...], parameters: tuple[Parameter, ...]
) -> tuple[StepBound, ...]:
    """Return when a step on the penalty alone keeps a weight's sign, and when it makes it smaller.

    Both are solved from the update `w <- a*w` that is left with the loss's gradient at 0: a >= 0, and -1 < a < 1. There
    is no answer unless the update is linear in the weight, in one piece, and has no state.
    """
    if rule.states or len(update) != 1:
        return ()
    ((_, expression),) = update
    known = (*parameters, *rule.parameters)
    if not is_linear(expression, WJ, known):
        return ()
    weight, gradient = to_sympy(WJ, known), to_sympy(GJ, known)
    moved = sympy.expand(to_sympy(expression, known).subs(gradient, 0))
    if not moved.is_polynomial(weight) or sympy.degree(moved, weight) != 1 or moved.coeff(weight, 0) != 0:
        return ()
    shrinkage = sympy.factor_terms(1 - moved.coeff(weight, 1))
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
