"""What rewrites look for in a tree: addends and their factors, pairs of addends, powers, what cannot be negative."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.expressions.arithmetic import ONE, call, numeric, power
from symreg.expressions.decompose import addends, factors, product
from symreg.expressions.tree import Binary, Call, Compare, Name, Negate, Tree, number, walk


def pairs(node: Tree) -> Iterator[tuple[int, Tree, list[tuple[int, Tree]]]]:
    """Yield each addend with its sign and the others, each of which comes first once."""
    summands = addends(node, opened=True)
    if len(summands) < 2:
        return
    for place, (sign, tree) in enumerate(summands):
        rest = summands[:place] + summands[place + 1 :]
        for k in range(len(rest)):
            yield sign, tree, [rest[k], *rest[:k], *rest[k + 1 :]]


def factorings(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield the ways to see a term as scale*f: as a whole, and with each function or power above the line as f."""
    yield ONE, tree
    if isinstance(tree, Binary) and tree.operator in "*/":
        parts = factors(tree)
        for place, (factor, above) in enumerate(parts):
            if above and (isinstance(factor, Call) or (isinstance(factor, Binary) and factor.operator == "**")):
                yield product(parts[:place] + parts[place + 1 :]), factor


def is_call(tree: Tree, function: str) -> bool:
    return isinstance(tree, Call) and tree.function == function


def root_of_degree(tree: Tree, degree: int) -> Tree | None:
    """Return what the tree is the power of, if it is written as one."""
    if tree == ONE:
        return ONE
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            return power(base, number(value / degree)) if value is not None and value % degree == 0 else None
        case Binary("*" | "/", _, _):
            made: list[tuple[Tree, bool]] = []
            for factor, above in factors(tree):
                root = root_of_degree(factor, degree)
                if root is None:
                    return None
                made.append((root, above))
            return product(made)
    return None


def is_nonnegative(x: Tree) -> bool:
    """Does x look as if it could not be negative? Whoever takes the form proves it."""
    if any(isinstance(node, Negate) or (isinstance(node, Binary) and node.operator in "+-") for node in walk(x)):
        return False
    return all(_is_even(factor) for factor, _ in factors(x) if any(node == Name("w") for node in walk(factor)))


def _is_even(factor: Tree) -> bool:
    """Is a factor an absolute value or an even power?"""
    match factor:
        case Call("abs", _):
            return True
        case Binary("**", _, exponent):
            value = numeric(exponent)
            return value is not None and value.denominator == 1 and value % 2 == 0
        case _:
            return False


def where_small(x: Tree, bound: Tree, near: Tree, far: Tree) -> Tree:
    size = x if is_nonnegative(x) else call("abs", x)
    return call("where", Compare("<=", size, bound), near, far)
