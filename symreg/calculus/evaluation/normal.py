"""Functions of the standard normal distribution in balls, and by these in mpmath's numbers.

With z = x**2/2 all of them are quotients of Tricomi's U, which Arb encloses at any z without an overflow or what
cancels: erfc(sqrt(z)) = exp(-z)*U(1/2, 1/2, z)/sqrt(pi), and its integral has U(1, 1/2, z) (Abramowitz & Stegun 1964,
7.2.12 and 13.6).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from flint import arb, ctx

_BITS = 448  # more than the digits that mpmath's numbers have here
_FARTHEST = 10**15
_LARGEST = sys.float_info.max


def log_ndtr(x: arb) -> arb:
    """Return log(Phi(x))."""
    return _between_ends(_log_ndtr, x)


def inverse_mills(x: arb) -> arb:
    """Return phi(x)/Phi(x)."""
    return _between_ends(_inverse_mills, x)


def inverse_mills_slope(x: arb) -> arb:
    """Return m*(x + m) with m = phi(x)/Phi(x)."""
    return _between_ends(_inverse_mills_slope, x)


def inverse_mills_curvature(x: arb) -> arb:
    """Return s*(x + 2*m) - m with s = m*(x + m), which is positive."""
    if not x.is_finite():
        return x * 0
    if x.is_exact():  # it falls like 2/|x|**3 where s is near 1
        with ctx.workprec(ctx.prec + 32 + 6 * max(0, math.frexp(min(float(abs(x)), _LARGEST))[1])):
            return _curvature(x)
    return _curvature(x).max(arb(0))


def _curvature(x: arb) -> arb:
    ratio = inverse_mills(x)
    return inverse_mills_slope(x) * (x + 2 * ratio) - ratio


def in_mpmath(function: Callable[[arb], arb], number: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function as one of mpmath's numbers.

    Args:
        function: In balls.
        number: Makes a number of mpmath of an integer, or of a mantissa and an exponent of 2.
    """

    def value(x: Any) -> Any:
        if not -math.inf < x < math.inf:
            raise ValueError
        sign, mantissa, exponent, _ = number(min(x, _FARTHEST))._mpf_  # beyond, digits alone would take long
        with ctx.workprec(_BITS):
            middle = function(arb((-int(mantissa) if sign else int(mantissa), int(exponent)))).mid()
            mantissa, exponent = middle.man_exp()
        return number((int(mantissa), int(exponent)))

    return value


def _between_ends(function: Callable[[arb], arb], x: arb) -> arb:
    """Return the hull of a monotone function's values at the ends of a ball."""
    return function(x) if x.is_exact() else function(x.lower()).union(function(x.upper()))


def _log_ndtr(x: arb) -> arb:
    if not x.is_finite():
        return arb(0) if x > 0 else x
    z, u = _tail(x)
    ratio = u / (2 * arb.pi().sqrt())
    return (-(-z).exp() * ratio).log1p() if x > 0 else ratio.log() - z


def _inverse_mills(x: arb) -> arb:
    if not x.is_finite():
        return arb(0) if x > 0 else -x
    z, u = _tail(x)
    if not x > 0:
        return arb(2).sqrt() / u
    small = (-z).exp()
    return small / (2 * arb.pi()).sqrt() / (1 - small * u / (2 * arb.pi().sqrt()))


def _inverse_mills_slope(x: arb) -> arb:
    if not x.is_finite():
        return arb(0) if x > 0 else x * 0 if x.is_nan() else arb(1)
    if x > 0:
        ratio = _inverse_mills(x)
        return ratio * (x + ratio)
    z, u = _tail(x)
    return z.hypgeom_u(arb(1), arb(1) / 2) / (u * u)


def _tail(x: arb) -> tuple[arb, arb]:
    """Return x**2/2 and U(1/2, 1/2, x**2/2)."""
    z = x * x / 2
    return z, z.hypgeom_u(arb(1) / 2, arb(1) / 2)


FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "log_ndtr": log_ndtr,
    "inverse_mills": inverse_mills,
    "inverse_mills_slope": inverse_mills_slope,
    "inverse_mills_curvature": inverse_mills_curvature,
}
"""By their names in the language."""
