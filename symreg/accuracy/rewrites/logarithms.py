"""Rewrites of logarithms: log1p, logaddexp, softplus, log(cosh), and logarithms of large powers."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.calculus.symbolic.patterns import factorings, is_call, is_nonnegative, pairs, root_of_degree, where_small
from symreg.expressions.arithmetic import ONE, call, minus, negative, numeric, over, plus, power, times
from symreg.expressions.decompose import (
    Addend,
    addend_count,
    addends,
    difference,
    factors,
    is_same,
    product,
    scalar_and_powers,
    sum_of,
)
from symreg.expressions.tree import Binary, Call, Negate, Tree, number

TWO = number(2)


def logarithm(node: Tree) -> Iterator[Tree]:
    """log(1 + x) is log1p(x), and log((a + b)/a) is log1p(b/a)."""
    match node:
        case Call("log1p", (Call("exp", (x,)),)) if not _is_nonpositive(x):
            yield call("softplus", x)
        case Call("log1p", (Negate(Call("sigmoid", (x,))),)):
            yield negative(call("softplus", x))
        case Call("log", (inside,)):
            yield from _of_exponentials(addends(inside, opened=True))
            yield from _of_a_function(inside)
            yield from _near_one(inside)


def _of_exponentials(summands: list[Addend]) -> Iterator[Tree]:
    """log(exp(x) + exp(y)) and log(1 + exp(x))."""
    if len(summands) != 2 or any(sign < 0 for sign, _ in summands):
        return
    match summands[0][1], summands[1][1]:
        case Call("exp", (x,)), Call("exp", (y,)):
            yield call("logaddexp", x, y)
        case (Call("exp", (x,)), other) | (other, Call("exp", (x,))) if other == ONE:
            yield call("softplus", x)


def _of_a_function(inside: Tree) -> Iterator[Tree]:
    match inside:
        case Call("cosh", (x,)):
            size = x if is_nonnegative(x) else call("abs", x)
            far = minus(plus(size, call("log1p", call("exp", times(number(-2), size)))), call("log", TWO))
            yield where_small(x, ONE, over(call("log1p", power(call("sinh", x), TWO)), TWO), far)
        case Call("sigmoid", (x,)):
            yield negative(call("softplus", negative(x)))
        case Call("exp", (x,)):
            yield x
        case Binary("/", top, below) if top == ONE:
            yield negative(call("log", below))


def _near_one(inside: Tree) -> Iterator[Tree]:
    """log(1 + x), log((a + b)/a), and log(3 - x) as log1p(2 - x), whose argument may have a form of its own."""
    if isinstance(inside, Binary) and inside.operator == "/":
        rest = difference(inside.left, inside.right)
        if addend_count(rest) < addend_count(inside.left):
            yield call("log1p", over(rest, inside.right))
    summands = addends(inside, opened=True)
    if len(summands) > 1 and any(numeric(tree) for _, tree in summands):
        yield call("log1p", difference(inside, ONE))


def log_of(tree: Tree) -> Tree:
    return next(logarithm(call("log", tree)), call("log", tree))


def _is_nonpositive(tree: Tree) -> bool:
    """Is it minus an absolute value or a square, times a positive number?"""
    return all(sign < 0 and any(is_call(f, "abs") for f, _ in factors(t)) for sign, t in addends(tree, opened=True))


def difference_of_logarithms(node: Tree) -> Iterator[Tree]:
    """log(a) - log(b) is log(a/b)."""
    for sign, first, others in pairs(node):
        match first, others[0][1]:
            case Call("log", (a,)), Call("log", (b,)) if sign * others[0][0] < 0:
                made = call("log", over(a, b) if sign > 0 else over(b, a))
                yield sum_of([(1, made), *others[1:]])


def softplus_beside(node: Tree) -> Iterator[Tree]:
    """softplus(x) - x is softplus(-x), and softplus(x) + softplus(-x) is 2*log(2*cosh(x/2))."""
    summands = addends(node, opened=True)
    for place, (sign, tree) in enumerate(summands):
        for scale, function in factorings(tree):
            if not (isinstance(function, Call) and function.function == "softplus"):
                continue
            (x,) = function.arguments
            for other, (other_sign, other_tree) in enumerate(summands):
                if other == place:
                    continue
                rest = [a for k, a in enumerate(summands) if k not in (place, other)]
                if sign != other_sign and is_same(times(scale, x), other_tree):
                    yield sum_of([(sign, times(scale, call("softplus", negative(x)))), *rest])
                if sign == other_sign and is_same(times(scale, call("softplus", negative(x))), other_tree):
                    both = plus(call("log", call("cosh", over(x, TWO))), call("log", TWO))
                    yield sum_of([(sign, times(times(TWO, scale), a)) for _, a in addends(both, opened=True)] + rest)


def softplus_less_log2(node: Tree) -> Iterator[Tree]:
    """softplus(x) - log(2) is log1p(expm1(x)/2), which does for small x."""
    for sign, tree, others in pairs(node):
        for scale, function in factorings(tree):
            match function:
                case Call("softplus", (x,)) if sign != others[0][0]:
                    if is_same(times(scale, call("log", TWO)), others[0][1]):
                        far = minus(function, call("log", TWO))
                        made = where_small(x, ONE, call("log1p", over(call("expm1", x), TWO)), far)
                        yield sum_of([(sign, times(scale, made)), *others[1:]])


def large_logarithm(node: Tree) -> Iterator[Tree]:
    """log1p(x**k) is k*log(m) + log1p((l/m)**k) with m the greater of |x| and 1, and l the lesser."""
    match node:
        case Call("log1p", (inside,)):
            for degree in (2, 4, 6, 3):
                root = root_of_degree(inside, degree) or (_square_root(inside) if degree == 2 else None)
                if root is None:
                    continue
                size = root if degree == 3 or is_nonnegative(root) else call("abs", root)
                most, least = call("max", size, ONE), call("min", size, ONE)
                tail = call("log1p", power(over(least, most), number(degree)))
                yield plus(times(number(degree), call("log", most)), tail)
                return


def _square_root(tree: Tree) -> Tree | None:
    """Return the root of a scalar times even powers."""
    scalar, top, bottom = scalar_and_powers(tree)
    if scalar == ONE or any(count % 2 for _, count in (*top, *bottom)):
        return None
    halves = [(power(b, number(n // 2)), True) for b, n in top] + [(power(b, number(n // 2)), False) for b, n in bottom]
    return product([*halves, (call("sqrt", scalar), True)])
