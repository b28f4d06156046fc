"""Refuse a value that jumps at a switch whose place no formula gives: in a sum, a norm, or where no root is listed.

The weights run along lines, at sample parameters; where a switch turns over, the value is compared on either side. What
min, max and abs are made of cannot jump and is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, interval_at, samples
from symreg.calculus.pieces.one_sided import near_zero_of
from symreg.calculus.pieces.undefined import undefined_note
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import ZERO, W, call, minus, plus, power, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Sum,
    Tree,
    children,
    number,
    rebuild,
    transform,
    walk,
)
from symreg.model.domain import Domain
from symreg.model.interval import inside
from symreg.model.spec import Parameter
from symreg.model.terms import Term

_FEWEST = 3  # weights of a vector
_MOST_ROWS = 4  # of sample parameters
_MOST_CROSSINGS = 3  # of one switch, as it is written, for one line and row
_MOST_INSTANCES = 4  # of one switch, where sums are written out
_ROUNDS = 400
_SIZES = tuple(Fraction(10) ** k * step for k in range(-6, 9) for step in (1, 3))
_GRID = (*(-s for s in reversed(_SIZES)), Fraction(0), *_SIZES)
_AWAY = tuple(Fraction(k, 16) for k in (9, -13, 21, 5, -17, 11, -7, 25, 3, -19, 15, -10))
_ALONG = tuple(Fraction(k, 16) for k in (14, 10, -9, 23, -12, 7, 18, -6, 13, -22, 11, 8))


@dataclass(frozen=True, slots=True)
class _Switch:
    """A difference on whose sign a value depends, and how it is written."""

    difference: Tree
    text: str


def refuse_jumps(terms: tuple[Term, ...], parameters: tuple[Parameter, ...]) -> None:
    """Check that a sum of terms is continuous at the switches that its author wrote, as far as lines of weights show.

    Raises:
        NotDifferentiable: It is not, or a switch never turned over on any line, so that nothing is known; names it.
    """
    value = total([times(number(term.coefficient), term.tree) for term in terms])
    written = {switch.text: switch.difference for switch in _switches(value, {})}
    _refuse(value, written, tuple(dict.fromkeys(term.domain for term in terms)), parameters)


def refuse_jumps_at(switches: tuple[Tree, ...], value: Tree, domain: Domain, parameters: tuple[Parameter, ...]) -> None:
    """Check that an elementwise value is continuous where these switches of it turn over, in the same way.

    What min and max are made of need not turn over on a line; but it may do so at a pole.

    Raises:
        NotDifferentiable: As above.
    """
    written, delicate = (
        {switch.text: switch.difference for switch in _switches(tree, {}) if switch.difference in switches}
        for tree in (value, transform(value, _as_extremum))
    )
    _refuse(value, written, (domain,), parameters, delicate)


def _as_extremum(node: Tree) -> Tree:
    """Return a choice of the greatest or the least of several as `max` or `min`, which cannot jump."""
    match node:
        case Call("where", (Compare("<=" | ">=" as operator, left, right), then, otherwise)) if left == then:
            return call(_EXTREMA[operator], then, right) if right == otherwise else node
        case Call("where", (Logic("and", operands), then, Call("min" | "max" as function, others))):
            beaten = tuple(Compare("<=" if function == "min" else ">=", then, other) for other in others)
            return call(function, then, *others) if operands == beaten else node
        case _:
            return node


_EXTREMA = {"<=": "min", ">=": "max"}


def _refuse(
    value: Tree,
    written: dict[str, Tree],
    domains: tuple[Domain, ...],
    parameters: tuple[Parameter, ...],
    delicate: dict[str, Tree] | None = None,
) -> None:
    if not written:
        return
    seen: set[str] = set()
    for line in _lines(value, domains, samples(parameters)[0]):
        for row in samples(parameters)[:_MOST_ROWS]:
            for switch, at in _crossed(line, row):
                if switch.text in written:
                    seen.add(switch.text)
                    _compare(line.value, switch, at, row)
    known = {p.name: p for p in parameters}
    for text, difference in (written if delicate is None else delicate).items():
        low, high, is_nonzero = bounds(difference, known)
        if text not in seen and not (is_nonzero and (low >= 0 or high <= 0)):
            raise NotDifferentiable(
                f"whether the value jumps where {text} was not decided: nothing tried comes near it; "
                "write the pieces with min, max or abs"
            )


def _switches(tree: Tree, originals: dict[Tree, Tree]) -> Iterator[_Switch]:
    """Yield the switches that depend on weights."""
    for node in walk(tree):
        match node:
            case Compare(_, left, right) if _moves(node):
                told = originals.get(node, node)
                assert isinstance(told, Compare)
                text = f"{to_text(told.left)} = {to_text(told.right)}"
                yield _Switch(minus(left, right), text)
            case Call("sign", (argument,)) if _moves(argument):
                told = originals.get(node, node)
                yield _Switch(argument, f"{to_text(children(told)[0])} = 0")


def _is_of_vector(node: Tree) -> bool:
    return isinstance(node, Item | Sum) or (isinstance(node, Call) and node.function == "norm")


def _moves(tree: Tree) -> bool:
    return any(node == W or (isinstance(node, Item) and node.array == "w") for node in walk(tree))


@dataclass(frozen=True, slots=True)
class _Line:
    """A term along a line of weights, over the bare `w`, which says how far along."""

    value: Tree
    switches: tuple[_Switch, ...]
    weights: tuple[Tree, ...]
    domains: tuple[Domain, ...]


def _lines(tree: Tree, domains: tuple[Domain, ...], row: Values) -> Iterator[_Line]:
    """Yield an expression along lines: from the origin, past it, and with one weight that moves."""
    if not any(map(_is_of_vector, walk(tree))):
        yield _Line(tree, tuple(_switches(tree, {})), (W,), domains)
        return
    shifts = [abs(s.shift) for node in walk(tree) if isinstance(node, Item) for s in node.subscripts]
    size = _FEWEST + max(shifts, default=0)
    start = [number(Fraction(inside(interval_at(domains[0], row))))] * size
    away, along = ([number(row[k % len(row)] + k // len(row)) for k in range(size)] for row in (_AWAY, _ALONG))
    alone = [number(int(k == 1)) for k in range(size)]
    for origin, direction in (([ZERO] * size, along), (away, along), (away, alone), (start, alone), (start, along)):
        weights = tuple(plus(a, times(b, W)) for a, b in zip(origin, direction, strict=True))
        originals: dict[Tree, Tree] = {}
        value = _spelled(tree, weights, {}, originals)
        yield _Line(value, tuple(dict.fromkeys(_switches(value, originals))), weights, domains)


def _spelled(tree: Tree, weights: tuple[Tree, ...], indices: dict[str, int], originals: dict[Tree, Tree]) -> Tree:
    """Return an expression in index notation for these weights, its sums written out; note what a switch was before."""
    match tree:
        case Name("n"):
            return number(len(weights))
        case Call("norm", _):
            return call("sqrt", total([power(w, number(2)) for w in weights]))
        case Item("w", (subscript,)):
            return weights[indices[subscript.index] + subscript.shift]
        case Item(array, subscripts):
            return _element(array, *(indices[s.index] + s.shift for s in subscripts))
        case Sum(body, index):
            made = []
            for k in range(len(weights)):
                if _is_in_range(body, index, k, len(weights)):
                    made.append(_spelled(body, weights, {**indices, index: k}, originals))
            return total(made)
        case _:
            below = tuple(_spelled(child, weights, indices, originals) for child in children(tree))
            spelled = rebuild(tree, below) if below else tree
            if isinstance(tree, Compare) or (isinstance(tree, Call) and tree.function == "sign"):
                originals[spelled] = tree
            return spelled


def _is_in_range(body: Tree, index: str, k: int, size: int) -> bool:
    shifts = [s.shift for n in walk(body) if isinstance(n, Item) for s in n.subscripts if s.index == index]
    return all(0 <= k + shift < size for shift in shifts)


def _element(array: str, *places: int) -> Tree:
    """Return some number, another one for each element of an array."""
    return number(
        Fraction(sum(map(ord, array)) % 7 + 3 * sum((k + 1) * (place + 1) for k, place in enumerate(places)), 8)
    )


def _crossed(line: _Line, row: Values) -> list[tuple[_Switch, Any]]:
    """Return where on a line the switches turn over, at sample parameters: a few places for each, as it is written."""
    found: list[tuple[_Switch, Any]] = []
    one = evaluate(number(1), {})
    points = [one * s.numerator / s.denominator for s in _GRID]
    points = [s for s in points if _is_within(line, {**row, W: s})]
    alike: Counter[str] = Counter()
    crossings: Counter[str] = Counter()
    for switch in line.switches:
        alike[switch.text] += 1
        if alike[switch.text] > _MOST_INSTANCES:
            continue
        signs = [_sign(evaluate(switch.difference, {**row, W: s})) for s in points]
        for (a, x), (b, y) in pairwise(zip(points, signs, strict=True)):
            if x is None or y is None or x * y > 0 or x == y or crossings[switch.text] >= _MOST_CROSSINGS:
                continue
            crossings[switch.text] += 1
            at = a if x == 0 else b if y == 0 else _between(switch.difference, a, b, row)
            found.append((switch, at))
    return found


def _is_within(line: _Line, values: Values) -> bool:
    """Do all weights lie in the domains?"""
    if all(domain.is_all for domain in line.domains):
        return True
    domains = [interval_at(domain, values) for domain in line.domains]
    return all(float(evaluate(weight, values)) in domain for weight in line.weights for domain in domains)


def _sign(value: Any) -> int | None:
    return None if value != value else (value > 0) - (value < 0)


def _between(difference: Tree, low: Any, high: Any, row: Values) -> Any:
    """Return where a difference is 0 between two points at which it has unlike signs: by secants and by halves."""
    at_low, at_high = (evaluate(difference, {**row, W: x}) for x in (low, high))
    enough = (abs(at_low) + abs(at_high)) * TINY**3
    for turn in range(_ROUNDS):
        secant = low - at_low * (high - low) / (at_high - at_low)
        middle = secant if turn % 3 and low < secant < high else (low + high) / 2
        here = evaluate(difference, {**row, W: middle})
        if here != here or abs(here) <= enough or not low < middle < high:
            return middle
        if _sign(here) == _sign(at_low):
            low, at_low = middle, here
        else:
            high, at_high = middle, here
    return low


def _compare(value: Tree, switch: _Switch, at: Any, row: Values) -> None:
    """Check that the value is the same on either side of where a switch turns over, and there."""

    def beside(side: int, distance: Any) -> Any:
        return evaluate(value, {**row, W: at + side * (abs(at) or 1) * distance})

    far, near = ([beside(side, distance) for side in (-1, 1)] for distance in (TINY, TINY * TINY))
    here = evaluate(transform(value, partial(_at_zero, values={**row, W: at})), {**row, W: at})
    gaps = [(abs(far[0] - far[1]), abs(near[0] - near[1]))]
    gaps += [(abs(here - a), abs(here - b)) for a, b in zip(far, near, strict=True)]
    least = max((abs(v) for v in (*far, here) if v == v), default=0) * TINY * TINY
    if any(b > least and 1000 * b > 999 * a for a, b in gaps):
        known = [f"{k.name} = {float(v):.3g}" for k, v in row.items() if isinstance(k, Name) and k.name not in "nt"]
        three = ", ".join(f"{float(v):.6g}" for v in (near[0], here, near[1]))
        raise NotDifferentiable(
            f"the value jumps where {switch.text}: {three} before, at and after it"
            + (f" (with {', '.join(known)})" if known else "")
            + "; make the pieces meet there"
        )


def _at_zero(node: Tree, values: Values) -> Tree:
    """Return what a switch is where its difference is 0."""
    match node:
        case Compare(operator, left, right) if _is_zero(minus(left, right), values):
            return _TRUE if "=" in operator else _FALSE
        case Call("sign", (argument,)) if _is_zero(argument, values):
            return ZERO
        case _:
            return node


def _is_zero(difference: Tree, values: Values) -> bool:
    return bool(abs(evaluate(difference, values)) <= TINY * TINY)


_TRUE, _FALSE = Compare("<=", ZERO, ZERO), Compare("<", ZERO, ZERO)


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
            evaluate(value, near_zero_of(position, -1, values)),
            here,
            evaluate(value, near_zero_of(position, 1, values)),
        ]
        nearer = [evaluate(value, near_zero_of(position, side, values, TINY * TINY)) for side in (-1, 1)]
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
