"""Real data: emitted steps and a plain loop fit whole objectives; each end is optimal in balls, and a library's too."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from emitted import made
from optimality import distances

import symreg
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load

datasets = pytest.importorskip("sklearn.datasets")
linear_model = pytest.importorskip("sklearn.linear_model")
preprocessing = pytest.importorskip("sklearn.preprocessing")

in_sweep = pytest.mark.sweep
on_both_targets = pytest.mark.parametrize("target", ["numpy", pytest.param("c", marks=in_sweep)])
on_c_always = pytest.mark.parametrize("target", [pytest.param("numpy", marks=in_sweep), "c"])
"""For fits of thousands of steps, which C takes in a third of the time."""


@pytest.fixture(scope="module")
def diabetes() -> tuple[Any, Any]:
    """Return 442 samples of 10 standardised columns, and a response of mean 0."""
    X, y = datasets.load_diabetes(return_X_y=True)
    return preprocessing.StandardScaler().fit_transform(X), y - y.mean()


@pytest.fixture(scope="module")
def cancer() -> tuple[Any, Any]:
    """Return 569 samples of 30 standardised columns, and labels -1 and 1."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return preprocessing.StandardScaler().fit_transform(X), 2.0 * y - 1


@cache
def loaded(objective: str, rule: str, target: str) -> Any:
    """Return what `symreg.load` does, derived in this process, which takes a tenth of the time."""
    return load(resolve(objective), made(objective, (rule,)), target, "float64")


def fit(functions: Any, rule: str, data: tuple[Any, Any], steps: int, **settings: Any) -> Any:
    """Return the weights after so many emitted steps from 0."""
    w = np.zeros(data[0].shape[1])
    for _ in range(steps):
        getattr(functions, f"{rule}_step")(w, *data, **settings)
    return w


def accelerated(functions: Any, data: tuple[Any, Any], steps: int, **settings: Any) -> Any:
    """Return FISTA's iterate after so many emitted steps from 0.

    Where the last step goes against the next it forgets its momentum (O'Donoghue & Candes 2015, Found. Comput. Math.
    15(3):715-732, eq. (12)): then it converges as fast as the objective is curved.
    """
    w = np.zeros(data[0].shape[1])
    state = functions.fista_state(w)
    for _ in range(steps):
        ahead, before = w.copy(), state["x"].copy()
        functions.fista_step(w, *data, state, **settings)
        if (ahead - state["x"]) @ (state["x"] - before) > 0:
            w[:] = state["x"]
            state["s"] = functions.fista_state(w)["s"]
    return state["x"]


# Diabetes

LASSO = "mean(half_squared_error) + l1"


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_lasso_is_that_of_scikit_learn(diabetes: tuple[Any, Any], target: str) -> None:
    X, y = diabetes
    functions = symreg.load(LASSO, rules=("proximal_gradient", "fista"), target=target, judge=False, timeout=100)
    theirs = linear_model.Lasso(alpha=2.0, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(X, y).coef_
    settings = {"lr": 1 / functions.lipschitz(X), "lam": 2.0}
    plain = fit(functions, "proximal_gradient", diabetes, 1500, **settings)
    for reached in (plain, accelerated(functions, diabetes, 400, **settings)):
        assert np.abs(reached - theirs).max() <= 1e-8
        assert distances(LASSO, reached, X, y, parameters={"lam": 2.0}).max() <= 1e-10
        assert np.sum(reached == 0) == np.sum(theirs == 0) > 0


@pytest.mark.parametrize("moved", [0, 1, 2], ids=["a weight", "a zero that should not be", "a weight that should be 0"])
def test_points_beside_the_optimum_are_noticed(diabetes: tuple[Any, Any], moved: int) -> None:
    X, y = diabetes
    optimum = linear_model.Lasso(alpha=2.0, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(X, y).coef_
    zeros, others = np.flatnonzero(optimum == 0), np.flatnonzero(optimum)
    beside = optimum.copy()
    if moved == 0:
        beside[others[0]] *= 1 + 1e-6
    elif moved == 1:
        beside[others[0]] = 0
    else:
        beside[zeros[0]] = 1e-9
    for sign in (1, -1):  # mirrored, what lay above the slopes of the penalty lies below them
        assert distances(LASSO, sign * beside, X, sign * y, parameters={"lam": 2.0}).max() > 1e-6


@on_both_targets
def test_elastic_net_is_that_of_scikit_learn(diabetes: tuple[Any, Any], target: str) -> None:
    X, y = diabetes
    objective, strengths = "mean(half_squared_error) + l1(lam=a) + l2(lam=b)/2", {"a": 1.5, "b": 0.5}
    functions = loaded(objective, "fista", target)
    reached = accelerated(functions, diabetes, 200, lr=1 / functions.lipschitz(X), **strengths)
    net = linear_model.ElasticNet(alpha=2.0, l1_ratio=0.75, fit_intercept=False, tol=1e-15, max_iter=10**6)
    assert np.abs(reached - net.fit(X, y).coef_).max() <= 1e-8
    assert distances(objective, reached, X, y, parameters=strengths).max() <= 1e-10
    beside = reached * (1 + 1e-8)
    assert distances(objective, beside, X, y, parameters=strengths).max() > 1e-8


@on_c_always
def test_quantile_regression_is_that_of_a_linear_program(diabetes: tuple[Any, Any], target: str) -> None:
    """Steps along slopes converge as fast as they shrink: the objective has an edge at its minimum."""
    X, y = np.ascontiguousarray(diabetes[0][:, [0, 1, 2, 3, 9]]), diabetes[1] / diabetes[1].std()
    objective, parameters = "sum(quantile) + l1", {"tau": 0.7, "lam": 20.0}
    functions = loaded(objective, "proximal_gradient", target)
    reached = np.zeros(5)
    for number in range(4000):
        functions.proximal_gradient_step(reached, X, y, lr=0.003 * 0.995**number, **parameters)
    theirs = linear_model.QuantileRegressor(quantile=0.7, alpha=20 / len(y), fit_intercept=False, solver="highs")
    assert np.abs(reached - theirs.fit(X, y).coef_).max() <= 1e-8

    # It goes through as many samples as it has weights that are not 0; there the loss has a kink, and which of its
    # slopes to take the weights say.
    on_it, kept = np.flatnonzero(np.abs(X @ reached - y) <= 1e-9), np.flatnonzero(reached)
    assert len(on_it) == len(kept) > 0
    others = np.ones(len(y))
    others[on_it] = 0
    rest = functions.partial(reached, X, y, tau=0.7, sample_weight=others)[1] + 20 * np.sign(reached)
    chosen = np.linalg.solve(X[np.ix_(on_it, kept)].T, -rest[kept])
    at_kinks = dict(zip(on_it.tolist(), chosen.tolist(), strict=True))
    assert distances(objective, reached, X, y, parameters=parameters, at_kinks=at_kinks).max() <= 1e-9

    assert distances(objective, reached, X, y, parameters=parameters).max() > 1e-3, "without them it is no optimum"
    for wrong in ({on_it[0]: 0.31}, {np.argmax(np.abs(X @ reached - y)): 0.0}):
        with pytest.raises(ValueError, match="the loss has no slope"):
            distances(objective, reached, X, y, parameters=parameters, at_kinks=wrong)


@on_both_targets
def test_sparse_group_lasso_on_polynomial_features_is_optimal(diabetes: tuple[Any, Any], target: str) -> None:
    """A group is a column of the data with what is multiplied by it: 65 weights in 10 groups."""
    polynomials = preprocessing.PolynomialFeatures(2, include_bias=False).fit(diabetes[0])
    first = np.array([np.flatnonzero(powers)[0] for powers in polynomials.powers_])
    columns = polynomials.transform(diabetes[0])[:, np.argsort(first, kind="stable")]
    X, y = np.ascontiguousarray(preprocessing.StandardScaler().fit_transform(columns)), diabetes[1]
    groups = np.append(0, np.cumsum(np.bincount(first))).astype(np.int64)
    objective, strengths = "mean(half_squared_error) + l1(lam=a) + group(l1(lam=b))", {"a": 1.0, "b": 2.0}
    functions = loaded(objective, "fista", target)
    reached = accelerated(functions, (X, y), 500, lr=1 / functions.lipschitz(X), groups=groups, **strengths)

    def worst(w: Any) -> float:
        return float(distances(objective, w, X, y, parameters=strengths, groups=groups).max())

    assert worst(reached) <= 1e-9
    is_zero = [not np.any(part) for part in np.split(reached, groups[1:-1])]
    assert any(is_zero) and not all(is_zero) and np.sum(reached == 0) > sum(np.diff(groups)[is_zero])
    others = np.arange(65)
    zero, other = is_zero.index(True), is_zero.index(False)
    assert worst(np.where(others == groups[zero], 1e-6, reached)) > 0.1, "a weight in a group of zeros"
    assert worst(np.where((others >= groups[other]) & (others < groups[other + 1]), 0, reached)) > 0.1, "a group lost"
    assert worst(reached * (1 + 1e-8)) > 1e-8


# Breast cancer


@on_c_always
def test_logistic_lasso_is_that_of_scikit_learn(cancer: tuple[Any, Any], target: str) -> None:
    X, y = cancer
    objective, lam = "mean(logistic) + l1", 0.05
    functions = loaded(objective, "fista", target)
    reached = accelerated(functions, cancer, 4000, lr=1 / functions.lipschitz(X), lam=lam)
    settings = {"fit_intercept": False, "tol": 1e-12, "max_iter": 10**5, "random_state": 0}
    for solver in ("liblinear", "saga"):
        theirs = linear_model.LogisticRegression(l1_ratio=1, C=1 / (lam * len(y)), solver=solver, **settings).fit(X, y)
        assert np.abs(reached - theirs.coef_[0]).max() <= 1e-8
    assert distances(objective, reached, X, y, parameters={"lam": lam}).max() <= 1e-11
    assert distances(objective, reached * (1 + 1e-7), X, y, parameters={"lam": lam}).max() > 1e-10


@pytest.mark.parametrize(("gamma", "steps"), [(30.0, 2000), pytest.param(3.0, 8000, marks=in_sweep)])
@on_c_always
def test_logistic_mcp_ends_at_a_stationary_point(
    cancer: tuple[Any, Any], gamma: float, steps: int, target: str
) -> None:
    X, y = cancer
    objective, parameters = "mean(logistic) + mcp", {"lam": 0.05, "gamma": gamma}
    functions = loaded(objective, "fista", target)
    reached = accelerated(functions, cancer, steps, lr=1 / functions.lipschitz(X), **parameters)
    assert 0 < np.sum(reached != 0) < 30
    assert distances(objective, reached, X, y, parameters=parameters).max() <= 1e-11
    assert distances(objective, reached * (1 + 1e-7), X, y, parameters=parameters).max() > 1e-10
    without = np.where(np.arange(30) == np.argmax(np.abs(reached)), 0, reached)
    assert distances(objective, without, X, y, parameters=parameters).max() > 1e-3


# Counts


@on_both_targets
def test_poisson_regression_is_that_of_scikit_learn(target: str) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 6))
    y = random.poisson(np.exp(X @ random.normal(size=6) / 2)).astype(float)
    objective = "mean(poisson) + l2/2"
    functions = loaded(objective, "gradient_descent", target)
    reached = fit(functions, "gradient_descent", (X, y), 500, lr=0.3, lam=0.1)
    theirs = linear_model.PoissonRegressor(alpha=0.1, fit_intercept=False, tol=1e-12, solver="newton-cholesky")
    assert np.abs(reached - theirs.fit(X, y).coef_).max() <= 1e-8
    assert distances(objective, reached, X, y, parameters={"lam": 0.1}).max() <= 1e-11
    assert distances(objective, reached * (1 + 1e-8), X, y, parameters={"lam": 0.1}).max() > 1e-10
