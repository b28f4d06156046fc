"""How the coefficients of `symreg/expressions/approximations.py` came about: interpolation at Chebyshev's points.

`python tests/support/interpolation.py` prints them. A function of t >= 0 that behaves like 1/t**power far out is smooth
as (t + shift)**power*f(t) in q = (t - scale)/(t + scale), which takes [0, inf] to [-1, 1] (Shepherd & Laframboise 1981,
Math. Comp. 36:249-253, for exp(x**2)*erfc(x)). Of all polynomials of a degree the one through its values at Chebyshev's
points is off by little more than the best one; in powers of q it stays well-conditioned, as its coefficients fall
quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath

DIGITS = 60


def normal_excess(t: Any) -> Any:
    """Return E[X - t | X > t] of a standard normal X, in mpmath's precision.

    By integrals of the complementary error function, which are confluent hypergeometric functions (Abramowitz & Stegun
    1964, 7.2.12): sqrt(2)*i1erfc(z)/erfc(z) with z = t/sqrt(2), without a difference that cancels.
    """
    half, square = mpmath.mpf(1) / 2, mpmath.mpf(t) ** 2 / 2
    return mpmath.hyperu(1, half, square) / (mpmath.sqrt(2) * mpmath.hyperu(half, half, square))


def normal_third_moment(t: Any) -> Any:
    """Return the third central moment of a standard normal X, given that X > t: h*(e**2 + h*e - 1).

    With e = normal_excess(t) and the hazard h = t + e: log(Phi(u - t)) + u**2/2 generates the cumulants, and h' = h*e.
    """
    with mpmath.workdps(DIGITS + 4 * len(str(int(t)))):  # it cancels, four digits a digit
        e = normal_excess(t)
        return (t + e) * (e * e + (t + e) * e - 1)


def coefficients(function: Callable[[Any], Any], scale: int, shift: int, power: int, degree: int) -> list[Any]:
    """Return the polynomial in q through (t + shift)**power*f(t) at Chebyshev's points, the highest power first."""
    with mpmath.workdps(DIGITS):
        count = degree + 1
        angles = [mpmath.pi * (2 * k + 1) / (2 * count) for k in range(count)]
        places = [mpmath.cos(angle) for angle in angles]
        distances = [scale * (1 + q) / (1 - q) for q in places]
        values = [(t + shift) ** power * function(t) for t in distances]
        powers = [mpmath.mpf(0)] * count
        before, chebyshev = [mpmath.mpf(0)] * count, [mpmath.mpf(1)] + [mpmath.mpf(0)] * degree
        for order in range(count):
            products = (value * mpmath.cos(order * angle) for value, angle in zip(values, angles, strict=True))
            share = (2 if order else 1) * mpmath.fsum(products) / count
            powers = [power + share * c for power, c in zip(powers, chebyshev, strict=True)]
            shifted = [mpmath.mpf(0), *chebyshev[:-1]]
            factor = 2 if order else 1
            before, chebyshev = chebyshev, [factor * s - b for s, b in zip(shifted, before, strict=True)]
        return powers[::-1]


FUNCTIONS = {"normal_excess": normal_excess, "normal_third_moment": normal_third_moment}
"""By their names in the table of approximations."""


if __name__ == "__main__":
    for name, form, degrees in (("normal_excess", (4, 1, 1), (28, 13)), ("normal_third_moment", (3, 2, 3), (34, 16))):
        for degree, digits in zip(degrees, (17, 9), strict=True):
            print(name)
            for coefficient in coefficients(FUNCTIONS[name], *form, degree):
                print(mpmath.nstr(coefficient, digits, min_fixed=-1, max_fixed=1))
