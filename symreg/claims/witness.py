"""Numbers that refute a claim, found by trying and kept only where balls prove that the inequality fails there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from symreg.calculus.evaluation.balls import Undecided, compiled, decided
from symreg.calculus.evaluation.high_precision import Values, evaluate, samples
from symreg.calculus.evaluation.spans import DISTANCE, along
from symreg.claims.verdict import Witness, Words
from symreg.expressions.arithmetic import W
from symreg.expressions.tree import Name, Tree, number, substitute
from symreg.model.interval import inside
from symreg.model.ordering import are_in_order, in_order
from symreg.model.spec import Parameter

Row = dict[str, Fraction]
"""Exact values by name."""

_PRECISION = 300
_SHARES = tuple(
    Fraction(p, q) for p, q in ((1, 1), (1, 3), (3, 1), (1, 20), (20, 1), (1, 1000), (1000, 1), (1, 10**6), (10**6, 1))
)


def refuting(left: Tree, operator: str, right: Tree, rows: Iterable[Row], *, meaning: Words = ()) -> Witness | None:
    """Return the first row at which `left operator right` is proved not to hold, with both sides in decimals.

    Args:
        left: Over the rows' names; switches are evaluated as they are written.
        operator: `<`, `<=`, `>`, `>=` or `==`.
        right: The same.
        rows: Values of the parameters, within their domains, and of the weights.
        meaning: For the witness.
    """
    sides = compiled(left), compiled(right)
    with ctx.workprec(_PRECISION):
        for row in rows:
            at = {name: arb(fmpq(value.numerator, value.denominator)) for name, value in row.items()}
            try:
                a, b = (side(at) for side in sides)
            except Undecided:
                continue
            if fails(a, operator, b):
                shown = apart(a, b)
                return Witness(
                    at=tuple(row.items()),
                    left=left,
                    operator=operator,
                    right=right,
                    left_value=shown[0],
                    right_value=shown[1],
                    relation=meaning,
                )
    return None


def fails(a: arb, operator: str, b: arb) -> bool:
    """Is it proved that two balls do not compare so?"""
    if not (a.is_finite() and b.is_finite()):
        return False
    is_less, is_greater = bool(a < b), bool(a > b)
    is_apart = {"<=": is_greater, ">=": is_less, "==": is_less or is_greater}
    return is_apart[operator] if operator in is_apart else bool(a >= b if operator == "<" else a <= b)


def apart(a: arb, b: arb) -> tuple[str, str]:
    """Return the middles of two balls, to as many digits from eight on as it takes to tell them apart."""
    shown = [("", "")]
    for digits in (8, 16, 30, 60):
        shown.append((_decimals(a, digits), _decimals(b, digits)))
        if shown[-1][0] != shown[-1][1]:
            break
    return shown[-1]


def _decimals(value: arb, digits: int) -> str:
    return str(value.mid().str(digits, radius=False))


def parameter_rows(parameters: tuple[Parameter, ...], condition: Tree | None = None) -> tuple[Row, ...]:
    """Return exact parameter values within the domains, the defaults first; only those where a condition fails.

    Args:
        parameters: With their domains.
        condition: Over the parameters; a row is kept where balls prove that it does not hold.
    """
    found: dict[tuple[tuple[str, Fraction], ...], None] = {}
    defaults = {p.name: Fraction(repr(p.default)) for p in parameters}
    given: Values = {Name(name): value for name, value in defaults.items()}
    elsewhere = tuple(replace(p, default=inside(p.domain)) for p in parameters)
    for row in (given, *samples(parameters), *_at_ends(given, parameters), *samples(elsewhere)):
        exact = in_order(parameters, {p.name: _short(row[Name(p.name)]) for p in parameters})
        if not are_in_order(parameters, exact):
            continue
        if all(exact[p.name] in p.domain for p in parameters) and (condition is None or _is_false(condition, exact)):
            found[tuple(exact.items())] = None
    return tuple(dict(row) for row in found)


def _at_ends(given: Values, parameters: tuple[Parameter, ...]) -> Iterator[Values]:
    """Yield the defaults with one parameter at an end of its domain, then with all at their lower ends."""
    lows: dict[Tree, Any] = {}
    for p in parameters:
        for end, is_closed in ((p.domain.low, p.domain.low_closed), (p.domain.high, p.domain.high_closed)):
            if end is not None and is_closed:
                yield {**given, Name(p.name): end}
        if p.domain.low is not None and p.domain.low_closed:
            lows[Name(p.name)] = p.domain.low
    if len(lows) > 1:
        yield {**given, **lows}


def weights_between(low: Tree | None, high: Tree | None, row: Row) -> Iterator[Fraction]:
    """Yield weights strictly between two ends at given parameters, of few digits."""
    values: dict[Tree, Any] = {Name(name): evaluate(number(value), {}) for name, value in row.items()}
    ends = [None if end is None else evaluate(end, values) for end in (low, high)]
    if any(end != end for end in ends if end is not None):
        return
    for share in _SHARES:
        place = along(low, high)
        distances = (share,) if place != W else (share, -share)
        for distance in distances:
            name = DISTANCE if place != W else W
            weight = _short(evaluate(place, {**values, name: evaluate(number(distance), {})}))
            above = ends[0] is None or evaluate(number(weight), {}) > ends[0]
            if above and (ends[1] is None or evaluate(number(weight), {}) < ends[1]):
                yield weight


def at(tree: Tree, weight: str) -> Tree:
    """Return a tree over the bare `w` over another weight's name."""
    return substitute(tree, {W: Name(weight)})


def _is_false(condition: Tree, row: Row) -> bool:
    with ctx.workprec(_PRECISION):
        values = {name: arb(fmpq(value.numerator, value.denominator)) for name, value in row.items()}
        try:
            return not decided(condition)(values)
        except Undecided:
            return False


def _short(value: Any) -> Fraction:
    """Return a value to four significant digits."""
    return Fraction(f"{float(value):.4g}")
