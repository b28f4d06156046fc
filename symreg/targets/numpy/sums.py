"""Statements of one element, and sums: over blocks of terms, or term by term where terms have loops of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symreg.expressions.tree import Item, Subscript, walk
from symreg.kernel import Let, Reduce, Store
from symreg.kernel.ir import Statement
from symreg.targets.infix import shifted
from symreg.targets.numpy.expressions import Scope, block, expression, trees_of_sum
from symreg.targets.numpy.layout import Row, code_line


def element(scope: Scope, statements: Iterable[Statement], *, ends: str = "") -> Iterator[Row]:
    """Yield statements for one element; `ends` is where a new weight is kept until all others are done."""
    for statement in statements:
        match statement:
            case Let(name=name, value=value):
                yield code_line(f"{name} = {expression(scope, value)}")
            case Reduce():
                yield from reduction(scope, statement)
            case Store(array=array, value=value) if ends and array == "w":
                name = scope.namer.fresh("w_new")
                yield code_line(f"{name} = {expression(scope, value)}")
                yield code_line(f"{ends}.append({name})")
                scope.moved[Item("w", (Subscript(scope.index),))] = name
            case Store(array=array, value=value):
                place = f"{scope.array(array)}[{scope.indices[scope.index]}]"
                yield code_line(f"{place} = {expression(scope, value)}")


def reduction(scope: Scope, stage: Reduce) -> Iterator[Row]:
    """Yield a sum: blocks of terms, each added to a compensated total. Or the greatest of some terms."""
    taken = set(scope.namer.taken)
    total = stage.name if stage.is_greatest else scope.namer.fresh(f"{stage.name}_total")
    index = scope.namer.fresh(stage.index)
    scope.indices[stage.index] = index
    end = shifted(stage.extent, -stage.high)
    if _is_term_by_term(stage):
        yield from _term_by_term(scope, stage, total, index, end)
    else:
        terms = block(scope, stage.index, dtype="", extent=stage.extent)
        for statement in stage.body:
            assert isinstance(statement, Let)
            terms.let(statement)
        terms.term(stage.term)
        yield code_line(_nothing(total, stage))
        yield from terms.allocated()
        yield {
            "kind": "loop",
            "head": f"for {index} in range({stage.low}, {end}, _BLOCK):",
            "body": [
                code_line(f"{terms.stop} = min({index} + _BLOCK, {end})"),
                *terms.loaded(),
                *map(code_line, terms.lines),
                code_line(_more(total, terms.result, stage)),
            ],
        }
    if not stage.is_greatest:
        yield code_line(f"{stage.name} = _rounded({total})")
    del scope.indices[stage.index]
    scope.namer.taken = taken


def _term_by_term(scope: Scope, stage: Reduce, total: str, index: str, end: str) -> Iterator[Row]:
    """Yield a sum whose terms have loops of their own, or ask for each element whether neighbours exist."""
    start, term = scope.namer.fresh("start"), scope.namer.fresh("term")
    stop = scope.namer.fresh("stop")
    yield code_line(_nothing(total, stage))
    yield code_line(f"{term} = np.empty(min(_BLOCK, {stage.extent}))")
    body = [*element(scope, stage.body), code_line(f"{term}[{index} - {start}] = {expression(scope, stage.term)}")]
    yield {
        "kind": "loop",
        "head": f"for {start} in range({stage.low}, {end}, _BLOCK):",
        "body": [
            code_line(f"{stop} = min({start} + _BLOCK, {end})"),
            {"kind": "loop", "head": f"for {index} in range({start}, {stop}):", "body": body},
            code_line(_more(total, f"{term}[: {stop} - {start}]", stage)),
        ],
    }


def _is_term_by_term(stage: Reduce) -> bool:
    items = [node for tree in trees_of_sum(stage) for node in walk(tree) if isinstance(node, Item)]
    is_diagonal = any([s.index for s in item.subscripts].count(stage.index) > 1 for item in items)
    return is_diagonal or stage.is_guarded or any(isinstance(statement, Reduce) for statement in stage.body)


def _nothing(total: str, stage: Reduce) -> str:
    """Return the start of a sum, or of the greatest term."""
    return f"{total} = -np.inf" if stage.is_greatest else f"{total} = (0.0, 0.0)"


def _more(total: str, terms: str, stage: Reduce) -> str:
    """Return how the terms of a block are taken into a sum, or into the greatest term."""
    return f"{total} = max({total}, float({terms}.max()))" if stage.is_greatest else f"{total} = _add({total}, {terms})"
