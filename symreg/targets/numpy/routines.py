"""Routines in NumPy: private functions of numbers in double precision, which prox and the steps call."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.kernel.ir import Invoke, Let, Root, Routine, Stage, names_in, routines_in
from symreg.kernel.names import Namer
from symreg.model.names import RESERVED
from symreg.targets.description import Function
from symreg.targets.numpy.expressions import Scope, block
from symreg.targets.numpy.layout import LONGEST_LINE, Row, code_line
from symreg.targets.numpy.roots import number
from symreg.targets.wording import wrapped


def named_routines(stages: Iterable[Stage]) -> dict[Routine, str]:
    """Return the names of all routines that stages invoke, each after those that it invokes itself."""
    namer = Namer(())
    return {routine: f"_{namer.fresh(routine.stem)}" for routine in dict.fromkeys(routines_in(stages))}


def routine_scope(routine: Routine, function: Function, routines: dict[Routine, str]) -> Scope:
    """Return the scope at the start of a routine, which a function invokes."""
    fields = routine.record.results if routine.record is not None else ()
    own = {*routine.arguments, *routine.elements, *names_in((*routine.body, *routine.each)), *fields}
    namer = Namer({*RESERVED, *own, "n", "at"})
    return Scope(
        function=function, namer=namer, flat="", real="", given="", uses_real=False, routines=routines, nesting=-1
    )


def routine_rows(routine: Routine, scope: Scope) -> Row:
    """Return what the template needs of a routine, whose scope is that at its start."""
    parameters = [*routine.elements, *(["at"] if routine.record is not None else []), *routine.arguments]
    body: list[Row] = []
    if routine.record is not None:
        body += [code_line(line) for line in f"{_listed(routine.record.results, ' = at')} = at".splitlines()]
    body += [row for part in routine.body for row in number(scope, part)]
    result = _listed(routine.results, "return ")
    if routine.elements:
        loop = block(scope, "", dtype="")
        for element in routine.elements:
            loop.given(element)
        for part in routine.each:
            match part:
                case Let():
                    loop.let(part)
                case Root():
                    loop.root(part)
                case Invoke():
                    loop.invoke(part)
        result = loop.value(routine.results[0])
        body += [*loop.made(f"{routine.elements[0]}.size"), *map(code_line, loop.lines)]
    first, *formulas = routine.purpose
    name = scope.routines[routine]
    return {
        "is_kept": routine.stem == "thresholds",
        "definition": f"def {name}({', '.join(parameters)}):",
        "summary": wrapped(first, LONGEST_LINE - 8, ""),
        "formulas": [line for text in formulas for line in wrapped(text, LONGEST_LINE - 8)],
        "body": body,
        "result": result,
    }


def _listed(names: tuple[str, ...], beside: str) -> str:
    """Return names as one tuple: in a line beside other text of a function's body if they fit, else one in a line."""
    line = ", ".join(names)
    if len(line) + len(beside) + 4 <= LONGEST_LINE:
        return line
    return "\n".join(("(", *(f"    {name}," for name in names), ")"))
