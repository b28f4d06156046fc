"""Refuse a penalty that has no value anywhere: one that divides by zero, or takes the logarithm of what is negative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from symreg.calculus.evaluation.high_precision import Values, evaluate, interval_at, samples
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import NAN, W, where
from symreg.expressions.text import mention
from symreg.expressions.tree import Call, Compare, Item, Logic, Name, Sum, Tree, children, number, transform, walk
from symreg.model.domain import Domain
from symreg.model.interval import Interval, inside
from symreg.model.spec import Parameter
from symreg.model.terms import Term

_MAGNITUDES = tuple(10.0**power for power in (0, -1, 1, -3, 3, -6, 6, -12, 12, -100, 100))


def refuse_undefined(term: Term, parameters: tuple[Parameter, ...]) -> None:
    """Check that a term has a finite value at one weight of its domain at least, for some values of its parameters.

    Raises:
        NotDifferentiable: None of those tried gives it one.
    """
    tree = transform(term.tree, _of_one_addend)
    points = samples(parameters)
    groups = [(interval_at(term.domain, points[0]), points)]
    if term.domain.names:
        groups = [(interval_at(term.domain, values), (values,)) for values in points]
    if not any(
        abs(evaluate(tree, {**values, **weights})) < float("inf")
        for domain, rows in groups
        for weights in _weights(tree, term, domain)
        for values in rows
    ):
        _refuse(term, "value")


def refuse_undefined_gradient(gradient: Tree, term: Term) -> None:
    """Check that a term's simplified gradient is not undefined as a whole.

    Raises:
        NotDifferentiable: It is, as exact arithmetic shows: `w/sin(pi)` divides by zero.
    """
    if gradient == NAN:
        _refuse(term, "gradient")


def _refuse(term: Term, what: str) -> NoReturn:
    raise NotDifferentiable(
        f"{mention(term.tree, term.name)} has no finite {what} at any weight; "
        "it divides by 0, or takes a root or the logarithm of what is negative"
    )


def _of_one_addend(node: Tree) -> Tree:
    """Return a sum's body in place of the sum, and |w| in place of a norm: as for one weight."""
    match node:
        case Sum(body, _):
            return body
        case Call("norm", (argument,)):
            return Call("abs", (argument,))
        case _:
            return node


def _weights(tree: Tree, term: Term, domain: Interval) -> Iterator[Values]:
    """Yield values of the weights and of arrays: of many sizes, no two the same, within their domains."""
    items = list(dict.fromkeys(node for node in walk(tree) if isinstance(node, Item)))
    candidates = (sign * size for size in _MAGNITUDES for sign in (1.0, -1.0))
    arrays = {array.name: array for array in term.arrays}
    for weight in (*(x for x in candidates if x in domain), inside(domain)):
        for spread in (1.0, -0.25):
            values = {item: weight * (1 + spread * k) for k, item in enumerate(items)}
            for item, value in values.items():
                array = arrays.get(item.array)
                values[item] = value if array is None or value in array.domain else array.default
            yield {Name("w"): _exact(weight), **{item: _exact(value) for item, value in values.items()}}


def _exact(value: float) -> object:
    return evaluate(number(1), {}) * value


def within(tree: Tree, domain: Domain, beyond: Tree) -> Tree:
    """Return a tree that is `beyond` for weights outside the domain; a NaN weight still gives NaN."""
    ends = outside(domain)
    return tree if ends is None else where(ends, beyond, tree)


def outside(domain: Domain) -> Tree | None:
    """Return the condition that the weight lies outside the domain, or None if it cannot."""
    ends: list[Tree] = []
    if domain.lower is not None:
        ends.append(Compare("<" if domain.low_closed else "<=", W, domain.lower))
    if domain.upper is not None:
        ends.append(Compare(">" if domain.high_closed else ">=", W, domain.upper))
    return None if not ends else ends[0] if len(ends) == 1 else Logic("or", tuple(ends))


def condition_of(domain: Domain) -> Tree | None:
    """Return the condition that the weight lies in the domain, or None if it always does."""
    ends: list[Tree] = []
    if domain.lower is not None:
        ends.append(Compare(">=" if domain.low_closed else ">", W, domain.lower))
    if domain.upper is not None:
        ends.append(Compare("<=" if domain.high_closed else "<", W, domain.upper))
    return None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))


def conditions_of(tree: Tree) -> list[Tree]:
    found: list[Tree] = []
    if isinstance(tree, Call) and tree.function == "where":
        found.append(tree.arguments[0])
    for child in children(tree):
        found.extend(conditions_of(child))
    return found
