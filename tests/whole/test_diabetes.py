"""Real data: the caller has the squared error's gradient, the emitted steps do the rest, and the end is certified.

AdamW takes the penalty's gradient past Adam's scaling, so with its usual `eps` it does not minimise L + R at all: at
rest g/(|g| + eps) = -dR/dw, which for l2 keeps every weight within 1/(2 lam). With an `eps` beside which sqrt(v) is
lost the scaling is a constant, and with `lr*eps` and `lam/eps` in place of `lr` and `lam` it does.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flint import arb, arb_mat, arb_series, ctx

import symreg
from symreg.objectives.resolve import resolve
from symreg.verification.oracle.evaluate import evaluate
from symreg.verification.oracle.slopes import slopes

datasets = pytest.importorskip("sklearn.datasets")

RULES = ("gradient_descent", "adamw")
HUGE = 2.0**80  # a power of two: scaling by it rounds nothing
LR = 0.1


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    """Return the data: 10 columns of mean 0 and length 1, and a response of mean 0."""
    x, y = datasets.load_diabetes(return_X_y=True)
    return x, y - y.mean()


@pytest.fixture(scope="module", params=["numpy", "c"])
def ridge(request: pytest.FixtureRequest) -> SimpleNamespace:
    return symreg.load("l2", rules=RULES, target=request.param, judge=False)


@pytest.fixture(scope="module", params=["numpy", "c"])
def own(request: pytest.FixtureRequest) -> SimpleNamespace:
    return symreg.load("lam*log(1 + w**2/eps)", rules=RULES, target=request.param, judge=False)


def fit(functions: SimpleNamespace, rule: str, data: tuple[Any, Any], steps: int, lam: float, **others: float) -> Any:
    """Return the weights after so many emitted steps on ||X w - y||^2 + R(w), from 0."""
    x, y = data
    w = np.zeros(x.shape[1])
    if rule == "gradient_descent":
        for _ in range(steps):
            functions.gradient_descent_step(w, 2 * x.T @ (x @ w - y), lr=LR, lam=lam, **others)
        return w
    state = functions.adamw_state(w)
    settings = {"lr": LR * HUGE, "adamw_eps" if "eps" in others else "eps": HUGE, "lam": lam / HUGE, **others}
    for _ in range(steps):
        functions.adamw_step(w, 2 * x.T @ (x @ w - y), state, **settings)
    return w


@pytest.mark.one_in(6)
@pytest.mark.parametrize("rule", RULES)
def test_l2_reaches_the_closed_form_ridge_solution(ridge: SimpleNamespace, rule: str, data: tuple[Any, Any]) -> None:
    x, y = data
    lam = 0.1
    solution = np.linalg.solve(x.T @ x + lam * np.eye(x.shape[1]), x.T @ y)
    reached = fit(ridge, rule, data, 2000, lam)
    assert np.abs(reached - solution).max() <= 1e-8 * np.abs(solution).max()
    assert np.abs(reached - solution).max() <= 1e-8, "not only relative to weights of a few hundred"


def test_adamw_with_its_usual_eps_solves_another_problem(ridge: SimpleNamespace, data: tuple[Any, Any]) -> None:
    x, y = data
    lam = 1 / 400
    w = np.zeros(x.shape[1])
    state = ridge.adamw_state(w)
    for step in range(6000):
        ridge.adamw_step(w, 2 * x.T @ (x @ w - y), state, lr=5.0 * min(1.0, 0.998 ** (step - 2000)), lam=lam, eps=1e-8)
    solution = np.linalg.solve(x.T @ x + lam * np.eye(x.shape[1]), x.T @ y)
    assert np.abs(solution).max() > 3 / (2 * lam)
    assert np.abs(w).max() <= 1.01 / (2 * lam), "decoupled decay holds every weight within 1/(2 lam)"


@pytest.mark.one_in(4)
@pytest.mark.parametrize("rule", RULES)
def test_penalty_of_the_readers_own_ends_where_the_certified_gradient_is_zero(
    own: SimpleNamespace, rule: str, data: tuple[Any, Any]
) -> None:
    parameters = {"lam": 2000.0, "eps": 1e4}
    reached = fit(own, rule, data, 8000, **parameters)
    gradient, jacobian, nearest = certificate(data, reached, parameters)
    rounding = jacobian @ np.spacing(np.abs(reached))  # what one unit in the last place of each weight changes
    assert (np.abs(gradient) <= 4 * rounding).all()
    assert (np.abs(certificate(data, np.zeros(reached.size), parameters)[0]) > 1e14 * rounding).any(), "was far off"
    assert nearest <= 1e-11 * np.abs(reached).max()


def certificate(data: tuple[Any, Any], w: Any, parameters: dict[str, float]) -> tuple[Any, Any, float]:
    """Return the exact gradient of ||X w - y||^2 + R(w), the size of its Jacobian, and how near to w a zero is proven.

    The zero is proven by the Krawczyk operator in balls: it maps a box around w into itself, so the box holds a point
    at which the gradient is exactly zero, and only one.
    """
    objective = resolve("lam*log(1 + w**2/eps)")
    slope = slopes(objective.terms, parameters, floor=1e-30)
    (term,) = objective.terms.terms
    with ctx.workprec(256):
        x, y = (arb_mat([[arb(float(v)) for v in row] for row in part]) for part in (data[0], data[1][:, None]))
        here = arb_mat([[arb(float(v))] for v in w])
        penalty = [slope([float(v) for v in w], j) for j in range(len(w))]
        assert all(found is not None for found in penalty)
        gradient = 2 * x.transpose() * (x * here - y) + arb_mat([[found.value] for found in penalty])
        for exponent in range(-48, -20):
            radius = arb(float(np.abs(w).max())) * arb((1, exponent))
            around = [arb(float(v), radius) for v in w]
            curvature = [second(term.tree, box, parameters) for box in around]
            jacobian = 2 * x.transpose() * x
            for j, value in enumerate(curvature):
                jacobian[j, j] += value
            middle = arb_mat([[entry.mid() for entry in row] for row in jacobian.tolist()])
            inverse = arb_mat([[entry.mid() for entry in row] for row in middle.inv().tolist()])
            unit = arb_mat([[int(i == j) for j in range(len(w))] for i in range(len(w))])
            spread = arb_mat([[arb(0, radius)] for _ in w])
            image = here - inverse * gradient + (unit - inverse * jacobian) * spread
            if all(box.contains_interior(image[j, 0]) for j, box in enumerate(around)):
                break
        else:
            radius = arb(float("inf"))
        sizes = np.array([[abs(float(entry)) for entry in row] for row in jacobian.tolist()])
        return np.array([float(gradient[j, 0]) for j in range(len(w))]), sizes, float(radius)


def second(tree: Any, box: arb, parameters: dict[str, float]) -> arb:
    """Return a ball that holds the second derivative of an elementwise penalty over a whole box of weights."""
    series: Any = evaluate(tree, {"w": arb_series([box, 1], prec=4), **parameters}, precision=256)
    return 2 * series[2]
