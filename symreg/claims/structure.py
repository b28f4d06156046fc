"""What the shape of a term in index notation proves: parity, degree, sign, continuity, convexity, curvature's bound.

Every rule is one of composition (a sum of convex functions is convex, a square of an affine one is, ...): what it does
not show stays open.
"""

from __future__ import annotations

from fractions import Fraction

from symreg.calculus.differentiation.index_sums import varies
from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.signs.parity import is_even
from symreg.expressions.arithmetic import ONE, WJ, ZERO, call, minus, negative, plus, power, rational, times, where
from symreg.expressions.decompose import factors, product
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Binary, Call, Item, Negate, Number, Subscript, Sum, Tree, number, walk
from symreg.model.spec import Parameter

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


def split(tree: Tree) -> tuple[Tree, Tree] | None:
    """Return a product as what holds no weight, and the one factor that does."""
    split = factors(tree)
    moving = [factor for factor, above in split if varies(factor) and above]
    scalar = product([part for part in split if not varies(part[0])])
    return (scalar, moving[0]) if len(moving) == 1 and len([p for p in split if varies(p[0])]) == 1 else None


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
            match split(tree):
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
            match split(body):
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
