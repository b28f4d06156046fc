"""List the roots of a switch in the bare `w`: by factors, inverse functions and the quadratic formula."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.calculus.evaluation.bounds import is_positive
from symreg.calculus.signs.quadratic import solved
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import (
    ONE,
    ZERO,
    W,
    call,
    has_w,
    minus,
    negative,
    numeric,
    over,
    power,
    rational,
    times,
)
from symreg.expressions.decompose import factors
from symreg.expressions.formulas import inverse, requirement
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.text import mention
from symreg.expressions.tree import Binary, Call, Compare, Logic, Negate, Tree, substitute, walk
from symreg.model.spec import Parameter


class Unlisted(NotDifferentiable):
    """A switch whose roots cannot be listed: the gradient needs no list, an operator and most claims do."""


def switches(tree: Tree) -> tuple[Tree, ...]:
    """Return the expressions whose sign a tree switches on: arguments of `abs` and `sign`, sides of comparisons."""
    found: dict[Tree, None] = {}
    for node in walk(tree):
        match node:
            case Call("abs" | "sign", (argument,)) if has_w(argument):
                found[argument] = None
            case Compare(_, left, right) if has_w(left) or has_w(right):
                found[minus(left, right)] = None
            case _:
                pass
    return tuple(found)


def knots_of(tree: Tree, parameters: tuple[Parameter, ...] = ()) -> tuple[Tree, ...]:
    """Return where the pieces of an elementwise tree may end, each position once, as expressions in the parameters.

    Args:
        parameters: For their domains: what shows that it keeps its sign has no roots.

    Raises:
        Unlisted: A switch whose roots cannot be listed; names it.
    """
    turning = [switch for switch in switches(tree) if not keeps_sign(switch, parameters)]
    return tuple(dict.fromkeys(root for switch in turning for root in roots(switch)))


def listed(tree: Tree, parameters: tuple[Parameter, ...]) -> tuple[tuple[Tree, ...], tuple[Tree, ...]]:
    """Return the positions at which a tree's pieces may end, and the switches whose roots cannot be listed."""
    at: dict[Tree, None] = {}
    others: list[Tree] = []
    for switch in switches(tree):
        if keeps_sign(switch, parameters):
            continue
        try:
            at |= dict.fromkeys(roots(switch))
        except Unlisted:
            others.append(switch)
    return tuple(at), tuple(others)


def keeps_sign(switch: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is a switch positive at all weights, or negative at all, as its shape shows?"""
    return is_positive(switch, parameters) or is_positive(negative(switch), parameters)


def roots(tree: Tree) -> tuple[Tree, ...]:
    """Return the weights at which `tree` may be 0; one that is not real for some parameters may be among them.

    Raises:
        NotDifferentiable: They cannot be listed.
    """
    return tuple(dict.fromkeys(_normal(root) for root in _roots(tree, tree)))


def singular_at(tree: Tree) -> Iterator[Tree]:
    """Yield the expressions at whose zeros a tree without switches may have no derivative: denominators, say."""
    for node in walk(tree):
        match node:
            case Binary("/", _, below) if has_w(below):
                yield below
            case Binary("**", base, exponent) if has_w(base) and not _is_whole(exponent):
                yield base
            case Call(function, (argument,)) if has_w(argument) and (needed := requirement(function, argument)):
                yield needed[0]
            case _:
                pass


def _is_whole(exponent: Tree) -> bool:
    value = rational(exponent)
    return value is not None and value.denominator == 1 and value >= 0


def _normal(root: Tree) -> Tree:
    return ZERO if numeric(root) == 0 else root


def _roots(tree: Tree, whole: Tree) -> list[Tree]:
    """Return the roots of one factor of the switch `whole`."""
    if not has_w(tree):
        return []
    match tree:
        case Negate(operand):
            return _roots(operand, whole)
        case Binary("*" | "/", _, _):
            return [r for factor, above in factors(tree) if above for r in _roots(factor, whole)]
        case Binary("**", base, exponent):
            value = numeric(exponent)
            return [] if value is not None and value < 0 else _roots(base, whole)
        case Call("where", (condition, then, otherwise)):
            return [*_of_condition(condition, whole), *_roots(then, whole), *_roots(otherwise, whole)]
        case _:
            return _equal(*_isolated(tree), whole)


def _of_condition(condition: Tree, whole: Tree) -> list[Tree]:
    match condition:
        case Compare(_, left, right):
            return _roots(minus(left, right), whole)
        case Logic(_, operands):
            return [r for operand in operands for r in _of_condition(operand, whole)]
        case _:
            return []


def _isolated(tree: Tree) -> tuple[Tree, Tree]:
    """Return (f, r) such that the tree is zero where f = r, r without w."""
    moving, rest = tree, ZERO
    while isinstance(moving, Binary) and moving.operator in "+-":
        left, right = moving.left, moving.right if moving.operator == "+" else negative(moving.right)
        if has_w(left) and has_w(right):
            break
        moving, constant = (left, right) if has_w(left) else (right, left)
        rest = minus(rest, constant)
    return moving, rest


def _equal(tree: Tree, value: Tree, whole: Tree) -> list[Tree]:
    """Return the weights at which `tree` equals `value`."""
    if tree == W:
        return [value]
    if (found := solved(tree, value)) is not None:
        return found
    match tree:
        case Negate(operand):
            return _again(operand, negative(value), whole)
        case Binary("*" | "/", _, _):
            return _divided(tree, value, whole)
        case Binary("**", base, exponent) if has_w(base):
            return _of_power(base, exponent, value, whole)
        case Call("sign", (argument,)):
            return _again(argument, ZERO, whole)
        case Call("where", (condition, then, otherwise)):
            branches = [r for branch in (then, otherwise) if has_w(branch) for r in _again(branch, value, whole)]
            return [*_of_condition(condition, whole), *branches]
        case Call(function, (argument,)) if (inner := inverse(function, value)) is not None:
            if FUNCTIONS[function].parity != "even":
                return _again(argument, inner, whole)
            return list(dict.fromkeys([*_again(argument, inner, whole), *_again(argument, negative(inner), whole)]))
        case _:
            return _by_sides(tree, value, whole)


def _again(tree: Tree, value: Tree, whole: Tree) -> list[Tree]:
    moving, rest = _isolated(minus(tree, value))
    return _equal(moving, rest, whole)


def _divided(tree: Tree, value: Tree, whole: Tree) -> list[Tree]:
    """Solve a product with one factor that varies; or with several, equal to 0."""
    split = factors(tree)
    moving = [(f, above) for f, above in split if has_w(f)]
    if len(moving) > 1:
        if numeric(value) == 0:
            return _roots(tree, whole)
        return _refuse(whole)
    for factor, above in split:
        if not has_w(factor):
            value = over(value, factor) if above else times(value, factor)
    ((factor, above),) = moving
    return _again(factor, value if above else over(ONE, value), whole)


def _of_power(base: Tree, exponent: Tree, value: Tree, whole: Tree) -> list[Tree]:
    degree = numeric(exponent)
    if numeric(value) == 0:
        return _again(base, ZERO, whole)
    root = call("sqrt", value) if degree == 2 else power(value, over(ONE, exponent))
    if degree is not None and degree.denominator == 1:
        if degree % 2 == 0:
            return [*_again(base, root, whole), *_again(base, negative(root), whole)]
        root = times(call("sign", value), power(call("abs", value), over(ONE, exponent)))
    return _again(base, root, whole)


def _by_sides(tree: Tree, value: Tree, whole: Tree) -> list[Tree]:
    """Solve with each abs(u) written u and -u, each choice as either branch; a root of the wrong side does no harm."""
    choices = list(dict.fromkeys(n for n in walk(tree) if isinstance(n, Call) and n.function in _CHOICES and has_w(n)))
    if not 1 <= len(choices) <= _MOST_SIDES:
        return _refuse(whole)
    found: list[Tree] = []
    match choices[0]:
        case Call("where", (condition, *sides)):
            found = _of_condition(condition, whole)
        case Call(_, (argument,)):
            sides, found = [argument, negative(argument)], [ZERO]
    for side in sides:
        found.extend(_again(substitute(tree, {choices[0]: side}), value, whole))
    return found


_CHOICES = ("abs", "where")
_MOST_SIDES = 5
"""Each doubles the equations to solve."""


def _refuse(whole: Tree) -> list[Tree]:
    raise Unlisted(
        f"the switch at {mention(whole)} = 0 has no roots that can be listed; "
        "write one of degree <= 2 in w or abs(w), a product of such, or an invertible function of one"
    )
