"""Break an objective into what is derived piece by piece: addends of phi(w), and terms in index notation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.calculus.differentiation.index_sums import summation
from symreg.calculus.differentiation.step import Step
from symreg.calculus.domains.conditions import outside, refuse_undefined, refuse_undefined_gradient
from symreg.calculus.pieces.one_sided import Summand
from symreg.calculus.symbolic.simplify import lifted, simplify
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

LARGEST_ADDEND = 120
"""Addends of one penalty are derived together up to this many nodes: what cancels between them is then seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedAddend:
    """An addend of the penalty with its derivative and the rules that led to it.

    Args:
        value: Over the bare `w`, or in index notation.
        written: The value with sums as they were written, in which nothing cancels that did not before.
        gradient: Its derivative as the rules give it, over the bare `w` or `w[j]`.
        simplified: The same, simplified.
        term_by_term: The sum of its own addends' derivatives, each simplified by itself: what cancels within one does
            so in closed form.
        steps: The rules, over `w[j]`.
        term: The term that it is of.
    """

    value: Tree
    written: Tree
    gradient: Tree
    simplified: Tree
    term_by_term: Tree
    steps: tuple[Step, ...]
    term: Term

    @property
    def summand(self) -> Summand:
        """The addend as knots need it."""
        return Summand(value=self.value, gradient=self.gradient, domain=self.term.domain)


def derive_elementwise(terms: Terms) -> tuple[DerivedAddend, ...]:
    """Return the addends of phi with their derivatives, each addend small enough to be derived in bounded time.

    Raises:
        NotDifferentiable: A term has no value, or no derivative, at any weight.
    """
    derived: list[DerivedAddend] = []
    for term in terms.elementwise:
        refuse_undefined(term, terms.parameters)
        tree = without_extrema(term.tree)
        for value in [tree] if size(tree) <= LARGEST_ADDEND else [signed(s, a) for s, a in addends(tree)]:
            scaled = times(number(term.coefficient), value)
            derivative = differentiate(elementwise_over_j(scaled), terms.parameters)
            gradient = bare(derivative.tree)
            simplified = simplify(gradient, terms.parameters)
            refuse_undefined_gradient(simplified, term)
            derived.append(
                DerivedAddend(
                    value=scaled,
                    written=scaled,
                    gradient=gradient,
                    simplified=simplified,
                    term_by_term=_term_by_term(value, term, simplified, terms.parameters),
                    steps=derivative.steps,
                    term=term,
                )
            )
    return tuple(derived)


def _term_by_term(value: Tree, term: Term, whole: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the sum of the addends' derivatives, each simplified; of one addend, the derivative of the whole."""
    rows = [times(number(term.coefficient), signed(sign, addend)) for sign, addend in addends(value)]
    if len(rows) == 1:
        return whole
    return total([simplify(bare(differentiate(elementwise_over_j(row), parameters).tree), parameters) for row in rows])


def derive_indexed(terms: Terms) -> tuple[DerivedAddend, ...]:
    """Return the terms in index notation with their derivatives, sums free of what does not depend on the index.

    Raises:
        NotDifferentiable: A term has no value, or no derivative, for any weights.
    """
    derived: list[DerivedAddend] = []
    for term in terms.indexed:
        refuse_undefined(term, terms.parameters)
        tree = without_extrema(term.tree)
        value, written = (times(number(term.coefficient), canonical(tree, splits=s)) for s in (True, False))
        derivative = differentiate(value, terms.parameters)
        gradient = canonical(derivative.tree)
        simplified = _simplified(gradient, terms.parameters)
        refuse_undefined_gradient(simplified, term)
        if not term.domain.is_all:
            violated = Compare(">", _violations(term), ZERO)
            value, written = where(violated, INFINITY, value), where(violated, INFINITY, written)
            simplified = where(violated, NAN, simplified)
        derived.append(
            DerivedAddend(
                value=value,
                written=written,
                gradient=gradient,
                simplified=simplified,
                term_by_term=simplified,
                steps=derivative.steps,
                term=term,
            )
        )
    return tuple(derived)


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


def _simplified(gradient: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Simplify the addends that count for every j together, and each one that has a range by itself."""
    everywhere: list[Tree] = []
    ranged: list[Tree] = []
    for sign, addend in addends(gradient):
        tree = signed(sign, addend)
        (ranged if any(_is_range(n) for n in walk(tree)) else everywhere).append(tree)
    simplified = [simplify(total(everywhere), parameters)] if everywhere else []
    simplified += [simplify(tree, parameters) if size(tree) < LARGEST_ADDEND else lifted(tree) for tree in ranged]
    return total(simplified)


def _is_range(node: Tree) -> bool:
    return isinstance(node, Call) and node.function == "in_range"


def _violations(term: Term) -> Tree:
    """Return how many weights lie outside the term's domain."""
    is_outside = outside(term.domain)
    assert is_outside is not None
    return Sum(substitute(where(is_outside, ONE, ZERO), {Name("w"): Item("w", (Subscript("i"),))}), "i")
