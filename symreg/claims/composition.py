"""The curvature of a term in index notation by the rules of composition: convex, quadratic, how steep."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from symreg.calculus.differentiation.index_sums import varies
from symreg.calculus.evaluation.bounds import bounds
from symreg.claims.structure import Domains, is_nonnegative, split
from symreg.expressions.arithmetic import rational, times
from symreg.expressions.decompose import factors, product
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Subscript, Sum, Tree, number

Curvature = Literal["constant", "affine", "convex", "concave", "not shown"]


def curvature(tree: Tree, domains: Domains) -> Curvature:
    """Return what the shape shows of a tree as a function of the weights, by the rules of disciplined programming."""
    if not varies(tree):
        return "constant"
    match tree:
        case Item("w", _):
            return "affine"
        case Sum(body, _):
            return curvature(body, domains)
        case Negate(operand):
            return _OPPOSITE[curvature(operand, domains)]
        case Binary("+", left, right):
            return _joined(curvature(left, domains), curvature(right, domains))
        case Binary("-", left, right):
            return _joined(curvature(left, domains), _OPPOSITE[curvature(right, domains)])
        case Binary("*" | "/", _, _):
            return _of_product(tree, domains)
        case Binary("**", base, exponent):
            return _of_power(base, rational(exponent), domains)
        case Call("norm", _):
            return "convex"
        case Call("abs", (argument,)):
            inner = curvature(argument, domains)
            is_bowl = inner == "affine" or (inner == "convex" and is_nonnegative(argument, domains))
            return "convex" if is_bowl else "not shown"
        case Call("sqrt", (argument,)):
            return "convex" if _is_sum_of_squares(argument, domains) else "not shown"
        case Call(function, arguments) if function in FUNCTIONS and FUNCTIONS[function].curvature:
            return _of_function(FUNCTIONS[function], {curvature(argument, domains) for argument in arguments})
        case _:
            return "not shown"


_OPPOSITE: dict[Curvature, Curvature] = {
    "constant": "constant",
    "affine": "affine",
    "convex": "concave",
    "concave": "convex",
    "not shown": "not shown",
}


def _of_function(row: Function, inner: set[Curvature]) -> Curvature:
    """Return the curvature of a convex or a concave function of arguments."""
    bends: Curvature = "concave" if row.curvature == "concave" else "convex"
    along = {"rising": bends, "falling": _OPPOSITE[bends]}.get(row.monotone)
    allowed = {"affine"} if along is None else {"constant", "affine", along}
    return bends if inner <= allowed else "not shown"


def _joined(a: Curvature, b: Curvature) -> Curvature:
    """Return the curvature of a sum."""
    for weak in ("constant", "affine"):
        if a == weak:
            return b
        if b == weak:
            return a
    return a if a == b else "not shown"


def _of_product(tree: Tree, domains: Domains) -> Curvature:
    split = factors(tree)
    moving = [part for part in split if varies(part[0])]
    scalar = product([part for part in split if not varies(part[0])])
    if any(not above for _, above in moving):
        return "not shown"
    if len(moving) == 2 and moving[0] == moving[1]:
        inner = _of_power(moving[0][0], Fraction(2), domains)
    elif len(moving) == 1:
        inner = curvature(moving[0][0], domains)
    else:
        return "not shown"
    low, high, _ = bounds(scalar, domains)
    if inner == "affine" or low >= 0:
        return inner
    return _OPPOSITE[inner] if high <= 0 else "not shown"


def _of_power(base: Tree, exponent: Fraction | None, domains: Domains) -> Curvature:
    if exponent is None or exponent < 1:
        return "not shown"
    inner = curvature(base, domains)
    if inner == "affine" and exponent.denominator == 1 and exponent % 2 == 0:
        return "convex"
    return "convex" if inner in ("affine", "convex") and is_nonnegative(base, domains) else "not shown"


def _is_sum_of_squares(tree: Tree, domains: Domains) -> bool:
    """Is it a number >= 0 and a sum of squares of affine functions, so that its root is the norm of a vector?"""
    match tree:
        case Sum(body, _):
            return _is_sum_of_squares(body, domains)
        case Binary("+", left, right):
            return _is_sum_of_squares(left, domains) and _is_sum_of_squares(right, domains)
        case Binary("**", base, exponent):
            return rational(exponent) == 2 and curvature(base, domains) in ("affine", "constant")
        case _:
            return not varies(tree) and is_nonnegative(tree, domains)


def is_quadratic(tree: Tree) -> bool:
    """Is the tree a polynomial of degree at most 2 in the weights?"""
    found = _polynomial_degree(tree)
    return found is not None and found <= 2


def _polynomial_degree(tree: Tree) -> int | None:
    if not varies(tree):
        return 0
    match tree:
        case Item():
            return 1
        case Negate(operand) | Sum(operand, _):
            return _polynomial_degree(operand)
        case Binary("+" | "-" | "*" as operator, left, right):
            a, b = _polynomial_degree(left), _polynomial_degree(right)
            return None if a is None or b is None else a + b if operator == "*" else max(a, b)
        case Binary("/", left, right):
            return None if varies(right) else _polynomial_degree(left)
        case Binary("**", base, exponent):
            a, value = _polynomial_degree(base), rational(exponent)
            whole = value is not None and value.denominator == 1 and value >= 0
            return a * int(value or 0) if a is not None and whole else None
        case _:
            return None


def steepest(tree: Tree) -> Tree | None:
    """Return L for a multiple of a sum of squares: of differences of neighbours, or of distances from the mean.

    The eigenvalues of the sum of (sum_k c_k*w[i + k])**2 are at most max |sum_k c_k*exp(i*k*t)|**2, which is reached
    for long vectors; at t = 0 or pi it is (sum_k |c_k|)**2 where the signs agree or alternate. What is left of w
    without its mean is a projection, whose eigenvalues are 0 and 1.
    """
    match split(tree):
        case (scalar, Sum(Binary("**", inner, exponent), index)) if rational(exponent) == 2:
            size = _largest_eigenvalue(inner, index)
            return None if size is None else times(times(number(2), scalar), number(size))
        case _:
            return None


def _largest_eigenvalue(inner: Tree, index: str) -> Fraction | None:
    match inner:
        case Binary("-", Item("w", (Subscript(i, 0),)), Binary("/", Sum(Item("w", (Subscript(k, 0),)), other), n)):
            return Fraction(1) if (i, k, n) == (index, other, Name("n")) else None
    coefficients = _coefficients(inner, index)
    if not coefficients:
        return None
    size = sum(map(abs, coefficients.values()), Fraction(0))
    alternating = sum(c * (-1) ** (shift % 2) for shift, c in coefficients.items())
    return size**2 if size in (abs(sum(coefficients.values())), abs(alternating)) else None


def _coefficients(tree: Tree, index: str) -> dict[int, Fraction] | None:
    """Return the coefficients of a linear form in w[index + shift] by shift, None if it is none."""
    match tree:
        case Item("w", (Subscript(i, shift),)) if i == index:
            return {shift: Fraction(1)}
        case Negate(operand):
            inner = _coefficients(operand, index)
            return None if inner is None else {k: -c for k, c in inner.items()}
        case Binary("+" | "-" as operator, left, right):
            a, b = _coefficients(left, index), _coefficients(right, index)
            if a is None or b is None:
                return None
            sign = 1 if operator == "+" else -1
            return {k: a.get(k, Fraction(0)) + sign * b.get(k, Fraction(0)) for k in {**a, **b}}
        case Binary("*", left, right):
            value = rational(left)
            inner = _coefficients(right, index)
            return None if value is None or inner is None else {k: value * c for k, c in inner.items()}
        case _:
            return None
