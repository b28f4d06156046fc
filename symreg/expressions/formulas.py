"""Formulas of the table of functions: read into trees, at arguments, and as functions of any kind of number.

The texts are ours, so that a formula that cannot be read is a bug: what users write is read in `language`, with limits
and messages.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, Literal

from symreg.expressions.arithmetic import minus, negative, over, plus, power, times
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.operators import ARITHMETIC, COMPARISONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree, rebuild, walk

ARGUMENTS = ("u", "v")
VALUE = "y"

Relation = Literal[">=", ">", "!="]
"""How what a function needs compares with 0."""

_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}
_BUILD: dict[str, Callable[[Tree, Tree], Tree]] = {"+": plus, "-": minus, "*": times, "/": over, "**": power}


@cache
def formula(text: str) -> Tree:
    """Return a formula of the table as a tree over `Name("u")`, `Name("v")` and `Name("y")`, as it is written."""
    return _read(ast.parse(text, mode="eval").body)


def put(text: str, values: Mapping[str, Tree]) -> Tree:
    """Return a formula with trees in the place of its names; zeros, ones and numeric factors are folded."""
    return _put(formula(text), values)


def derivatives(function: str, arguments: Sequence[Tree]) -> tuple[Tree, ...]:
    """Return the partial derivatives of a function by each of its arguments, at trees."""
    return tuple(put(text, _at(arguments)) for text in FUNCTIONS[function].derivatives)


def inverse(function: str, value: Tree) -> Tree | None:
    """Return the argument at which a function has a value, of an even one the one >= 0; None if it has no inverse."""
    row = FUNCTIONS.get(function)
    return put(row.inverse, {VALUE: value}) if row is not None and row.inverse else None


def definition(function: str, arguments: Sequence[Tree]) -> Tree:
    """Return what a function is by definition, in terms of `exp`, `log` and the like, at trees."""
    return put(FUNCTIONS[function].definition, _at(arguments))


def computed(function: str, arguments: Sequence[Tree]) -> Tree | None:
    """Return a function as it is computed where no library has it; None of one that libraries have."""
    row = FUNCTIONS.get(function)
    return put(row.computed, _at(arguments)) if row is not None and row.computed else None


def emitted(function: str) -> Tree | None:
    """Return how emitted code computes a function that its languages have not, over `u` and `v`; None of any other."""
    row = FUNCTIONS.get(function)
    text = "" if row is None else row.computed or row.emitted
    return formula(text) if text else None


def requirement(function: str, argument: Tree) -> tuple[Tree, Relation] | None:
    """Return what a function needs to have a value: a tree and how it compares with 0."""
    row = FUNCTIONS.get(function)
    if row is None:
        return None
    if row.poles:
        return put(row.poles, _at([argument])), "!="
    low, _ = ends(row.domain)
    if Constant("inf") in walk(low):
        return None
    return plus(negative(low), argument), ">=" if row.domain.startswith("[") else ">"


def ends(interval: str) -> tuple[Tree, Tree]:
    """Return the ends of an interval of the table."""
    low, high = interval[1:-1].split(", ")
    return formula(low), formula(high)


@cache
def is_of_exponentials(row: Function) -> bool:
    """Is a function, by its definition, a quotient of sums of exponentials?"""
    nodes = list(walk(formula(row.definition))) if row.definition else []
    called = {node.function for node in nodes if isinstance(node, Call)}
    return called == {"exp"}


@cache
def grows_exponentially(row: Function) -> bool:
    """Is an exponential part of a function's definition?"""
    return bool(row.definition) and any(
        isinstance(node, Call) and node.function == "exp" for node in walk(formula(row.definition))
    )


Numbers = Callable[[Fraction], Any]
"""Makes a number of some kind of a fraction."""
Calls = Callable[..., Any]
"""Applies a function, given its name and numbers; `and` and `implies` too."""


def function_of(text: str, number: Numbers, call: Calls, names: Sequence[str] = ARGUMENTS) -> Callable[..., Any]:
    """Return a formula as a function of some kind of number, which has Python's operators.

    Args:
        text: The formula.
        number: Makes such a number of a fraction.
        call: Applies a function by its name.
        names: The formula's names, in the order of the function's arguments, of which there may be fewer.
    """
    code = _code(formula(text), number, call)
    return lambda *arguments: code(dict(zip(names, arguments, strict=False)))


def _code(tree: Tree, number: Numbers, call: Calls) -> Callable[[Mapping[str, Any]], Any]:
    match tree:
        case Number(fraction):
            value = number(fraction)
            return lambda at: value
        case Name(name):
            return lambda at: at[name]
        case Negate(operand):
            inner = _code(operand, number, call)
            return lambda at: -inner(at)
        case Binary(operator, left, right) | Compare(operator, left, right):
            a, b = _code(left, number, call), _code(right, number, call)
            join = ARITHMETIC[operator] if isinstance(tree, Binary) else COMPARISONS[operator]
            return lambda at: join(a(at), b(at))
        case Call(function, operands) | Logic(function, operands):
            codes = [_code(operand, number, call) for operand in operands]
            return lambda at: call(function, *(code(at) for code in codes))
        case _:
            raise TypeError(f"{type(tree).__name__} is not calculated in a formula")


def _at(arguments: Sequence[Tree]) -> dict[str, Tree]:
    return dict(zip(ARGUMENTS, arguments, strict=False))


def _put(tree: Tree, values: Mapping[str, Tree]) -> Tree:
    match tree:
        case Name(name):
            return values[name]
        case Negate(operand):
            return negative(_put(operand, values))
        case Binary(operator, left, right):
            return _BUILD[operator](_put(left, values), _put(right, values))
        case Call(_, arguments) | Logic(_, arguments):
            return rebuild(tree, tuple(_put(argument, values) for argument in arguments))
        case Compare(_, left, right):
            return rebuild(tree, (_put(left, values), _put(right, values)))
        case _:
            return tree


def _read(node: ast.expr) -> Tree:
    match node:
        case ast.Constant(value):
            return Number(Fraction(str(value)))
        case ast.Name("pi" | "inf" as name):
            return Constant(name)
        case ast.Name(name):
            return Name(name)
        case ast.UnaryOp(ast.USub(), operand):
            return Negate(_read(operand))
        case ast.BinOp(left, operator, right):
            return Binary(_BINARY[type(operator)], _read(left), _read(right))
        case ast.Compare(left, [operator], [right]):
            return Compare(_COMPARE[type(operator)], _read(left), _read(right))
        case ast.BoolOp(ast.And(), operands):
            return Logic("and", tuple(map(_read, operands)))
        case ast.Call(ast.Name(function), arguments):
            return Call(function, tuple(map(_read, arguments)))
        case _:
            raise ValueError(f"{ast.dump(node)} stands in no formula")
