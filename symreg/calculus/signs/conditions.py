"""Turn `this expression is >= 0` into what is true for all parameters, for none, or a condition worth printing."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE, NONPOSITIVE, Sign
from symreg.calculus.symbolic.prove import is_proved
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import ZERO
from symreg.expressions.tree import Call, Compare, Logic, Tree, walk
from symreg.model.spec import Parameter

Truth = bool | Tree
"""True for all parameters, False for all, or exactly where the condition holds."""


def is_at_least_zero(tree: Tree, parameters: tuple[Parameter, ...], *, strictly: bool = False) -> Truth:
    """Return where a tree without weights is >= 0 (or > 0), in its simplest form; a positive factor is dropped.

    The condition is exact: the inequality holds where it does and fails elsewhere.
    """
    if isinstance(tree, Call) and tree.function == "min":
        return all_of((is_at_least_zero(part, parameters, strictly=strictly) for part in tree.arguments), parameters)
    true: tuple[Sign, ...] = ("positive",) if strictly else NONNEGATIVE
    false: tuple[Sign, ...] = NONPOSITIVE if strictly else ("negative",)
    sign = sign_for_all(tree, parameters)
    if sign in true or sign in false:
        return sign in true
    operator = ">" if strictly else ">="
    if any(isinstance(node, Call) and node.function in ("min", "max", "where", "abs") for node in walk(tree)):
        return Compare(operator, tree, ZERO)
    return _simplest(tree, operator, parameters)


def all_of(truths: Iterable[Truth], parameters: tuple[Parameter, ...]) -> Truth:
    """Return where all hold, without what the others imply; False where no parameters within their domains do it."""
    conditions: dict[Tree, None] = {}
    for truth in truths:
        if truth is False:
            return False
        if not isinstance(truth, bool):
            is_joint = isinstance(truth, Logic) and truth.operator == "and"
            conditions |= dict.fromkeys(truth.operands if isinstance(truth, Logic) and is_joint else (truth,))
    found = list(conditions)
    if len(found) > 1 and is_proved(Logic("not", (Logic("and", tuple(found)),)), parameters):
        return False
    for condition in tuple(found) if len(found) > 1 else ():
        others = [other for other in found if other != condition]
        if others and is_proved(condition, parameters, others):
            found = others
    return True if not found else found[0] if len(found) == 1 else Logic("and", tuple(found))


def _simplest(tree: Tree, operator: str, parameters: tuple[Parameter, ...]) -> Compare:
    """Return the condition without factors whose sign is known, and with what is subtracted on the other side."""
    expression = sympy.factor(sympy.together(to_sympy(tree, parameters)))
    kept = sympy.Integer(1)
    for factor in sympy.Mul.make_args(expression):
        sign = sign_for_all(from_sympy(factor), parameters)
        if sign == "negative":
            kept = -kept
        elif sign != "positive":
            exponent = factor.as_base_exp()[1]
            kept *= 1 / factor if exponent.is_integer and exponent.is_negative else factor
    terms = sympy.Add.make_args(sympy.expand(kept) if kept.is_Add or (-kept).is_Add else kept)
    added = sympy.Add(*(t for t in terms if not t.as_coeff_Mul()[0].is_negative))
    subtracted = sympy.Add(*(-t for t in terms if t.as_coeff_Mul()[0].is_negative))
    left, right = (from_sympy(sympy.factor_terms(side)) for side in (added, subtracted))
    if added == 0:
        return Compare({">": "<", ">=": "<="}[operator], right, left)
    return Compare(operator, left, right)
