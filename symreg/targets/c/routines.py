"""Routines in C: static functions of numbers in the parameters' type, which prox and the steps call."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.kernel.ir import Routine, Stage, names_in, routines_in
from symreg.kernel.names import Namer
from symreg.targets.c.expressions import WIDE, Scope
from symreg.targets.c.layout import LONGEST_LINE, Row, filled, joined
from symreg.targets.c.precision import Precision
from symreg.targets.c.roots import block, number
from symreg.targets.wording import WIDTH, wrapped


def named_routines(stages: Iterable[Stage], namer: Namer) -> dict[Routine, str]:
    """Return the names of all routines that stages invoke, each after those that it invokes itself."""
    return {routine: namer.fresh(routine.stem) for routine in dict.fromkeys(routines_in(stages))}


def routine_scope(
    routine: Routine, helpers: dict[str, str], routines: dict[Routine, str], precision: Precision
) -> Scope:
    """Return the scope at the start of a routine, which has the parameters' type for all numbers."""
    fields = routine.record.results if routine.record is not None else ()
    own = {*routine.arguments, *routine.elements, *names_in((*routine.body, *routine.each))}
    namer = Namer({*helpers.values(), *routines.values(), *own, "n"})
    record = namer.fresh("at")
    return Scope(
        precision=precision,
        helpers=helpers,
        namer=namer,
        pointers=set(),
        types=dict.fromkeys((*own, *fields), WIDE),
        given="",
        routines=routines,
        fields={field: f"{record}.{field}" for field in fields},
        arguments=routine.arguments,
    )


def routine_rows(routine: Routine, scope: Scope) -> Row:
    """Return what the templates need of a routine, whose scope is that at its start."""
    name, size = scope.routines[routine], scope.namer.fresh("size")
    body = joined(number(scope, part) for part in routine.body)
    parameters = [f"{scope.wide} {argument}" for argument in routine.arguments]
    if routine.record is not None:
        record = scope.fields[routine.record.results[0]].partition(".")[0]
        parameters.insert(0, f"struct {scope.routines[routine.record]}_found {record}")
    loops: Row = {}
    if routine.elements:
        (result,) = routine.results
        parameters += [f"const {scope.wide} *restrict {element}" for element in routine.elements]
        parameters += [f"{scope.wide} *restrict {result}", f"size_t {size}"]
        scope.indices[""] = ""  # functions are called in loops
        loops = block(scope, routine.each, size=size, given=routine.elements, result=result)
    is_record = len(routine.results) > 1
    returns = "void" if routine.elements else f"struct {name}_found" if is_record else scope.wide
    return {
        "name": name,
        "purpose": [line for text in routine.purpose for line in wrapped(text, LONGEST_LINE - 8)],
        "returns": f"static {scope.helpers['APART']} {returns}" if routine.elements else f"static {returns}",
        "parameters": filled(parameters, LONGEST_LINE - 4),
        "body": body,
        "block": loops,
        "fields": filled(routine.results, WIDTH - 12) if is_record else [],
        "result": "" if routine.elements or is_record else routine.results[0],
        "found": scope.namer.fresh("found") if is_record else "",
    }
