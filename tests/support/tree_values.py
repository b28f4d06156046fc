"""Plain values of trees, for tests: an evaluator that shares no code with symreg's, over floats or over mpmath.

Takes a tree and what its names stand for; hands on its value. Of `where` only the branch that holds is evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import mpmath
import true_functions

from symreg.expressions.tree import Binary, Call, Compare, Constant, Item, Logic, Name, Negate, Number, Sum, Tree
from symreg.model.spec import Rule

DIGITS = 50


@dataclass(frozen=True)
class Values:
    """What names (and `prox`) stand for, and the library that computes: `math` (floats) or `mpmath` (50 digits)."""

    library: Any
    scalars: Mapping[str, Any]
    arrays: Mapping[str, Any] = field(default_factory=dict)
    indices: Mapping[str, int] = field(default_factory=dict)


def value(tree: Tree, given: Values) -> Any:
    """Return the value of a tree."""
    match tree:
        case Number(exact):
            return float(exact) if given.library is math else mpmath.mpf(exact.numerator) / exact.denominator
        case Constant(name):
            return getattr(given.library, name)
        case Name(name):
            meant = given.scalars[name]
            return meant(given) if callable(meant) else meant
        case Item(array, subscripts):
            element = given.arrays[array]
            for place in (given.indices[s.index] + s.shift for s in subscripts):
                element = element[place]
            return element
        case Negate(operand):
            return -value(operand, given)
        case Binary(operator, left, right):
            return _OPERATORS[operator](value(left, given), value(right, given))
        case Compare(operator, left, right):
            return _COMPARISONS[operator](value(left, given), value(right, given))
        case Logic("not", (operand,)):
            return not value(operand, given)
        case Logic(operator, operands):
            return (all if operator == "and" else any)(value(o, given) for o in operands)
        case Call("where", (condition, then, otherwise)):
            return value(then if value(condition, given) else otherwise, given)
        case Call("norm", (Name(name),)):
            return given.library.sqrt(sum(x**2 for x in given.arrays[name]))
        case Call("in_range", (Item(array, subscripts),)):
            return all(0 <= given.indices[s.index] + s.shift < len(given.arrays[array]) for s in subscripts)
        case Call("d", (operand,)):
            return slope(operand, given)
        case Call("prox", (argument, step)):
            return given.scalars["prox"](value(argument, given), value(step, given))
        case Call(function, arguments):
            return _call(function, [value(a, given) for a in arguments], given.library)
        case Sum(body, index):
            return sum(value(body, _with(given, index, i)) for i in _range(body, index, given))
    raise AssertionError(tree)


def slope(tree: Tree, given: Values, sides: tuple[int, int] = (-1, 1)) -> Any:
    """Return the difference quotient of a tree by the weight `w[j]`, by default the central one."""
    j, weights = given.indices["j"], given.arrays["w"]
    distance = (abs(weights[j]) or 1) * mpmath.mpf(10) ** (-mpmath.mp.dps // 3)
    ends = []
    for side in sides:
        moved = [w + side * distance if i == j else w for i, w in enumerate(weights)]
        ends.append(value(tree, Values(given.library, given.scalars, {**given.arrays, "w": moved}, given.indices)))
    return (ends[1] - ends[0]) / ((sides[1] - sides[0]) * distance)


def run(
    rule: Rule,
    w: Any,
    gradients: Sequence[Any],
    penalty_gradient: Any,
    parameters: Mapping[str, Any],
    library: Any,
    prox: Any = None,
) -> list[Any]:
    """Return one weight after each step of a rule, from its initial states.

    Args:
        w: The weight before the first step.
        gradients: For each step a function from the weight to the loss's gradient.
        penalty_gradient: A function from the weight to the penalty's gradient, or to that of its smooth part.
        prox: A function from a point and a step to the proximal operator, for a rule that takes it.
    """
    number = float if library is math else mpmath.mpf
    states = {s.name: number(s.initial) for s in rule.states}
    trajectory = []
    for t, loss_gradient in enumerate(gradients, start=1):
        g_loss, g_penalty = loss_gradient(w), penalty_gradient(w)
        known = {**parameters, **states, "w": w, "g_loss": g_loss, "g_penalty": g_penalty, "t": number(t)}
        known |= {"g": g_loss + g_penalty, "prox": prox}
        for step in rule.steps:
            known[step.target] = value(step.expression, Values(library, known))
        w, states = known["w"], {name: known[name] for name in states}
        trajectory.append(w)
    return trajectory


def defaults(parameters: Any, scale: Fraction = Fraction(1)) -> dict[str, Fraction]:
    """Return a value for each parameter: the default as written in decimals, times `scale` where that is allowed."""
    chosen = {}
    for parameter in parameters:
        written = Fraction(repr(parameter.default))
        chosen[parameter.name] = written * scale if written * scale in parameter.domain else written
    return chosen


_OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}
_COMPARISONS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}


def _call(function: str, x: list[Any], library: Any) -> Any:
    match function:
        case "abs":
            return abs(x[0])
        case "min":
            return min(x)
        case "max":
            return max(x)
        case "sign":
            return (x[0] > 0) - (x[0] < 0)
        case "sigmoid":
            return 1 / (1 + library.exp(-x[0]))
        case "softplus":
            return library.log1p(library.exp(x[0]))
        case "log_ndtr" | "inverse_mills" | "inverse_mills_slope" | "inverse_mills_curvature":
            return true_functions.FUNCTIONS[function].value(x[0])
        case "logaddexp":
            return library.log(library.exp(x[0]) + library.exp(x[1]))
        case _:
            return getattr(library, function)(x[0])


def _with(given: Values, index: str, i: int) -> Values:
    return Values(given.library, given.scalars, given.arrays, {**given.indices, index: i})


def _range(body: Tree, index: str, given: Values) -> list[int]:
    """Return the i >= 0 for which every subscript of the body that holds the index, and is not guarded, is in range."""
    subscripts = _subscripts(body, index, given)
    longest = max((length - shift for shift, length in subscripts), default=0)
    return [i for i in range(longest) if all(0 <= i + shift < length for shift, length in subscripts)]


def _subscripts(tree: Tree, index: str, given: Values) -> list[tuple[int, int]]:
    match tree:
        case Call("in_range", _):
            return []
        case Call("where", (Call("in_range", (Item(_, guarded),)), then, otherwise)):
            allowed = [(s.shift, len(given.arrays["w"])) for s in guarded if s.index == index]
            found = _subscripts(then, index, given) + _subscripts(otherwise, index, given)
            return [pair for pair in found if pair not in allowed]
        case Item(array, subscripts):
            length = len(given.arrays[array])
            return [(s.shift, length) for s in subscripts if s.index == index]
        case Negate(operand):
            return _subscripts(operand, index, given)
        case Binary(_, left, right) | Compare(_, left, right):
            return _subscripts(left, index, given) + _subscripts(right, index, given)
        case Logic(_, operands) | Call(_, operands):
            return [pair for operand in operands for pair in _subscripts(operand, index, given)]
        case Sum(body, _):
            return _subscripts(body, index, given)
        case _:
            return []
