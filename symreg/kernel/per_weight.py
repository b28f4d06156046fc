"""Parameters of which each weight has an element of its own: where a formula has their name, a loop has the element."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeVar

from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Subscript,
    Tree,
    number,
    substitute,
)
from symreg.kernel.ir import Best, Invoke, Let, Root, Statement, Table
from symreg.kernel.names import Namer
from symreg.model.domain import Domain
from symreg.updates.update import Update

_S = TypeVar("_S", bound=Statement)


def elements(tree: Tree, per_weight: Collection[str], index: str) -> Tree:
    """Return a tree with the element at an index for each of some names."""
    return substitute(tree, {Name(name): Item(name, (Subscript(index),)) for name in per_weight})


@dataclass(frozen=True, slots=True)
class OwnElements:
    """The elements of one weight, named in a loop.

    Args:
        lets: Give them names.
        names: Of each, by the parameter that it is of.
    """

    lets: tuple[Let, ...]
    names: dict[Tree, Tree]


def own_elements(per_weight: Collection[str], namer: Namer) -> OwnElements:
    """Return the elements at the index j of a loop, under fresh names."""
    fresh = {name: namer.fresh(name) for name in per_weight}
    lets = tuple(Let(name=own, value=Item(name, (Subscript("j"),))) for name, own in fresh.items())
    return OwnElements(lets, {Name(name): Name(own) for name, own in fresh.items()})


def with_names(statements: Sequence[_S], known: dict[Tree, Tree]) -> list[_S]:
    """Return statements of a loop with other trees for some names; the routines that they invoke have their own."""
    if not known:
        return list(statements)

    def change(statement: _S) -> _S:
        match statement:
            case Let():
                return replace(statement, value=substitute(statement.value, known))
            case Root():
                return replace(
                    statement,
                    low=substitute(statement.low, known),
                    high=substitute(statement.high, known),
                    start=substitute(statement.start, known),
                    body=tuple(with_names(statement.body, known)),
                    residual=substitute(statement.residual, known),
                    slope=substitute(statement.slope, known),
                )
            case Invoke():
                return replace(statement, arguments=tuple(substitute(tree, known) for tree in statement.arguments))
            case Table():
                return replace(statement, step=substitute(statement.step, known))
            case Best():
                return replace(statement, v=substitute(statement.v, known), step=substitute(statement.step, known))
            case _:
                return statement

    return [change(statement) for statement in statements]


def unless_zero(update: Update, point: Tree, v: Tree) -> Tree:
    """Return the proximal point of one weight: v itself, or the end of the domain next to it, at a strength of 0."""
    strengths = [p.name for p in update.terms.parameters if p.has_zero]
    if len(update.terms.terms) != 1 or len(strengths) != 1:
        return point
    (term,) = update.terms.terms
    return Call("where", (Compare("==", Name(strengths[0]), number(0)), _projected(v, term.domain), point))


def _projected(v: Tree, domain: Domain) -> Tree:
    """Return the point of a closed interval that is nearest to v; NaN stays."""
    nearest = v
    for sign, end in (("<", domain.lower), (">", domain.upper)):
        if end is not None:
            nearest = Call("where", (Compare(sign, v, end), end, nearest))
    return nearest


def with_strengths(point: Tree, per_weight: Collection[str]) -> Tree:
    """Return what is NaN where a point is, or one of its weight's elements."""
    return reduce(lambda left, name: Binary("+", left, Name(name)), per_weight, point)


def is_number(point: Tree, update: Update) -> Tree:
    """Return the condition that neither a point nor an element of its weight is NaN.

    Ends of the domain are looked at one by one: the sum of two that are infinite is none of them.
    """
    terms = update.terms
    ends = [name for name in terms.per_weight if any(name in term.domain.names for term in terms.terms)]
    others = with_strengths(point, [name for name in terms.per_weight if name not in ends])
    conditions = tuple(Compare("==", tree, tree) for tree in (others, *map(Name, ends)))
    return Logic("and", conditions) if ends else conditions[0]
