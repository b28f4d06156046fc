"""Somebody's own function with an element of a parameter for each weight, or over groups: wrong ones are found."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.objectives.structures import with_sizes
from symreg.verification import against
from symreg.verification.behaviour.per_weight import checks_of_elements
from symreg.verification.cases.calling import Subject
from symreg.verification.data.against import against_data
from symreg.verification.report.report import Report

Array = NDArray[Any]
POINTS = 15


def soft(v: Array, step: float, c: Array) -> Array:
    return np.asarray(np.sign(v) * np.maximum(np.abs(v) - step * c, 0))


def of_the_first(v: Array, step: float, c: Array) -> Array:
    return soft(v, step, c[0])


def of_the_next(v: Array, step: float, c: Array) -> Array:
    return soft(v, step, np.roll(c, 1))


def without_zeros(v: Array, step: float, c: Array) -> Array:
    return np.where(c == 0, 0, soft(v, step, c))


def not_at_zero(v: Array, step: float, c: Array) -> Array:
    return v * np.maximum(1 - step * c / np.abs(v), 0)


def of_the_mean(w: Array, c: Array) -> Any:
    return np.mean(c) * np.sum(np.abs(w))


def backwards(w: Array, c: Array) -> Array:
    return np.asarray(c[::-1] * np.sign(w))


def step_of_the_next(w: Array, g: Array, lr: float, c: Array) -> Array:
    return np.asarray(w - lr * (g + np.roll(c, 1) * np.sign(w)))


def judged(text: str, function: Callable[..., Any], as_: Any, groups: str = "") -> Report:
    objective = resolve(text) if not groups else with_sizes(resolve(text), groups)
    if objective.data is None:
        rule = resolve_rule("gradient_descent") if as_ == "step" else None
        return against(objective.terms, rule, function, as_, points=POINTS)
    return against_data(objective.data, objective.terms, None, function, as_, points=POINTS)


@pytest.mark.parametrize(
    ("function", "as_", "is_right"),
    [
        (soft, "prox", True),
        (of_the_first, "prox", False),
        (of_the_next, "prox", False),
        (without_zeros, "prox", False),
        (not_at_zero, "prox", False),
        (lambda w, c: np.sum(c * np.abs(w)), "value", True),
        (of_the_mean, "value", False),
        (lambda w, c: c * np.sign(w), "gradient", True),
        (backwards, "gradient", False),
    ],
)
def test_each_weight_has_its_own_strength(function: Callable[..., Any], as_: str, is_right: bool) -> None:
    report = judged("l1(lam=c[n])", function, as_)
    assert report.passed == is_right, report.text()
    wrong = {check.kind for check in report.checks if not check.is_right}
    assert wrong == (set() if is_right else {"elements"}), report.text()


def test_a_step_at_the_wrong_strength_is_found() -> None:
    report = judged("l1(lam=c[n])", step_of_the_next, "step")
    assert not report.passed
    assert "got gradient_descent_step[" in report.text()


def least_squares(X: Array, y: Array, w: Array, sample_weight: Array) -> Any:
    return np.sum(sample_weight * (X @ w - y) ** 2 / 2) / np.sum(sample_weight)


@pytest.mark.parametrize("is_right", [True, False])
def test_over_samples_too(is_right: bool) -> None:
    def value(w: Array, X: Array, y: Array, c: Array, sample_weight: Array) -> Any:
        return least_squares(X, y, w, sample_weight) + np.sum((c if is_right else c[::-1]) * np.abs(w))

    assert judged("mean(half_squared_error) + l1(lam=c[n])", value, "value").passed == is_right


@pytest.mark.parametrize("has_root", [True, False])
@pytest.mark.parametrize("is_over_samples", [True, False])
def test_the_root_of_a_groups_size_is_its_weight_where_none_is_given(has_root: bool, is_over_samples: bool) -> None:
    def penalty(w: Array, lam: float, groups: Array, c: Array | None = None) -> Any:
        ends = [*pairwise(groups)]
        c = (np.sqrt(np.diff(groups)) if has_root else np.ones(len(ends))) if c is None else c
        return lam * sum(c[g] * np.linalg.norm(w[a:b]) for g, (a, b) in enumerate(ends))

    def objective(
        w: Array, X: Array, y: Array, lam: float, groups: Array, sample_weight: Array, c: Array | None = None
    ) -> Any:
        return least_squares(X, y, w, sample_weight) + penalty(w, lam, groups, c)

    text, function = ("mean(half_squared_error) + group(l1)", objective) if is_over_samples else ("group(l1)", penalty)
    assert judged(text, function, "value", groups="3,0,2").passed == has_root
    assert judged(text, function, "value", groups="3:1,0:1,2:2").passed  # each is given


def test_an_array_where_one_number_is_right_is_wrong_and_no_bug() -> None:
    def value(w: Array, X: Array, y: Array, lam: float) -> Any:
        return np.ones(3)

    report = judged("mean(half_squared_error) + l1", value, "value")
    assert "an array of shape (3,) where one number" in report.text()


def test_a_strength_of_0_in_a_box_is_the_projection() -> None:
    def boxed(v: Array, *, step: float, c: Array) -> Array:
        return np.clip(soft(v, step, c), -1, 1)

    for function, verdict in ((boxed, "pass"), (lambda v, *, step, c: soft(v, step, c), "wrong")):
        subject = Subject(label="own", dtype="float64", functions={"prox": function})
        (check,) = checks_of_elements(resolve("box(l1(lam=c[n]), -1, 1)").terms, [subject])
        assert check.verdict == verdict
