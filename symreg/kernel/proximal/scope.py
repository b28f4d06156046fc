"""What every operator is lowered with: the name of the step, fresh names for values, and where statements go."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.expressions.tree import Call, Compare, Name, Negate, Number, Tree, children, number, substitute
from symreg.kernel.ir import Best, Invoke, Let, Root, Table
from symreg.kernel.names import Namer
from symreg.proximal.operator import STEP, threshold_at

ZERO, ONE, TWO = number(0), number(1), number(2)
W = Name("w")
FARTHEST = Number(Fraction(10) ** 300)
"""Beyond every weight: a bound where there is no other."""
_FAR = Number(Fraction(10) ** 150)
Statements = list[Let | Root | Invoke | Table | Best]


@dataclass(frozen=True, slots=True)
class Scope:
    """The names in use while an operator is lowered.

    Args:
        step: What s is called.
        namer: Knows the names in use.
    """

    step: Tree
    namer: Namer

    def at(self, tree: Tree) -> Tree:
        """Return a tree of the derivation with s by its name."""
        return substitute(tree, {STEP: self.step})

    def threshold(self, u: Tree, slope: Tree) -> Tree:
        """Return F(u) = u + s*phi'(u)."""
        return threshold_at(u, slope, self.step)

    def let(self, stem: str, value: Tree, into: Statements) -> Tree:
        """Return a value by name; a leaf is its own."""
        if not children(value):
            return value
        name = Name(self.namer.fresh(stem))
        into.append(Let(name=name.name, value=value))
        return name

    def fresh(self, stem: str) -> Name:
        """Return a name that is not in use."""
        return Name(self.namer.fresh(stem))

    def bounded(self, x: Tree, each: Statements) -> Tree:
        """Return a number no farther from 0 than costs can be computed; beyond, it is taken for that far."""
        return self.let("x", clipped(x, Negate(_FAR), _FAR), each)


def clipped(value: Tree, low: Tree | None, high: Tree | None) -> Tree:
    """Return a value moved between two ends, if they are given."""
    if value in (low, high):
        return value
    if high is not None:
        value = Call("where", (Compare(">", value, high), high, value))
    if low is not None:
        value = Call("where", (Compare("<", value, low), low, value))
    return value
