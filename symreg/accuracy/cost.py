"""Number the nodes of many trees so that equal ones share a number: what is known of one is known of all."""

from __future__ import annotations

from symreg.expressions.arithmetic import numeric
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree, children

_DIVISION, _POWER, _FUNCTION = 4.0, 40.0, 18.0  # additions that each takes, roughly
_SCALAR = 0.1  # an operation on scalars is done once, for all weights


class Interner:
    """Numbers for trees, and what a node of that number costs at each weight."""

    def __init__(self) -> None:
        self.varies: list[bool] = []
        self._by_identity: dict[int, tuple[Tree, int]] = {}
        self._by_shape: dict[tuple[object, ...], int] = {}
        self._below: list[tuple[int, ...]] = []
        self._prices: list[float] = []

    def number(self, tree: Tree) -> int:
        """Return the tree's number; equal trees have one."""
        found = self._by_identity.get(id(tree))
        if found is not None:
            return found[1]
        below = tuple(self.number(child) for child in children(tree))
        shape = (type(tree), _label(tree), *below)
        number = self._by_shape.get(shape)
        if number is None:
            number = self._by_shape[shape] = len(self._below)
            self._below.append(below)
            self.varies.append(tree == Name("w") or any(self.varies[k] for k in below))
            self._prices.append(self._price(tree, below))
        self._by_identity[id(tree)] = (tree, number)  # the tree is kept, so that its id stays its own
        return number

    def cost(self, tree: Tree) -> float:
        """Return what the tree costs at each weight; what stands in it twice is computed once."""
        seen: set[int] = set()
        stack = [self.number(tree)]
        while stack:
            number = stack.pop()
            if number not in seen:
                seen.add(number)
                stack.extend(self._below[number])
        return round(sum(self._prices[number] for number in sorted(seen)), 3)

    def size(self, tree: Tree) -> int:
        """Return the number of distinct nodes."""
        seen: set[int] = set()
        stack = [self.number(tree)]
        while stack:
            number = stack.pop()
            if number not in seen:
                seen.add(number)
                stack.extend(self._below[number])
        return len(seen)

    def _price(self, tree: Tree, below: tuple[int, ...]) -> float:
        if isinstance(tree, Number | Name | Constant):
            return 0.0
        if not any(self.varies[k] for k in below):
            return _SCALAR
        match tree:
            case Negate():
                return 0.3
            case Binary("/", _, _):
                return _DIVISION if self.varies[below[1]] else 1.0
            case Binary("**", _, exponent):
                value = numeric(exponent)
                if value is None or (2 * value).denominator != 1:
                    return _POWER
                whole = abs(int(value))
                products = max(0, whole.bit_length() + whole.bit_count() - 2)
                return products + (0.0 if value.denominator == 1 else FUNCTIONS["sqrt"].price)
            case Call(function, _):
                return FUNCTIONS[function].price if function in FUNCTIONS else _FUNCTION
            case _:
                return 1.0


def _label(tree: Tree) -> object:
    match tree:
        case Number(value):
            return value
        case Name(text) | Constant(text) | Call(text, _) | Binary(text, _, _) | Compare(text, _, _) | Logic(text, _):
            return text
        case _:
            return None
