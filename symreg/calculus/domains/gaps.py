"""Where a penalty's formula has no value: roots and logarithms of what is negative, and poles.

The one place that decides it, for every command. The zeros of the formula's requirements cut the line into intervals,
on each of which a requirement holds everywhere or nowhere. What the sample parameters do not agree on becomes a
condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from symreg.calculus.domains.requirements import Requirement, on_one_weight, open_requirements
from symreg.calculus.domains.vectors_outside import fails_for_a_vector
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds, interval_at, samples
from symreg.calculus.signs.roots import knots_of, roots
from symreg.calculus.signs.symbolic_sign import is_imaginary
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ONE, ZERO, W
from symreg.expressions.tree import Call, Compare, Logic, Tree, children, number
from symreg.model.spec import Parameter
from symreg.model.terms import Term

Region = tuple[Tree | None, Tree | None]
"""An open interval of weights, its ends in ascending order; None for an infinite one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Where a formula has no value within its domain.

    Args:
        regions: Intervals of weights, ascending.
        points: Single weights between others at which it has one.
        conditions: What holds where it has none, of requirements that were not solved for the weight.
    """

    regions: tuple[Region, ...] = ()
    points: tuple[Tree, ...] = ()
    conditions: tuple[Tree, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.regions or self.points or self.conditions)

    @property
    def ends(self) -> tuple[Tree, ...]:
        """The weights at which a region begins or ends, and the single ones."""
        ends = (end for region in self.regions for end in region if end is not None)
        return tuple(dict.fromkeys((*ends, *self.points)))


def gaps(term: Term) -> Gaps:
    """Return where a term's formula has no value, as far as that can be told for all parameters alike."""
    asked = open_requirements(term)
    if not asked:
        return Gaps()
    alone = [on_one_weight(requirement) for requirement in asked]
    single = [requirement for requirement in alone if requirement is not None]
    solved = _solved(single, term)
    conditions: list[Tree] = []
    if solved is None:
        conditions += [r.violation for r in single if _fails_somewhere(r, term)]
    conditions += [
        requirement.violation
        for requirement, on_single in zip(asked, alone, strict=True)
        if on_single is None and fails_for_a_vector(requirement, term)
    ]
    found = solved or Gaps()
    return Gaps(regions=found.regions, points=found.points, conditions=tuple(dict.fromkeys(conditions)))


def _solved(asked: Sequence[Requirement], term: Term) -> Gaps | None:
    """Return the gaps that requirements on one weight leave, or None if they are not the same for all parameters."""
    parameters, rows = term.parameters, samples(term.parameters)
    try:
        found = [root for r in asked for root in roots(r.argument)]
        found += [root for r in asked for tree in r.trees for root in knots_of(_as_number(tree))]
        simplified = [simplify(x, parameters) for x in found if not _is_never_real(x, parameters)]
    except (NotDifferentiable, Intractable):
        return None
    ordered = _ordered(simplified, rows)
    if ordered is None:
        return None
    low, high = term.domain.lower, term.domain.upper
    ends = _within(ordered, low, high, rows)
    if ends is None:
        return None
    cuts: list[Tree | None] = [low, *ends, high]
    tables = [[_fails(asked, _between(a, b, row), row) for a, b in pairwise(cuts)] for row in rows]
    dots = [[_fails(asked, evaluate(end, row), row, TINY) for end in ends] for row in rows]
    if any(table != tables[0] for table in tables) or any(row != dots[0] for row in dots):
        return None
    regions: list[Region] = []
    for (a, b), is_gone, goes_on in zip(pairwise(cuts), tables[0], (False, *dots[0]), strict=True):
        if is_gone and goes_on and regions and regions[-1][1] == a:
            regions[-1] = (regions[-1][0], b)
        elif is_gone:
            regions.append((a, b))
    points = [
        end
        for end, is_gone, (before, after) in zip(ends, dots[0], pairwise(tables[0]), strict=True)
        if is_gone and not before and not after
    ]
    return Gaps(regions=tuple(regions), points=tuple(points))


def _as_number(tree: Tree) -> Tree:
    """Return a condition as a choice, so that it can be asked for its switches."""
    return Call("where", (tree, ONE, ZERO)) if isinstance(tree, Compare | Logic) else tree


def _is_never_real(position: Tree, parameters: tuple[Parameter, ...]) -> bool:
    return bool(children(position)) and is_imaginary(position, parameters)


def _ordered(positions: Iterable[Tree], rows: tuple[Values, ...]) -> list[Tree] | None:
    """Return positions in ascending order, equal ones once, or None if it is not one order for all parameters."""
    unique = list(dict.fromkeys(positions))
    places = {x: [evaluate(x, row) for row in rows] for x in unique}
    unique = [x for x in unique if any(value == value for value in places[x])]
    if any(value != value for x in unique for value in places[x]):
        return None
    made: list[Tree] = []
    for x in sorted(unique, key=lambda x: places[x][0]):
        steps = [b - a for a, b in zip(places[made[-1]], places[x], strict=True)] if made else []
        if made and all(abs(step) <= TINY for step in steps):
            continue
        if any(step <= TINY for step in steps):
            return None
        made.append(x)
    return made


def _within(
    positions: Sequence[Tree], low: Tree | None, high: Tree | None, rows: tuple[Values, ...]
) -> list[Tree] | None:
    """Return the positions inside an interval, or None if they are not the same ones for all parameters."""
    made: list[Tree] = []
    for x in positions:
        inner = {
            (low is None or evaluate(x, row) - evaluate(low, row) > TINY)
            and (high is None or evaluate(high, row) - evaluate(x, row) > TINY)
            for row in rows
        }
        if len(inner) > 1:
            return None
        made += [x] if True in inner else []
    return made


def _between(low: Tree | None, high: Tree | None, row: Values) -> Any:
    """Return a weight inside an interval, at no round place of it."""
    a, b = (None if end is None else evaluate(end, row) for end in (low, high))
    part = evaluate(number(Fraction(618, 1000)), {})
    if a is not None and b is not None:
        return a + (b - a) * part
    if a is not None:
        return a + (1 + abs(a)) * part
    return (b - (1 + abs(b)) * part) if b is not None else part


def _fails(asked: Sequence[Requirement], weight: Any, row: Values, zero: Any = 0) -> bool:
    return any(r.fails({**row, W: weight}, zero) for r in asked)


_MAGNITUDES = tuple(Fraction(x) for x in ("0.003", "0.04", "0.3", "0.9", "1.7", "2.6", "4", "5.3", "7", "30", "1000"))


def _fails_somewhere(requirement: Requirement, term: Term) -> bool:
    """Does a requirement on one weight fail at a weight of the domain; or between two, where it may not be 0?"""
    weights = [s * x for x in _MAGNITUDES for s in (1, -1)]
    try:
        zeros = roots(requirement.argument)
    except NotDifferentiable:
        zeros = ()
    low, high = term.domain.lower, term.domain.upper
    for row in samples(term.parameters):
        for zero in _within([x for x in zeros if evaluate(x, row) == evaluate(x, row)], low, high, (row,)) or ():
            if requirement.fails({**row, W: evaluate(zero, row)}, TINY):
                return True
        domain = interval_at(term.domain, row)
        at = [{**row, W: evaluate(number(x), {})} for x in weights if x in domain]
        if any(requirement.fails(values) for values in at):
            return True
        if requirement.relation == "!=":
            asked = [values for values in at if all(holds(guard, values) for guard in requirement.guards)]
            if {-1, 1} <= {_sign(evaluate(requirement.argument, values)) for values in asked}:
                return True
    return False


def _sign(x: Any) -> int:
    return int(x > 0) - int(x < 0)
