"""Equal forms of a whole expression: with the rewrites applied everywhere, at one node, and as SymPy would write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import sympy

from symreg.accuracy.cost import Interner
from symreg.accuracy.rewrites.regrouping import quotient_first, regrouped
from symreg.accuracy.rewrites.table import REWRITES
from symreg.calculus.symbolic.dominant import freed
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ONE, numeric, plus
from symreg.expressions.decompose import addends, sum_of
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Tree,
    children,
    number,
    rebuild,
    substitute,
    transform,
)
from symreg.model.spec import Parameter

MOST_SYMBOLS = 7  # of a polynomial that is factored: the time grows exponentially with them


def improved(tree: Tree) -> Tree:
    """Return the tree with the rewrites that never harm applied until none applies."""
    rows = [row for row in REWRITES if row.is_always]

    def change(node: Tree) -> Tree:
        for _ in range(4):
            made = next((form for row in rows for form in row.forms(node)), None)
            if made is None:
                return node
            node = made
        return node

    for _ in range(4):
        made = transform(transform(tree, change), plain)
        if made == tree:
            return made
        tree = made
    return tree


def dominated(tree: Tree) -> Iterator[Tree]:
    """Yield the tree with the greatest exponential taken out of each sum of them, in the ways that there are."""
    for choice in range(3):
        yield transform(freed(tree, choice), plain)


def from_one(tree: Tree) -> Tree:
    """Return the tree with exp(x) beside other addends as 1 + expm1(x), the one added last: the lesser is rounded."""
    match tree:
        case Compare() | Logic():
            return tree
        case Binary("+" | "-", _, _):
            made: list[tuple[int, Tree]] = []
            rest = Fraction(0)
            for sign, addend in addends(tree, opened=True):
                value = numeric(addend)
                match addend:
                    case Call("exp", arguments):
                        made.append((sign, Call("expm1", arguments)))
                        rest += sign
                    case _ if value is not None:
                        rest += sign * value
                    case _:
                        made.append((sign, from_one(addend)))
            return plus(sum_of(made), number(rest))
        case _ if children(tree):
            return rebuild(tree, tuple(map(from_one, children(tree))))
        case _:
            return tree


def scalars_first(tree: Tree, interner: Interner) -> tuple[Tree, ...]:
    """Return the tree with the scalar factors of its products in front, where that makes it cheaper."""

    def cheaper(node: Tree) -> Tree:
        made = next(regrouped(node), node)
        return made if interner.cost(made) < interner.cost(node) - 0.5 else node

    made = _everywhere(tree, cheaper)
    return (made,) if made != tree else ()


def quotients_first(tree: Tree) -> Tree:
    """Return the tree with what varies of each quotient divided first: `a*w/d` as `a*(w/d)`; `a*w` may overflow."""
    return _everywhere(tree, lambda node: next(quotient_first(node), node))


def neighbours(tree: Tree) -> Iterator[Tree]:
    """Yield every tree in which one node has another form, the outer nodes first."""
    if isinstance(tree, Compare | Logic) or (isinstance(tree, Call) and tree.function == "where"):
        return  # a choice within a branch was made by a rewrite
    for row in REWRITES:
        yield from row.forms(tree)
    below = children(tree)
    for place, child in enumerate(below):
        for made in neighbours(child):
            yield rebuild(tree, (*below[:place], made, *below[place + 1 :]))


def global_forms(tree: Tree, parameters: tuple[Parameter, ...]) -> list[Tree]:
    """Return the tree as SymPy factors it, over one denominator, and with what is common cancelled."""
    try:
        expression = to_sympy(tree, parameters)
    except (Intractable, TypeError):
        return []
    if expression.has(sympy.nan, sympy.zoo, sympy.oo):
        return []
    made: list[Tree] = []
    changes = [sympy.factor_terms, sympy.together]
    if len(expression.free_symbols) <= MOST_SYMBOLS:
        changes += [sympy.cancel, sympy.factor]
    for change in changes:
        try:
            made.append(from_sympy(change(expression)))
        except (sympy.PolynomialError, NotImplementedError, Intractable):
            continue  # SymPy has no such form of it; it raises NotImplementedError where its own algorithms end
    return list(dict.fromkeys(made))


def plain(node: Tree) -> Tree:
    """Return a product without ones, its sign in front."""
    match node:
        case Binary("*" | "/", left, right) if right == ONE:
            return left
        case Binary("*", left, right) if left == ONE:
            return right
        case Binary("*" | "/" as operator, left, Negate(right)):
            return _minus_in_front(Binary(operator, left, right))
        case _:
            return node


def _minus_in_front(tree: Tree) -> Tree:
    """Return minus a product, the sign at its first factor."""
    match tree:
        case Negate(operand):
            return operand
        case Binary("*" | "/" as operator, left, right):
            return Binary(operator, _minus_in_front(left), right)
        case _:
            return Negate(tree)


def _everywhere(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """Return the tree with every product changed as a whole, outer ones first."""
    match tree:
        case Compare() | Logic():
            return tree
        case Binary("*" | "/", _, _):
            made = change(tree)
            below = tuple(_everywhere(child, change) for child in _product_leaves(made))
            return substitute(made, dict(zip(_product_leaves(made), below, strict=True)))
        case _ if children(tree):
            return rebuild(tree, tuple(_everywhere(child, change) for child in children(tree)))
        case _:
            return tree


def _product_leaves(tree: Tree) -> list[Tree]:
    """Return the factors of a product, as they stand in it."""
    match tree:
        case Binary("*" | "/", left, right):
            return list(dict.fromkeys(_product_leaves(left) + _product_leaves(right)))
        case Negate(operand):
            return _product_leaves(operand)
        case _:
            return [tree]
