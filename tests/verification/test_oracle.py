"""The oracle: derivatives with proven radii where gradient checks usually lie, kinks, conventions, and no SymPy."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from formulas import (
    ADAMW,
    BARRIER,
    DIFFERENCES,
    EXCLUSIVE,
    HANDWRITTEN,
    L1,
    L2,
    LAM,
    MCP,
    NORM,
    TIKHONOV,
    VARIANCE,
    Handwritten,
    terms,
)

from symreg.model.terms import Terms
from symreg.verification.cases.sampling.groups import groups
from symreg.verification.minimum.steps import influences, stepper
from symreg.verification.oracle import derivatives
from symreg.verification.oracle.derivatives import OracleDisagrees, Slope
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.oracle.functions import FUNCTIONS, Taylor
from symreg.verification.oracle.kinks import kinks
from symreg.verification.oracle.slopes import slopes, values

FLOOR = FORMATS["float64"].floor


def at(made: Terms, weight: float | Fraction, **parameters: float) -> Slope:
    found = slopes(made, parameters, floor=FLOOR)([weight], 0)
    assert found is not None
    return found


def close(found: arb, expected: float | mpmath.mpf, relative: float = 1e-15) -> bool:
    return abs(mpmath.mpf(found.mid().str(60, radius=False)) - expected) <= relative * abs(expected) + 1e-300


@pytest.mark.parametrize("weight", [1e-300, -1e-300, 5e-324, 1.0, -1e150, 1e300])
def test_l1_has_slope_one_however_small_the_weight(weight: float) -> None:
    # A fixed step straddles the kink and gives a confident 0 at 1e-300.
    assert close(at(L1, weight, lam=0.25).value, math.copysign(0.25, weight))


def test_a_derivative_that_fixed_precision_loses() -> None:
    # log(1 + exp(-301)) and 1 - exp(-large) vanish in 400 bits; the balls say so, and precision is raised.
    softplus = terms("log(1 + exp(-w))")
    with mpmath.workprec(4000):
        for weight in (301.0, 650.0):
            expected = -1 / (1 + mpmath.exp(mpmath.mpf(weight)))
            assert close(at(softplus, weight).value, expected, 1e-15), weight
        welsch = terms("lam*(1 - exp(-(w/c)**2))", lam=LAM, c=("positive", 1.0))
        for weight in (1e-150, 0.5, 20.0, 25.0):
            exact = mpmath.mpf(weight)
            expected = 2 * exact * mpmath.exp(-(exact**2)) / 2
            assert close(at(welsch, weight, lam=0.5, c=1.0).value, expected, 1e-15), weight


def test_a_derivative_below_every_float_is_determined() -> None:
    found = at(terms("1 - exp(-w**2)"), 1e10)
    assert abs(found.value) < 1e-300


def test_at_an_exact_zero_of_the_derivative_the_radius_still_falls() -> None:
    found = at(terms("sin(pi*w)**2"), 0.5)
    assert abs(found.value) < FLOOR


FORMULAS = {
    "pseudo-Huber": (terms("sqrt(1 + w**2) - 1"), lambda w: w / mpmath.sqrt(1 + w * w)),
    "log-cosh": (terms("log(cosh(w))"), mpmath.tanh),
    "quartic": (terms("w**4"), lambda w: 4 * w**3),
    "Lp": (terms("abs(w)**p", p=("[1, 2]", 1.5)), lambda w: 1.5 * mpmath.sign(w) * abs(w) ** mpmath.mpf("0.5")),
    "root": (terms("sqrt(abs(w))"), lambda w: mpmath.sign(w) / (2 * mpmath.sqrt(abs(w)))),
    "atan": (terms("atan(w)*w"), lambda w: mpmath.atan(w) + w / (1 + w * w)),
    "Geman-McClure": (terms("w**2/(1 + w**2)"), lambda w: 2 * w / (1 + w * w) ** 2),
    "sine": (terms("sin(3*w)**2"), lambda w: 3 * mpmath.sin(6 * w)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_slopes_against_closed_forms(name: str) -> None:
    made, derivative = FORMULAS[name]
    with mpmath.workprec(3000):
        for weight in (1e-150, -1e-12, 0.3, -1.0, 7.5, -1e5, 1e40):
            expected = derivative(mpmath.mpf(weight))
            assert close(at(made, weight, p=1.5).value, expected, 1e-16), weight


def test_values_are_enclosed_tightly_everywhere() -> None:
    made = terms("sqrt(1 + w**2) - 1")
    with mpmath.workprec(3000):
        for weight in (1e-150, 1e-9, 2.0, 1e150):
            found = values(made, {}, floor=FLOOR)([weight])
            assert found is not None
            exact = mpmath.mpf(weight)
            assert close(found, exact**2 / (mpmath.sqrt(1 + exact**2) + 1), 1e-17)


@pytest.mark.parametrize(
    ("text", "where", "low", "high", "chosen"),
    [
        ("abs(w)", 0.0, -1, 1, 0),
        ("where(w < 0, w, 3*w)", 0.0, 1, 3, 1),
        ("where(w < 0, -4*w, -w)", 0.0, -4, -1, -1),
        ("max(w, 0)", 0.0, 0, 1, 0),
        ("min(abs(w), 1)", 1.0, 0, 1, 0),
        ("max(abs(w), w**2)", 1.0, 1, 2, 1),
        ("abs(w - 2)*w", 2.0, -2, 2, 0),
        ("sqrt(w**2)", 0.0, -1, 1, 0),
        ("sqrt(abs(w))", 0.0, -math.inf, math.inf, 0),
        ("abs(w)**p", 0.0, 0, 0, 0),
        ("abs(w)**3", 0.0, 0, 0, 0),
        ("max(abs(w)**(3/2), 0) + w", 0.0, 1, 1, 1),
        ("where(abs(w)**(3/2) > 0, w, 2*w)", 0.0, 1, 1, 1),
        ("min(-abs(w)**(3/2)/2, 0) - w", 0.0, -1, -1, -1),
        ("where(abs(w) <= 1, w**2/2, abs(w) - 1/2)", 1.0, 1, 1, 1),
    ],
)
def test_the_choice_at_a_kink(text: str, where: float, low: float, high: float, chosen: float) -> None:
    found = at(terms(text, p=("[1, 2]", 1.5)), where, p=1.5)
    assert found.at_kink == (low != high)
    for ball, expected in ((found.low, low), (found.high, high), (found.value, chosen)):
        assert float(ball) == expected, (ball, expected)


def test_a_float_beside_an_irrational_knot_is_on_its_side_of_it() -> None:
    made = terms("where(abs(w) <= sqrt(lam), w**2, lam + 5*(abs(w) - sqrt(lam)))", lam=LAM)
    (left,) = (k for k in kinks(made.terms, {"lam": 2.0}) if k.below > 0)
    assert left.below < math.sqrt(2) <= left.above or left.below <= math.sqrt(2) < left.above
    assert close(at(made, left.below, lam=2.0).value, 2 * left.below)
    assert close(at(made, left.above, lam=2.0).value, 5.0)


def test_kinks_are_found_where_they_are() -> None:
    found = kinks(MCP.terms, {"lam": 0.5, "gamma": 3.0})
    assert [(k.below, k.is_float, k.is_fixed) for k in found] == [
        (-1.5, True, False),
        (0.0, True, True),
        (1.5, True, False),
    ]
    # 3 * 0.1 is not a float, nor is the knot.
    assert [k.is_float for k in kinks(MCP.terms, {"lam": 0.1, "gamma": 3.0})] == [False, True, False]
    assert [k.below for k in kinks(terms("max(w**2 - 1, 0)").terms, {})] == [-1.0, 1.0]
    assert kinks(L2.terms, {"lam": 1.0}) == ()


def test_outside_the_domain_and_at_its_ends() -> None:
    assert values(BARRIER, {"lam": 1.0})([-1.0]) == arb.pos_inf()
    assert at(BARRIER, -1.0, lam=1.0).value.is_nan()
    assert at(BARRIER, 0.0, lam=1.0).value.is_nan()
    closed = terms("w**2 + w", domain="[0, inf)")
    assert float(at(closed, 0.0).value) == 1
    assert not at(closed, 0.0).at_kink


def gradient(made: Terms, weights: list[float], arrays: dict[str, object] | None = None) -> list[float]:
    by = slopes(made, {"lam": 0.5}, arrays)
    found = [by(weights, j) for j in range(len(weights))]
    return [float(one.value) for one in found if one is not None]


def test_index_notation_against_closed_forms() -> None:
    w = np.array([1.0, -2.0, 0.5, 4.0])
    assert gradient(NORM, w.tolist()) == pytest.approx(0.5 * w / np.linalg.norm(w), rel=1e-15)
    steps = np.diff(w)
    expected = np.concatenate([[0], steps]) - np.concatenate([steps, [0]])
    assert gradient(DIFFERENCES, w.tolist()) == pytest.approx(expected, rel=1e-15)
    assert gradient(EXCLUSIVE, w.tolist()) == pytest.approx(np.sign(w) * np.abs(w).sum(), rel=1e-15)
    assert gradient(VARIANCE, w.tolist()) == pytest.approx((w - w.mean()) / 4, rel=1e-15)
    a = np.arange(16.0).reshape(4, 4)
    assert gradient(TIKHONOV, w.tolist(), {"A": a}) == pytest.approx(0.5 * (a + a.T) @ w, rel=1e-15)


def test_conventions_of_index_notation() -> None:
    by = slopes(NORM, {"lam": 0.5})
    found = by([0.0, 0.0], 1)
    assert found is not None and found.at_kink and found.is_settled
    assert (float(found.low), float(found.value), float(found.high)) == (-0.5, 0.0, 0.5)
    root = terms("sqrt(sum(w[i]**2, i))")
    at_zero = slopes(root, {})([0.0, 0.0, 0.0], 0)
    assert at_zero is not None and float(at_zero.value) == 0
    kinked = slopes(EXCLUSIVE, {"lam": 0.5})([1.0, 0.0], 1)
    assert kinked is not None and kinked.at_kink
    assert (float(kinked.low), float(kinked.value), float(kinked.high)) == (-1.0, 0.0, 1.0)


def test_an_empty_vector_costs_nothing() -> None:
    for made in (L2, NORM, VARIANCE):
        assert values(made, {"lam": 1.0})([]) == 0


def test_coefficients_and_sums_of_terms() -> None:
    both = Terms(terms=(*L1.terms, *terms("lam*w**2", coefficient=Fraction(1, 3), lam=LAM).terms))
    assert close(at(both, 2.0, lam=0.75).value, mpmath.mpf("1.75"))
    mixed = Terms(terms=(*L1.terms, *NORM.terms))
    found = slopes(mixed, {"lam": 1.0})([3.0, -4.0], 1)
    assert found is not None and close(found.value, mpmath.mpf("-1.8"))


def test_a_wrong_taylor_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FUNCTIONS["tanh"]

    def wrong(x: arb) -> Taylor:
        value, first, second, third = right.taylor(x)
        return value, first * (1 + arb(2) ** -40), second, third

    made = terms("tanh(w)*w")
    at(made, 0.5)
    monkeypatch.setitem(FUNCTIONS, "tanh", replace(right, taylor=wrong))
    with pytest.raises(OracleDisagrees):
        at(made, 0.5)


def test_the_two_ways_share_no_derivative_at_a_kink_either(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FUNCTIONS["sinh"]

    def doubled(x: arb) -> Taylor:
        value, first, second, third = right.taylor(x)
        return value, first * 2, second, third

    monkeypatch.setitem(FUNCTIONS, "sinh", replace(right, taylor=doubled))
    with pytest.raises(OracleDisagrees):
        at(terms("abs(sinh(w))"), 0.0)


def test_a_step_is_the_rule_as_it_was_written() -> None:
    step = stepper(ADAMW)
    point = {"w": 1.0, "g_loss": 0.5, "g_penalty": -0.25, "m": 0.125, "v": 0.0625, "t": 3}
    point |= {"lr": 0.5, "beta1": 0.75, "beta2": 0.5, "eps": 0.25}
    with ctx.workprec(200):
        found = step({name: arb(x) for name, x in point.items()})
    assert found is not None
    m, v = 0.75 * 0.125 + 0.25 * 0.5, 0.5 * 0.0625 + 0.5 * 0.25
    w = 1.0 - 0.5 * (m / (1 - 0.75**3) / (math.sqrt(v / (1 - 0.5**3)) + 0.25) - 0.25)
    assert [float(found[name]) for name in ("m", "v", "w")] == pytest.approx([m, v, w], rel=1e-15)
    assert influences(ADAMW)["w"] >= {"w", "m", "v", "g_loss", "g_penalty", "t"}
    assert influences(ADAMW)["v"] == {"v", "beta2", "g_loss"}


@pytest.mark.parametrize("made", HANDWRITTEN, ids=lambda made: made.name)
def test_sampled_slopes_are_determined_and_tight(made: Handwritten) -> None:
    compared = 0
    for group in groups(made.terms, "float64", 120):
        by = slopes(made.terms, group.parameters, floor=FLOOR)
        for vector in group.vectors:
            for j in range(len(vector)):
                found = by(vector.tolist(), j)
                assert found is not None, (group, j)
                assert found.value.rel_accuracy_bits() > 55 or found.value.rad() < FLOOR
                compared += 1
    assert compared >= 120


def test_the_oracle_needs_no_sympy() -> None:
    program = """
import sys
sys.modules["sympy"] = None
sys.path.insert(0, "tests/support")
from formulas import HANDWRITTEN, RULES, subject
from symreg.verification import against, verify
for made in HANDWRITTEN[::4]:
    report = verify(made.terms, RULES, (subject(made),), points=30)
    assert report.passed, report
against(HANDWRITTEN[0].terms, None, lambda w, *, lam: 2*lam*w, "gradient", points=30)
loaded = [name for name in sys.modules if name.split(".")[:2] in (["symreg", "calculus"], ["symreg", "kernel"])]
assert not loaded, loaded
print("done")
"""
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert ran.stdout == "done\n", ran.stderr


def test_precision_is_raised_only_as_far_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []
    whole = derivatives._both_ways

    def counted(*arguments: Any) -> tuple[arb, arb]:
        spent.append(ctx.prec)
        return whole(*arguments)

    monkeypatch.setattr(derivatives, "_both_ways", counted)
    at(L2, 0.3, lam=0.1)
    assert spent == [400]
    spent.clear()
    at(terms("log(1 + exp(-w))"), 650.0)
    assert spent == [400, 800, 1600] or spent == [400, 800, 1600, 3200]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(sum(abs(w[i] - w[j]), j), i)", lambda w, k: sum(2 * np.sign(w[k] - x) for x in w)),
        ("sum(sum(max(w[i], w[j]), j), i)", lambda w, k: sum(2.0 * (w[k] > x) for x in w) + 1),
        ("sum(sum(abs(w[i] - w[j])**3, j), i)", lambda w, k: sum(6 * (w[k] - x) * abs(w[k] - x) for x in w)),
    ],
)
def test_the_diagonal_of_a_double_sum_is_no_kink(text: str, expected: Any) -> None:
    weights = [1.0, -2.0, 0.5, 4.0]
    found = gradient(terms(text), weights)
    assert found == pytest.approx([float(expected(weights, k)) for k in range(4)], rel=1e-14)


def test_equal_weights_at_two_places_are_a_kink_all_the_same() -> None:
    found = slopes(terms("sum(sum(abs(w[i] - w[j]), j), i)"), {})([1.0, 1.0, 3.0], 0)
    assert found is not None and found.at_kink
    assert (float(found.low), float(found.value), float(found.high)) == (-4.0, -2.0, 0.0)
