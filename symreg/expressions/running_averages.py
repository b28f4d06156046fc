"""Find running averages that cancel in a rule: mean of squares less square of mean, under a root or in a divisor.

With a steady gradient both come to the same number, and what is left is their rounding, of either sign: NaN under a
root. Takes assignments, hands on what to say of them. Found by their form, whatever the states are called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Name, Number, Tree, names, number, substitute, walk

Steps = Sequence[tuple[str, Tree]]
"""Assignments in their order: the name assigned to, and the expression."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A difference that cancels where the gradient is steady.

    Args:
        sentence: What is wrong with it, and what to write in its place.
        is_root: Is it all that stands under a root, so that a negative rounding makes the result NaN?
    """

    sentence: str
    is_root: bool


@dataclass(frozen=True, slots=True)
class _Average:
    """A state with `state = decay*state + weight*value`."""

    decay: Tree
    weight: Tree
    value: Tree


def cancellations(steps: Steps, states: Collection[str]) -> tuple[Cancellation, ...]:
    """Return the differences that cancel where the gradient is steady; one that is clipped or bounded is none.

    Args:
        steps: A rule's assignments.
        states: Names of its state variables.
    """
    averages = _averages(steps, states)
    definitions: dict[Tree, Tree] = {}  # of names that live for one step
    sentences: dict[str, bool] = {}
    for target, assigned in steps:
        expression = substitute(assigned, definitions)
        for squares, mean, is_root in _differences(expression):
            of_squares, of_mean = _scaled_state(squares, states), _scaled_state(_base_of_square(mean), states)
            if {of_squares, of_mean} <= averages.keys() and _base_of_square(averages[of_squares].value) is not None:
                is_unscaled = squares == Name(of_squares) and _base_of_square(mean) == Name(of_mean)
                sentence = _sentence(Binary("-", squares, mean), averages, of_squares, of_mean, is_unscaled)
                sentences[sentence] = sentences.get(sentence, False) or is_root
        if target not in {*states, "w"}:
            definitions[Name(target)] = expression
    return tuple(Cancellation(sentence, is_root) for sentence, is_root in sentences.items())


def _sentence(difference: Tree, averages: dict[str, _Average], of_squares: str, of_mean: str, is_unscaled: bool) -> str:
    squares, mean = averages[of_squares], averages[of_mean]
    fault = f"{to_text(difference)} cancels where the gradient is steady: what is left is rounding, of either sign"
    is_variance = is_unscaled and _base_of_square(squares.value) == mean.value and squares.decay == mean.decay
    if not is_variance or not squares.weight == mean.weight == Binary("-", number(1), squares.decay):
        return f"{fault}; let a state hold the difference itself"
    decay, weight = to_text(squares.decay), to_text(squares.weight)
    better = f"{of_squares} = {decay}*({of_squares} + ({weight})*({to_text(mean.value)} - {of_mean})**2)"
    return f"{fault}; write {better} before {of_mean} is assigned, and {of_squares} for the difference"


def _averages(steps: Steps, states: Collection[str]) -> dict[str, _Average]:
    """Return the running averages among the states."""
    averages: dict[str, _Average] = {}
    for target, expression in steps:
        match expression:
            case Binary("+", left, right) if target in states:
                for old, new in ((left, right), (right, left)):
                    kept, fresh = _multiplied(old), _multiplied(new)
                    if Name(target) in kept and target not in names(new):
                        kept.remove(Name(target))
                        varying = [factor for factor in fresh if names(factor) & _GRADIENTS]
                        fixed = [factor for factor in fresh if factor not in varying]
                        averages[target] = _Average(_times(kept), _times(fixed), _times(varying))
            case _:
                pass
    return averages


_GRADIENTS = {"g", "g_loss", "g_penalty"}


def _multiplied(tree: Tree) -> list[Tree]:
    match tree:
        case Binary("*", left, right):
            return _multiplied(left) + _multiplied(right)
        case _:
            return [tree]


def _times(factors: list[Tree]) -> Tree:
    return reduce(lambda a, b: Binary("*", a, b), factors) if factors else number(1)


def _differences(tree: Tree) -> Iterator[tuple[Tree, Tree, bool]]:
    """Yield the differences under a root or in a divisor, and if they are all that stands under a root."""
    for node in walk(tree):
        match node:
            case Call("sqrt", (inner,)) | Binary("**", inner, Number() | Binary("/")) if _is_root(node):
                yield from ((*sides, inner == Binary("-", *sides)) for sides in _differences_in(inner))
            case Binary("/", _, inner):
                yield from ((*sides, False) for sides in _differences_in(inner))
            case _:
                pass


def _is_root(node: Tree) -> bool:
    """Is it no power with a whole exponent?"""
    return not (isinstance(node, Binary) and isinstance(node.right, Number) and node.right.value.denominator == 1)


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


def _scaled_state(tree: Tree | None, states: Collection[str]) -> str:
    """Return the one state that a tree is a multiple of, else ""."""
    match tree:
        case Name(name) if name in states:
            return name
        case Binary("*" | "/" as operator, left, right):
            if not names(right).intersection(states):
                return _scaled_state(left, states)
            return _scaled_state(right, states) if operator == "*" and not names(left).intersection(states) else ""
        case _:
            return ""
