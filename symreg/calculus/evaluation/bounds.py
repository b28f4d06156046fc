"""Signs that can be read off a tree's shape and its parameters' domains; what does not show is not decided."""

from __future__ import annotations

from fractions import Fraction
from math import inf

from symreg.expressions.arithmetic import rational
from symreg.expressions.formulas import ends
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.tree import Binary, Call, Constant, Item, Name, Negate, Number, Sum, Tree
from symreg.model.spec import Parameter

Range = tuple[float | Fraction, float | Fraction, bool]
"""Bounds from below and above, and whether 0 is excluded."""

_ANY: Range = (-inf, inf, False)


def is_positive(tree: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is the tree > 0 for all weights and all parameters in their domains? False where that does not show."""
    low, _, is_nonzero = bounds(tree, {p.name: p for p in parameters})
    return low > 0 or (low == 0 and is_nonzero)


def bounds(tree: Tree, parameters: dict[str, Parameter]) -> Range:
    """Return bounds of a tree over all weights and parameters, and whether it can never be 0.

    Args:
        parameters: By name; an element of an array has the bounds of the parameter of the array's name.
    """
    match tree:
        case Number() | Constant() | Name() | Item():
            return _of_leaf(tree, parameters)
        case Call():
            return _of_call(tree, parameters)
        case Negate(operand):
            low, high, is_nonzero = bounds(operand, parameters)
            return -high, -low, is_nonzero
        case Binary("-", Number(value), Call("exp", (x,))) if value == 1:
            return bounds(Call("expm1", (Negate(x),)), parameters)
        case Binary("-", Name(one), Name(other)) if _is_above(one, other, parameters):
            return Fraction(0), inf, True
        case Binary("-", Name(one), Name(other)) if _is_above(other, one, parameters):
            return -inf, Fraction(0), True
        case Binary("+" | "-" as operator, left, right):
            return _sum(bounds(left, parameters), bounds(right if operator == "+" else Negate(right), parameters))
        case Binary("*", Number(value), x) if value > 0:
            low, high, is_nonzero = bounds(x, parameters)
            return low * value, high * value, is_nonzero
        case Binary("/", x, Number(value)) if value > 0:
            low, high, is_nonzero = bounds(x, parameters)
            return low / value, high / value, is_nonzero
        case Binary("*", left, right):
            return _product(left, right, parameters)
        case Binary("/", left, right):
            return _quotient(bounds(left, parameters), bounds(right, parameters))
        case Binary("**", base, Number(value)) if value.denominator == 1 and value % 2 == 0:
            return Fraction(0), inf, bounds(base, parameters)[2]
        case Binary("**", base, _):
            low, _, is_nonzero = bounds(base, parameters)
            return (Fraction(0), inf, is_nonzero) if low >= 0 else _ANY
        case Sum(body, _):
            low, high, _ = bounds(body, parameters)
            return (Fraction(0) if low >= 0 else -inf), (Fraction(0) if high <= 0 else inf), False
        case _:
            return _ANY


def _of_leaf(leaf: Number | Constant | Name | Item, parameters: dict[str, Parameter]) -> Range:
    match leaf:
        case Number(value):
            return value, value, value != 0
        case Constant("pi"):
            return Fraction(3), Fraction(4), True
        case Constant("inf"):
            return inf, inf, True
        case Name("n"):
            return Fraction(1), inf, True  # without weights there is nothing to say
        case Name("t"):
            return Fraction(1), inf, True
        case Name(name) | Item(name, _) if name in parameters:
            domain = parameters[name].domain
            low: float | Fraction = -inf if domain.low is None else domain.low
            high: float | Fraction = inf if domain.high is None else domain.high
            return low, high, 0 not in domain
        case _:
            return _ANY


def _of_call(call: Call, parameters: dict[str, Parameter]) -> Range:
    match call:
        case Call(function, (x,)) if function in FUNCTIONS and FUNCTIONS[function].keeps_sign:
            low, high, is_nonzero = bounds(x, parameters)
            return (Fraction(0) if low >= 0 else -inf), (Fraction(0) if high <= 0 else inf), is_nonzero
        case Call("log", (Binary("+", Number(value), x) | Binary("+", x, Number(value)),)) if value == 1:
            return bounds(Call("log1p", (x,)), parameters)
        case Call("logaddexp", (left, right)):
            low = max(bounds(left, parameters)[0], bounds(right, parameters)[0])
            return low, inf, low >= 0  # above the greater one
        case Call("min" | "max" as function, arguments):
            rows = [bounds(argument, parameters) for argument in arguments]
            choose = min if function == "min" else max
            low, high = choose(row[0] for row in rows), choose(row[1] for row in rows)
            return low, high, low > 0 or high < 0 or all(row[2] for row in rows)
        case Call("where", (_, then, otherwise)):
            a, b = bounds(then, parameters), bounds(otherwise, parameters)
            return min(a[0], b[0]), max(a[1], b[1]), a[2] and b[2]
        case Call(function, (x,)) if function in FUNCTIONS and FUNCTIONS[function].range:
            return _of_function(FUNCTIONS[function], x, parameters)
        case _:
            return _ANY


def _of_function(row: Function, argument: Tree, parameters: dict[str, Parameter]) -> Range:
    """Return the range of a function; where it is 0 at 0 alone, it is not 0 where its argument is not."""
    low, high = (_end(end) for end in ends(row.range))
    is_nonzero = low > 0 or high < 0 or (low == 0 and row.range[0] == "(") or (high == 0 and row.range[-1] == ")")
    if not is_nonzero and row.at_zero == "0" and row.monotone:
        is_nonzero = bounds(argument, parameters)[2]
    return low, high, is_nonzero


def _end(end: Tree) -> float | Fraction:
    match end:
        case Constant("inf"):
            return inf
        case Negate(Constant("inf")):
            return -inf
        case _:
            value = rational(end)
            assert value is not None
            return value


def _is_above(high: str, low: str, parameters: dict[str, Parameter]) -> bool:
    return high in parameters and parameters[high].above == low


def _sum(a: Range, b: Range) -> Range:
    low, high = a[0] + b[0], a[1] + b[1]
    same_side = (a[0] >= 0 and b[0] >= 0) or (a[1] <= 0 and b[1] <= 0)
    return low, high, low > 0 or high < 0 or (same_side and (a[2] or b[2]))


def _product(left: Tree, right: Tree, parameters: dict[str, Parameter]) -> Range:
    a, b = bounds(left, parameters), bounds(right, parameters)
    is_nonzero = a[2] and b[2]
    if left == right:
        return Fraction(0), inf, is_nonzero
    if (a[0] >= 0 and b[0] >= 0) or (a[1] <= 0 and b[1] <= 0):
        return Fraction(0), inf, is_nonzero
    if (a[0] >= 0 and b[1] <= 0) or (a[1] <= 0 and b[0] >= 0):
        return -inf, Fraction(0), is_nonzero
    return -inf, inf, is_nonzero


def _quotient(a: Range, b: Range) -> Range:
    if (a[0] >= 0 and b[0] >= 0) or (a[1] <= 0 and b[1] <= 0):
        return Fraction(0), inf, a[2]
    if (a[0] >= 0 and b[1] <= 0) or (a[1] <= 0 and b[0] >= 0):
        return -inf, Fraction(0), a[2]
    return -inf, inf, a[2]
