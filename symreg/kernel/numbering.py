"""Number values so that equal subtrees are computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from symreg.expressions.tree import Tree, names
from symreg.kernel.graph import Graph
from symreg.kernel.ir import Best, Let, Map, Reduce, Root, Stage, Statement, Store, Table

_S = TypeVar("_S", bound=Statement | Stage)


def used(statements: Iterable[_S], needed: set[str]) -> tuple[_S, ...]:
    """Return the statements without the values that nothing uses; `needed` grows by the names that are used."""
    kept: list[_S] = []
    for statement in reversed(tuple(statements)):
        if isinstance(statement, Let | Reduce | Root | Table | Best) and statement.name not in needed:
            continue
        match statement:
            case Let(value=value) | Store(value=value):
                needed |= names(value)
            case Reduce(body=body, term=term):
                inside = set(names(term))
                statement = replace(statement, body=used(body, inside))
                needed |= inside
            case Root(low=low, high=high, start=start, body=body, residual=residual, slope=slope):
                inside = {*names(residual), *names(slope)}
                statement = replace(statement, body=used(body, inside))
                needed |= inside | names(low) | names(high) | names(start)
            case Table(step=step):
                needed |= names(step)
            case Best(v=v, step=step, table=table):
                needed |= names(v) | names(step) | {table}
            case Map(body=body, edge=edge):
                inside, of_edge = set[str](), set[str]()
                statement = replace(statement, body=used(body, inside), edge=used(edge, of_edge))
                needed |= inside | of_edge
        kept.append(statement)
    return tuple(reversed(kept))


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement, with its expression as a node, its loop's statements as drafts, and what it takes besides."""

    statement: Statement | Stage
    node: int | None = None
    body: tuple[Draft, ...] = ()
    edge: tuple[Draft, ...] = ()
    bounds: tuple[int, ...] = ()


@dataclass(slots=True)
class Numbering:
    """Puts the expressions of a function into one graph, in the order in which they run."""

    graph: Graph = field(default_factory=Graph)
    varying: set[str] = field(default_factory=set)
    versions: Counter[str] = field(default_factory=Counter)

    def node(self, tree: Tree) -> int:
        return self.graph.add(tree, self.varying, self.versions)

    def stage(self, stage: Statement | Stage, depth: int = 0) -> Draft:
        match stage:
            case Let(name=name, value=value):
                made = Draft(stage, self.node(value))
                if depth:
                    self.varying.add(name)
                return made
            case Store(array=array, value=value):
                made = Draft(stage, self.node(value))
                self.versions[array] += 1
                return made
            case Reduce():
                body = tuple(self.stage(inner, depth + 1) for inner in stage.body)
                made = Draft(stage, self.node(stage.term), body)
                if depth:
                    self.varying.add(stage.name)
                return made
            case Root(name=name):
                bounds = tuple(self.node(tree) for tree in (stage.low, stage.high, stage.start))
                outside = self.varying.copy()
                self.varying.add(name)
                body = tuple(self.stage(inner, depth + 1) for inner in stage.body)
                ends = (Draft(Store(array="", value=tree), self.node(tree)) for tree in (stage.residual, stage.slope))
                made = Draft(stage, None, (*body, *ends), bounds=bounds)
                self.varying = outside | ({name} if depth else set())
                return made
            case Table():
                return Draft(stage, None, bounds=(self.node(stage.step),))
            case Best():
                made = Draft(stage, None, bounds=(self.node(stage.v), self.node(stage.step)))
                if depth:
                    self.varying.add(stage.name)
                return made
            case Map():
                before = self.versions.copy()
                edge = tuple(self.stage(inner, depth + 1) for inner in stage.edge)
                self.versions = before
                return Draft(stage, None, tuple(self.stage(inner, depth + 1) for inner in stage.body), edge)
