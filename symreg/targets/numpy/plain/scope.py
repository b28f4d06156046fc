"""Expressions of whole arrays: each loop of the kernel is an axis, and an element is an array along its axes.

A kernel's `w[j + 1]` is `w[1:]` where the loop stops before the last j, and is looked up with `np.take` where a
condition says whether it exists. Of two loops, the inner one is the last axis: `A[j, k]` is `A`, `w[k]` is `w`, `w[j]`
is `w[:, None]`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from symreg.expressions.tree import Binary, Call, Compare, Item, Logic, Name, Negate, Subscript, Tree, transform, walk
from symreg.kernel.ir import Routine
from symreg.kernel.names import Namer
from symreg.targets.infix import Notation, infix, shifted
from symreg.targets.numpy.expressions import NAMES, for_arrays, number
from symreg.targets.numpy.layout import LONGEST_LINE

Axes = frozenset[int]
"""Which of the loops around, counted from the outermost, a value is another one for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop of the kernel.

    Args:
        index: As the kernel calls it.
        low: Its first value.
        high: How many of its values are left out at the end.
        places: The name of the array of its values; "" where no condition asks for it.
    """

    index: str
    low: int = 0
    high: int = 0
    places: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is known at one place of a function while it is printed.

    Args:
        namer: Hands out names that are free in the function.
        routines: Names of the module's routines.
        given: What `gradient` and `prox` are given by keyword.
        loops: Those around, outermost first.
        axes: Of each name, those that its value varies along.
        parts: Of an array that holds some places alone: its first, and how many are left out at the end.
        now: What elements of an array are called that were assigned while neighbours are those from before.
        neighbours: Names of elements at a shifted index, by the array and their places.
        lines: What has been printed.
        indent: How far in the lines stand.
    """

    namer: Namer
    routines: dict[Routine, str]
    given: tuple[str, ...] = ()
    loops: tuple[Loop, ...] = ()
    axes: dict[str, Axes] = field(default_factory=dict)
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)
    neighbours: dict[tuple[str, str], str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    indent: int = 4

    def inside(self, loop: Loop) -> Scope:
        """Return the scope in a loop."""
        return replace(self, loops=(*self.loops, loop))

    def within(self, lines: list[str]) -> Scope:
        """Return the scope in a function defined here, whose lines are kept apart."""
        return replace(self, lines=lines, indent=self.indent + 4)

    def assign(self, name: str, tree: Tree) -> None:
        """Print an assignment; what is too long for a line gets names for its parts before."""
        self.lines.append(f"{name} = {self.fitting(tree, len(name) + 3)}")
        self.axes[name] = self.axes_of(tree)

    def fitting(self, tree: Tree, used: int) -> str:
        """Return an expression that fits into a line of which some characters are used; parts of it may get names."""
        text = self.text(tree)
        while self.indent + used + len(text) > LONGEST_LINE:
            parts = [node for node in walk(tree) if node != tree and isinstance(node, Binary | Call | Negate)]
            parts = [part for part in parts if not _asks(part)]
            if not parts:
                break
            longest = max(parts, key=lambda part: len(self.text(part)))
            name = self.namer.fresh("part")
            self.assign(name, longest)
            tree = _put(tree, longest, Name(name))
            text = self.text(tree)
        return text

    def text(self, tree: Tree) -> str:
        """Return an expression on one line."""
        tree = transform(tree, _nan_first)
        if self.loops:
            tree = transform(transform(transform(tree, _asked_apart), _both), for_arrays)
        return self._printed(transform(tree, self._called))

    def _called(self, node: Tree) -> Tree:
        """Return a call of the module's `prox` as it is written, in place of a name."""
        match node:
            case Call("point", (v, step)):
                given = "".join(f", {name}={name}" for name in self.given)
                return Name(f"prox({self._printed(v)}, step={self._printed(step)}{given})")
            case _:
                return node

    def _printed(self, tree: Tree) -> str:
        return infix(
            tree,
            Notation(
                literal=number,
                constants={"pi": "np.pi", "inf": "np.inf", "nan": "np.nan", "reach": "1e150"},
                functions=NAMES,
                name=self._name,
                item=self._item,
                index=self._places,
                words={"and": "and", "or": "or", "not": "not "},
                choice="{1} if {0} else {2}",
                is_nan="np.isnan({})",
            ),
        )

    def axes_of(self, tree: Tree) -> Axes:
        """Return the loops for which an expression is another number."""
        found: set[int] = set()
        for node in walk(tree):
            match node:
                case Name(name):
                    found |= self.axes.get(name, frozenset())
                case Item(_, subscripts):
                    found |= {self._axis(subscript) for subscript in subscripts}
        return frozenset(found)

    def _axis(self, subscript: Subscript) -> int:
        return next(k for k, loop in enumerate(self.loops) if loop.index == subscript.index)

    def _name(self, name: str) -> str:
        axes = self.axes.get(name, frozenset())
        return f"{name}{_new_axes(len(self.loops) - 1 - max(axes))}" if axes else name

    def _places(self, index: str) -> str:
        (place,) = (k for k, loop in enumerate(self.loops) if loop.index == index)
        return f"{self.loops[place].places}{_new_axes(len(self.loops) - 1 - place)}"

    def _item(self, item: Item) -> str:
        is_there = not any(subscript.shift for subscript in item.subscripts)
        name = self.now.get(item.array, item.array) if is_there else item.array
        axes = [self._axis(subscript) for subscript in item.subscripts]
        subscripts = list(item.subscripts)
        if len(axes) == 2 and axes[0] > axes[1]:
            name, axes, subscripts = f"{name}.T", axes[::-1], subscripts[::-1]
        elif len(axes) == 2 and axes[0] == axes[1]:
            name, axes, subscripts = f"np.diagonal({name})", axes[:1], subscripts[:1]
        slices: list[str] = []
        for dimension, (axis, subscript) in enumerate(zip(axes, subscripts, strict=True)):
            loop = self.loops[axis]
            if loop.places and (subscript.shift or loop.low or loop.high):
                name = self._neighbour(name, shifted(loop.places, subscript.shift), dimension, subscript.shift)
                slices.append(":")
            else:
                slices.append(_slice(loop, subscript.shift, self.parts.get(item.array, (0, 0))))
        return f"{name}{_indexed(slices, axes, len(self.loops))}"

    def _neighbour(self, array: str, place: str, dimension: int, shift: int) -> str:
        """Return the name of the elements at some places, those beyond the ends standing for what is not there."""
        if (array, place) not in self.neighbours:
            name = self.namer.fresh(f"{array.removesuffix('.T')}_{'m' if shift < 0 else 'p'}{abs(shift)}")
            along = f", {dimension}" if dimension else ""
            self.lines.append(f'{name} = np.take({array}, {place}{along}, mode="clip")')
            self.neighbours[array, place] = name
        return self.neighbours[array, place]


def _slice(loop: Loop, shift: int, part: tuple[int, int]) -> str:
    """Return which of an array's elements a loop goes over."""
    first, left_out = loop.low + shift - part[0], loop.high - shift - part[1]
    return f"{first or ''}:{-left_out or ''}"


def _indexed(slices: list[str], axes: list[int], count: int) -> str:
    """Return an index that puts an array's dimensions where the axes are; those before are there by themselves."""
    places = ["None"] * (count - axes[0])
    for axis, text in zip(axes, slices, strict=True):
        places[axis - axes[0]] = text
    if all(place == ":" for place in places):
        return ""
    return f"[{', '.join(places)}]"


def _new_axes(count: int) -> str:
    return f"[..., {', '.join(['None'] * count)}]" if count else ""


def _asked_apart(node: Tree) -> Tree:
    """Return whether several subscripts of an element are in range as a condition on each of them."""
    match node:
        case Call("in_range", (Item(array, subscripts),)) if sum(bool(s.shift) for s in subscripts) > 1:
            asked = (Call("in_range", (Item(array, (subscript,)),)) for subscript in subscripts if subscript.shift)
            return Logic("and", tuple(asked))
        case _:
            return node


def _both(node: Tree) -> Tree:
    """Return a choice in a choice, with the same alternative, as one."""
    match node:
        case Call("where", (condition, Call("where", (further, then, other)), otherwise)) if other == otherwise:
            return Call("where", (Logic("and", (condition, further)), then, otherwise))
        case _:
            return node


def _nan_first(node: Tree) -> Tree:
    """Return a choice for what equals itself as one for NaN."""
    match node:
        case Call("where", (Compare("==", left, right) as condition, then, otherwise)) if left == right:
            return Call("where", (Logic("not", (condition,)), otherwise, then))
        case _:
            return node


def _asks(tree: Tree) -> bool:
    """Is it a condition on whether an element exists?"""
    return isinstance(tree, Call) and tree.function == "in_range"


def _put(tree: Tree, part: Tree, name: Name) -> Tree:
    return transform(tree, lambda node: name if node == part else node)
