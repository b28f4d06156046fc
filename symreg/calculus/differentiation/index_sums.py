"""Sums over an index, differentiated by one weight: shifts of the index and the range on which each addend meets it."""

from __future__ import annotations

from symreg.expressions.arithmetic import WJ, ZERO, minus, negative, times, total, where
from symreg.expressions.decompose import addends, factors, product, signed
from symreg.expressions.tree import (
    Call,
    Compare,
    Item,
    Name,
    Negate,
    Subscript,
    Sum,
    Tree,
    children,
    free_indices,
    number,
    rebuild,
    transform,
    walk,
)


def varies(tree: Tree) -> bool:
    """Does the tree hold a weight?"""
    return any(
        (isinstance(n, Item) and n.array == "w") or (isinstance(n, Call) and n.function == "norm") for n in walk(tree)
    )


def summation(body: Tree, index: str, original: Tree, *, splits: bool = True) -> Tree:
    """Return the sum of `body` over `index`, with what does not depend on the index pulled out of it.

    Args:
        body: What is summed; where it holds the index, its subscripts have the range of `original`'s.
        index: Over which index.
        original: What was summed when the range was fixed; it counts where `body` has lost the index.
        splits: Pull addends out too? What cancels between them term by term then cancels between sums, with a loss.
    """
    if isinstance(body, Negate):
        return negative(summation(body.operand, index, original, splits=splits))
    if index not in free_indices(body):
        return times(_count(index, original), body)
    outside = product([f for f in factors(body) if index not in free_indices(f[0])])
    core = product([f for f in factors(body) if index in free_indices(f[0])])
    split = addends(core)
    if splits and any(index not in free_indices(addend) for _, addend in split):
        parts = [signed(s, summation(in_range_of(a, original, index), index, original)) for s, a in split]
        return times(outside, total(parts))
    return times(outside, Sum(in_range_of(core, original, index), index))


def with_index_free(tree: Tree) -> Tree:
    """Return the tree with a bound index called `j` under another name, so that `j` is free for the weight's."""
    used = {n.index for n in walk(tree) if isinstance(n, Sum)}
    if "j" not in used:
        return tree
    taken = used | {n.name for n in walk(tree) if isinstance(n, Name)}
    fresh = next(letter for letter in "klmpqrsuabcde" if letter not in taken)

    def change(node: Tree) -> Tree:
        match node:
            case Item(array, subscripts) if node != WJ or "j" in used:
                return Item(array, tuple(Subscript(fresh if s.index == "j" else s.index, s.shift) for s in subscripts))
            case Sum(body, "j"):
                return Sum(body, fresh)
            case _:
                return node

    return transform(tree, change)


def at_j(tree: Tree, index: str, shift: int) -> Tree:
    """Return the tree with the free `index` replaced by `j + shift`."""
    match tree:
        case Item(array, subscripts):
            return Item(array, tuple(Subscript("j", s.shift + shift) if s.index == index else s for s in subscripts))
        case _:
            below = children(tree)
            return rebuild(tree, tuple(at_j(child, index, shift) for child in below)) if below else tree


def reach_of(tree: Tree, index: str) -> tuple[int, int]:
    """Return the least and the greatest shift of an index."""
    shifts = [s.shift for n in walk(tree) if isinstance(n, Item) for s in n.subscripts if s.index == index]
    return min(shifts), max(shifts)


def resolved(coefficient: Tree, body: Tree, index: str, shift: int) -> Tree:
    """Return a coefficient at `index = j - shift`, 0 where that is not in the range of the sum over `body`."""
    low, high = reach_of(body, index)
    made = at_j(coefficient, index, -shift)
    for reach, is_beyond in ((min(0, low) - shift, min(0, low) < shift), (high - shift, high > shift)):
        if is_beyond:
            made = where(_in_range("j", reach), made, ZERO)
    return made


def in_range_of(coefficient: Tree, body: Tree, index: str) -> Tree:
    """Return a summand whose subscripts allow the same range of the index as `body`'s do."""
    if index not in free_indices(coefficient):
        return coefficient
    (low, high), (own_low, own_high) = reach_of(body, index), reach_of(coefficient, index)
    for reach, is_narrower in ((low, low < min(0, own_low)), (high, high > own_high)):
        if is_narrower:
            coefficient = where(_in_range(index, reach), coefficient, ZERO)
    return coefficient


def _in_range(index: str, shift: int) -> Tree:
    return Call("in_range", (Item("w", (Subscript(index, shift),)),))


def _count(index: str, body: Tree) -> Tree:
    """Return how many values the index of a sum has."""
    low, high = reach_of(body, index)
    span = high - min(0, low)
    if span == 0:
        return Name("n")
    length = number(span)
    return where(Compare(">", Name("n"), length), minus(Name("n"), length), ZERO)
