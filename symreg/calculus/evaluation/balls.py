"""Compute trees exactly, in Arb balls: every result encloses the exact real value, and no condition is guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, cast

from flint import arb, fmpq

from symreg.calculus.evaluation import normal
from symreg.expressions.arithmetic import numeric
from symreg.expressions.formulas import function_of
from symreg.expressions.functions import FUNCTIONS as LANGUAGE
from symreg.expressions.functions import Function
from symreg.expressions.operators import ARITHMETIC, COMPARISONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree


class Undecided(Exception):
    """A condition that balls do not tell at this precision."""


Exact: TypeAlias = Callable[[dict[str, arb]], arb]
"""A tree as a function of exact values."""


def compiled(tree: Tree) -> Exact:
    """Return the tree as a function of balls; the working precision is the caller's."""
    match tree:
        case Number(value):
            fraction = fmpq(value.numerator, value.denominator)
            return lambda at: arb(fraction)
        case Constant(name):
            make = {"pi": arb.pi, "inf": arb.pos_inf, "nan": arb.nan}[name]
            return lambda at: make()
        case Name(name):
            return lambda at: at[name]
        case Negate(operand):
            inner = compiled(operand)
            return lambda at: -inner(at)
        case Binary("**", base, exponent):
            return _compiled_power(base, exponent)
        case Binary(operator, left, right):
            a, b = compiled(left), compiled(right)
            join = ARITHMETIC[operator]
            return lambda at: cast(arb, join(a(at), b(at)))
        case Call("where", (condition, then, otherwise)):
            decide, a, b = decided(condition), compiled(then), compiled(otherwise)
            return lambda at: a(at) if decide(at) else b(at)
        case Call(function, arguments):
            codes = [compiled(argument) for argument in arguments]
            apply = FUNCTIONS[function]
            if len(codes) == 1:
                (only,) = codes
                return lambda at: apply(only(at))
            return lambda at: apply(*(code(at) for code in codes))
    raise TypeError("a sum has no value at a point")


def decided(condition: Tree) -> Callable[[dict[str, arb]], bool]:
    """Return a condition as a function of exact values, which raises `Undecided`."""
    match condition:
        case Compare(operator, left, right):
            a, b, compare = compiled(left), compiled(right), COMPARISONS[operator]
            return lambda at: _certain(compare, a(at) - b(at))
        case Logic(operator, operands):
            tests = [decided(operand) for operand in operands]
            if operator == "not":
                return lambda at: not tests[0](at)
            return lambda at: (all if operator == "and" else any)(test(at) for test in tests)
    raise TypeError("not a condition")


def _certain(compare: Callable[[Any, Any], bool], distance: arb) -> bool:
    return compare(int(float(_sign(distance))), 0)


def _sign(x: arb) -> arb:
    if x > 0:
        return arb(1)
    if x < 0:
        return arb(-1)
    if x == 0:
        return arb(0)
    raise Undecided


def _compiled_power(base: Tree, exponent: Tree) -> Exact:
    a, value = compiled(base), numeric(exponent)
    if value is not None and value.denominator == 1:
        whole = int(value)
        return lambda at: a(at) ** whole
    b = compiled(exponent)
    return lambda at: a(at) ** b(at)


def _extreme_ball(values: Sequence[arb], sense: int) -> arb:
    made = values[0]
    for value in values[1:]:
        made = made.max(value) if sense > 0 else made.min(value)
    return made


def _named(row: Function) -> Callable[..., arb]:
    """Return a function by its name in Arb, or by what it is computed of."""
    native = row.name if row.arb is None else row.arb
    if native:
        return cast(Callable[..., arb], getattr(arb, native))
    if row.name in normal.FUNCTIONS:
        return normal.FUNCTIONS[row.name]
    return function_of(row.computed, _exact, lambda function, *x: FUNCTIONS[function](*x))


def _exact(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


FUNCTIONS: dict[str, Callable[..., arb]] = {
    row.name: _named(row) for row in LANGUAGE.values() if row.derivatives and row.name != "sign"
}
"""The language's functions by name; `min`, `max` and `sign` take care of more than one ball."""
FUNCTIONS |= {
    "sign": _sign,
    "min": lambda *x: _extreme_ball(x, -1),
    "max": lambda *x: _extreme_ball(x, 1),
}
