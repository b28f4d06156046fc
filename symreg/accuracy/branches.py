"""Choices that stand outermost, taken apart into branches with the points that lie in each, and put together again."""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, ctx

from symreg.accuracy.score import Point
from symreg.calculus.evaluation.balls import Undecided, decided
from symreg.expressions.tree import Call, Tree, substitute, walk

_BITS = 700  # at which conditions are decided

Path = tuple[tuple[Tree, bool], ...]
"""Conditions that hold, or do not, in a branch."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of choices that stand outermost, with the points that lie in it."""

    tree: Tree
    path: Path
    points: list[Point]


def branches_of(tree: Tree, path: Path, points: list[Point]) -> list[Branch]:
    """Return the branches of a tree whose choices stand outermost; a point where a choice is unknown is in none."""
    if not (isinstance(tree, Call) and tree.function == "where"):
        return [Branch(tree, path, points)]
    condition, then, otherwise = tree.arguments
    sides: dict[bool | None, list[Point]] = {True: [], False: [], None: []}
    for point, holds in zip(points, _holds(condition, points), strict=True):
        sides[holds].append(point)
    return [
        *branches_of(then, (*path, (condition, True)), sides[True]),
        *branches_of(otherwise, (*path, (condition, False)), sides[False]),
    ]


def _holds(condition: Tree, points: list[Point]) -> list[bool | None]:
    decide = decided(condition)
    made: list[bool | None] = []
    with ctx.workprec(_BITS):
        for point in points:
            try:
                made.append(decide({name: arb(value) for name, value in point.values.items()}))
            except Undecided:
                made.append(None)
    return made


def assembled(tree: Tree, path: Path, chosen: dict[Path, Tree]) -> Tree:
    """Return the choices with the forms chosen as their branches."""
    if not (isinstance(tree, Call) and tree.function == "where"):
        return chosen[path]
    condition, then, otherwise = tree.arguments
    branches = (
        assembled(then, (*path, (condition, True)), chosen),
        assembled(otherwise, (*path, (condition, False)), chosen),
    )
    return Call("where", (condition, *branches))


def within(tree: Tree, path: Path) -> Tree:
    """Return a tree where the conditions of a branch are known."""
    for condition, holds in path:
        choices = [n for n in walk(tree) if isinstance(n, Call) and n.function == "where"]
        known_ones = [choice for choice in choices if choice.arguments[0] == condition]
        tree = substitute(tree, {choice: choice.arguments[1 if holds else 2] for choice in known_ones})
    return tree
