"""Name what a reader and a processor want named: scalars before the loop, what a loop needs twice, long expressions.

Takes a function's stages, hands on the same stages with `Let`s added. The order of names and of `Let`s is the order of
the expressions, so equal input gives equal output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from symreg.expressions.tree import Call, Item, Logic, Name, Negate, Number, Tree, children, names
from symreg.kernel.graph import Graph
from symreg.kernel.ir import Best, Let, Map, Reduce, Root, Stage, Statement, Store, Table
from symreg.kernel.names import Namer
from symreg.kernel.numbering import Draft, Numbering, used

LONGEST = 64  # characters of an expression, roughly, before parts of it get lines of their own
_SELECTS = ("abs", "copysign", "floor", "min", "max", "sign", "where")

_Writer = Callable[[int], Tree]


@dataclass(frozen=True, slots=True)
class Shared:
    """Stages with their `Let`s, and scalars written in terms of them."""

    stages: tuple[Stage, ...]
    scalars: tuple[Tree, ...]


def share(stages: Iterable[Stage], scalars: Iterable[Tree], namer: Namer) -> Shared:
    """Return stages in which scalars stand before the loops and common subexpressions have names.

    Args:
        stages: In order; a `Let` among them keeps its name.
        scalars: What the function computes besides; may use every name.
        namer: Knows the names in use.
    """
    numbered = Numbering()
    drafts = [numbered.stage(stage) for stage in stages]
    results = [numbered.node(tree) for tree in scalars]
    naming = _Naming(numbered.graph, namer, drafts, results)
    made: list[Stage] = []
    for draft in drafts:
        stage = naming.stage(draft)
        made.extend((*naming.waiting, stage))
        naming.waiting.clear()
    trees = tuple(naming.scalar(node) for node in results)
    return Shared(used((*made, *naming.waiting), {name for tree in trees for name in names(tree)}), trees)


class _Naming:
    """Writes the nodes as trees again; `waiting` holds the scalars that the next stage needs."""

    def __init__(self, graph: Graph, namer: Namer, drafts: list[Draft], results: list[int]) -> None:
        self.graph, self.namer = graph, namer
        self.waiting: list[Let] = []
        self.scalar_names: dict[int, Name] = {}
        self.scalar_uses: Counter[int] = Counter()
        self.roots: dict[int, None] = {}
        self._calls: dict[int, bool] = {}
        self._reads: dict[int, bool] = {}
        for draft in drafts:
            self._count_scalars(draft)
        for node in (*self.roots, *results):
            self._count(node, self.scalar_uses, inside=False)

    def stage(self, draft: Draft) -> Stage:
        match draft.statement:
            case Map() as stage:
                return replace(stage, body=self.loop(draft.body), edge=self.loop(draft.edge))
            case Reduce():
                return self.reduce(draft)
            case Root():
                return self.root(draft, self.scalar)
            case Table() as stage:
                return replace(stage, step=self.scalar(*draft.bounds))
            case Best() as stage:
                v, step = map(self.scalar, draft.bounds)
                return replace(stage, v=v, step=step)
            case Let(name=name) as stage:
                assert draft.node is not None
                made = replace(stage, value=self.built_scalar(draft.node))
                self.scalar_names.setdefault(draft.node, Name(name))
                return made
        raise AssertionError(draft.statement)

    def reduce(self, draft: Draft) -> Reduce:
        """Write a sum's loop; its term is the last thing that its body computes."""
        assert isinstance(draft.statement, Reduce) and draft.node is not None
        inner = _Loop(self, (*draft.body, Draft(Store(array="", value=draft.statement.term), draft.node)))
        *body, last = inner.made
        assert isinstance(last, Store)
        kept = tuple(statement for statement in body if isinstance(statement, Let | Reduce))
        return replace(draft.statement, body=kept, term=last.value)

    def root(self, draft: Draft, bound: _Writer) -> Root:
        """Write what is done for each trial of a root; residual and slope are the last that it computes."""
        assert isinstance(draft.statement, Root)
        low, high, start = (bound(node) for node in draft.bounds)
        inner = _Loop(self, draft.body)
        residual, slope = (statement.value for statement in inner.made if isinstance(statement, Store))
        return replace(
            draft.statement,
            low=low,
            high=high,
            start=start,
            body=tuple(statement for statement in inner.made if isinstance(statement, Let | Root)),
            residual=residual,
            slope=slope,
        )

    def loop(self, drafts: tuple[Draft, ...]) -> tuple[Statement, ...]:
        return tuple(_Loop(self, drafts).made)

    def scalar(self, node: int) -> Tree:
        """Return a scalar as it is used: a leaf, one with a sign, or the name that it has from now on."""
        if node in self.scalar_names:
            return self.scalar_names[node]
        if self.graph.is_leaf(node):
            return self.graph.tree(node, ())
        if self.graph.operations[node] == ("negate",) and self.graph.is_leaf(self.graph.operands[node][0]):
            return Negate(self.graph.tree(self.graph.operands[node][0], ()))
        value = self.built_scalar(node)
        name = self.scalar_names[node] = Name(self.namer.fresh("c"))
        self.waiting.append(Let(name=name.name, value=value, is_condition=self.graph.is_condition(node)))
        return name

    def built_scalar(self, node: int) -> Tree:
        """Return a scalar's expression over names and leaves."""
        if self.graph.is_leaf(node):
            return self.graph.tree(node, ())
        return self.graph.tree(node, _within(self.graph.operands[node], self._part_of_scalar, self.scalar))

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
        if node not in self._reads:
            operation = self.graph.operations[node]
            self._reads[node] = (
                any(subscript.shift for subscript in operation[1].subscripts)
                if operation[0] == "item"
                else any(self.reads_neighbours(operand) for operand in self.graph.operands[node])
            )
        return self._reads[node]

    def _part_of_scalar(self, node: int) -> Tree:
        is_named = node in self.scalar_names or (self.scalar_uses[node] > 1 and not self.graph.is_condition(node))
        return self.scalar(node) if is_named else self.built_scalar(node)

    def _count_scalars(self, draft: Draft) -> None:
        if draft.node is not None:
            if isinstance(draft.statement, Let) and not self.graph.is_varying[draft.node]:
                self._count(draft.node, self.scalar_uses, inside=False)
            else:
                self._collect(draft.node, set())
        for node in draft.bounds:
            self._collect(node, set())
        for inner in (*draft.body, *draft.edge):
            self._count_scalars(inner)

    def _collect(self, node: int, seen: set[int]) -> None:
        """Find the largest scalars below a node."""
        if node not in seen:
            seen.add(node)
            if not self.graph.is_varying[node]:
                self.roots.setdefault(node)
            else:
                for operand in self.graph.operands[node]:
                    self._collect(operand, seen)

    def _count(self, node: int, uses: Counter[int], *, inside: bool) -> None:
        """Count how often each node is asked for; conditions are written out wherever they stand."""
        uses[node] += 1
        if (uses[node] == 1 or self.graph.is_condition(node)) and not (inside and not self.graph.is_varying[node]):
            for operand in self.graph.operands[node]:
                self._count(operand, uses, inside=inside)


class _Loop:
    """The statements of one loop, written in order; what they share is named before its first use."""

    def __init__(self, naming: _Naming, drafts: tuple[Draft, ...]) -> None:
        self.naming, self.graph = naming, naming.graph
        self.names: dict[int, Name] = {}
        self.uses: Counter[int] = Counter()
        self.made: list[Statement] = []
        self.guard: Tree | None = None  # holds where the expression in hand may be computed
        for draft in drafts:
            nodes = draft.bounds if draft.node is None or isinstance(draft.statement, Reduce) else (draft.node,)
            for node in nodes:
                naming._count(node, self.uses, inside=True)
        self.taken: list[str] = []
        for draft in drafts:
            self.statement(draft)
        naming.namer.taken.difference_update(self.taken)  # the next loop may have the same names

    def statement(self, draft: Draft) -> None:
        match draft.statement:
            case Reduce():
                self.made.append(self.naming.reduce(draft))
            case Root():
                self.made.append(self.naming.root(draft, self.part))
            case Best() as best:
                v, step = map(self.part, draft.bounds)
                self.made.append(replace(best, v=v, step=step))
            case Let(name=name) as let:
                assert draft.node is not None
                value = self.built(draft.node)
                self.names.setdefault(draft.node, Name(name))
                self.made.append(replace(let, value=value))
            case Store() as store:
                assert draft.node is not None
                self.made.append(replace(store, value=self.built(draft.node, at_root=True)))

    def part(self, node: int) -> Tree:
        """Return a node as an operand."""
        if node in self.names:
            return self.names[node]
        if not self.graph.is_varying[node]:
            return self.naming.scalar(node)
        if self.uses[node] > 1 and self.can_be_named(node):
            return self.named(node)
        return self.built(node)

    def named(self, node: int) -> Tree:
        """Return the name of a node, computed here if it has none yet."""
        if node in self.names:
            return self.names[node]
        if not self.graph.is_varying[node] or not self.can_be_named(node):
            return self.part(node)
        value = self.built(node)
        if self.guard is not None and self.naming.reads_neighbours(node):
            value = Call("where", (self.guard, value, Number(Fraction(0))))
        name = self.names[node] = Name(self.naming.namer.fresh("x"))
        self.taken.append(name.name)
        self.made.append(Let(name=name.name, value=value))
        return name

    def built(self, node: int, *, at_root: bool = False) -> Tree:
        """Return a node's expression over names and leaves."""
        if node in self.names:
            return self.names[node]
        if not self.graph.is_varying[node]:
            return self.naming.scalar(node)
        if at_root and self.uses[node] > 1 and self.can_be_named(node):
            return self.named(node)
        if self.graph.operations[node] == ("call", "where"):
            return self.choice(node)
        return self.graph.tree(node, _within(self.graph.operands[node], self.part, self.named))

    def choice(self, node: int) -> Tree:
        """Return a `where`; a branch that calls a function is computed before, so that the choice is a plain select."""
        condition, *branches = self.graph.operands[node]
        if self.naming.asks_range(condition):
            return self.guarded(node)
        parts = [self.named(branch) if self.calls(branch) else self.part(branch) for branch in branches]
        made = (self.part(condition), *parts)
        if sum(map(_length, made)) > LONGEST:
            made = (made[0], *(self.named(branch) for branch in branches))
        return Call("where", made)

    def guarded(self, node: int) -> Tree:
        """Return a `where` whose first branch may be computed only where its neighbours exist."""
        condition, then, otherwise = self.graph.operands[node]
        outer, before = self.guard, self.names.copy()
        asked = self.part(condition)
        self.guard = asked if outer is None else Logic("and", (outer, asked))
        first = self.part(then)
        self.guard = outer
        self.names = {n: name for n, name in self.names.items() if n in before or not self.naming.reads_neighbours(n)}
        return Call("where", (asked, first, self.part(otherwise)))

    def calls(self, node: int) -> bool:
        """Does a node that has no name yet call a function of math.h?"""
        return node not in self.names and self.graph.is_varying[node] and self.naming.calls(node)

    def can_be_named(self, node: int) -> bool:
        return not self.graph.is_leaf(node) and not self.graph.is_condition(node)


def _within(nodes: tuple[int, ...], part: _Writer, named: _Writer) -> tuple[Tree, ...]:
    """Return operands that together are no longer than a line: the longest get names until they are."""
    trees = [part(node) for node in nodes]
    for place in sorted(range(len(nodes)), key=lambda p: -_length(trees[p])):
        if sum(map(_length, trees)) <= LONGEST:
            break
        trees[place] = named(nodes[place])
    return tuple(trees)


def _length(tree: Tree) -> int:
    """Return about how many characters a tree takes."""
    match tree:
        case Name(name):
            return len(name)
        case Item(array, subscripts):
            return len(array) + 3 * len(subscripts) + sum(4 for s in subscripts if s.shift)
        case Call(function, operands):
            return len(function) + 2 + sum(_length(operand) + 2 for operand in operands)
        case _:
            below = children(tree)
            return sum(_length(operand) + 3 for operand in below) if below else 4
