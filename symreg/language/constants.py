"""Constants of a text, folded exactly."""

from __future__ import annotations

import math

from symreg.expressions.tree import Binary, Call, Constant, Negate, Number, Tree


def constant_value(tree: Tree) -> float | None:
    """Return the value of a tree that holds numbers and operators only (to double precision), else None.

    Raises:
        ValueError, OverflowError, ZeroDivisionError: It has no finite real value, or one too small for a double.
    """
    match tree:
        case Number(value):
            return float(value)
        case Constant("pi"):
            return math.pi
        case Negate(operand):
            inner = constant_value(operand)
            return None if inner is None else -inner
        case Binary(operator, left, right):
            a, b = constant_value(left), constant_value(right)
            return None if a is None or b is None else _operate(operator, a, b)
        case Call(function, (argument,)) if function == "abs" or hasattr(math, function):
            x = constant_value(argument)
            return None if x is None else abs(x) if function == "abs" else float(getattr(math, function)(x))
        case _:
            return None


def _operate(operator: str, a: float, b: float) -> float:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            result = a * b
        case "/":
            result = a / b
        case _:
            result = math.pow(a, b)
    if not math.isfinite(result) or (result == 0.0 and a != 0.0 and (b != 0.0 or operator == "**")):
        raise OverflowError
    return result
