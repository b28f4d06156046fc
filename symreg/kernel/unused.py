"""Drop the values that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from symreg.expressions.tree import names
from symreg.kernel.ir import (
    Best,
    Groups,
    Invoke,
    Let,
    Map,
    Reduce,
    Root,
    Rows,
    Stage,
    Statement,
    Store,
    Table,
    Variation,
)

_S = TypeVar("_S", bound=Statement | Stage)


def used(statements: Iterable[_S], needed: set[str]) -> tuple[_S, ...]:
    """Return the statements without the values that nothing uses; `needed` grows by the names that are used."""
    kept: list[_S] = []
    for statement in reversed(tuple(statements)):
        if isinstance(statement, Let | Reduce | Root | Table | Best) and statement.name not in needed:
            continue
        if isinstance(statement, Invoke) and needed.isdisjoint((statement.name, *statement.names)):
            continue
        match statement:
            case Let(value=value) | Store(value=value):
                needed |= names(value)
            case Reduce(body=body, term=term):
                inside = set(names(term))
                statement = replace(statement, body=used(body, inside))
                needed |= inside
            case Root(low=low, high=high, start=start, body=body, residual=residual, slope=slope):
                inside = {*names(residual), *names(slope)}
                statement = replace(statement, body=used(body, inside))
                needed |= inside | names(low) | names(high) | names(start)
            case Invoke(arguments=arguments, record=record):
                needed |= {name for argument in arguments for name in names(argument)} | {record}
            case Variation(strength=strength):
                needed |= names(strength)
            case Table(step=step):
                needed |= names(step)
            case Best(v=v, step=step, table=table):
                needed |= names(v) | names(step) | {table}
            case Groups(stages=stages, term=term):
                inside = set() if term is None else set(names(term))
                statement = replace(statement, stages=used(stages, inside))
                needed |= inside
            case Rows(body=body, sums=sums):
                inside = {name for tree in sums for name in names(tree)}
                statement = replace(statement, body=used(body, inside))
                needed |= inside
            case Map(body=body, edge=edge):
                inside, of_edge = set[str](), set[str]()
                statement = replace(statement, body=used(body, inside), edge=used(edge, of_edge))
                needed |= inside | of_edge
        kept.append(statement)
    return tuple(reversed(kept))
