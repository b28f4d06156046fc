"""Points at which claims are tried: parameters all over their domains, weights of all sizes, kinks and neighbours.

Everything is deterministic, and of few bits where that can be, so that balls stay exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice

from symreg.expressions.tree import Tree
from symreg.model.interval import Interval
from symreg.model.ordering import are_in_order, in_order
from symreg.model.spec import Array, Parameter
from symreg.verification.claims.data import Row
from symreg.verification.claims.function import Point, truth
from symreg.verification.oracle.kinks import Kink

_MOST_ROWS = 48
_SCALES = tuple(map(Fraction, ("1/8", "8", "1/256", "256", "5/4", "3")))
_REAL_SCALES = tuple(map(Fraction, ("-8", "8", "-1", "1/8", "256", "-256")))
_REAL = tuple(map(Fraction, ("-1/2", "3", "-4", "1/256", "0")))
SIZES = tuple(Fraction(2) ** k for k in (-40, -20, -10, -3, 6, 10, 20)) + tuple(
    Fraction(k, 4) for k in (2, 3, 4, 5, 6, 8, 11, 16, 23)
)


def rows(parameters: Sequence[Parameter]) -> tuple[Row, ...]:
    """Return parameter values within the domains: the defaults, others of mixed sizes, and closed ends."""
    choices = {p.name: tuple(dict.fromkeys(_values(p))) for p in parameters}
    made: dict[tuple[tuple[str, Fraction], ...], None] = {}
    for k in range(_MOST_ROWS if parameters else 1):
        row = {name: found[_pick(k, column, len(found))] for column, (name, found) in enumerate(choices.items())}
        row = in_order(parameters, row)
        if are_in_order(parameters, row):
            made[tuple(row.items())] = None
    return tuple(dict(row) for row in made)


def _pick(k: int, column: int, count: int) -> int:
    """Return which of its values a parameter takes in row k: in row 0 the default, then each column at its own pace."""
    return (k * (2 * column + 1) + k // count * column) % count


def _values(parameter: Parameter) -> Iterator[Fraction]:
    domain, default = parameter.domain, Fraction(parameter.default)
    low, high = domain.low, domain.high
    yield default
    if low is not None and high is not None:
        shares = (Fraction(1, 2), Fraction(1, 64), Fraction(63, 64), Fraction(1, 4), Fraction(0), Fraction(1))
        candidates = [low + (high - low) * share for share in shares]
    elif low is not None:
        candidates = [low + (default - low or 1) * scale for scale in _SCALES] + [low]
    elif high is not None:
        candidates = [high - (high - default or 1) * scale for scale in _SCALES] + [high]
    else:
        candidates = [(default or 1) * scale for scale in _REAL_SCALES] + list(_REAL)
    yield from (value for value in candidates if value in domain)


def where_true(found: Iterable[Row], condition: Tree | None, most: int) -> tuple[Row, ...]:
    """Return rows at which a condition certainly holds."""
    return tuple(islice((row for row in found if truth(condition, row)), most))


def single(domains: Sequence[Interval], kinks: Sequence[Kink]) -> tuple[Fraction, ...]:
    """Return weights for an elementwise penalty, ascending: of all sizes, at and beside its kinks and domain's ends."""
    places = {Fraction(0), *SIZES, *(-size for size in SIZES)}
    marks = {Fraction(x) for kink in kinks for x in (kink.below, kink.above)}
    for domain in domains:
        marks |= {end for end in (domain.low, domain.high) if end is not None}
    for mark in marks:
        size = abs(mark) or Fraction(1)
        places.add(mark)
        places |= {mark + sign * size * Fraction(2) ** -k for sign in (-1, 1) for k in (2, 10, 30)}
    return tuple(sorted(places))


_PATTERNS = (
    (1, 1, 1, 1), (1, -1, 1, -1), (1, 0, 0, 0), (0, 1, 0, 0), (-2, 1, 3, -1), (3, 2, -1, 0), (-1, -3, -2, -5),
    (2, 2, 5, 1), (0, 0, 0, 0), (0, -1, 2, 0),
)  # fmt: skip
LENGTHS = (1, 2, 4)


def vectors(domains: Sequence[Interval]) -> tuple[Point, ...]:
    """Return weights for a penalty in index notation: of several lengths, patterns and sizes, moved into the domain."""
    made: dict[Point, None] = {}
    for length in LENGTHS:
        for pattern in _PATTERNS:
            for size in (Fraction(1, 2**12), Fraction(1, 4), Fraction(1), Fraction(16)):
                point = tuple(_inside(size * w, domains) for w in pattern[:length])
                made[point] = None
    return tuple(made)


def _inside(weight: Fraction, domains: Sequence[Interval]) -> Fraction:
    """Return a weight, or where it does not lie in the domain one that does, of a like size if there is any."""
    low = max((d.low for d in domains if d.low is not None), default=None)
    high = min((d.high for d in domains if d.high is not None), default=None)
    if all(weight in domain for domain in domains):
        return weight
    size = abs(weight) or Fraction(1, 8)
    if low is not None and high is not None:
        return low + (high - low) * size / (1 + size)
    return low + size if low is not None else (high or Fraction(0)) - size


def filled(arrays: Sequence[Array], length: int) -> dict[str, list[object]]:
    """Return numbers for the declared arrays, all over their domains."""
    made: dict[str, list[object]] = {}
    for k, array in enumerate(arrays):
        found = tuple(dict.fromkeys(_values(array.element)))
        grid = [[found[(7 * i + 3 * j + 5 * k) % len(found)] for j in range(length)] for i in range(length)]
        made[array.name] = list(grid) if len(array.shape) == 2 else list(grid[0])
    return made
