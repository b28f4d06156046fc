"""Parameters of which each weight has an element of its own: where a formula has their name, a loop has the element."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import reduce
from typing import TypeVar

from symreg.errors import Intractable
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Name,
    Number,
    Subscript,
    Tree,
    names,
    number,
    substitute,
)
from symreg.kernel.ir import Best, Invoke, Let, Root, Statement, Table
from symreg.proximal.operator import AnyOperator, Operator, TableSearch
from symreg.updates.update import Update

_S = TypeVar("_S", bound=Statement)


def elements(tree: Tree, per_weight: Collection[str], index: str) -> Tree:
    """Return a tree with the element at an index for each of some names."""
    return substitute(tree, {Name(name): Item(name, (Subscript(index),)) for name in per_weight})


def with_elements(statements: Sequence[_S], per_weight: Collection[str], index: str) -> list[_S]:
    """Return statements of a loop with the element at its index for each of some names."""
    if not per_weight:
        return list(statements)

    def at(tree: Tree) -> Tree:
        return elements(tree, per_weight, index)

    def change(statement: _S) -> _S:
        match statement:
            case Let():
                return replace(statement, value=at(statement.value))
            case Root():
                return replace(
                    statement,
                    low=at(statement.low),
                    high=at(statement.high),
                    start=at(statement.start),
                    body=tuple(with_elements(statement.body, per_weight, index)),
                    residual=at(statement.residual),
                    slope=at(statement.slope),
                )
            case Invoke():
                return replace(statement, arguments=tuple(map(at, statement.arguments)))
            case Table():
                return replace(statement, step=at(statement.step))
            case Best():
                return replace(statement, v=at(statement.v), step=at(statement.step))
            case _:
                return statement

    return [change(statement) for statement in statements]


def unless_zero(update: Update, point: Tree, v: Tree) -> Tree:
    """Return the proximal point of one weight: v itself where its strength is 0, and so the penalty."""
    strengths = [p.name for p in update.terms.parameters if p.has_zero]
    if len(update.terms.terms) != 1 or len(strengths) != 1:
        return point
    zero: Number = number(0)
    return Call("where", (Compare("==", Name(strengths[0]), zero), v, point))


def with_strengths(point: Tree, per_weight: Collection[str]) -> Tree:
    """Return what is NaN where a point is, or one of its weight's elements."""
    return reduce(lambda left, name: Binary("+", left, Name(name)), per_weight, point)


def refuse_table(operator: AnyOperator, per_weight: Collection[str]) -> None:
    """Check that an operator may have other parameters at each weight.

    Raises:
        Intractable: It is found in a table that is made once, or there is one only for some of the parameters.
    """
    if not per_weight:
        return
    listed = ", ".join(f"{name}[n]" for name in per_weight)
    if isinstance(operator, TableSearch):
        raise Intractable(
            f"{listed}: the minima of this sum are found in a table made for all weights; take one number for all"
        )
    if isinstance(operator, Operator) and operator.needs is not None and names(operator.needs) & set(per_weight):
        raise Intractable(f"{listed}: the operator has a minimum only for some of its values; take one number for all")
