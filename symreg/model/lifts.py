"""Lifts: a penalty phi of one number, put over groups of weights or over differences of neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar

from symreg.expressions.tree import (
    Binary,
    Call,
    Item,
    Name,
    Negate,
    Subscript,
    Sum,
    Tree,
    is_elementwise,
    names,
    substitute,
    transform,
)
from symreg.model.domain import Domain

STARTS, WEIGHTS = "groups", "c"
"""The arguments that say which weights are a group, and how much each group counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """R(w) = sum over the groups g of c_g*phi(norm(w_g)).

    Args:
        phi: Over the bare `w`; of a norm, so only what it is from 0 on counts.
        domain: Of the norms.
        weights: What the array of the c_g is called.
        sizes: Of the groups, where a judge is to look at these alone; () for any.
        strengths: The c_g of these.
    """

    word: ClassVar[str] = "group"

    phi: Tree
    domain: Domain
    weights: str = WEIGHTS
    sizes: tuple[int, ...] = ()
    strengths: tuple[float, ...] = ()

    @property
    def written(self) -> Tree:
        """R as a reader sees it: `sum(c[g]*phi(norm(w[g])), g)`."""
        return over_groups(self.phi, self.weights)

    @property
    def count(self) -> int:
        """How many weights a judge is to look at; 0 for any number of them."""
        return sum(self.sizes)

    @property
    def has_usual_strengths(self) -> bool:
        """Are the c_g the roots of the sizes, as they are where none are given?"""
        return self.strengths == tuple(map(sqrt, self.sizes))


NORM = Call("norm", (Item("w", (Subscript("g"),)),))
"""Of the weights of the group g."""


def over_groups(phi: Tree, weights: str) -> Tree:
    """Return the sum of c_g*phi(norm(w_g)) over the groups; the norm is not negative.

    Args:
        phi: Over the bare `w`.
        weights: What the array of the c_g is called.
    """
    of_norm = transform(substitute(phi, {Name("w"): NORM}), _without_abs)
    return Sum(Binary("*", Item(weights, (Subscript("g"),)), of_norm), "g")


def _without_abs(node: Tree) -> Tree:
    return NORM if node == Call("abs", (NORM,)) else node


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """R(w) = sum over i of phi(w[i + 1] - w[i]).

    Args:
        phi: Over the bare `w`.
        domain: Of the differences.
        count: How many weights a judge is to look at; 0 for any number of them.
    """

    word: ClassVar[str] = "difference"

    phi: Tree
    domain: Domain
    count: int = 0

    @property
    def written(self) -> Tree:
        """R in index notation."""
        index = next(letter for letter in "ijklm" if letter not in names(self.phi))
        ahead, here = Item("w", (Subscript(index, 1),)), Item("w", (Subscript(index),))
        return Sum(substitute(self.phi, {Name("w"): Binary("-", ahead, here)}), index)


def neighbours_in(tree: Tree) -> Tree | None:
    """Return the phi of one number that a sum over neighbours holds, as in `lam*sum(phi(w[i + 1] - w[i]), i)`.

    Returns:
        lam*phi over the bare `w`; None where the tree is no such sum.
    """
    match tree:
        case Sum(body, index):
            for first in (1, 0):
                ahead, here = (Item("w", (Subscript(index, shift),)) for shift in (first, first - 1))
                backwards: Tree = Negate(Name("w"))
                phi = substitute(body, {Binary("-", ahead, here): Name("w"), Binary("-", here, ahead): backwards})
                if is_elementwise(phi) and "w" in names(phi) and not names(phi) & {index, "n"}:
                    return phi
            return None
        case Binary("*" | "/" as operator, left, right):
            if is_elementwise(left) and not names(left) & {"w", "n"} and operator == "*":
                held = neighbours_in(right)
                return None if held is None else Binary("*", left, held)
            if is_elementwise(right) and not names(right) & {"w", "n"}:
                held = neighbours_in(left)
                return None if held is None else Binary(operator, held, right)
    return None


Lift = Group | Difference
"""What a penalty of one number is put over."""


def changed(lift: Lift, tree: Callable[[Tree], Tree], domain: Callable[[Domain], Domain]) -> Lift:
    """Return a lift with its phi and the domain of that changed."""
    return replace(lift, phi=tree(lift.phi), domain=domain(lift.domain))
