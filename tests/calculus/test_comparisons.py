"""Conditions are written over the weight itself, so that no rounding of their sides decides which branch is taken."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tree_values import Values, value

from symreg.calculus.pieces.comparisons import compared
from symreg.expressions.text import to_text
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

# A condition, and the same over w; by hand.
SAME = {
    "abs(w - 1) <= abs(w + 1)": "w >= 0",
    "abs(w - 1) < abs(w + 1)": "w > 0",
    "(w - 1)**2 >= (w + 1)**2": "w <= 0",
    "abs(w) <= abs(w - 1)": "w <= 0.5",
    "w > 3*w - 4": "w < 2",
    "abs(w) <= 2": "abs(w) <= 2",
    "w**2 > abs(w)": "abs(w) > 1",
    "w**3 > w": "w**3 > w",  # three places: as it was
    "sin(w) > 1/2": "sin(w) > 1/2",  # their places cannot be listed
    "w - w > 1": "w - w > 1",
}


@pytest.mark.parametrize("condition", SAME)
def test_a_condition_is_written_over_the_weight(condition: str) -> None:
    before, after = (parse(f"where({written}, w, 2*w)") for written in (condition, SAME[condition]))
    assert to_text(compared(before, ())) == to_text(after)
    for w in (-3.0, -1.0, -0.25, 0.25, 0.75, 1.5, 2.5):
        given = Values(library=math, scalars={"w": w})
        assert value(before, given) == value(after, given)


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize(
    ("text", "slope"),
    [("min(abs(w - 1), abs(w + 1))", -1.0), ("min((w - 1)**2, (w + 1)**2)", -2.0)],
)
def test_the_nearer_well_is_found_however_near_the_ridge(text: str, slope: float, target: str) -> None:
    objective = resolve(text)
    gradient = load(objective, updates(objective, ()), target).gradient
    w = np.array([1e-146, 1e-19, 1e-17, -1e-17, -1e-146, 0.0])
    assert gradient(w).tolist() == [slope, slope, slope, -slope, -slope, 0.0]
