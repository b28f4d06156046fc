"""Name the scalars of a function: what a loop uses and no loop changes is computed before it, once.

A scalar that a `Let` names has that name wherever its value stands; another one is a temporary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from symreg.expressions.tree import Name, Negate, Tree
from symreg.kernel.graph import Graph
from symreg.kernel.ir import Let
from symreg.kernel.lines import fitted
from symreg.kernel.names import Namer
from symreg.kernel.numbering import Draft

_SELECTS = ("abs", "copysign", "floor", "min", "max", "sign", "where")


class Scalars:
    """Writes nodes as trees again.

    Args:
        graph: The nodes.
        namer: Knows the names in use.
        drafts: The function's stages.
        results: Nodes that it returns or keeps.
    """

    def __init__(self, graph: Graph, namer: Namer, drafts: Iterable[Draft], results: Iterable[int]) -> None:
        self.graph, self.namer = graph, namer
        self.waiting: list[Let] = []  # what the next stage needs
        self.released: set[str] = set()  # temporaries of loops, which other loops may have, but no scalar before them
        self.names: dict[int, Name] = {}
        self.uses: Counter[int] = Counter()
        self._given: dict[int, Name] = {}
        self._largest: dict[int, None] = {}  # the largest scalars in loops
        self._calls: dict[int, bool] = {}
        self._neighbours: dict[int, bool] = {}
        for draft in drafts:
            self._count_draft(draft)
        for node in (*self._largest, *results):
            self.count(node, self.uses, inside=False)

    def let(self, draft: Draft) -> None:
        """Compute a value that has a name, unless that is done already or nothing is to compute."""
        assert draft.node is not None
        if not self.graph.is_leaf(draft.node):
            self.scalar(draft.node)

    def scalar(self, node: int) -> Tree:
        """Return a scalar as it is used: a leaf, one with a sign, or the name that it has from now on."""
        if node in self.names:
            return self.names[node]
        if self.graph.is_leaf(node):
            return self.graph.tree(node, ())
        if self.graph.operations[node] == ("negate",) and node not in self._given:
            (operand,) = self.graph.operands[node]
            if self.graph.is_leaf(operand):
                return Negate(self.graph.tree(operand, ()))
        value = self._built(node)
        name = self.names[node] = self._given.get(node) or Name(self.namer.temporary(self.released))
        self.waiting.append(Let(name=name.name, value=value, is_condition=self.graph.is_condition(node)))
        return name

    def calls(self, node: int) -> bool:
        """Does a node call a function of math.h for each element?"""
        if node not in self._calls:
            operation = self.graph.operations[node]
            self._calls[node] = self.graph.is_varying[node] and (
                (operation[0] == "call" and operation[1] not in _SELECTS)
                or any(self.calls(operand) for operand in self.graph.operands[node])
            )
        return self._calls[node]

    def asks_range(self, node: int) -> bool:
        """Does a condition ask whether a neighbour exists?"""
        if self.graph.operations[node][0] == "in_range":
            return True
        return self.graph.is_condition(node) and any(map(self.asks_range, self.graph.operands[node]))

    def reads_neighbours(self, node: int) -> bool:
        """Is a neighbour read for a node, an element at a shifted index?"""
        if node not in self._neighbours:
            operation = self.graph.operations[node]
            self._neighbours[node] = (
                any(subscript.shift for subscript in operation[1].subscripts)
                if operation[0] == "item"
                else any(self.reads_neighbours(operand) for operand in self.graph.operands[node])
            )
        return self._neighbours[node]

    def count(self, node: int, uses: Counter[int], *, inside: bool) -> None:
        """Count how often each node is asked for; conditions are written out wherever they stand.

        Args:
            node: From which on down.
            uses: Receives the counts.
            inside: Within a loop, where a scalar is a name and what is below it does not count?
        """
        uses[node] += 1
        if (uses[node] == 1 or self.graph.is_condition(node)) and not (inside and not self.graph.is_varying[node]):
            for operand in self.graph.operands[node]:
                self.count(operand, uses, inside=inside)

    def _built(self, node: int) -> Tree:
        """Return a scalar's expression over names and leaves."""
        if self.graph.is_leaf(node):
            return self.graph.tree(node, ())
        return self.graph.tree(node, fitted(self.graph.operands[node], self._part, self.scalar))

    def _part(self, node: int) -> Tree:
        is_shared = self.uses[node] > 1 and not self.graph.is_condition(node)
        return self.scalar(node) if node in self.names or node in self._given or is_shared else self._built(node)

    def _count_draft(self, draft: Draft) -> None:
        if draft.node is not None:
            if isinstance(draft.statement, Let) and not self.graph.is_varying[draft.node]:
                self._given.setdefault(draft.node, Name(draft.statement.name))
                self.count(draft.node, self.uses, inside=False)
            else:
                self._collect(draft.node, set())
        for node in draft.bounds:
            self._collect(node, set())
        for inner in (*draft.body, *draft.edge):
            self._count_draft(inner)

    def _collect(self, node: int, seen: set[int]) -> None:
        """Find the largest scalars below a node."""
        if node not in seen:
            seen.add(node)
            if not self.graph.is_varying[node]:
                self._largest.setdefault(node)
            else:
                for operand in self.graph.operands[node]:
                    self._collect(operand, seen)
