"""What a formula needs to have a value: `u >= 0` under a root, `u > 0` under a logarithm, `u != 0` under a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import Values, evaluate, holds
from symreg.expressions.arithmetic import ZERO, W, rational, without_extrema
from symreg.expressions.formulas import Relation, requirement
from symreg.expressions.tree import Binary, Call, Compare, Item, Logic, Sum, Tree, children, substitute, walk
from symreg.model.spec import Parameter
from symreg.model.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`argument relation 0`, which is asked where all the guards hold."""

    argument: Tree
    relation: Relation
    guards: tuple[Tree, ...]

    @property
    def trees(self) -> tuple[Tree, ...]:
        """The argument and the guards."""
        return (self.argument, *self.guards)

    @property
    def violation(self) -> Tree:
        """The condition that it fails where it is asked."""
        return Compare({">=": "<", ">": "<=", "!=": "=="}[self.relation], self.argument, ZERO)

    def fails(self, values: Values, zero: Any = 0) -> bool:
        """Is it asked at these values, and does not hold? What is no greater than `zero` counts as 0."""
        if not all(holds(guard, values) for guard in self.guards):
            return False
        u = evaluate(self.argument, values)
        if abs(u) <= zero:
            return self.relation != ">="
        return bool(u == 0) if self.relation == "!=" else not u > 0


def open_requirements(term: Term) -> list[Requirement]:
    """Return what a term's formula needs to have a value, without what shows to hold everywhere in its domain."""
    hull = term.domain.hull({p.name: p.domain for p in term.parameters})
    known = {p.name: p for p in term.parameters} | {"w": Parameter(name="w", domain=hull, default=0.0)}
    return [r for r in _requirements(without_extrema(term.tree), (), known) if not _is_met(r, known)]


def _requirements(tree: Tree, guards: tuple[Tree, ...], known: dict[str, Parameter]) -> Iterator[Requirement]:
    """Yield what a formula needs to have a value; each once for every choice under which it stands."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            yield from _requirements(condition, guards, known)
            yield from _requirements(then, (*guards, condition), known)
            yield from _requirements(otherwise, (*guards, Logic("not", (condition,))), known)
            return
        case Call(function, (u,)) if (needed := requirement(function, u)) is not None:
            argument, relation = needed
            yield Requirement(argument=argument, relation=relation, guards=guards)
        case Binary("/", _, below):
            yield Requirement(argument=below, relation="!=", guards=guards)
        case Binary("**", base, exponent) if (of_base := _of_power(exponent, known)) is not None:
            yield Requirement(argument=base, relation=of_base, guards=guards)
        case _:
            pass
    for child in children(tree):
        yield from _requirements(child, guards, known)


def _of_power(exponent: Tree, known: dict[str, Parameter]) -> Relation | None:
    """Return what a power needs of its base; of an exponent that may be anything, that it is positive."""
    value = rational(exponent)
    if value is not None and value.denominator == 1:
        return "!=" if value < 0 else None
    low, _, _ = bounds(exponent, known) if value is None else (value, value, True)
    return ">=" if low >= 0 else ">"


def _is_met(asked: Requirement, known: dict[str, Parameter]) -> bool:
    """Does it show that a requirement holds everywhere, or does it not depend on the weights?"""
    if not any(_is_of_weights(node) for node in walk(asked.argument)):
        return True
    low, _, is_nonzero = bounds(asked.argument, known)
    match asked.relation:
        case ">=":
            return low >= 0
        case ">":
            return low > 0 or (low == 0 and is_nonzero)
        case _:
            return is_nonzero


def on_one_weight(asked: Requirement) -> Requirement | None:
    """Return a requirement on single weights over the bare `w`, or None if it is on several together."""
    nodes = [node for tree in asked.trees for node in walk(tree)]
    atoms = {node for node in nodes if _is_of_weights(node) or isinstance(node, Sum)}
    if len(atoms) != 1:
        return None
    (atom,) = atoms
    if atom == W:
        return asked
    if not (isinstance(atom, Item) and atom.array == "w"):
        return None
    argument, *guards = (substitute(tree, {atom: W}) for tree in asked.trees)
    return Requirement(argument=argument, relation=asked.relation, guards=tuple(guards))


def _is_of_weights(node: Tree) -> bool:
    return node == W or isinstance(node, Item) or (isinstance(node, Call) and node.function == "norm")
