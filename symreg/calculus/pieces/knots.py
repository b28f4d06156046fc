"""Knots of an elementwise penalty: where pieces meet, the derivative from either side, and what a gradient uses there.

A choice that holds at sample parameters only is never built in: where signs are not proved, the choice is an
expression that is evaluated with the parameters at hand.
"""

from __future__ import annotations

from symreg.calculus.domains.conditions import conditions_of
from symreg.calculus.evaluation.high_precision import Values, evaluate, holds, samples
from symreg.calculus.pieces.choices import chosen_slope, kind_of
from symreg.calculus.pieces.jumps import refuse_jump, refuse_jumps_at
from symreg.calculus.pieces.knot import Kind, Knot
from symreg.calculus.pieces.one_sided import Part, agree, indeterminate, near_zero_of, one_sided, settled_condition
from symreg.calculus.signs.roots import listed
from symreg.calculus.signs.sign_of import is_imaginary
from symreg.calculus.symbolic.simplify import tidy
from symreg.expressions.arithmetic import INFINITY, NAN, W, has_w, negative, total
from symreg.expressions.tree import (
    Tree,
    children,
    substitute,
)
from symreg.model.domain import Domain
from symreg.model.spec import Parameter


def knots(parts: tuple[Part, ...], parameters: tuple[Parameter, ...]) -> tuple[Knot, ...]:
    """Return the knots of a sum: all kinks, and if the parts are few the ends of pieces that meet smoothly, too.

    A switch whose roots cannot be listed has no knots here; see `unlisted.py`.

    Raises:
        NotDifferentiable: A jump in value; names it.
    """
    points, domains = samples(parameters), dict.fromkeys(part.domain for part in parts)
    at: dict[Tree, list[int]] = {}
    for i, part in enumerate(parts):
        positions, others = listed(part.value, parameters)
        refuse_jumps_at(others, part.value, part.domain, parameters)
        for position in (*positions, *indeterminate(part, parameters, points)):
            if children(position) and is_imaginary(position, parameters):
                continue
            tidied = tidy(position, parameters) if children(position) else position
            is_inside = all(_is_inside(tidied, domain, points) for domain in domains)
            if is_inside and i not in at.setdefault(tidied, []):
                at[tidied].append(i)
    made: list[Knot] = []
    for position, owners in at.items():
        here = tuple(values for values in points if (x := evaluate(position, values)) == x)
        for i in owners:
            refuse_jump(parts[i].value, position, here, parts[i].domain, parameters)
        sides = [[one_sided(parts[i].gradient, position, side, parameters, here) for i in owners] for side in (-1, 1)]
        changes = any(not agree(left, right, here) for left, right in zip(*sides, strict=True))
        at_position = [substitute(parts[i].gradient, {W: position}) for i in owners]
        is_apart = any(not agree(left, other, here) for left, other in zip(sides[0], at_position, strict=True))
        is_told = len(parts) <= _FEW and not _is_switch_of_abs_only(parts, owners, position, here)
        if changes or is_apart or is_told:
            rest = [substitute(p.gradient, {W: position}) for i, p in enumerate(parts) if i not in owners]
            left, right = (_sum([*side, *rest], parameters) for side in sides)
            kind = _kind(left, right, parameters, len(parts)) if changes else "smooth"
            chosen = left if kind == "smooth" else chosen_slope(left, right, parameters)
            made.append(Knot(position=position, left=left, right=right, kind=kind, chosen=chosen))
    return tuple(sorted(made, key=lambda knot: _place(knot, points)))


def _kind(left: Tree, right: Tree, parameters: tuple[Parameter, ...], count: int) -> Kind:
    """Return how a sum of so many parts goes on where the slopes of some of them differ."""
    return kind_of(left, right, parameters) if count <= _FEW else "undecided"


def _place(knot: Knot, points: tuple[Values, ...]) -> float:
    at = float(evaluate(knot.position, points[0]))
    return at if at == at else float("inf")


def _is_inside(position: Tree, domain: Domain, points: tuple[Values, ...]) -> bool:
    """Is the position real and inside the domain, not at its end, for some sample?"""
    for values in points:
        at = evaluate(position, values)
        is_above = domain.lower is None or at > evaluate(domain.lower, values)
        if at == at and is_above and (domain.upper is None or at < evaluate(domain.upper, values)):
            return True
    return False


def _sum(addends: list[Tree], parameters: tuple[Parameter, ...]) -> Tree:
    addends = [settled_condition(addend, parameters) for addend in addends]
    infinite = [a for a in addends if a in (INFINITY, negative(INFINITY), NAN)]
    if infinite:
        return infinite[0] if len(set(infinite)) == 1 else NAN
    if len(addends) > _FEW:
        return total(addends)
    if sum(len(conditions_of(addend)) for addend in addends) > 1:
        return total([tidy(addend, parameters) for addend in addends])
    return tidy(total(addends), parameters)


_FEW = 4
"""Of more parts than this no sum is tidied that is said of every knot: the time would grow with the square of them."""


def _is_switch_of_abs_only(
    parts: tuple[Part, ...], owners: list[int], position: Tree, points: tuple[Values, ...]
) -> bool:
    """Is the knot only a zero of an `abs` under which the derivative stays smooth, as in `abs(w)**3`?"""
    for i in owners:
        conditions = [n for n in conditions_of(parts[i].value) if has_w(n)]
        for condition in conditions:
            for values in points:
                before, after = (holds(condition, near_zero_of(position, side, values)) for side in (-1, 1))
                if before != after:
                    return False
    return True
