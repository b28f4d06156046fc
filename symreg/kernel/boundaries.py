"""Index shifts at the ends of an array: which range a loop may run over without looking beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symreg.expressions.tree import Item, Subscript, Tree, names
from symreg.kernel.graph import assume_in_range
from symreg.kernel.ir import Let, Map, Reduce, Stage, Statement, Store
from symreg.kernel.sums import Placing, guards
from symreg.updates.update import Update


def stored(body: list[Statement], gradient: Tree, placing: Placing, *, is_apart: bool) -> tuple[list[Statement], Tree]:
    """Return a penalty's gradient, out of a buffer if it needs sums over weights that the step is about to change."""
    if not body and not is_apart:
        return body, gradient
    buffer = placing.buffer()
    is_double = has_greatest([*placing.stages, *body])
    placing.stages.append(map([*body, Store(array=buffer, value=gradient)], is_double=is_double))
    return [], Item(buffer, (Subscript("j"),))


def outlives_w(update: Update) -> bool:
    """Is the penalty's gradient used after w was assigned?"""
    targets = [assignment.target for assignment in update.assignments]
    first = targets.index("w") if "w" in targets else len(targets)
    return any("g_penalty" in names(assignment.expression) for assignment in update.assignments[first + 1 :])


def has_greatest(stages: Iterable[Stage | Statement]) -> bool:
    """Is the greatest of some terms needed? An exponent less that one has to be rounded as it was."""
    return any(isinstance(stage, Reduce) and (stage.is_greatest or has_greatest(stage.body)) for stage in stages)


def map(body: list[Statement], *, is_double: bool = False) -> Map:
    """Return the loop over every weight, with a guarded form of its body where neighbours may be missing."""
    asked = [item for statement in body for tree in _trees(statement) for item in guards(tree)]
    reach = [subscript.shift for item in asked for subscript in item.subscripts if subscript.index == "j"]
    if not reach:
        return Map(index="j", body=tuple(body), is_double=is_double)
    return Map(
        index="j",
        body=tuple(_in_range(statement) for statement in body),
        edge=tuple(body),
        below=max(0, -min(reach)),
        above=max(0, *reach),
        reads_old=any(isinstance(statement, Store) and statement.array == "w" for statement in body),
        is_double=is_double,
    )


def _in_range(statement: Statement) -> Statement:
    """Return a statement for indices all of whose neighbours are in range."""
    match statement:
        case Let(value=value) | Store(value=value):
            return replace(statement, value=assume_in_range(value))
        case Reduce(term=term, is_guarded=False):
            return replace(statement, body=_sums_in_range(statement.body), term=assume_in_range(term))
        case _:
            return statement


def _sums_in_range(body: Iterable[Let | Reduce]) -> tuple[Let | Reduce, ...]:
    ranged = (_in_range(statement) for statement in body)
    return tuple(statement for statement in ranged if isinstance(statement, Let | Reduce))


def _trees(statement: Statement) -> Iterator[Tree]:
    """Yield the expressions of a statement, those of a sum's loop among them."""
    match statement:
        case Let(value=value) | Store(value=value):
            yield value
        case Reduce(body=body, term=term):
            for inner in body:
                yield from _trees(inner)
            yield term
