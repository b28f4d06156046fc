"""Tidy expressions with SymPy: the shortest of its equal forms, limits, and signs over all parameter values."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import NAN, numeric, plus, size, times, total, where
from symreg.expressions.decompose import addends, signed
from symreg.expressions.tree import Call, Item, Name, Number, Sum, Tree, children, number, substitute, walk
from symreg.model.spec import Parameter

LARGEST = 400
"""Trees of more nodes are left as they are: SymPy's time grows faster than their length."""
MOST_VARIABLES = 8
"""Quotients of polynomials in more are simplified addend by addend: bringing them together may take for ever."""
MOST_CHOICES = 3
"""Trees with more distinct conditions keep their choices where they are: each can double the pieces."""


@lru_cache(maxsize=2048)
def simplify(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the shortest equal form that SymPy's cheap transformations give; choices stand outermost.

    Sums and norms are taken as they are.
    """
    if size(tree) > LARGEST:
        return tree
    return _simplified(lifted(tree), parameters)


def expanded(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an expression without choices with its products of sums multiplied out; a long one as it is."""
    return tree if size(tree) > LARGEST else from_sympy(sympy.expand(to_sympy(tree, parameters, opaque=True)), tree)


def collected(tree: Tree, variable: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an expression linear in a variable as `a*variable + b`; any other as it is."""
    if size(tree) > LARGEST or not is_linear(tree, variable, parameters):
        return tree
    symbol = to_sympy(variable, parameters)
    expression = to_sympy(tree, parameters, opaque=True)
    expanded = sympy.expand(expression)
    if not expanded.is_polynomial(symbol) or sympy.degree(expanded, symbol) != 1:
        return tree
    slope, rest = expanded.coeff(symbol, 1), expression.subs(symbol, 0)
    if slope == 1:
        return tree
    first = times(from_sympy(slope, tree), variable)
    return first if rest == 0 else plus(first, from_sympy(sympy.factor_terms(rest), tree))


def is_linear(tree: Tree, variable: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is a tree without choices linear in a variable, by its values at samples? Told before SymPy expands it."""
    if any(isinstance(n, Call) and n.function == "where" for n in walk(tree)):
        return False
    leaves = [
        n for n in walk(tree) if isinstance(n, Name | Item | Sum) or (isinstance(n, Call) and n.function == "norm")
    ]
    for row in samples(parameters)[:2]:
        at: dict[Tree, Any] = {node: evaluate(number(Fraction(k, 7)), {}) for k, node in enumerate(leaves, start=2)}
        at |= row
        low, middle, high = (evaluate(tree, {**at, variable: evaluate(number(x), {})}) for x in (-3, 1, 5))
        if not abs(high - 2 * middle + low) <= TINY * (abs(high) + abs(middle) + abs(low)):
            return False
    return True


def lifted(tree: Tree) -> Tree:
    """Return the tree with each `where` taken out of the arithmetic around it (where that makes few pieces)."""
    choices = [n for n in _outside_conditions(tree) if isinstance(n, Call) and n.function == "where"]
    conditions = list(dict.fromkeys(choice.arguments[0] for choice in choices))
    if not conditions or len(conditions) > MOST_CHOICES:
        return tree
    first = conditions[0]
    then, otherwise = (
        substitute(tree, {c: c.arguments[branch] for c in choices if c.arguments[0] == first}) for branch in (1, 2)
    )
    return where(first, lifted(then), lifted(otherwise))


def _outside_conditions(tree: Tree) -> list[Tree]:
    """Return the nodes that do not stand in a condition or under a sum, outer ones first."""
    match tree:
        case Call("where", (_, then, otherwise)):
            return [tree, *_outside_conditions(then), *_outside_conditions(otherwise)]
        case Sum():
            return []
        case _:
            return [tree, *(node for child in children(tree) for node in _outside_conditions(child))]


_HIGHEST_POWER_OF_E = 100
_LARGEST = Fraction(10) ** 250


def _simplified(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    match tree:
        case Call("where", (condition, then, otherwise)):
            return where(condition, _simplified(then, parameters), _simplified(otherwise, parameters))
        case _ if not children(tree) or numeric(tree) is not None:
            return tree
    expression = to_sympy(tree, parameters, opaque=True)
    if expression.has(sympy.nan, sympy.zoo, sympy.oo):
        return NAN if expression.has(sympy.nan, sympy.zoo) else tree
    changes: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (sympy.factor_terms, _with_products_joined)
    if _has_high_power_of_e(expression):
        pass
    elif variables(expression) <= MOST_VARIABLES:
        changes += (sympy.cancel, sympy.together, sympy.factor, sympy.expand)
    elif len(parts := addends(tree)) > 1:
        return total([_simplified(signed(sign, part), parameters) for sign, part in parts])
    forms = [expression]
    for change in changes:
        try:
            forms.append(change(expression))
        except (sympy.PolynomialError, NotImplementedError):
            continue  # SymPy has no such form of it: NotImplementedError is where its own algorithms end
    made = dict.fromkeys(from_sympy(form, tree) for form in forms)
    best = min((form for form in made if _fits_floating_point(form)), key=size, default=tree)
    return tree if size(tree) < 0.75 * size(best) else best


def _has_high_power_of_e(expression: sympy.Expr) -> bool:
    """Is an exponent multiplied by a p/q of many digits? SymPy makes polynomials of degree p in exp(x/q)."""
    addends_ = (a for power in expression.atoms(sympy.exp) for a in sympy.Add.make_args(power.exp))
    factors_ = (addend.as_coeff_Mul()[0] for addend in addends_)
    return any(f.is_Rational and max(abs(f.p), f.q) > _HIGHEST_POWER_OF_E for f in factors_)


def _fits_floating_point(tree: Tree) -> bool:
    """Is no number in a tree too large or too small to be computed with? One denominator for all can make them so."""
    values = [node.value for node in walk(tree) if isinstance(node, Number)]
    return all(not value or _LARGEST > abs(value) > 1 / _LARGEST for value in values)


def variables(expression: sympy.Expr) -> int:
    """Return how many symbols, functions and roots an expression is a quotient of polynomials in."""
    roots = [power for power in expression.atoms(sympy.Pow) if not power.exp.is_Integer]
    return len(expression.free_symbols) + len(expression.atoms(sympy.Function)) + len(roots)


def _with_products_joined(expression: sympy.Expr) -> sympy.Expr:
    """Return an expression with sin(u)*cos(u) as sin(2*u)/2, sinh(u)/cosh(u) as tanh(u), abs(u)*sign(u) as u."""

    def joined(product: sympy.Mul) -> sympy.Expr:
        powers = product.as_powers_dict()
        for size_of in sorted(product.atoms(sympy.Abs), key=sympy.default_sort_key):
            u = size_of.args[0]
            if powers.get(size_of) == 1 and powers.get(sympy.sign(u)) == 1:
                product = product * u / (size_of * sympy.sign(u))
        for sine, cosine, ratio in ((sympy.sin, sympy.cos, sympy.tan), (sympy.sinh, sympy.cosh, sympy.tanh)):
            for function in sorted(product.atoms(sine), key=sympy.default_sort_key):
                u = function.args[0]
                top, bottom = powers.get(function, 0), powers.get(cosine(u), 0)
                if top == 1 and bottom == 1:
                    product = product * sine(2 * u) / (2 * function * cosine(u))
                elif top == 1 and bottom == -1:
                    product = product * ratio(u) * cosine(u) / function
        return product

    return expression.replace(lambda node: node.is_Mul, joined)


LONGEST, LONGEST_WITH_ROOTS = 160, 20
