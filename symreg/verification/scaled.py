"""Numbers too large or too small for wide balls: `exp(exponent) * factor`, of power series.

Quotients and logarithms of them cancel: `cosh(w)` over [1000, 4000] has no useful ball, but its logarithm has. The ball
of `sigmoid(-w)` there reaches below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

from flint import arb, arb_series

_WIDE = arb(1) / 4  # radius of an argument from which on an exponential loses its relative accuracy

_LARGE = ("exp", "expm1", "cosh", "sinh", "sigmoid")
_FAR = arb((1, 64))  # an argument from which on an exponential is as good as infinite

_BEYOND = 2**20  # its exponential is beyond all floats


@dataclass(frozen=True, slots=True)
class Scaled:
    """`exp(exponent) * factor`."""

    exponent: arb_series
    factor: arb_series

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
        return Scaled(self.exponent * exponent, self.factor**exponent)

    def __neg__(self) -> Scaled:
        return Scaled(self.exponent, -self.factor)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Scaled):
            if other.exponent is self.exponent:
                return Scaled(self.exponent, self.factor + other.factor)
            apart = other.exponent - self.exponent
            if apart[0] > 0:
                return Scaled(other.exponent, other.factor + self.factor * (-apart).exp())
            return Scaled(self.exponent, self.factor + other.factor * apart.exp())
        if self.exponent[0] < 0:
            return self.plain() + other
        return Scaled(self.exponent, self.factor + other * (-self.exponent).exp())

    def __sub__(self, other: Any) -> Any:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Any:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Scaled):
            return Scaled(self.exponent + other.exponent, self.factor * other.factor)
        return Scaled(self.exponent, self.factor * other)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Scaled):
            ratio = self.factor / other.factor
            if other.exponent is self.exponent:
                return ratio
            return Scaled(self.exponent - other.exponent, ratio)
        return Scaled(self.exponent, self.factor / other)

    def __rtruediv__(self, other: Any) -> Scaled:
        return Scaled(-self.exponent, other / self.factor)

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
    size = x if x[0] > 0 else -x
    small = (-2 * size).exp()
    if name == "cosh":
        return Scaled(size, (1 + small) / 2)
    half = (1 - small) / 2
    return Scaled(size, half if x[0] > 0 else -half)
