"""The operator beyond the bound up to which F rises everywhere: where it jumps, in closed form.

Between two cases with closed forms the v at which their costs are equal is the root of a polynomial. Which cases they
are may depend on the step; roots are tried at samples of step and parameters until each sample has its jump.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds, samples
from symreg.calculus.symbolic.simplify import simplify
from symreg.calculus.symbolic.translate import to_sympy
from symreg.expressions.arithmetic import W, minus, over, plus, power, times
from symreg.expressions.tree import Compare, Logic, Tree, names, number, substitute
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter
from symreg.proximal.formulas import FormulaByCases, ShownCase, shown
from symreg.proximal.operator import STEP, Kink, Operator, V
from symreg.proximal.solving.inverses import shortest
from symreg.proximal.solving.points import exact, known_with


def with_jump(
    operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None
) -> tuple[FormulaByCases, ...]:
    """Return the operator for the steps for which F falls in its gap, where all of it has a closed form; else nothing.

    Args:
        operator: With one gap.
        parameters: With their domains.
        condition: On `STEP`, which is beyond the bound; None where there is no bound but 0.
    """
    if len(operator.gaps) != 1 or operator.period is not None:
        return ()
    before, after = (shown(cases, parameters, is_even=operator.is_even) for cases in operator.between_gaps)
    if not all(case.inverse is not None for case in (*before, *after)):
        return ()
    jumps: list[_Jump] = []
    taken: list[set[int]] = []
    rows = _rows(operator, parameters, condition)
    left = list(range(len(rows)))
    for i, a in enumerate(before):
        for j, b in enumerate(after):
            for v in _equal_costs(a, b, parameters, is_even=operator.is_even):
                met = {k for k in left if _is_jump(v, a, b, rows[k])}
                if met:
                    jumps.append((i, j, v))
                    taken.append(met)
                    left = [k for k in left if k not in met]
    if left or not jumps:
        return ()
    conditions = [condition] if len(jumps) == 1 else _conditions_on_two(jumps, before, rows, taken, condition)
    if conditions is None:
        return ()
    formulas = []
    by_step = sorted(zip(jumps, conditions, strict=True), key=lambda row: -row[0][0])  # that of the smaller steps first
    for (i, j, v), holds_for in by_step:
        ends, begins = replace(before[i], high=v), replace(after[j], low=v)
        formulas.append(FormulaByCases(condition=holds_for, cases=(*before[:i], ends, begins, *after[j + 1 :]), jump=v))
    return tuple(formulas)


_Jump = tuple[int, int, Tree]
"""The case that ends there, the one that begins there, and the v."""


def cost(value: Tree, u: Tree) -> Tree:
    """Return s*phi + (u - v)**2/2.

    Args:
        value: phi at u.
        u: A weight.
    """
    return plus(times(STEP, value), over(power(minus(u, V), number(2)), number(2)))


def _equal_costs(a: ShownCase, b: ShownCase, parameters: tuple[Parameter, ...], *, is_even: bool) -> Iterator[Tree]:
    """Yield v at which two cases may cost the same: roots of a polynomial of degree up to 3."""
    if a.inverse is None or b.inverse is None:
        return
    known = known_with(parameters, is_even=is_even)
    if isinstance(a.place, Kink) and not b.inverse.is_linear:
        # With v = F(u) the difference of the costs is a function of u alone.
        p, phi = a.place.position, b.place.value
        chord = minus(minus(phi, a.place.value), times(minus(W, p), b.slope))
        difference = minus(times(STEP, chord), over(power(minus(W, p), number(2)), number(2)))
        for u in _roots(difference, "w", known, is_positive=is_even):
            yield simplify(substitute(plus(W, times(STEP, b.slope)), {W: u}), known)
    elif a.inverse.is_linear and b.inverse.is_linear:
        difference = minus(cost(a.value, a.inverse.tree), cost(b.value, b.inverse.tree))
        yield from _roots(difference, "v", known, is_positive=is_even)


def _roots(tree: Tree, name: str, known: tuple[Parameter, ...], *, is_positive: bool) -> Iterator[Tree]:
    """Yield the real roots of a tree in a name, in which it is a polynomial, or one in a root of it, of low degree."""
    expression = to_sympy(tree, known)
    unknown = next((symbol for symbol in expression.free_symbols if symbol.name == name), None)
    if unknown is None:
        return
    r = sympy.Symbol("r", positive=True) if is_positive else sympy.Symbol("r", real=True)
    for q in (1, 2, 3) if is_positive else (1,):
        top = sympy.expand(sympy.fraction(sympy.together(expression.subs(unknown, r**q)))[0])
        if not top.is_polynomial(r):
            continue
        coefficients = sympy.Poly(top, r).all_coeffs()
        while coefficients and coefficients[-1] == 0:
            coefficients.pop()
        if len(coefficients) - 1 in (1, 2) or (len(coefficients) > 2 and not any(coefficients[1:-1])):
            for root in sympy.roots(sympy.Poly(coefficients, r)):
                if root.is_real is not False:
                    yield shortest(sympy.factor(root**q))
        return


def _rows(operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None) -> list[Values]:
    """Return sample parameters with steps beyond the bound, near to it and far."""
    known = known_with(parameters, is_even=operator.is_even)
    rows: list[Values] = []
    for row in samples(known):
        for factor in ("0.001", "0.03", "1", "1.3", "1.7", "3", "30", "1e4"):
            values = {**row, STEP: row[STEP] * exact(factor)}
            if condition is None or holds(condition, values):
                rows.append(values)
    return rows


def _is_jump(jump: Tree, a: ShownCase, b: ShownCase, row: Values) -> bool:
    """Are the minima of two cases, each within its place, equally good at a v?"""
    v = evaluate(jump, row)
    if v != v:
        return False
    at = {**row, V: v}
    slack = TINY * (1 + abs(v))
    costs = []
    for case in (a, b):
        assert case.inverse is not None
        u = evaluate(case.inverse.whole, at)
        if u != u or not _is_minimum(case, u, at, slack):
            return False
        costs.append(at[STEP] * evaluate(case.value, at) + (u - v) ** 2 / 2)
    return bool(abs(costs[0] - costs[1]) <= TINY * (1 + abs(v)) ** 2)


def _is_minimum(case: ShownCase, u: Any, at: Values, slack: Any) -> bool:
    """Is a weight a minimum of a case: v between the kink's thresholds, or the weight on a piece where F rises?

    Args:
        case: Of the operator.
        u: The weight.
        at: The parameters, step and v.
        slack: What rounding is allowed.
    """
    place = case.place
    if isinstance(place, Kink):
        x, ends = at[V], (case.low, case.high)
    else:
        x, ends = u, (place.low, place.high)
    low, high = (None if end is None else evaluate(end, at) for end in ends)
    if (low is not None and x < low - slack) or (high is not None and x > high + slack):
        return False
    return isinstance(place, Kink) or bool(1 + at[STEP] * evaluate(place.curvature, {**at, W: u}) >= -TINY)


def _conditions_on_two(
    jumps: list[_Jump],
    before: tuple[ShownCase, ...],
    rows: list[Values],
    taken: list[set[int]],
    condition: Tree | None,
) -> list[Tree | None] | None:
    """Return for each of two jumps the steps for which it is the one: those on a side of where the cases change.

    Args:
        jumps: From different cases.
        before: The cases before the gap.
        rows: The samples.
        taken: Of each jump, which of them it was met at.
        condition: On the step, for both.
    """
    if len(jumps) != 2 or jumps[0][0] == jumps[1][0]:
        return None
    (lower, first), (upper, second) = sorted(((jumps[k][0], k) for k in (0, 1)), key=lambda pair: pair[0])
    threshold = before[upper].low
    if threshold is None or upper - lower != 1:
        return None
    # It is the upper case that jumps while the jump lies above where that case begins.
    difference = to_sympy(minus(jumps[second][2], threshold), _positive(jumps, threshold))
    step = next(symbol for symbol in difference.free_symbols if symbol.name == STEP.name)
    bounds = list(sympy.roots(sympy.Poly(sympy.numer(sympy.together(difference)), step)))
    if len(bounds) != 1:
        return None
    bound = shortest(sympy.factor(bounds[0]))
    sides = {second: Compare("<=", STEP, bound), first: Compare(">", STEP, bound)}
    for k, side in sides.items():
        if any(not holds(side, rows[row]) and evaluate(bound, rows[row]) != rows[row][STEP] for row in taken[k]):
            return None
    if condition is None:
        return [sides[0], sides[1]]
    both: dict[int, Tree] = {first: sides[first], second: Logic("and", (_turned_round(condition), sides[second]))}
    return [both[0], both[1]]


def _turned_round(condition: Tree) -> Tree:
    """Return `s >= b` as `b <= s`, so that an upper bound can follow."""
    match condition:
        case Compare(">=", left, right):
            return Compare("<=", right, left)
        case Compare(">", left, right):
            return Compare("<", right, left)
        case _:
            return condition


def _positive(jumps: list[_Jump], threshold: Tree) -> tuple[Parameter, ...]:
    """Return all names in jumps and a threshold as positive parameters."""
    used = frozenset[str]().union(names(threshold), *(names(v) for _, _, v in jumps))
    return tuple(Parameter(name=name, domain=WORDS["positive"], default=1.0) for name in sorted(used))
