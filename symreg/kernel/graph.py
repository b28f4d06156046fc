"""Trees as a graph in which equal subtrees are one node: what is shared is seen, and nothing grows by being copied.

On the way in, expressions become the operations that targets have: powers become products and roots, `softplus` and the
like a form that does not overflow, and numbers are folded exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction
from typing import Any

from symreg.expressions.formulas import ARGUMENTS, emitted
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Logic,
    Name,
    Negate,
    Number,
    Tree,
    children,
    number,
    rebuild,
)

Operation = tuple[Any, ...]
"""What a node does: a kind, then what tells it from others of the kind."""

_LEAVES = ("number", "constant", "name", "item")
LARGEST_FOLD = 2**1000  # an exact numerator or denominator beyond it would be no literal


class Graph:
    """Nodes by number, each an operation on nodes of lower numbers."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.operands: list[tuple[int, ...]] = []
        self.is_varying: list[bool] = []
        self._numbers: dict[tuple[Operation, tuple[int, ...]], int] = {}

    def add(self, tree: Tree, varying: Set[str], versions: Mapping[str, int], known: Mapping[str, int]) -> int:
        """Return the node of a tree.

        Args:
            tree: Without sums.
            varying: The names that stand for something else in each round of a loop.
            versions: How often each array has been written so far; an element read before a write is another one.
            known: The nodes that names stand for.
        """
        seen: dict[int, int] = {}

        def visit(node: Tree) -> int:
            if id(node) not in seen:
                match node:
                    case Number(value):
                        node_of_tree = self._make(("number", value))
                    case Constant(name):
                        node_of_tree = self._make(("constant", name))
                    case Name(name) if name in known:
                        node_of_tree = known[name]
                    case Name(name):
                        node_of_tree = self._make(("name", name, name in varying))
                    case Item(array):
                        node_of_tree = self._make(("item", node, versions.get(array, 0)))
                    case Call("in_range", (item,)):
                        node_of_tree = self._make(("in_range", item))
                    case _:
                        node_of_tree = self._make(_operation(node), *(visit(child) for child in children(node)))
                seen[id(node)] = node_of_tree
            return seen[id(node)]

        return visit(tree)

    def is_leaf(self, node: int) -> bool:
        """Is it a number, a name or an element?"""
        return self.operations[node][0] in _LEAVES

    def is_condition(self, node: int) -> bool:
        """Is it true or false?"""
        return self.operations[node][0] in ("compare", "logic", "in_range")

    def tree(self, node: int, operands: tuple[Tree, ...]) -> Tree:
        """Return a node as a tree over other operands."""
        match self.operations[node]:
            case ("number", value):
                return number(value)
            case ("constant", name):
                return Constant(name)
            case ("name", name, _):
                return Name(name)
            case ("item", item, _):
                tree: Tree = item
                return tree
            case ("in_range", item):
                return Call("in_range", (item,))
            case ("negate",):
                return Negate(*operands)
            case ("binary", operator):
                return Binary(operator, *operands)
            case ("compare", operator):
                return Compare(operator, *operands)
            case ("logic", operator):
                return Logic(operator, operands)
            case (_, function):
                return Call(function, operands)
        raise AssertionError(self.operations[node])

    def _make(self, operation: Operation, *operands: int) -> int:
        simpler = self._simplified(operation, operands)
        if simpler is not None:
            return simpler
        key = (operation, operands)
        if key not in self._numbers:
            self._numbers[key] = len(self.operations)
            self.operations.append(operation)
            self.operands.append(operands)
            varies = operation[0] in ("item", "in_range") or (operation[0] == "name" and operation[2])
            self.is_varying.append(varies or any(self.is_varying[operand] for operand in operands))
        return self._numbers[key]

    def _simplified(self, operation: Operation, operands: tuple[int, ...]) -> int | None:
        """Return the node that an operation comes to, if that is another one; nothing here costs accuracy."""
        match operation:
            case ("negate",):
                value = self._value(operands[0])
                if value is not None:
                    return self._make(("number", -value))
                return self.operands[operands[0]][0] if self.operations[operands[0]] == ("negate",) else None
            case ("binary", "**"):
                return self._power(*operands)
            case ("binary", operator):
                folded = self._folded(operator, *operands)
                return self._plain(operator, *operands) if folded is None else folded
            case ("call", function) if (spelled := emitted(function)) is not None:
                return self._spelled(spelled, operands)
            case ("call", "min" | "max" as function) if len(operands) > 2:
                return self._call(function, self._call(function, *operands[:-1]), operands[-1])
            case _:
                return None

    def _spelled(self, tree: Tree, arguments: tuple[int, ...]) -> int:
        """Return a formula of the table of functions at the function's arguments."""
        match tree:
            case Name(name):
                return arguments[ARGUMENTS.index(name)]
            case Number(value):
                return self._make(("number", value))
            case Constant(name):
                return self._make(("constant", name))
        return self._make(_operation(tree), *(self._spelled(child, arguments) for child in children(tree)))

    def _folded(self, operator: str, left: int, right: int) -> int | None:
        a, b = self._value(left), self._value(right)
        if a is None or b is None or (operator == "/" and b == 0):
            return None
        exact = {"+": a + b, "-": a - b, "*": a * b, "/": a / (b or 1)}[operator]
        small = abs(exact.numerator) < LARGEST_FOLD and exact.denominator < LARGEST_FOLD
        return self._make(("number", exact)) if small else None

    def _plain(self, operator: str, left: int, right: int) -> int | None:
        """Drop what does nothing, and write a sign as a difference, a division by a power of two as a product."""
        a, b = self._value(left), self._value(right)
        match operator:
            case "+" | "-" if b == 0:
                return left
            case "+" if a == 0:
                return right
            case "+" if self.operations[right] == ("negate",):
                return self._make(("binary", "-"), left, *self.operands[right])
            case "+" if self.operations[left] == ("negate",):
                return self._make(("binary", "-"), right, *self.operands[left])
            case "-" if self.operations[right] == ("negate",):
                return self._make(("binary", "+"), left, *self.operands[right])
            case "*" | "/" if b == 1:
                return left
            case "*" if a == 1:
                return right
            case "*" if a == -1:
                return self._make(("negate",), right)
            case "/" if b is not None and self.is_varying[left] and _is_power_of_two(b):
                return self._make(("binary", "*"), self._make(("number", 1 / b)), left)
            case _:
                return None

    def _power(self, base: int, exponent: int) -> int:
        """Return a power as products and a root where the exponent is a multiple of 1/2, else as a call of `pow`."""
        value = self._value(exponent)
        if value is None or (2 * value).denominator != 1 or abs(value) > 64:
            return self._call("pow", base, exponent)
        if value < 0:
            return self._make(("binary", "/"), self._one(), self._power(base, self._make(("number", -value))))
        whole = int(value)
        if value == whole:
            return self._product(base, whole)
        root = self._call("sqrt", base)
        return self._make(("binary", "*"), self._product(base, whole), root) if whole else root

    def _product(self, base: int, exponent: int) -> int:
        if exponent < 2:
            return base if exponent else self._one()
        half = self._product(base, exponent // 2)
        square = self._make(("binary", "*"), half, half)
        return self._make(("binary", "*"), square, base) if exponent % 2 else square

    def _call(self, function: str, *operands: int) -> int:
        return self._make(("call", function), *operands)

    def _one(self) -> int:
        return self._make(("number", Fraction(1)))

    def _value(self, node: int) -> Fraction | None:
        operation = self.operations[node]
        return operation[1] if operation[0] == "number" else None


def assume_in_range(tree: Tree) -> Tree:
    """Return the tree for indices all of whose neighbours are in range."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            truth = _assumed(condition)
            if truth is True:
                return assume_in_range(then)
            if truth is False:
                return assume_in_range(otherwise)
            return Call("where", (truth, assume_in_range(then), assume_in_range(otherwise)))
        case _:
            below = children(tree)
            return rebuild(tree, tuple(assume_in_range(child) for child in below)) if below else tree


def _assumed(condition: Tree) -> Tree | bool:
    """Return a condition under that assumption, or its truth if nothing else is in it."""
    match condition:
        case Call("in_range"):
            return True
        case Logic("not", (operand,)):
            inner = _assumed(operand)
            return not inner if isinstance(inner, bool) else Logic("not", (inner,))
        case Logic(operator, operands):
            decisive = operator == "or"
            parts = [_assumed(operand) for operand in operands]
            if decisive in parts:
                return decisive
            left = tuple(part for part in parts if not isinstance(part, bool))
            return (not decisive) if not left else left[0] if len(left) == 1 else Logic(operator, left)
        case _:
            return condition


def _operation(node: Tree) -> Operation:
    match node:
        case Negate():
            return ("negate",)
        case Binary(operator):
            return ("binary", operator)
        case Compare(operator):
            return ("compare", operator)
        case Logic(operator):
            return ("logic", operator)
        case Call(function):
            return ("call", function)
    raise AssertionError(node)


def _is_power_of_two(value: Fraction) -> bool:
    top, bottom = abs(value.numerator), value.denominator
    return top != 0 and top & (top - 1) == 0 and bottom & (bottom - 1) == 0 and max(top, bottom) < 2**100
