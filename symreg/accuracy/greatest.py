"""Sums of exponentials over an index with the greatest exponent of all taken out: exp(m) * sum(exp(x - m)).

The greatest of x over an index stands in trees as `Call("greatest", (Sum(x, index),))`; kernels have a loop for it.
What is made of the sums is written over m and what is left of them: their exponentials are joined with others.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.evaluation.bounds import is_positive
from symreg.calculus.symbolic.dominant import with_exponents_joined
from symreg.calculus.symbolic.exponential_sums import (
    CONSTANT,
    NOTHING,
    Polynomial,
    TooLong,
    atom,
    content,
    expanded,
    read,
    tree_of,
)
from symreg.expressions.arithmetic import ZERO, call, minus, times, total
from symreg.expressions.decompose import addends, sum_of
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Negate,
    Sum,
    Tree,
    children,
    names,
    rebuild,
    substitute,
    walk,
)
from symreg.model.spec import Parameter

GREATEST = "greatest"


def greatest_taken_out(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return an equal expression in index notation without a sum that overflows, or None if there is none to change.

    Args:
        tree: Without ranges: no choice by whether an element exists.
        parameters: A factor of the exponent that is positive for all of them is kept out of the greatest one.
    """
    shifts = {node: rows for node in _sums_within(tree) if (rows := _shifted(node, parameters)) is not None}
    if not shifts:
        return None
    others = [node for node in _atoms(tree) if node not in shifts]
    rows = [row for made in shifts.values() for row in made]
    found = dict.fromkeys([*others, *(node for most, _ in rows for node in _atoms(most)), *(rest for _, rest in rows)])
    taken = {name for node in walk(tree) for name in names(node)}
    free = (name for k in range(len(taken) + len(found)) if (name := f"x{k}") not in taken)
    stand_ins = {node: Name(next(free)) for node in found}
    greatest = {stand_ins[node] for most, _ in rows for node in _atoms(most)}
    over_names: dict[Tree, Tree] = {node: stand_ins[node] for node in others}
    for node, made in shifts.items():
        parts = [times(call("exp", substitute(most, {**stand_ins})), stand_ins[rest]) for most, rest in made]
        over_names[node] = total(parts)
    names_of = _Names(
        frozenset(name.name for name in greatest),
        frozenset(name.name for name in stand_ins.values() if name not in greatest),
    )
    written = _joined(substitute(tree, over_names), names_of, is_whole=True)
    return None if written is None else substitute(written, {name: node for node, name in stand_ins.items()})


@dataclass(frozen=True, slots=True)
class _Names:
    """What stands for the greatest exponents, and what for elements and for what is left of sums."""

    greatest: frozenset[str]
    others: frozenset[str]


def overflows_far_out(tree: Tree) -> bool:
    """May a greatest exponent be infinite for the largest weights, or a difference infinity less infinity?"""
    greatest = [node for node in walk(tree) if isinstance(node, Call) and node.function == GREATEST]
    if any(_may_be_infinite(child) for node in greatest for child in children(node.arguments[0])):
        return True
    exponents = [node for node in walk(tree) if isinstance(node, Call) and node.function == "exp"]
    within = {node for exponent in exponents for node in walk(exponent)}
    differences = [node for node in walk(tree) if isinstance(node, Binary) and node.operator in "+-"]
    return bool(greatest) and any(
        _may_be_infinite(node.left) and _may_be_infinite(node.right)
        for node in differences
        if node.operator == "-" or node in within
    )


def _may_be_infinite(exponent: Tree) -> bool:
    match exponent:
        case Negate(operand) | Call("greatest", (Sum(operand, _),)):
            return _may_be_infinite(operand)
        case _:
            return bool(children(exponent))


def _sums_within(tree: Tree) -> list[Tree]:
    """Return the sums that a function, a quotient or a product with something else that varies is made of."""
    found: dict[Tree, None] = {}

    def search(node: Tree, *, is_bare: bool) -> None:
        match node:
            case Sum():
                if not is_bare:
                    found[node] = None
            case Binary("+" | "-", left, right):
                search(left, is_bare=is_bare)
                search(right, is_bare=is_bare)
            case Binary("*", left, right):
                search(left, is_bare=is_bare and not _atoms(right))
                search(right, is_bare=is_bare and not _atoms(left))
            case Binary("/", left, right):
                search(left, is_bare=is_bare and not _atoms(right))
                search(right, is_bare=False)
            case Negate(operand):
                search(operand, is_bare=is_bare)
            case _:
                for child in children(node):
                    search(child, is_bare=False)

    search(tree, is_bare=True)
    return list(found)


def _shifted(tree: Tree, parameters: tuple[Parameter, ...]) -> list[tuple[Tree, Tree]] | None:
    """Return a sum over an index as rows (m, s), of which it is the sum of exp(m)*s; None if it has no exponentials."""
    assert isinstance(tree, Sum)
    with suppress(TooLong):
        collected = expanded(read(tree.body))
        reach = _subscripts(tree.body, tree.index)
        made: list[tuple[Tree, Tree]] = []
        for exponent, coefficient in collected.items():
            if exponent == NOTHING or _subscripts(tree_of(exponent), tree.index) != reach:
                return None
            scale = _positive_scale(exponent, parameters)
            term = tree_of(exponent * scale.to_power(Fraction(-1)))
            most = Call(GREATEST, (Sum(term, tree.index),))
            less = tree_of(scale * atom(minus(term, most)))  # exactly 0 for the greatest: it is rounded as that was
            made.append((tree_of(scale * atom(most)), Sum(times(tree_of(coefficient), call("exp", less)), tree.index)))
        return made or None
    return None


def _positive_scale(exponent: Polynomial, parameters: tuple[Parameter, ...]) -> Polynomial:
    """Return the positive factor of an exponent that is the same for every index."""
    ((monomial, value),) = content(CONSTANT, [exponent]).terms
    scalar = tuple((t, e) for t, e in monomial if isinstance(t, Name) and is_positive(t, parameters))
    return Polynomial(((scalar, value),))


def _subscripts(tree: Tree, index: str) -> set[int]:
    """Return the shifts of an index in a tree: they tell which of its values count."""
    return {s.shift for node in walk(tree) if isinstance(node, Item) for s in node.subscripts if s.index == index}


def _joined(tree: Tree, stand_ins: _Names, *, is_whole: bool = False) -> Tree | None:
    """Return a tree in which no exponential of a greatest exponent stands by itself; None if that was not reached.

    Args:
        tree: Over the names of greatest exponents, and of what is left of the sums.
        stand_ins: All names.
        is_whole: Is it a whole expression, which may grow as an exponential does?
    """
    if not _overflows(tree, stand_ins):
        return tree
    match tree:
        case Call("exp", _) | Logic():
            return None
        case Compare(operator, left, right) if right == ZERO:
            return _compared(operator, left, stand_ins)
        case Call("where", arguments):
            below = tuple(_joined(argument, stand_ins, is_whole=is_whole) for argument in arguments)
            return None if None in below else Call("where", tuple(part for part in below if part is not None))
    summands = addends(tree, opened=True)
    if len(summands) > 1 or summands[0][0] < 0:
        parts = [(sign, _joined(addend, stand_ins, is_whole=is_whole)) for sign, addend in summands]
        if all(part is not None for _, part in parts):
            return sum_of((sign, part) for sign, part in parts if part is not None)
    inner = {node: _joined(node, stand_ins) for node in _functions(tree) if node != tree}
    if None in inner.values():
        return None
    joined = substitute(tree, {node: part for node, part in inner.items() if part is not None})
    match with_exponents_joined(joined):
        case made, growth if is_whole or not _overflows(growth, stand_ins):
            return made
    below = tuple(_joined(child, stand_ins) for child in children(tree))
    return None if None in below else rebuild(tree, tuple(part for part in below if part is not None))


def _functions(tree: Tree) -> list[Tree]:
    """Return the outermost calls of functions in a tree, but for exponentials and roots."""
    if isinstance(tree, Call) and tree.function not in ("exp", "sqrt"):
        return [tree]
    return (
        [] if isinstance(tree, Call) and tree.function == "exp" else [f for c in children(tree) for f in _functions(c)]
    )


def _compared(operator: str, left: Tree, stand_ins: _Names) -> Tree | None:
    """Return a comparison with 0 without the exponential that both sides may be divided by."""
    with suppress(TooLong):
        product = read(left)
        made = Compare(operator, tree_of(product.coefficient), ZERO)
        return None if product.factors or _overflows(made, stand_ins) else made
    return None


def _overflows(tree: Tree, stand_ins: _Names) -> bool:
    """Does an exponential of greatest exponents and of nothing else that varies stand in it?"""
    exponents = [names(n) for n in walk(tree) if isinstance(n, Call) and n.function == "exp"]
    return any(used & stand_ins.greatest and not used & stand_ins.others for used in exponents)


def _atoms(tree: Tree) -> list[Tree]:
    """Return the elements and sums that an expression is made of, outermost, in order."""
    if isinstance(tree, Item | Sum) or (isinstance(tree, Call) and tree.function in ("norm", GREATEST)):
        return [tree]
    return [atom for child in children(tree) for atom in _atoms(child)]
