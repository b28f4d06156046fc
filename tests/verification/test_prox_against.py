"""Somebody's proximal operator is judged: right ones pass, the mistakes of the literature are found and named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proximal_operators import RIGHT, WRONG, l1, l2_norm, mcp

import symreg
from symreg.application.requests import verify_request
from symreg.application.verify import judge_function
from symreg.errors import SymregError
from symreg.objectives.resolve import resolve
from symreg.verification import Report

POINTS = 400


def judged(
    objective: str, function: Callable[..., Any], points: int = POINTS, params: dict[str, float] | None = None,
    rtol: float | None = None,
) -> Report:  # fmt: skip
    """Return the report on an operator by its minima alone: no proof of convexity is handed over."""
    request = verify_request(resolve(objective), (), kind="prox", points=points, parameters=params, rtol=rtol)
    return judge_function(request, function)


@pytest.mark.one_in(16)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_operator_passes(name: str) -> None:
    check, *far = judged(name, RIGHT[name]).checks
    assert all(other.region for other in far)
    assert check.verdict == "pass", check
    assert (check.kind, check.name, check.target) == ("prox", "prox", RIGHT[name].__name__)
    assert check.compared >= 0.9 * POINTS and check.undetermined == 0


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", sorted(WRONG, key=lambda name: name != "l1"))  # the quickest first
def test_a_wrong_operator_is_found(name: str) -> None:
    (check,) = judged(name, WRONG[name]).checks
    assert check.verdict == "wrong"
    assert {"v", "step"} < set(check.at) and check.expected is not None and check.got is not None
    parameters = {k: x for k, x in check.at.items() if k not in ("v", "step")}
    again = WRONG[name](np.array([check.at["v"]]), step=check.at["step"], **parameters)
    assert again[0] == check.got or np.isnan(again[0])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("factor", [1 + 1e-7, 1 - 1e-7])
def test_an_inaccurate_operator_is_told_from_a_wrong_one(factor: float) -> None:
    def scaled(v: Any, *, step: float, lam: float) -> Any:
        return factor * l1(v, step=step, lam=lam)

    (check,) = judged("l1", scaled, points=100).checks
    assert check.verdict == "inaccurate"
    assert judged("l1", scaled, points=100, rtol=1e-5).passed


def test_the_step_can_be_fixed() -> None:
    seen = set()

    def watched(v: Any, *, step: float, lam: float, gamma: float) -> Any:
        seen.add((step, gamma))
        return mcp(v, step=step, lam=lam, gamma=gamma)

    assert judged("mcp", watched, points=100, params={"step": 0.25, "gamma": 2.0}).passed
    assert seen == {(0.25, 2.0)}
    with pytest.raises(SymregError, match="step = -1 is outside its domain positive"):
        judged("mcp", watched, params={"step": -1.0})


def test_a_step_that_is_not_asked_for_is_refused_for_a_gradient() -> None:
    with pytest.raises(SymregError, match="'step'"):
        symreg.verify("l1", against=lambda w, *, lam: w, as_="gradient", params={"step": 1.0})


def test_what_raises_or_has_a_wrong_shape_fails() -> None:
    (check,) = judged("l1", lambda v, *, step, lam: v[:1], points=20).checks
    assert check.verdict == "wrong" and "shape" in check.note
    with pytest.raises(SymregError, match="fix what it does not take: --set step="):
        judged("l1", lambda v, *, lam: v, points=20)


def test_a_decreasing_operator_is_named() -> None:
    def falling(v: Any, *, step: float, lam: float) -> Any:
        return -l1(v, step=step, lam=lam)

    (check,) = judged("l1", falling, points=50).checks
    assert check.verdict == "wrong"


def test_the_direction_of_a_radial_operator_matters() -> None:
    def turned(v: Any, *, step: float, lam: float) -> Any:
        return l2_norm(v, step=step, lam=lam)[::-1]

    (check,) = judged("l2_norm", turned, points=50).checks
    assert check.verdict == "wrong"


def test_there_is_no_reference_for_differences() -> None:
    with pytest.raises(SymregError, match=r"only where it is a function of norm\(w\) alone"):
        symreg.verify("first_difference", against=lambda v, *, step, lam: v, as_="prox")


@pytest.mark.sweep
def test_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n\n\n"
        "def soft(v, *, step, lam):\n    return np.sign(v) * np.maximum(np.abs(v) - step * lam, 0)\n\n\n"
        "def hard(v, *, step, lam):\n    return np.where(np.abs(v) > step * lam, v, 0)\n"
    )
    base = [sys.executable, "-m", "symreg", "verify", "l1", "--as", "prox", "--points", "60", "--against"]
    right = subprocess.run([*base, f"{file}:soft", "--set", "step=0.5"], capture_output=True, text=True)
    assert right.returncode == 0, right.stderr
    assert "prox" in right.stdout and "5 checks passed" in right.stdout
    wrong = subprocess.run([*base, f"{file}:hard"], capture_output=True, text=True)
    assert wrong.returncode == 1
    assert "at v = 3, step = 1, lam = 1" in wrong.stdout and "got prox = 3, right is 2" in wrong.stdout
