"""What a loop computes, as on paper, in the names of the code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

from symreg.expressions.arithmetic import size
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Name,
    Subscript,
    Sum,
    Tree,
    number,
    substitute,
    transform,
    walk,
)
from symreg.kernel import Best, Invoke, Let, Reduce, Store
from symreg.kernel.ir import Rows, Statement
from symreg.targets.c.layout import LONGEST_LINE

_TEMPORARY = re.compile(r"t\d+")
_LONG = 6
"""Nodes of a part of an expression that is written once, under its name, where it is used more often."""
_MOST_LINES = 12
"""Of a comment; with more, the formulas of what is written stand alone."""
_LONGEST = 3 * LONGEST_LINE
"""Characters of a formula that is read at a glance; a longer one stands in the header alone."""


def is_temporary(name: str) -> bool:
    """Is a number part of an expression, and not named after what it is?"""
    return _TEMPORARY.fullmatch(name) is not None


def formula_of(body: Iterable[Statement], known: Mapping[Tree, Tree], index: str, room: int) -> list[str]:
    """Return the formulas of what a loop of several statements writes.

    Args:
        body: The statements.
        known: What temporaries before the loop stand for.
        index: Of the loop, as it is written.
        room: What a line has besides.

    Returns:
        Lines: all of them in one, or one below the other; none where the one statement says it.
    """
    body = list(body)
    if len(body) < 2:
        return []
    values, named = _values(body, known)
    parts = [f"{left} = {_text(right)}" for left, right in named]
    written = [f"{s.array}[{index}] = {_text(substitute(s.value, values))}" for s in body if isinstance(s, Store)]
    lines = _lines([*parts, *written], room)
    return lines if len(lines) <= _MOST_LINES else _lines(written, room)


def formula_of_sum(stage: Reduce, known: Mapping[Tree, Tree], room: int) -> list[str]:
    """Return what a sum is of, as in `s = sum(lam*abs(w[i]), i)`, or whose greatest term it is.

    Args:
        stage: The sum.
        known: What temporaries before the loop stand for.
        room: What a line has besides.
    """
    values, named = _values(stage.body, known)
    term = substitute(stage.term, values)
    whole = f"greatest of {_text(term)}" if stage.is_greatest else _text(Sum(term, stage.index))
    return _lines([*(f"{left} = {_text(right)}" for left, right in named), f"{stage.name} = {whole}"], room)


def formula_of_pass(stage: Rows, known: Mapping[Tree, Tree], room: int) -> list[str]:
    """Return what a pass over the samples computes, as in `z = sum(X[k,j]*w[j], j)`; their weights are left out.

    Args:
        stage: The pass.
        known: What temporaries before it stand for.
        room: What a line has besides.
    """
    values, named = _values(stage.body, known)
    entry = Item("X", (Subscript(stage.index), Subscript("j")))
    factors = {p.name: entry if p.array == "X" else Item(p.array, entry.subscripts[1:]) for p in stage.products}
    lines = [f"{name} = {_text(Sum(Binary('*', entry, factor), 'j'))}" for name, factor in factors.items()]
    lines += [f"{left} = {_text(right)}" for left, right in named]
    if stage.term is not None:
        lines.append(f"{stage.name} = {_text(Sum(substitute(stage.term, values), stage.index))}")
    if stage.residual is not None:
        residual = Binary("*", substitute(stage.residual, values), entry)
        lines.append(f"{stage.array}[j] = {_text(Sum(residual, stage.index))}")
    return _lines(lines, room)


def _values(body: Iterable[Statement], known: Mapping[Tree, Tree]) -> tuple[dict[Tree, Tree], list[tuple[str, Tree]]]:
    """Return what the temporaries of a loop, and those before it, stand for; and what has formulas of its own.

    Those are named values, and a long temporary that is used more than once.
    """
    values = dict(known)
    named: list[tuple[str, Tree]] = []
    statements = list(body)
    for place, statement in enumerate(statements):
        match statement:
            case Let(name=name, value=value):
                whole, is_part = substitute(value, values), is_temporary(name) or _is_number_test(value)
                if is_part and (size(whole) <= _LONG or _count(name, statements[place + 1 :]) < 2):
                    values[Name(name)] = whole
                else:
                    named.append((name, whole))
            case Invoke(routine=routine, names=(name,), arguments=arguments) if routine.elements:
                elements = arguments[len(routine.arguments) :]
                values[Name(name)] = Call("minimiser", tuple(substitute(argument, values) for argument in elements))
            case Best(name=name, v=v):
                values[Name(name)] = Call("minimiser", (substitute(v, values),))
    return values, named


def _count(name: str, statements: Iterable[Statement]) -> int:
    """Return how often a name stands in what is computed and written after it."""
    trees = [s.value for s in statements if isinstance(s, Let | Store)]
    return sum(node == Name(name) for tree in trees for node in walk(tree))


def _is_number_test(value: Tree) -> bool:
    """Is a value one number, or another where that is NaN?"""
    match value:
        case Call("where", (Compare("==", left, right), _, _)):
            return left == right
        case _:
            return False


def _text(tree: Tree) -> str:
    """Return a formula as on paper: without what is done for NaN, with squares, least and greatest by name."""
    return to_text(transform(tree, _as_on_paper))


def _as_on_paper(node: Tree) -> Tree:
    match node:
        case Call("where", (_, value, _)) if _is_number_test(node):
            return value
        case Call("where", (Compare("<" | ">" as sign, x, bound), chosen, other)) if (chosen, other) == (bound, x):
            return Call("min" if sign == ">" else "max", (x, bound))
        case Binary("*", left, right) if left == right:
            return Binary("**", left, number(2))
        case _:
            return node


def _lines(formulas: list[str], room: int) -> list[str]:
    """Return formulas in one line if there is room, else each in its own, broken where it is too long for one."""
    width = LONGEST_LINE - room - len("/*  */")
    formulas = [formula for formula in formulas if len(formula) <= _LONGEST]
    whole = "; ".join(formulas)
    if len(whole) <= width:
        return [whole] if whole else []
    return [
        line
        for formula in formulas
        for line in textwrap.wrap(
            formula, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )
    ]
