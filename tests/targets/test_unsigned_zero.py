"""Where the slope is infinite at an end of the domain that is 0, its sign is not that of the zero that is given."""

from __future__ import annotations

import numpy as np
import pytest

import symreg
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

INFINITE = [
    ("lam*sqrt(w)", "[0, inf)", np.inf), ("lam*sqrt(2*w/lam)", "[0, inf)", np.inf),
    ("lam*sqrt(-w)", "(-inf, 0]", -np.inf), ("sqrt(w) + lam*w", "[0, inf)", np.inf),
]  # fmt: skip


@pytest.mark.one_in(8)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize(("text", "domain", "slope"), INFINITE)
def test_either_zero_has_the_same_slope(text: str, domain: str, slope: float, target: str) -> None:
    objective: Objective = resolve(symreg.penalty("root", text, domain=domain))
    for dtype in ("float64", "float32"):
        functions = load(objective, updates(objective, ()), target, dtype)  # type: ignore[arg-type]
        given = {"lam": 0.5} if "lam" in text else {}
        found = functions.gradient(np.array([-0.0, 0.0, 1.0, -1.0], dtype), **given)
        assert found[0] == found[1] == slope
        assert np.isnan(found[2:]).sum() == 1
