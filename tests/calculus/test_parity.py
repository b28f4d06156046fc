"""Parity is shown by the shape of a tree, and what is shown is so."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from derived import derived

from symreg.calculus.signs.parity import is_even, parity
from symreg.expressions.arithmetic import without_extrema
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.verification.oracle.evaluate import evaluate

EVEN = [
    "w**2", "abs(w)*cos(w)", "where(abs(w) <= c, w**2, c)", "min((w - 1)**2, (w + 1)**2)", "max(w, -w)",
    "lam*min((w - 1)**2, (1 + w)**2)", "abs(w - 1) + abs(w + 1)", "(w - 1)**3*(w + 1)**3", "exp(w) + exp(-w)",
    "1/(w - 1) - 1/(w + 1)", "w*sin(w) + sin(1 - w) + sin(w + 1)", "(w - 1)*(w + 2)*(w + 1)*(w - 2)",
    "where(w < -w, w, -w)", "where(w >= -w, w, -w)",
]  # fmt: skip
NOT_EVEN = [
    "w", "w**3", "min((w - 1)**2, (w + 2)**2)", "abs(w - 1) - abs(w + 1)", "exp(w) - exp(-w)", "(w - 1)**3*(w + 1)",
    "where(w < 0, w**2, w)", "where(w == -w, w, -w)", "log(1 + exp(w))", "sin(1 - w) - sin(w + 1)", "max(w, -2*w)",
]  # fmt: skip
WEIGHTS = tuple(Fraction(k, 7) for k in (1, 3, 9, 16, 40))


@pytest.mark.parametrize("text", [*EVEN, *NOT_EVEN])
def test_evenness_is_seen_as_it_is(text: str) -> None:
    tree = parse(text)
    values = [[evaluate(tree, {"w": w, "c": 2, "lam": Fraction(1, 3)}) for w in (x, -x)] for x in WEIGHTS]
    assert all(a.overlaps(b) for a, b in values) == (text in EVEN)
    assert is_even(tree) == is_even(without_extrema(tree)) == (text in EVEN)


def test_odd_functions_are_told_apart() -> None:
    assert [parity(parse(text)) for text in ("w**3 + sin(w)", "w*abs(w)", "w + 1")] == ["odd", "odd", "neither shown"]


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_tie_of_mirrored_minima_takes_the_sign_of_the_point(target: str) -> None:
    objective = resolve("lam*min((w - 1)**2, (w + 1)**2)")
    prox = load(objective, (derived(objective),), target, "float64").prox
    found = prox(np.array([0.0, -0.0, 0.5, -0.5]), step=1.0, lam=1.0)
    assert np.allclose(found, [2 / 3, -2 / 3, 5 / 6, -5 / 6], rtol=1e-15)
