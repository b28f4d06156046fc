"""What is proved of whole objectives: by composition with the prediction, and by sums; constants hold on data."""

from __future__ import annotations

import numpy as np
import pytest

import symreg
from symreg.application.tasks.objectives import decided
from symreg.expressions.text import to_text
from symreg.objectives.resolve import resolve


def verdicts(text: str) -> dict[str, tuple[str, str]]:
    found = decided(resolve(text)).verdicts
    return {v.claim: (v.verdict, "" if v.value is None else to_text(v.value)) for v in found}


def test_what_holds_of_both_parts_holds_of_the_objective() -> None:
    assert verdicts("mean(logistic) + l2") == {
        "nonnegative": ("proved", ""),
        "differentiable": ("proved", ""),
        "convex": ("proved", ""),
        "weakly convex": ("proved", "0"),
        "strongly convex": ("proved", "2*lam"),
        "gradient Lipschitz": ("proved", "1/(4*m)*norm(X)**2 + 2*lam"),
        "coercive": ("proved", ""),
    }


@pytest.mark.parametrize(
    ("text", "claim"), [("3*sum(hinge)", "differentiable"), ("mean(squared_error) + mcp", "convex")]
)
def test_what_is_not_proved_of_a_part_stays_open(text: str, claim: str) -> None:
    assert verdicts(text)[claim][0] == "undecided"


def test_a_loss_alone_is_no_more_than_its_prediction_shows() -> None:
    of_loss = verdicts("mean(squared_error)")
    assert of_loss["convex"][0] == "proved" and of_loss["gradient Lipschitz"] == ("proved", "2/m*norm(X)**2")
    assert of_loss["strongly convex"][0] == of_loss["coercive"][0] == "undecided"


def test_the_page_says_what_the_objective_is() -> None:
    text = symreg.analyse("mean(logistic) + l2").text()
    for line in ("O(w) = 1/m*sum_k l(z_k, y_k) + R(w)", "R(w) = sum_i lam*w_i^2", "L = norm(X)^2/(4*m) + 2*lam"):
        assert line in text
    assert r"\sum_{k} \ell(z_k, y_k)" in symreg.analyse("mean(logistic) + l2").latex()


def test_the_constant_bounds_the_curvature_of_random_data() -> None:
    rng = np.random.default_rng(5)
    X, w, lam, h = rng.normal(size=(7, 3)), rng.normal(size=3), 0.1, 1e-5
    y = np.sign(rng.normal(size=7))

    def gradient(w: np.ndarray) -> np.ndarray:
        return -X.T @ (y / (1 + np.exp(y * (X @ w)))) / 7 + 2 * lam * w

    hessian = np.array([(gradient(w + h * e) - gradient(w - h * e)) / (2 * h) for e in np.eye(3)])
    assert np.linalg.norm(hessian, 2) <= np.linalg.norm(X, 2) ** 2 / (4 * 7) + 2 * lam
