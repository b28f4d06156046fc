"""The language's functions on the kinds of number that the judge calculates with.

* `arb`: a real ball, midpoint and proven radius.
* `arb_series`: a power series of balls to order 3: the Taylor polynomial of an expression in one weight.
* `Scaled`: a power series too large for wide balls.
* `Ray`: value and one-sided slope, maybe infinite, where no power series exists (`abs(w)**p`, `sqrt(abs(w))` at 0).

Takes numbers, hands on numbers; a result that is not finite means "not determined at this precision". What depends on
the weight stays of a kind that says so: a NaN of the plain kind would pass for a constant, whose derivative is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from flint import arb, arb_series

from symreg.verification.oracle.functions import FUNCTIONS
from symreg.verification.oracle.scaled import Scaled, is_scaled, scaled

# An arb, arb_series or Ray: they share the operators + - * / but no type that could say so.
Value: TypeAlias = Any

_WIDE = 8  # times its radius: a ball whose middle is less than that is a wide one
ORDER = 4  # coefficients kept: f, f', f''/2, f'''/6, as the central difference's remainder needs the third derivative


def apply(name: str, x: Value) -> Value:
    """Return the smooth function `name` of x."""
    row = FUNCTIONS[name]
    if isinstance(x, arb):
        return row.ball(x)
    if isinstance(x, Scaled):
        if name == "log":
            return x.log()
        x = x.plain()
    if isinstance(x, arb_series):
        if is_scaled(name, x):
            return scaled(name, x)
        if name == "log" and _is_wide(x[0]):
            return _series_log(x, x[0].log())
        if name == "log1p" and _is_wide(1 + x[0]):
            return _series_log(1 + x, x[0].log1p())
        return row.series(x) if row.series else _compose(x, row.taylor(x[0]))
    value, slope, *_ = row.taylor(x.value)
    return Ray(value, slope * x.slope)


def exponential(x: arb_series, times: arb) -> Value:
    """Return exp(times*x)."""
    exponent = x * times
    if is_scaled("exp", exponent):
        return Scaled(x, arb_series([arb(1)], x.prec), times)
    return apply("exp", exponent)


def undetermined(*operands: Value) -> Value:
    """Return NaN, with derivatives of NaN where an operand carries any."""
    if any(isinstance(x, arb_series | Scaled) for x in operands):
        return arb_series([arb.nan()] * ORDER, ORDER)
    return Ray(arb.nan(), arb.nan()) if any(isinstance(x, Ray) for x in operands) else arb.nan()


def constant(x: Value) -> arb:
    """Return the value of x: the ball itself or the constant term."""
    if isinstance(x, arb):
        return x
    if isinstance(x, Scaled):
        return x.plain()[0]
    return x[0] if isinstance(x, arb_series) else x.value


def slope(x: Value) -> arb:
    """Return the first derivative that x carries; 0 for a ball, which does not depend on the weight."""
    return derivative(x, 1)


def derivative(x: Value, order: int) -> arb:
    """Return the coefficient of an order, 1 or more; nan of what has no value, or carries none."""
    if isinstance(x, Scaled):
        x = x.plain()
    if not constant(x).is_finite():
        return arb.nan()
    if isinstance(x, arb):
        return arb(0)
    if isinstance(x, arb_series):
        return x[order] if order < x.prec else arb.nan()
    return x.slope if order == 1 else arb.nan()


def is_finite(x: Value) -> bool:
    """Are the value and all derivatives that x carries finite?"""
    if isinstance(x, arb):
        return x.is_finite()
    if isinstance(x, Scaled):
        x = x.plain()
    if isinstance(x, arb_series):
        return all(x[k].is_finite() for k in range(x.prec))
    return bool(x.value.is_finite() and x.slope.is_finite())


def quotient(above: Value, below: Value) -> Value:
    """Return above / below; nan where the divisor may be zero."""
    divisor = constant(below.factor if isinstance(below, Scaled) else below)
    if divisor.contains(0) or not divisor.is_finite():
        return undetermined(above, below)
    if isinstance(below, arb_series) and _is_wide(divisor):
        return above * _series_power(below, 1 / divisor, arb(-1))
    return above / below


def integer_power(base: Value, exponent: int) -> Value:
    """Return `base ** exponent`; the enclosure of an even power is never negative."""
    if exponent < 0:
        return quotient(arb(1), integer_power(base, -exponent))
    if isinstance(base, arb) and exponent % 2 == 0 and exponent and base.contains(0) and not base.is_zero():
        if base.is_nan():
            return base
        return arb(0).union(integer_power(base.abs_upper(), exponent))
    if exponent > 1 and isinstance(base, arb | arb_series) and _is_wide(constant(base)):
        ends = constant(base)
        first = integer_power(ends.lower(), exponent).union(integer_power(ends.upper(), exponent))
        return first if isinstance(base, arb) else _series_power(base, first, arb(exponent))
    result, factor = arb(1), base
    while exponent:
        if exponent & 1:
            result = result * factor
        exponent >>= 1
        if exponent:
            factor = factor * factor
    return result


def power(base: Value, exponent: Value) -> Value:
    """Return `base ** exponent`; a negative base needs an integer exponent."""
    if isinstance(exponent, arb):
        whole = exponent.unique_fmpz() if exponent.is_integer() else None
        if whole is not None and abs(whole) < 1024:
            return integer_power(base, int(whole))
        if isinstance(base, arb):
            return _ball_power(base, exponent)
        if isinstance(base, Scaled):
            return base.power(exponent)
        if isinstance(base, arb_series) and not constant(base).is_zero():
            return _series_power(base, _ball_power(base[0], exponent), exponent)
        return _power_at_zero(base, exponent)
    return apply("exp", exponent * apply("log", base))


def square_root(x: Value) -> Value:
    """Return the square root of x >= 0; at an exact zero the one-sided one."""
    if isinstance(x, arb):
        # A radicand that is zero up to rounding may be enclosed by a ball that reaches below zero.
        return arb(0).union(x.abs_upper().sqrt()) if x.contains(0) and not x.is_zero() else x.sqrt()
    if isinstance(x, arb_series):
        if not x[0].is_zero():
            return _series_power(x, x[0].sqrt(), arb(1) / 2)
        if x[1].is_zero() and x[2] > 0:
            root = arb_series([x[2], derivative(x, 3)], x.prec - 2).sqrt()
            return arb_series([arb(0), *(root[k] for k in range(x.prec - 2)), arb.nan()], x.prec)
    if isinstance(x, Scaled):
        return x.power(arb(1) / 2)
    return _power_at_zero(x, arb(1) / 2)


def _is_wide(x: arb) -> bool:
    """Is the ball, away from zero, so wide that products of it with itself lose its sign?"""
    return bool(x.rad() * _WIDE > abs(x.mid()) and not x.contains(0))


def _series_power(base: arb_series, first: arb, exponent: arb) -> arb_series:
    """Return base ** exponent given that of the first coefficient, by base*r' = exponent*base'*r.

    Arb's own iterations lose the signs of derivatives over wide balls; quotients keep them.
    """
    coefficients, given = [first], [base[k] for k in range(base.prec)]
    for n in range(1, base.prec):
        total = arb(0)
        for k in range(1, n + 1):
            if not given[k].is_zero():
                total += (k * exponent - (n - k)) * _product(given[k], coefficients[n - k])
        coefficients.append(total / (n * given[0]))
    return arb_series(coefficients, base.prec)


def _product(x: arb, y: arb) -> arb:
    """Return x*y; of wide balls as a quotient, which keeps to their ends, where Arb's product may lose its sign."""
    return x / (1 / y) if _is_wide(x) and _is_wide(y) else x * y


def _series_log(x: arb_series, first: arb) -> arb_series:
    """Return log(x) given that of the first coefficient, by x*l' = x'; for wide balls."""
    coefficients = [first]
    for n in range(1, x.prec):
        total = n * x[n]
        for k in range(1, n):
            total -= k * coefficients[k] * x[n - k]
        coefficients.append(total / (n * x[0]))
    return arb_series(coefficients, x.prec)


def log_add_exp(x: Value, y: Value) -> Value:
    """Return log(exp(x) + exp(y))."""
    high, low = (x, y) if constant(x).mid() >= constant(y).mid() else (y, x)
    return high + apply("softplus", low - high)


@dataclass(frozen=True, slots=True)
class Ray:
    """Value and one-sided derivative at a point where the function is not analytic.

    Args:
        beside: The sign just beside the point where value and slope are both zero, 0 if it is not known.
    """

    value: arb
    slope: arb
    beside: int = 0

    def __neg__(self) -> Ray:
        return Ray(-self.value, -self.slope, -self.beside)

    def __add__(self, other: Value) -> Ray:
        if isinstance(other, arb) and other.is_zero():
            return self
        return Ray(self.value + constant(other), self.slope + slope(other))

    def __mul__(self, other: Value) -> Ray:
        if isinstance(other, arb):
            return Ray(self.value * other, self.slope * other, _turned(self.beside, other))
        # An infinite slope times an exact zero is not determined: Arb gives nan, which counts as that.
        return Ray(self.value * constant(other), self.slope * constant(other) + self.value * slope(other))

    def __truediv__(self, other: Value) -> Ray:
        if isinstance(other, arb):
            return Ray(self.value / other, self.slope / other, _turned(self.beside, other))
        below = constant(other)
        quotient = self.value / below
        return Ray(quotient, (self.slope - quotient * slope(other)) / below)

    def __sub__(self, other: Value) -> Ray:
        return self.__add__(-other)

    def __rsub__(self, other: Value) -> Ray:
        return (-self).__add__(other)

    def __rtruediv__(self, other: Value) -> Ray:
        above = Ray(constant(other), slope(other))
        return above.__truediv__(self)

    __radd__ = __add__
    __rmul__ = __mul__


def _turned(side: int, factor: arb) -> int:
    return side if factor > 0 else -side if factor < 0 else 0


def _power_at_zero(base: Value, exponent: arb) -> Value:
    """Return base ** exponent, not an integer, for a base that is exactly zero and leaves it as c*t**k to the right."""
    nothing = Ray(arb.nan(), arb.nan())
    if not constant(base).is_zero():
        return Ray(_ball_power(base.value, exponent), exponent * _ball_power(base.value, exponent - 1) * base.slope)
    if isinstance(base, arb_series):
        order = next((k for k in range(1, ORDER) if not base[k].is_zero()), None)
        if order is None or not base[order] > 0:
            return nothing
    elif base.slope > 0:
        order = 1
    else:
        return nothing
    reached = exponent * order
    if not exponent > 0:
        return nothing
    if reached > 1:
        return Ray(arb(0), arb(0), 1)
    return Ray(arb(0), arb.pos_inf()) if reached < 1 else nothing


def _ball_power(base: arb, exponent: arb) -> arb:
    if base.is_zero():
        return arb(0) if exponent > 0 else arb.nan()
    if base.contains(0) and exponent > 0 and not base < 0:
        return arb(0).union(base.abs_upper() ** exponent)
    if _is_wide(base):
        return (base.lower() ** exponent).union(base.upper() ** exponent)
    return base**exponent


def _compose(x: arb_series, taylor: tuple[arb, arb, arb, arb]) -> arb_series:
    """Return the series of an outer function, given by its Taylor coefficients at x[0], after x."""
    inner = arb_series([arb(0), *(x[k] for k in range(1, x.prec))], x.prec)
    return arb_series(list(taylor), x.prec)(inner) if inner.length() else arb_series([taylor[0]], x.prec)
