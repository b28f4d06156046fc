"""Sums of terms that are curved in ways of their own: how often F turns is found out once the parameters are known."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from derived import cost, derived, emitted_prox

import symreg
from symreg.application.choices import DTYPES
from symreg.errors import Intractable
from symreg.objectives.resolve import resolve
from symreg.proximal.operator import Operator, TableSearch
from symreg.verification import Subject, verify

SUMS = (
    "welsch + cauchy",
    "geman_mcclure + atan + l1",  # a kink, and three terms
    "l_half + cauchy",  # an infinite slope at 0
    "quartic + cauchy",  # a curvature without bound
    "capped_l1 + cauchy",  # no number for the curvature far out
    "lam*log(1 + (w - a)**2) + mu*sqrt(abs(w))",  # not even
    "lam*log(1 + w**2/c**2) + mu*abs(w - a) + nu*max(0, 1 - w)",  # knots in any order
)
LONG_SUMS = ("lp + log_sum", "lp + welsch", "double_well + l_half", "scad + atan + l2", "capped_l1 + log_sum + lp")


def assert_right(text: str, points: int) -> None:
    objective = resolve(text)
    assert isinstance(derived(objective).operator, TableSearch)
    subjects = [
        Subject(label=target, dtype=dtype, functions={"prox": emitted_prox(objective, target, dtype)})
        for target in ("numpy", "c")
        for dtype in DTYPES
    ]
    report = verify(objective.terms, (), subjects, points=points)
    assert report.passed, str(report)


@pytest.mark.sweep
@pytest.mark.parametrize("text", SUMS)
def test_the_operator_is_right(text: str) -> None:
    assert_right(text, 12)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_what_is_periodic_takes_a_norm_and_a_square(target: str) -> None:
    """Its slope repeats itself with |w| as well, but the sum does not; all minima are compared by brute force."""
    objective = resolve("sine_squared + elastic_net(lam1=a, lam2=b)")
    grid = np.linspace(-8, 8, 320_001)
    v = np.linspace(-7, 7, 57)
    for step, lam, a, b in ((1.0, 1.0, 0.3, 1e-3), (0.02, 2.0, 5.0, 0.5), (30.0, 0.1, 0.01, 0.02)):
        found = emitted_prox(objective, target)(v, step=step, lam=lam, q=1.5, a=a, b=b)

        def phi(u: Any, lam: float = lam, a: float = a, b: float = b) -> Any:
            return lam * np.sin(np.pi * u / 1.5) ** 2 + a * np.abs(u) + b * u**2

        at_grid = phi(grid)
        for x, u in zip(v, found, strict=True):
            assert cost(u, x, step, phi) <= np.min(step * at_grid + grid * (0.5 * grid - x)) + 1e-7


def test_what_is_periodic_is_refused_with_what_is_curved() -> None:
    with pytest.raises(Intractable, match="sine_squared bends down again and again"):
        derived(resolve("sine_squared + cauchy"))


@pytest.mark.sweep
@pytest.mark.parametrize("text", [*SUMS, *LONG_SUMS])
def test_the_operator_is_right_everywhere(text: str) -> None:
    assert_right(text, 2_000)


@pytest.mark.sweep
def test_every_turn_is_found() -> None:
    """With wells far apart F turns many times; all minima are compared by brute force."""
    objective = resolve("a*log(1 + w**2) + b*log(1 + 100*(w - 2)**2) + c*log(1 + 900*(w + 3)**2)")
    values = {"a": 0.7, "b": 1.3, "c": 0.9}
    grid = np.linspace(-12, 12, 300_001)
    v = np.linspace(-10, 10, 41)

    def phi(u: Any) -> Any:
        wells = (np.log1p(u**2), np.log1p(100 * (u - 2) ** 2), np.log1p(900 * (u + 3) ** 2))
        return sum(k * well for k, well in zip(values.values(), wells, strict=True))

    at_grid = phi(grid)
    for step in (0.01, 0.3, 2.0, 10.0):
        found = {target: emitted_prox(objective, target)(v, step=step, **values) for target in ("numpy", "c")}
        assert np.allclose(found["numpy"], found["c"], rtol=1e-12, atol=1e-13)
        for x, u in zip(v, found["c"], strict=True):
            best = np.min(step * at_grid + grid * (0.5 * grid - x))
            assert cost(u, x, step, phi) <= best + 1e-7


@pytest.mark.sweep
def test_a_rule_with_one_step_for_all_takes_it() -> None:
    report = symreg.verify("atan + etp", rules=["proximal_gradient"], target="all", points=10, timeout=100)
    assert report.passed, str(report)
    assert sum(check.kind == "step" for check in report.checks) == 4


@pytest.mark.one_in(3)
@pytest.mark.parametrize("rule", ["proximal_adam", "proximal_adagrad", "ftrl_proximal"])
def test_a_rule_with_a_step_for_each_weight_is_refused(rule: str) -> None:
    """A table of the minima is made for one step; there would have to be one for each weight."""
    with pytest.raises(Intractable) as refusal:
        symreg.generate("atan + etp", rules=[rule], timeout=100)
    told = str(refusal.value)
    assert told.startswith(f"atan, etp: {rule} takes the operator with a step of its own for each weight")
    assert told.endswith("take a rule with one step for all, such as proximal_gradient") and "\n" not in told


@pytest.mark.sweep
def test_a_norm_is_one_number_and_needs_no_table() -> None:
    report = symreg.verify(NORMS, (), target="numpy", points=10, timeout=100)
    assert report.passed, str(report)
    assert sum(check.kind == "prox" for check in report.checks) == 2
    source = symreg.generate(NORMS, target="numpy", rules=(), judge=False, timeout=100)
    assert any("_searched(" in text and "_table(" not in text for text in source.values())


NORMS = "lam*log(1 + norm(w)**2/c**2) + mu*(1 - exp(-norm(w)**2))"


@pytest.mark.sweep
def test_a_number_of_many_digits_in_an_exponent_costs_no_more() -> None:
    """SymPy makes polynomials of degree p in exp(w/q) from exp(p*w/q): a memory error, or none left for anybody."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "from symreg.calculus.analysis import analyse\n"
        "from symreg.updates.prox import derived_operator\n"
        "from symreg.objectives.resolve import resolve\n"
        "for text in ('lam*(1 - exp(-abs(w)/1.234567890123))', 'welsch + log_cosh', 'lam*exp(1.23456789*w) + w**2'):\n"
        "    print(type(derived_operator(analyse(resolve(text).terms)).operator).__name__)\n"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert made.stdout.split() == [Operator.__name__] * 3
