"""A kernel for reading: without what only Newton's method needs, and with few temporaries.

Roots are found by bisection in plain style, which asks for no slope and no first trial. A temporary that is used once
is written where it is used, and so is one as short as `2*lam`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import cast

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Item, Name, Number, Tree, arrays, names, substitute, transform, walk
from symreg.kernel import Invoke, Kernel, Let, Map, Reduce, Root, Store
from symreg.kernel.ir import Routine, Stage, Statement
from symreg.targets.numpy.extrema import extremum

_TEMPORARY = re.compile(r"t\d+")
_LONGEST = 58  # characters of an expression, written tightly, that still fits into a line

AnyStatement = Stage | Statement


def simplified(kernel: Kernel) -> Kernel:
    """Return a kernel that computes the same; none that searches for minimisers in a table."""
    results = (*([] if kernel.result is None else [kernel.result]), *(tree for _, tree in kernel.scalars))
    stages, results = _block(_without_copies(kernel), results)
    return replace(
        kernel,
        stages=cast(tuple[Stage, ...], stages),
        result=None if kernel.result is None else results[0],
        scalars=tuple((name, tree) for (name, _), tree in zip(kernel.scalars, results, strict=False)),
    )


def _without_copies(kernel: Kernel) -> tuple[Stage, ...]:
    """Return the stages with what a buffer is a copy of in its place."""
    buffers = {buffer.name for buffer in kernel.buffers}
    stages: list[AnyStatement] = list(kernel.stages)
    for stage in kernel.stages:
        match stage:
            case Map(body=(Store(array=copy, value=Item(array)),)) if copy in buffers:
                original = {copy: array}
                named = partial(transform, change=partial(_of_other, arrays=original))
                stages = [_changed(other, named) for other in stages if other != stage]
            case _:
                pass
    return cast(tuple[Stage, ...], tuple(stages))


def _of_other(node: Tree, arrays: dict[str, str]) -> Tree:
    return Item(arrays[node.array], node.subscripts) if isinstance(node, Item) and node.array in arrays else node


def _block(
    statements: Sequence[AnyStatement], results: tuple[Tree, ...], lasting: Collection[str] = ()
) -> tuple[tuple[AnyStatement, ...], tuple[Tree, ...]]:
    """Return the statements of one block, and trees over what they give, simplified; some names are to stay."""
    named = partial(transform, change=extremum)
    kept = _needed([_simple(_changed(statement, named)) for statement in statements], results)
    place = 0
    while place < len(kept):
        statement, later = kept[place], kept[place + 1 :]
        if (
            isinstance(statement, Let)
            and _TEMPORARY.fullmatch(statement.name)
            and statement.name not in lasting
            and _is_better_put(statement, later, results)
        ):
            put = partial(substitute, values={Name(statement.name): statement.value})
            kept[place:] = [_changed(other, put) for other in later]
            results = tuple(map(put, results))
        else:
            place += 1
    return tuple(kept), results


def _is_better_put(let: Let, later: Sequence[AnyStatement], results: tuple[Tree, ...]) -> bool:
    """Is a temporary better written where it is used?"""
    users = [other for other in later if _count(let.name, trees_of(other))]
    trees = [tree for other in users for tree in trees_of(other) if _count(let.name, [tree])]
    trees += [tree for tree in results if _count(let.name, [tree])]
    longer = len(to_text(let.value)) - len(let.name)
    if any(len(to_text(tree)) + longer * _count(let.name, [tree]) > _LONGEST for tree in trees):
        return False
    if _is_short(let.value):
        return True
    if _count(let.name, trees) != 1 or any(map(_has_root, users)):
        return False
    between = later[: later.index(users[0])] if users else later
    return not arrays(let.value) & {other.array for other in between if isinstance(other, Store)}


def _has_root(statement: AnyStatement) -> bool:
    """Is something in it done once for each trial for a root?"""
    return isinstance(statement, Root) or (isinstance(statement, Map | Reduce) and any(map(_has_root, statement.body)))


def _is_short(value: Tree) -> bool:
    """Is it a parameter and a number, as in `2*lam` and `1 - beta`?"""
    match value:
        case Binary(_, Number(), Name()) | Binary(_, Name(), Number()):
            return True
        case _:
            return False


def _simple(statement: AnyStatement) -> AnyStatement:
    """Return a statement with what stands in it simplified."""
    match statement:
        case Map(body=body, edge=edge):
            return replace(
                statement,
                body=cast(tuple[Statement, ...], _block(body, ())[0]),
                edge=cast(tuple[Statement, ...], _block(edge, ())[0]),
            )
        case Reduce(body=body, term=term):
            inner, (term,) = _block(body, (term,))
            return replace(statement, body=cast(tuple[Let | Reduce, ...], inner), term=term)
        case Root(body=body, residual=residual):
            inner, (residual,) = _block(body, (residual,))
            trials = cast(tuple[Let | Root | Invoke, ...], inner)
            return replace(statement, body=trials, residual=residual, slope=residual, start=statement.low)
        case Invoke(routine=routine, arguments=arguments):
            names_of_arguments = (*routine.arguments, *routine.elements)
            other = _routine(routine)
            wanted = (*other.arguments, *other.elements)
            kept = tuple(a for name, a in zip(names_of_arguments, arguments, strict=True) if name in wanted)
            return replace(statement, routine=other, arguments=kept)
        case _:
            return statement


@lru_cache(maxsize=64)
def _routine(routine: Routine) -> Routine:
    """Return a routine that takes only what it uses."""
    results = tuple(map(Name, routine.results))
    block, _ = _block((*routine.body, *routine.each), results, routine.results)
    parts = cast(tuple[Let | Root | Invoke, ...], block)
    used = {name for part in parts for tree in trees_of(part) for name in names(tree)} | {*routine.results}
    return replace(
        routine,
        record=None if routine.record is None else _routine(routine.record),
        arguments=tuple(name for name in routine.arguments if name in used),
        body=() if routine.each else parts,
        each=parts if routine.each else (),
    )


def _needed(statements: Sequence[AnyStatement], results: tuple[Tree, ...]) -> list[AnyStatement]:
    """Return the statements that something is needed of."""
    wanted = {name for tree in results for name in names(tree)}
    kept: list[AnyStatement] = []
    for statement in reversed(statements):
        given = statement.names if isinstance(statement, Invoke) else (getattr(statement, "name", ""),)
        if isinstance(statement, Map | Store) or not wanted.isdisjoint(given) or _is_handed_on(statement, kept):
            kept.append(statement)
            wanted |= {name for tree in trees_of(statement) for name in names(tree)}
    return kept[::-1]


def _is_handed_on(statement: AnyStatement, later: Sequence[AnyStatement]) -> bool:
    """Are the results of a routine handed on together?"""
    inner = [each for other in later for each in (other.body if isinstance(other, Map) else (other,))]
    records = {each.record for each in inner if isinstance(each, Invoke)}
    return isinstance(statement, Invoke) and statement.name in records - {""}


def trees_of(statement: AnyStatement) -> Iterator[Tree]:
    """Yield the expressions of a statement, and of those in it."""
    match statement:
        case Let(value=value) | Store(value=value):
            yield value
        case Reduce(body=body, term=term):
            yield from (tree for inner in body for tree in trees_of(inner))
            yield term
        case Root(low=low, high=high, body=body, residual=residual):
            yield from (low, high)
            yield from (tree for inner in body for tree in trees_of(inner))
            yield residual
        case Invoke(arguments=arguments):
            yield from arguments
        case Map(body=body, edge=edge):
            yield from (tree for inner in edge or body for tree in trees_of(inner))


def _count(name: str, trees: Iterable[Tree]) -> int:
    """Return how often a name is used."""
    return sum(node == Name(name) for tree in trees for node in walk(tree))


def _changed(statement: AnyStatement, change: Callable[[Tree], Tree]) -> AnyStatement:
    """Return a statement with its expressions, and those in it, changed."""

    def all_of(body: Sequence[AnyStatement]) -> tuple[AnyStatement, ...]:
        return tuple(_changed(inner, change) for inner in body)

    match statement:
        case Let(value=value) | Store(value=value):
            return replace(statement, value=change(value))
        case Reduce(body=body, term=term):
            return replace(statement, body=cast(tuple[Let | Reduce, ...], all_of(body)), term=change(term))
        case Root(low=low, high=high, body=body, residual=residual):
            return replace(
                statement,
                low=change(low),
                high=change(high),
                start=change(low),
                body=cast(tuple[Let | Root | Invoke, ...], all_of(body)),
                residual=change(residual),
                slope=change(residual),
            )
        case Invoke(arguments=arguments):
            return replace(statement, arguments=tuple(map(change, arguments)))
        case Map(body=body, edge=edge):
            return replace(
                statement,
                body=cast(tuple[Statement, ...], all_of(body)),
                edge=cast(tuple[Statement, ...], all_of(edge)),
            )
        case _:
            return statement
