"""The stages of a kernel as rows for the template, in NumPy.

A loop runs over blocks of elements, each operation of it one call of a ufunc into scratch (`blocks.py`); what has a
loop of its own for each element, and the ends of a stencil, run element by element. Sums and their terms are in double
precision, a `Map` in that of the arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

from symreg.expressions.tree import Name, names, walk
from symreg.kernel import Best, Groups, Invoke, Let, Map, Reduce, Root, Rows, Store, Table, Variation
from symreg.kernel.ir import Stage
from symreg.model.lifts import STARTS
from symreg.targets.infix import shifted
from symreg.targets.numpy.blocks.body import Block
from symreg.targets.numpy.expressions import Scope, block, expression, names_in_double, reaches
from symreg.targets.numpy.layout import LONGEST_LINE, Row, code_line
from symreg.targets.numpy.roots import invoked, root
from symreg.targets.numpy.samples import passed
from symreg.targets.numpy.sums import element, reduction


def statements(scope: Scope, stage: Stage, later: list[Stage]) -> Iterator[Row]:
    """Yield the statements of a stage; those that come later say what is needed in double precision behind it."""
    match stage:
        case Let(name=name, value=value):
            yield code_line(f"{name} = {expression(scope, value)}")
        case Reduce():
            yield from reduction(scope, stage)
        case Root():
            yield from root(scope, stage)
        case Invoke():
            yield from invoked(scope, stage, is_record=any(_takes(later_stage, stage.name) for later_stage in later))
        case Table(name=name, step=step):
            yield code_line(f"{name} = _table({expression(scope, step)}, {scope.given})")
        case Best(name=name, v=v, step=step):
            arguments = f"{expression(scope, v)}, {expression(scope, step)}, {scope.given}"
            yield code_line(f"{name} = _searched({arguments})")
        case Variation(source=source, target=target, strength=strength):
            arguments = f"{source}, {expression(scope, strength)}, {scope.array(target)}"
            yield code_line(f"_total_variation({arguments})")
        case Groups():
            yield from _groups(scope, stage)
        case Map():
            yield from loop(scope, stage, later)
        case Rows():
            yield from passed(scope, stage)


def _groups(scope: Scope, stage: Groups) -> Iterator[Row]:
    """Yield the loop over groups, and the sum of what it computes."""
    taken = set(scope.namer.taken)
    total = scope.namer.fresh(f"{stage.total}_total") if stage.total else ""
    if total:
        yield code_line(f"{total} = (0.0, 0.0)")
    body: list[Row] = []
    for k, inner in enumerate(stage.stages):
        body += statements(scope, inner, list(stage.stages[k + 1 :]))
    if stage.term is not None:
        body.append(code_line(f"{total} = _add({total}, np.array([{expression(scope, stage.term)}]))"))
    names = f"{stage.first}, {stage.last}, {stage.weight}"
    yield {"kind": "loop", "head": f"for {names} in _each_group({STARTS}, {scope.weights}):", "body": body}
    if total:
        yield code_line(f"{stage.total} = _rounded({total})")
    scope.namer.taken = taken


def _takes(stage: Stage, record: str) -> bool:
    """Is a record handed on to a routine in a loop?"""
    body = stage.body if isinstance(stage, Map) else ()
    return any(isinstance(statement, Invoke) and statement.record == record != "" for statement in body)


def loop(scope: Scope, stage: Map, later: list[Stage]) -> Iterator[Row]:
    """Yield the loop that computes arrays."""
    taken, scope.index, scope.is_double = set(scope.namer.taken), stage.index, stage.is_double
    scope.uses_real = scope.uses_real or (not stage.is_double and reaches((*stage.body, *stage.edge)))
    index = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    if any(isinstance(statement, Reduce) for statement in stage.body):
        low, end = stage.low, shifted(stage.extent, -stage.high)
        body = [*element(scope, stage.edge or stage.body)]
        bounds = f"{low}, {end}" if low else end
        yield {"kind": "loop", "head": f"for {index} in range({bounds}):", "body": body}
    else:
        yield from _in_blocks(scope, stage, index, later)
    del scope.indices[stage.index]
    scope.moved.clear()
    scope.renamed.clear()
    scope.namer.taken, scope.is_double = taken, True


def _in_blocks(scope: Scope, stage: Map, index: str, later: list[Stage]) -> Iterator[Row]:
    """Yield a loop over blocks, and where neighbours are missing one over the elements at the ends before it."""
    start, end = str(stage.low), shifted(stage.extent, -stage.high)
    if not stage.is_double:
        yield from _casts(scope, stage, later)
    ends = ""
    if stage.edge:
        first, last = scope.namer.fresh("first"), scope.namer.fresh("last")
        yield code_line(f"{first} = min({stage.below}, n)  # before it and from {last} on neighbours are missing")
        yield code_line(f"{last} = max({first}, n - {stage.above})")
        ends = scope.namer.fresh("ends") if stage.reads_old else ""
        if ends:
            yield code_line(f"{ends} = []")
        rows = [*element(scope, stage.edge, ends=ends)]
        scope.moved.clear()
        yield {"kind": "loop", "head": f"for {index} in (*range({first}), *range({last}, n)):", "body": rows}
        start, end = first, last
    dtype = "" if stage.is_double else scope.real
    old = (stage.below, stage.above) if stage.reads_old else None
    body = _filled(block(scope, stage.index, dtype=dtype, old=old, extent=stage.extent), stage)
    scope.uses_real = scope.uses_real or (body.is_allocated and not stage.is_double)
    yield from body.allocated()
    yield {
        "kind": "loop",
        "head": f"for {index} in range({start}, {end}, _BLOCK):",
        "body": [
            code_line(f"{body.stop} = min({index} + _BLOCK, {end})"),
            *body.loaded(start),
            *map(code_line, body.lines),
        ],
    }
    if ends:
        value = scope.namer.fresh("w_new")
        yield {
            "kind": "loop",
            "head": f"for {index}, {value} in zip((*range({first}), *range({last}, n)), {ends}, strict=True):",
            "body": [code_line(f"w[{index}] = {value}")],
        }


def _filled(body: Block, stage: Map) -> Block:
    """Return a block with the statements of a loop."""
    for statement in stage.body:
        if isinstance(statement, Let):
            body.let(statement)
        elif isinstance(statement, Root):
            body.root(statement)
        elif isinstance(statement, Best):
            body.best(statement)
        elif isinstance(statement, Invoke):
            body.invoke(statement)
        else:
            assert isinstance(statement, Store)
            body.store(statement)
    return body


def _casts(scope: Scope, stage: Map, later: list[Stage]) -> Iterator[Row]:
    """Yield the scalars that a loop uses in the arrays' precision, under a new name if the exact one is needed."""
    used = {
        node.name: None
        for statement in stage.body
        if isinstance(statement, Let | Store)
        for node in walk(statement.value)
        if isinstance(node, Name)
    }
    kernel = scope.function.kernel
    inside = {statement.name for statement in stage.body if isinstance(statement, Let)}
    conditions = {s.name for s in kernel.stages if isinstance(s, Let) and s.is_condition}
    needed = {name for other in later for name in names_in_double(other)}
    needed |= {name for _, tree in kernel.scalars for name in names(tree)}
    scalars = [name for name in used if name not in inside and name not in conditions]
    if scalars:
        scope.uses_real = True
        for name in scalars:
            if name in needed or name == "n":
                scope.renamed[name] = scope.namer.fresh(f"{name}_real")
        yield from map(code_line, _cast_lines(scope, scalars))


def _cast_lines(scope: Scope, scalars: list[str]) -> Iterator[str]:
    """Yield assignments of several names each, as long as lines may be."""
    left: list[str] = []
    right: list[str] = []
    for name in scalars:
        target, value = scope.renamed.get(name, name), f"{scope.real}({name})"
        if left and len(", ".join([*left, target, *right, value])) + 11 > LONGEST_LINE:
            yield f"{', '.join(left)} = {', '.join(right)}"
            left, right = [], []
        left.append(target)
        right.append(value)
    yield f"{', '.join(left)} = {', '.join(right)}"
