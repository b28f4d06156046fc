"""Penalties over differences: the gradient that is written out, and the exact operator of the absolute ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise, product
from time import process_time
from typing import Any

import numpy as np
import pytest
from emitted import needs_gcc

from symreg import catalogue
from symreg.errors import Intractable, SpecError
from symreg.objectives.resolve import resolve
from symreg.targets.emit import emit
from symreg.targets.loading.load import load
from symreg.targets.options import Options
from symreg.updates.assemble import updates
from symreg.verification.cases.prox_differences import exact_point

TARGETS = ["numpy", pytest.param("c", marks=needs_gcc)]


@pytest.fixture(scope="module")
def loaded() -> Callable[[str, str], Any]:
    made: dict[tuple[str, str], Any] = {}

    def functions(text: str, target: str) -> Any:
        if (text, target) not in made:
            objective = resolve(text)
            made[text, target] = load(objective, updates(objective, [catalogue.rule("proximal_gradient")]), target)
        return made[text, target]

    return functions


def test_the_reference_is_the_least_of_a_grid() -> None:
    grid = [Fraction(k, 2) for k in range(-4, 5)]
    for v, a, b in product([(1, -2, 2), (2, 2, -1), (0, 1, 2)], (0, 1, 2), (0, 1)):
        point = [Fraction(x) for x in v]

        def cost(u: tuple[Fraction, ...]) -> Fraction:
            size = a * sum(abs(y - x) for x, y in pairwise(u)) + b * sum(map(abs, u))  # noqa: B023
            return Fraction(size) / 4 + sum((x - y) ** 2 for x, y in zip(u, v, strict=True)) / 2  # noqa: B023

        found = exact_point(point, Fraction(1, 4), Fraction(a), Fraction(b))
        assert cost(tuple(found)) <= min(map(cost, product(grid, repeat=3)))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", ["difference(l1)", "l1(lam=mu) + difference(l1)"])
def test_the_operator_is_exact(loaded: Callable[[str, str], Any], text: str, target: str) -> None:
    functions, rng = loaded(text, target), np.random.default_rng(1)
    given = {"lam": 0.5} | ({"mu": 0.25} if "mu" in text else {})
    for number in range(200):
        n = int(rng.integers(1, 10))
        drawn = (rng.normal(size=n), rng.integers(-2, 3, size=n) * 1.0, np.cumsum(rng.normal(size=n)))[number % 3]
        step = float(rng.choice([0.01, 0.5, 1.0, 3.0, 1e6]))
        u = functions.prox(drawn, step=step, **given)
        exact = exact_point([*map(Fraction, drawn)], Fraction(step), Fraction(1, 2), Fraction(given.get("mu", 0.0)))
        assert u == pytest.approx(np.array([*map(float, exact)]), rel=1e-13, abs=1e-13)
        in_place = drawn.copy()
        functions.prox(in_place, step=step, out=in_place, **given)
        assert np.array_equal(in_place, u)
        functions.proximal_gradient_step(drawn, np.zeros(n), lr=step, **given)
        assert drawn == pytest.approx(u, abs=1e-14)
    assert np.isnan(functions.prox(np.array([1.0, np.nan, 2.0]), step=1.0, **given)[1])


@needs_gcc
@pytest.mark.parametrize("kind", ["ramp", "noise", "alternating"])
def test_the_time_grows_as_the_length(loaded: Callable[[str, str], Any], kind: str) -> None:
    functions, times = loaded("difference(l1)", "c"), []
    for n in (20_000, 320_000):
        v = {
            "ramp": 1e-6 * np.arange(n),
            "noise": np.random.default_rng(2).normal(size=n),
            "alternating": np.where(np.arange(n) % 2, 1.0, -1.0),
        }[kind]
        start = process_time()
        functions.prox(v, step=1.0, lam=1.0)
        times.append(process_time() - start)
    assert times[1] < 100 * times[0] + 0.05  # 16 times the length; squares would be 256


@pytest.mark.parametrize(
    "text", ["difference(l2)", "difference(mcp)", "l2 + difference(l1)", "difference(l1) + variance"]
)
def test_other_operators_are_left_out(text: str) -> None:
    assert "prox" not in [update.name for update in updates(resolve(text))]


def test_a_rule_that_needs_another_operator_is_refused() -> None:
    with pytest.raises(Intractable, match="multiples of the absolute difference"):
        updates(resolve("difference(mcp)"), [catalogue.rule("proximal_gradient")])


def test_sums_need_double_precision() -> None:
    objective = resolve("difference(l1)")
    with pytest.raises(SpecError, match="kept in double precision"):
        emit(objective, updates(objective), "c", Options(dtype="float32"))


@pytest.mark.parametrize("target", TARGETS)
def test_no_weights_are_no_division_by_zero(target: str, loaded: Callable[[str, str], Any]) -> None:
    functions, w = loaded("l1 + total_variation(lam=mu)", target), np.zeros(0)
    functions.proximal_gradient_step(w, w.copy(), lr=0.5, lam=0.1, mu=0.2)
    assert functions.prox(w, step=1.0, lam=0.1, mu=0.2).shape == (0,)
