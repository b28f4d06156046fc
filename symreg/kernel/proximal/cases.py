"""Lower a proximal operator: thresholds once, then for each element the formula of its case, or its root.

The case table of the derivation becomes rows between weights and thresholds that are known once the step is. With one
gap the jump is one more threshold; with more, or where the step is another one for each element, the minima between the
gaps are compared.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from symreg.expressions.arithmetic import plus, times
from symreg.expressions.tree import Binary, Call, Compare, Tree
from symreg.kernel.names import Namer
from symreg.kernel.proximal.jumps import joined
from symreg.kernel.proximal.minima import Minimum, best_of
from symreg.kernel.proximal.minimiser import minimiser_in
from symreg.kernel.proximal.rows import Row, greatest_v, least_v, rows_of
from symreg.kernel.proximal.scope import ONE, TWO, ZERO, Scope, Statements
from symreg.kernel.proximal.sorted_knots import sorted_minima
from symreg.kernel.proximal.table_search import searched
from symreg.kernel.proximal.turning_points import ends_of, outer_end
from symreg.proximal.operator import AnyOperator, Operator, PiecewiseQuadratic, TableSearch


def solved(operator: AnyOperator, x: Tree, step: Tree, once: Statements, each: Statements, namer: Namer) -> Tree:
    """Return the minimiser for one element, over names that the statements give.

    Args:
        operator: Of the penalty; if it is even, x is not negative.
        x: The element, a name.
        step: s.
        once: Receives what does not depend on x; may be `each`, where the step is another one for each element.
        each: Receives what does.
        namer: Knows the names in use.
    """
    scope = Scope(step, namer)
    if isinstance(operator, TableSearch):
        return searched(x, scope, once, each)
    if isinstance(operator, PiecewiseQuadratic):
        return sorted_minima(operator, x, scope, once, each)
    if operator.abs_coefficient != ZERO or operator.square_coefficient != ZERO:
        x, scope = _without_abs_and_square(operator, x, scope, once, each)
    if operator.period is None:
        return _by_cases(operator, x, scope, once, each)
    return _within_half_a_period(operator, operator.period, x, scope, once, each)


def _without_abs_and_square(
    operator: Operator, x: Tree, scope: Scope, once: Statements, each: Statements
) -> tuple[Tree, Scope]:
    """Return the v at which the operator of the cases is taken, and the scope with its step.

    The cost of phi + a*|u| + k*u**2/2 is, but for a constant, that of phi with the step s/(1 + s*k) at
    (v - s*a)/(1 + s*k), times 1 + s*k.
    """
    shrunk: Tree = x
    if operator.abs_coefficient != ZERO:
        less = scope.let("shift", times(scope.step, scope.at(operator.abs_coefficient)), once)
        nearer = Binary("-", x, less)
        shrunk = Call("where", (Compare(">", nearer, ZERO), nearer, ZERO))
    if operator.square_coefficient != ZERO:
        rise = scope.let("scale", plus(ONE, times(scope.step, scope.at(operator.square_coefficient))), once)
        scope = replace(scope, step=scope.let("scaled_step", Binary("/", scope.step, rise), once))
        shrunk = Binary("/", shrunk, rise)
    return scope.let("x", shrunk, each), scope


def _within_half_a_period(
    operator: Operator, period: Tree, x: Tree, scope: Scope, once: Statements, each: Statements
) -> Tree:
    """Solve within half a period of 0, to which an x >= 0 is shifted and mirrored; the minimiser goes back."""
    whole = scope.let("period", scope.at(period), once)
    count = Call("floor", (Binary("/", x, whole),))
    rest = scope.let("rest", Binary("-", x, Binary("*", count, whole)), each)
    is_beyond = Compare(">", rest, Binary("/", whole, TWO))
    near = scope.let("folded", Call("where", (is_beyond, Binary("-", whole, rest), rest)), each)
    u = scope.let("u", _by_cases(operator, near, scope, once, each), each)
    return Binary("+", Binary("-", x, rest), Call("where", (is_beyond, Binary("-", whole, u), u)))


def _by_cases(operator: Operator, x: Tree, scope: Scope, once: Statements, each: Statements) -> Tree:
    groups = operator.between_gaps
    ends = [
        ends_of(gap, before[-1], after[0], scope, once)
        for gap, (before, after) in zip(operator.gaps, pairwise(groups), strict=True)
    ]
    lows = [outer_end(groups[0][0].place, scope, once, side=1), *(high for _, high in ends)]
    highs = [*(low for low, _ in ends), outer_end(groups[-1][-1].place, scope, once, side=-1)]
    tables = [rows_of(*group, scope, once) for group in zip(groups, lows, highs, strict=True)]
    if len(tables) == 1:
        return minimiser_in(tables[0], x, scope, once, each)[0]
    if len(tables) == 2 and once is not each:
        (before, after), (gap,) = tables, operator.gaps
        return minimiser_in(joined(before, after, gap, scope, once), x, scope, once, each)[0]
    for k, gap in reversed(list(enumerate(operator.gaps))):
        if gap.lost is not None:
            tables.insert(k + 1, rows_of((gap.lost,), None, None, scope, once))
    return _best_of_all(tables, x, scope, once, each)


def _best_of_all(tables: list[list[Row]], x: Tree, scope: Scope, once: Statements, each: Statements) -> Tree:
    """Return the best of the minima between the gaps, each where x has it."""
    x = scope.bounded(x, each)
    minima: list[Minimum] = []
    top: Tree | None = None
    for k, rows in enumerate(tables):
        bottom = least_v(rows[0], scope, once) if k else None
        if bottom is not None and top is not None:
            bottom = scope.let("lower", Call("min", (bottom, top)), once)  # no rounding parts what is adjacent
        top = greatest_v(rows[-1], scope, once) if k + 1 < len(tables) else None
        u, value = minimiser_in(rows, x, scope, once, each, is_clipped=True)
        minima.append(Minimum(scope.let("u", u, each), value, bottom, top))
    return best_of(minima, x, scope, each)
