"""Statements of one element, and the sums among them, whose terms are such statements again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from symreg.expressions.tree import Item, Name, Subscript, Tree, walk
from symreg.kernel import Let, Reduce, Store
from symreg.kernel.ir import Statement
from symreg.targets.c.expressions import REAL, TRUTH, WIDE, Scope, expression
from symreg.targets.c.formula import formula_of_sum
from symreg.targets.c.layout import Row, filled, without_index
from symreg.targets.c.literals import is_before_end
from symreg.targets.infix import shifted
from symreg.targets.wording import WIDTH


def element(
    scope: Scope, statements: Iterable[Statement], context: str, *, ends: str = "", kept: Collection[str] = ()
) -> Iterator[Row]:
    """Yield the statements of a loop.

    Args:
        scope: Of the loop.
        statements: In order.
        context: The precision in which the loop computes.
        ends: Where a new weight is kept instead of in `w`.
        kept: Names of values that have a row in which they are kept for each element of a block.
    """
    for statement in statements:
        match statement:
            case Let(name=name, value=value, is_condition=is_condition):
                text = expression(scope, value, context)
                scope.types[name] = TRUTH if is_condition else context
                if name in kept:
                    scope.rows[name] = f"{name}[{scope.lane}]"
                    yield {"kind": "store", "place": scope.rows[name], "value": text}
                    continue
                kind = TRUTH if is_condition else scope.real if context == REAL else scope.wide
                yield {"kind": "let", "type": kind, "name": name, "value": text}
            case Reduce():
                yield from reduction(scope, statement)
            case Store(array=array, value=value):
                text = expression(scope, value, context)
                if ends and array == "w":
                    name = scope.moved[Item("w", (Subscript(scope.index),))] = scope.namer.fresh("w_new")
                    yield {"kind": "let", "type": scope.real, "name": name, "value": text}
                    yield {"kind": "store", "place": ends, "value": name}
                else:
                    if context == WIDE and scope.precision.is_mixed:
                        text = f"(float){text if text.isidentifier() else f'({text})'}"
                    yield {"kind": "store", "place": f"{array}[{scope.indices[scope.index]}]", "value": text}


def copies(scope: Scope, values: Iterable[Tree], inside: Collection[str]) -> Iterator[Row]:
    """Yield copies of the scalars that a loop uses, in its precision: the processor would convert each time.

    Args:
        scope: At the loop.
        values: What the loop computes.
        inside: Names that it gives itself.
    """
    used = dict.fromkeys(
        node.name
        for value in values
        for node in walk(value)
        if isinstance(node, Name) and node.name not in inside and scope.types.get(node.name) == WIDE
    )
    declared = []
    for name in used:
        if scope.precision.is_mixed or name in scope.pointers:
            value = f"{'(float)' if scope.precision.is_mixed else ''}{expression(scope, Name(name), WIDE)}"
            copy = scope.namer.fresh(f"{name}f" if scope.precision.is_mixed else f"{name}_now")
            scope.copies[name] = copy
            declared.append(f"{copy} = {value}")
    if declared:
        yield {"kind": "lets", "type": scope.real, "lines": filled(declared, WIDTH - 16)}


def reduction(scope: Scope, stage: Reduce) -> Iterator[Row]:
    """Yield a sum, or the greatest of some terms."""
    yield from greatest(scope, stage) if stage.is_greatest else total(scope, stage)


def total(scope: Scope, stage: Reduce) -> Iterator[Row]:
    """Yield a sum: blocks of terms, each block added to a compensated total."""
    taken, formula = set(scope.namer.taken), formula_of_sum(stage, scope.temporaries, len("    "))
    names = {key: scope.namer.fresh(key) for key in ("start", "size", "term")}
    names["total"] = scope.namer.fresh(f"{stage.name}_total")
    names["k"] = scope.namer.fresh("k")
    index = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    body = list(element(scope, stage.body, WIDE))
    term = expression(scope, stage.term, WIDE)
    del scope.indices[stage.index]
    scope.namer.taken = taken
    scope.types[stage.name] = WIDE
    statement = "" if body else f"{names['term']}[{names['k']}] = {term};"
    yield {
        "kind": "sum",
        "formula": formula,
        "is_result": False,
        "only": without_index(statement, index, names["start"], names["k"]),
        "name": stage.name,
        "index": index,
        **names,
        "low": stage.low,
        "more": is_before_end(names["start"], stage.extent, stage.high),
        "left": f"{shifted(stage.extent, -stage.high)} - {names['start']}",
        "is_plain": not any(isinstance(statement, Reduce) for statement in stage.body),
        "body": body,
        "term_value": term,
    }


def greatest(scope: Scope, stage: Reduce) -> Iterator[Row]:
    """Yield the greatest term: a number, and a loop that raises it."""
    taken, formula = set(scope.namer.taken), formula_of_sum(stage, scope.temporaries, len("    "))
    name, term = stage.name, scope.namer.fresh("term")
    index = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    body = list(element(scope, stage.body, WIDE))
    body.append({"kind": "let", "type": scope.wide, "name": term, "value": expression(scope, stage.term, WIDE)})
    body.append({"kind": "store", "place": name, "value": f"{term} > {name} ? {term} : {name}"})
    del scope.indices[stage.index]
    scope.namer.taken = taken
    scope.types[name] = WIDE
    infinity = "(double)INFINITY" if scope.wide == "double" else "INFINITY"
    yield {"kind": "store", "place": f"{scope.wide} {name}", "value": f"-{infinity}"}
    yield {
        "kind": "map",
        "formula": formula,
        "index": index,
        "is_plain": False,
        "only": "",
        "body": body,
        "edge": [],
        "start": stage.low,
        "more": is_before_end(index, stage.extent, stage.high),
    }
