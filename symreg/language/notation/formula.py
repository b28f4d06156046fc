"""A formula as it was understood: a tree whose nodes know where they were typed, and its text in the language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

NodeKind = Literal[
    "number", "name", "item", "negate", "binary", "compare", "logic", "call", "sum", "norm", "total", "transposed",
    "keyword", "kept",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscript:
    """An index and a constant shift; see `expressions.tree`."""

    index: str
    shift: int = 0

    def __str__(self) -> str:
        return f"{self.index}{self.shift:+d}" if self.shift else self.index


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a formula.

    Args:
        kind: `number`; `name` (with the letter that it begins with, where it has a subscript: lam of lam1); `item` (an
            array with subscripts); `negate`, `binary`, `compare`, `logic` and `call` as in the language; `sum` (over
            the index in `text`); `norm` (of the first part; the second, if there is one, is its order); `total` (of the
            part, over all weights); `transposed`; `keyword` (an argument with a name); `kept` (as it was typed).
        text: The number, name, operator, function or index.
        parts: Operands.
        subscripts: Of an item.
        letter: Of a name with a subscript, the name without it.
        is_bold: Was a name printed bold?
        start: Where it begins in what was typed; two nodes that differ in their places only are equal.
        end: Where it ends.
    """

    kind: NodeKind
    text: str = ""
    parts: tuple[Node, ...] = ()
    subscripts: tuple[Subscript, ...] = ()
    letter: str = field(default="", compare=False)
    is_bold: bool = field(default=False, compare=False)
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def walk(self) -> Iterator[Node]:
        """Yield the node and all below it, parents first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.parts))

    def changed(self, change: Callable[[Node], Node]) -> Node:
        """Return the node with `change` applied to every node, children first."""
        parts = tuple(part.changed(change) for part in self.parts)
        return change(self if parts == self.parts else replace(self, parts=parts))

    def over(self, *parts: Node) -> Node:
        """Return the same node over other parts."""
        return replace(self, parts=parts)

    def names(self) -> frozenset[str]:
        """Return every name and array in it."""
        return frozenset(node.text for node in self.walk() if node.kind in ("name", "item"))


def number(value: int | str, at: Node) -> Node:
    """Return a number that stands where another node does."""
    return Node(kind="number", text=str(value), start=at.start, end=at.end)


def name(text: str, at: Node) -> Node:
    """Return a name that stands where another node does."""
    return Node(kind="name", text=text, start=at.start, end=at.end)


def binary(operator: str, left: Node, right: Node) -> Node:
    """Return `left operator right`."""
    return Node(kind="binary", text=operator, parts=(left, right), start=left.start, end=right.end)


def call(function: str, *arguments: Node, at: Node) -> Node:
    """Return a function's call that stands where another node does."""
    return Node(kind="call", text=function, parts=arguments, start=at.start, end=at.end)


class Piece(NamedTuple):
    """A text of the language and where what it stands for was typed."""

    text: str
    at: int


_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 10)
_LEVELS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}


def printed(node: Node, least: int = 0) -> list[Piece]:
    """Return the text of a formula that holds nothing but what the language has, in brackets below a precedence."""
    pieces, level = _parts(node)
    return [Piece("(", node.start), *pieces, Piece(")", max(node.end - 1, 0))] if level < least else pieces


def _parts(node: Node) -> tuple[list[Piece], int]:
    at = node.start
    match node.kind, node.parts:
        case "number" | "name" | "kept", _:
            return [Piece(node.text, at)], _ATOM
        case "item", _:
            return [Piece(f"{node.text}[{', '.join(map(str, node.subscripts))}]", at)], _ATOM
        case "negate", (operand,):
            return [Piece("-", at), *printed(operand, _SIGN)], _SIGN
        case "binary", (base, exponent) if node.text == "**":
            return [*printed(base, _ATOM), Piece("**", base.end), *printed(exponent, _SIGN)], _POWER
        case "binary", (left, right):
            level = _LEVELS[node.text]
            spaced = f" {node.text} " if level == _SUM else node.text
            return [*printed(left, level), Piece(spaced, left.end), *printed(right, level + 1)], level
        case "compare", (left, right):
            sign = Piece(f" {node.text} ", left.end)
            return [*printed(left, _SUM), sign, *printed(right, _SUM)], _COMPARISON
        case "logic", (operand,):
            return [Piece("not ", at), *printed(operand, _NOT)], _NOT
        case "logic", operands:
            level = _AND if node.text == "and" else _OR
            return _joined(f" {node.text} ", operands, level + 1), level
        case "sum", (body,):
            return [Piece("sum(", at), *printed(body), Piece(f", {node.text})", body.end)], _ATOM
        case "norm", (argument, *_):
            return [Piece("norm(", at), *printed(argument), Piece(")", argument.end)], _ATOM
        case _, arguments:
            return [Piece(f"{node.text}(", at), *_joined(", ", arguments, 0), Piece(")", node.end)], _ATOM


def _joined(between: str, nodes: tuple[Node, ...], least: int) -> list[Piece]:
    pieces: list[Piece] = []
    for node in nodes:
        pieces += [*([Piece(between, node.start)] if pieces else []), *printed(node, least)]
    return pieces
