"""What in a tree chooses a branch, and how far the subscripts of a sum reach."""

from __future__ import annotations

from symreg.expressions.tree import Binary, Call, Compare, Item, Tree, walk


def switches(tree: Tree) -> tuple[Tree, ...]:
    """Return the expressions whose sign chooses a branch in the tree, each once."""
    expressions: dict[Tree, None] = {}
    for node in walk(tree):
        match node:
            case Call("abs" | "sign", (argument,)):
                expressions[argument] = None
            case Call("min" | "max", arguments):
                for k, one in enumerate(arguments):
                    expressions.update({Binary("-", one, other): None for other in arguments[k + 1 :]})
            case Compare(_, left, right):
                expressions[Binary("-", left, right)] = None
    return tuple(expressions)


def reach(body: Tree, index: str) -> tuple[int, int]:
    """Return what bounds an index in a sum's body: it is not negative, and runs from -least to n - 1 - greatest."""
    shifts = [s.shift for node in walk(body) if isinstance(node, Item) for s in node.subscripts if s.index == index]
    return min(0, *shifts), max(shifts, default=0)
