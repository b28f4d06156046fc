"""Quadratic equations: a tree's coefficients by degree in the weight, and the roots of degree 1 and 2 as trees."""

from __future__ import annotations

from collections.abc import Callable

from symreg.expressions.arithmetic import ONE, ZERO, W, call, has_w, minus, negative, numeric, over, plus, power, times
from symreg.expressions.tree import Binary, Call, Negate, Number, Tree, number

Coefficients = dict[int, Tree]
"""By degree, none of them over the variable; what is missing is 0."""

HIGHEST = 4
"""Degree up to which coefficients are looked for: a biquadratic equation is a quadratic one in the square."""

_TWO, _FOUR = number(2), number(4)


def quadratic_roots(a: Tree, b: Tree, c: Tree) -> list[Tree]:
    """Return the roots of `a*x**2 + b*x + c`, both where they differ; they are real for some parameters only.

    Args:
        a: Maybe 0, if it is so by its look; the equation is linear then.
        b: Likewise.
        c: Likewise; without a and b there is no root to be listed.
    """
    if numeric(a) == 0:
        return [] if numeric(b) == 0 else [over(negative(c), b)]
    if numeric(b) == 0:
        if numeric(c) == 0:
            return [ZERO]
        root = _square_root(over(negative(c), a))
        return [root, negative(root)]
    if numeric(c) == 0:
        return [ZERO, over(negative(b), a)]
    root = call("sqrt", discriminant(a, b, c))
    return [over(plus(negative(b), root), times(_TWO, a)), over(minus(negative(b), root), times(_TWO, a))]


def discriminant(a: Tree, b: Tree, c: Tree) -> Tree:
    """Return `b**2 - 4*a*c`."""
    return minus(power(b, _TWO), times(times(_FOUR, a), c))


def solved(tree: Tree, value: Tree) -> list[Tree] | None:
    """Return the weights at which a polynomial of degree 2 in w or |w|, or in the square of one, has a value.

    None of what is no such polynomial.
    """
    for variable in (W, Call("abs", (W,))):
        coefficients = coefficients_in(minus(tree, value), variable)
        if coefficients is None:
            continue
        degrees = sorted(d for d, c in coefficients.items() if numeric(c) != 0)
        step = 2 if degrees and degrees[-1] == 4 and all(d % 2 == 0 for d in degrees) else 1
        if not degrees:
            return []
        if degrees[-1] > 2 * step:
            continue
        c, b, a = (coefficients.get(d * step, ZERO) for d in (0, 1, 2))
        roots = quadratic_roots(a, b, c)
        if step == 2:
            roots = [s for r in roots for s in (call("sqrt", r), negative(call("sqrt", r)))]
        if variable != W:
            roots = [s for r in roots for s in (r, negative(r))]
        return list(dict.fromkeys(roots))
    return None


def coefficients_in(tree: Tree, variable: Tree) -> Coefficients | None:
    """Return a tree's coefficients by degree, or None if it is no polynomial of degree <= 4 in the variable.

    Args:
        tree: Over the bare `w`.
        variable: `w` or `abs(w)`; of the latter even powers of w count too.
    """
    if not has_w(tree):
        return {0: tree}
    if tree == variable:
        return {1: ONE}
    match tree:
        case Negate(operand):
            return _each(coefficients_in(operand, variable), negative)
        case Binary("+" | "-" as operator, left, right):
            a, b = coefficients_in(left, variable), coefficients_in(right, variable)
            if a is None or b is None:
                return None
            join = plus if operator == "+" else minus
            return {d: join(a.get(d, ZERO), b.get(d, ZERO)) for d in {**a, **b}}
        case Binary("*", left, right):
            return _multiplied(coefficients_in(left, variable), coefficients_in(right, variable))
        case Binary("/", left, right) if not has_w(right):
            return _each(coefficients_in(left, variable), lambda c: over(c, right))
        case Binary("**", base, Number(value)) if value.denominator == 1 and 1 <= value <= HIGHEST:
            if variable != W and base == W and value % 2 == 0:
                return {int(value): ONE}
            powers: Coefficients | None = {0: ONE}
            for _ in range(int(value)):
                powers = _multiplied(powers, coefficients_in(base, variable))
            return powers
        case _:
            return None


def _each(coefficients: Coefficients | None, change: Callable[[Tree], Tree]) -> Coefficients | None:
    return None if coefficients is None else {d: change(c) for d, c in coefficients.items()}


def _multiplied(a: Coefficients | None, b: Coefficients | None) -> Coefficients | None:
    if a is None or b is None or max(a) + max(b) > HIGHEST:
        return None
    product: Coefficients = {}
    for i, x in a.items():
        for j, y in b.items():
            product[i + j] = plus(product.get(i + j, ZERO), times(x, y))
    return product


def _square_root(tree: Tree) -> Tree:
    """Return a root of a square as its base: of either sign, both are listed."""
    match tree:
        case Binary("**", base, Number(value)) if value == 2:
            return base
        case Number(value) if value == 1:
            return ONE
        case _:
            return call("sqrt", tree)
