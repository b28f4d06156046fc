"""Roots and minimisers in C: of one number, or of all elements of a block together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symreg.expressions.tree import Item, Name, Tree, names, substitute, walk
from symreg.kernel import Best, Invoke, Let, Map, Root, Store
from symreg.kernel.ir import Statement
from symreg.targets.c.expressions import TRUTH, WIDE, Scope, expression, factor
from symreg.targets.c.formula import formula_of, is_temporary
from symreg.targets.c.layout import Row, filled, only_store, without_index
from symreg.targets.c.sums import element
from symreg.targets.wording import WIDTH


def scalar(scope: Scope, stage: Let) -> Row:
    """Return a named number or condition before a loop."""
    text = expression(scope, stage.value, WIDE)
    scope.types[stage.name] = TRUTH if stage.is_condition else WIDE
    if is_temporary(stage.name):
        scope.temporaries[Name(stage.name)] = substitute(stage.value, scope.temporaries)
    return {"kind": "let", "type": TRUTH if stage.is_condition else scope.wide, "name": stage.name, "value": text}


def root(scope: Scope, stage: Root) -> Row:
    """Return the loop that finds one number."""
    taken = set(scope.namer.taken)
    names = {key: scope.namer.fresh(key) for key in ("trial", "residual", "change")}
    declared = [f"{stage.name} = {expression(scope, stage.start, WIDE)}"]
    for key, end in (("low", stage.low), ("high", stage.high)):
        if isinstance(end, Name) and end.name in scope.arguments:
            names[key] = end.name
        else:
            names[key] = scope.namer.fresh(f"{stage.name}_{key}")
            declared.append(f"{names[key]} = {expression(scope, end, WIDE)}")
    row = {"kind": "root", "name": stage.name, "names": names, "declared": declared, **_trial(scope, stage)}
    scope.namer.taken = taken
    return row


def _trial(scope: Scope, stage: Root) -> Row:
    """Return what is computed for each trial of a root."""
    scope.types[stage.name] = WIDE
    return {
        "body": [number(scope, inner) for inner in stage.body],
        "residual": expression(scope, stage.residual, WIDE),
        "slope": factor(scope, stage.slope),
        "in_logarithm": stage.in_logarithm,
    }


def number(scope: Scope, part: Let | Root | Invoke) -> Row:
    """Return how a number is computed that is no element's."""
    if isinstance(part, Let):
        return scalar(scope, part)
    return root(scope, part) if isinstance(part, Root) else invoked(scope, part)


def invoked(scope: Scope, stage: Invoke) -> Row:
    """Return the call of a routine of scalars; of several results each is a field of one record."""
    routine = scope.routines[stage.routine]
    arguments = ", ".join(expression(scope, argument, WIDE) for argument in stage.arguments)
    call = f"{routine}({arguments})"
    scope.types |= dict.fromkeys(stage.names, WIDE)
    if not stage.name:
        return {"kind": "let", "type": scope.wide, "name": stage.names[0], "value": call, "call": [routine, arguments]}
    results = zip(stage.names, stage.routine.results, strict=True)
    scope.fields |= {name: f"{stage.name}.{result}" for name, result in results}
    return {"kind": "let", "type": f"struct {routine}_found", "name": stage.name, "value": call}


def is_of_blocks(statement: Statement) -> bool:
    """Does a statement find the minimisers of all elements of a block together?"""
    return isinstance(statement, Invoke) and bool(statement.routine.elements)


def minimiser(scope: Scope, stage: Best) -> Row:
    """Return what one minimiser is searched from, without a table."""
    v, step = (expression(scope, tree, WIDE) for tree in (stage.v, stage.step))
    return {"v": v, "step": step, "given": scope.given, "rows": scope.search_rows}


def given_values(scope: Scope, parameters: tuple[str, ...]) -> Iterator[str]:
    """Yield what the formulas of a search take besides the weight."""
    yield from (expression(scope, Name(name), WIDE) for name in parameters)


def rooted(scope: Scope, stage: Map) -> Row:
    """Return a loop over blocks of elements, whose minimisers are found together."""
    names = {key: scope.namer.fresh(key) for key in ("start", "size")}
    names["index"] = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    formula = formula_of(stage.body, scope.temporaries, names["index"], len("    "))
    row = {"kind": "rooted", "formula": formula, **names, **block(scope, stage.body, size=names["size"])}
    for part in row["parts"]:
        if not part["root"]:
            part["only"] = without_index(only_store(part["body"]), names["index"], names["start"], row["k"])
    return row


def block(
    scope: Scope, statements: Iterable[Statement], *, size: str, given: Iterable[str] = (), result: str = ""
) -> Row:
    """Return the loops over a block of elements; a root is found for all of them together.

    What is computed before a root and needed behind it is kept for each element of the block.

    Args:
        scope: Of the block.
        statements: In order.
        size: Name of the number of elements.
        given: Names of arrays that hold a number for each element.
        result: Name of the array that receives one.
    """
    keys = ("k", "trial", "moving", "residual", "change", "following", "moved")
    names = {key: scope.namer.fresh(key) for key in keys} | {"size": size}
    scope.lane = names["k"]
    scope.rows |= {name: f"{name}[{scope.lane}]" for name in given}
    runs = _runs(statements)
    roots = {sought.name for _, sought in runs if isinstance(sought, Root)}
    kept = _kept_names(runs)
    kept += [result] if result and result not in {*kept, *roots} else []
    rows: list[str] = []
    parts: list[Row] = []
    for statements, sought in runs:
        body = list(element(scope, statements, WIDE, kept=kept))
        part: Row = {
            "body": body,
            "root": {},
            "best": {},
            "call": "",
            "only": "",
            "uses_index": _uses_index(statements, sought),
        }
        if isinstance(sought, Best):
            part["best"] = {"name": sought.name, "v": _name(sought.v), "table": sought.table}
        elif isinstance(sought, Invoke):
            part["call"] = _call(scope, sought, size, part, rows)
        elif sought is not None:
            bounds = {key: scope.namer.fresh(f"{sought.name}_{key}") for key in ("low", "high")}
            values = {key: expression(scope, getattr(sought, key), WIDE) for key in ("low", "high", "start")}
            scope.rows[sought.name] = f"{sought.name}[{scope.lane}]"
            part["root"] = {"name": sought.name, "bounds": bounds, **values, **_trial(scope, sought)}
            rows += [sought.name, *bounds.values()]
        if isinstance(sought, Best | Invoke):
            (name,) = sought.names if isinstance(sought, Invoke) else (sought.name,)
            scope.rows[name] = f"{name}[{scope.lane}]"
            scope.types[name] = WIDE
            rows.append(name)
        parts.append(part)
    rows += [names["moved"]] if roots else []
    local = [row for row in (*kept, *rows) if row != result]
    declared = filled([f"{row}[{scope.helpers['LANES']}]" for row in local], WIDTH - 16)
    scope.rows.clear()
    return {**names, "parts": parts, "declared": declared, "count": len(local)}


def _call(scope: Scope, stage: Invoke, size: str, part: Row, rows: list[str]) -> str:
    """Return the call of a routine for a block.

    Args:
        scope: Of the block.
        stage: The call.
        size: Name of the number of elements.
        part: The loop before it, which is made to keep an argument that is not kept for each element.
        rows: Receives the array in which that is.
    """
    count = len(stage.routine.arguments)
    given = [stage.record] if stage.record else []
    given += [expression(scope, tree, WIDE) for tree in stage.arguments[:count]]
    for name, tree in zip(stage.routine.elements, stage.arguments[count:], strict=True):
        if isinstance(tree, Name) and tree.name in scope.rows:
            given.append(tree.name)
            continue
        row = scope.namer.fresh(name)
        rows.append(row)
        place = f"{row}[{scope.lane}]"
        part["body"].append({"kind": "store", "place": place, "value": expression(scope, tree, WIDE)})
        part["uses_index"] = True
        given.append(row)
    return f"{scope.routines[stage.routine]}({', '.join((*given, *stage.names, size))})"


def _name(tree: Tree) -> str:
    assert isinstance(tree, Name)
    return tree.name


_Run = tuple[list[Statement], Root | Best | Invoke | None]
"""Statements of one loop, and the root or minimiser that is found behind it."""


def _runs(statements: Iterable[Statement]) -> list[_Run]:
    runs: list[_Run] = [([], None)]
    for statement in statements:
        if isinstance(statement, Root | Best | Invoke):
            runs[-1] = (runs[-1][0], statement)
            runs.append(([], None))
        else:
            runs[-1][0].append(statement)
    return runs if runs[-1][0] else runs[:-1]


def _kept_names(runs: list[_Run]) -> list[str]:
    """Return the values that are computed in one run of statements and used in the root behind it or later."""
    computed: list[str] = []
    kept: dict[str, None] = {}
    for statements, sought in runs:
        of_run = {statement.name for statement in statements if isinstance(statement, Let)}
        used = {name for s in statements if isinstance(s, Let | Store) for name in names(s.value)}
        used |= {*names(sought.low), *names(sought.high), *names(sought.start)} if isinstance(sought, Root) else set()
        earlier = [name for name in computed if name in used]
        if sought is not None:
            earlier += [name for name in (*computed, *sorted(of_run)) if name in _names_in_trials(sought)]
        kept |= dict.fromkeys(earlier)
        computed += sorted(of_run)
    return list(kept)


def _uses_index(statements: list[Statement], sought: Root | Best | Invoke | None) -> bool:
    """Is an element of an array read or written?"""
    trees = [s.value for s in statements if isinstance(s, Let | Store)]
    trees += [sought.low, sought.high, sought.start] if isinstance(sought, Root) else []
    is_written = any(isinstance(statement, Store) for statement in statements)
    return is_written or any(isinstance(node, Item) for tree in trees for node in walk(tree))


def _names_in_trials(sought: Root | Best | Invoke) -> set[str]:
    if isinstance(sought, Invoke):
        return {name for argument in sought.arguments for name in names(argument)}
    if isinstance(sought, Best):
        return {*names(sought.v), *names(sought.step)}
    used = {*names(sought.residual), *names(sought.slope)}
    for inner in sought.body:
        if isinstance(inner, Invoke):
            used |= _names_in_trials(inner)
        elif isinstance(inner, Root):
            used |= {*names(inner.low), *names(inner.high), *names(inner.start), *_names_in_trials(inner)}
        else:
            used |= {*names(inner.value)}
    return used
