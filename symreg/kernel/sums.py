"""Sums become loops: each stands in the outermost loop that has the indices it needs, so that it is computed once."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from symreg.errors import Intractable
from symreg.expressions.tree import Call, Item, Name, Subscript, Sum, Tree, children, free_indices, rebuild, walk
from symreg.kernel.ir import Let, Map, Reduce, Stage, Statement, Store
from symreg.kernel.names import Namer
from symreg.kernel.nan import Known, with_nan


@dataclass(slots=True)
class _Scope:
    """A loop's statements before the one in hand, and the sums that they compute; `index` is None before all loops."""

    index: str | None
    statements: list[Stage] | list[Statement] | list[Let | Reduce]
    low: int = 0
    high: int = 0
    made: dict[Tree, Name] = field(default_factory=dict)


class Placing:
    """The stages of a function under construction, with the names of its sums and buffers."""

    def __init__(self, namer: Namer, nonzero: Set[str], parameters: tuple[str, ...]) -> None:
        self.namer, self.nonzero, self.parameters = namer, nonzero, parameters
        self.stages: list[Stage] = []
        self.sums: dict[str, Set[str]] = {}
        self.buffers: list[str] = []
        self._outside = _Scope(None, self.stages)
        self._filled: dict[tuple[Tree, int, int], str] = {}

    def placed(self, tree: Tree, *, index: str | None = None, body: list[Statement] | None = None) -> Tree:
        """Return a tree with the names of its sums in their place.

        Args:
            tree: In index notation.
            index: Of the loop that the tree stands in, if it stands in one.
            body: Of that loop: receives the sums that are other ones for each index.
        """
        scopes = [self._outside]
        if index is not None and body is not None:
            scopes.append(_Scope(index, body))
        return self._placed(tree, scopes)

    def with_nan(self, tree: Tree, *, arrays: Set[str] | None = None, values: Set[str] = frozenset()) -> Tree:
        """Return a placed tree in a form that is NaN wherever one of its inputs is; `values` are inputs by name."""
        return with_nan(tree, Known(sums=self.sums, values=values, nonzero=self.nonzero, arrays=arrays))

    def buffer(self) -> str:
        """Return the name of a new scratch array."""
        self.buffers.append(self.namer.fresh("work" if not self.buffers else "b"))
        return self.buffers[-1]

    def _placed(self, tree: Tree, scopes: list[_Scope]) -> Tree:
        match tree:
            case Sum():
                return self._reduced(tree, tree, scopes)
            case Call("greatest", (Sum() as terms,)):
                return self._reduced(tree, terms, scopes)
        below = children(tree)
        return rebuild(tree, tuple(self._placed(child, scopes) for child in below)) if below else tree

    def _reduced(self, whole: Tree, tree: Sum, scopes: list[_Scope]) -> Tree:
        """Return the name of a sum, or of the greatest of its terms, which `whole` then is."""
        free = free_indices(tree)
        depth = max((d for d, scope in enumerate(scopes) if scope.index in free), default=0)
        if depth > 1 and len(free) == 1:
            return self._filled_item(whole, scopes[depth])
        target = scopes[depth]
        if whole not in target.made:
            low, high, is_guarded = _range(tree)
            statements: list[Let | Reduce] = []
            inner = _Scope(tree.index, statements, low, high)
            term = self.with_nan(self._placed(tree.body, [*scopes[: depth + 1], inner]))
            name = self.namer.fresh("s")
            if whole == tree:
                self.sums[name] = _whole(term, tree.index) if low == high == 0 and not is_guarded else frozenset()
            target.statements.append(
                Reduce(
                    name=name,
                    index=tree.index,
                    low=low,
                    high=high,
                    body=tuple(statements),
                    term=term,
                    is_guarded=is_guarded,
                    is_greatest=whole != tree,
                )
            )
            target.made[whole] = Name(name)
        return target.made[whole]

    def _filled_item(self, tree: Tree, scope: _Scope) -> Tree:
        """Return the element of a buffer that holds a sum for each index of an inner loop, filled before all loops."""
        assert scope.index is not None
        key = (tree, scope.low, scope.high)
        if key not in self._filled:
            body: list[Statement] = []
            value = self._placed(tree, [self._outside, _Scope(scope.index, body)])
            self._filled[key] = self.buffer()
            body.append(Store(array=self._filled[key], value=value))
            self.stages.append(Map(index=scope.index, body=tuple(body), low=scope.low, high=scope.high))
        return Item(self._filled[key], (Subscript(scope.index),))


def _range(tree: Sum) -> tuple[int, int, bool]:
    """Return where a sum's index starts, how many indices are left out at the end, and whether guards are on it."""
    shifts, guarded = set(_shifts(tree.body, tree.index, frozenset())), _guards(tree.body, tree.index)
    if not shifts:
        raise Intractable(f"the index '{tree.index}' of a sum subscripts only what may be out of range")
    return max(0, -min(shifts)), max(shifts), guarded


def _whole(term: Tree, index: str) -> frozenset[str]:
    """Return the arrays every element of which is in a sum over all indices."""
    return frozenset(n.array for n in walk(term) if isinstance(n, Item) and n.subscripts == (Subscript(index),))


def _shifts(tree: Tree, index: str, guarded: frozenset[Tree]) -> Iterator[int]:
    """Yield the index's shifts in a tree, without the items that an `in_range` guards."""
    match tree:
        case Item(_, subscripts):
            if tree not in guarded:
                yield from (s.shift for s in subscripts if s.index == index)
        case Call("where", (condition, then, otherwise)):
            known = guarded | frozenset(guards(condition))
            for part in (condition, then, otherwise):
                yield from _shifts(part, index, known)
        case _:
            for child in children(tree):
                yield from _shifts(child, index, guarded)


def _guards(tree: Tree, index: str) -> bool:
    return any(subscript.index == index for item in guards(tree) for subscript in item.subscripts)


def guards(tree: Tree) -> Iterator[Item]:
    """Yield the items that a tree asks about whether they are in range."""
    match tree:
        case Call("in_range", (Item() as item,)):
            yield item
        case _:
            for child in children(tree):
                yield from guards(child)
