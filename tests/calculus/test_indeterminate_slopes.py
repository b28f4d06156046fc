"""Slopes that are 0/0, or grow without bound, where the formula has a value: emitted code has the stated choice."""

from __future__ import annotations

import numpy as np
import pytest

from symreg.application.requests import read_objective
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

# A formula, its parameters, the weight, and the slope there by hand: 0 between unlike signs, else the common one.
SLOPES: tuple[tuple[str, tuple[str, ...], float, float], ...] = (
    ("sqrt(w**2)", (), 0.0, 0.0),
    ("sqrt((w - 1)**2)", (), 1.0, 0.0),
    ("sqrt(w**4)", (), 0.0, 0.0),
    ("(w**2)**(1/4)", (), 0.0, 0.0),
    ("log(1 + sqrt(w**2)) + 2*w", (), 0.0, 1.0),
    ("sqrt(w**2 + w**4)", (), 0.0, 0.0),
    ("lam*abs(w)**p", ("p: (0, 1) = 0.5",), 0.0, 0.0),
    ("lam*abs(w - 1)**p", ("p: (0, 1) = 0.999",), 1.0, 0.0),
)


@pytest.mark.one_in(12)
@pytest.mark.parametrize(("text", "parameters", "at", "slope"), SLOPES)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_the_slope_is_a_number_where_there_is_a_value(
    text: str, parameters: tuple[str, ...], at: float, slope: float, target: str
) -> None:
    objective = read_objective(text, parameters=parameters)
    for dtype in ("float64", "float32"):
        gradient = load(objective, updates(objective, ()), target, dtype).gradient
        assert gradient(np.array([at], dtype)).tolist() == [slope]
