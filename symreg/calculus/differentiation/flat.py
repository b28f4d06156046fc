"""Functions with an infinite slope over a flat piece: of `sqrt(max(w, 0))` the root of 0 is no root but a constant.

The chain rule gives infinity times 0 there. So the choice is taken out of the root before it is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symreg.calculus.border import Unforeseen, border
from symreg.calculus.evaluation.bounds import is_positive
from symreg.calculus.symbolic.simplify import expanded
from symreg.expressions.arithmetic import ZERO, negative, rational, where
from symreg.expressions.tree import Binary, Call, Compare, Sum, Tree, children, number, substitute
from symreg.model.spec import Parameter

Varies = Callable[[Tree], bool]

_MOST_CHOICES = 4
"""In one argument; each doubles its pieces."""


def opened(tree: Tree, varies: Varies, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a root, a logarithm or a power, piece by piece, if its argument has a piece that holds no weight.

    None where there is no such piece, or where the argument cannot be 0.

    Args:
        tree: Without `min` and `max`.
        varies: Does a tree hold a weight?
        parameters: With their domains.
    """
    argument = _argument(tree)
    if argument is None or is_positive(argument, parameters):
        return None
    for functions in (("where",), ("where", "abs", "sign")):
        parts = _parts(argument, functions, varies, _MOST_CHOICES)
        if any(_is_flat(piece, varies, parameters) for piece in _leaves(parts)):
            return _put_into(tree, argument, parts, varies, parameters)
    return None


def _argument(tree: Tree) -> Tree | None:
    """Return what is 0 where the tree's slope may be infinite."""
    match tree:
        case Call("sqrt" | "log", (argument,)):
            return argument
        case Binary("**", base, exponent):
            value = rational(exponent)
            return base if value is None or value < 1 else None
        case _:
            return None


def _parts(tree: Tree, functions: tuple[str, ...], varies: Varies, depth: int) -> Tree:
    """Return the tree with the choices that these functions make outermost."""
    choice = next((c for c in _choices(tree, varies) if c.function in functions), None) if depth else None
    match choice:
        case Call("where", (condition, then, otherwise)):
            sides = (then, otherwise)
        case Call("abs" | "sign" as function, (u,)):
            condition = Compare(">=", u, ZERO)
            sides = (u, negative(u)) if function == "abs" else (number(1), number(-1))
        case _:
            return tree
    then, otherwise = (
        _parts(_chosen(tree, choice, condition, side, branch), functions, varies, depth - 1)
        for branch, side in enumerate(sides)
    )
    return where(condition, then, otherwise)


def _chosen(tree: Tree, choice: Tree, condition: Tree, side: Tree, branch: int) -> Tree:
    """Return the tree with a choice made, and every other one on the same condition likewise."""
    alike: dict[Tree, Tree] = {
        node: node.arguments[1 + branch]
        for node in _choices(tree, lambda _: True)
        if node.function == "where" and node.arguments[0] == condition
    }
    return substitute(tree, {**alike, choice: side})


def _choices(tree: Tree, varies: Varies) -> Iterator[Call]:
    """Yield the choices that depend on weights, outer ones first, none of those in conditions or within a sum."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            if varies(condition) and isinstance(tree, Call):
                yield tree
            for branch in (then, otherwise):
                yield from _choices(branch, varies)
        case Call("abs" | "sign", (u,)) if varies(u):
            yield tree
            yield from _choices(u, varies)
        case Sum() | Call("norm", _):
            return
        case _:
            for child in children(tree):
                yield from _choices(child, varies)


def _leaves(tree: Tree) -> Iterator[Tree]:
    match tree:
        case Call("where", (_, then, otherwise)):
            yield from _leaves(then)
            yield from _leaves(otherwise)
        case _:
            yield tree


def _is_flat(piece: Tree, varies: Varies, parameters: tuple[Parameter, ...]) -> bool:
    return not varies(_simplified(piece, parameters))


def _simplified(piece: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    try:
        with border("whether a piece is flat"):
            return expanded(piece, parameters)
    except Unforeseen:
        return piece


def _put_into(tree: Tree, argument: Tree, parts: Tree, varies: Varies, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the tree of each of its argument's pieces."""
    match parts:
        case Call("where", (condition, then, otherwise)):
            return where(
                condition,
                _put_into(tree, argument, then, varies, parameters),
                _put_into(tree, argument, otherwise, varies, parameters),
            )
        case _:
            is_flat = _is_flat(parts, varies, parameters)
            return _with_argument(tree, _simplified(parts, parameters) if is_flat else parts)


def _with_argument(tree: Tree, argument: Tree) -> Tree:
    match tree:
        case Call(function, _):
            return Call(function, (argument,))
        case Binary(operator, _, exponent):
            return Binary(operator, argument, exponent)
        case _:
            return tree
