"""A penalty on a smaller domain: the operator's candidates are cut, and nothing is told outside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

BOXES: dict[str, tuple[float, float]] = {
    "nonnegative(l1)": (0.0, math.inf),
    "box(mcp, -1, 2)": (-1.0, 2.0),
    "box(scad, -0.25, 0.2)": (-0.25, 0.2),
    "nonnegative(log_sum)": (0.0, math.inf),
    "box(0, 1)": (0.0, 1.0),
}


@pytest.fixture(scope="module", params=BOXES)
def boxed(request: pytest.FixtureRequest) -> tuple[Any, tuple[float, float]]:
    objective = resolve(request.param)
    return load(objective, updates(objective), "numpy"), BOXES[request.param]


def test_the_operator_finds_the_least_within_the_box(boxed: tuple[Any, tuple[float, float]]) -> None:
    functions, (low, high) = boxed
    grid = np.linspace(max(low, -8.0), min(high, 8.0), 40_001)
    for step in (0.3, 2.0, 20.0):
        for v in (-3.0, -0.3, 0.0, 0.05, 0.4, 1.7, 5.0):
            u = float(functions.prox(np.array([v]), step=step)[0])
            values = np.array([functions.value(grid[k : k + 1]) for k in range(0, len(grid), 100)])
            costs = step * values + 0.5 * (grid[::100] - v) ** 2
            own = step * functions.value(np.array([u])) + 0.5 * (u - v) ** 2
            assert low <= u <= high
            assert own <= costs.min() + 1e-12


def test_outside_the_box_there_is_no_slope(boxed: tuple[Any, tuple[float, float]]) -> None:
    functions, (low, high) = boxed
    outside = [x for end, side in ((low, -1), (high, 1)) if math.isfinite(end) for x in (end + side * 1e-3, end + side)]
    assert np.isnan(functions.gradient(np.array(outside))).all()
    assert all(functions.value(np.array([x])) == math.inf for x in outside)


def test_a_knot_that_parameters_put_outside_the_box_is_outside() -> None:
    objective = resolve("box(mcp, -1, 2)")
    functions = load(objective, updates(objective), "numpy")
    assert np.isnan(functions.gradient(np.array([3.0]), lam=1.0, gamma=3.0)).all()


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("nonnegative()", [0.0, 3.5]),
        ("nonnegative(l1)", [0.0, 3.499]),
        ("box(l2, -1, 1)", [-1.0, 1.0]),
        ("l2 + nonnegative()", [0.0, 3.499]),
        ("mean(half_squared_error) + nonnegative(l2)", [0.0, 3.5 / 1.002]),
    ],
)
def test_a_proximal_step_ends_in_the_box_where_the_penalty_is_smooth_in_it(text: str, ends: list[float]) -> None:
    """phi is +inf beside an end, so it is no term whose gradient is enough."""
    functions = symreg.load(text, rules="proximal_gradient", target="numpy", judge=False)
    w = np.array([0.5, 0.5])
    data = (np.eye(2) * 2**0.5, np.array([-299.5, 300.5]) * 2**0.5) if "mean" in text else (np.array([300.0, -300.0]),)
    functions.proximal_gradient_step(w, *data, lr=0.01, **({} if text in ("nonnegative()",) else {"lam": 0.1}))
    np.testing.assert_allclose(w, ends, atol=1e-12)
