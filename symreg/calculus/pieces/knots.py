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
from symreg.calculus.pieces.one_sided import Summand, agree, indeterminate, near_zero_of, one_sided, settled_condition
from symreg.calculus.signs.roots import listed
from symreg.calculus.signs.symbolic_sign import is_imaginary
from symreg.calculus.symbolic.simplify import simplify
from symreg.expressions.arithmetic import INFINITY, NAN, W, has_w, negative, total
from symreg.expressions.tree import Tree, children, substitute
from symreg.model.domain import Domain
from symreg.model.spec import Parameter


def knots(summands: tuple[Summand, ...], parameters: tuple[Parameter, ...]) -> tuple[Knot, ...]:
    """Return the knots of a sum: all kinks, and if the summands are few the ends of pieces that meet smoothly, too.

    A switch whose roots cannot be listed has no knots here; see `unlisted.py`.

    Args:
        summands: Of phi, with their derivatives.
        parameters: With the domains for which everything holds.

    Returns:
        In ascending order at the parameters' defaults.

    Raises:
        NotDifferentiable: A jump in value; names it.
    """
    points = samples(parameters)
    places = _positions(summands, parameters, points)
    found = [_knot_at(position, owners, summands, parameters) for position, owners in places.items()]
    return tuple(sorted((knot for knot in found if knot is not None), key=lambda knot: _place(knot, points)))


def _positions(
    summands: tuple[Summand, ...], parameters: tuple[Parameter, ...], points: tuple[Values, ...]
) -> dict[Tree, list[int]]:
    """Return where derivatives may change their formulas, inside all domains, and those of which summands."""
    domains = dict.fromkeys(summand.domain for summand in summands)
    owners_at: dict[Tree, list[int]] = {}
    for i, summand in enumerate(summands):
        positions, others = listed(summand.value, parameters)
        refuse_jumps_at(others, summand.value, summand.domain, parameters)
        for position in (*positions, *indeterminate(summand, parameters, points)):
            if children(position) and is_imaginary(position, parameters):
                continue
            simple = simplify(position, parameters) if children(position) else position
            is_inside = all(_is_inside(simple, domain, points) for domain in domains)
            if is_inside and i not in owners_at.setdefault(simple, []):
                owners_at[simple].append(i)
    return owners_at


def _knot_at(
    position: Tree, owners: list[int], summands: tuple[Summand, ...], parameters: tuple[Parameter, ...]
) -> Knot | None:
    """Return the knot at a position; None where the sum goes on as before and nobody would look for one."""
    points = tuple(values for values in samples(parameters) if (x := evaluate(position, values)) == x)
    owning = [summands[i] for i in owners]
    for summand in owning:
        refuse_jump(summand.value, position, points, summand.domain, parameters)
    slopes = [[one_sided(o.gradient, position, side, parameters, points) for o in owning] for side in (-1, 1)]
    is_kinked = any(not agree(left, right, points) for left, right in zip(*slopes, strict=True))
    written = [substitute(summand.gradient, {W: position}) for summand in owning]
    is_apart = any(not agree(left, other, points) for left, other in zip(slopes[0], written, strict=True))
    is_end_of_piece = len(summands) <= _FEW and not _is_switch_of_abs_only(owning, position, points)
    if not (is_kinked or is_apart or is_end_of_piece):
        return None
    others = [substitute(s.gradient, {W: position}) for i, s in enumerate(summands) if i not in owners]
    left, right = (_sum([*side, *others], parameters) for side in slopes)
    kind = _kind(left, right, parameters, len(summands)) if is_kinked else "smooth"
    chosen = left if kind == "smooth" else chosen_slope(left, right, parameters)
    return Knot(position=position, left=left, right=right, kind=kind, chosen=chosen)


def _kind(left: Tree, right: Tree, parameters: tuple[Parameter, ...], count: int) -> Kind:
    """Return how a sum of so many summands goes on where the slopes of some of them differ."""
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
        return total([simplify(addend, parameters) for addend in addends])
    return simplify(total(addends), parameters)


_FEW = 4
"""Of more summands than this no sum is simplified at every knot: the time would grow with its square."""


def _is_switch_of_abs_only(owning: list[Summand], position: Tree, points: tuple[Values, ...]) -> bool:
    """Is the knot only a zero of an `abs` under which the derivative stays smooth, as in `abs(w)**3`?"""
    for summand in owning:
        for condition in (node for node in conditions_of(summand.value) if has_w(node)):
            for values in points:
                before, after = (holds(condition, near_zero_of(position, side, values)) for side in (-1, 1))
                if before != after:
                    return False
    return True
