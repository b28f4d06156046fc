"""What the judge knows of the language's functions, a row each: values in balls, Taylor coefficients, growth.

It shares nothing with the compiler's table (`expressions/functions.py`), on purpose: what stands there wrongly would
stand here wrongly too. A test says that the two agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from flint import arb, arb_series

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
