"""Rewrites of exponentials and hyperbolic functions: sinh, tanh, sigmoid, and quotients divided through."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.calculus.symbolic.patterns import is_call, pairs
from symreg.expressions.arithmetic import ONE, ZERO, call, minus, negative, over, plus, power, times
from symreg.expressions.decompose import addends, base_and_exponent, factors, is_same, product, sum_of
from symreg.expressions.tree import Binary, Call, Tree, number

TWO = number(2)


def difference_of_exponentials(node: Tree) -> Iterator[Tree]:
    """exp(x) - exp(y) is exp(y)*expm1(x - y), and with exp(-x) it is 2*sinh(x)."""
    for sign, first, others in pairs(node):
        match first, others[0][1]:
            case Call("exp", (x,)), Call("exp", (y,)) if sign != others[0][0]:
                if is_same(x, negative(y)):
                    yield sum_of([(sign, times(TWO, call("sinh", x))), *others[1:]])
                else:
                    yield sum_of([(sign, times(call("exp", y), call("expm1", minus(x, y)))), *others[1:]])
            case Call("exp", (x,)), Call("exp", (y,)) if sign == others[0][0] and is_same(x, negative(y)):
                yield sum_of([(sign, times(TWO, call("cosh", x))), *others[1:]])


def tangents(node: Tree) -> Iterator[Tree]:
    """sinh/cosh is tanh, and so is (exp(2*x) - 1)/(exp(2*x) + 1)."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    for place, (factor, above) in enumerate(parts):
        for other, (second, second_above) in enumerate(parts):
            if above and not second_above and (found := _tangent(factor, second)) is not None:
                made, left = found
                instead = {place: [(made, True)], other: [] if left == ONE else [(left, False)]}
                yield product([p for k, part in enumerate(parts) for p in instead.get(k, [part])])


def _tangent(above: Tree, below: Tree) -> tuple[Tree, Tree] | None:
    """Return above/below as a tangent, and what is left of the denominator."""
    match above, below:
        case Call("sinh", (x,)), Call("cosh", (y,)) if x == y:
            return call("tanh", x), ONE
        case Call("sinh", (x,)), Binary("**", Call("cosh", (y,)), exponent) if x == y:
            return call("tanh", x), power(call("cosh", x), minus(exponent, ONE))
        case Call("sin", (x,)), Call("cos", (y,)) if x == y:
            return call("tan", x), ONE
        case Call("expm1", (x,)), Binary("+", a, b) if call("exp", x) in (a, b) and ONE in (a, b):
            return call("tanh", over(x, TWO)), ONE
    return None


def logistic(node: Tree) -> Iterator[Tree]:
    """1/(1 + exp(x)) is sigmoid(-x), exp(x)/(1 + exp(x)) is sigmoid(x)."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    for place, (below, is_above) in enumerate(parts):
        if is_above:
            continue
        base, count = base_and_exponent(below)
        exponent = _one_and_exponential(base)
        if exponent is None:
            continue
        made: Tree = call("sigmoid", negative(exponent))
        rest = [p for k, p in enumerate(parts) if k != place]
        if count > 1:
            rest.append((power(base, number(count - 1)), False))
        for other, (factor, above) in enumerate(rest):
            if above and factor == call("exp", exponent):
                yield product([*rest[:other], *rest[other + 1 :], (call("sigmoid", exponent), True)])
        yield product([*rest, (made, True)])


def _one_and_exponential(tree: Tree) -> Tree | None:
    """Return x of 1 + exp(x)."""
    summands = addends(tree, opened=True)
    if len(summands) == 2 and all(sign > 0 for sign, _ in summands) and ONE in (summands[0][1], summands[1][1]):
        other = summands[0][1] if summands[1][1] == ONE else summands[1][1]
        if isinstance(other, Call) and other.function == "exp":
            return other.arguments[0]
    return None


def products_of_exponentials(node: Tree) -> Iterator[Tree]:
    """exp(x)*exp(y) is exp(x + y); a quotient of sums of exponentials is divided through by one of them."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    found = [(k, f, above) for k, (f, above) in enumerate(parts) if is_call(f, "exp")]
    if len(found) > 1:
        exponent = ZERO
        for _, factor, above in found:
            assert isinstance(factor, Call)
            exponent = plus(exponent, factor.arguments[0] if above else negative(factor.arguments[0]))
        places = {k for k, _, _ in found}
        yield product([*(p for k, p in enumerate(parts) if k not in places), (call("exp", exponent), True)])
    for place, factor, above in found:
        if not above:
            continue
        assert isinstance(factor, Call)
        for other, (below, is_above) in enumerate(parts):
            summands = addends(below, opened=True)
            if not is_above and any(tree == factor for _, tree in summands) and len(summands) > 1:
                shrunk = call("exp", negative(factor.arguments[0]))
                divided = [(s, ONE if tree == factor else times(tree, shrunk)) for s, tree in summands]
                rest = [p for k, p in enumerate(parts) if k not in (place, other)]
                yield product([*rest, (sum_of(divided), False)])


def powers_beside_exponentials(node: Tree) -> Iterator[Tree]:
    """x**k*exp(y) is (x*exp(y/k))**k: where the power overflows, the exponential has not made up for it yet."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    for place, (factor, above) in enumerate(parts):
        if not (above and isinstance(factor, Call) and factor.function == "exp"):
            continue
        for other, (tree, is_above) in enumerate(parts):
            base, count = base_and_exponent(tree)
            if is_above and count > 1:
                rest = [p for k, p in enumerate(parts) if k not in (place, other)]
                inner = times(base, call("exp", over(factor.arguments[0], number(count))))
                yield product([*rest, (power(inner, number(count)), True)])
