"""Values and slopes from one side of a knot, for all parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds
from symreg.calculus.signs.roots import keeps_sign, roots, singular_at
from symreg.calculus.signs.symbolic_limit import joined_beside, limit
from symreg.calculus.signs.symbolic_sign import Sign, sign_of
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, NAN, ONE, ZERO, W, call, has_w, minus, negative, times, where
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Tree,
    children,
    number,
    rebuild,
    substitute,
    transform,
    walk,
)
from symreg.model.domain import Domain
from symreg.model.spec import Parameter

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summand:
    """One addend of phi over the bare `w`, and its derivative, differentiated in place."""

    value: Tree
    gradient: Tree
    domain: Domain


def indeterminate(summand: Summand, parameters: tuple[Parameter, ...], points: tuple[Values, ...]) -> Iterator[Tree]:
    """Yield where there is a value, and the derivative as it stands is none: 0 for `sqrt(w**2)`, w/sqrt(w**2)."""
    for vanishing in singular_at(summand.value):
        if keeps_sign(vanishing, parameters):
            continue
        try:
            found = roots(vanishing)
        except NotDifferentiable:
            continue
        for position in found:
            at = [(values, evaluate(position, values)) for values in points]
            real = [(values, x) for values, x in at if x == x]
            has_value = all(_is_number(evaluate(summand.value, {**values, W: x})) for values, x in real)
            has_slope = any(_is_number(evaluate(summand.gradient, {**values, W: x})) for values, x in real)
            beside = [near_zero_of(position, side, values) for values, _ in real for side in (-1, 1)]
            if real and has_value and not has_slope and all(_is_number(evaluate(summand.value, v)) for v in beside):
                yield position


def _is_number(x: Any) -> bool:
    return bool(abs(x) < _LARGE)


def beside(tree: Tree, position: Tree, side: int, points: tuple[Values, ...]) -> Tree:
    """Return the tree as it is just left (side -1) or right (1) of a position: no switch that is settled there is left.

    A switch that falls differently for different sample parameters is kept, taken at the position itself; where it is
    0 there for some of them only, it falls as it does beside the position.

    Raises:
        NotDifferentiable: How it falls beside the position depends on the parameters.
    """
    match tree:
        case Call("where", (condition, then, otherwise)):
            truths = {holds(condition, near_zero_of(position, side, values)) for values in points}
            if len(truths) == 1:
                return beside(then if truths.pop() else otherwise, position, side, points)
            if isinstance(condition, Logic):
                return beside(_unfolded(condition, then, otherwise), position, side, points)
            first, second = (beside(branch, position, side, points) for branch in (then, otherwise))
            kept = where(substitute(condition, {W: position}), first, second)
            if not isinstance(condition, Compare):
                return kept
            difference = minus(condition.left, condition.right)
            tied = _tied(difference, position, points)
            truth = _only({holds(condition, near_zero_of(position, side, values)) for values in tied}, position)
            return _where_zero(difference, position, kept if truth is None else first if truth else second, kept)
        case Call("abs" | "sign" as function, (argument,)) if has_w(argument):
            inner = beside(argument, position, side, points)
            signs = {_sign(evaluate(argument, near_zero_of(position, side, values))) for values in points}
            if len(signs) == 1 and 0 not in signs:
                return _of_sign(function, signs.pop(), inner)
            tied, kept = _tied(argument, position, points), call(function, inner)
            sign = _only({_sign(evaluate(argument, near_zero_of(position, side, values))) for values in tied}, position)
            return _where_zero(argument, position, _of_sign(function, sign, inner) if sign else kept, kept)
        case _:
            below = children(tree)
            made = tuple(beside(child, position, side, points) for child in below)
            return tree if all(a is b for a, b in zip(made, below, strict=True)) else rebuild(tree, made)


def _unfolded(condition: Logic, then: Tree, otherwise: Tree) -> Tree:
    """Return a choice with the operands of its condition as conditions of choices of their own."""
    match condition:
        case Logic("not", (operand,)):
            return Call("where", (operand, otherwise, then))
        case Logic("and", operands):
            for operand in reversed(operands):
                then = Call("where", (operand, then, otherwise))
            return then
        case Logic(_, operands):
            for operand in reversed(operands):
                otherwise = Call("where", (operand, then, otherwise))
            return otherwise


def _tied(tree: Tree, position: Tree, points: tuple[Values, ...]) -> list[Values]:
    """Return the samples at which a tree is 0 at a position."""
    return [v for v in points if abs(evaluate(tree, {**v, W: evaluate(position, v)})) < TINY * TINY]


def _only(found: set[T], position: Tree) -> T | None:
    """Return the one thing that was found, or None if nothing was."""
    if len(found) > 1:
        raise NotDifferentiable(
            f"how the pieces meet at w = {to_text(position)} depends on the parameters; "
            "give them domains that settle it, or write the switch as one with fewer parameters"
        )
    return next(iter(found), None)


def _where_zero(tree: Tree, position: Tree, then: Tree, otherwise: Tree) -> Tree:
    return where(Compare("==", substitute(tree, {W: position}), ZERO), then, otherwise)


def _of_sign(function: str, sign: int, argument: Tree) -> Tree:
    return number(sign) if function == "sign" else times(number(sign), argument)


def near_zero_of(position: Tree, side: int, values: Values, distance: Any = TINY) -> Values:
    at = evaluate(position, values)
    return {**values, W: at + side * (abs(at) or 1) * distance}


def _sign(value: Any) -> int:
    return 0 if value != value or value == 0 else (1 if value > 0 else -1)


def one_sided(
    gradient: Tree,
    position: Tree,
    side: int,
    parameters: tuple[Parameter, ...],
    points: tuple[Values, ...],
    *,
    is_joined: bool = False,
) -> Tree:
    """Return the derivative from one side: `inf`, minus it, or a finite expression; `nan` where there is none.

    Args:
        points: Samples at which the position is a real number; so for what else is asked about a position.
    """
    resolved = beside(gradient, position, side, points)
    simple = partial(joined_beside, resolved, position, side, parameters)  # other powers may hang on the same exponent
    there = substitute(resolved, {W: position})
    for node in walk(resolved):
        match node:
            case Binary("**", base, exponent) if has_w(base) and not has_w(exponent):
                is_zero = len(_tied(base, position, points)) == len(points)
                sign = sign_of(exponent, parameters) if is_zero else "negative"
                if sign == "positive":
                    there = substitute(there, {substitute(node, {W: position}): ZERO})
                elif sign != "negative" and is_joined:
                    return _by_exponent(resolved, node, sign, position, side, parameters, points)
                elif sign != "negative":
                    return one_sided(simple(), position, side, parameters, points, is_joined=True)
    if all(abs(evaluate(there, values)) < _LARGE for values in points):
        return simplify(there, parameters)
    if (unbounded := _by_negative_power(resolved, position, side, parameters, points)) is not None:
        return unbounded
    near = [evaluate(resolved, near_zero_of(position, side, values)) for values in points]
    nearer = [evaluate(resolved, near_zero_of(position, side, values, TINY * TINY)) for values in points]
    if all(abs(b) > 2 * abs(a) and _sign(a) == _sign(b) for a, b in zip(near, nearer, strict=True)):
        return INFINITY if nearer[0] > 0 else negative(INFINITY)
    found = limit(resolved, position, side, parameters)
    if found != NAN or is_joined:
        return found
    return one_sided(simple(), position, side, parameters, points, is_joined=True)


def _by_negative_power(
    gradient: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...], points: tuple[Values, ...]
) -> Tree | None:
    """Return the infinity that a derivative grows to with a power of what vanishes there, if it hangs on one alone.

    An exponent near 0 grows too slowly for numbers to show it: `abs(w)**(p - 1)` for a p near 1.
    """
    powers = [
        node
        for node in walk(gradient)
        if isinstance(node, Binary) and node.operator == "**" and has_w(node.left) and not has_w(node.right)
    ]
    vanishing = [node for node in dict.fromkeys(powers) if len(_tied(node.left, position, points)) == len(points)]
    if len(vanishing) != 1 or sign_of(vanishing[0].right, parameters) != "negative":
        return None
    signs = set()
    for values in points:
        at = near_zero_of(position, side, values)
        small, large = (evaluate(substitute(gradient, {vanishing[0]: number(10**k)}), at) for k in (40, 80))
        signs.add(_sign(large) if abs(large) > 2 * abs(small) and _sign(large) == _sign(small) else 0)
    return INFINITY if signs == {1} else negative(INFINITY) if signs == {-1} else None


def _by_exponent(
    gradient: Tree,
    power: Binary,
    sign: Sign,
    position: Tree,
    side: int,
    parameters: tuple[Parameter, ...],
    points: tuple[Values, ...],
) -> Tree:
    """Return a one-sided derivative that hangs on whether `0**exponent` is 0, 1 or infinite."""
    at_zero, at_one = (
        one_sided(substitute(gradient, {power: stand_in}), position, side, parameters, points)
        for stand_in in (ZERO, ONE)
    )
    beyond = number(10**40)
    signs = {
        _sign(evaluate(substitute(gradient, {power: beyond}), near_zero_of(position, side, values)))
        for values in points
    }
    infinite = INFINITY if signs == {1} else negative(INFINITY) if signs == {-1} else NAN
    match power.right:
        case Binary("-", left, right):
            pair = (left, right)
        case exponent:
            pair = (exponent, ZERO)
    if sign == "nonnegative":
        return where(Compare(">", *pair), at_zero, at_one)
    return where(Compare(">", *pair), at_zero, where(Compare("==", *pair), at_one, infinite))


_LARGE = TINY.context.mpf(10) ** 10**9


"""Below every infinity, above every value that parameters of mixed sizes lead to."""


def agree(left: Tree, right: Tree, points: tuple[Values, ...]) -> bool:
    for values in points:
        a, b = evaluate(left, values), evaluate(right, values)
        if (a != a and b != b) or a == b:
            continue
        if not abs(a - b) <= TINY * min(abs(a) + abs(b), _LARGE):
            return False
    return True


def settled_condition(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a tree without weights whose choices are those that depend on the parameters, as far as that shows."""
    domains = {p.name: p for p in parameters}

    def change(node: Tree) -> Tree:
        match node:
            case Call("abs", (argument,)):
                low, high, _ = bounds(argument, domains)
                return argument if low >= 0 else negative(argument) if high <= 0 else node
            case Call("where", (Compare(operator, left, right), then, otherwise)):
                low, high, is_nonzero = bounds(minus(left, right), domains)
                sign = (
                    "positive" if low >= 0 and is_nonzero else "negative" if high <= 0 and is_nonzero else "undecided"
                )
                if sign == "undecided":
                    return node
                return then if sign in _HOLDS_FOR[operator] else otherwise
            case _:
                return node

    return transform(tree, change)


_HOLDS_FOR = {"<": ("negative",), "<=": ("negative",), ">": ("positive",), ">=": ("positive",), "==": ()}
