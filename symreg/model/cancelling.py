"""Find running averages of a rule that cancel: mean of squares less square of mean, under a root or in a divisor.

With a steady gradient both come to the same number, and what is left is their rounding, of either sign: NaN under a
root. Takes a rule, hands on what to say of it. Found by the form of the assignments, whatever the states are called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Name, Number, Tree, names, number, substitute, walk
from symreg.model.spec import Rule


@dataclass(frozen=True, slots=True)
class _Average:
    """A state with `state = decay*state + weight*value`."""

    decay: Tree
    weight: Tree
    value: Tree


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A difference that cancels where the gradient is steady.

    Args:
        told: A sentence about it, with what to write in its place.
        is_root: Is it all that stands under a root, so that a negative rounding makes the result NaN?
    """

    told: str
    is_root: bool


def cancellations(rule: Rule) -> tuple[Cancellation, ...]:
    """Return the differences that cancel where the gradient is steady; one that is clipped or bounded is none."""
    averages = _averages(rule)
    states = {state.name for state in rule.states}
    known: dict[Tree, Tree] = {}  # what local names stand for
    found: dict[str, bool] = {}
    for step in rule.steps:
        expression = substitute(step.expression, known)
        for squares, mean, is_root in _differences(expression):
            one, other = _scaled_state(squares, states), _scaled_state(_base_of_square(mean), states)
            if one in averages and other in averages and _base_of_square(averages[one].value) is not None:
                is_plain = squares == Name(one) and _base_of_square(mean) == Name(other)
                told = _told(Binary("-", squares, mean), averages[one], averages[other], one, other, is_plain)
                found[told] = found.get(told, False) or is_root
        if step.target not in states | {"w"}:
            known[Name(step.target)] = expression
    return tuple(Cancellation(told, is_root) for told, is_root in found.items())


def _told(difference: Tree, squares: _Average, mean: _Average, one: str, other: str, is_plain: bool) -> str:
    said = f"{to_text(difference)} cancels where the gradient is steady: what is left is rounding, of either sign"
    is_variance = is_plain and _base_of_square(squares.value) == mean.value and squares.decay == mean.decay
    if not is_variance or not squares.weight == mean.weight == Binary("-", number(1), squares.decay):
        return f"{said}; let a state hold the difference itself"
    decay, weight = to_text(squares.decay), to_text(squares.weight)
    better = f"{one} = {decay}*({one} + ({weight})*({to_text(mean.value)} - {other})**2)"
    return f"{said}; write {better} before {other} is assigned, and {one} for the difference"


def _averages(rule: Rule) -> dict[str, _Average]:
    """Return the running averages among the states."""
    states = {state.name for state in rule.states}
    found: dict[str, _Average] = {}
    for step in rule.steps:
        match step.expression:
            case Binary("+", left, right) if step.target in states:
                for old, new in ((left, right), (right, left)):
                    kept, fresh = _factors(old), _factors(new)
                    if Name(step.target) in kept and step.target not in names(new):
                        kept.remove(Name(step.target))
                        varying = [factor for factor in fresh if names(factor) & _GRADIENTS]
                        fixed = [factor for factor in fresh if factor not in varying]
                        found[step.target] = _Average(_product(kept), _product(fixed), _product(varying))
            case _:
                pass
    return found


_GRADIENTS = {"g", "g_loss", "g_penalty"}


def _factors(tree: Tree) -> list[Tree]:
    match tree:
        case Binary("*", left, right):
            return _factors(left) + _factors(right)
        case _:
            return [tree]


def _product(factors: list[Tree]) -> Tree:
    return reduce(lambda a, b: Binary("*", a, b), factors) if factors else number(1)


def _differences(tree: Tree) -> Iterator[tuple[Tree, Tree, bool]]:
    """Yield the differences under a root or in a divisor, and if they are all that stands under a root."""
    for node in walk(tree):
        match node:
            case Call("sqrt", (inner,)):
                yield from ((*sides, inner == Binary("-", *sides)) for sides in _differences_in(inner))
            case Binary("**", inner, Number(power)) if power.denominator != 1:
                yield from ((*sides, inner == Binary("-", *sides)) for sides in _differences_in(inner))
            case Binary("**", inner, Binary("/")):
                yield from ((*sides, inner == Binary("-", *sides)) for sides in _differences_in(inner))
            case Binary("/", _, inner):
                yield from ((*sides, False) for sides in _differences_in(inner))
            case _:
                pass


def _differences_in(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield every difference in a tree that no function is taken of."""
    if not isinstance(tree, Binary):
        return
    if tree.operator == "-":
        yield tree.left, tree.right
    if tree.operator != "**":
        yield from _differences_in(tree.left)
        yield from _differences_in(tree.right)


def _base_of_square(tree: Tree | None) -> Tree | None:
    """Return x of `x**2` or `x*x`, else None."""
    match tree:
        case Binary("**", base, Number(power)) if power == 2:
            return base
        case Binary("*", left, right) if left == right:
            return left
        case _:
            return None


def _scaled_state(tree: Tree | None, states: set[str]) -> str:
    """Return the one state that a tree is a multiple of, else ""."""
    match tree:
        case Name(name) if name in states:
            return name
        case Binary("*" | "/" as operator, left, right):
            if not names(right) & states:
                return _scaled_state(left, states)
            return _scaled_state(right, states) if operator == "*" and not names(left) & states else ""
        case _:
            return ""
