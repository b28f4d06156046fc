"""Rewrites of powers and roots: differences of powers, roots less a number, exponents that no format holds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symreg.accuracy.rewrites.logarithms import log_of
from symreg.calculus.symbolic.patterns import factorings, pairs, root_of_degree, where_small
from symreg.expressions.arithmetic import ONE, ZERO, call, minus, negative, numeric, over, plus, power, rational, times
from symreg.expressions.decompose import addend_count, addends, difference, factors, is_same, product, sum_of
from symreg.expressions.tree import Binary, Call, Compare, Tree, number

TWO = number(2)


def difference_of_powers(node: Tree) -> Iterator[Tree]:
    """a**2 - b**2 is (a - b)*(a + b), and likewise for cubes and on."""
    for sign, first, others in pairs(node):
        if sign < 0 or others[0][0] > 0:
            continue
        for degree in (2, 3, 4):
            a, b = root_of_degree(first, degree), root_of_degree(others[0][1], degree)
            if a is None or b is None or (a == ONE and b == ONE):
                continue
            if degree == 3:
                other = plus(plus(power(a, TWO), times(a, b)), power(b, TWO))
            elif degree == 2:
                other = plus(a, b)
            else:
                other = times(plus(a, b), plus(power(a, TWO), power(b, TWO)))
            yield sum_of([(1, times(difference(a, b), other)), *others[1:]])
            break


def root_less(node: Tree) -> Iterator[Tree]:
    """sqrt(a) - b is (a - b**2)/(sqrt(a) + b)."""
    for sign, tree, others in pairs(node):
        (other_sign, other), *rest = others
        if sign == other_sign:
            continue
        for scale, root in factorings(tree):
            match root:
                case Call("sqrt", (a,)):
                    found = _quotient(other, scale)
                    if found is None or found == ONE:
                        continue
                    square = a_square(found)
                    top = difference(a, square)
                    if addend_count(top) < addend_count(a) + addend_count(square) - 1:
                        made = times(scale, over(top, plus(root, found)))
                        yield sum_of([(sign, made), *rest])


def root_less_sum(node: Tree) -> Iterator[Tree]:
    """sqrt(1 + x) - 1 - x/2 is -x**2/4/(sqrt(1 + x) + 1 + x/2)."""
    summands = addends(node, opened=True)
    for place, (sign, root) in enumerate(summands):
        others = [(-sign * s, tree) for k, (s, tree) in enumerate(summands) if k != place]
        if isinstance(root, Call) and root.function == "sqrt" and len(others) > 1:
            (inside,) = root.arguments
            square = sum_of([(s * t, times(a, b)) for s, a in others for t, b in others])
            top = difference(inside, square)
            if addend_count(top) < addend_count(inside) + len(others) - 1:
                below = plus(root, sum_of(others))
                yield sum_of([(sign, over(top, below))])
                for _, b in others:
                    if is_same(negative(top), times(b, b)):
                        yield sum_of([(-sign, times(b, over(b, below)))])  # the square may overflow


def a_square(tree: Tree) -> Tree:
    """Return a tree's square, a root undone."""
    match tree:
        case Call("sqrt", (inside,)):
            return inside
        case Call("abs", (inside,)):
            return power(inside, TWO)
        case _:
            return power(tree, TWO)


def _quotient(tree: Tree, scale: Tree) -> Tree | None:
    """Return tree/scale where the scale is a factor of it."""
    if scale == ONE:
        return tree
    rest = factors(tree)
    for factor, above in factors(scale):
        if (factor, above) not in rest:
            return None
        rest.remove((factor, above))
    return product(rest)


def roots_of_squares(node: Tree) -> Iterator[Tree]:
    """sqrt(x**2) is abs(x); a logarithm of a power is a multiple of a logarithm."""
    match node:
        case Call("sqrt", (Binary("**", base, exponent),)) if exponent == TWO:
            yield call("abs", base)
        case Call("log", (Binary("**", base, exponent),)):
            value = numeric(exponent)
            is_even = value is not None and value.denominator == 1 and value % 2 == 0
            yield times(exponent, call("log", call("abs", base) if is_even else base))
        case Call("log", (Call("sqrt", (base,)),)):
            yield over(call("log", base), TWO)


def general_powers(node: Tree) -> Iterator[Tree]:
    """(1 + x)**p is exp(p*log1p(x)), x**(p - 1) is x**p/x, and a cube root is put right by a step of Newton's method.

    The first is for x near 0; of p - 1, rounded, the digits count that it has lost.
    """
    if not (isinstance(node, Binary) and node.operator == "**"):
        return
    base, exponent = node.left, node.right
    value = rational(exponent)
    if value is not None:
        if value.denominator == 3:
            yield power_of_thirds(base, value)
        return
    near = call("exp", times(exponent, log_of(base)))
    yield near
    whole = next(
        (sign * v for sign, t in addends(exponent, opened=True) if (v := numeric(t)) and v.denominator == 1), None
    )
    if whole is not None:
        free = power(base, difference(exponent, number(whole)))
        far = over(free, power(base, number(-whole))) if whole < 0 else times(free, power(base, number(whole)))
        yield far
        rest = difference(base, ONE)
        if addend_count(rest) < addend_count(base):
            yield where_small(rest, ONE, near, far)


def power_of_thirds(base: Tree, value: Fraction) -> Tree:
    """Return a power whose exponent is a multiple of 1/3; 1/3 itself is no floating-point number."""
    root = power(base, Binary("/", ONE, number(3)))
    square = times(root, root)
    better = minus(root, over(minus(times(square, root), base), times(number(3), square)))
    made = power(call("where", Compare("==", base, ZERO), ZERO, better), number(abs(value.numerator)))
    return made if value > 0 else over(ONE, made)
