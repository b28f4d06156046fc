"""Number values so that equal subtrees are computed once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from symreg.expressions.tree import Tree
from symreg.kernel.graph import Graph
from symreg.kernel.ir import (
    Best,
    Groups,
    Invoke,
    Let,
    Map,
    Reduce,
    Root,
    Rows,
    Stage,
    Statement,
    Store,
    Table,
    Variation,
)


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
    known: dict[str, int] = field(default_factory=dict)

    def node(self, tree: Tree) -> int:
        return self.graph.add(tree, self.varying, self.versions, self.known)

    def stage(self, stage: Statement | Stage, depth: int = 0) -> Draft:
        match stage:
            case Let(name=name, value=value):
                self.known[name] = self.node(value)
                return Draft(stage, self.known[name])
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
            case Invoke():
                draft = Draft(stage, None, bounds=tuple(self.node(tree) for tree in stage.arguments))
                if depth:
                    self.varying.update(stage.names)
                return draft
            case Variation():
                draft = Draft(stage, bounds=(self.node(stage.strength),))
                self.versions[stage.target] += 1
                return draft
            case Table():
                return Draft(stage, None, bounds=(self.node(stage.step),))
            case Best():
                made = Draft(stage, None, bounds=(self.node(stage.v), self.node(stage.step)))
                if depth:
                    self.varying.add(stage.name)
                return made
            case Groups(stages=stages):
                made = Draft(stage, bounds=tuple(self.node(value) for _, value in stage.outside))
                self.versions.update(s.array for inner in stages if isinstance(inner, Map) for s in inner.stores)
                return made
            case Map():
                before = self.versions.copy()
                edge = tuple(self.stage(inner, depth + 1) for inner in stage.edge)
                self.versions = before
                return Draft(stage, None, tuple(self.stage(inner, depth + 1) for inner in stage.body), edge)
            case Rows():
                self.varying.update(product.name for product in stage.products)
                body = tuple(self.stage(inner, depth + 1) for inner in stage.body)
                sums = tuple(Draft(Store(array="", value=tree), self.node(tree)) for tree in stage.sums)
                self.versions[stage.array] += 1
                return Draft(stage, None, (*body, *sums))
