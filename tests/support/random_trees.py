"""Random formulas of one weight, and their exact values and derivatives by mpmath: what enclosures are held against.

The evaluator shares nothing with symreg's: real numbers of mpmath, derivatives by differences; what has no real value
is no number but an `Undefined`.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import true_functions

from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree

PARAMETERS = {"p": 1.5, "q": 0.3, "c": 2.0}
BITS = 1200
_STEP_BITS = 200  # of a difference, of itself
_GREATEST = 10**7  # argument of an exponential that is still worked out
_KINDS = ("leaf", "sum", "product", "quotient", "power", "smooth", "switch", "where")

_UNARY = sorted(name for name, row in true_functions.FUNCTIONS.items() if row.is_quick)


class Undefined(Exception):
    """There is no real number here, or none that can be worked out."""


def random_tree(seed: object, depth: int = 4) -> Tree:
    """Return the formula of a seed."""
    return _tree(random.Random(str(seed)), depth)


def value(tree: Tree, weight: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the value of a formula at a weight, at mpmath's working precision."""
    evaluate: Callable[[Tree], Any] = partial(value, weight=weight, parameters=parameters)
    match tree:
        case Number(exact):
            return mpmath.mpf(exact.numerator) / exact.denominator
        case Constant("pi"):
            return +mpmath.pi
        case Name("w"):
            return weight
        case Name(name):
            return mpmath.mpf(parameters[name])
        case Negate(inner):
            return -evaluate(inner)
        case Binary("**", base, exponent):
            return _power(evaluate(base), evaluate(exponent))
        case Binary("/", above, below):
            divisor = evaluate(below)
            if not divisor:
                raise Undefined
            return evaluate(above) / divisor
        case Binary(sign, left, right):
            return {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](evaluate(left), evaluate(right))
        case Call("where", (condition, then, otherwise)):
            return evaluate(then if _holds(condition, evaluate) else otherwise)
        case Call(name, arguments):
            return _FUNCTIONS[name](*map(evaluate, arguments))
    raise AssertionError(tree)


def known(function: Callable[[Any], Any], at: Any, bits: int = BITS) -> tuple[Any, Any]:
    """Return f at a weight and what it may be off by, found out by working with more digits."""
    found = []
    for working in (bits, 2 * bits):
        with mpmath.workprec(working):
            found.append(function(at))
    with mpmath.workprec(bits):
        return found[1], 8 * abs(found[1] - found[0]) + mpmath.ldexp(abs(found[1]), -200)


def taylor(function: Callable[[Any], Any], at: Any, bits: int = BITS) -> list[tuple[Any, Any]]:
    """Return f, f', f''/2 and f'''/6 at a weight, each with what it may be off by."""
    found = []
    for working in (bits, 2 * bits):
        with mpmath.workprec(working):
            h = mpmath.ldexp(abs(at) or 1, -_STEP_BITS)
            far, before, here, after, beyond = (function(at + k * h) for k in range(-2, 3))
            found.append((
                here,
                (8 * (after - before) - (beyond - far)) / (12 * h),
                (after - 2 * here + before) / (2 * h**2),
                (beyond - 2 * after + 2 * before - far) / (12 * h**3),
            ))  # fmt: skip
    with mpmath.workprec(bits):
        size = abs(at) or mpmath.mpf(1)
        around = max(abs(x) * size**k for k, x in enumerate(found[1]))  # what rounding and the next order may amount to
        return [
            (fine, 8 * abs(fine - coarse) + mpmath.ldexp(abs(fine) + around / size**k, -100))
            for k, (coarse, fine) in enumerate(zip(*found, strict=True))
        ]


def _tree(draw: random.Random, depth: int) -> Tree:
    kind = draw.choice(_KINDS) if depth else "leaf"
    below = partial(_tree, draw, depth - 1)
    match kind:
        case "leaf":
            return draw.choice([Name("w")] * 6 + [Name(draw.choice(sorted(PARAMETERS))), _number(draw)])
        case "sum":
            return Negate(below()) if draw.random() < 0.15 else Binary(draw.choice("+-"), below(), below())
        case "product":
            return Binary("*", below(), below())
        case "quotient":
            return Binary("/", below(), below())
        case "power":
            return Binary("**", below(), _exponent(draw))
        case "smooth":
            return Call(draw.choice(_UNARY), (below(),))
        case "switch":
            name = draw.choice(["min", "max", "abs", "logaddexp"])
            return Call(name, (below(),) if name == "abs" else (below(), below()))
        case _:
            return Call("where", (_condition(draw, depth - 1), below(), below()))


def _condition(draw: random.Random, depth: int) -> Tree:
    compare = Compare(draw.choice(["<", "<=", ">", ">="]), _tree(draw, depth), _tree(draw, depth))
    if draw.random() < 0.75:
        return compare
    other = Compare("<", Name("w"), _number(draw))
    return Logic("not", (compare,)) if draw.random() < 0.3 else Logic(draw.choice(["and", "or"]), (compare, other))


def _number(draw: random.Random) -> Tree:
    return Number(Fraction(draw.choice([0, 1, 1, 2, 3, 10]), draw.choice([1, 1, 2, 7])))


def _exponent(draw: random.Random) -> Tree:
    exact = Number(Fraction(draw.choice([1, 2, 2, 3, 4, 5]), draw.choice([1, 1, 1, 2, 3])))
    return draw.choice([exact, exact, exact, Negate(exact), Name(draw.choice("pqc"))])


def _holds(condition: Tree, evaluate: Callable[[Tree], Any]) -> bool:
    match condition:
        case Compare(sign, left, right):
            compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
            return bool(compare[sign](evaluate(left), evaluate(right)))
        case Logic("not", (inner,)):
            return not _holds(inner, evaluate)
        case Logic(name, parts):
            return (all if name == "and" else any)(_holds(part, evaluate) for part in parts)
    raise AssertionError(condition)


def _power(base: Any, exponent: Any) -> Any:
    if not base:
        if exponent <= 0 and exponent != 0:
            raise Undefined
        return mpmath.mpf(exponent == 0)
    if base < 0 and exponent != int(exponent):
        raise Undefined
    if abs(exponent * mpmath.log(abs(base))) > _GREATEST:
        raise Undefined
    return base ** (int(exponent) if exponent == int(exponent) else exponent)


def _exp(x: Any) -> Any:
    if abs(x) > _GREATEST:
        raise Undefined
    return mpmath.exp(x)


def _function(name: str) -> Callable[[Any], Any]:
    """Return a function of one argument that is `Undefined` where it has no value, or one of too many digits."""
    row = true_functions.FUNCTIONS[name]

    def value(x: Any) -> Any:
        if not row.has_value(x):
            raise Undefined
        return row.value(x)

    return value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _function(name) for name in true_functions.FUNCTIONS},
    "logaddexp": lambda x, y: max(x, y) + mpmath.log1p(_exp(-abs(x - y))),
    "min": min,
    "max": max,
}
