"""A pass over the samples: a block of them at a time, their products, what follows of each, and the sums."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.kernel.ir import Rows
from symreg.targets.c.expressions import REAL, WIDE, Scope, expression
from symreg.targets.c.formula import formula_of_pass
from symreg.targets.c.layout import Row
from symreg.targets.c.sums import copies, element


def rows_pass(scope: Scope, stage: Rows) -> Iterator[Row]:
    """Yield a pass, and before it the copies of scalars that its loop uses.

    What a sum is of is computed in the `wide` type, a residual that stands alone in that of the arrays.
    """
    taken = set(scope.namer.taken)
    context = REAL if stage.term is None else WIDE
    if context == REAL:
        yield from copies(scope, (*(let.value for let in stage.body), *stage.sums), {let.name for let in stage.body})
    keys = ("first", "size", "start", "count", "term")
    names = {key: scope.namer.fresh(key) for key in keys}
    k = scope.namer.fresh(stage.index)
    scope.indices[stage.index] = f"{names['first']} + {k}"
    for product in stage.products:
        scope.types[product.name] = REAL
        scope.rows[product.name] = f"{product.name}[{k}]"
    body = list(element(scope, stage.body, context))
    residual = ""
    if stage.residual is not None:
        residual = _rounded(scope, expression(scope, stage.residual, context), context)
    formula = formula_of_pass(stage, scope.temporaries, len("    "))
    row: Row = {
        "kind": "pass",
        "formula": formula,
        **names,
        "k": k,
        "suffix": scope.precision.suffix,
        "real": scope.real,
        "zero": "0.0f" if scope.real == "float" else "0.0",
        "products": [{"name": product.name, "array": product.array} for product in stage.products],
        "body": body,
        "term_value": "" if stage.term is None else expression(scope, stage.term, WIDE),
        "residual": residual,
        "array": stage.array,
        "j": scope.namer.fresh("j"),
        "weight": stage.weight,
        "name": stage.name,
        "total": scope.namer.fresh(f"{stage.name}_sum") if stage.name else "",
    }
    del scope.indices[stage.index]
    for product in stage.products:
        del scope.rows[product.name]
    scope.copies.clear()
    scope.namer.taken = taken
    scope.types |= {name: WIDE for name in (stage.name, stage.weight) if name}
    yield row


def _rounded(scope: Scope, text: str, context: str) -> str:
    """Return an expression in the precision of the arrays."""
    if context == REAL or not scope.precision.is_mixed:
        return text
    return f"(float){text if text.isidentifier() else f'({text})'}"
