"""Numeric exponents with great denominators, for which SymPy makes polynomials in roots of that degree, as parameters.

What is derived for every exponent between two whole numbers holds for the one that was written, which is put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any

from symreg.expressions.arithmetic import has_w, minus, negative, over, plus, rational, times
from symreg.expressions.tree import Binary, Name, Negate, Tree, names, number, substitute, transform, walk
from symreg.model.interval import Interval
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms

HIGHEST_ROOT = 10
"""Powers with a greater denominator are taken for powers with any exponent."""

Exponents = dict[Tree, Tree]
"""What each name of an exponent stands for."""


def named(terms: Terms) -> tuple[Terms, Exponents]:
    """Return terms with a parameter for each exponent of great denominator, and what the parameters stand for."""
    found = dict.fromkeys(value for term in terms.terms for value in _exponents(term.tree))
    if not found:
        return terms, {}
    taken = {parameter.name for parameter in terms.parameters}.union(*(names(term.tree) for term in terms.terms))
    free = (f"exponent_{k}" for k in range(1, 10_000))
    made = {value: _parameter(next(name for name in free if name not in taken), value) for value in found}
    return (
        Terms(terms=tuple(_with(term, made) for term in terms.terms)),
        {Name(parameter.name): number(value) for value, parameter in made.items()},
    )


def restored(tree: Tree, exponents: Exponents) -> Tree:
    """Return a tree over the names of exponents with the numbers that they stand for."""
    if not exponents or not any(node in exponents for node in walk(tree)):
        return tree
    return transform(substitute(tree, exponents), _folded)


def restored_all(data: Any, exponents: Exponents) -> Any:
    """Return a dataclass, or a tuple of such, with the numbers in each tree in it."""
    match data:
        case tuple():
            return tuple(restored_all(part, exponents) for part in data)
        case _ if isinstance(data, Tree):
            return restored(data, exponents)
        case _ if is_dataclass(data) and not isinstance(data, type):
            made = {field.name: restored_all(getattr(data, field.name), exponents) for field in fields(data)}
            return replace(data, **made)
        case _:
            return data


def _exponents(tree: Tree) -> Iterator[Fraction]:
    for node in walk(tree):
        if isinstance(node, Binary) and node.operator == "**" and has_w(node.left):
            value = rational(node.right)
            if value is not None and value.denominator > HIGHEST_ROOT:
                yield value


def _parameter(name: str, value: Fraction) -> Parameter:
    low = floor(value)
    domain = Interval(low=Fraction(low), high=Fraction(low + 1), low_closed=False, high_closed=False)
    return Parameter(name=name, domain=domain, default=float(value))


def _with(term: Term, made: dict[Fraction, Parameter]) -> Term:
    used = dict.fromkeys(_exponents(term.tree))

    def change(node: Tree) -> Tree:
        if isinstance(node, Binary) and node.operator == "**" and has_w(node.left):
            value = rational(node.right)
            if value in used:
                return Binary("**", node.left, Name(made[value].name))
        return node

    return replace(
        term, tree=transform(term.tree, change), parameters=(*term.parameters, *(made[value] for value in used))
    )


def _folded(node: Tree) -> Tree:
    """Return an operation on two numbers as a number."""
    match node:
        case Negate(operand):
            return negative(operand)
        case Binary("+" | "-" | "*" | "/" as operator, left, right):
            a, b = rational(left), rational(right)
            if a is not None and b is not None:
                return _OPERATIONS[operator](number(a), number(b))
    return node


_OPERATIONS = {"+": plus, "-": minus, "*": times, "/": over}
