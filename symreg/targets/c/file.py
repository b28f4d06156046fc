"""The C target's files: one header and one source, with the helpers that the functions call."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.expressions.tree import names
from symreg.kernel import Map, Root
from symreg.kernel.ir import Formula, Stage, Statement, has_best, has_root, has_sum
from symreg.kernel.names import Namer
from symreg.targets.c.documentation import Row, filled, given_names
from symreg.targets.c.expressions import DOUBLE, signed_literal
from symreg.targets.c.statements import Writer
from symreg.targets.description import WIDTH, Module, table, wrapped
from symreg.templates import render

_HELPERS = {"sign": "sign", "min": "least", "max": "greatest"}


_SEARCH = ("value", "slope", "curvature", "rising", "falling", "tabulate", "points", "searched", "ROWS", "FAR")


_FRAME = (
    *("add", "rounded", "are_apart", "spans", "TERMS"),
    *("newton", "enough", "moves_on", "middle", "LANES", "ROUNDS", "FREE_ROUNDS"),
)


"""Names of the file's own; a parameter that is called so keeps its name, and they get another one."""


_VECTOR_MATH_OF_OLD = ("cos", "exp", "log", "pow", "sin")  # in libmvec since glibc 2.22, the others since 2.35


_NOT_IN_LIBMVEC = ("abs", "copysign", "floor", "sqrt")


def write(module: Module) -> dict[str, str]:
    """Return the header and the source by path."""
    given = {name for function in module.functions for name in given_names(function)}
    namer = Namer(given | {name.removesuffix("_f64").removesuffix("_f32") for name in given})
    helpers = {name: namer.fresh(stem) for name, stem in _HELPERS.items()}
    own = {name: namer.fresh(name) for name in _FRAME} | {name: namer.fresh(name) for name in _SEARCH}
    made = [Writer(function, single, helpers | own) for function in module.functions for single in (False, True)]
    functions = [writer.function(module.name) for writer in made]
    search = next((_search(writer, made) for writer in made if writer.emitted.kernel.search is not None), None)
    called = {row for writer in made for row in writer.called}
    math = sorted({name for writer in made for name in writer.called_in_loops} - {*_HELPERS, *_NOT_IN_LIBMVEC})
    values = {
        "name": module.name,
        "prefix": module.name.upper(),
        "title": wrapped(f"{module.title}: {module.contents}.", WIDTH - 8, ""),
        "title_of_source": wrapped(f"{module.title}. See {module.name}.h.", WIDTH - 8, ""),
        "formulas": table(module.formulas, WIDTH - 8),
        "references": [line for text in module.references for line in wrapped(text, WIDTH - 8)],
        "command": module.command,
        "digest": module.digest,
        "own": own,
        "functions": functions,
        "helpers": [
            {"function": name, "name": helpers[name], "real": "double" if is_double else "float"}
            for name, is_double in sorted(called, key=lambda row: (row[0], not row[1]))
            if name in _HELPERS
        ],
        "math_of_old": [name for name in math if name in _VECTOR_MATH_OF_OLD],
        "math": [name for name in math if name not in _VECTOR_MATH_OF_OLD],
        "sums": any(has_sum(function.kernel.stages) for function in module.functions),
        "search": search or {},
        "roots": search is not None or any(has_root(function.kernel.stages) for function in module.functions),
        "scalar_roots": any(_has_scalar_root(function.kernel.stages) for function in module.functions),
        "block_roots": search is not None
        or any(isinstance(stage, Map) and has_root(stage.body) for f in module.functions for stage in f.kernel.stages),
        "delays": any(
            isinstance(stage, Map) and stage.reads_old for f in module.functions for stage in f.kernel.stages
        ),
        "has_overlap": any(function["spans"] for function in functions),
    }
    return {
        f"c/{module.name}.h": render("c/header.h.jinja", values),
        f"c/{module.name}.c": render("c/source.c.jinja", values),
    }


def _search(writer: Writer, writers: Iterable[Writer]) -> Row:
    """Return what the templates need of a kernel's search; other kernels of the module have the same."""
    search = writer.emitted.kernel.search
    assert search is not None
    namer = Namer({*writer.namer.taken, search.u, search.inside})
    given = namer.fresh("p")
    writer.types |= dict.fromkeys((search.u, search.inside, *search.parameters), DOUBLE)

    def formula(row: Formula, *, is_inline: bool) -> Row:
        lets = [line for let in row.lets for line in writer.stage(let)]
        used = {name for tree in (*(let.value for let in row.lets), row.result) for name in names(tree)}
        made = [name for name in search.parameters if name in used]
        unused = [name for name in (search.u, search.inside) if name not in used] + ([] if made else [given])
        result = writer.text(row.result, DOUBLE)
        return {"is_inline": is_inline, "lets": lets, "used": made, "unused": unused, "result": result}

    value = formula(search.value, is_inline=False)
    writer.indices[""] = ""  # the others are called in loops
    formulas = {
        "value": value,
        "slope": formula(search.slope, is_inline=True),
        "curvature": formula(search.curvature, is_inline=True),
        "rising": formula(search.rising, is_inline=True),
        "falling": formula(search.falling, is_inline=True),
    }
    del writer.indices[""]
    knots = [writer.text(knot, DOUBLE) for knot in search.knots]
    stages = [stage for other in writers for stage in other.emitted.kernel.stages]
    return {
        **formulas,
        "u": search.u,
        "inside": search.inside,
        "given": given,
        "parameters": list(search.parameters),
        "knots": filled(knots, WIDTH - 8),
        "count": len(knots),
        "used_in_knots": [name for name in search.parameters if any(name in names(knot) for knot in search.knots)],
        "is_even": search.is_even,
        "low": "0.0" if search.is_even else "-1e150" if search.low is None else signed_literal(search.low),
        "high": "1e150" if search.high is None else signed_literal(search.high),
        "before": "-(double)INFINITY" if search.low_closed else "(double)NAN",
        "high_closed": search.high_closed,
        "tabulates": has_best(stages, in_table=True),
        "searches": has_best(stages, in_table=False),
    }


def _has_scalar_root(stages: Iterable[Stage | Statement]) -> bool:
    """Is there a root that is one number, or one that is found within the trials for another?"""
    return any(
        isinstance(stage, Root)
        or (isinstance(stage, Map) and any(has_root(inner.body) for inner in stage.body if isinstance(inner, Root)))
        for stage in stages
    )
