"""The functions of a penalty in which its minimisers are searched for, in C."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.expressions.tree import names
from symreg.kernel import Search
from symreg.kernel.ir import Formula, Stage, has_best
from symreg.kernel.names import Namer
from symreg.targets.c.expressions import WIDE, Scope, expression
from symreg.targets.c.layout import Row, filled
from symreg.targets.c.literals import signed_literal
from symreg.targets.c.roots import scalar
from symreg.targets.signature import DEEPEST_SPAN, MOST_ROWS
from symreg.targets.wording import WIDTH

SEARCH_NAMES = (
    "value",
    "slope",
    "curvature",
    "rising",
    "falling",
    "tabulate",
    "points",
    "searched",
    "ROWS",
    "SPANS",
    "FAR",
)
"""Names of the file's own functions and constants."""


def search_rows(scope: Scope, search: Search, stages: Iterable[Stage]) -> Row:
    """Return what the templates need of a kernel's search; other kernels of the module have the same.

    Args:
        scope: Of the kernel's function.
        search: The search.
        stages: Of all functions of the module.
    """
    namer = Namer({*scope.namer.taken, search.u, search.inside})
    given = namer.fresh("p")
    scope.types |= dict.fromkeys((search.u, search.inside, *search.parameters), WIDE)

    def formula(row: Formula, *, is_inline: bool) -> Row:
        lets = [scalar(scope, let) for let in row.lets]
        used = {name for tree in (*(let.value for let in row.lets), row.result) for name in names(tree)}
        parameters = [name for name in search.parameters if name in used]
        unused = [name for name in (search.u, search.inside) if name not in used] + ([] if parameters else [given])
        result = expression(scope, row.result, WIDE)
        return {"is_inline": is_inline, "lets": lets, "used": parameters, "unused": unused, "result": result}

    value = formula(search.value, is_inline=False)
    scope.indices[""] = ""  # the others are called in loops
    formulas = {
        "value": value,
        "slope": formula(search.slope, is_inline=True),
        "curvature": formula(search.curvature, is_inline=True),
        "rising": formula(search.rising, is_inline=True),
        "falling": formula(search.falling, is_inline=True),
    }
    del scope.indices[""]
    knots = [expression(scope, knot, WIDE) for knot in search.knots]
    kept = list(stages)
    return {
        **formulas,
        "rows": MOST_ROWS,
        "spans": DEEPEST_SPAN,
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
        "tabulates": has_best(kept, in_table=True),
        "searches": has_best(kept, in_table=False),
    }
