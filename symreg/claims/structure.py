"""What the shape of a term in index notation proves: parity, degree, sign, continuity, convexity, curvature's bound.

Every rule is one of composition (a sum of convex functions is convex, a square of an affine one is, ...): what it does
not show stays open.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from symreg.calculus.differentiation.index_sums import varies
from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.signs.parity import is_even
from symreg.expressions.arithmetic import ONE, WJ, ZERO, call, minus, negative, plus, power, rational, times, where
from symreg.expressions.decompose import factors, product
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Number, Subscript, Sum, Tree, number, walk
from symreg.model.spec import Parameter

Curvature = Literal["constant", "affine", "convex", "concave", "not shown"]
Domains = dict[str, Parameter]


def is_mirrored(tree: Tree) -> bool:
    """Is R(-w) = R(w)?"""
    return is_even(tree)


def is_nonnegative(tree: Tree, domains: Domains) -> bool:
    """Is the tree >= 0 for all weights, arrays and parameters?"""
    return bounds(tree, domains)[0] >= 0


def is_continuous(tree: Tree, domains: Domains) -> bool:
    """Is the tree made of what is continuous everywhere?"""
    return all(_is_tame(node, domains, kinks=True) for node in walk(tree))


def is_smooth(tree: Tree, domains: Domains) -> bool:
    """Is the tree made of what is differentiable everywhere?"""
    return all(_is_tame(node, domains, kinks=False) for node in walk(tree))


def _is_tame(node: Tree, domains: Domains, *, kinks: bool) -> bool:
    if not varies(node):
        return True
    match node:
        case Item() | Sum() | Negate() | Binary("+" | "-" | "*", _, _):
            return True
        case Binary("/", _, below):
            return not varies(below) or _is_positive(below, domains)
        case Binary("**", base, exponent):
            value = rational(exponent)
            return value is not None and ((value.denominator == 1 and value >= 0) or _is_positive(base, domains))
        case Call("sqrt", (argument,)):
            return _is_positive(argument, domains) or (kinks and is_nonnegative(argument, domains))
        case Call("log", (argument,)):
            return _is_positive(argument, domains)
        case Call(function, _) if function in FUNCTIONS:
            return FUNCTIONS[function].is_smooth or (kinks and FUNCTIONS[function].kink == "kink")
        case _:
            return False


def _is_positive(tree: Tree, domains: Domains) -> bool:
    low, _, is_nonzero = bounds(tree, domains)
    return low > 0 or (low == 0 and is_nonzero)


def degree(tree: Tree) -> Tree | None:
    """Return d where R(a*w) = a**d*R(w) for all a > 0, an expression in the parameters; None where it does not show."""
    if not varies(tree):
        return ZERO
    match tree:
        case Item() | Call("norm", _):
            return ONE
        case Sum(body, _):
            return degree(body)
        case Negate(operand) | Call("abs", (operand,)):
            return degree(operand)
        case Binary("+" | "-", left, right):
            a, b = degree(left), degree(right)
            return a if a == b else None
        case Binary("*" | "/" as operator, left, right):
            a, b = degree(left), degree(right)
            return None if a is None or b is None else plus(a, b) if operator == "*" else minus(a, b)
        case Binary("**", base, exponent):
            a = degree(base)
            return None if a is None or varies(exponent) else times(a, exponent)
        case Call("sqrt", (operand,)):
            a = degree(operand)
            return None if a is None else times(Number(Fraction(1, 2)), a)
        case Call("min" | "max", arguments):
            found = {degree(argument) for argument in arguments}
            return found.pop() if len(found) == 1 else None
        case _:
            return None


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
        case Call(function, arguments) if function in FUNCTIONS and FUNCTIONS[function].curvature == "convex":
            inner_ones = {curvature(argument, domains) for argument in arguments}
            rises = FUNCTIONS[function].monotone == "rising"
            allowed = {"constant", "affine", "convex"} if rises else {"affine"}
            return "convex" if inner_ones <= allowed else "not shown"
        case _:
            return "not shown"


_OPPOSITE: dict[Curvature, Curvature] = {
    "constant": "constant",
    "affine": "affine",
    "convex": "concave",
    "concave": "convex",
    "not shown": "not shown",
}


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
    match _split(tree):
        case (scalar, Sum(Binary("**", inner, exponent), index)) if rational(exponent) == 2:
            size = _largest_eigenvalue(inner, index)
            return None if size is None else times(times(number(2), scalar), number(size))
        case _:
            return None


def _split(tree: Tree) -> tuple[Tree, Tree] | None:
    """Return a product as what holds no weight, and the one factor that does."""
    split = factors(tree)
    moving = [factor for factor, above in split if varies(factor) and above]
    scalar = product([part for part in split if not varies(part[0])])
    return (scalar, moving[0]) if len(moving) == 1 and len([p for p in split if varies(p[0])]) == 1 else None


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


def is_coercive(tree: Tree, domains: Domains) -> bool:
    """Does the tree run to infinity with the size of the weights, however these do?"""
    match tree:
        case Call("norm", _):
            return True
        case Sum(body, index):
            return _grows(body, index, domains)
        case Binary("+", left, right):
            pair = (left, right)
            is_bounded = all(not varies(t) or is_nonnegative(t, domains) for t in pair)
            return is_bounded and any(is_coercive(t, domains) for t in pair)
        case Binary("**", base, exponent):
            value = rational(exponent)
            return value is not None and value > 0 and is_nonnegative(base, domains) and is_coercive(base, domains)
        case Binary("*" | "/", _, _):
            match _split(tree):
                case (scalar, factor):
                    return _is_positive(scalar, domains) and is_coercive(factor, domains)
    return False


def _grows(body: Tree, index: str, domains: Domains) -> bool:
    """Is it |w[i]| or an even power of w[i], or a positive multiple of one, which may depend on i?"""
    here = Item("w", (Subscript(index),))
    match body:
        case Call("abs", (argument,)):
            return argument == here
        case Binary("**", base, exponent):
            value = rational(exponent)
            return base == here and value is not None and value > 0 and value.denominator == 1 and value % 2 == 0
        case Binary("*" | "/", _, _):
            match _split(body):
                case (scalar, factor):
                    return _is_positive(scalar, domains) and _grows(factor, index, domains)
    return False


def pulls_inward(gradient: Tree, domains: Domains) -> bool:
    """Is w_j*dR/dw_j >= 0 for all weights, by the shape of the gradient over w[j]?"""
    made = _times_weight(gradient)
    return made is not None and is_nonnegative(made, domains)


def _times_weight(tree: Tree) -> Tree | None:
    """Return w_j times a tree with w_j*w_j as a square and w_j*sign(w_j) as |w_j|; None where neither is there."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            first, second = _times_weight(then), _times_weight(otherwise)
            return None if first is None or second is None else where(condition, first, second)
        case Binary("+" | "-" as operator, left, right):
            first, second = _times_weight(left), _times_weight(right)
            return None if first is None or second is None else (plus if operator == "+" else minus)(first, second)
        case Negate(operand):
            inner = _times_weight(operand)
            return None if inner is None else negative(inner)
        case Number(value) if value == 0:
            return ZERO
    split = factors(tree)
    for factor, made in ((WJ, power(WJ, number(2))), (call("sign", WJ), call("abs", WJ))):
        if (factor, True) in split:
            split[split.index((factor, True))] = (made, True)
            return product(split)
    return None
