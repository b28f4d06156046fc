"""The NumPy target's file: one module, its imports and its helpers."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.expressions.tree import names
from symreg.kernel import Map, Root
from symreg.kernel.ir import Formula, has_best, has_root, has_sum
from symreg.kernel.names import Namer
from symreg.targets.description import WIDTH, Module, table, wrapped
from symreg.targets.numpy.expressions import LONGEST_LINE, Row, number, reaches
from symreg.targets.numpy.statements import Writer
from symreg.templates import render


def write(module: Module) -> dict[str, str]:
    """Return the module by path."""
    writers = [Writer(function) for function in module.functions]
    functions = [writer.function() for writer in writers]
    kinds = {function["kind"] for function in functions}
    search = next((_search(w, module) for w in writers if w.emitted.kernel.search is not None), None)
    values = {
        "title": wrapped(f"{module.title}: {module.contents}.", LONGEST_LINE - 4),
        "formulas": table(module.formulas, WIDTH - 8),
        "references": [line for text in module.references for line in wrapped(text, LONGEST_LINE - 4)],
        "command": module.command,
        "digest": module.digest,
        "functions": functions,
        "reaches": any(reaches(function.kernel.stages) for function in module.functions),
        "sums": any(has_sum(function.kernel.stages) for function in module.functions),
        "search": search or {},
        "roots": search is not None or any(has_root(function.kernel.stages) for function in module.functions),
        "block_roots": (search is not None and search["tabulates"])
        or any(isinstance(stage, Map) and has_root(stage.body) for f in module.functions for stage in f.kernel.stages),
        "scalar_roots": search is not None
        or any(isinstance(stage, Root) for function in module.functions for stage in function.kernel.stages),
        "chooses": any(block.chooses for writer in writers for block in writer.blocks),
        "writes": bool(kinds & {"gradient", "prox", "step"}),
        "has_parameters": any(function["parameters"] for function in functions),
        "bounds_arrays": any(array["bounds"] for function in functions for array in function["arrays"]),
        "has_states": any(function["states"] for function in functions),
        "has_alias": any(f["has_out"] and f["may_alias"] for f in functions),
        "is_flat": any(not function["is_indexed"] for function in functions),
    }
    return {f"numpy/{module.name}.py": render("numpy/module.py.jinja", values)}


def _search(writer: Writer, module: Module) -> Row:
    """Return what the template needs of a kernel's search; other kernels of the module have the same."""
    search = writer.emitted.kernel.search
    assert search is not None
    given = Namer({*search.parameters, search.u, search.inside}).fresh("p")

    def unpacked(used: Iterable[str]) -> str:
        kept = set(used)
        made = [name if name in kept else "_" for name in search.parameters]
        return f"{', '.join(made)}{',' if len(made) == 1 else ''} "

    def formula(row: Formula) -> Row:
        used = {name for tree in (*(let.value for let in row.lets), row.result) for name in names(tree)}
        lines = [f"{let.name} = {writer.text(let.value, is_array=True)}" for let in row.lets]
        made = [name for name in search.parameters if name in used]
        return {"used": made, "names": unpacked(made), "lines": lines, "result": writer.text(row.result, is_array=True)}

    in_knots = [name for name in search.parameters if any(name in names(knot) for knot in search.knots)]
    stages = [stage for function in module.functions for stage in function.kernel.stages]
    return {
        "u": search.u,
        "inside": search.inside,
        "given": given,
        "value": formula(search.value),
        "slope": formula(search.slope),
        "curvature": formula(search.curvature),
        "rising": formula(search.rising),
        "falling": formula(search.falling),
        "knots": [writer.text(knot) for knot in search.knots],
        "used_in_knots": in_knots,
        "names": unpacked(in_knots),
        "is_even": search.is_even,
        "low": "0.0" if search.is_even else "-1e150" if search.low is None else number(search.low),
        "high": "1e150" if search.high is None else number(search.high),
        "before": "-np.inf" if search.low_closed else "np.nan",
        "high_closed": search.high_closed,
        "tabulates": has_best(stages, in_table=True),
        "searches": has_best(stages, in_table=False),
    }
