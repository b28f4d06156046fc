"""Choices of the smaller or greater of two numbers, by their name."""

from __future__ import annotations

from dataclasses import replace

from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Name,
    Negate,
    Number,
    Tree,
    transform,
)
from symreg.kernel import Let, Root


def extremum(node: Tree) -> Tree:
    """Return a choice of the smaller or greater of two numbers by its name; NaN comes out of either.

    Where the second is computed, and may be NaN though the first is a number, it stays a choice.
    """
    match node:
        case Call("where", (Compare(">", a, b), then, otherwise)) if (then, otherwise) == (b, a) and _is_given(b):
            return Call("min", (a, b))
        case Call("where", (Compare("<", a, b), then, otherwise)) if (then, otherwise) == (b, a) and _is_given(b):
            return Call("max", (a, b))
        case Call("where", (Compare("<=", a, b), Number(zero), Binary("-", c, d) as excess)):
            return Call("max", (excess, Number(zero))) if zero == 0 and (c, d) == (a, b) else node
        case _:
            return node


def _is_given(tree: Tree) -> bool:
    """Is it a number or a name, so that nothing is computed?"""
    return isinstance(tree, Number | Constant | Name | Item) or (isinstance(tree, Negate) and _is_given(tree.operand))


def with_extrema(root: Root) -> Root:
    """Return a root with such choices by their name."""

    def named(tree: Tree) -> Tree:
        return transform(tree, extremum)

    body = tuple(replace(part, value=named(part.value)) if isinstance(part, Let) else part for part in root.body)
    return replace(
        root,
        low=named(root.low),
        high=named(root.high),
        start=named(root.start),
        body=body,
        residual=named(root.residual),
        slope=named(root.slope),
    )
