"""The expression tree: what the parser makes, what everything else takes. Nodes hold no position and no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational literal; the parser makes nonnegative ones, `Negate` holds the sign."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Constant:
    """`pi`; symreg itself also makes `inf` and `nan`, which no user can write."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """The bare weights `w`, their number `n`, a parameter, or in a rule `g`, `t`, a state, ...; never an index."""

    name: str


@dataclass(frozen=True, slots=True)
class Subscript:
    """An index and a constant shift: `i`, `i + 1`, `i - 2`."""

    index: str
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One element of an array: `w[i + 1]`, `A[i, j]`."""

    array: str
    subscripts: tuple[Subscript, ...]


@dataclass(frozen=True, slots=True)
class Negate:
    """`-operand`."""

    operand: Tree


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right` with `+ - * / **`."""

    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right` with `< <= > >= ==`; a condition."""

    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or` (two or more operands) and `not` (one) of conditions."""

    operator: str
    operands: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language; `where(condition, then, otherwise)`, `norm(w)`, `min` and `max` (two or more) too."""

    function: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """`sum(body, index)`: over every index from 0 on for which all subscripts of the body are in range."""

    body: Tree
    index: str


Tree = Number | Constant | Name | Item | Negate | Binary | Compare | Logic | Call | Sum


def children(tree: Tree) -> tuple[Tree, ...]:
    """Return the operands of a node, in the order in which they are written."""
    match tree:
        case Negate(operand):
            return (operand,)
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Logic(_, operands):
            return operands
        case Call(_, arguments):
            return arguments
        case Sum(body, _):
            return (body,)
        case _:
            return ()


def rebuild(tree: Tree, operands: tuple[Tree, ...]) -> Tree:
    """Return the same node over other operands (as many as `children` gives)."""
    match tree:
        case Negate():
            return Negate(*operands)
        case Binary(operator):
            return Binary(operator, *operands)
        case Compare(operator):
            return Compare(operator, *operands)
        case Logic(operator):
            return Logic(operator, operands)
        case Call(function):
            return Call(function, operands)
        case Sum(_, index):
            return Sum(operands[0], index)
        case _:
            return tree


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield every node, parents before children, left to right."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def transform(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """Return the tree with `change` applied to every node, children first."""
    below = children(tree)
    if not below:
        return change(tree)
    made = tuple(transform(child, change) for child in below)
    same = all(a is b for a, b in zip(made, below, strict=True))
    return change(tree if same else rebuild(tree, made))


def substitute(tree: Tree, values: dict[Tree, Tree]) -> Tree:
    """Return the tree with each node that is a key replaced by its value; what was put in is not searched again."""
    if tree in values:
        return values[tree]
    below = children(tree)
    made = tuple(substitute(child, values) for child in below)
    return tree if all(a is b for a, b in zip(made, below, strict=True)) else rebuild(tree, made)


def names(tree: Tree) -> frozenset[str]:
    """Return the free scalar and bare-array names of a tree (`Name` nodes), without arrays only subscripted."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, Name))


def arrays(tree: Tree) -> frozenset[str]:
    """Return the names of the arrays that are subscripted in the tree."""
    return frozenset(node.array for node in walk(tree) if isinstance(node, Item))


def free_indices(tree: Tree) -> frozenset[str]:
    """Return the indices that subscript something in the tree and are not bound by a `Sum` in it."""
    match tree:
        case Item(_, subscripts):
            return frozenset(s.index for s in subscripts)
        case Sum(body, index):
            return free_indices(body) - {index}
        case _:
            return frozenset().union(*(free_indices(child) for child in children(tree)))


def is_elementwise(tree: Tree) -> bool:
    """Is the tree a function of the bare `w` (or of no weight at all), with no index, sum or norm in it?"""
    return not any(isinstance(n, Item | Sum) or (isinstance(n, Call) and n.function == "norm") for n in walk(tree))


def number(value: int | Fraction) -> Tree:
    """Return a literal; a negative one as `Negate` of a `Number`, as the parser would."""
    exact = Fraction(value)
    return Number(exact) if exact >= 0 else Negate(Number(-exact))
