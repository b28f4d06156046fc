"""Numbers too large or too small for wide balls: `exp(exponent) * factor`, of power series.

Quotients and logarithms of them cancel: `cosh(w)` over [1000, 4000] has no useful ball, but its logarithm has. The ball
of `sigmoid(-w)` there reaches below zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import factorial
from typing import Any

from flint import arb, arb_series

_WIDE = arb(1) / 4  # radius of an argument from which on an exponential loses its relative accuracy

_LARGE = ("exp", "expm1", "cosh", "sinh", "sigmoid")
_FAR = arb((1, 64))  # an argument from which on an exponential is as good as infinite

_BEYOND = 2**20  # its exponential is beyond all floats


@dataclass(frozen=True, slots=True)
class Scaled:
    """`exp(times * base) * factor`.

    Exponents of one base, the same object, are told apart by their constants, which no wide balls of theirs could be.
    """

    base: arb_series
    factor: arb_series
    times: arb = field(default_factory=lambda: arb(1))

    @property
    def exponent(self) -> arb_series:
        """The exponent as a power series."""
        return self.base if self.times == 1 else self.base * self.times

    def plain(self) -> arb_series:
        """Return the number as a power series, however wide."""
        return self.exponent.exp() * self.factor

    def derivative(self, order: int) -> tuple[arb, arb]:
        """Return two numbers that a derivative lies between; of one sign where the factor shows it, as no ball can."""
        start = self.exponent[0]
        rest = arb_series([arb(0), *(self.exponent[k] for k in range(1, order + 1))], order + 1)
        inner = (rest.exp() * self.factor)[order] * factorial(order)
        least, most = _exponentials(start)
        return (
            (least if inner >= 0 else most) * inner.lower(),
            (least if inner <= 0 else most) * inner.upper(),
        )

    def log(self) -> arb_series:
        """Return the logarithm."""
        return self.exponent + self.factor.log()

    def power(self, exponent: arb) -> Scaled:
        """Return the number to the power of a constant; a root needs a positive factor."""
        return Scaled(self.base, self.factor**exponent, self.times * exponent)

    def __neg__(self) -> Scaled:
        return Scaled(self.base, -self.factor, self.times)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Scaled):
            apart = self._apart(other)
            if apart is None:
                return Scaled(self.base, self.factor + other.factor, self.times)
            if apart[0] > 0:
                return Scaled(other.base, other.factor + self.factor * (-apart).exp(), other.times)
            return Scaled(self.base, self.factor + other.factor * apart.exp(), self.times)
        if self.exponent[0] < 0:
            return self.plain() + other
        return Scaled(self.base, self.factor + other * (-self.exponent).exp(), self.times)

    def _apart(self, other: Scaled) -> arb_series | None:
        """Return by how much the other exponent is greater; None if they are the same."""
        if other.base is self.base:
            times = other.times - self.times
            return None if times.is_zero() else self.base * times
        return other.exponent - self.exponent

    def __sub__(self, other: Any) -> Any:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Scaled):
            return Scaled(self.base, self.factor * other, self.times)
        factor = self.factor * other.factor
        if other.base is not self.base:
            return Scaled(self.exponent + other.exponent, factor)
        times = self.times + other.times
        return factor if times.is_zero() else Scaled(self.base, factor, times)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Scaled):
            return self * (1 / other)
        return Scaled(self.base, self.factor / other, self.times)

    def __rtruediv__(self, other: Any) -> Scaled:
        return Scaled(self.base, other / self.factor, -self.times)

    __radd__ = __add__
    __rmul__ = __mul__


def _exponentials(x: arb) -> tuple[arb, arb]:
    """Return a lower and an upper bound of exp(x); those of numbers that no ball holds are beyond all floats."""
    low, high = x.lower(), x.upper()
    least = arb(0) if low < -_BEYOND else low.min(arb(_BEYOND)).exp().lower()
    return least, arb.pos_inf() if high > _BEYOND else high.max(arb(-_BEYOND)).exp().upper()


def is_scaled(name: str, x: arb_series) -> bool:
    """Is this function of x one that a wide ball would lose?"""
    if name not in _LARGE or not (x[0].rad() > _WIDE or abs(x[0]) > _FAR):
        return False
    return bool((x[0] < 0 and name != "expm1") or (x[0] > 0 and name != "sigmoid"))


def scaled(name: str, x: arb_series) -> Scaled:
    """Return exp, cosh, sinh, a large expm1 or a small sigmoid, of a series whose first ball does not hold zero."""
    if name == "exp":
        return Scaled(x, arb_series([arb(1)], x.prec))
    if name == "expm1":
        return Scaled(x, 1 - (-x).exp())
    if name == "sigmoid":
        return Scaled(x, 1 / (1 + x.exp()))
    side = 1 if x[0] > 0 else -1
    small = (-2 * side * x).exp()
    return Scaled(x, (1 + small) / 2 if name == "cosh" else side * (1 - small) / 2, arb(side))
