"""What overflows within a formula that is finite itself: sums of exponentials, their quotients, and high powers.

Values, slopes and proximal points against mpmath, at everyday weights and far out, on both targets, in both precisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from tree_values import Values, value

from symreg.calculus.signs.exponentials import sign_of_exponentials
from symreg.calculus.symbolic.dominant import dominant, freed
from symreg.expressions.text import to_text
from symreg.language.parse import parse
from symreg.model.interval import WORDS
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

CONVEX = (
    "logaddexp(w, -2*w)",
    "log(exp(w) + exp(2*w))",
    "log(2 + exp(w))",
    "log(a*exp(w) + b*exp(-2*w) + c)",
    "softplus(beta*(w - b))/beta + softplus(beta*(-w - b))/beta",
    "log((2*exp(w) + exp(-2*w))/3)",
    "sqrt(1 + exp(2*w))",
)
OTHERS = (
    "log(1 + w**2 + exp(w))",
    "(exp(w) - 1)/(exp(w) + 1)",
    "(exp(2*w) - exp(-w))/(exp(2*w) + exp(-w))",
    "exp(a*w)/(exp(a*w) + exp(-b*w) + 1)",
    "w**10/(1 + w**10)",
    "w*exp(w)/(1 + exp(w))",
    "a*abs(w)/sqrt(1 + w**2)",
)
SUMS = (
    "mu*log(sum(exp(w[i]/mu), i))",
    "log(1 + sum(exp(w[i]), i))",
    "log(sum(exp(w[i]) + 2*exp(-3*w[i]), i))",
    "log(sum(exp(w[i+1] - w[i]), i))",
    "sum(w[i]*exp(w[i]), i)/sum(exp(w[i]), i)",
    "sqrt(sum(exp(2*w[i]), i))",
    "log(2 + sum(exp(w[i]**2), i))",
    "sum(log(sum(exp(w[i]*w[j]), j)), i)",
)
PARAMETERS = {"a": 0.3, "b": 1.0, "c": 2.5, "beta": 100.0, "mu": 0.01}
WEIGHTS = (1e-8, 0.003, 0.37, 2.1, 31.0, 44.4, 87.0, 103.0, 351.0, 707.0, 745.0, 1e6, 1e15)
DTYPES = ("float64", "float32")
THROUGH_C = (
    # what is asked of the C target in every run, at least one of each kind: compilers take longer than all the rest
    "logaddexp(w, -2*w)",
    "log(exp(w) + exp(2*w))",
    "log(2 + exp(w))",
    "softplus(beta*(w - b))/beta + softplus(beta*(-w - b))/beta",
    "(exp(w) - 1)/(exp(w) + 1)",
    "w**10/(1 + w**10)",
    "mu*log(sum(exp(w[i]/mu), i))",
    "sum(w[i]*exp(w[i]), i)/sum(exp(w[i]), i)",
)
DIGITS = 200  # of which a difference quotient has some 90 behind the point
UNIT = {"float64": 2.0**-53, "float32": 2.0**-24}


def cases(texts: Iterable[str]) -> list[Any]:
    """Return each text with each target; every run looks at those of `THROUGH_C`, and of the others at every second."""
    return [
        pytest.param(text, target, marks=[pytest.mark.sweep] * (text not in THROUGH_C and (target == "c" or place % 2)))
        for place, text in enumerate(texts)
        for target in ("numpy", "c")
    ]


@cache
def objective_of(text: str) -> Objective:
    return resolve(text)


@cache
def emitted(text: str, target: str, dtype: str) -> Any:
    return load(objective_of(text), updates(objective_of(text)), target, dtype)


def given(text: str) -> dict[str, float]:
    return {p.name: PARAMETERS[p.name] for p in objective_of(text).terms.parameters}


@cache
def exact(text: str, w: tuple[Any, ...]) -> Any:
    """Return the penalty's value."""
    (term,) = objective_of(text).terms.terms
    known: dict[str, Any] = {"n": mpmath.mpf(len(w)), **{k: mpmath.mpf(x) for k, x in given(text).items()}}
    if term in objective_of(text).terms.elementwise:
        return mpmath.fsum(value(term.tree, Values(mpmath, {**known, "w": x})) for x in w)
    return value(term.tree, Values(mpmath, known, {"w": w}))


@cache
def derivatives(text: str, w: tuple[Any, ...], j: int) -> tuple[Any, Any]:
    """Return the slope by one weight, and by how much it may be off: the sum of |w_k*d slope/d w_k|."""
    h = mpmath.mpf(10) ** (-mpmath.mp.dps // 4)

    def moved(*steps: tuple[int, Any]) -> Any:
        weights = list(w)
        for k, step in steps:
            weights[k] += step
        return exact(text, tuple(weights))

    steps = [h * (abs(x) or 1) for x in w]
    slope = (moved((j, steps[j])) - moved((j, -steps[j]))) / (2 * steps[j])
    loose = mpmath.mpf(0)
    for k, x in enumerate(w):
        corners = [(a * b, moved((j, a * steps[j]), (k, b * steps[k]))) for a in (1, -1) for b in (1, -1)]
        loose += abs(x * sum(sign * at for sign, at in corners) / (4 * steps[j] * steps[k]))
    return slope, loose


def assert_near(got: float, right: Any, loose: Any, dtype: str, where: object) -> None:
    largest = np.finfo(dtype).max
    if abs(right) < largest:
        floor = 1e-80 if dtype == "float64" else 1e-30
        assert abs(got - right) <= 16 * UNIT[dtype] * (abs(right) + loose) + floor, (where, got, float(right))


def signed(dtype: str) -> np.ndarray:
    return np.array([0.0, *WEIGHTS, *(-w for w in WEIGHTS)], dtype)


@pytest.mark.one_in(56)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("text", "target"), cases([*CONVEX, *OTHERS]))
def test_value_and_slope_are_right_far_out(text: str, target: str, dtype: str) -> None:
    module, w = emitted(text, target, dtype), signed(dtype)
    slopes = module.gradient(w, **given(text))
    with mpmath.workdps(DIGITS):
        for x, slope in zip(w, slopes, strict=True):
            at = (mpmath.mpf(float(x)),)
            right, loose = derivatives(text, at, 0)
            height = exact(text, at)
            by_parameters = sum(given(text).values())
            assert_near(float(slope), right, loose + by_parameters * abs(right), dtype, x)
            loose = abs(at[0] * right) + by_parameters * abs(height)
            assert_near(module.value(np.array([x]), **given(text)), height, loose, "float64", x)


@pytest.mark.one_in(45)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("text", "target"), cases(CONVEX))
@pytest.mark.parametrize("step", [0.1, 30.0])
def test_the_proximal_point_is_right_far_out(text: str, step: float, target: str, dtype: str) -> None:
    """v = u + s*phi'(u), which rises by at least 1 for each 1 of u."""
    v = signed(dtype)
    points = emitted(text, target, dtype).prox(v, step=step, **given(text))
    with mpmath.workdps(DIGITS):
        for x, u in zip(v, points, strict=True):
            slope, bend = derivatives(text, (mpmath.mpf(float(u)),), 0)
            residual = u + mpmath.mpf(step) * slope - mpmath.mpf(float(x))
            allowed = 8 * UNIT[dtype] * (abs(float(u)) + abs(float(x)) + step * bend)
            assert abs(residual) <= allowed + 1e-30, (x, u, float(residual))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("text", "target"), cases(SUMS))
def test_sums_over_an_index_are_right_far_out(text: str, target: str, dtype: str) -> None:
    module = emitted(text, target, dtype)
    rows = [[8.0, 1.0], [1.0, 8.0, 8.0], [0.5, -0.25, 0.125], [-90.0, 95.0], [-800.0, -801.0, -2.0], [750.0, 749.5]]
    with mpmath.workdps(DIGITS):
        for row in rows:
            w = tuple(mpmath.mpf(x) for x in row)
            slopes = module.gradient(np.array(row, dtype), **given(text))
            total = mpmath.mpf(0)
            for j, got in enumerate(slopes):
                right, loose = derivatives(text, w, j)
                total += abs(w[j] * right)
                assert_near(float(got), right, loose + abs(right) * len(row), dtype, (row, j))
            assert_near(module.value(np.array(row, dtype), **given(text)), exact(text, w), total, "float64", row)


@pytest.mark.parametrize(("text", "target"), cases(["mu*log(sum(exp(w[i]/mu), i))", "log(1 + sum(exp(w[i]), i))"]))
def test_nan_in_any_weight_comes_out_of_a_greatest_term(text: str, target: str) -> None:
    module = emitted(text, target, "float64")
    for place in range(3):
        w = np.array([1.0, 2.0, 3.0])
        w[place] = np.nan
        assert np.isnan(module.value(w)) and np.all(np.isnan(module.gradient(w)))


@pytest.mark.parametrize(("text", "target"), cases(SUMS))
def test_no_finite_weight_gives_nan(text: str, target: str) -> None:
    module, largest = emitted(text, target, "float64"), np.finfo(np.float64).max
    for row in ([largest, -largest], [-largest, -largest], [largest, largest], [1e160, -1e-160]):
        assert not np.isnan(module.value(np.array(row), **given(text))), row
        assert not np.any(np.isnan(module.gradient(np.array(row), **given(text)))), row


def test_a_greatest_term_is_found_beyond_a_block() -> None:
    w = np.zeros(300_001)
    for place in (0, 131_071, 131_072, 300_000):
        w[:] = 0.0
        w[place] = 1000.0
        for target in ("numpy", "c"):
            module = emitted("mu*log(sum(exp(w[i]/mu), i))", target, "float64")
            slopes = module.gradient(w, mu=1.0)
            assert module.value(w, mu=1.0) == 1000.0 and slopes[place] == 1.0 and slopes.sum() == 1.0


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("log(exp(w) + exp(2*w))", "max(2*w, w) + log1p(exp(-abs(w)))"),
        ("exp(w)/(1 + exp(w))**2", "exp(-abs(w))/(1 + exp(-abs(w)))**2"),
        ("(exp(w) - 1)/(exp(w) + 1)", "-(sign(w)*(expm1(-abs(w))/(1 + exp(-abs(w)))))"),
        ("log(2 + exp(w)) + w", "where(w >= 0, w + log1p(2*exp(-abs(w))), log(2) + log1p(0.5*exp(-abs(w)))) + w"),
    ],
)
def test_the_greatest_exponential_is_taken_out(text: str, form: str) -> None:
    assert to_text(freed(parse(text))) == form


@pytest.mark.parametrize("text", ["w**2 + log(1 + w**2)", "exp(w)", "where(w > 0, w, exp(w))", "sin(exp(w) + w)"])
def test_what_holds_no_sum_of_exponentials_is_left_as_it_is(text: str) -> None:
    assert not list(dominant(parse(text)))


@pytest.mark.parametrize(
    ("text", "is_positive", "sign"),
    [
        ("exp(w)/(1 + exp(w))**2", False, "positive"),
        ("1 - exp(-2*w)", True, "positive"),
        ("1 - exp(-2*w)", False, "undecided"),
        ("exp(3*w) - 3*exp(w) + 2", True, "positive"),
        ("exp(2*w) - 3*exp(w) + 2", True, "undecided"),
        ("exp(w)*(exp(w) - exp(-w))/(exp(1 - w) - exp(-1 - w) + exp(w))", True, "positive"),
        ("a*exp(w) + exp(-w)", False, "positive"),
        ("-exp(2*w) + exp(w)", True, "negative"),
        ("exp(2*w) - 2.5*exp(w) + 2", True, "undecided"),
        ("exp(2*w) - exp(w) + 1", True, "positive"),
    ],
)
def test_the_sign_of_exponentials(text: str, is_positive: bool, sign: str) -> None:
    a = Parameter(name="a", domain=WORDS["positive"], default=1.0)
    assert sign_of_exponentials(parse(text), (a,), is_positive=is_positive) == sign
