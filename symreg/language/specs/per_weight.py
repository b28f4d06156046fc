"""Parameters of which each weight has an element of its own: `c[n]*abs(w)`, or a declared `c[n]` that stands bare."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from symreg.errors import SpecError
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Name,
    Subscript,
    Tree,
    names,
    number,
    substitute,
    transform,
    walk,
)
from symreg.language.constants import constant_value
from symreg.model.interval import REAL, inside
from symreg.model.spec import Array, Parameter

OF_EACH_WEIGHT = Subscript("n")
"""What subscripts such a parameter where it is written with its shape."""


def bare(tree: Tree) -> tuple[Tree, tuple[str, ...]]:
    """Return a tree in which each `c[n]` is written `c`, and the names of those, in order."""
    found = dict.fromkeys(n.array for n in walk(tree) if isinstance(n, Item) and n.subscripts == (OF_EACH_WEIGHT,))

    def change(node: Tree) -> Tree:
        return Name(node.array) if isinstance(node, Item) and node.subscripts == (OF_EACH_WEIGHT,) else node

    return (transform(tree, change) if found else tree), tuple(found)


def told_apart(tree: Tree, arrays: Iterable[Array], source: str) -> tuple[tuple[Parameter, ...], tuple[Array, ...]]:
    """Return those arrays that stand bare in a tree as parameters of each weight, and the other arrays.

    Raises:
        SpecError: An array stands bare and has subscripts, or is no vector.
    """
    standing = names(tree)
    subscripted = {node.array for node in walk(tree) if isinstance(node, Item)}
    parameters: list[Parameter] = []
    others: list[Array] = []
    for array in arrays:
        if array.name not in standing:
            others.append(array)
            continue
        if array.name in subscripted or array.shape != ("n",):
            raise SpecError(f"{source}: the array '{array.name}' needs its subscripts, as in {array.name}[i]")
        parameters.append(replace(array.element, shape=("n",)))
    return tuple(parameters), tuple(others)


def with_zero(parameter: Parameter, formula: Tree, others: Sequence[Parameter]) -> Parameter:
    """Return a parameter of each weight with 0 apart from its domain, if the penalty is 0 where an element is.

    Args:
        parameter: With a shape.
        formula: Of one weight.
        others: All parameters of the formula.
    """
    domain = parameter.domain
    if domain.low != 0 or not _vanishes(formula, parameter, others):
        return parameter
    default = parameter.default or inside(replace(domain, low_closed=False))
    return replace(parameter, domain=replace(domain, low_closed=False), default=default, has_zero=True)


def assumed_of_each(parameter: Parameter, formula: Tree, others: Sequence[Parameter]) -> Parameter:
    """Return a parameter of each weight that nobody declared: a strength, any number, or a positive one.

    A strength is one for which the penalty is 0 where it is; it may be 0. Any number will do where the formula has a
    value for a negative one and for 0, as for a mean in (w - w0)**2.
    """
    strength = with_zero(parameter, formula, others)
    if strength.has_zero:
        return strength
    try:
        for value in (Fraction(-1), Fraction(0)):
            _values(formula, parameter, value, others)
    except (ValueError, OverflowError, ZeroDivisionError):
        return parameter
    return replace(parameter, domain=REAL)


_TRIED = (0, Fraction(1, 2), -Fraction(1, 2), 3, -3, 1000)
"""Weights at which a penalty has to be 0 for one whose strength is 0."""


def _vanishes(formula: Tree, parameter: Parameter, others: Sequence[Parameter]) -> bool:
    """Is the penalty 0 at every weight that is tried, for the parameter at 0 and the others at their defaults?"""
    try:
        return all(value == 0 for value in _values(formula, parameter, Fraction(0), others))
    except (ValueError, OverflowError, ZeroDivisionError):
        return False


def _values(formula: Tree, parameter: Parameter, value: Fraction, others: Sequence[Parameter]) -> list[float | None]:
    """Return the penalty at each weight that is tried, for a value of the parameter and the others' defaults.

    Raises:
        ValueError, OverflowError, ZeroDivisionError: It has none.
    """
    known: dict[Tree, Tree] = {Name(p.name): number(Fraction(p.default)) for p in others}
    known[Name(parameter.name)] = number(value)
    trees = (substitute(formula, {**known, Name("w"): number(Fraction(weight))}) for weight in _TRIED)
    return [constant_value(transform(tree, _without_choice)) for tree in trees]


def _without_choice(node: Tree) -> Tree:
    """Return the branch that a choice between numbers takes; a product with 0 is 0, as its factors are finite."""
    match node:
        case Call("where", (Compare(sign, left, right), then, otherwise)):
            a, b = constant_value(left), constant_value(right)
            return node if a is None or b is None else then if _HOLDS[sign](a, b) else otherwise
        case Call("min" | "max" as function, arguments):
            values = [constant_value(argument) for argument in arguments]
            known = [value for value in values if value is not None]
            return number(Fraction((min if function == "min" else max)(known))) if len(known) == len(values) else node
        case Binary("*", left, right) if number(0) in (left, right):
            return number(0)
        case _:
            return node


_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
