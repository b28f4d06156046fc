"""The proximal operator as papers write it: by cases of v, for the steps of one formula and for those beyond it.

Takes an `Operator`; hands on, for each range of the step, what the minimiser is in each interval of v, and where it
jumps. Formulas are compared with the objective itself at samples before they are handed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds, samples
from symreg.calculus.signs.extremes import derivative_of
from symreg.calculus.symbolic.simplify import tidy
from symreg.calculus.symbolic.translate import to_sympy
from symreg.derivation.proximal.inverses import Inverse, inverse, known_with, tidy_of
from symreg.expressions.arithmetic import ZERO, W, call, minus, over, plus, power, times, where
from symreg.expressions.tree import Binary, Compare, Logic, Number, Tree, names, number, substitute, walk
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter
from symreg.proximal.operator import STEP, Cell, Operator, Rest, V


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What the minimiser is while v runs through an interval.

    Args:
        item: The resting place, or the whole piece of phi that it moves on.
        low: The least v; None for minus infinity.
        high: The greatest v; None for infinity.
        inverse: u over v; None where there is no closed form. Of a resting place its position.
        slope: phi' on a piece.
    """

    item: Rest | Cell
    low: Tree | None
    high: Tree | None
    inverse: Inverse | None
    slope: Tree = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The operator for the steps of a range.

    Args:
        condition: On the parameters and `STEP`; None where it holds for every step.
        branches: Ascending in v; of an even phi those for v >= 0.
        jump: The v at which the minimiser jumps, with one branch that ends and one that begins there; else None.
    """

    condition: Tree | None
    branches: tuple[Branch, ...]
    jump: Tree | None = None

    @property
    def is_closed(self) -> bool:
        """Has every branch a closed form?"""
        return all(branch.inverse is not None for branch in self.branches)

    @property
    def is_linear(self) -> bool:
        """Is u linear in v on every branch?"""
        return all(branch.inverse is not None and branch.inverse.is_linear for branch in self.branches)


def single(operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None) -> Range:
    """Return the operator for the steps for which F rises everywhere."""
    items: list[Rest | Cell] = []
    for segment, dip in zip(operator.segments, [*operator.dips, None], strict=True):
        items += segment
        if dip is not None and dip.cell is not None:
            items.append(dip.cell)
    branches = _branches(_joined(items), operator, parameters, condition)
    return Range(condition=condition, branches=branches)


def beyond(operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None) -> tuple[Range, ...]:
    """Return the operator for the other steps, where all of it has a closed form; else nothing.

    Args:
        operator: With one dip.
        parameters: With their domains.
        condition: On `STEP`, which is beyond the bound; None where there is no bound but 0.
    """
    if len(operator.segments) != 2 or operator.period is not None:
        return ()
    before, after = (_branches(_joined(list(s)), operator, parameters, None) for s in operator.segments)
    if not all(branch.inverse is not None for branch in (*before, *after)):
        return ()
    found: list[tuple[int, int, Tree]] = []
    rows = _rows(operator, parameters, condition)
    left = list(range(len(rows)))
    taken: list[set[int]] = []
    for i, a in enumerate(before):
        for j, b in enumerate(after):
            for jump in _jumps(a, b, parameters, is_even=operator.is_even):
                met = {k for k in left if _is_jump(jump, a, b, rows[k])}
                if met:
                    found.append((i, j, jump))
                    taken.append(met)
                    left = [k for k in left if k not in met]
    if left or not found:
        return ()
    bounds = [condition] if len(found) == 1 else _parted(found, before, rows, taken, condition)
    if bounds is None:
        return ()
    made = []
    rising = sorted(zip(found, bounds, strict=True), key=lambda row: -row[0][0])  # that of the smaller steps first
    for (i, j, jump), bound in rising:
        ends = replace(before[i], high=jump)
        begins = replace(after[j], low=jump)
        made.append(Range(condition=bound, branches=(*before[:i], ends, begins, *after[j + 1 :]), jump=jump))
    return tuple(made)


def formula(range_: Range, known: tuple[Parameter, ...], *, is_even: bool) -> Tree:
    """Return a range's operator as a choice on `V`, over the names that its inverses define.

    Args:
        range_: All of whose branches have a closed form.
        known: The parameters with `STEP` and `V` among them.
        is_even: Is it to be right for a v of either sign, where the branches are those for v >= 0?
    """
    v = call("abs", V) if is_even else V
    places = [_turned(branch.inverse, known) if is_even else branch.inverse for branch in range_.branches]
    made = _tree(places[-1])
    for branch, place in reversed(list(zip(range_.branches, places, strict=True))[:-1]):
        assert branch.high is not None
        made = where(Compare("<=", v, branch.high), _tree(place), made)
    return made


def definitions(range_: Range, known: tuple[Parameter, ...], *, is_even: bool) -> tuple[tuple[str, Tree], ...]:
    """Return what the names in a range's formula stand for."""
    places = [_turned(branch.inverse, known) if is_even else branch.inverse for branch in range_.branches]
    return tuple(dict.fromkeys(row for place in places if place is not None for row in place.definitions))


def even_in(tree: Tree, x: Tree) -> Tree:
    """Return a tree, right for x >= 0, with |x| in place of x; an even power of |x| is one of x."""
    size_of = call("abs", x)
    made = substitute(tree, {x: size_of})
    powers = {
        node for node in walk(made) if isinstance(node, Binary) and node.operator == "**" and node.left == size_of
    }
    even = {node for node in powers if isinstance(node.right, Number) and node.right.value % 2 == 0}
    return substitute(made, {node: Binary("**", x, node.right) for node in even})


def _tree(inverse_: Inverse | None) -> Tree:
    assert inverse_ is not None
    return inverse_.tree


def _turned(found: Inverse | None, known: tuple[Parameter, ...]) -> Inverse | None:
    """Return an inverse for v >= 0 as the odd one for a v of either sign."""
    if found is None or _is_odd(found.whole, known):
        return found
    return replace(
        found,
        tree=times(call("sign", V), even_in(found.tree, V)),
        definitions=tuple((name, even_in(tree, V)) for name, tree in found.definitions),
    )


def _is_odd(tree: Tree, known: tuple[Parameter, ...]) -> bool:
    """Is a formula odd as it stands, by its values at samples?"""
    rows = [[evaluate(tree, {**row, V: sign * row[V]}) for sign in (1, -1)] for row in samples(known)]
    compared = [(a, b) for a, b in rows if a == a or b == b]
    return bool(compared) and all(abs(a + b) <= TINY * abs(a) for a, b in compared)


def _joined(items: list[Rest | Cell]) -> list[Rest | Cell]:
    """Return neighbouring cells of one piece as one cell."""
    made: list[Rest | Cell] = []
    for item in items:
        last = made[-1] if made else None
        if isinstance(item, Cell) and isinstance(last, Cell) and item.slope == last.slope and item.low == last.high:
            made[-1] = replace(last, high=item.high, high_force=item.high_force)
        else:
            made.append(item)
    return made


def _branches(
    items: list[Rest | Cell], operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None
) -> tuple[Branch, ...]:
    made = []
    taken: frozenset[str] = frozenset()
    for item in items:
        if isinstance(item, Rest):
            low, high = (_force(item.position, force, parameters) for force in (item.left, item.right))
            resting = Inverse(tree=item.position, method="at rest", is_linear=True)
            made.append(Branch(item=item, low=low, high=high, inverse=resting))
            continue
        slope = derivative_of(item.value, parameters)
        found = inverse(
            slope,
            item.curvature,
            item.low,
            item.high,
            parameters,
            is_even=operator.is_even,
            condition=condition,
            taken=taken,
        )
        taken |= frozenset() if found is None else {name for name, _ in found.definitions}
        low = None if item.low is None else _force(item.low, item.low_force, parameters)
        high = None if item.high is None else _force(item.high, item.high_force, parameters)
        made.append(Branch(item=item, low=low, high=high, inverse=found, slope=slope))
    return tuple(made)


def _force(u: Tree, slope: Tree | None, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return u + s*phi'(u)."""
    return None if slope is None else tidy(plus(u, times(STEP, slope)), known_with(parameters, is_even=True))


# Where the better of two minima changes


def objective(value: Tree, u: Tree) -> Tree:
    """Return s*phi + (u - v)**2/2."""
    return plus(times(STEP, value), over(power(minus(u, V), number(2)), number(2)))


def _value(branch: Branch) -> Tree:
    """Return phi at a branch's minimiser, over v."""
    if isinstance(branch.item, Rest):
        return branch.item.value
    assert branch.inverse is not None
    return substitute(branch.item.value, {W: branch.inverse.whole})


def _jumps(a: Branch, b: Branch, parameters: tuple[Parameter, ...], *, is_even: bool) -> Iterator[Tree]:
    """Yield v at which the minima of two branches may be equally good: roots of a polynomial of degree up to 3."""
    known = known_with(parameters, is_even=is_even)
    if isinstance(a.item, Rest) and isinstance(b.item, Cell) and b.inverse is not None and not b.inverse.is_linear:
        p, phi = a.item.position, b.item.value
        chord = minus(minus(phi, a.item.value), times(minus(W, p), b.slope))
        gap = minus(times(STEP, chord), over(power(minus(W, p), number(2)), number(2)))
        for u in _roots(gap, "w", known, is_positive=is_even):
            yield tidy(substitute(plus(W, times(STEP, b.slope)), {W: u}), known)
    elif a.inverse is not None and b.inverse is not None and a.inverse.is_linear and b.inverse.is_linear:
        gap = minus(objective(_value(a), a.inverse.tree), objective(_value(b), b.inverse.tree))
        yield from _roots(gap, "v", known, is_positive=is_even)


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
                    yield tidy_of(sympy.factor(root**q))
        return


def _rows(operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None) -> list[Values]:
    """Return sample parameters with steps beyond the bound, near to it and far."""
    known = known_with(parameters, is_even=operator.is_even)
    made: list[Values] = []
    for row in samples(known):
        for factor in ("0.001", "0.03", "1", "1.3", "1.7", "3", "30", "1e4"):
            values = {**row, STEP: row[STEP] * evaluate(number(1), {}) * _number(factor)}
            if condition is None or holds(condition, values):
                made.append(values)
    return made


def _number(text: str) -> Any:
    return TINY.context.mpf(text)


def _is_jump(jump: Tree, a: Branch, b: Branch, row: Values) -> bool:
    """Are two branches' minima, each within its piece, equally good at a v?"""
    v = evaluate(jump, row)
    if v != v:
        return False
    at = {**row, V: v}
    costs = []
    for branch in (a, b):
        assert branch.inverse is not None
        u = evaluate(branch.inverse.whole, at)
        low, high = (
            (u, u)
            if isinstance(branch.item, Rest)
            else tuple(None if end is None else evaluate(end, at) for end in (branch.item.low, branch.item.high))
        )
        slack = TINY * (1 + abs(v))
        if u != u or (low is not None and u < low - slack) or (high is not None and u > high + slack):
            return False
        if isinstance(branch.item, Rest):
            ends = (None if end is None else evaluate(end, at) for end in (branch.low, branch.high))
            below, above = ends
            if (below is not None and v < below - slack) or (above is not None and v > above + slack):
                return False
        elif not 1 + at[STEP] * evaluate(branch.item.curvature, {**at, W: u}) >= -TINY:
            return False
        costs.append(at[STEP] * evaluate(_value(branch), at) + (u - v) ** 2 / 2)
    return bool(abs(costs[0] - costs[1]) <= TINY * (1 + abs(v)) ** 2)


def _parted(
    found: list[tuple[int, int, Tree]],
    before: tuple[Branch, ...],
    rows: list[Values],
    taken: list[set[int]],
    condition: Tree | None,
) -> list[Tree | None] | None:
    """Return for each of two jumps the steps for which it is the one: those on a side of where the pieces change."""
    if len(found) != 2 or found[0][0] == found[1][0]:
        return None
    (lower, first), (upper, second) = sorted(((found[k][0], k) for k in (0, 1)), key=lambda pair: pair[0])
    edge = before[upper].low
    if edge is None or upper - lower != 1:
        return None
    # The upper branch is the one that jumps while the jump lies above where it begins.
    gap = to_sympy(minus(found[second][2], edge), _positive(found, edge))
    step = next(symbol for symbol in gap.free_symbols if symbol.name == STEP.name)
    bounds = list(sympy.roots(sympy.Poly(sympy.numer(sympy.together(gap)), step)))
    if len(bounds) != 1:
        return None
    bound = tidy_of(sympy.factor(bounds[0]))
    sides = {second: Compare("<=", STEP, bound), first: Compare(">", STEP, bound)}
    for k, side in sides.items():
        if any(not holds(side, rows[row]) and evaluate(bound, rows[row]) != rows[row][STEP] for row in taken[k]):
            return None
    made: list[Tree | None] = []
    for k in (0, 1):
        side = sides[k]
        if k == second and condition is not None:
            made.append(Logic("and", (_turned_round(condition), side)))
        else:
            made.append(side)
    return made


def _turned_round(condition: Tree) -> Tree:
    """Return `s >= b` as `b <= s`, so that an upper bound can follow."""
    match condition:
        case Compare(">=", left, right):
            return Compare("<=", right, left)
        case Compare(">", left, right):
            return Compare("<", right, left)
        case _:
            return condition


def _positive(found: list[tuple[int, int, Tree]], edge: Tree) -> tuple[Parameter, ...]:
    used = frozenset[str]().union(names(edge), *(names(jump) for _, _, jump in found))
    return tuple(Parameter(name=name, domain=WORDS["positive"], default=1.0) for name in sorted(used))
