"""Functions of the norm, of all weights or of groups of them: phi(norm(w)) as phi of one weight."""

from __future__ import annotations

from dataclasses import replace

from symreg.errors import Intractable
from symreg.expressions.arithmetic import W, call, numeric
from symreg.expressions.tree import Binary, Call, Item, Sum, Tree, number, substitute, transform, walk
from symreg.model.interval import Interval
from symreg.model.terms import Term, Terms


def radial_profile(term: Term) -> Tree | None:
    """Return phi, over `w` in place of the norm, of a term phi(norm(w)) on all of space; None for any other term."""
    if term.is_elementwise or term.arrays or not term.domain.is_all:
        return None
    tree = transform(term.tree, _over_norm)
    return None if any(isinstance(node, Item | Sum) for node in walk(tree)) else tree


def radial_profiles(terms: Terms) -> Terms:
    """Return functions of the norm as terms over single weights, of |w| in place of the norm.

    Raises:
        Intractable: One of them is no function of the norm alone.
    """
    profiles: list[Term] = []
    for term in terms.terms:
        profile = radial_profile(term)
        if profile is None:
            raise Intractable(
                "a proximal operator is derived for sums over single weights and for functions of norm(w)"
            )
        profiles.append(replace(term, tree=substitute(profile, {W: call("abs", W)})))
    return Terms(terms=tuple(profiles))


def in_single_weights(terms: Terms) -> Terms:
    """Return the terms with each weight a group of its own, whose weight is 1."""
    others = (term for term in terms.terms if term not in terms.grouped)
    return Terms(terms=(*others, *of_norms(terms).terms)) if terms.grouped else terms


def of_norms(terms: Terms) -> Terms:
    """Return the terms over groups as terms over a single weight, of |w| in place of a group's norm."""
    return Terms(terms=tuple(_of_norm(term.phi) for term in terms.grouped))


def _of_norm(phi: Term) -> Term:
    assert isinstance(phi.domain, Interval)
    most, is_closed = phi.domain.high, phi.domain.high_closed
    return replace(
        phi,
        tree=transform(substitute(phi.tree, {W: call("abs", W)}), _without_abs),
        domain=Interval(low=None if most is None else -most, high=most, low_closed=is_closed, high_closed=is_closed),
    )


def _without_abs(node: Tree) -> Tree:
    """Return |  |w|  | as |w|, and an even power of |w| as one of w."""
    match node:
        case Call("abs", (Call("abs", _) as inner,)):
            return inner
        case Binary("**", Call("abs", (inner,)), exponent) if (
            value := numeric(exponent)
        ) is not None and value % 2 == 0:
            return Binary("**", inner, exponent)
        case _:
            return node


def _over_norm(node: Tree) -> Tree:
    """Return the norm, or the square of it where it is written as a sum, as the bare `w`."""
    match node:
        case Call("norm", _):
            return W
        case Sum(Binary("**", Item("w", (subscript,)), exponent), index) if numeric(exponent) == 2:
            return Binary("**", W, number(2)) if subscript.index == index and not subscript.shift else node
        case Sum(Binary("*", Item("w", (subscript,)) as left, right), index) if left == right:
            return Binary("**", W, number(2)) if subscript.index == index and not subscript.shift else node
        case _:
            return node
