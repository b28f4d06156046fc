"""Knots of an elementwise penalty: where pieces meet, the derivative from either side, and what a gradient uses there.

A choice that holds at sample parameters only is never built in: where signs are not proved, the choice is an
expression that is evaluated with the parameters at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds, samples
from symreg.calculus.pieces.jumps import refuse_jumps_at
from symreg.calculus.pieces.undefined import undefined_note
from symreg.calculus.signs.roots import has_w, keeps_sign, listed, roots, singular_at
from symreg.calculus.symbolic.simplify import Sign, is_imaginary, joined_beside, limit, sign_of, tidy
from symreg.derivation.model import Knot
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, NAN, ONE, ZERO, W, call, minus, negative, times, total, where
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Name,
    Tree,
    children,
    number,
    rebuild,
    substitute,
    transform,
    walk,
)
from symreg.model.domain import Domain
from symreg.model.spec import Parameter

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One addend of phi over the bare `w`, and its derivative, differentiated in place."""

    value: Tree
    gradient: Tree
    domain: Domain


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
        for position in (*positions, *_indeterminate(part, parameters, points)):
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
        changes = any(not _agree(left, right, here) for left, right in zip(*sides, strict=True))
        at_position = [substitute(parts[i].gradient, {W: position}) for i in owners]
        is_apart = any(not _agree(left, other, here) for left, other in zip(sides[0], at_position, strict=True))
        is_told = len(parts) <= _FEW and not _is_switch_of_abs_only(parts, owners, position, here)
        if changes or is_apart or is_told:
            rest = [substitute(p.gradient, {W: position}) for i, p in enumerate(parts) if i not in owners]
            left, right = (_sum([*side, *rest], parameters) for side in sides)
            chosen = _chosen(left, right, parameters) if changes else left
            made.append(Knot(position=position, left=left, right=right, is_kink=changes, chosen=chosen))
    return tuple(sorted(made, key=lambda knot: _place(knot, points)))


def _indeterminate(part: Part, parameters: tuple[Parameter, ...], points: tuple[Values, ...]) -> Iterator[Tree]:
    """Yield where there is a value, and the derivative as it stands is none: 0 for `sqrt(w**2)`, w/sqrt(w**2)."""
    for vanishing in singular_at(part.value):
        if keeps_sign(vanishing, parameters):
            continue
        try:
            found = roots(vanishing)
        except NotDifferentiable:
            continue
        for position in found:
            at = [(values, evaluate(position, values)) for values in points]
            real = [(values, x) for values, x in at if x == x]
            has_value = all(_is_number(evaluate(part.value, {**values, W: x})) for values, x in real)
            has_slope = any(_is_number(evaluate(part.gradient, {**values, W: x})) for values, x in real)
            beside = [_near(position, side, values) for values, _ in real for side in (-1, 1)]
            if real and has_value and not has_slope and all(_is_number(evaluate(part.value, v)) for v in beside):
                yield position


def _is_number(x: Any) -> bool:
    return bool(abs(x) < _LARGE)


def guarded(gradient: Tree, found: tuple[Knot, ...], parameters: tuple[Parameter, ...]) -> Tree:
    """Return a gradient that takes the chosen value at each kink; where it does by itself, nothing is added."""
    points = samples(parameters)
    for candidate in (gradient, _flipped(gradient)):
        if all(_is_chosen(candidate, knot, points) for knot in found):
            return candidate
    for knot in found:
        if not _is_chosen(gradient, knot, points):
            at_knot = Compare("==", W, knot.position)
            gradient = where(at_knot, knot.chosen, transform(gradient, partial(_elsewhere, condition=at_knot)))
    return gradient


def _elsewhere(node: Tree, condition: Tree) -> Tree:
    """Return what a choice on the condition is where it does not hold."""
    match node:
        case Call("where", (asked, _, otherwise)) if asked == condition:
            return otherwise
        case _:
            return node


def within(tree: Tree, domain: Domain, beyond: Tree) -> Tree:
    """Return a tree that is `beyond` for weights outside the domain; a NaN weight still gives NaN."""
    ends = outside(domain)
    return tree if ends is None else where(ends, beyond, tree)


def outside(domain: Domain) -> Tree | None:
    """Return the condition that the weight lies outside the domain, or None if it cannot."""
    ends: list[Tree] = []
    if domain.lower is not None:
        ends.append(Compare("<" if domain.low_closed else "<=", W, domain.lower))
    if domain.upper is not None:
        ends.append(Compare(">" if domain.high_closed else ">=", W, domain.upper))
    return None if not ends else ends[0] if len(ends) == 1 else Logic("or", tuple(ends))


def inside(domain: Domain) -> Tree | None:
    """Return the condition that the weight lies in the domain, or None if it always does."""
    ends: list[Tree] = []
    if domain.lower is not None:
        ends.append(Compare(">=" if domain.low_closed else ">", W, domain.lower))
    if domain.upper is not None:
        ends.append(Compare("<=" if domain.high_closed else "<", W, domain.upper))
    return None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))


def beside(tree: Tree, position: Tree, side: int, points: tuple[Values, ...]) -> Tree:
    """Return the tree as it is just left (side -1) or right (1) of a position: no switch that is settled there is left.

    A switch that falls differently for different sample parameters is kept, taken at the position itself; where it is
    0 there for some of them only, it falls as it does beside the position.

    Raises:
        NotDifferentiable: How it falls beside the position depends on the parameters.
    """
    match tree:
        case Call("where", (condition, then, otherwise)):
            truths = {holds(condition, _near(position, side, values)) for values in points}
            if len(truths) == 1:
                return beside(then if truths.pop() else otherwise, position, side, points)
            if isinstance(condition, Logic):
                return beside(_unfolded(condition, then, otherwise), position, side, points)
            first, second = (beside(branch, position, side, points) for branch in (then, otherwise))
            kept = where(substitute(condition, {W: position}), first, second)
            if not isinstance(condition, Compare):
                return kept
            difference = minus(condition.left, condition.right)
            tied = _tied(difference, position, points)
            truth = _only({holds(condition, _near(position, side, values)) for values in tied}, position)
            return _where_zero(difference, position, kept if truth is None else first if truth else second, kept)
        case Call("abs" | "sign" as function, (argument,)) if has_w(argument):
            inner = beside(argument, position, side, points)
            signs = {_sign(evaluate(argument, _near(position, side, values))) for values in points}
            if len(signs) == 1 and 0 not in signs:
                return _of_sign(function, signs.pop(), inner)
            tied, kept = _tied(argument, position, points), call(function, inner)
            sign = _only({_sign(evaluate(argument, _near(position, side, values))) for values in tied}, position)
            return _where_zero(argument, position, _of_sign(function, sign, inner) if sign else kept, kept)
        case _:
            below = children(tree)
            made = tuple(beside(child, position, side, points) for child in below)
            return tree if all(a is b for a, b in zip(made, below, strict=True)) else rebuild(tree, made)


def _unfolded(condition: Logic, then: Tree, otherwise: Tree) -> Tree:
    """Return a choice with the operands of its condition as conditions of choices of their own."""
    match condition:
        case Logic("not", (operand,)):
            return Call("where", (operand, otherwise, then))
        case Logic("and", operands):
            for operand in reversed(operands):
                then = Call("where", (operand, then, otherwise))
            return then
        case Logic(_, operands):
            for operand in reversed(operands):
                otherwise = Call("where", (operand, then, otherwise))
            return otherwise


def _tied(tree: Tree, position: Tree, points: tuple[Values, ...]) -> list[Values]:
    """Return the samples at which a tree is 0 at a position."""
    return [v for v in points if abs(evaluate(tree, {**v, W: evaluate(position, v)})) < TINY * TINY]


def _only(found: set[T], position: Tree) -> T | None:
    """Return the one thing that was found, or None if nothing was."""
    if len(found) > 1:
        raise NotDifferentiable(
            f"how the pieces meet at w = {to_text(position)} depends on the parameters; "
            "give them domains that settle it, or write the switch as one with fewer parameters"
        )
    return next(iter(found), None)


def _where_zero(tree: Tree, position: Tree, then: Tree, otherwise: Tree) -> Tree:
    return where(Compare("==", substitute(tree, {W: position}), ZERO), then, otherwise)


def _of_sign(function: str, sign: int, argument: Tree) -> Tree:
    return number(sign) if function == "sign" else times(number(sign), argument)


def _near(position: Tree, side: int, values: Values, distance: Any = TINY) -> Values:
    at = evaluate(position, values)
    return {**values, W: at + side * (abs(at) or 1) * distance}


def _place(knot: Knot, points: tuple[Values, ...]) -> float:
    at = float(evaluate(knot.position, points[0]))
    return at if at == at else float("inf")


def _sign(value: Any) -> int:
    return 0 if value != value or value == 0 else (1 if value > 0 else -1)


def _is_inside(position: Tree, domain: Domain, points: tuple[Values, ...]) -> bool:
    """Is the position real and inside the domain, not at its end, for some sample?"""
    for values in points:
        at = evaluate(position, values)
        is_above = domain.lower is None or at > evaluate(domain.lower, values)
        if at == at and is_above and (domain.upper is None or at < evaluate(domain.upper, values)):
            return True
    return False


def refuse_jump(
    value: Tree, position: Tree, points: tuple[Values, ...], domain: Domain, parameters: tuple[Parameter, ...]
) -> None:
    """Check that a value is continuous at a position, at samples at which the position is real.

    Raises:
        NotDifferentiable: It is not; says what it is before, at and after the position, or where there is no value.
    """
    for values in points:
        at = evaluate(position, values)
        here = evaluate(value, {**values, W: at})
        three = [
            evaluate(value, _near(position, -1, values)),
            here,
            evaluate(value, _near(position, 1, values)),
        ]
        nearer = [evaluate(value, _near(position, side, values, TINY * TINY)) for side in (-1, 1)]
        scale = max((abs(v) for v in three if v == v), default=0) * TINY
        gaps = [(abs(here - far), abs(here - near)) for far, near in zip((three[0], three[2]), nearer, strict=True)]
        if any(v != v for v in three) or any(near > scale * TINY and 1000 * near > 999 * far for far, near in gaps):
            told = undefined_note(value, domain, parameters) if any(v != v for v in three) else ""
            if told:
                raise NotDifferentiable(told)
            sides = ", ".join(f"{float(v):.6g}" for v in three)
            known = [
                f"{k.name} = {float(v):.3g}" for k, v in values.items() if isinstance(k, Name) and k.name not in "nt"
            ]
            raise NotDifferentiable(
                f"the value jumps at w = {to_text(position)}: {sides} before, at and after it"
                + (f" (with {', '.join(known)})" if known else "")
                + "; make the pieces meet there"
            )


def one_sided(
    gradient: Tree,
    position: Tree,
    side: int,
    parameters: tuple[Parameter, ...],
    points: tuple[Values, ...],
    *,
    is_joined: bool = False,
) -> Tree:
    """Return the derivative from one side: `inf`, minus it, or a finite expression; `nan` where there is none.

    Args:
        points: Samples at which the position is a real number; so for what else is asked about a position.
    """
    resolved = beside(gradient, position, side, points)
    simple = partial(joined_beside, resolved, position, side, parameters)  # other powers may hang on the same exponent
    there = substitute(resolved, {W: position})
    for node in walk(resolved):
        match node:
            case Binary("**", base, exponent) if has_w(base) and not has_w(exponent):
                is_zero = len(_tied(base, position, points)) == len(points)
                sign = sign_of(exponent, parameters) if is_zero else "negative"
                if sign == "positive":
                    there = substitute(there, {substitute(node, {W: position}): ZERO})
                elif sign != "negative" and is_joined:
                    return _by_exponent(resolved, node, sign, position, side, parameters, points)
                elif sign != "negative":
                    return one_sided(simple(), position, side, parameters, points, is_joined=True)
    if all(abs(evaluate(there, values)) < _LARGE for values in points):
        return tidy(there, parameters)
    if (unbounded := _by_negative_power(resolved, position, side, parameters, points)) is not None:
        return unbounded
    near = [evaluate(resolved, _near(position, side, values)) for values in points]
    nearer = [evaluate(resolved, _near(position, side, values, TINY * TINY)) for values in points]
    if all(abs(b) > 2 * abs(a) and _sign(a) == _sign(b) for a, b in zip(near, nearer, strict=True)):
        return INFINITY if nearer[0] > 0 else negative(INFINITY)
    found = limit(resolved, position, side, parameters)
    if found != NAN or is_joined:
        return found
    return one_sided(simple(), position, side, parameters, points, is_joined=True)


def _by_negative_power(
    gradient: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...], points: tuple[Values, ...]
) -> Tree | None:
    """Return the infinity that a derivative grows to with a power of what vanishes there, if it hangs on one alone.

    An exponent near 0 grows too slowly for numbers to show it: `abs(w)**(p - 1)` for a p near 1.
    """
    powers = [
        node
        for node in walk(gradient)
        if isinstance(node, Binary) and node.operator == "**" and has_w(node.left) and not has_w(node.right)
    ]
    vanishing = [node for node in dict.fromkeys(powers) if len(_tied(node.left, position, points)) == len(points)]
    if len(vanishing) != 1 or sign_of(vanishing[0].right, parameters) != "negative":
        return None
    signs = set()
    for values in points:
        at = _near(position, side, values)
        small, large = (evaluate(substitute(gradient, {vanishing[0]: number(10**k)}), at) for k in (40, 80))
        signs.add(_sign(large) if abs(large) > 2 * abs(small) and _sign(large) == _sign(small) else 0)
    return INFINITY if signs == {1} else negative(INFINITY) if signs == {-1} else None


def _by_exponent(
    gradient: Tree,
    power: Binary,
    sign: Sign,
    position: Tree,
    side: int,
    parameters: tuple[Parameter, ...],
    points: tuple[Values, ...],
) -> Tree:
    """Return a one-sided derivative that hangs on whether `0**exponent` is 0, 1 or infinite."""
    at_zero, at_one = (
        one_sided(substitute(gradient, {power: stand_in}), position, side, parameters, points)
        for stand_in in (ZERO, ONE)
    )
    beyond = number(10**40)
    signs = {_sign(evaluate(substitute(gradient, {power: beyond}), _near(position, side, values))) for values in points}
    infinite = INFINITY if signs == {1} else negative(INFINITY) if signs == {-1} else NAN
    match power.right:
        case Binary("-", left, right):
            pair = (left, right)
        case exponent:
            pair = (exponent, ZERO)
    if sign == "nonnegative":
        return where(Compare(">", *pair), at_zero, at_one)
    return where(Compare(">", *pair), at_zero, where(Compare("==", *pair), at_one, infinite))


_LARGE = TINY.context.mpf(10) ** 10**9
"""Below every infinity, above every value that parameters of mixed sizes lead to."""


def _agree(left: Tree, right: Tree, points: tuple[Values, ...]) -> bool:
    for values in points:
        a, b = evaluate(left, values), evaluate(right, values)
        if (a != a and b != b) or a == b:
            continue
        if not abs(a - b) <= TINY * min(abs(a) + abs(b), _LARGE):
            return False
    return True


def _settled(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a tree without weights whose choices are those that depend on the parameters, as far as that shows."""
    domains = {p.name: p for p in parameters}

    def change(node: Tree) -> Tree:
        match node:
            case Call("abs", (argument,)):
                low, high, _ = bounds(argument, domains)
                return argument if low >= 0 else negative(argument) if high <= 0 else node
            case Call("where", (Compare(operator, left, right), then, otherwise)):
                low, high, is_nonzero = bounds(minus(left, right), domains)
                sign = (
                    "positive" if low >= 0 and is_nonzero else "negative" if high <= 0 and is_nonzero else "undecided"
                )
                if sign == "undecided":
                    return node
                return then if sign in _HOLDS_FOR[operator] else otherwise
            case _:
                return node

    return transform(tree, change)


_HOLDS_FOR = {"<": ("negative",), "<=": ("negative",), ">": ("positive",), ">=": ("positive",), "==": ()}


def _sum(addends: list[Tree], parameters: tuple[Parameter, ...]) -> Tree:
    addends = [_settled(addend, parameters) for addend in addends]
    infinite = [a for a in addends if a in (INFINITY, negative(INFINITY), NAN)]
    if infinite:
        return infinite[0] if len(set(infinite)) == 1 else NAN
    if len(addends) > _FEW:
        return total(addends)
    if sum(len(_conditions(addend)) for addend in addends) > 1:
        return total([tidy(addend, parameters) for addend in addends])
    return tidy(total(addends), parameters)


_FEW = 4
"""Of more parts than this no sum is tidied that is said of every knot: the time would grow with the square of them."""


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
