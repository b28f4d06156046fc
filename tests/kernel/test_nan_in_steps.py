"""NaN in anything that a step's result depends on, a condition's operands among it, comes out as NaN."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

# Assignments, and by input of one weight what has to be NaN after it: found by hand, by reading them.
EVERYTHING = {"w": "wh", "g": "wh", "h": "wh"}
ROWS: dict[str, tuple[list[str], dict[str, str]]] = {
    "a named number in a condition": (["s = 2*g", "h = where(s > 0, h, 2*h)", "w = w - h*g"], EVERYTHING),
    "g itself in it": (["h = where(g > 0, h, 2*h)", "w = w - h*g"], EVERYTHING),
    "a name for a name": (["s = 2*g", "q = s + 1", "h = where(q > 0, h, 2*h)", "w = w - h"], EVERYTHING),
    "the weight": (["s = w", "h = where(s > 0, h, 2*h)", "w = w - lr*g"], {"w": "wh", "g": "w", "h": "h"}),
    "two comparisons": (["s = 2*g", "h = where(s > 0 and s < 9, h, 2*h)", "w = w - lr*h"], EVERYTHING),
    "one of two": (["s = 2*g", "h = where(s > 0 or w > 0, h, 2*h)", "w = w - lr*h"], EVERYTHING),
    "a negation": (["s = 2*g", "h = where(not (s > 0), h, 2*h)", "w = w - lr*h"], EVERYTHING),
    "a greatest number": (["s = max(2*g, 0)", "h = where(s > 0, h, 2*h)", "w = w - lr*h"], EVERYTHING),
    "a condition within one": (["s = 2*g", "h = where(where(s > 0, 1, 2) > 1, h, 2*h)", "w = w - lr*h"], EVERYTHING),
    "constant branches": (["s = 2*g", "w = w - lr*where(s > 0, 1, 2)", "h = h + g"], {"w": "wh", "g": "wh", "h": "h"}),
    "a state before": (["h = h + g", "w = w - lr*where(h > 3, 1, 2)"], EVERYTHING),
}


@functools.cache
def loaded(name: str, target: Any) -> Any:
    steps, _ = ROWS[name]
    listed = ", ".join(f'"{step}"' for step in steps)
    text = (
        f'[rule]\nname = "chosen"\ntitle = "Chosen"\nreference = "none"\ndoc = "A rule."\nsteps = [{listed}]\n'
        "[state]\nh = 1\n" + ('[params.lr]\ndomain = "positive"\ndefault = 0.1\n' if "lr" in listed else "")
    )
    objective = resolve("w**2")
    step = next(update for update in updates(objective, [resolve_rule(text)]) if update.kind == "step")
    return load(objective, (step,), target, "float64")


@pytest.mark.one_in(3)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("name", ROWS)
def test_nan_comes_out_of_whatever_depends_on_it(name: str, target: str) -> None:
    steps, expected = ROWS[name]
    module = loaded(name, target)
    given = {"lr": 0.1} if "lr" in " ".join(steps) else {}
    for place, outputs in expected.items():
        for start in (0.25, -0.75):
            w, g = np.full(5, start), np.full(5, start)
            state = module.chosen_state(w)
            {"w": w, "g": g, "h": state["h"]}[place][2] = np.nan
            module.chosen_step(w, g, state, **given)
            for output, after in (("w", w), ("h", state["h"])):
                right = [k == 2 and output in outputs for k in range(5)]
                assert np.isnan(after).tolist() == right, (place, output)


def test_a_neighbour_that_either_of_two_conditions_lets_exist_is_read_only_then() -> None:
    objective = resolve("sum(where(w[i] > w[i+1], w[i] - w[i+1], 0)*w[i+2], i)", name="own")
    step = load(objective, updates(objective, (resolve_rule("gradient_descent"),)), "numpy").gradient_descent_step
    for n in (1, 2, 3, 4):
        w = np.arange(n, dtype=np.float64)
        step(w, np.zeros(n), lr=0.1)
        assert not np.isnan(w).any()
