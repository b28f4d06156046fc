"""The functions of a penalty in which its minimisers are searched for, in NumPy."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.expressions.tree import names
from symreg.kernel import Search
from symreg.kernel.ir import Formula, Stage, has_best
from symreg.kernel.names import Namer
from symreg.targets.numpy.expressions import Scope, expression, number
from symreg.targets.numpy.layout import Row


def search_rows(scope: Scope, search: Search, stages: Iterable[Stage]) -> Row:
    """Return what the template needs of a kernel's search; other kernels of the module have the same.

    Args:
        scope: Of the kernel's function.
        search: The search.
        stages: Of all functions of the module.
    """
    given = Namer({*search.parameters, search.u, search.inside}).fresh("p")

    def unpacked(used: Iterable[str]) -> str:
        kept = set(used)
        parameters = [name if name in kept else "_" for name in search.parameters]
        return f"{', '.join(parameters)}{',' if len(parameters) == 1 else ''} "

    def formula(row: Formula) -> Row:
        used = {name for tree in (*(let.value for let in row.lets), row.result) for name in names(tree)}
        lines = [f"{let.name} = {expression(scope, let.value, is_array=True)}" for let in row.lets]
        parameters = [name for name in search.parameters if name in used]
        result = expression(scope, row.result, is_array=True)
        return {"used": parameters, "names": unpacked(parameters), "lines": lines, "result": result}

    in_knots = [name for name in search.parameters if any(name in names(knot) for knot in search.knots)]
    kept = list(stages)
    return {
        "u": search.u,
        "inside": search.inside,
        "given": given,
        "value": formula(search.value),
        "slope": formula(search.slope),
        "curvature": formula(search.curvature),
        "rising": formula(search.rising),
        "falling": formula(search.falling),
        "knots": [expression(scope, knot) for knot in search.knots],
        "used_in_knots": in_knots,
        "names": unpacked(in_knots),
        "is_even": search.is_even,
        "low": "0.0" if search.is_even else "-1e150" if search.low is None else number(search.low),
        "high": "1e150" if search.high is None else number(search.high),
        "before": "-np.inf" if search.low_closed else "np.nan",
        "high_closed": search.high_closed,
        "tabulates": has_best(kept, in_table=True),
        "searches": has_best(kept, in_table=False),
    }
