"""Knots of an elementwise penalty: where pieces meet, the derivative from either side, and what a gradient uses there.

A choice that holds at sample parameters only is never built in: where signs are not proved, the choice is an
expression that is evaluated with the parameters at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symreg.calculus.algebra import INFINITY, NAN, ZERO, W, call, negative, times, total, where
from symreg.calculus.chain import Knot
from symreg.calculus.numeric import TINY, Values, evaluate, holds, samples
from symreg.calculus.positivity import bounds
from symreg.calculus.roots import has_w, knots_of
from symreg.calculus.tidy import Sign, limit, sign_of, tidy
from symreg.errors import NotDifferentiable
from symreg.language.interval import Interval
from symreg.language.spec import Parameter
from symreg.language.text import to_text
from symreg.language.tree import Call, Compare, Logic, Name, Tree, children, number, rebuild, substitute


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One addend of phi over the bare `w`, and its derivative, differentiated in place."""

    value: Tree
    gradient: Tree
    domain: Interval


def knots(parts: tuple[Part, ...], parameters: tuple[Parameter, ...]) -> tuple[Knot, ...]:
    """Return the knots of a sum of parts: all kinks, and the ends of pieces where the derivative is continuous.

    Raises:
        NotDifferentiable: A switch whose roots cannot be listed, or a jump in value; names it.
    """
    points = samples(parameters)
    at: dict[Tree, list[int]] = {}
    for i, part in enumerate(parts):
        for position in knots_of(part.value):
            tidied = tidy(position, parameters) if children(position) else position
            if _is_inside(tidied, part.domain, points) and i not in at.setdefault(tidied, []):
                at[tidied].append(i)
    made: list[Knot] = []
    for position, owners in at.items():
        for i in owners:
            _refuse_jump(parts[i], position, points)
        sides = [
            [_one_sided(parts[i].gradient, position, side, parameters, points) for i in owners] for side in (-1, 1)
        ]
        changes = any(not _agree(left, right, points) for left, right in zip(*sides, strict=True))
        if changes:
            rest = [substitute(p.gradient, {W: position}) for i, p in enumerate(parts) if i not in owners]
            sides = [[*side, *rest] for side in sides]
        left, right = (_sum(side, parameters) for side in sides)
        if changes or not _is_switch_of_abs_only(parts, owners, position, points):
            chosen = _chosen(left, right, parameters) if changes else left
            made.append(Knot(position=position, left=left, right=right, is_kink=changes, chosen=chosen))
    return tuple(sorted(made, key=lambda knot: _place(knot, points)))


def guarded(gradient: Tree, found: tuple[Knot, ...], parameters: tuple[Parameter, ...]) -> Tree:
    """Return a gradient that takes the chosen value at each kink; where it does by itself, nothing is added."""
    points = samples(parameters)
    for candidate in (gradient, _flipped(gradient)):
        if all(_is_chosen(candidate, knot, points) for knot in found):
            return candidate
    for knot in found:
        if not _is_chosen(gradient, knot, points):
            gradient = where(Compare("==", W, knot.position), knot.chosen, gradient)
    return gradient


def within(tree: Tree, domain: Interval, beyond: Tree) -> Tree:
    """Return a tree that is `beyond` for weights outside the domain; a NaN weight still gives NaN."""
    ends = outside(domain)
    return tree if ends is None else where(ends, beyond, tree)


def outside(domain: Interval) -> Tree | None:
    """Return the condition that the weight lies outside the domain, or None if it cannot."""
    ends: list[Tree] = []
    if domain.low is not None:
        ends.append(Compare("<" if domain.low_closed else "<=", W, number(domain.low)))
    if domain.high is not None:
        ends.append(Compare(">" if domain.high_closed else ">=", W, number(domain.high)))
    return None if not ends else ends[0] if len(ends) == 1 else Logic("or", tuple(ends))


def inside(domain: Interval) -> Tree | None:
    """Return the condition that the weight lies in the domain, or None if it always does."""
    ends: list[Tree] = []
    if domain.low is not None:
        ends.append(Compare(">=" if domain.low_closed else ">", W, number(domain.low)))
    if domain.high is not None:
        ends.append(Compare("<=" if domain.high_closed else "<", W, number(domain.high)))
    return None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))


def beside(tree: Tree, position: Tree, side: int, points: tuple[Values, ...]) -> Tree:
    """Return the tree as it is just left (side -1) or right (1) of a position: no switch that is settled there is left.

    A switch that falls differently for different sample parameters is kept, taken at the position itself.
    """
    match tree:
        case Call("where", (condition, then, otherwise)):
            truths = {holds(condition, _near(position, side, values)) for values in points}
            if len(truths) == 1:
                return beside(then if truths.pop() else otherwise, position, side, points)
            branches = (beside(then, position, side, points), beside(otherwise, position, side, points))
            return where(substitute(condition, {W: position}), *branches)
        case Call("abs" | "sign" as function, (argument,)) if has_w(argument):
            inner = beside(argument, position, side, points)
            signs = {_sign(evaluate(argument, _near(position, side, values))) for values in points}
            if len(signs) != 1 or 0 in signs:
                return call(function, inner)
            sign = signs.pop()
            return number(sign) if function == "sign" else times(number(sign), inner)
        case _:
            below = children(tree)
            made = tuple(beside(child, position, side, points) for child in below)
            return tree if all(a is b for a, b in zip(made, below, strict=True)) else rebuild(tree, made)


def _near(position: Tree, side: int, values: Values, distance: Any = TINY) -> Values:
    at = evaluate(position, values)
    return {**values, W: at + side * (abs(at) or 1) * distance}


def _place(knot: Knot, points: tuple[Values, ...]) -> float:
    at = float(evaluate(knot.position, points[0]))
    return at if at == at else float("inf")


def _sign(value: Any) -> int:
    return 0 if value != value or value == 0 else (1 if value > 0 else -1)


def _is_inside(position: Tree, domain: Interval, points: tuple[Values, ...]) -> bool:
    """Is the position real and inside the domain, not at its end, for some sample?"""
    for values in points:
        at = evaluate(position, values)
        is_above = domain.low is None or at > domain.low.numerator / domain.low.denominator
        if at == at and is_above and (domain.high is None or at < domain.high.numerator / domain.high.denominator):
            return True
    return False


def _refuse_jump(part: Part, position: Tree, points: tuple[Values, ...]) -> None:
    for values in points:
        at = evaluate(position, values)
        if at != at:
            continue
        here = evaluate(part.value, {**values, W: at})
        three = [
            evaluate(part.value, _near(position, -1, values)),
            here,
            evaluate(part.value, _near(position, 1, values)),
        ]
        nearer = [evaluate(part.value, _near(position, side, values, TINY * TINY)) for side in (-1, 1)]
        scale = max((abs(v) for v in three if v == v), default=0) * TINY
        gaps = [(abs(here - far), abs(here - near)) for far, near in zip((three[0], three[2]), nearer, strict=True)]
        if any(v != v for v in three) or any(near > scale * TINY and 2 * near > far for far, near in gaps):
            sides = ", ".join(f"{float(v):.6g}" for v in three)
            known = [
                f"{k.name} = {float(v):.3g}" for k, v in values.items() if isinstance(k, Name) and k.name not in "nt"
            ]
            raise NotDifferentiable(
                f"the value jumps at w = {to_text(position)}: {sides} before, at and after it"
                + (f" (with {', '.join(known)})" if known else "")
                + "; make the pieces meet there"
            )


def _one_sided(
    gradient: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...], points: tuple[Values, ...]
) -> Tree:
    """Return the derivative from one side: `inf`, minus it, or a finite expression; `nan` where there is none."""
    resolved = beside(gradient, position, side, points)
    there = substitute(resolved, {W: position})
    real = [values for values in points if evaluate(position, values) == evaluate(position, values)]
    if all(abs(evaluate(there, values)) < _LARGE for values in real):
        return tidy(there, parameters)
    near = [evaluate(resolved, _near(position, side, values)) for values in real]
    nearer = [evaluate(resolved, _near(position, side, values, TINY * TINY)) for values in real]
    if all(abs(b) > 2 * abs(a) and _sign(a) == _sign(b) for a, b in zip(near, nearer, strict=True)):
        return INFINITY if nearer[0] > 0 else negative(INFINITY)
    return limit(resolved, position, side, parameters)


_LARGE = 10**200


def _agree(left: Tree, right: Tree, points: tuple[Values, ...]) -> bool:
    for values in points:
        a, b = evaluate(left, values), evaluate(right, values)
        if (a != a and b != b) or a == b:
            continue
        if not abs(a - b) <= TINY * min(abs(a) + abs(b), _LARGE):
            return False
    return True


def _sum(addends: list[Tree], parameters: tuple[Parameter, ...]) -> Tree:
    infinite = [a for a in addends if a in (INFINITY, negative(INFINITY), NAN)]
    if infinite:
        return infinite[0] if len(set(infinite)) == 1 else NAN
    return tidy(total(addends), parameters)


def _chosen(left: Tree, right: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return 0 if it lies between the two, else the one of smaller magnitude."""
    domains = {p.name: p for p in parameters}
    if NAN in (left, right):
        return NAN
    (low_left, high_left), (low_right, high_right) = (_ends(side, domains) for side in (left, right))
    if (high_left <= 0 and low_right >= 0) or (low_left >= 0 and high_right <= 0):
        return ZERO
    if INFINITY in (left, right) or negative(INFINITY) in (left, right):
        left, right = (side if side not in (INFINITY, negative(INFINITY)) else right for side in (left, right))
        other = left if right in (INFINITY, negative(INFINITY)) else right
        return other
    smaller = where(Compare("<", call("abs", left), call("abs", right)), left, right)
    return where(Compare("<=", times(left, right), ZERO), ZERO, smaller)


def _ends(tree: Tree, domains: dict[str, Parameter]) -> tuple[float | Fraction, float | Fraction]:
    if tree == INFINITY:
        return float("inf"), float("inf")
    if tree == negative(INFINITY):
        return float("-inf"), float("-inf")
    low, high, _ = bounds(tree, domains)
    return (low, high) if low >= 0 or high <= 0 else _SIDES[sign_of(tree, tuple(domains.values()))]


_SIDES: dict[Sign, tuple[float, float]] = {
    "zero": (0.0, 0.0),
    "positive": (0.0, float("inf")),
    "nonnegative": (0.0, float("inf")),
    "negative": (float("-inf"), 0.0),
    "nonpositive": (float("-inf"), 0.0),
    "undecided": (float("-inf"), float("inf")),
}


def _is_switch_of_abs_only(
    parts: tuple[Part, ...], owners: list[int], position: Tree, points: tuple[Values, ...]
) -> bool:
    """Is the knot only a zero of an `abs` under which the derivative stays smooth, as in `abs(w)**3`?"""
    for i in owners:
        conditions = [n for n in _conditions(parts[i].value) if has_w(n)]
        for condition in conditions:
            for values in points:
                before, after = (holds(condition, _near(position, side, values)) for side in (-1, 1))
                if before != after:
                    return False
    return True


def _conditions(tree: Tree) -> list[Tree]:
    found: list[Tree] = []
    if isinstance(tree, Call) and tree.function == "where":
        found.append(tree.arguments[0])
    for child in children(tree):
        found.extend(_conditions(child))
    return found


def _is_chosen(gradient: Tree, knot: Knot, points: tuple[Values, ...]) -> bool:
    """Has the gradient the chosen value at the knot by itself?"""
    for values in points:
        at = evaluate(knot.position, values)
        if at != at:
            continue
        here, wanted = evaluate(gradient, {**values, W: at}), evaluate(knot.chosen, values)
        if wanted != wanted:
            continue
        if here != wanted and not abs(here - wanted) <= TINY * (1 + abs(wanted)):
            return False
    return True


_FLIP = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}


def _flipped(tree: Tree) -> Tree:
    """Return the tree with the ends of its pieces given to the other side."""
    match tree:
        case Compare(operator, left, right) if operator in _FLIP and (has_w(left) or has_w(right)):
            return Compare(_FLIP[operator], left, right)
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_flipped(child) for child in below)) if below else tree
