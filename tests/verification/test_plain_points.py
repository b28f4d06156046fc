"""A failure is shown at the simplest point that has it: everyday sizes, few digits, one weight where one is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.verification import Check
from symreg.verification.report.numbers import short


def numbers(value: Any) -> Iterator[float]:
    """Yield every number in a point."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


def momentum(spoil: Callable[[Any], Any]) -> Callable[..., Any]:
    def step(w: Any, g: Any, state: Any, *, lr: float, momentum: float, lam: float) -> Any:
        state["m"] = momentum * state["m"] + g + 2 * lam * w
        return w - lr * spoil(state["m"])

    return step


# A function, and what is said to be wrong at which weight.
WRONG: dict[str, tuple[str, str, Callable[..., Any], dict[str, float]]] = {
    "an exponential overflows": (
        "log(2 + exp(w))", "value", lambda w: float(np.sum(np.log(2 + np.exp(w)))), {"w": 800.0},
    ),
    "inf over inf": (
        "log(1 + exp(w))", "gradient", lambda w: np.exp(w) / (1 + np.exp(w)), {"w": 800.0},
    ),
    "a knot elsewhere": (
        "huber",
        "gradient",
        lambda w, *, lam, delta: np.where(np.abs(w) <= 1, lam * w, lam * delta * np.sign(w)),
        {"w": 1.0, "delta": 0.5},
    ),
    "large numbers": (
        "lam*abs(w)",
        "prox",
        lambda v, *, step, lam: np.where(np.abs(v) > 1e3, v, np.sign(v) * np.maximum(np.abs(v) - lam * step, 0)),
        {"v": 1e4, "step": 1.0, "lam": 1.0},
    ),
    "a clip": ("l2", "step", momentum(lambda m: np.minimum(m, 5.0)), {}),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", WRONG)
def test_a_failure_is_shown_where_it_is_simple(name: str) -> None:
    text, kind, function, expected = WRONG[name]
    rules: Any = {"rules": "momentum"} if kind == "step" else {}
    report = symreg.verify(text, against=function, as_=kind, points=200, **rules)
    (check,) = [check for check in report.checks if check.kind == kind]
    assert check.verdict == "wrong"
    for number in numbers(check.at):
        assert float(f"{number:.2g}") == number
        assert number == 0 or 1e-6 <= abs(number) <= 1e6
    assert {key: check.at[key] for key in expected} == expected


def test_declared_arrays_are_shown() -> None:
    def gradient(w: Any, *, lam: float, A: Any) -> Any:
        return lam * A.T @ (A @ w)

    check: Check = symreg.verify("tikhonov", against=gradient, as_="gradient", points=20).checks[0]
    assert check.verdict == "wrong"
    assert check.at["w"] == [-0.5, 0.2] and check.at["A"] == [[1.0, 0.0], [0.0, 1.0]]


def test_a_number_beside_a_simple_one_is_told_from_it() -> None:
    rows = {
        0.5: "0.5",
        1.0 + 2.0**-52: "1.0000000000000002",
        float(np.float32(0.1)): "0.1",
        0.123456: "0.123",
        1e4: "10000",
        1.7976931348623157e308: "1.8e+308",
        1e-6: "1e-06",
        -1260.0: "-1260",
    }
    assert {number: short(number) for number in rows} == rows
