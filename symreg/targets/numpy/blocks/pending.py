"""Statements of a block that are not written yet, and the expressions in them."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.expressions.tree import Call, Name, Tree, walk
from symreg.kernel import Best, Invoke, Let, Root

Pending = tuple[str, Tree, str] | Root | Best | Invoke
"""A statement; what is computed for a name or an array is its kind, value and name."""


def trees(row: Pending | Let) -> Iterator[Tree]:
    """Yield the expressions of a statement."""
    match row:
        case Invoke():
            yield from row.arguments
        case Root():
            yield from (row.low, row.high, row.start)
            yield from trees_of_trials(row)
        case Best():
            yield from (row.v, row.step)
        case Let():
            yield row.value
        case (_, value, _):
            yield value


def conditions(tree: Tree) -> Iterator[Tree]:
    """Yield what choices in an expression ask, a name aside."""
    for node in walk(tree):
        if isinstance(node, Call) and node.function == "where" and not isinstance(node.arguments[0], Name):
            yield node.arguments[0]


def trees_of_trials(root: Root) -> Iterator[Tree]:
    """Yield the expressions that each trial for a root computes."""
    for inner in root.body:
        yield from trees(inner)
    yield from (root.residual, root.slope)
