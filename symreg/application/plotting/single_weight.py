"""A penalty as a function of one weight: sums over single weights are written out, other index notation is refused."""

from __future__ import annotations

from dataclasses import replace

from symreg.errors import Intractable
from symreg.expressions.text import mention
from symreg.expressions.tree import (
    Binary,
    Item,
    Name,
    Negate,
    Subscript,
    Sum,
    Tree,
    is_elementwise,
    names,
    rebuild,
    transform,
)
from symreg.model.objective import Objective
from symreg.model.terms import Terms


def of_one_weight(objective: Objective) -> Objective:
    """Return an objective all of whose terms are elementwise: of `lam*sum(w[i]**2, i)` that is `lam*w**2`.

    Raises:
        Intractable: A term is no sum of functions of single weights.
    """
    terms = []
    for term in objective.terms.terms:
        tree = term.tree if term.is_elementwise else _summand(term.tree)
        if tree is None:
            raise Intractable(
                f"{objective.name}: {mention(term.tree)} acts on the whole vector; a plot shows functions of one weight"
            )
        terms.append(replace(term, tree=tree))
    return replace(objective, terms=Terms(terms=tuple(terms)))


def _summand(tree: Tree) -> Tree | None:
    """Return phi of a tree that is the sum of phi over all weights, or None."""
    match tree:
        case Sum(body, index):
            addend = transform(body, lambda node: Name("w") if node == Item("w", (Subscript(index),)) else node)
            return addend if is_elementwise(addend) and "n" not in names(addend) else None
        case Negate(operand):
            return _rebuilt(tree, _summand(operand))
        case Binary("*", factor, rest) if _is_constant(factor):
            return _rebuilt(tree, factor, _summand(rest))
        case Binary("*" | "/", rest, factor) if _is_constant(factor):
            return _rebuilt(tree, _summand(rest), factor)
        case Binary("+" | "-", left, right):
            return _rebuilt(tree, _summand(left), _summand(right))
    return None


def _rebuilt(tree: Tree, *operands: Tree | None) -> Tree | None:
    """Return a node over other operands, or None where one is missing."""
    there = tuple(operand for operand in operands if operand is not None)
    return rebuild(tree, there) if len(there) == len(operands) else None


def _is_constant(tree: Tree) -> bool:
    return is_elementwise(tree) and not names(tree) & {"w", "n"}
