"""Rewrites of differences from one: f(x) - 1 and f(x) + 1 for functions whose values come near to it."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.accuracy.rewrites.logarithms import log_of
from symreg.accuracy.rewrites.powers import power_of_thirds
from symreg.calculus.symbolic.patterns import factorings, pairs, where_small
from symreg.expressions.arithmetic import ONE, call, minus, negative, over, plus, power, rational, times
from symreg.expressions.decompose import addend_count, addends, difference, is_same, sum_of
from symreg.expressions.tree import Binary, Call, Compare, Constant, Tree, number

TWO = number(2)
_RIGHT_ANGLE = Binary("/", Constant("pi"), TWO)


def one_beside(node: Tree) -> Iterator[Tree]:
    """a*f(x) - a, for the many f of which f(x) - 1 has a form of its own."""
    summands = addends(node, opened=True)
    if len(summands) < 2:
        return
    for place, (sign, tree) in enumerate(summands):
        for scale, function in factorings(tree):
            forms = {-sign: less_one(function), sign: plus_one(function)}
            for other, (other_sign, other_tree) in enumerate(summands):
                made = forms[other_sign]
                if other != place and made is not None and is_same(scale, other_tree):
                    rest = [a for k, a in enumerate(summands) if k not in (place, other)]
                    yield sum_of([(sign, times(scale, made)), *rest])


def less_one(tree: Tree) -> Tree | None:
    """Return a form of f - 1 that keeps its digits where f is near 1, or None if none is known."""
    match tree:
        case Call("exp", (x,)):
            return call("expm1", x)
        case Call("cos", (x,)):
            return times(number(-2), power(call("sin", over(x, TWO)), TWO))
        case Call("cosh", (x,)):
            return times(TWO, power(call("sinh", over(x, TWO)), TWO))
        case Call("sigmoid", (x,)):
            return negative(call("sigmoid", negative(x)))
        case Call("tanh", (x,)):
            return times(number(-2), call("sigmoid", times(number(-2), x)))
        case Call("sqrt", (u,)):
            rest = difference(u, ONE)
            return over(rest, plus(tree, ONE)) if addend_count(rest) < addend_count(u) else None
        case Binary("**", Call("tanh", (x,)), exponent) if exponent == TWO:
            return negative(power(over(ONE, call("cosh", x)), TWO))
        case Binary("**", Call("sin" | "cos" as function, (x,)), exponent) if exponent == TWO:
            return negative(power(call("cos" if function == "sin" else "sin", x), TWO))
        case Binary("**", Call("cosh", (x,)), exponent) if exponent == TWO:
            return power(call("sinh", x), TWO)
        case Binary("**", base, exponent):
            return _power_less_one(base, exponent)
        case Binary("/", top, below):
            rest = difference(top, below)
            return over(rest, below) if addend_count(rest) < addend_count(top) + addend_count(below) else None
    return None


def plus_one(tree: Tree) -> Tree | None:
    """Return a form of f + 1 that keeps its digits where f is near -1, or None if none is known."""
    match tree:
        case Call("cos", (x,)):
            return times(TWO, power(call("cos", over(x, TWO)), TWO))
        case Call("tanh", (x,)):
            return times(TWO, call("sigmoid", times(TWO, x)))
    return None


def _power_less_one(base: Tree, exponent: Tree) -> Tree | None:
    value = rational(exponent)
    rest = difference(base, ONE)
    if value is not None and value.denominator == 3:
        near = call("expm1", times(exponent, log_of(base)))
        return where_small(rest, ONE, near, minus(power_of_thirds(base, value), ONE))
    if value is None or value.denominator != 1:
        return call("expm1", times(exponent, log_of(base)))
    if not 2 <= value <= 6:
        return None
    sum_of_powers = sum_of([(1, power(base, number(k))) for k in range(int(value))])
    return times(rest, sum_of_powers)


def arc_tangent(node: Tree) -> Iterator[Tree]:
    """pi/2 - atan(x) is atan(1/x) for positive x."""
    for sign, tree, others in pairs(node):
        for scale, function in factorings(tree):
            match function:
                case Call("atan", (x,)) if sign != others[0][0] and is_same(times(scale, _RIGHT_ANGLE), others[0][1]):
                    far = call("atan", over(ONE, call("max", x, ONE)))
                    made = call("where", Compare("<=", x, ONE), minus(_RIGHT_ANGLE, function), far)
                    yield sum_of([(-sign, times(scale, made)), *others[1:]])
