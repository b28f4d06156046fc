"""What operators are lowered with, whatever is known of them: names for values, and the best of several minima."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.expressions.arithmetic import plus, times
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Logic,
    Name,
    Negate,
    Number,
    Tree,
    children,
    number,
    substitute,
)
from symreg.kernel.ir import Best, Let, Root, Table
from symreg.kernel.names import Namer
from symreg.proximal.operator import STEP

FARTHEST = Number(Fraction(10) ** 300)
"""Beyond every weight: a bound where there is no other."""
_FAR = Number(Fraction(10) ** 150)
Statements = list[Let | Root | Table | Best]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A minimum in one segment, if v is within its range.

    Args:
        u: Where it is.
        value: phi there.
        bottom: The least v that has it; None: each has.
        top: The greatest.
    """

    u: Tree
    value: Tree
    bottom: Tree | None
    top: Tree | None


class Lowering:
    """Writes statements; `step` is what s is called."""

    def __init__(self, step: Tree, namer: Namer) -> None:
        self.step, self.namer = step, namer

    def at(self, tree: Tree) -> Tree:
        """Return a tree of the derivation with s by its name."""
        return substitute(tree, {STEP: self.step})

    def force(self, u: Tree, slope: Tree) -> Tree:
        """Return u + s*phi'(u)."""
        if slope == number(0):
            return u
        pull = times(self.step, slope)
        return pull if u == number(0) else plus(u, pull)

    def let(self, stem: str, value: Tree, into: Statements) -> Tree:
        """Return a value by name; a leaf is its own."""
        if not children(value):
            return value
        name = Name(self.namer.fresh(stem))
        into.append(Let(name=name.name, value=value))
        return name

    def bounded(self, x: Tree, each: Statements) -> Tree:
        """Return a number no farther from 0 than costs can be computed; beyond, it is taken for that far."""
        return self.let("x", clipped(x, Negate(_FAR), _FAR), each)

    def best(self, candidates: list[Candidate], x: Tree, each: Statements) -> Tree:
        """Return the best of several minima, of those that x has; of equally good ones the first."""
        best: Tree | None = None
        least: Tree | None = None
        for one in candidates:
            pull = Binary("*", one.u, Binary("-", Binary("/", one.u, number(2)), x))
            cost: Tree = Binary("+", Binary("*", self.step, one.value), pull)
            limits = [Compare(">=", x, one.bottom)] if one.bottom is not None else []
            limits += [Compare("<=", x, one.top)] if one.top is not None else []
            if limits:
                is_there = limits[0] if len(limits) == 1 else Logic("and", tuple(limits))
                cost = Call("where", (is_there, cost, Constant("inf")))
            cost = self.let("cost", cost, each)
            if best is None or least is None:
                best, least = one.u, cost
                continue
            is_better = Compare("<", cost, least)
            best = self.let("best", Call("where", (is_better, one.u, best)), each)
            least = self.let("least", Call("where", (is_better, cost, least)), each)
        assert best is not None
        return best


def clipped(value: Tree, low: Tree | None, high: Tree | None) -> Tree:
    """Return a value moved between two ends, if they are given."""
    if value in (low, high):
        return value
    if high is not None:
        value = Call("where", (Compare(">", value, high), high, value))
    if low is not None:
        value = Call("where", (Compare("<", value, low), low, value))
    return value
