"""The minimiser of one element among neighbouring rows: a kink, a formula, or the root of F(u) = v."""

from __future__ import annotations

from symreg.expressions.tree import Tree, substitute
from symreg.kernel.proximal.root import root_of
from symreg.kernel.proximal.rows import Row, by_threshold
from symreg.kernel.proximal.scope import ZERO, Scope, Statements, W, clipped
from symreg.proximal.operator import STEP, Kink, V


def minimiser_in(
    rows: list[Row], x: Tree, scope: Scope, once: Statements, each: Statements, *, is_clipped: bool = False
) -> tuple[Tree, Tree]:
    """Return the minimiser among the rows, and where `is_clipped` phi there, else 0.

    Args:
        rows: Ascending.
        x: v.
        scope: Of the function.
        once: Receives what does not depend on x.
        each: Receives the root, if there is one.
        is_clipped: May x lie outside the rows' own range? Then the minimiser is kept within them.
    """
    root = root_of(rows, x, scope, once, each) if any(row.case.is_root for row in rows) else None
    weights: list[Tree] = []
    for k, row in enumerate(rows):
        place, formula = row.case.place, row.case.formula
        if root is not None and (isinstance(place, Kink) or formula is None):
            weights.append(root)
        elif isinstance(place, Kink):
            weights.append(place.position)
        else:
            assert formula is not None
            u = substitute(formula, {V: x, STEP: scope.step})
            is_end = is_clipped and k in (0, len(rows) - 1)
            weights.append(clipped(u, row.low, row.high) if place.may_fall or is_end else u)
    u = by_threshold(rows, weights, x)
    if not is_clipped:
        return u, ZERO
    u = scope.let("u", u, each)
    values = [row.case.place.value for row in rows]
    of_kinks = [isinstance(row.case.place, Kink) for row in rows]
    at_u = [value if is_kink else substitute(value, {W: u}) for value, is_kink in zip(values, of_kinks, strict=True)]
    return u, by_threshold(rows, at_u, x)
