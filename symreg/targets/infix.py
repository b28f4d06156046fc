"""Print a kernel's expressions the way C and Python share: infix, no bracket that is not needed, spaces as a rule.

A `Notation` is a language's row: how it writes literals, names, calls and choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symreg.expressions.text import number_text
from symreg.expressions.tree import Binary, Call, Compare, Constant, Item, Logic, Name, Negate, Number, Subscript, Tree

_CHOICE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _ATOM = range(9)
_PRECEDENCE = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_LARGEST_EXACT = 2**24  # integers up to here are exact in single precision too


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How a language writes what an expression is made of.

    Args:
        literal: A nonnegative number that is a finite decimal.
        constants: `pi`, `inf` and `nan`.
        functions: Names of functions of one or two numbers, by ours.
        name: A scalar or a value named before.
        item: An element of an array.
        index: What an index is called.
        words: `and`, `or`, `not `.
        choice: Of condition, then, otherwise: `{0} ? {1} : {2}`.
        is_nan: A condition, of its operand.
    """

    literal: Callable[[Fraction], str]
    constants: Mapping[str, str]
    functions: Mapping[str, str]
    name: Callable[[str], str]
    item: Callable[[Item], str]
    index: Callable[[str], str]
    words: Mapping[str, str]
    choice: str
    is_nan: str


def infix(tree: Tree, notation: Notation) -> str:
    """Return an expression or a condition as text."""
    return _Printer(notation).print(tree, _CHOICE)


def is_nan_of(condition: Tree) -> Tree | None:
    """Return the x of `not x == x`, a test for NaN, or None where the condition is another one."""
    match condition:
        case Logic("not", (Compare("==", left, right),)) if left == right:
            return left
        case _:
            return None


def shifted(index: str, shift: int) -> str:
    """Return `j`, `j + 1`, `j - 2`."""
    return f"{index} {'+' if shift > 0 else '-'} {abs(shift)}" if shift else index


@dataclass(frozen=True, slots=True)
class _Printer:
    notation: Notation

    def print(self, tree: Tree, least: int) -> str:
        """Print a node, in brackets if it binds less tightly than `least`."""
        text, precedence = self.parts(tree)
        return f"({text})" if precedence < least else text

    def parts(self, tree: Tree) -> tuple[str, int]:
        use = self.notation
        match tree:
            case Number(value):
                return self.number(value)
            case Constant(name):
                return use.constants[name], _SIGN if use.constants[name].startswith("-") else _ATOM
            case Name(name):
                return use.name(name), _ATOM
            case Item():
                return use.item(tree), _ATOM
            case Negate(operand):
                return f"-{self.print(operand, _ATOM)}", _SIGN
            case Binary(operator, left, right):
                precedence = _PRECEDENCE[operator]
                return f"{self.print(left, precedence)} {operator} {self.print(right, precedence + 1)}", precedence
            case Compare(operator, left, right):
                return f"{self.print(left, _SUM)} {operator} {self.print(right, _SUM)}", _COMPARISON
            case Logic("not", (operand,)):
                x = is_nan_of(tree)
                if x is not None:
                    return use.is_nan.format(self.print(x, _CHOICE)), _ATOM
                return f"{use.words['not']}{self.print(operand, _ATOM)}", _NOT
            case Logic(operator, operands):
                # A mixture of `and` and `or` in brackets, whatever binds more tightly: compilers warn, and readers ask.
                return f" {use.words[operator]} ".join(self.print(o, _NOT) for o in operands), _OR
            case Call("where", (condition, Call("where", (further, then, other)), otherwise)) if other == otherwise:
                return self.parts(Call("where", (Logic("and", (condition, further)), then, otherwise)))
            case Call("where", (condition, then, otherwise)):
                parts = (self.print(condition, _OR), self.print(then, _OR), self.print(otherwise, _OR))
                return use.choice.format(*parts), _CHOICE
            case Call("in_range", (Item(_, subscripts),)):
                asked = [self.in_range(subscript) for subscript in subscripts if subscript.shift]
                return f" {use.words['and']} ".join(asked), _COMPARISON if len(asked) == 1 else _OR
            case Call(function, arguments):
                inside = ", ".join(self.print(argument, _CHOICE) for argument in arguments)
                return f"{use.functions[function]}({inside})", _ATOM
        raise AssertionError(tree)

    def in_range(self, subscript: Subscript) -> str:
        index = self.notation.index(subscript.index)
        return f"{index} >= {-subscript.shift}" if subscript.shift < 0 else f"{shifted(index, subscript.shift)} < n"

    def number(self, value: Fraction) -> tuple[str, int]:
        top, bottom = value.numerator, value.denominator
        if "/" in number_text(value) and max(top, bottom) <= _LARGEST_EXACT:
            return f"{self.notation.literal(Fraction(top))} / {self.notation.literal(Fraction(bottom))}", _PRODUCT
        return self.notation.literal(value), _ATOM
