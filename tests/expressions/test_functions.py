"""The table of functions says what is true: each column of each row against mpmath and against the judge's table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb, ctx, fmpq_series
from true_functions import FUNCTIONS as TRUE

from symreg.accuracy.rewrites.power_series import POWER_SERIES
from symreg.calculus.evaluation import balls
from symreg.calculus.evaluation.high_precision import evaluate
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.formulas import computed, definition, derivatives, ends, function_of, inverse, requirement
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.tree import Call, Name, Tree, number
from symreg.targets.numpy.expressions import NAMES
from symreg.verification.oracle.functions import FUNCTIONS as JUDGED

POINTS = tuple(Fraction(x) for x in ("-30.5", "-2.25", "-0.75", "-1e-9", "1e-30", "0.5", "0.875", "1.25", "3", "40"))
ROWS = [row for row in FUNCTIONS.values() if row.name in TRUE]
DIGITS = 60
W: Tree = Name("w")

of_each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def points(row: Function) -> Iterator[Any]:
    """Yield the points at which a function has a value."""
    for x in POINTS:
        if TRUE[row.name].has_value(_real(x)):
            yield _real(x)


def same(found: Any, right: Any, tolerance: float = 1e-40) -> bool:
    return bool(abs(found - right) <= tolerance * (abs(right) + mpmath.mpf(10) ** -50))


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(2 * DIGITS), ctx.workprec(8 * DIGITS):
        yield


def at(x: Any) -> dict[Tree, Any]:
    return {W: evaluate(number(0), {}) + x}


def value(tree: Tree, x: Any) -> Any:
    return mpmath.mpf(evaluate(tree, at(x)))


def in_ball(ball: arb, right: Any) -> bool:
    low, high = (mpmath.mpf(str(end.mid().str(3 * DIGITS, radius=False))) for end in (ball.lower(), ball.upper()))
    slack = mpmath.mpf(10) ** -(DIGITS) * (1 + abs(right))
    return bool(low - slack <= right <= high + slack)


def exact_ball(x: Any) -> arb:
    return arb(mpmath.nstr(x, 2 * DIGITS))


def test_each_function_of_one_number_has_a_truth() -> None:
    assert set(FUNCTIONS) - set(TRUE) == {"min", "max", "where", "sum", "norm", "logaddexp"}


@of_each
def test_values_are_those_of_mpmath_in_many_digits_and_in_both_kinds_of_balls(row: Function) -> None:
    compared = 0
    for x in points(row):
        right = TRUE[row.name].value(x)
        assert same(value(Call(row.name, (W,)), x), right), x
        assert in_ball(balls.FUNCTIONS[row.name](exact_ball(x)), right), x
        if row.name in JUDGED:
            assert in_ball(JUDGED[row.name].ball(exact_ball(x)), right), x
        compared += 1
    assert compared >= 5


@of_each
def test_derivatives_are_those_of_mpmath_and_of_the_judge(row: Function) -> None:
    (slope,) = derivatives(row.name, [W])
    compared = 0
    for x in points(row):
        if row.kink and abs(x) < 1e-20:
            continue
        found = value(slope, x)
        assert same(found, mpmath.diff(TRUE[row.name].value, x, h=mpmath.mpf(10) ** -55), 1e-30), x
        if row.name in JUDGED:
            assert in_ball(JUDGED[row.name].taylor(exact_ball(x))[1], found), x
        compared += 1
    assert compared >= 5


def test_both_derivatives_of_logaddexp() -> None:
    first, second = derivatives("logaddexp", [W, number(2)])
    for x in POINTS:
        y = _real(x)
        right = 1 / (1 + mpmath.exp(2 - y))
        assert same(value(first, y), right) and same(value(second, y), 1 - right)


@pytest.mark.parametrize("row", [row for row in ROWS if row.inverse], ids=lambda row: row.name)
def test_inverses_give_the_argument_back(row: Function) -> None:
    compared = 0
    for x in points(row):
        if (row.parity == "even" and x < 0) or abs(x) > 20:
            continue
        y = TRUE[row.name].value(x)
        back = inverse(row.name, W)
        assert back is not None
        assert same(value(back, y), x, 1e-20), x
        compared += 1
    assert compared >= 4


@pytest.mark.parametrize("row", [r for r in ROWS if r.definition or r.computed], ids=lambda row: row.name)
def test_definitions_and_computed_forms_are_the_function(row: Function) -> None:
    for x in points(row):
        right = TRUE[row.name].value(x)
        if row.definition:
            assert same(value(definition(row.name, [W]), x), right, 1e-20), x
        if (form := computed(row.name, [W])) is not None:
            assert same(value(form, x), right), x


@of_each
def test_parity_range_and_growth_hold(row: Function) -> None:
    function = TRUE[row.name].value
    low, high = (value(end, 0) for end in ends(row.range))
    given = list(points(row))
    for x in given:
        y = function(x)
        if row.parity:
            assert same(function(-x), y if row.parity == "even" else -y), x
        assert (low < y if row.range[0] == "(" else low <= y) or same(low, y), x
        assert (y < high if row.range[-1] == ")" else y <= high) or same(high, y), x
        if row.keeps_sign:
            assert mpmath.sign(y) == mpmath.sign(x), x
        if row.period:
            assert same(function(x + value(_formula(row.period), 0)), y, 1e-30), x
    along = [x for x in given if row.monotone != "rising from 0" or x >= 0] if row.monotone else []
    values = [function(x) for x in along]
    assert values == sorted(values, reverse=row.monotone == "falling")
    if row.curvature == "convex":
        chords = [(x, y) for x in given for y in given if x < y]
        assert all(function((x + y) / 2) <= (function(x) + function(y)) / 2 for x, y in chords)
    if row.at_zero:
        assert function(mpmath.mpf(0)) == value(_formula(row.at_zero), 0)


def _real(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def _formula(text: str) -> Tree:
    low, _ = ends(f"[{text}, inf)")
    return low


@of_each
def test_the_domain_ends_where_the_function_does(row: Function) -> None:
    truth = TRUE[row.name]
    low, _ = ends(row.domain)
    assert (low == ends("(-inf, inf)")[0]) == (truth.least == -np.inf)
    needed = requirement(row.name, W)
    if truth.least == -np.inf:
        assert needed is None or row.poles
        return
    assert needed is not None and truth.is_open == (row.domain[0] == "(")
    tree, relation = needed
    assert value(tree, truth.least) == 0 and relation == (">" if truth.is_open else ">=")


def test_the_pole_of_the_tangent() -> None:
    tree, relation = requirement("tan", W) or (W, "")
    assert relation == "!=" and abs(value(tree, mpmath.pi / 2)) < 1e-50


@pytest.mark.parametrize("row", [row for row in ROWS if row.facts], ids=lambda row: row.name)
def test_what_z3_is_told_holds(row: Function) -> None:
    connect: dict[str, Callable[..., Any]] = {"and": lambda *x: all(x), "implies": lambda a, b: not a or b}
    connect |= {name: truth.value for name, truth in TRUE.items()}
    held = 0
    for x in points(row):
        y = TRUE[row.name].value(x)
        for fact in row.facts:
            is_value, what = fact.startswith("y == "), fact.removeprefix("y == ")
            told = function_of(what, _real, lambda f, *z: connect[f](*z), "yu")(y, x)
            assert same(y, told, 1e-30) if is_value else told, (fact, x)
            held += 1
    assert held


@of_each
def test_sympy_means_the_same_and_comes_back(row: Function) -> None:
    expression = to_sympy(Call(row.name, (W,)))
    back = from_sympy(expression)
    for x in points(row):
        right = TRUE[row.name].value(x)
        assert same(value(back, x), right, 1e-20), x
        exact = sympy.Rational(str(mpmath.nstr(x, 40)))
        found = expression.subs(next(iter(expression.free_symbols)), exact).evalf(60)
        assert same(mpmath.mpf(str(found)), right, 1e-25), x


@pytest.mark.parametrize("name", POWER_SERIES)
def test_power_series_are_those_of_mpmath(name: str) -> None:
    about = 1 if name in ("log", "sqrt") else 0
    before, ctx.cap = ctx.cap, 8
    try:
        found = [mpmath.mpf(int(c.p)) / int(c.q) for c in POWER_SERIES[name](fmpq_series([about, 1])).coeffs()]
    finally:
        ctx.cap = before
    right = mpmath.taylor(TRUE[name].value, about, 7, h=mpmath.mpf(10) ** -12)
    found += [mpmath.mpf(0)] * (len(right) - len(found))
    assert all(abs(a - b) < 1e-8 for a, b in zip(found, right, strict=True))


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.parity == "odd" and r.has_rational_series], ids=lambda row: row.name
)
def test_odd_power_series_begin_with_x(row: Function) -> None:
    assert mpmath.diff(TRUE[row.name].value, 0) == 1 and TRUE[row.name].value(mpmath.mpf(0)) == 0


@of_each
def test_numpy_has_it_under_that_name(row: Function) -> None:
    if row.computed or row.emitted:
        return
    function = getattr(np, NAMES[row.name].removeprefix("np."))
    for x in points(row):
        if abs(x) < 100:
            assert same(mpmath.mpf(float(function(float(x)))), TRUE[row.name].value(mpmath.mpf(float(x))), 1e-12), x


def test_the_table_is_of_text_and_numbers() -> None:
    for row in FUNCTIONS.values():
        for field in row.__slots__:
            found = getattr(row, field)
            assert found is None or isinstance(found, str | int | float | bool | tuple), (row.name, field)
            assert not isinstance(found, tuple) or all(isinstance(part, str) for part in found)
