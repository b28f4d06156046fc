"""The probit loss, end to end: emitted code is right from 1e-30 to 1e4 and beyond, in both languages and precisions."""

from __future__ import annotations

import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from true_functions import FUNCTIONS as TRUE

import symreg
from symreg.expressions.approximations import APPROXIMATIONS

MARGINS = (0.0, 1e-30, -1e-30, 1e-9, 0.3, -0.3, 1.0, -1.0, 4.0, -4.0, 8.5, -8.5, 13.0, -13.0, -37.5, -200.0, -1e4)
RIGHT: dict[str, tuple[str, int]] = {  # the function of y*z, and its sign for y = 1
    "loss_value": ("log_ndtr", -1),
    "loss_gradient": ("inverse_mills", -1),
    "loss_hessian": ("inverse_mills_slope", 1),
}
OBJECTIVE = "mean(probit) + l2"


@cache
def source() -> str:
    (text,) = symreg.generate(OBJECTIVE, judge=False).values()
    return text


def in_numpy(text: str) -> Any:
    """Return the functions of an emitted module."""
    names: dict[str, Any] = {}
    exec(compile(text, "probit_l2.py", "exec"), names)  # noqa: S102 - our own file
    return SimpleNamespace(**names)


@cache
def exact(function: str, x: float) -> Any:
    with mpmath.workdps(60):
        return TRUE[function].value(mpmath.mpf(x))


def check_values(functions: Any, dtype: Any) -> None:
    """Each may be off by 6 units, and by what it moves when its argument moves by 2 units of its own."""
    z = np.array(MARGINS, dtype)
    unit = float(np.finfo(dtype).eps) / 2
    for label in (1, -1):
        for name, (function, sign) in RIGHT.items():
            found = getattr(functions, name)(dtype(label) * z, np.full_like(z, label))
            outer = sign * (label if name == "loss_gradient" else 1)
            for x, value in zip(map(float, z), map(float, found), strict=True):
                right = exact(function, x)
                moved = abs(exact(function, x * (1 + 2 * unit)) - right)
                assert abs(outer * value - right) <= 6 * unit * abs(right) + moved + 1e-44, (name, x)


def check_far_out(functions: Any, dtype: Any, far: float) -> None:
    z = np.array([-1e4, 1e4, -far, far, np.inf, np.nan], dtype)
    y = np.ones_like(z)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slope, curvature = (getattr(functions, name)(z, y) for name in RIGHT)
    assert abs(value[0] / 50000010.129278915 - 1) < 1e-7 and abs(value[2] / (far * far / 2) - 1) < 1e-6
    assert abs(slope[0] / -1e4 - 1) < 1e-7 and slope[2] == -dtype(far)
    assert curvature[2] == 1 and abs(1 - curvature[0] - 1e-8) < (1e-15 if dtype is np.float64 else 1e-7)
    assert value[4] == slope[4] == 0
    for row in (value, slope, curvature):
        assert row[1] == row[3] == 0 and np.isnan(row[5])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_values_are_right_to_a_few_units_and_far_out_nothing_overflows(target: str) -> None:
    functions = symreg.load(OBJECTIVE, target="c") if target == "c" else in_numpy(source())
    for dtype, far in ((np.float64, 1e150), (np.float32, 1e18)):
        check_values(functions, dtype)
        check_far_out(functions, dtype, far)


def test_a_coefficient_that_is_off_by_a_billionth_is_noticed() -> None:
    last = APPROXIMATIONS["normal_excess"].double.split()[-1]
    assert source().count(last) == 1
    mutant = in_numpy(source().replace(last, repr(float(last) * (1 + 1e-9))))
    with pytest.raises(AssertionError, match="loss_"):
        check_values(mutant, np.float64)
    check_values(mutant, np.float32)  # which has coefficients of its own


def test_numbers_may_stand_for_arrays() -> None:
    """As where an operator needs the slope at 0, which is no element of an array."""
    excess = in_numpy(source())._normal_excess
    for zero in (np.abs(0), np.float64(0), np.zeros(3), np.zeros(3, np.float32)):
        found = excess(zero)
        assert found.shape == np.shape(zero) and np.allclose(found, np.sqrt(2 / np.pi), rtol=1e-6)
        assert found.dtype == np.result_type(zero, np.float32)


def test_fitted_by_newtons_method_with_data() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = np.where(rng.random(300) < 0.5 * (1 + np.tanh(X @ [1.0, -2.0, 0.0, 0.5])), 1.0, -1.0)
    f, w, given = in_numpy(source()), np.zeros(4), {"lam": 0.01}
    for _ in range(12):
        hessian = np.array([f.hessian_vector(w, e, X, y, **given) for e in np.eye(4)])
        w = w - np.linalg.solve(hessian, f.gradient(w, X, y, **given))
    assert np.abs(f.gradient(w, X, y, **given)).max() < 1e-15
    assert f.lipschitz(X) + 2 * 0.01 >= np.linalg.eigvalsh(hessian).max()


@pytest.mark.sweep
def test_it_is_the_loss_written_out_and_a_penalty_may_hold_it() -> None:
    z, y = np.linspace(-6, 6, 25), np.tile([-1.0, 1.0], 13)[:25]
    probit, own = in_numpy(source()), symreg.load("mean(-log_ndtr(y*z/s)) + l2", target="numpy", timeout=300)
    np.testing.assert_array_equal(own.loss_value(2 * z, y, s=2.0), probit.loss_value(z, y))
    barrier = symreg.load("-log_ndtr(w/s)", target="numpy", timeout=300)
    np.testing.assert_allclose(barrier.gradient(z, s=1.0), probit.loss_gradient(z, np.ones(25)), rtol=1e-15)
    v = np.array([-1e30, -3.0, 0.0, 2.0])
    u = barrier.prox(v, step=14900.0, s=1.0)
    np.testing.assert_allclose(u + 14900 * barrier.gradient(u, s=1.0), v, rtol=1e-12, atol=1e-9)


@pytest.mark.sweep
@pytest.mark.parametrize("text", [OBJECTIVE, "mean(-log_ndtr(y*z/s)) + l1", "-log_ndtr(w/s)", "lam*inverse_mills(w)"])
def test_the_judge_finds_all_of_it_right(text: str) -> None:
    assert symreg.verify(text, points=100, timeout=300).passed
