"""The stages of a kernel as rows for the templates, in C.

Loops of a `Map` compute in the arrays' own precision, everything else in double: parameters, sums and their terms.
"""

from __future__ import annotations

from collections.abc import Iterator

from symreg.kernel import Best, Invoke, Let, Map, Reduce, Root, Rows, Store, Table
from symreg.kernel.ir import Stage, names_in
from symreg.targets.c.expressions import REAL, WIDE, Scope, expression
from symreg.targets.c.formula import formula_of
from symreg.targets.c.layout import Row, only_store
from symreg.targets.c.literals import is_before_end
from symreg.targets.c.roots import invoked, is_of_blocks, minimiser, root, rooted, scalar
from symreg.targets.c.samples.passes import rows_pass
from symreg.targets.c.sums import copies, element, reduction


def statements(scope: Scope, stage: Stage) -> Iterator[Row]:
    """Yield the statements of a stage."""
    match stage:
        case Let():
            yield scalar(scope, stage)
        case Reduce():
            yield from reduction(scope, stage)
        case Root():
            yield root(scope, stage)
        case Invoke():
            yield invoked(scope, stage)
        case Table(name=name, step=step):
            step_text = expression(scope, step, WIDE)
            yield {"kind": "table", "name": name, "step": step_text, "given": scope.given, "rows": scope.search_rows}
        case Best():
            scope.types[stage.name] = WIDE
            yield {"kind": "best", "name": stage.name, **minimiser(scope, stage)}
        case Map():
            yield from loop(scope, stage)
        case Rows():
            yield from rows_pass(scope, stage)


def loop(scope: Scope, stage: Map) -> Iterator[Row]:
    """Yield the loop that computes arrays, and before it the copies of scalars that it uses."""
    taken, scope.index = set(scope.namer.taken), stage.index
    if not stage.is_double:
        body = (*stage.body, *stage.edge)
        values = (statement.value for statement in body if isinstance(statement, Let | Store))
        yield from copies(scope, values, set(names_in(body)))
    if stage.reads_old:
        yield _delayed(scope, stage)
    elif any(isinstance(statement, Best) or is_of_blocks(statement) for statement in stage.body):
        yield rooted(scope, stage)
    else:
        yield _plain(scope, stage)
    scope.indices.pop(stage.index, None)
    scope.namer.taken = taken
    scope.copies.clear()


def _plain(scope: Scope, stage: Map) -> Row:
    """Return a loop over elements; where neighbours are missing, a second one over the ends."""
    context = WIDE if stage.is_double else REAL
    index = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    row: Row = {
        "kind": "map",
        "index": index,
        "is_plain": not any(isinstance(statement, Reduce) for statement in stage.body),
        "body": list(element(scope, stage.body, context)),
        "edge": list(element(scope, stage.edge, context)),
        "below": stage.below,
        "above": stage.above,
    }
    row["formula"] = formula_of(stage.body, scope.temporaries, index, len("    "))
    row["only"] = only_store(row["body"])
    if not stage.edge:
        return {**row, "start": stage.low, "more": is_before_end(index, stage.extent, stage.high)}
    names = {key: scope.namer.fresh(key) for key in ("first", "last")}
    return {**row, **names, "start": names["first"], "more": f"{index} < {names['last']}"}


def _delayed(scope: Scope, stage: Map) -> Row:
    """Return a loop over blocks that reads neighbours as they were before it wrote to them."""
    keys = ("first", "last", "ends", "count", "old", "start", "size", "k")
    names = {key: scope.namer.fresh(key) for key in keys}
    names["index"] = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    scope.old = f"{names['old']}[{names['k']} + {{}}]"
    scope.below = stage.below
    body = list(element(scope, stage.body, REAL))
    scope.old = ""
    edge = list(element(scope, stage.edge, REAL, ends=f"{names['ends']}[{names['count']}++]"))
    scope.moved.clear()
    return {
        "kind": "delayed",
        **names,
        "formula": formula_of(stage.body, scope.temporaries, names["index"], len("    ")),
        "real": scope.real,
        "body": body,
        "edge": edge,
        "below": stage.below,
        "above": stage.above,
    }
