"""Roots, powers and logarithms over a piece on which their argument is constant: the derivative there is 0."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

from symreg.application.requests import read_objective
from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import evaluate
from symreg.derivation.gradient import derive
from symreg.expressions.text import to_text
from symreg.expressions.tree import Name
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.updates.update import Update

mp = mpmath.MPContext()
mp.dps = 40
WEIGHTS = (-3.0, -1.5, -0.75, -0.125, -1e-3, 1e-3, 0.25, 0.5, 1.25, 1.75, 2.5, 6.0)

FLAT: dict[str, Callable[[Any], Any]] = {
    "sqrt(max(w, 0))": lambda w: mp.sqrt(max(w, 0)),
    "sqrt(max(-w, 0))": lambda w: mp.sqrt(max(-w, 0)),
    "log1p(sqrt(max(w, 0)))": lambda w: mp.log1p(mp.sqrt(max(w, 0))),
    "max(w, 0)**0.3": lambda w: max(w, 0) ** mp.mpf("0.3"),
    "max(w, 0)**b": lambda w: max(w, 0) ** mp.mpf("0.5"),
    "max(abs(w) - 1, 0)**(2/3)": lambda w: max(abs(w) - 1, 0) ** mp.mpf(2 / mp.mpf(3)),
    "sqrt(max(min(abs(w), 2) - 1, 0))": lambda w: mp.sqrt(max(min(abs(w), 2) - 1, 0)),
    "sqrt(abs(w) + w)": lambda w: mp.sqrt(abs(w) + w),
    "sqrt(w**2*max(w, 0))": lambda w: mp.sqrt(w**2 * max(w, 0)),
    "sqrt(max(w, 0) + max(w - 1, 0))": lambda w: mp.sqrt(max(w, 0) + max(w - 1, 0)),
    "sqrt(1 - min(abs(w), 1))": lambda w: mp.sqrt(1 - min(abs(w), 1)),
    "exp(-sqrt(max(w, 0)))": lambda w: mp.exp(-mp.sqrt(max(w, 0))),
    "w*sqrt(max(w, 0))": lambda w: w * mp.sqrt(max(w, 0)),
    "where(w > 1, sqrt(max(w - 2, 0)), 0)": lambda w: mp.sqrt(max(w - 2, 0)) if w > 1 else mp.zero,
}


@cache
def emitted(text: str) -> tuple[Objective, tuple[Update, ...]]:
    objective = read_objective(text, parameters=["b: (0, inf) = 0.5"] if "**b" in text else [])
    return objective, updates(objective)


THROUGH_C = ("sqrt(max(w, 0))", "max(w, 0)**b", "max(abs(w) - 1, 0)**(2/3)", "sqrt(1 - min(abs(w), 1))")


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    ("text", "target"),
    [
        pytest.param(text, target, marks=[pytest.mark.sweep] * (target == "c" and text not in THROUGH_C))
        for text in FLAT
        for target in ("numpy", "c")
    ],
)
def test_over_a_flat_piece_the_gradient_is_zero(text: str, target: str) -> None:
    objective, functions = emitted(text)
    exact = [mp.diff(FLAT[text], mp.mpf(w), h=mp.mpf(10) ** -15) for w in WEIGHTS]
    for dtype, room in (("float64", 1e-13), ("float32", 1e-5)):
        made = load(objective, functions, target, dtype)
        got = made.gradient(np.array(WEIGHTS, dtype))
        assert got == pytest.approx([float(x) for x in exact], rel=room, abs=room)


@pytest.mark.one_in(7)
@pytest.mark.parametrize("text", FLAT)
def test_where_the_flat_piece_ends_the_gradient_is_zero(text: str) -> None:
    objective, functions = emitted(text)
    made = load(objective, functions, "numpy", "float64")
    found = analyse(objective.terms).knots
    assert found and all("nan" not in to_text(knot.chosen) for knot in found)
    ends = [knot for knot in found if to_text(knot.left) == "0" or to_text(knot.right) == "0"]
    assert ends
    for knot in ends:
        at = np.array([float(to_text(knot.position))])
        assert made.gradient(at) == 0.0, to_text(knot.position)


def test_the_derivation_says_that_the_derivative_is_zero_over_the_flat_piece() -> None:
    told = Derivation(derive(resolve("sqrt(max(w, 0))"), resolve_rule("gradient_descent"))).text()
    assert "undefined" not in told and "domain ends" not in told
    assert "w_j < 0   dR/dw_j = 0, so the step leaves w_j where it is" in told


CLIPPED = (
    # the penalty, a knot, and the derivatives on its left and right for b = 2 and b = 3 (by hand)
    ("min(abs(w), 1)**b", "0", ((0, 0), (0, 0))),
    ("max(lam*abs(w)**b - 1, 0)**b", "1/lam**(1/b)", ((0, 0), (0, 0))),
    ("max(abs(w) - 1, 0)**b", "1", ((0, 0), (0, 0))),
    ("where(w >= 0, sqrt(w**2)**b, 0)", "0", ((0, 0), (0, 0))),
    ("sqrt(min(max(w, 0)**b, 1))", "0", ((0, 1), (0, 0))),
    ("sqrt(max((w**2)**(b/2), 0))", "0", ((-1, 1), (0, 0))),
    ("min(max(w, 0)**b, 1)**(1/b)", "0", ((0, 1), (0, 1))),
    ("min(abs(w)**b, 1)", "1", ((2, 0), (3, 0))),
)


@pytest.mark.parametrize(("text", "position", "slopes"), CLIPPED, ids=[row[0] for row in CLIPPED])
def test_a_clipped_power_has_one_sided_derivatives_for_every_exponent(
    text: str, position: str, slopes: tuple[tuple[int, int], ...]
) -> None:
    for b, (left, right) in zip((2, 3), slopes, strict=True):
        objective = read_objective(text, parameters=[f"b: [2, inf) = {b}"])
        found = {to_text(k.position): k for k in analyse(objective.terms).knots}
        if position not in found:
            assert left == right == 0  # nothing changes there
            continue
        given = {Name("b"): mp.mpf(b), Name("lam"): mp.one}
        told = [evaluate(side, given) for side in (found[position].left, found[position].right)]
        assert told == [left, right]


NORMS: dict[str, Callable[[float], float]] = {
    # functions of the norm r, and their derivatives by r
    "sqrt(max(norm(w) - 1, 0))": lambda r: 0.5 / (r - 1) ** 0.5 if r > 1 else 0.0,
    "max(norm(w) - 1, 0)**0.3": lambda r: 0.3 * (r - 1) ** -0.7 if r > 1 else 0.0,
}


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("text", NORMS)
def test_within_a_flat_ball_the_gradient_is_zero(text: str, target: str) -> None:
    objective, functions = emitted(text)
    made = load(objective, functions, target, "float64")
    for w in ([0.0, 0.0], [0.3, -0.4], [0.6, 0.8], [1.0], [3.0, 4.0]):
        at = np.array(w)
        r = float(np.linalg.norm(at))
        right = NORMS[text](r) * at / (r or 1.0) if r > 1 else 0.0 * at
        assert made.gradient(at) == pytest.approx(right, rel=1e-13)


def test_sums_over_differences_have_flat_pieces_too() -> None:
    objective = resolve("sum(sqrt(max(w[i] - w[i+1], 0)), i)")
    made = load(objective, updates(objective), "numpy", "float64")
    # by hand: only 5 > 1 counts, with 1/(2*sqrt(4))
    assert made.gradient(np.array([1.0, 2.0, 5.0, 1.0, 1.0])) == pytest.approx([0, 0, 0.25, -0.25, 0])
