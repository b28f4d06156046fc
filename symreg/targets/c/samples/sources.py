"""What the templates need of functions over samples: of one of them, and of what all of a file share."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.kernel.ir import Rows
from symreg.targets.c.arguments import prototype, size
from symreg.targets.c.documentation import definitions
from symreg.targets.c.expressions import Scope
from symreg.targets.c.layout import Row
from symreg.targets.c.precision import Precision
from symreg.targets.c.samples.checks import checked_labels, is_mean, label_condition, missing
from symreg.targets.c.samples.layouts import BY_ROWS, LAYOUTS, arguments_of, call, declarations
from symreg.targets.description import Function

RETURNED = {
    "hessian_vector": "the product",
    "partial": "the sum of the gradients",
    "loss_value": "the losses",
    "loss_gradient": "the first derivatives",
    "loss_hessian": "the second derivatives",
}
"""What a function returns that returns an array; of all others the gradient."""


def function_over_samples(stem: str, function: Function, scope: Scope) -> Row:
    """Return what the templates need of a function besides, if it takes samples or labels.

    Args:
        stem: Of the file.
        function: What is written.
        scope: At its start.
    """
    signature, precision = function.signature, scope.precision
    labels = checked_labels(signature)
    row: Row = {
        "suffix": precision.suffix,
        "labels": "" if labels is None else size(labels),
        "publics": [],
        "callee": "",
    }
    if not signature.of("matrix"):
        return row
    callee = f"{scope.helpers[function.name]}_{precision.suffix}"
    record = [f"const struct samples_{precision.suffix} *X"]
    return row | {
        "callee": callee,
        "parameters": prototype(signature, precision, in_source=True, matrix=record),
        "publics": [_public(stem, function, scope, layout.suffix, callee) for layout in LAYOUTS],
        "missing": missing(signature),
        "is_mean": is_mean(function),
        "status": scope.namer.fresh("status"),
    }


def _public(stem: str, function: Function, scope: Scope, suffix: str, callee: str) -> Row:
    """Return the function that is called with one layout of X."""
    signature, precision = function.signature, scope.precision
    layout = next(layout for layout in LAYOUTS if layout.suffix == suffix)
    arguments = prototype(signature, precision, matrix=declarations(layout, signature, precision))
    meanings = [(name, meaning) for _, name, meaning in arguments_of(layout, signature)]
    return {
        "name": f"{stem}_{function.name}{layout.suffix}_{precision.suffix}",
        "returns": scope.wide if signature.returns == "number" else "int",
        "summary": layout.summary,
        "arguments": arguments,
        "parameters": arguments,
        "documented": [] if layout is BY_ROWS else definitions(meanings),
        **call(layout, function, precision, scope.helpers, callee),
    }


def shared_by_samples(functions: Iterable[Function], precisions: tuple[Precision, ...]) -> Row:
    """Return what the templates need of a file's functions over samples and labels together."""
    kept = list(functions)
    passes = [stage for function in kept for stage in function.kernel.stages if isinstance(stage, Rows)]
    arrays = {product.array for stage in passes for product in stage.products}
    labels = next((y.labels for f in kept if (y := checked_labels(f.signature)) is not None), None)
    rows = [{"real": precision.real, "suffix": precision.suffix} for precision in precisions]
    uses = {
        "memory": any(f.signature.of("matrix") and f.signature.returns != "number" for f in kept),
        "weight": any(stage.weight for stage in passes),
        "products": bool(arrays - {"X"}),
        "sums": any(stage.array for stage in passes),
        "two_products": any(len(stage.products) == 2 for stage in passes),
        "squares": "X" in arrays,
    }
    return {
        "samples": [row | {"uses": uses} for row in rows] if passes else [],
        "labels": [] if labels is None else [row | {"condition": label_condition(labels, row["real"])} for row in rows],
    }
