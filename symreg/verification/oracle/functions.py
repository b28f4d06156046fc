"""What the judge knows of the language's functions, a row each: values in balls, Taylor coefficients, growth.

It shares nothing with the compiler's table (`expressions/functions.py`), on purpose: what stands there wrongly would
stand here wrongly too. A test says that the two agree.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from flint import arb, arb_series, ctx

Taylor: TypeAlias = tuple[arb, arb, arb, arb]
"""f, f', f''/2 and f'''/6 at a point."""
Growth: TypeAlias = Callable[[Any, Any], Any]
"""Returns bounds of f(x) for all large weights, given the arithmetic of `minimum/power_bounds.py` and those of x."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of one argument that has a Taylor series wherever it has a value.

    Args:
        ball: Its value in balls.
        taylor: Its Taylor coefficients at a ball.
        series: It in power series, where Arb has it; None: composed from the Taylor coefficients.
        growth: Bounds by powers of the weight; None: they are of more than its argument's bounds, or there are none.
        is_positive: Is it greater than 0 wherever it has a value?
    """

    ball: Callable[[arb], arb]
    taylor: Callable[[arb], Taylor]
    series: Callable[[arb_series], arb_series] | None = None
    growth: Growth | None = None
    is_positive: bool = False


def _sigmoid(x: arb) -> arb:
    if x.mid() < 0:
        small = x.exp()
        return small / (1 + small)
    return 1 / (1 + (-x).exp())


def _softplus(x: arb) -> arb:
    return x.exp().log1p() if x.mid() < 0 else x + (-x).exp().log1p()


def _exp(x: arb) -> Taylor:
    y = x.exp()
    return y, y, y / 2, y / 6


def _expm1(x: arb) -> Taylor:
    y = x.exp()
    return x.expm1(), y, y / 2, y / 6


def _log(x: arb) -> Taylor:
    r = 1 / x
    return x.log(), r, -r * r / 2, r * r * r / 3


def _log1p(x: arb) -> Taylor:
    r = 1 / (1 + x)
    return x.log1p(), r, -r * r / 2, r * r * r / 3


def _sin(x: arb) -> Taylor:
    s, c = x.sin(), x.cos()
    return s, c, -s / 2, -c / 6


def _cos(x: arb) -> Taylor:
    s, c = x.sin(), x.cos()
    return c, -s, -c / 2, s / 6


def _tan(x: arb) -> Taylor:
    t = x.tan()
    d = 1 + t * t
    return t, d, t * d, d * (1 + 3 * t * t) / 3


def _sinh(x: arb) -> Taylor:
    s, c = x.sinh(), x.cosh()
    return s, c, s / 2, c / 6


def _cosh(x: arb) -> Taylor:
    s, c = x.sinh(), x.cosh()
    return c, s, c / 2, s / 6


def _tanh(x: arb) -> Taylor:
    t, d = x.tanh(), x.sech() * x.sech()
    return t, d, -t * d, d * (2 * t * t - d) / 3


def _atan(x: arb) -> Taylor:
    d = 1 / (1 + x * x)
    return x.atan(), d, -x * d * d, d * d * d * (3 * x * x - 1) / 3


def _asinh(x: arb) -> Taylor:
    d = (1 + x * x).rsqrt()
    return x.asinh(), d, -x * d * d * d / 2, (2 * x * x - 1) * d * d * d * d * d / 6


def _taylor_of_sigmoid(x: arb) -> Taylor:
    y, z = _sigmoid(x), _sigmoid(-x)
    d = y * z
    return y, d, d * (z - y) / 2, d * ((z - y) * (z - y) - 2 * d) / 6


def _taylor_of_softplus(x: arb) -> Taylor:
    y, d, second, _ = _taylor_of_sigmoid(x)
    return _softplus(x), y, d / 2, second / 3


def _normal(x: arb) -> tuple[arb, ...]:
    """Return log(Phi), m = phi/Phi, s = m*(x + m) and four derivatives of s, at an exact number.

    Of m = phi/Phi it follows that m' = -m*(x + m) = -s. Far out on the left all of it cancels, so it is worked out with
    more bits.
    """
    length = max(0, math.frexp(min(float(abs(x)), _LARGEST))[1])
    with ctx.workprec(ctx.prec + 32 + 10 * length):
        square, ratio = x * x / 2, _mills_ratio(abs(x))
        if x > 0:
            density = (-square).exp() / (2 * arb.pi()).sqrt()
            value, m = (-density * ratio).log1p(), density / (1 - density * ratio)
        else:
            value, m = (ratio / (2 * arb.pi()).sqrt()).log() - square, 1 / ratio
        s = m * (x + m)
        return value, m, s, *_derivatives(x, m, s)


_LARGEST = sys.float_info.max


def _derivatives(x: arb, m: arb, s: arb) -> tuple[arb, arb, arb, arb]:
    """Return four derivatives of s = m*(x + m), where m' = -s: with k = x + 2*m, s' = m - s*k and k' = 1 - 2*s."""
    k, turn = x + 2 * m, 2 * s - 1
    first = m - s * k
    second = s * (turn - 1) - first * k
    third = 3 * first * turn - second * k
    return first, second, third, 4 * second * turn + 6 * first * first - third * k


def _mills_ratio(t: arb) -> arb:
    """Return Phi(-t)/phi(t) for t >= 0: by erfc, far out by the series whose sum lies between any two partial sums.

    Abramowitz & Stegun (1964), 26.2.12.
    """
    square = t * t
    if square < 4 * ctx.prec:
        return (arb.pi() / 2).sqrt() * (square / 2).exp() * (t / arb(2).sqrt()).erfc()
    before, total, term = arb(0), arb(1), arb(1)
    for k in range(ctx.prec):
        term = -term * (2 * k + 1) / square
        before, total = total, total + term
        if abs(term) < arb(2) ** -ctx.prec:
            break
    return before.union(total) / t


def _normal_over(x: arb) -> tuple[arb, ...]:
    """Return the same over a ball: log(Phi), m and s fall or rise, derivatives lie near those at the middle."""
    if x.is_exact():
        return _normal(x)
    ends = _normal(x.lower()), _normal(x.upper())
    value, m, s = (ends[0][k].union(ends[1][k]) for k in range(3))
    first, second, third, fourth = _derivatives(x, m, s)
    found, middle, away = [fourth], _normal(x.mid()), x - x.mid()
    for wide, exact in ((third, middle[5]), (second, middle[4]), (first, middle[3])):
        near = exact + found[-1] * away
        found.append(near.intersection(wide) if near.is_finite() and wide.is_finite() else wide)
    return value, m, s, *found[::-1]


def _of_normal(order: int) -> Callable[[arb], Taylor]:
    """Return the Taylor coefficients of log(Phi) (order 0), of m (1), of s (2) or of minus the derivative of s (3)."""
    sign = -1 if order == 2 else 1

    def taylor(x: arb) -> Taylor:
        value, m, *rest = _normal_over(x)
        found = [sign * f for f in (value, m, *(-f for f in rest))[order : order + 4]]
        return found[0], found[1], found[2] / 2, found[3] / 6

    return taylor


def _growth_of_log_ndtr(far: Any, x: Any) -> Any:
    """Return bounds of log(Phi(x)): with t = max(-x, 0), between -t**2/2 - t - log(2) and -t**2/2."""
    t = far.extreme([-x, far.between(arb(0), arb(0))], 1)
    half = far.product(far.between(arb(0.5), arb(0.5)), far.square(t))
    lower = far.shifted(far.sum(half, t), arb(1))
    return type(half)((-lower).lower, (-half).upper)


def _growth_of_inverse_mills(far: Any, x: Any) -> Any:
    """Return bounds of phi(x)/Phi(x): between t = max(-x, 0) and t + 1."""
    t = far.extreme([-x, far.between(arb(0), arb(0))], 1)
    return type(t)(t.lower, far.shifted(t, arb(1)).upper)


FUNCTIONS: dict[str, Function] = {
    "exp": Function(
        ball=arb.exp,
        taylor=_exp,
        series=arb_series.exp,
        growth=lambda far, x: far.exp(x),
        is_positive=True,
    ),
    "expm1": Function(ball=arb.expm1, taylor=_expm1, growth=lambda far, x: far.shifted(far.exp(x), arb(-1))),
    "log": Function(ball=arb.log, taylor=_log, series=arb_series.log),
    "log1p": Function(ball=arb.log1p, taylor=_log1p),
    "sin": Function(
        ball=arb.sin,
        taylor=_sin,
        series=arb_series.sin,
        growth=lambda far, x: far.between(arb(-1), arb(1)),
    ),
    "cos": Function(
        ball=arb.cos,
        taylor=_cos,
        series=arb_series.cos,
        growth=lambda far, x: far.between(arb(-1), arb(1)),
    ),
    "tan": Function(ball=arb.tan, taylor=_tan, series=arb_series.tan),
    "sinh": Function(ball=arb.sinh, taylor=_sinh, growth=lambda far, x: far.hyperbolic_sine(x)),
    "cosh": Function(ball=arb.cosh, taylor=_cosh, growth=lambda far, x: far.hyperbolic_cosine(x), is_positive=True),
    "tanh": Function(ball=arb.tanh, taylor=_tanh, growth=lambda far, x: far.saturating(x, arb(1))),
    "atan": Function(
        ball=arb.atan,
        taylor=_atan,
        series=arb_series.atan,
        growth=lambda far, x: far.saturating(x, arb.pi() / 2),
    ),
    "asinh": Function(ball=arb.asinh, taylor=_asinh, growth=lambda far, x: far.logarithmic(x)),
    "sigmoid": Function(
        ball=_sigmoid,
        taylor=_taylor_of_sigmoid,
        growth=lambda far, x: far.between(arb(0), arb(1)),
        is_positive=True,
    ),
    "softplus": Function(
        ball=_softplus, taylor=_taylor_of_softplus, growth=lambda far, x: far.softplus(x), is_positive=True
    ),
    "log_ndtr": Function(ball=lambda x: _normal_over(x)[0], taylor=_of_normal(0), growth=_growth_of_log_ndtr),
    "inverse_mills": Function(
        ball=lambda x: _normal_over(x)[1], taylor=_of_normal(1), growth=_growth_of_inverse_mills, is_positive=True
    ),
    "inverse_mills_slope": Function(
        ball=lambda x: _normal_over(x)[2],
        taylor=_of_normal(2),
        growth=lambda far, x: far.between(arb(0), arb(1)),
        is_positive=True,
    ),
    "inverse_mills_curvature": Function(ball=lambda x: -_normal_over(x)[3], taylor=_of_normal(3), is_positive=True),
}

SWITCHING: dict[str, Growth] = {
    "abs": lambda far, x: far.absolute(x),
    "sign": lambda far, x: far.saturating(x, arb(1)),
    "sqrt": lambda far, x: far.power(x, Fraction(1, 2)),
}
"""The growth of functions with a kink, whose values are a matter of what is decided (`ball.py`)."""


def growth_of(name: str) -> Growth | None:
    """Return how a function grows, if that is known from its argument's bounds."""
    row = FUNCTIONS.get(name)
    return SWITCHING.get(name) if row is None else row.growth
