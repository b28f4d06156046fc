"""The coefficients of what no library has: worked out again, and held against balls."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import interpolation
import mpmath
import pytest
from flint import arb, ctx, fmpq

from symreg.calculus.evaluation import normal
from symreg.expressions.approximations import APPROXIMATIONS, Approximation

DISTANCES = ("0", "1e-30", "0.001", "0.3", "0.99", "2.5", "4", "7.25", "38", "1e4", "1e60", "1e150")
UNITS = {"double": Fraction(1, 2**53), "single": Fraction(1, 2**24)}
each_row = pytest.mark.parametrize("row", APPROXIMATIONS.values(), ids=lambda row: row.name)


def exact(name: str, t: arb) -> arb:
    """Return the function in balls, by functions of the language."""
    if name == "normal_third_moment":
        return normal.inverse_mills_curvature(-t)
    with ctx.workprec(ctx.prec + 1200):  # the difference cancels
        return normal.inverse_mills(-t) - t


def worst_error(row: Approximation, kind: str) -> float:
    """Return the greatest relative error of a row's polynomial at numbers, without a rounding, in units."""
    worst = 0.0
    with ctx.workprec(200):
        for text in DISTANCES:
            t = arb(float(text))
            q, total = (t - row.scale) / (t + row.scale), arb(0)
            for coefficient in getattr(row, kind).split():
                value = Fraction(coefficient)
                total = total * q + arb(fmpq(value.numerator, value.denominator))
            right = exact(row.name, t)
            error = abs(total / (t + row.shift) ** row.power / right - 1).upper()
            worst = max(worst, float(error) / float(UNITS[kind]))
    return worst


@each_row
def test_coefficients_are_those_of_the_interpolation(row: Approximation) -> None:
    for coefficients, digits in ((row.double.split(), 17), (row.single.split(), 9)):
        degree = len(coefficients) - 1
        function = interpolation.FUNCTIONS[row.name]
        found = interpolation.coefficients(function, row.scale, row.shift, row.power, degree)
        assert coefficients == [mpmath.nstr(c, digits, min_fixed=-1, max_fixed=1) for c in found]


@each_row
def test_values_are_right_to_a_unit_in_both_precisions(row: Approximation) -> None:
    for kind in UNITS:
        assert worst_error(row, kind) < 1


@each_row
def test_a_coefficient_that_is_off_by_a_billionth_is_noticed(row: Approximation) -> None:
    tried = 0
    for coefficient in row.double.split():
        if abs(float(coefficient)) > 1e-5:
            off = row.double.replace(coefficient, repr(float(coefficient) * (1 + 1e-9)), 1)
            assert worst_error(replace(row, double=off), "double") > 4 / 3
            tried += 1
    assert tried > 10
