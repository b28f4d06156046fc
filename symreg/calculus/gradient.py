"""Break an objective into what is derived piece by piece: addends of phi(w), and terms in index notation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.calculus.differentiation.index_sums import summation
from symreg.calculus.differentiation.step import Step
from symreg.calculus.domains.conditions import outside, refuse_undefined, refuse_undefined_gradient
from symreg.calculus.pieces.one_sided import Part
from symreg.calculus.symbolic.simplify import lifted, tidy
from symreg.expressions.arithmetic import INFINITY, NAN, ONE, ZERO, size, times, total, where, without_extrema
from symreg.expressions.decompose import addends, signed
from symreg.expressions.tree import (
    Call,
    Compare,
    Item,
    Name,
    Subscript,
    Sum,
    Tree,
    children,
    free_indices,
    number,
    rebuild,
    substitute,
    transform,
    walk,
)
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms

LARGEST_PART = 120
"""Addends of one penalty are derived together up to this many nodes: what cancels between them is then seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """One part with its derivative and the rules that led to it.

    Args:
        value: Over the bare `w`, or in index notation.
        written: The value with sums as they were written, in which nothing cancels that did not before.
        gradient: Its derivative as the rules give it, over the bare `w` or `w[j]`.
        tidied: The same, tidied.
        apart: The derivatives of its addends, each tidied by itself: what cancels within one does so in closed form.
        steps: The rules, over `w[j]`.
    """

    value: Tree
    written: Tree
    gradient: Tree
    tidied: Tree
    apart: Tree
    steps: tuple[Step, ...]
    term: Term

    @property
    def part(self) -> Part:
        """The part as knots need it."""
        return Part(value=self.value, gradient=self.gradient, domain=self.term.domain)


def elementwise_parts(terms: Terms) -> tuple[Derived, ...]:
    """Return the addends of phi, each small enough to be derived in bounded time."""
    made: list[Derived] = []
    for term in terms.elementwise:
        refuse_undefined(term, terms.parameters)
        tree = without_extrema(term.tree)
        for value in [tree] if size(tree) <= LARGEST_PART else [signed(s, a) for s, a in addends(tree)]:
            scaled = times(number(term.coefficient), value)
            derivative = differentiate(elementwise_over_j(scaled), terms.parameters)
            gradient = bare(derivative.tree)
            tidied = tidy(gradient, terms.parameters)
            refuse_undefined_gradient(tidied, term)
            made.append(
                Derived(
                    value=scaled,
                    written=scaled,
                    gradient=gradient,
                    tidied=tidied,
                    apart=_apart(value, term, tidied, terms.parameters),
                    steps=derivative.steps,
                    term=term,
                )
            )
    return tuple(made)


def _apart(value: Tree, term: Term, whole: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the sum of the addends' derivatives, each tidied; of one addend, the derivative of the whole."""
    rows = [times(number(term.coefficient), signed(sign, addend)) for sign, addend in addends(value)]
    if len(rows) == 1:
        return whole
    return total([tidy(bare(differentiate(elementwise_over_j(row), parameters).tree), parameters) for row in rows])


def indexed_parts(terms: Terms) -> tuple[Derived, ...]:
    """Return the terms in index notation, their sums free of what does not depend on the index."""
    made: list[Derived] = []
    for term in terms.indexed:
        refuse_undefined(term, terms.parameters)
        tree = without_extrema(term.tree)
        value, written = (times(number(term.coefficient), canonical(tree, splits=s)) for s in (True, False))
        derivative = differentiate(value, terms.parameters)
        gradient = canonical(derivative.tree)
        tidied = _tidied(gradient, terms.parameters)
        refuse_undefined_gradient(tidied, term)
        if not term.domain.is_all:
            violated = Compare(">", _violations(term), ZERO)
            value, written = where(violated, INFINITY, value), where(violated, INFINITY, written)
            tidied = where(violated, NAN, tidied)
        made.append(
            Derived(
                value=value,
                written=written,
                gradient=gradient,
                tidied=tidied,
                apart=tidied,
                steps=derivative.steps,
                term=term,
            )
        )
    return tuple(made)


def canonical(tree: Tree, *, splits: bool = True) -> Tree:
    """Return a tree whose sums hold only what depends on their index, the indices named by depth: i, k, l, ..."""
    taken = {n.name for n in walk(tree) if isinstance(n, Name)} | {n.array for n in walk(tree) if isinstance(n, Item)}
    letters = [letter for letter in "iklmpqrsuvxyzabcde" if letter not in taken]

    def pulled(node: Tree) -> Tree:
        return summation(node.body, node.index, node.body, splits=splits) if isinstance(node, Sum) else node

    return _named(transform(tree, pulled), letters)


def _named(tree: Tree, letters: list[str]) -> Tree:
    if not isinstance(tree, Sum):
        below = tuple(_named(child, letters) for child in children(tree))
        return rebuild(tree, below) if below else tree
    letter, *others = [x for x in letters if x not in free_indices(tree)]
    return Sum(_named(_reindexed(tree.body, tree.index, letter), others), letter)


def _reindexed(tree: Tree, old: str, new: str) -> Tree:
    """Return a sum's body with its index under another name; one bound further in that is called so gives way later."""
    match tree:
        case Item(array, subscripts):
            return Item(array, tuple(Subscript(new, s.shift) if s.index == old else s for s in subscripts))
        case Sum(body, index) if index == new:
            return Sum(_reindexed(_reindexed(body, index, f"{index}_"), old, new), f"{index}_")
        case _:
            return rebuild(tree, tuple(map(partial(_reindexed, old=old, new=new), children(tree))))


def _tidied(gradient: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Tidy the addends that count for every j together, and each one that has a range by itself."""
    everywhere: list[Tree] = []
    ranged: list[Tree] = []
    for sign, addend in addends(gradient):
        tree = signed(sign, addend)
        (ranged if any(_is_range(n) for n in walk(tree)) else everywhere).append(tree)
    made = [tidy(total(everywhere), parameters)] if everywhere else []
    made += [tidy(tree, parameters) if size(tree) < LARGEST_PART else lifted(tree) for tree in ranged]
    return total(made)


def _is_range(node: Tree) -> bool:
    return isinstance(node, Call) and node.function == "in_range"


def _violations(term: Term) -> Tree:
    """Return how many weights lie outside the term's domain."""
    here = Item("w", (Subscript("i"),))
    ends = outside(term.domain)
    assert ends is not None
    return Sum(substitute(where(ends, ONE, ZERO), {Name("w"): here}), "i")
