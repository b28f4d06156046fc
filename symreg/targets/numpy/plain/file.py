"""The module in plain style: what it leaves out, its functions, and the few helpers that they need."""

from __future__ import annotations

from symreg.kernel.ir import has_root
from symreg.targets.description import Module
from symreg.targets.numpy.file import approximated
from symreg.targets.numpy.layout import LONGEST_LINE
from symreg.targets.numpy.plain.calls import calling
from symreg.targets.numpy.plain.functions import function_lines, routine_lines, state_lines
from symreg.targets.numpy.routines import named_routines
from symreg.targets.wording import WIDTH, table, wrapped
from symreg.templates import render


def write(module: Module) -> dict[str, str]:
    """Return the module by path. None of its functions may search for minimisers in a table."""
    described = [calling(function, module.functions) for function in module.functions]
    stages = [stage for function in described for stage in function.kernel.stages]
    routines = named_routines(stages)
    functions = []
    for function in described:
        if function.signature.states:
            functions.append(state_lines(function))
        functions.append(["@_in_double", *function_lines(function, module.formulas, routines)])
    routines_written = [routine_lines(routine, routines) for routine in routines]
    values = {
        "title": wrapped(f"{module.title}: {module.contents}.", LONGEST_LINE - 4),
        "formulas": table(module.formulas, WIDTH - 8),
        "references": [line for text in module.references for line in wrapped(text, LONGEST_LINE - 4)],
        "command": module.command,
        "digest": module.digest,
        "functions": functions,
        "routines": routines_written,
        "approximations": approximated(functions, routines_written),
        "roots": has_root(stages),
    }
    return {f"numpy/{module.name}.py": render("numpy/plain.py.jinja", values)}
