"""Bounds by powers of t that hold for all t >= T, and the arithmetic of functions that keep such bounds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpq

from symreg.verification.oracle.ball import ball

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Power:
    """`factor * t**exponent`; an infinite factor says that nothing is known."""

    factor: arb
    exponent: Fraction


@dataclass(frozen=True, slots=True)
class Bounds:
    """A lower and an upper bound that hold for every t >= T on one side; their factors are exact numbers."""

    lower: Power
    upper: Power

    def __post_init__(self) -> None:
        # Which way a bound is rounded on depends on its sign, and a ball about zero has none.
        for name, factor in (("lower", self.lower.factor.lower()), ("upper", self.upper.factor.upper())):
            end: Power = getattr(self, name)
            unknown = arb.neg_inf() if name == "lower" else arb.pos_inf()
            object.__setattr__(self, name, Power(unknown if factor.is_nan() else factor, end.exponent))

    @property
    def sign(self) -> int:
        """The sign that the function has there throughout, 0 if that is not known."""
        return 1 if self.lower.factor >= 0 else -1 if self.upper.factor <= 0 else 0

    @property
    def size(self) -> Power:
        """A bound of the absolute value."""
        factor = abs(self.lower.factor).max(abs(self.upper.factor)).upper()
        return Power(factor, max(self.lower.exponent, self.upper.exponent))

    def __neg__(self) -> Bounds:
        return Bounds(_negative(self.upper), _negative(self.lower))


ZERO = Power(arb(0), Fraction(0))
_ANYTHING = Power(arb.pos_inf(), Fraction(0))
_NOTHING = Power(-arb.pos_inf(), Fraction(0))
UNKNOWN = Bounds(_NOTHING, _ANYTHING)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What functions make of bounds for all t >= T.

    Args:
        threshold: T, at least 1.
    """

    threshold: arb

    def sum(self, f: Bounds, g: Bounds) -> Bounds:
        """Return the bounds of f + g."""
        lower = self._added(f.lower, g.lower)
        return Bounds(lower, _negative(self._added(_negative(f.upper), _negative(g.upper))))

    def _added(self, f: Power, g: Power) -> Power:
        """Return a lower bound of the sum of two powers; what is of lower order is taken at T where it is negative."""
        if f.factor.is_zero() or g.factor.is_zero():
            return g if f.factor.is_zero() else f
        high, low = (f, g) if f.exponent >= g.exponent else (g, f)
        rest = low.factor if high.exponent == low.exponent else self._at_threshold(low, -high.exponent)
        if high.exponent != low.exponent and low.factor >= 0:
            return high if not high.factor < 0 else self._known(Power(high.factor, high.exponent))
        return self._known(Power(high.factor + rest, high.exponent))

    def _known(self, f: Power) -> Power:
        return f if f.factor.is_finite() else _NOTHING

    def _at_threshold(self, f: Power, shift: Fraction = Fraction(0)) -> arb:
        """Return the factor times T**(exponent + shift)."""
        exponent = f.exponent + shift
        if not exponent:
            return f.factor
        return f.factor * self.threshold ** arb(fmpq(exponent.numerator, exponent.denominator))

    def _most(self, f: Power) -> arb:
        """Return the least upper bound of a power over t >= T: its value at T if it falls, infinite if it grows."""
        if f.factor.is_zero():
            return arb(0)
        grows = f.exponent > 0
        if f.factor > 0:
            return arb.pos_inf() if grows else self._at_threshold(f)
        return self._at_threshold(f) if grows or not f.exponent else arb(0)

    def product(self, f: Bounds, g: Bounds) -> Bounds:
        """Return the bounds of f*g."""
        if not (f.sign and g.sign):
            size = Power(f.size.factor * g.size.factor, f.size.exponent + g.size.exponent)
            return Bounds(_negative(size), size) if size.factor.is_finite() else UNKNOWN
        a, b = (f if f.sign > 0 else -f), (g if g.sign > 0 else -g)
        lower = _times(a.lower, b.lower)
        upper = _times(a.upper, b.upper)
        made = Bounds(lower if lower.factor.is_finite() else ZERO, upper if upper.factor.is_finite() else _ANYTHING)
        return made if f.sign == g.sign else -made

    def square(self, f: Bounds) -> Bounds:
        """Return the bounds of f**2."""
        if f.sign:
            return self.product(f, f)
        size = f.size
        upper = Power(size.factor * size.factor, 2 * size.exponent)
        return Bounds(ZERO, upper if upper.factor.is_finite() else _ANYTHING)

    def reciprocal(self, f: Bounds) -> Bounds:
        """Return the bounds of 1/f."""
        g = f if f.sign > 0 else -f
        if not g.lower.factor > 0:
            return UNKNOWN
        upper = Power(1 / g.lower.factor, -g.lower.exponent)
        lower = Power(1 / g.upper.factor, -g.upper.exponent) if g.upper.factor.is_finite() else ZERO
        made = Bounds(lower, upper)
        return made if f.sign > 0 else -made

    def power(self, f: Bounds, e: Fraction) -> Bounds:
        """Return f ** e."""
        if e < 0:
            return self.reciprocal(self.power(f, -e))
        fixed = ball(e)
        if not f.sign >= 0 or f.sign == 0:
            if e.denominator != 1:
                return UNKNOWN
            if f.sign < 0:
                made = self.power(-f, e)
                return made if e % 2 == 0 else -made
            size = f.size
            upper = Power(size.factor**fixed, size.exponent * e)
            if not upper.factor.is_finite():
                return Bounds(ZERO, _ANYTHING) if e % 2 == 0 else UNKNOWN
            return Bounds(ZERO if e % 2 == 0 else _negative(upper), upper)
        lower = ZERO if not f.lower.factor > 0 else Power(f.lower.factor**fixed, f.lower.exponent * e)
        if not f.upper.factor.is_finite():
            return Bounds(lower, _ANYTHING)
        upper_factor = arb(0) if f.upper.factor.is_zero() else f.upper.factor**fixed
        return Bounds(lower, Power(upper_factor, f.upper.exponent * e))

    def extreme(self, all_of: list[Bounds], sense: int) -> Bounds:
        """Return the bounds of the greatest of all for a sense of 1, of the least for -1."""
        best = all_of[0]
        for other in all_of[1:]:
            side = self.sum(other, -best).sign
            best = hull_of(best, other) if not side else other if side == sense else best
        return best

    def exp(self, f: Bounds) -> Bounds:
        """Return the bounds of exp(f)."""
        most = self._most(f.upper)
        upper = Power(most.exp(), Fraction(0)) if most.is_finite() else _ANYTHING
        lower = ZERO
        if f.lower.factor > 0 and f.lower.exponent > 0:
            lower = Power(f.lower.factor * f.lower.factor / 2, 2 * f.lower.exponent)  # exp(x) > x**2/2
        elif (least := -self._most(_negative(f.lower))).is_finite():
            lower = Power(least.exp(), Fraction(0))
        return Bounds(lower, upper)

    def log(self, f: Bounds) -> Bounds:
        """Return log(f) by way of log t <= t**(1/2)."""
        if not f.lower.factor > 0:
            lower = _NOTHING
        elif f.lower.exponent >= 0:
            lower = Power(self._at_threshold(f.lower).log(), Fraction(0))
        else:
            lower = self._added(Power(f.lower.factor.log(), Fraction(0)), Power(ball(f.lower.exponent), _HALF))
        upper = _ANYTHING
        if f.upper.factor.is_finite() and f.upper.factor > 0:
            if f.upper.exponent <= 0:
                return Bounds(lower, Power(self._at_threshold(f.upper).log(), Fraction(0)))
            slope = Power(-ball(f.upper.exponent), _HALF)
            upper = _negative(self._added(Power(-f.upper.factor.log(), Fraction(0)), slope))
        return Bounds(lower, upper)

    def softplus(self, f: Bounds) -> Bounds:
        """Return the bounds of log(1 + exp(f))."""
        greatest = self.extreme([f, constant(arb(0))], 1)
        return Bounds(greatest.lower, self.sum(greatest, constant(arb(2).log())).upper)

    def hyperbolic_sine(self, f: Bounds) -> Bounds:
        """Return the bounds of sinh(f)."""
        if f.sign == 0:
            return UNKNOWN
        g = f if f.sign > 0 else -f
        most = self._most(g.upper)
        made = Bounds(g.lower, Power(most.sinh(), Fraction(0)) if most.is_finite() else _ANYTHING)
        return made if f.sign > 0 else -made

    def hyperbolic_cosine(self, f: Bounds) -> Bounds:
        """Return the bounds of cosh(f)."""
        g = f if f.sign >= 0 else -f
        lower = constant(arb(1)).lower
        if g.lower.factor > 0 and g.lower.exponent > 0:
            lower = Power(g.lower.factor * g.lower.factor / 2, 2 * g.lower.exponent)
        most = self._most(f.size)
        return Bounds(lower, Power(most.cosh(), Fraction(0)) if most.is_finite() else _ANYTHING)

    def logarithmic(self, f: Bounds) -> Bounds:
        """Return asinh(f). For x >= 0 it is concave, at most x, and between log(1 + x) and log(1 + 2*x)."""
        if not f.sign:
            size = self.absolute(f).upper
            return Bounds(_negative(size), size)
        g = f if f.sign > 0 else -f
        most = self._most(g.upper)
        if most.is_finite():
            chord = most.asinh() / most if most > 0 else arb(1)
            made = Bounds(Power(g.lower.factor * chord, g.lower.exponent), g.upper)
        else:
            one = constant(arb(1))
            made = Bounds(self.log(self.sum(one, g)).lower, self.log(self.sum(one, self.sum(g, g))).upper)
        return made if f.sign > 0 else -made

    def absolute(self, f: Bounds) -> Bounds:
        """Return the bounds of |f|."""
        if f.sign:
            return f if f.sign > 0 else -f
        size = f.size
        return Bounds(ZERO, size if size.factor.is_finite() else _ANYTHING)

    def shifted(self, f: Bounds, by: arb) -> Bounds:
        """Return the bounds of f + by."""
        return self.sum(f, constant(by))

    def between(self, low: arb, high: arb) -> Bounds:
        """Return the bounds of whatever lies between two numbers."""
        return Bounds(Power(low, Fraction(0)), Power(high, Fraction(0)))

    def saturating(self, f: Bounds, most: arb) -> Bounds:
        """Return the bounds of an odd increasing function that stays below `most`."""
        return Bounds(
            Power(arb(0) if f.sign > 0 else -most, Fraction(0)), Power(arb(0) if f.sign < 0 else most, Fraction(0))
        )


def constant(x: arb) -> Bounds:
    """Return the bounds of a number."""
    return Bounds(Power(x, Fraction(0)), Power(x, Fraction(0)))


def _negative(f: Power) -> Power:
    return Power(-f.factor, f.exponent)


def _times(f: Power, g: Power) -> Power:
    if f.factor.is_zero() or g.factor.is_zero():
        return ZERO
    return Power(f.factor * g.factor, f.exponent + g.exponent)


def hull_of(f: Bounds, g: Bounds) -> Bounds:
    """Return bounds that hold for both."""
    return Bounds(_least(f.lower, g.lower), _negative(_least(_negative(f.upper), _negative(g.upper))))


def _least(f: Power, g: Power) -> Power:
    """Return a lower bound of both, as t >= 1."""
    factor = f.factor.min(g.factor)
    if not factor.is_finite():
        return _NOTHING
    if f.factor >= 0 and g.factor >= 0:
        return Power(factor, min(f.exponent, g.exponent))
    negative = [one.exponent for one in (f, g) if not one.factor >= 0]
    return Power(factor, max(negative))
