"""The C target's files: one header and one source, with the helpers that the functions call."""

from __future__ import annotations

import re

from symreg.errors import SpecError
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import names
from symreg.kernel import Map, Rows
from symreg.kernel.ir import Routine, has_root, has_root_itself, has_sum
from symreg.kernel.names import Namer
from symreg.targets.c.arguments import CHECKED, buffers, checked_elements, domains, overlaps, prototype
from symreg.targets.c.documentation import documented
from symreg.targets.c.expressions import WIDE, Scope, expression, scope_of
from symreg.targets.c.layout import LONGEST_LINE, Row, filled, joined
from symreg.targets.c.precision import PRECISIONS, WIDE_TEXTS
from symreg.targets.c.roots import given_values
from symreg.targets.c.routines import named_routines, routine_rows, routine_scope
from symreg.targets.c.samples.layouts import BY_ROWS, COLUMN_PIECE, ROWS_AT_ONCE, arguments_of
from symreg.targets.c.samples.sources import RETURNED, function_over_samples, shared_by_samples
from symreg.targets.c.search import SEARCH_NAMES, search_rows
from symreg.targets.c.stack import stack_bound, terms_of_block
from symreg.targets.c.statements import statements
from symreg.targets.c.states import initial_rows
from symreg.targets.description import Function, Module
from symreg.targets.minimum import checked_condition
from symreg.targets.options import DtypeChoice
from symreg.targets.wording import WIDTH, table, wrapped
from symreg.templates import render

_HELPERS = {"sign": "sign", "min": "least", "max": "greatest"}
"""Functions of the language that C lacks, by the name that a file's own function for each has."""

_FRAME = (
    *("add", "rounded", "overlap", "any_overlap", "spans", "TERMS"),
    *("dots", "add_dots", "combined", "add_lines", "row_product", "predict", "predict_both", "add_row", "accumulate"),
    *("squares", "index_at", "outside", "wrong", "memory_of", "weight_of", "rows_in_cache", "are_labels"),
    *("newton", "improve", "moves_on", "middle", "LANES", "ROUNDS", "FREE_ROUNDS", "APART"),
)
"""Names of the file's own; a parameter that is called so keeps its name, and they get another one."""

_SINGLE = "Single precision throughout, parameters as well."
_VECTOR_MATH_OF_OLD = ("cos", "exp", "log", "pow", "sin")  # in libmvec since glibc 2.22, the others since 2.35
_NOT_IN_LIBMVEC = ("abs", "copysign", "floor", "sqrt")
_INLINE = ("fabs", "copysign")
_MATHS = {row.c or row.name for row in FUNCTIONS.values()} - {*_HELPERS, *_INLINE} | {"floor", "nextafter"}
"""Functions that a compiler does not write out itself, and a library has."""


def write(module: Module) -> dict[str, str]:
    """Return the header and the source by path.

    Raises:
        SpecError: Single precision alone is asked for where minimisers are searched for in a table.
    """
    if module.dtype == "float32" and any(f.kernel.search is not None for f in module.functions):
        raise SpecError(
            f"{module.name}: minimisers of this sum are searched for in double precision; take another dtype, or leave "
            "prox and the rules that use it out"
        )
    helpers, own, routines = _own_names(module)
    scopes = [
        (function, scope_of(function, helpers | own, routines, precision))
        for function in module.functions
        for precision in PRECISIONS[module.dtype]
    ]
    functions = [function_rows(module.name, function, scope) for function, scope in scopes]
    of_routines = [routine_scope(row, helpers | own, routines, PRECISIONS[module.dtype][0]) for row in routines]
    stages = [stage for function in module.functions for stage in function.kernel.stages]
    searching = ((scope, f.kernel.search) for f, scope in scopes if f.kernel.search is not None)
    search = next((search_rows(scope, search, stages) for scope, search in searching), None)
    written_routines = [routine_rows(*row) for row in zip(routines, of_routines, strict=True)]
    all_scopes = [*(scope for _, scope in scopes), *of_routines]
    called = {row for scope in all_scopes for row in scope.called}
    math = sorted({name for scope in all_scopes for name in scope.called_in_loops} - {*_HELPERS, *_NOT_IN_LIBMVEC})
    note = [_SINGLE] if module.dtype == "float32" else []
    lanes, has_blocks = _lanes(written_routines), search is not None or any(routine.elements for routine in routines)
    kernels = (function.kernel for function, _ in scopes)
    wide = PRECISIONS[module.dtype][0].wide
    stack = stack_bound(kernels, functions, zip(routines, written_routines, strict=True), wide, lanes, COLUMN_PIECE)
    values = {
        "name": module.name,
        "prefix": module.name.upper(),
        "title": wrapped(f"{module.title}: {module.contents}.", WIDTH - 8, ""),
        "title_of_source": wrapped(f"{module.title}. See {module.name}.h.", WIDTH - 8, ""),
        "formulas": table(module.formulas, WIDTH - 8),
        "references": [line for text in (*module.references, *note) for line in wrapped(text, WIDTH - 8)],
        "command": module.command,
        "digest": module.digest,
        "own": own | {"rows_at_once": ROWS_AT_ONCE},
        "routines": written_routines,
        "functions": functions,
        "helpers": [
            {"function": name, "name": helpers[name], "real": "double" if is_double else "float"}
            for name, is_double in sorted(called, key=lambda row: (row[0], not row[1]))
            if name in _HELPERS
        ],
        "math_of_old": _declarations([name for name in math if name in _VECTOR_MATH_OF_OLD], module.dtype),
        "math": _declarations([name for name in math if name not in _VECTOR_MATH_OF_OLD], module.dtype),
        "sums": has_sum(stages) or any(isinstance(stage, Rows) and (stage.name or stage.weight) for stage in stages),
        "search": search or {},
        "roots": search is not None or has_root(stages),
        "scalar_roots": any(has_root_itself(routine.body) for routine in routines),
        "block_roots": search is not None or any(has_root_itself(routine.each) for routine in routines),
        "blocks": has_blocks,
        "lanes": lanes,
        "terms": terms_of_block(stages),
        "delays": any(isinstance(stage, Map) and stage.reads_old for stage in stages),
        "wide": WIDE_TEXTS[wide],
        "has_status": any(not function["is_value"] for function in functions),
        "has_condition": search is not None or any(checked_condition(f.update) is not None for f in module.functions),
        "has_elements": any(function["elements"] for function in functions),
        "has_pair": any(function["overlaps"]["pair"] for function in functions),
        "has_spans": any(function["overlaps"]["spans"] for function in functions),
        **shared_by_samples(module.functions, PRECISIONS[module.dtype]),
    }
    source = render("c/source.c.jinja", values)
    by_columns = stack + COLUMN_PIECE * (8 if wide == "double" else 4)
    more = f"; {by_columns:,} where X lies column by column" if any(f["publics"] for f in functions) else ""
    needs = f"{_linked(source)} Stack: less than {stack:,} bytes a call{more}."
    return {
        f"c/{module.name}.h": render("c/header.h.jinja", values | {"needs": wrapped(needs, WIDTH - 8)}),
        f"c/{module.name}.c": source,
    }


def _linked(source: str) -> str:
    """Return what a source has to be linked with."""
    code = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    calls_maths = any(re.search(rf"\b{name}f?\(", code) for name in _MATHS)
    return "Link with -lm, whose stack is not counted here." if calls_maths else "Calls no library."


def _lanes(routines: list[Row]) -> int:
    """Return how many elements' minimisers are found together: fewer where many numbers are kept for each of them."""
    kept = max((routine["block"]["count"] for routine in routines if routine["block"]), default=0)
    return next((lanes for most, lanes in ((4, 8), (8, 4)) if kept <= most), 2)


def _own_names(module: Module) -> tuple[dict[str, str], dict[str, str], dict[Routine, str]]:
    """Return the names of the language's functions that C lacks, of other functions and constants, and of routines."""
    given = {
        argument.name
        for function in module.functions
        for argument in function.signature.of("array", "state", "count", "parameter", "sum")
    }
    names_of_functions = [f.name for f in module.functions if f.signature.of("matrix")]
    namer = Namer(given | {name.removesuffix("_f64").removesuffix("_f32") for name in given})
    helpers = {name: namer.fresh(stem) for name, stem in _HELPERS.items()}
    own = {name: namer.fresh(name) for name in (*_FRAME, *SEARCH_NAMES, *names_of_functions)}
    return helpers, own, named_routines((s for f in module.functions for s in f.kernel.stages), namer)


def _declarations(functions: list[str], dtype: DtypeChoice) -> list[str]:
    """Return the declarations of functions of math.h in each type that a file computes in."""
    reals = sorted({real for precision in PRECISIONS[dtype] for real in (precision.real, precision.wide)})
    return [
        f"{real} {name}{'f' if real == 'float' else ''}({f'{real}, {real}' if name == 'pow' else real});"
        for name in functions
        for real in reals
    ]


def _conditions(conditions: list[str], refusal: str) -> list[str]:
    """Return the lines of what all must hold, else a function returns at once: the last has to leave room for that."""
    room, end = LONGEST_LINE - len("    if (!("), len(f")) return {refusal};")
    lines = filled(conditions, room, between=" && ", at_start="&& ")
    if lines and len(lines[-1]) + end > room:
        lines = filled(conditions, room - end, between=" && ", at_start="&& ")
    return lines


def function_rows(stem: str, function: Function, scope: Scope) -> Row:
    """Return what the templates need of a function.

    Args:
        stem: Of the file; of a function's name, too.
        function: What is written.
        scope: At its start.
    """
    kernel, signature, real = function.kernel, function.signature, scope.real
    over_samples = function_over_samples(stem, function, scope)
    matrix = [(name, meaning) for _, name, meaning in arguments_of(BY_ROWS, signature)]
    returned = RETURNED.get(function.update.kind, "the gradient")
    body = joined(row for stage in kernel.stages for row in statements(scope, stage))
    refusal = WIDE_TEXTS[scope.wide]["nan"] if signature.returns == "number" else f"{stem.upper()}_DOMAIN"
    for row in body:
        if row["kind"] == "pass":
            row["refusal"] = refusal if over_samples["is_mean"] else ""
    result = "" if kernel.result is None else expression(scope, kernel.result, WIDE)
    if body and body[-1]["kind"] == "sum" and body[-1]["name"] == result:
        body[-1]["is_result"] = True
        result = f"{scope.helpers['rounded']}(&{body[-1]['total']})"
    condition = checked_condition(function.update)
    needs = [] if condition is None else [expression(scope, condition, WIDE)]
    # What depends on `t` or on a state is looked at once the pointers to them are.
    is_late = condition is not None and not names(condition).isdisjoint(state.name for state in signature.states)
    returns_number = signature.returns == "number"
    return {
        "name": f"{stem}_{function.name}_{scope.precision.suffix}",
        "title": function.title,
        "is_value": returns_number,
        "returns": scope.wide if returns_number else "int",
        "real": real,
        "summary": function.summary,
        "formulas": table(function.formulas, WIDTH - 8),
        "notes": [line for note in function.notes for line in wrapped(note, WIDTH - 8)],
        "documented": documented(signature, scope.precision, matrix, returned),
        "arguments": prototype(signature, scope.precision),
        "parameters": prototype(signature, scope.precision, in_source=True),
        "elements": list(checked_elements(signature, real)),
        "place": scope.namer.fresh("k") if any(not a.domain.is_all for a in signature.of(*CHECKED)) else "",
        "pointers": [argument.name for argument in signature.arguments if argument.is_pointer],
        "domains": _conditions([*domains(signature, scope.wide), *([] if is_late else needs)], f"{stem}_DOMAIN"),
        "needs": needs[0] if is_late else "",
        "overlaps": overlaps(signature, scope.precision, scope.namer.fresh("n_bytes")),
        "kept": [state.name for state in signature.states if not state.shape],
        "buffers": buffers(signature, [buffer.name for buffer in kernel.buffers]),
        "given": scope.given,
        "given_values": filled(given_values(scope, kernel.search.parameters if kernel.search else ()), WIDTH - 8),
        "init": initial_rows(stem, function.update.rule, signature, scope.precision) if function.update.rule else {},
        "body": body,
        "result": result,
        "scalars": [{"name": name, "value": expression(scope, tree, WIDE)} for name, tree in kernel.scalars],
        **over_samples,
    }
