"""Roots and minimisers in C: of one number, or of all elements of a block together."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.expressions.tree import Item, Name, names, walk
from symreg.kernel import Best, Let, Map, Root, Store
from symreg.kernel.ir import Statement
from symreg.targets.c.expressions import TRUTH, WIDE, Scope, expression, factor
from symreg.targets.c.layout import Row, filled
from symreg.targets.c.sums import element
from symreg.targets.wording import WIDTH


def scalar(scope: Scope, stage: Let) -> Row:
    """Return a named number or condition before a loop."""
    text = expression(scope, stage.value, WIDE)
    scope.types[stage.name] = TRUTH if stage.is_condition else WIDE
    return {"kind": "let", "type": TRUTH if stage.is_condition else scope.wide, "name": stage.name, "value": text}


def root(scope: Scope, stage: Root) -> Row:
    """Return the loop that finds one number."""
    taken = set(scope.namer.taken)
    names = {key: scope.namer.fresh(f"{stage.name}_{key}") for key in ("low", "high")}
    names |= {key: scope.namer.fresh(key) for key in ("trial", "residual", "change", "following", "moves")}
    bounds = {key: expression(scope, getattr(stage, key), WIDE) for key in ("low", "high", "start")}
    scope.types[stage.name] = WIDE
    row = {"kind": "root", "name": stage.name, "names": names, **bounds, **_trial(scope, stage)}
    scope.namer.taken = taken
    return row


def _trial(scope: Scope, stage: Root) -> Row:
    """Return what is computed for each trial of a root."""
    scope.types[stage.name] = WIDE
    body = [scalar(scope, inner) if isinstance(inner, Let) else root(scope, inner) for inner in stage.body]
    return {
        "body": body,
        "residual": expression(scope, stage.residual, WIDE),
        "slope": factor(scope, stage.slope),
        "in_logarithm": stage.in_logarithm,
    }


def minimiser(scope: Scope, stage: Best) -> Row:
    """Return what one minimiser is searched from, without a table."""
    v, step = (expression(scope, tree, WIDE) for tree in (stage.v, stage.step))
    return {"v": v, "step": step, "given": scope.given}


def given_values(scope: Scope, parameters: tuple[str, ...]) -> Iterator[str]:
    """Yield what the formulas of a search take besides the weight."""
    yield from (expression(scope, Name(name), WIDE) for name in parameters)


def rooted(scope: Scope, stage: Map) -> Row:
    """Return a loop over blocks of elements in which a root is found for all elements of a block together.

    What is computed before a root and needed behind it is kept for each element of the block.
    """
    keys = ("start", "size", "k", "trial", "moving", "residual", "change", "following", "moved")
    names = {key: scope.namer.fresh(key) for key in keys}
    names["index"] = scope.indices[stage.index] = scope.namer.fresh(stage.index)
    scope.lane = names["k"]
    runs = _runs(stage)
    kept = _kept_names(runs)
    rows: list[str] = []
    parts: list[Row] = []
    for statements, found in runs:
        part: Row = {
            "body": list(element(scope, statements, WIDE, kept=kept)),
            "root": {},
            "best": {},
            "uses_index": _uses_index(statements, found),
        }
        if isinstance(found, Best):
            scope.rows[found.name] = f"{found.name}[{scope.lane}]"
            scope.types[found.name] = WIDE
            assert isinstance(found.v, Name)
            part["best"] = {"name": found.name, "v": found.v.name, "table": found.table}
            rows.append(found.name)
        elif found is not None:
            bounds = {key: scope.namer.fresh(f"{found.name}_{key}") for key in ("low", "high")}
            values = {key: expression(scope, getattr(found, key), WIDE) for key in ("low", "high", "start")}
            scope.rows[found.name] = f"{found.name}[{scope.lane}]"
            part["root"] = {"name": found.name, "bounds": bounds, **values, **_trial(scope, found)}
            rows += [found.name, *bounds.values()]
        parts.append(part)
    if any(isinstance(found, Root) for _, found in runs):
        rows.append(names["moved"])
    declared = filled([f"{row}[{scope.helpers['LANES']}]" for row in (*kept, *rows)], WIDTH - 16)
    scope.rows.clear()
    return {"kind": "rooted", **names, "parts": parts, "declared": declared}


_Run = tuple[list[Statement], Root | Best | None]
"""Statements of one loop, and the root or minimiser that is found behind it."""


def _runs(stage: Map) -> list[_Run]:
    runs: list[_Run] = [([], None)]
    for statement in stage.body:
        if isinstance(statement, Root | Best):
            runs[-1] = (runs[-1][0], statement)
            runs.append(([], None))
        else:
            runs[-1][0].append(statement)
    return runs


def _kept_names(runs: list[_Run]) -> list[str]:
    """Return the values that are computed in one run of statements and used in the root behind it or later."""
    made: list[str] = []
    kept: dict[str, None] = {}
    for statements, found in runs:
        here = {statement.name for statement in statements if isinstance(statement, Let)}
        used = {name for s in statements if isinstance(s, Let | Store) for name in names(s.value)}
        used |= {*names(found.low), *names(found.high), *names(found.start)} if isinstance(found, Root) else set()
        earlier = [name for name in made if name in used]
        if found is not None:
            earlier += [name for name in (*made, *sorted(here)) if name in _names_in_trials(found)]
        kept |= dict.fromkeys(earlier)
        made += sorted(here)
    return list(kept)


def _uses_index(statements: list[Statement], found: Root | Best | None) -> bool:
    """Is an element of an array read or written?"""
    trees = [s.value for s in statements if isinstance(s, Let | Store)]
    trees += [found.low, found.high, found.start] if isinstance(found, Root) else []
    is_written = any(isinstance(statement, Store) for statement in statements)
    return is_written or any(isinstance(node, Item) for tree in trees for node in walk(tree))


def _names_in_trials(found: Root | Best) -> set[str]:
    if isinstance(found, Best):
        return {*names(found.v), *names(found.step)}
    used = {*names(found.residual), *names(found.slope)}
    for inner in found.body:
        if isinstance(inner, Root):
            used |= {*names(inner.low), *names(inner.high), *names(inner.start), *_names_in_trials(inner)}
        else:
            used |= {*names(inner.value)} if isinstance(inner, Let) else set()
    return used
