"""Sums of exponentials over an index with the greatest exponent of all taken out: exp(m) * sum(exp(x - m)).

The greatest of x over an index stands in trees as `Call("greatest", (Sum(x, index),))`; kernels have a loop for it.
What is made of the sums is written over m and what is left of them: their exponentials are joined with others.
"""

from __future__ import annotations

from contextlib import suppress

from symreg.calculus.algebra import ZERO, call, minus, times, total
from symreg.calculus.dominant import common, with_exponents_joined
from symreg.calculus.exponential_sums import NOTHING, TooLong, atom, expanded, read, tree_of
from symreg.calculus.monomials import terms, total_of
from symreg.language.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Negate,
    Sum,
    Tree,
    children,
    names,
    rebuild,
    substitute,
    walk,
)

GREATEST = "greatest"


def greatest_taken_out(tree: Tree) -> Tree | None:
    """Return an equal expression in index notation without a sum that overflows, or None if there is none to change.

    Args:
        tree: Without ranges: no choice by whether an element exists.
    """
    shifts = {node: rows for node in _sums_within(tree) if (rows := _shifted(node)) is not None}
    if not shifts:
        return None
    others = [node for node in _atoms(tree) if node not in shifts]
    rows = [row for made in shifts.values() for row in made]
    found = dict.fromkeys([*others, *(node for most, _ in rows for node in _atoms(most)), *(rest for _, rest in rows)])
    taken = {name for node in walk(tree) for name in names(node)}
    free = (name for k in range(len(taken) + len(found)) if (name := f"x{k}") not in taken)
    stand_ins: dict[Tree, Tree] = {node: Name(next(free)) for node in found}
    greatest = {stand_ins[node] for most, _ in rows for node in _atoms(most)}
    over_names = {node: stand_ins[node] for node in others}
    for node, made in shifts.items():
        parts = [times(call("exp", substitute(most, stand_ins)), stand_ins[rest]) for most, rest in made]
        over_names[node] = total(parts)
    written = _joined(substitute(tree, over_names), greatest, is_whole=True)
    return None if written is None else substitute(written, {name: node for node, name in stand_ins.items()})


def _sums_within(tree: Tree) -> list[Tree]:
    """Return the sums that a function, a quotient or a product with something else that varies is made of."""
    found: dict[Tree, None] = {}

    def search(node: Tree, *, is_bare: bool) -> None:
        match node:
            case Sum():
                if not is_bare:
                    found[node] = None
            case Binary("+" | "-", left, right):
                search(left, is_bare=is_bare)
                search(right, is_bare=is_bare)
            case Binary("*", left, right):
                search(left, is_bare=is_bare and not _atoms(right))
                search(right, is_bare=is_bare and not _atoms(left))
            case Binary("/", left, right):
                search(left, is_bare=is_bare and not _atoms(right))
                search(right, is_bare=False)
            case Negate(operand):
                search(operand, is_bare=is_bare)
            case _:
                for child in children(node):
                    search(child, is_bare=False)

    search(tree, is_bare=True)
    return list(found)


def _shifted(tree: Tree) -> list[tuple[Tree, Tree]] | None:
    """Return a sum over an index as rows (m, s), of which it is the sum of exp(m)*s; None if it has no exponentials."""
    assert isinstance(tree, Sum)
    with suppress(TooLong):
        collected = expanded(read(tree.body))
        reach = _subscripts(tree.body, tree.index)
        made: list[tuple[Tree, Tree]] = []
        for exponent, coefficient in collected.items():
            if exponent == NOTHING or _subscripts(tree_of(exponent), tree.index) != reach:
                return None
            scale = common([abs(value) for _, value in exponent.terms])
            most = Call(GREATEST, (Sum(tree_of(exponent.scaled(1 / scale)), tree.index),))
            largest = tree_of(atom(most).scaled(scale))
            body = times(tree_of(coefficient), call("exp", minus(tree_of(exponent), largest)))
            made.append((largest, Sum(body, tree.index)))
        return made or None
    return None


def _subscripts(tree: Tree, index: str) -> set[int]:
    """Return the shifts of an index in a tree: they tell which of its values count."""
    return {s.shift for node in walk(tree) if isinstance(node, Item) for s in node.subscripts if s.index == index}


def _joined(tree: Tree, greatest: set[Tree], *, is_whole: bool = False) -> Tree | None:
    """Return a tree in which no exponential of a greatest exponent stands by itself; None if that was not reached.

    Args:
        tree: Over the names of greatest exponents, and of what is left of the sums.
        greatest: These names.
        is_whole: Is it a whole expression, which may grow as an exponential does?
    """
    if not _overflows(tree, greatest):
        return tree
    match tree:
        case Call("exp", _) | Logic():
            return None
        case Compare(operator, left, right) if right == ZERO:
            return _compared(operator, left, greatest)
        case Call("where", arguments):
            below = tuple(_joined(argument, greatest, is_whole=is_whole) for argument in arguments)
            return None if None in below else Call("where", tuple(part for part in below if part is not None))
    addends = terms(tree)
    if len(addends) > 1 or addends[0][0] < 0:
        parts = [(sign, _joined(addend, greatest, is_whole=is_whole)) for sign, addend in addends]
        if all(part is not None for _, part in parts):
            return total_of((sign, part) for sign, part in parts if part is not None)
    inner = {node: _joined(node, greatest) for node in _functions(tree) if node != tree}
    if None in inner.values():
        return None
    joined = substitute(tree, {node: part for node, part in inner.items() if part is not None})
    match with_exponents_joined(joined):
        case made, growth if is_whole or not _overflows(growth, greatest):
            return made
    below = tuple(_joined(child, greatest) for child in children(tree))
    return None if None in below else rebuild(tree, tuple(part for part in below if part is not None))


def _functions(tree: Tree) -> list[Tree]:
    """Return the outermost calls of functions in a tree, but for exponentials and roots."""
    if isinstance(tree, Call) and tree.function not in ("exp", "sqrt"):
        return [tree]
    return (
        [] if isinstance(tree, Call) and tree.function == "exp" else [f for c in children(tree) for f in _functions(c)]
    )


def _compared(operator: str, left: Tree, greatest: set[Tree]) -> Tree | None:
    """Return a comparison with 0 without the exponential that both sides may be divided by."""
    with suppress(TooLong):
        product = read(left)
        made = Compare(operator, tree_of(product.coefficient), ZERO)
        return None if product.factors or _overflows(made, greatest) else made
    return None


def _overflows(tree: Tree, greatest: set[Tree]) -> bool:
    """Does an exponential of nothing but greatest exponents stand in it?"""
    alone = {name.name for name in greatest if isinstance(name, Name)}
    return any(isinstance(n, Call) and n.function == "exp" and names(n) and names(n) <= alone for n in walk(tree))


def _atoms(tree: Tree) -> list[Tree]:
    """Return the elements and sums that an expression is made of, outermost, in order."""
    if isinstance(tree, Item | Sum) or (isinstance(tree, Call) and tree.function in ("norm", GREATEST)):
        return [tree]
    return [atom for child in children(tree) for atom in _atoms(child)]
