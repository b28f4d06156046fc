"""The C target's files: one header and one source, with the helpers that the functions call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from symreg.errors import SpecError
from symreg.expressions.approximations import APPROXIMATIONS
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import names
from symreg.kernel import Map, Rows
from symreg.kernel.ir import Routine, Stage, has_root, has_root_itself, has_sum
from symreg.kernel.names import Namer
from symreg.model.lifts import STARTS
from symreg.targets.approximations import approximation_rows
from symreg.targets.c.arguments import (
    CHECKED,
    COMMON_DOMAINS,
    all_hold,
    buffers,
    checked_elements,
    domains,
    is_checked,
    is_inside,
    often_checked,
    overlaps,
    prototype,
)
from symreg.targets.c.documentation import documented
from symreg.targets.c.expressions import WIDE, Scope, expression, scope_of
from symreg.targets.c.layout import Row, filled, joined
from symreg.targets.c.precision import PRECISIONS, WIDE_TEXTS
from symreg.targets.c.roots import given_values
from symreg.targets.c.routines import named_routines, routine_rows, routine_scope
from symreg.targets.c.samples.layouts import BY_ROWS, COLUMN_PIECE, ROWS_AT_ONCE, arguments_of
from symreg.targets.c.samples.sources import RETURNED, function_over_samples, shared_by_samples
from symreg.targets.c.search import SEARCH_NAMES, search_rows
from symreg.targets.c.stack import stack_bound, terms_of_block
from symreg.targets.c.statements import statements
from symreg.targets.c.states import initial_rows, share_initial_functions
from symreg.targets.description import Function, Module
from symreg.targets.minimum import checked_condition
from symreg.targets.options import DtypeChoice
from symreg.targets.wording import WIDTH, table, wrapped
from symreg.templates import render

_HELPERS = {"sign": "sign", "min": "least", "max": "greatest", **{name: name for name in APPROXIMATIONS}}
"""Functions that C lacks, by the name that a file's own function for each has."""

_FRAME = (
    *("add", "rounded", "overlap", "any_overlap", "spans", "are_groups", "total_variation", "hull", "drawn", "TERMS"),
    *("dots", "add_dots", "combined", "add_lines", "row_product", "predict", "predict_both", "add_row", "accumulate"),
    *("two_dots", "two_combined", "row_products"),
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
        SpecError: Single precision alone is asked for where minimisers are searched for in a table, or sums are kept.
    """
    if module.dtype == "float32" and any(f.kernel.variation is not None for f in module.functions):
        raise SpecError(
            f"{module.name}: the sums that a total variation needs are kept in double precision; take another dtype, "
            "or leave prox and the rules that use it out"
        )
    if module.dtype == "float32" and any(f.kernel.search is not None for f in module.functions):
        raise SpecError(
            f"{module.name}: minimisers of this sum are searched for in double precision; take another dtype, or leave "
            "prox and the rules that use it out"
        )
    helpers, own, routines = _own_names(module)
    has_groups = any(f.signature.of("groups") for f in module.functions)
    has_indices = has_groups or any(f.signature.of("matrix") for f in module.functions)
    precisions = tuple(replace(p, is_alone=p.is_alone and not has_indices) for p in PRECISIONS[module.dtype])
    scopes = [
        (function, scope_of(function, helpers | own, routines, precision))
        for function in module.functions
        for precision in precisions
    ]
    functions = [function_rows(module.name, function, scope) for function, scope in scopes]
    share_initial_functions(functions)
    of_routines = [routine_scope(row, helpers | own, routines, precisions[0]) for row in routines]
    written_routines = [routine_rows(*row) for row in zip(routines, of_routines, strict=True)]
    stages = [stage for function in module.functions for stage in function.kernel.stages]
    searching = ((scope, f.kernel.search) for f, scope in scopes if f.kernel.search is not None)
    search = next((search_rows(scope, search, stages) for scope, search in searching), None)
    values = {
        **_heads(module),
        **_called([*(scope for _, scope in scopes), *of_routines], helpers, module.dtype),
        **_loops(stages, routines, written_routines, search),
        "own": own | {"rows_at_once": ROWS_AT_ONCE},
        "routines": written_routines,
        "functions": functions,
        "named_domains": [
            {"name": own[name], "condition": is_inside("x", domain, precisions[0].wide)}
            for name, domain in COMMON_DOMAINS.items()
            if name in own
        ],
        "wide": WIDE_TEXTS[precisions[0].wide],
        "has_one_type": precisions[0].is_alone,
        "has_status": any(not function["is_value"] or function["publics"] for function in functions),
        "has_condition": search is not None or any(checked_condition(f.update) is not None for f in module.functions),
        "groups": STARTS if has_groups else "",
        "variations": _variations(module),
        "has_elements": any(function["elements"] for function in functions),
        "has_pair": any(function["overlaps"]["pair"] for function in functions),
        "has_spans": any(function["overlaps"]["spans"] for function in functions),
        **shared_by_samples(module.functions, precisions),
    }
    source = render("c/source.c.jinja", values)
    kernels = (function.kernel for function, _ in scopes)
    all_routines = zip(routines, written_routines, strict=True)
    wide = precisions[0].wide
    stack = stack_bound(kernels, functions, all_routines, wide, _lanes(written_routines), COLUMN_PIECE)
    by_columns = stack + COLUMN_PIECE * (8 if wide == "double" else 4)
    more = f"; {by_columns:,} where X lies column by column" if any(f["publics"] for f in functions) else ""
    needs = f"{_linked(source)} Stack: less than {stack:,} bytes a call{more}."
    return {
        f"c/{module.name}.h": render("c/header.h.jinja", values | {"needs": wrapped(needs, WIDTH - 8)}),
        f"c/{module.name}.c": source,
    }


def _heads(module: Module) -> Row:
    """Return what the first comments of both files say."""
    note = [_SINGLE] if module.dtype == "float32" else []
    return {
        "name": module.name,
        "prefix": module.name.upper(),
        "title": wrapped(f"{module.title}: {module.contents}.", WIDTH - 8, ""),
        "title_of_source": wrapped(f"{module.title}. See {module.name}.h.", WIDTH - 8, ""),
        "formulas": table(module.formulas, WIDTH - 8),
        "references": [line for text in (*module.references, *note) for line in wrapped(text, WIDTH - 8)],
        "command": module.command,
        "digest": module.digest,
    }


def _called(scopes: list[Scope], helpers: dict[str, str], dtype: DtypeChoice) -> Row:
    """Return the file's own functions of numbers that are called, and those of math.h that loops call."""
    called = {row for scope in scopes for row in scope.called}
    math = sorted({name for scope in scopes for name in scope.called_in_loops} - {*_HELPERS, *_NOT_IN_LIBMVEC})
    return {
        "helpers": [
            {"function": name, "name": helpers[name], "real": "double" if is_double else "float"}
            for name, is_double in sorted(called, key=lambda row: (row[0], not row[1]))
            if name in _HELPERS and name not in APPROXIMATIONS
        ],
        "approximations": [
            row | {"name": helpers[row["function"]], "is_double": is_double}
            for row in approximation_rows(name for name, _ in called)
            for is_double in (True, False)
            if (row["function"], is_double) in called
        ],
        "math_of_old": _declarations([name for name in math if name in _VECTOR_MATH_OF_OLD], dtype),
        "math": _declarations([name for name in math if name not in _VECTOR_MATH_OF_OLD], dtype),
    }


def _loops(stages: list[Stage], routines: Iterable[Routine], written_routines: list[Row], search: Row | None) -> Row:
    """Return what decides which functions and constants the file's loops over sums, roots and blocks need."""
    return {
        "sums": has_sum(stages) or any(isinstance(stage, Rows) and (stage.name or stage.weight) for stage in stages),
        "search": search or {},
        "roots": search is not None or has_root(stages),
        "scalar_roots": any(has_root_itself(routine.body) for routine in routines),
        "block_roots": search is not None or any(has_root_itself(routine.each) for routine in routines),
        "blocks": search is not None or any(routine.elements for routine in routines),
        "lanes": _lanes(written_routines),
        "terms": terms_of_block(stages),
        "delays": any(isinstance(stage, Map) and stage.reads_old for stage in stages),
    }


def _variations(module: Module) -> list[Row]:
    """Return the precisions in which the proximal point of a total variation is needed."""
    if not any(function.kernel.variation for function in module.functions):
        return []
    return [{"suffix": p.suffix, "real": p.real} for p in PRECISIONS[module.dtype]]


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
        for argument in function.signature.of(
            "array", "state", "count", "groups_length", "groups", "group_weights", "parameter", "sum"
        )
    }
    names_of_functions = [f.name for f in module.functions if f.signature.of("matrix")]
    namer = Namer(given | {name.removesuffix("_f64").removesuffix("_f32") for name in given})
    helpers = {name: namer.fresh(stem) for name, stem in _HELPERS.items()}
    named_domains = often_checked(function.signature for function in module.functions)
    own = {name: namer.fresh(name) for name in (*_FRAME, *SEARCH_NAMES, *named_domains, *names_of_functions)}
    return helpers, own, named_routines((s for f in module.functions for s in f.kernel.stages), namer)


def _declarations(functions: list[str], dtype: DtypeChoice) -> list[str]:
    """Return the declarations of functions of math.h in each type that a file computes in."""
    reals = sorted({real for precision in PRECISIONS[dtype] for real in (precision.real, precision.wide)})
    return [
        f"{real} {name}{'f' if real == 'float' else ''}({f'{real}, {real}' if name == 'pow' else real});"
        for name in functions
        for real in reals
    ]


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
    functions_of_domains = {COMMON_DOMAINS[name]: own for name, own in scope.helpers.items() if name in COMMON_DOMAINS}
    conditions = [*domains(signature, scope.wide, functions_of_domains), *([] if is_late else needs)]
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
        "place": scope.namer.fresh("k") if any(map(is_checked, signature.of(*CHECKED))) else "",
        "arrays": [
            argument.name
            for argument in signature.arguments
            if argument.is_pointer and argument.shape and argument.role != "group_weights"
        ],
        "domains": all_hold(conditions, f"{stem}_DOMAIN"),
        "group_weights": scope.weights,
        "needs": needs[0] if is_late else "",
        "overlaps": overlaps(signature, scope.precision),
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
