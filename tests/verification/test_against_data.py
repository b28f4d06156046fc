"""Somebody's own function of weights and data: right ones pass, what people get wrong is found and named."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import symreg
from symreg.errors import SpecError, UnknownName
from symreg.verification.report.report import Report

Array = NDArray[Any]
OBJECTIVE = "mean(logistic) + l1"


def sigmoid(t: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-t)))


def losses(w: Array, X: Array, y: Array) -> Array:
    return np.asarray(np.log1p(np.exp(-y * (X @ w))))


def slopes(w: Array, X: Array, y: Array) -> Array:
    return np.asarray(-y * sigmoid(-y * (X @ w)))


def value(w: Array, X: Array, y: Array, lam: float, sample_weight: Array | None = None) -> Any:
    s = np.ones(len(y)) if sample_weight is None else sample_weight
    return np.sum(s * losses(w, X, y)) / np.sum(s) + lam * np.sum(np.abs(w))


def gradient(w: Array, X: Array, y: Array, lam: float) -> Array:
    return np.asarray(X.T @ slopes(w, X, y) / len(y) + lam * np.sign(w))


def partial(w: Array, X: Array, y: Array, sample_weight: Array) -> tuple[Any, Array, Any]:
    s = sample_weight
    return np.sum(s * losses(w, X, y)), X.T @ (s * slopes(w, X, y)), np.sum(s)


def product(w: Array, v: Array, X: Array, y: Array) -> Array:
    p = sigmoid(X @ w)
    return np.asarray(X.T @ (p * (1 - p) * (X @ v)) / len(y))


def loss(z: Array, y: Array) -> Array:
    return np.asarray(np.log1p(np.exp(-y * z)))


def adam(w: Array, X: Array, y: Array, state: dict[str, Any], lr: float, lam: float, **own: float) -> None:
    g = gradient(w, X, y, lam)
    state["t"] += 1
    for name, power in (("m", 1), ("v", 2)):
        beta = own[f"beta{power}"]
        state[name] = beta * state[name] + (1 - beta) * g**power
        own[name] = state[name] / (1 - beta ** state["t"])
    w -= lr * own["m"] / (np.sqrt(own["v"]) + own["eps"])


def judged(function: Callable[..., Any], as_: Any, objective: str = OBJECTIVE, **options: Any) -> Report:
    return symreg.verify(objective, against=function, as_=as_, points=500, timeout=60, **options)


@pytest.mark.parametrize(
    ("function", "as_", "options"),
    [
        (value, "value", {}),
        (gradient, "gradient", {}),
        (gradient, "gradient", {"dtype": "float32"}),
        (partial, "partial", {}),
        (product, "hessian_vector", {"objective": "mean(logistic)"}),
        (loss, "loss_value", {"objective": "logistic"}),
        (adam, "step", {"rules": "adam"}),
    ],
)
def test_right_functions_pass(function: Callable[..., Any], as_: str, options: dict[str, Any]) -> None:
    report = judged(function, as_, **options)
    assert report.passed, str(report)


def test_what_overflows_at_large_predictions_is_told_and_counts_only_if_asked() -> None:
    report = judged(value, "value")
    (far,) = [check for check in report.checks if check.region]
    assert (far.region, far.verdict, far.got) == ("|Xw| over 10", "wrong", np.inf)
    assert not judged(value, "value", far=True).passed


def changed(
    scale: Callable[[int, int], float] = lambda m, n: 1 / m,
    losses: Callable[[Array, Array, Array], Array] = losses,
    penalty: Callable[[float, int], float] = lambda lam, m: lam,
) -> Callable[..., Any]:
    """Return the value with some of it otherwise: of the losses' sum, of the penalty."""

    def function(w: Array, X: Array, y: Array, lam: float) -> Any:
        return scale(len(y), len(w)) * np.sum(losses(w, X, y)) + penalty(lam, len(y)) * np.sum(np.abs(w))

    return function


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (changed(scale=lambda m, n: 1.0), "the sum for the mean"),
        (changed(scale=lambda m, n: 0.5 / m), "1/(2*m) for 1/m before the sum of losses"),
        (changed(scale=lambda m, n: 1 / n), "1/n for 1/m before the sum of losses"),
        (changed(losses=lambda w, X, y: losses(w, X, -y)), "-y for y"),
        (changed(losses=lambda w, X, y: losses(w, X.T, y)), "X' for X"),
        (changed(losses=lambda w, X, y: losses(w, X, 2 * y - 1)), "2*y - 1 for y"),
        (changed(penalty=lambda lam, m: lam / m), "lam/m for lam"),
        (changed(penalty=lambda lam, m: 0), "the loss alone, the penalty left out"),
        (changed(scale=lambda m, n: 1.0, penalty=lambda lam, m: lam / 2), "the sum for the mean and lam/2 for lam"),
    ],
)
def test_what_people_get_wrong_is_named(function: Callable[..., Any], said: str) -> None:
    report = judged(function, "value")
    assert not report.passed
    assert f"right everywhere with {said} (" in report.checks[0].note


def test_a_division_by_the_number_of_samples_in_place_of_their_weights_is_named() -> None:
    def function(w: Array, X: Array, y: Array, lam: float, sample_weight: Array) -> Any:
        return np.mean(sample_weight * losses(w, X, y)) + lam * np.sum(np.abs(w))

    assert "m for the sum of sample_weight" in judged(function, "value").checks[0].note


def test_an_error_in_one_place_is_no_convention() -> None:
    report = judged(lambda w, X, y, lam: gradient(w, X, y, lam) + 1e-3 * w**2, "gradient")
    assert report.checks[0].verdict == "wrong"
    assert "right everywhere" not in report.checks[0].note


@pytest.mark.parametrize(
    ("function", "as_", "options", "said"),
    [
        (lambda w, X, lam: 0.0, "value", {}, "cannot be called as"),
        (lambda X, w, y, lam: 0.0, "value", {}, '--call "X, w, y, lam=lam"'),
        (lambda y, z: 0.0, "loss_value", {}, '--call "y, z"'),
        (loss, "loss_value", {"objective": "l1"}, "no loss over samples"),
        (loss, "prox", {"objective": "mean(logistic)"}, "no penalty"),
        (value, "value", {"range": (1e-3, 1e3)}, "of functions of weights alone"),
        (value, "value", {"arrays": "numbers"}, "one number at a time"),
    ],
)
def test_what_does_not_fit_is_refused(
    function: Callable[..., Any], as_: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises((SpecError, UnknownName)) as refused:
        judged(function, as_, **options)
    assert said in str(refused.value)


def test_arguments_are_written_out_and_parameters_of_the_loss_fixed() -> None:
    def svm(X: Array, y: Array, coef: Array, scale: float) -> Any:
        return coef @ coef / 2 + scale * np.mean(np.maximum(0, 1 - y * (X @ coef)))

    report = judged(
        svm, "value", "C*sum(hinge) + 0.5*l2", call="X, y, coef=w, scale=C*m", params={"lam": 1.0}, rtol=1e-8
    )
    assert report.passed, str(report)
    hinge = judged(
        lambda w, X, y: np.sum(np.maximum(0, 1 - y * (X @ w))) / 2, "value", "C*sum(hinge)", params={"C": 0.5}
    )
    assert hinge.passed, str(hinge)


def test_the_prox_of_an_objective_with_data_is_that_of_its_penalty() -> None:
    report = judged(lambda v, step, lam: np.sign(v) * np.maximum(np.abs(v) - step * lam, 0), "prox")
    assert report.passed, str(report)
    over_groups = judged(
        lambda w, X, y, groups, lam: (
            np.mean((X @ w - y) ** 2) + lam * sum(np.sqrt(b - a) * np.linalg.norm(w[a:b]) for a, b in pairwise(groups))
        ),
        "value",
        "mean(squared_error) + group(l1)",
        groups="3,1,2",
    )
    assert over_groups.passed, str(over_groups)
