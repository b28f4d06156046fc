"""The NumPy target's file: one module, its imports and its helpers."""

from __future__ import annotations

from symreg.expressions.approximations import APPROXIMATIONS
from symreg.expressions.text import to_text
from symreg.kernel import Rows
from symreg.kernel.ir import has_root, has_root_itself, has_sum
from symreg.model.lifts import STARTS
from symreg.targets.approximations import approximation_rows
from symreg.targets.description import Function, Module
from symreg.targets.minimum import checked_condition, refused_argument
from symreg.targets.numpy.arguments import array_rows, definition, parameter_rows, state_rows
from symreg.targets.numpy.documentation import documented
from symreg.targets.numpy.expressions import NAMES, Scope, expression, reaches, scope_of
from symreg.targets.numpy.layout import LONGEST_LINE, Row
from symreg.targets.numpy.routines import named_routines, routine_rows, routine_scope
from symreg.targets.numpy.samples import chooses_rows, has_squares, label_rows
from symreg.targets.numpy.search import search_rows
from symreg.targets.numpy.statements import statements
from symreg.targets.wording import WIDTH, table, wrapped
from symreg.templates import render


def write(module: Module) -> dict[str, str]:
    """Return the module by path."""
    stages = [stage for function in module.functions for stage in function.kernel.stages]
    routines = named_routines(stages)
    scopes = [(function, scope_of(function, routines)) for function in module.functions]
    functions = [function_rows(function, scope) for function, scope in scopes]
    of_routines = [routine_scope(routine, module.functions[0], routines) for routine in routines]
    routines_written = [routine_rows(*row) for row in zip(routines, of_routines, strict=True)]
    kinds = {function["kind"] for function in functions}
    searching = ((scope, f.kernel.search) for f, scope in scopes if f.kernel.search is not None)
    search = next((search_rows(scope, search, stages) for scope, search in searching), None)
    values = {
        "title": wrapped(f"{module.title}: {module.contents}.", LONGEST_LINE - 4),
        "formulas": table(module.formulas, WIDTH - 8),
        "references": [line for text in module.references for line in wrapped(text, LONGEST_LINE - 4)],
        "command": module.command,
        "digest": module.digest,
        "functions": functions,
        "routines": routines_written,
        "reaches": reaches(stages),
        "sums": has_sum(stages),
        "approximations": approximated(functions, routines_written, search),
        "search": search or {},
        "roots": search is not None or has_root(stages),
        "block_roots": (search is not None and search["tabulates"])
        or any(has_root_itself(routine.each) for routine in routines),
        "scalar_roots": search is not None or any(has_root_itself(routine.body) for routine in routines),
        "chooses": any(block.chooses for scope in (*(s for _, s in scopes), *of_routines) for block in scope.blocks),
        "writes": any(function["has_out"] for function in functions) or "step" in kinds,
        "has_parameters": any(function["parameters"] for function in functions),
        "orders_arrays": any(array["above"] for function in functions for array in function["arrays"]),
        "bounds_arrays": any(array["bounds"] for function in functions for array in function["arrays"]),
        "groups": STARTS if any(function["group_weights"] for function in functions) else "",
        "varies": any(function.kernel.variation is not None for function in module.functions),
        "has_states": any(function["states"] for function in functions),
        "has_alias": any(f["has_out"] and f["may_alias"] for f in functions),
        "is_flat": any(not function["is_indexed"] and not function["samples"] for function in functions),
        "has_samples": any(function["samples"] for function in functions),
        "has_divisor": any(function["weighs"] for function in functions),
        "squares": has_squares(stages),
        "chooses_rows": chooses_rows(stages),
        **_labels(module),
    }
    return {f"numpy/{module.name}.py": render("numpy/module.py.jinja", values)}


def approximated(*code: object) -> list[Row]:
    """Return the rows of the functions that code calls, whatever kind of rows it is, because no library has them."""
    text = str(code)
    return approximation_rows(name for name in APPROXIMATIONS if f"{NAMES[name]}(" in text)


def _labels(module: Module) -> Row:
    """Return what the labels must be: the condition on an array of them, and in words."""
    labels = [argument.labels for function in module.functions for argument in function.signature.of("labels")]
    condition, told = label_rows(labels[0]) if labels and labels[0] is not None else ("", "")
    return {"label_condition": condition, "label_told": told}


def function_rows(function: Function, scope: Scope) -> Row:
    """Return what the template needs of a function, whose scope is that at its start."""
    kernel, signature, rule = function.kernel, function.signature, function.update.rule
    stages = list(kernel.stages)
    body = [row for k, stage in enumerate(stages) for row in statements(scope, stage, stages[k + 1 :])]
    states, condition = state_rows(signature), checked_condition(function.update)
    written = ["out"] if scope.flat else ["w", *(state["name"] for state in states if state["is_array"])]
    weight = next((stage.weight for stage in stages if isinstance(stage, Rows) and stage.weight), "")
    given = [argument.name for argument in signature.of("data", "direction", "labels", "sample_weight", "gradient")]
    data = next((argument.name for argument in signature.of("data")), "")
    return {
        "kind": function.update.kind,
        "name": function.name,
        "stem": function.name.removesuffix("_step"),
        "rule": rule.name.replace("_", " ") if rule else "",
        "summary": function.summary,
        "formulas": table(function.formulas, LONGEST_LINE - 8),
        "notes": [line for note in function.notes for line in wrapped(note, LONGEST_LINE - 4)],
        "signature": definition(function.name, signature),
        "documented": documented(function),
        "is_indexed": function.is_indexed,
        "parameters": parameter_rows(signature),
        "needs": "" if condition is None else expression(scope, condition),
        "needed": "" if condition is None else to_text(condition),
        "refused": refused_argument(function.update),
        "arrays": array_rows(signature),
        "group_weights": scope.weights,
        "states": states,
        "written": written,
        "argument": data,
        "direction": [argument.name for argument in signature.of("direction")],
        "has_labels": bool(signature.of("labels")),
        "has_gradient": bool(signature.of("gradient")),
        "samples": function.update.passes_samples,
        "weight": weight,
        "weighs": bool(weight) and function.update.kind != "partial",
        "has_out": signature.result is not None,
        "read": [name for name in (*given, *(array.name for array in signature.of("array"))) if name not in written],
        "flat": scope.flat,
        "may_alias": kernel.may_alias,
        "real": scope.real if scope.uses_real else "",
        "buffers": [buffer.name for buffer in kernel.buffers],
        "given": scope.given,
        "given_values": [] if kernel.search is None else list(kernel.search.parameters),
        "body": body,
        "result": "" if kernel.result is None else expression(scope, kernel.result),
        "scalars": [{"name": name, "value": expression(scope, tree)} for name, tree in kernel.scalars],
    }
