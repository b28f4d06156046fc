"""Write the statements of a loop: what they share is named before its first use, and so is what is too long.

A branch of a `where` that calls a function is computed before it, so that the choice is a plain select; one that reads
a neighbour is computed only where that exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symreg.expressions.tree import Call, Logic, Name, Number, Tree
from symreg.kernel.ir import Best, Invoke, Let, Reduce, Root, Rows, Statement, Store
from symreg.kernel.lines import LONGEST, fitted, length
from symreg.kernel.numbering import Draft
from symreg.kernel.scalars import Scalars


def written_loop(scalars: Scalars, drafts: tuple[Draft, ...]) -> tuple[Statement, ...]:
    """Return the statements of a loop's body.

    Args:
        scalars: Names what no round of the loop changes.
        drafts: The statements, numbered.
    """
    return tuple(_Loop(scalars, drafts, {}).statements)


def written_sum(scalars: Scalars, draft: Draft, outer: dict[int, Name] | None = None) -> Reduce:
    """Return a sum with its loop; its term is the last thing that its body computes.

    Args:
        scalars: As above.
        draft: Of the sum.
        outer: Names that a loop around it has given.
    """
    assert isinstance(draft.statement, Reduce) and draft.node is not None
    drafts = (*draft.body, Draft(Store(array="", value=draft.statement.term), draft.node))
    *body, last = _Loop(scalars, drafts, outer or {}).statements
    assert isinstance(last, Store)
    kept = tuple(statement for statement in body if isinstance(statement, Let | Reduce))
    return replace(draft.statement, body=kept, term=last.value)


def written_root(
    scalars: Scalars, draft: Draft, bound: Callable[[int], Tree], outer: dict[int, Name] | None = None
) -> Root:
    """Return a root with what is done for each trial; residual and slope are the last that a trial computes.

    Args:
        scalars: As above.
        draft: Of the root.
        bound: Writes the two bounds and the start.
        outer: Names that a loop around it has given.
    """
    assert isinstance(draft.statement, Root)
    low, high, start = (bound(node) for node in draft.bounds)
    statements = _Loop(scalars, draft.body, outer or {}).statements
    residual, slope = (statement.value for statement in statements if isinstance(statement, Store))
    return replace(
        draft.statement,
        low=low,
        high=high,
        start=start,
        body=tuple(statement for statement in statements if isinstance(statement, Let | Root | Invoke)),
        residual=residual,
        slope=slope,
    )


def written_rows(scalars: Scalars, draft: Draft) -> Rows:
    """Return a pass over the samples; its term and its residual are the last that it computes of each."""
    assert isinstance(draft.statement, Rows)
    statements = _Loop(scalars, draft.body, {}).statements
    sums = iter([statement.value for statement in statements if isinstance(statement, Store)])
    return replace(
        draft.statement,
        body=tuple(statement for statement in statements if isinstance(statement, Let)),
        term=None if draft.statement.term is None else next(sums),
        residual=None if draft.statement.residual is None else next(sums),
    )


class _Loop:
    """The statements of one loop, in order; `names` are those of the nodes that have one already."""

    def __init__(self, scalars: Scalars, drafts: tuple[Draft, ...], names: dict[int, Name]) -> None:
        self.scalars, self.graph = scalars, scalars.graph
        self.names = names.copy()
        self.given: dict[int, Name] = {}
        self.uses: Counter[int] = Counter()
        self.statements: list[Statement] = []
        self.guard: Tree | None = None  # holds where the expression in hand may be computed
        for draft in drafts:
            if isinstance(draft.statement, Let) and draft.node is not None and self.graph.is_varying[draft.node]:
                self.given.setdefault(draft.node, Name(draft.statement.name))
            nodes = draft.bounds if draft.node is None or isinstance(draft.statement, Reduce) else (draft.node,)
            for node in nodes:
                scalars.count(node, self.uses, inside=True)
        self.taken: list[str] = []
        for draft in drafts:
            self.write(draft)
        scalars.namer.taken.difference_update(self.taken)  # the next loop may have the same names
        scalars.released.update(self.taken)

    def write(self, draft: Draft) -> None:
        """Append a statement."""
        match draft.statement:
            case Reduce():
                self.statements.append(written_sum(self.scalars, draft, self.outer()))
            case Root():
                self.statements.append(written_root(self.scalars, draft, self.part, self.outer()))
            case Invoke() as invoke:
                self.statements.append(replace(invoke, arguments=tuple(map(self.part, draft.bounds))))
            case Best() as best:
                v, step = map(self.part, draft.bounds)
                self.statements.append(replace(best, v=v, step=step))
            case Let():
                self.let(draft)
            case Store() as store:
                assert draft.node is not None
                self.statements.append(replace(store, value=self.built(draft.node, at_root=True)))

    def outer(self) -> dict[int, Name]:
        """Return the names of values that a loop inside this one may use: not those of temporaries."""
        return {node: name for node, name in self.names.items() if self.given.get(node) == name}

    def let(self, draft: Draft) -> None:
        """Compute a value that has a name, unless that is done already or it is another name's."""
        node = draft.node
        assert node is not None
        if not self.graph.is_varying[node]:
            self.scalars.let(draft)
        elif node not in self.names and (not self.graph.is_leaf(node) or self.graph.operations[node][0] == "item"):
            self.name(node, self.given[node])

    def name(self, node: int, given: Name | None) -> Name:
        """Compute a node here, under the name that is given, or as a temporary."""
        value = self.built(node)
        if self.guard is not None and self.scalars.reads_neighbours(node):
            value = Call("where", (self.guard, value, Number(Fraction(0))))
        if given is None:
            given = Name(self.scalars.namer.temporary())
            self.taken.append(given.name)
        self.names[node] = given
        self.statements.append(Let(name=given.name, value=value))
        return given

    def part(self, node: int) -> Tree:
        """Return a node as an operand."""
        if node in self.names:
            return self.names[node]
        if not self.graph.is_varying[node]:
            return self.scalars.scalar(node)
        if self.uses[node] > 1 and self.can_be_named(node):
            return self.named(node)
        return self.built(node)

    def named(self, node: int) -> Tree:
        """Return the name of a node, computed here if it has none yet."""
        if node in self.names:
            return self.names[node]
        if not self.graph.is_varying[node] or not self.can_be_named(node):
            return self.part(node)
        # Under a guard the value is another one than its name's.
        return self.name(node, self.given.get(node) if self.guard is None else None)

    def built(self, node: int, *, at_root: bool = False) -> Tree:
        """Return a node's expression over names and leaves."""
        if node in self.names:
            return self.names[node]
        if not self.graph.is_varying[node]:
            return self.scalars.scalar(node)
        if at_root and self.uses[node] > 1 and self.can_be_named(node):
            return self.named(node)
        if self.graph.operations[node] == ("call", "where"):
            return self.choice(node)
        return self.graph.tree(node, fitted(self.graph.operands[node], self.part, self.named))

    def choice(self, node: int) -> Tree:
        """Return a `where`; a branch that calls a function is computed before, so that the choice is a plain select."""
        condition, *branches = self.graph.operands[node]
        if self.scalars.asks_range(condition):
            return self.guarded(node)
        parts = [self.named(branch) if self.calls(branch) else self.part(branch) for branch in branches]
        operands = (self.part(condition), *parts)
        if sum(map(length, operands)) > LONGEST:
            operands = (operands[0], *(self.named(branch) for branch in branches))
        return Call("where", operands)

    def guarded(self, node: int) -> Tree:
        """Return a `where` whose first branch may be computed only where its neighbours exist."""
        condition, then, otherwise = self.graph.operands[node]
        outer, before = self.guard, self.names.copy()
        asked = self.part(condition)
        self.guard = asked if outer is None else Logic("and", (outer, asked))
        first = self.part(then)
        self.guard = outer
        self.names = {n: name for n, name in self.names.items() if n in before or not self.scalars.reads_neighbours(n)}
        return Call("where", (asked, first, self.part(otherwise)))

    def calls(self, node: int) -> bool:
        """Does a node that has no name yet call a function of math.h?"""
        return node not in self.names and self.graph.is_varying[node] and self.scalars.calls(node)

    def can_be_named(self, node: int) -> bool:
        """Is it neither a leaf nor a condition?"""
        return not self.graph.is_leaf(node) and not self.graph.is_condition(node)
