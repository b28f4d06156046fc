"""Lines of weights, and where the switches of a value turn over along them, at sample parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, interval_at
from symreg.expressions.arithmetic import ZERO, W, call, minus, plus, power, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Compare, Item, Name, Sum, Tree, children, number, rebuild, walk
from symreg.model.domain import Domain
from symreg.model.interval import inside

_FEWEST = 3  # weights of a vector
_MOST_CROSSINGS = 3  # of one switch, as it is written, for one line and row
_MOST_INSTANCES = 4  # of one switch, where sums are written out
_ROUNDS = 400
_SIZES = tuple(Fraction(10) ** k * step for k in range(-6, 9) for step in (1, 3))
_GRID = (*(-s for s in reversed(_SIZES)), Fraction(0), *_SIZES)
_AWAY = tuple(Fraction(k, 16) for k in (9, -13, 21, 5, -17, 11, -7, 25, 3, -19, 15, -10))
_ALONG = tuple(Fraction(k, 16) for k in (14, 10, -9, 23, -12, 7, 18, -6, 13, -22, 11, 8))


@dataclass(frozen=True, slots=True)
class Switch:
    """A difference on whose sign a value depends, and how it is written."""

    difference: Tree
    text: str


def switches_of(tree: Tree, originals: dict[Tree, Tree]) -> Iterator[Switch]:
    """Yield the switches that depend on weights."""
    for node in walk(tree):
        match node:
            case Compare(_, left, right) if _moves(node):
                told = originals.get(node, node)
                assert isinstance(told, Compare)
                text = f"{to_text(told.left)} = {to_text(told.right)}"
                yield Switch(minus(left, right), text)
            case Call("sign", (argument,)) if _moves(argument):
                told = originals.get(node, node)
                yield Switch(argument, f"{to_text(children(told)[0])} = 0")


def _is_of_vector(node: Tree) -> bool:
    return isinstance(node, Item | Sum) or (isinstance(node, Call) and node.function == "norm")


def _moves(tree: Tree) -> bool:
    return any(node == W or (isinstance(node, Item) and node.array == "w") for node in walk(tree))


@dataclass(frozen=True, slots=True)
class Line:
    """A term along a line of weights, over the bare `w`, which says how far along."""

    value: Tree
    switches: tuple[Switch, ...]
    weights: tuple[Tree, ...]
    domains: tuple[Domain, ...]


def lines(tree: Tree, domains: tuple[Domain, ...], row: Values) -> Iterator[Line]:
    """Yield an expression along lines: from the origin, past it, and with one weight that moves."""
    if not any(map(_is_of_vector, walk(tree))):
        yield Line(tree, tuple(switches_of(tree, {})), (W,), domains)
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
        yield Line(value, tuple(dict.fromkeys(switches_of(value, originals))), weights, domains)


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


def crossed(line: Line, row: Values) -> list[tuple[Switch, Any]]:
    """Return where on a line the switches turn over, at sample parameters: a few places for each, as it is written."""
    found: list[tuple[Switch, Any]] = []
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


def _is_within(line: Line, values: Values) -> bool:
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
