"""One set of parameters, with the points at which claims about a penalty are tried and its values and slopes there."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import combinations, islice

from flint import arb

from symreg.model.terms import Terms
from symreg.verification.claims.data import Row
from symreg.verification.claims.function import Function, Point
from symreg.verification.claims.points import filled, single, vectors
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.kinks import Kink, every_kink

_MOST_PAIRS, _MOST_KINKS, _MOST_SWITCHES = 250, 8, 16


class Place:
    """A penalty at given parameters; everything is worked out when it is first asked for.

    Args:
        terms: The penalty.
        row: Its parameters.
    """

    def __init__(self, terms: Terms, row: Row) -> None:
        """Note what it is about."""
        self.terms, self.row = terms, row
        self.is_vector = bool(terms.indexed)
        self._functions: dict[int, Function] = {}

    def function(self, length: int) -> Function:
        """Return the penalty of so many weights."""
        if length not in self._functions:
            self._functions[length] = Function(self.terms, self.row, filled(self.terms.arrays, length))
        return self._functions[length]

    def value(self, point: Point) -> arb:
        """Return R at a point; not finite where it has no value."""
        return self.function(len(point)).value(point)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Points at which R has a finite value."""
        domains = self.terms.intervals(self.row)
        tried = vectors(domains) if self.is_vector else tuple((w,) for w in single(domains, self.switches or ()))
        return tuple(point for point in tried if self.value(point).is_finite())

    @cached_property
    def pairs(self) -> tuple[tuple[Point, Point], ...]:
        """Pairs of points of one length: neighbours, and others of all distances."""
        all_pairs = [(a, b) for a, b in combinations(self.points, 2) if len(a) == len(b)]
        stride = -(-len(all_pairs) // _MOST_PAIRS) or 1
        beside = [] if self.is_vector else list(zip(self.points, self.points[1:], strict=False))
        return tuple(dict.fromkeys([*beside, *all_pairs[::stride]]))

    @cached_property
    def chords(self) -> tuple[tuple[Point, Point, arb, arb], ...]:
        """The pairs, by how much R lies above the chord in the middle, and the square of the chord's length."""
        found = []
        for a, b in self.pairs:
            middle = tuple((x + y) / 2 for x, y in zip(a, b, strict=True))
            gap = self.value(middle) - (self.value(a) + self.value(b)) / 2
            if gap.is_finite():
                found.append((a, b, gap, ball(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))))
        return tuple(found)

    @cached_property
    def slopes(self) -> tuple[tuple[Point, int, arb], ...]:
        """Points with a weight that is not 0 and the slope by it, where R is smooth."""
        found = []
        for point in self.points:
            for j in range(len(point)):
                slope = self.function(len(point)).slope(point, j) if point[j] else None
                if slope is not None:
                    found.append((point, j, slope))
        return tuple(found)

    @cached_property
    def kinks(self) -> tuple[tuple[Point, int], ...]:
        """Points and weights by which R may have no slope there."""
        if not self.is_vector:
            return tuple((point, 0) for point in self.marks)
        found = (
            (point, j)
            for point in self.points
            for j in range(len(point))
            if self.function(len(point)).slope(point, j) is None
        )
        return tuple(islice(found, _MOST_KINKS))

    @cached_property
    def at_zero(self) -> tuple[tuple[Point, int, arb, arb], ...]:
        """Points with a weight that is 0 and the slopes by it from both sides."""
        points = [point for point in self.points if 0 in point][:_MOST_KINKS] if self.is_vector else [(Fraction(0),)]
        found = []
        for point in points:
            j = point.index(Fraction(0))
            sides = self.function(len(point)).sides(point, j)
            if sides is not None:
                found.append((point, j, *sides))
        return tuple(found)

    @cached_property
    def marks(self) -> tuple[Point, ...]:
        """Points at which a switch of one weight is exactly 0, and 0 itself."""
        if self.is_vector:
            return ()
        found = {Fraction(0), *(Fraction(kink.below) for kink in self.switches or () if kink.is_float)}
        return tuple((w,) for w in sorted(found) if self.function(1).holds((w,)))

    @cached_property
    def switches(self) -> tuple[Kink, ...] | None:
        """Where an elementwise penalty changes its formula; None where not every such weight was found, or too many."""
        found = () if self.is_vector else every_kink(self.terms.elementwise, self.row)
        return None if found is None or len(found) > _MOST_SWITCHES else found
