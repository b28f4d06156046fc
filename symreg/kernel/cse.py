"""Name what a reader and a processor want named: scalars before the loop, what a loop needs twice, long expressions.

Takes a function's stages, hands on the same stages with `Let`s added. The order of names and of `Let`s is the order of
the expressions, so equal input gives equal output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from symreg.expressions.tree import Tree, names
from symreg.kernel.ir import Best, Groups, Invoke, Let, Map, Reduce, Root, Rows, Stage, Table, Variation
from symreg.kernel.loops import written_loop, written_root, written_rows, written_sum
from symreg.kernel.names import Namer
from symreg.kernel.numbering import Draft, Numbering
from symreg.kernel.scalars import Scalars
from symreg.kernel.unused import used


@dataclass(frozen=True, slots=True)
class Shared:
    """Stages with their `Let`s, and scalars written in terms of them."""

    stages: tuple[Stage, ...]
    scalars: tuple[Tree, ...]


def share(stages: Iterable[Stage], results: Iterable[Tree], namer: Namer, *, varying: Iterable[str] = ()) -> Shared:
    """Return stages in which scalars stand before the loops and common subexpressions have names.

    Args:
        stages: In order; the value of a `Let` among them has its name wherever it stands, that of the first of several.
        results: What the function computes besides; may use every name.
        namer: Knows the names in use.
        varying: Names of what is another number for each element.
    """
    numbered = Numbering(varying=set(varying))
    drafts = [numbered.stage(stage) for stage in stages]
    nodes = [numbered.node(tree) for tree in results]
    scalars = Scalars(numbered.graph, namer, drafts, nodes)
    written: list[Stage] = []
    for draft in drafts:
        if isinstance(draft.statement, Let):
            scalars.let(draft)
            continue
        stage = _written(scalars, draft)
        written.extend((*scalars.waiting, *_from_outside(stage), stage))
        scalars.waiting.clear()
    trees = tuple(scalars.scalar(node) for node in nodes)
    needed = {name for tree in trees for name in names(tree)}
    return Shared(used((*written, *scalars.waiting), needed), trees)


def _from_outside(stage: Stage) -> Iterator[Let]:
    """Yield the values that a loop over groups takes from outside."""
    if isinstance(stage, Groups):
        yield from (Let(name=name, value=value) for name, value in stage.outside)


def _written(scalars: Scalars, draft: Draft) -> Stage:
    """Return a stage over names."""
    match draft.statement:
        case Groups() as stage:
            # What its stages share was named when they were made.
            given = zip((name for name, _ in stage.outside), map(scalars.scalar, draft.bounds), strict=True)
            return replace(stage, outside=tuple(given))
        case Map() as stage:
            return replace(stage, body=written_loop(scalars, draft.body), edge=written_loop(scalars, draft.edge))
        case Reduce():
            return written_sum(scalars, draft)
        case Root():
            return written_root(scalars, draft, scalars.scalar)
        case Rows():
            return written_rows(scalars, draft)
        case Invoke() as stage:
            return replace(stage, arguments=tuple(map(scalars.scalar, draft.bounds)))
        case Variation() as stage:
            return replace(stage, strength=scalars.scalar(*draft.bounds))
        case Table() as stage:
            return replace(stage, step=scalars.scalar(*draft.bounds))
        case Best() as stage:
            v, step = map(scalars.scalar, draft.bounds)
            return replace(stage, v=v, step=step)
    raise AssertionError(draft.statement)
