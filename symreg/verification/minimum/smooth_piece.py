"""A piece of an elementwise penalty on which phi follows one formula: its value, slope and curvature, enclosed.

On a piece no switch (`abs`, `where`, ...) changes its side: the sides found at one point inside hold for the whole of
it, ends included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nextafter

from flint import arb, arb_series, ctx

from symreg.verification.minimum.poles import least_curvature
from symreg.verification.oracle import series
from symreg.verification.oracle.decisions import Record, Undecided, following, sign
from symreg.verification.oracle.derivatives import Function
from symreg.verification.oracle.kinks import from_ordinal, ordinal
from symreg.verification.oracle.scaled import Scaled
from symreg.verification.oracle.series import Value

KNOT_BITS = 320
_PIECE_BITS = (KNOT_BITS, 4 * KNOT_BITS, 16 * KNOT_BITS)  # until every switch is decided, far out as well


@dataclass(frozen=True, slots=True, eq=False)
class SmoothPiece:
    """Where phi follows one formula: between the floats at or next to two breakpoints.

    Args:
        phi: The whole penalty of one weight.
        low: The float at its lower end.
        high: The float at its upper end.
        taken: The sides of all switches, in the order in which they are asked for.
        poles: Ends of the domain, other than zero, where phi' is infinite, with the side that they are on.
        slopes: What is known of phi' at floats.
        curvatures: What is known of phi'' beside poles.
    """

    phi: Function
    low: float
    high: float
    taken: tuple[int | None, ...]
    poles: dict[float, int] = field(default_factory=dict)
    slopes: dict[float, tuple[float, float]] = field(default_factory=dict)
    curvatures: dict[float, arb] = field(default_factory=dict)

    @property
    def middle(self) -> float:
        """The float halfway between its ends, by count."""
        return float_between(self.low, self.high)

    def at(self, weight: Value) -> Value:
        """Return the piece's own formula, followed beyond its ends if need be, of a ball or a series."""
        return self.phi(weight, following(self.taken) if self.taken else sign)

    def value(self, weight: arb) -> arb:
        """Return phi over a ball."""
        try:
            value = series.constant(self.at(weight))
            return value if value.is_finite() else series.constant(self.at(arb_series([weight], 1)))
        except Undecided:
            return arb.nan()

    def taylor(self, weight: arb) -> tuple[arb, arb, arb]:
        """Return phi, phi' and phi'' over a ball; not finite where they are not enclosed."""
        try:
            expansion = self.at(arb_series([weight, arb(1)], 3))
        except Undecided:
            return arb.nan(), arb.nan(), arb.nan()
        if isinstance(expansion, Scaled):
            expansion = expansion.plain()
        return series.constant(expansion), series.slope(expansion), 2 * series.derivative(expansion, 2)

    def of_large_exponentials(self, weight: arb) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return floats that phi' and phi'' over a ball lie between, where exponentials are too large for balls."""
        try:
            expansion = self.at(arb_series([weight, arb(1)], 3))
        except Undecided:
            return None
        if not isinstance(expansion, Scaled):
            return None
        slope, curvature = (expansion.derivative(order) for order in (1, 2))
        return (
            (outward(slope[0])[0], outward(slope[1])[1]),
            (outward(curvature[0])[0], outward(curvature[1])[1]),
        )

    def slope_at(self, weight: float) -> tuple[float, float]:
        """Return phi' at a float, as two floats that it lies between."""
        if weight not in self.slopes:
            self.slopes[weight] = outward(self.taylor(arb(weight))[1])
        return self.slopes[weight]

    def pole_of(self, low: float, high: float) -> float | None:
        """Return the pole that an interval ends at."""
        return low if low in self.poles else high if high in self.poles else None

    def curvature_beside(self, pole: float) -> arb:
        """Return a lower bound of phi'' between a pole and the last float before it."""
        if pole not in self.curvatures:
            self.curvatures[pole] = least_curvature(self.taylor, pole, self.poles[pole])
        return self.curvatures[pole]


def piece_between(phi: Function, low: float, high: float) -> SmoothPiece | None:
    """Return the piece between two floats, its switches asked for at the middle one; None where none is decided."""
    middle = float_between(low, high) if ordinal(high) - ordinal(low) > 1 else None
    piece = None
    for bits in _PIECE_BITS:
        record = Record(sign)
        with ctx.workprec(bits):
            at = (arb(low) + arb(high)) / 2 if middle is None else arb(middle)
            try:
                series.constant(phi(at, record))
            except Undecided:
                continue
        piece = SmoothPiece(phi, low, high, tuple(record.taken))
        if None not in record.taken:
            break
    return piece


def float_between(low: float, high: float) -> float:
    """Return the float halfway between two others, by count."""
    return from_ordinal((ordinal(low) + ordinal(high)) // 2)


def outward(x: arb) -> tuple[float, float]:
    """Return two floats that a ball lies between."""
    if not x.is_finite():
        return -inf, inf
    if x.is_zero():
        return 0.0, 0.0
    return nextafter(float(x.lower()), -inf), nextafter(float(x.upper()), inf)


def hull(low: float, high: float) -> arb:
    """Return a ball that holds everything between two floats."""
    return arb(low) if low == high else arb(low).union(arb(high))
