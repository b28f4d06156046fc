"""How long an expression is, and which of its operands need lines of their own."""

from __future__ import annotations

from collections.abc import Callable

from symreg.expressions.tree import Call, Item, Name, Tree, children

LONGEST = 64
"""Characters of an expression, roughly, before parts of it get lines of their own."""


def fitted(nodes: tuple[int, ...], part: Callable[[int], Tree], named: Callable[[int], Tree]) -> tuple[Tree, ...]:
    """Return operands that together are no longer than a line.

    Args:
        nodes: The operands.
        part: Writes one out.
        named: Gives one a name; the longest get names until all fit.
    """
    trees = [part(node) for node in nodes]
    for place in sorted(range(len(nodes)), key=lambda p: -length(trees[p])):
        if sum(map(length, trees)) <= LONGEST:
            break
        trees[place] = named(nodes[place])
    return tuple(trees)


def length(tree: Tree) -> int:
    """Return about how many characters a tree takes."""
    match tree:
        case Name(name):
            return len(name)
        case Item(array, subscripts):
            return len(array) + 3 * len(subscripts) + sum(4 for s in subscripts if s.shift)
        case Call(function, operands):
            return len(function) + 2 + sum(length(operand) + 2 for operand in operands)
        case _:
            operands = children(tree)
            return sum(length(operand) + 3 for operand in operands) if operands else 4
