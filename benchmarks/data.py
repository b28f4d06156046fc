"""Objectives over samples: one pass over X beside the two products that the formula asks for, and one read of X."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import Any

import baselines
import numpy as np
import scipy.sparse
from measure import Case, Row, at_least, at_most, interleaved, quotient, shown

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.functions import Functions
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

TEXT, LAM = "mean(logistic) + l2", 0.1
SHAPES = ((40_000, 1_000), (200_000, 100), (4_000, 10_000))
SMALL = ((4_000, 1_000), (20_000, 100), (400, 10_000))
DENSITY = 0.01
LASSO, LASSO_QUICK = (1_000, 5_000), (200, 1_000)
LIMITS = {"row by row": 1.5, "column by column": 1.0, "compressed rows": 1.3}
GROWTH = {
    "samples": ((40_000, 200), (80_000, 200), (160_000, 200), (320_000, 200)),
    "weights": ((10_000, 800), (10_000, 1_600), (10_000, 3_200), (10_000, 6_400)),
    "numbers in compressed rows": ((100_000, 4_000), (200_000, 4_000), (400_000, 4_000)),
}
SLOPES = (0.95, 1.05)


def cases(*, quick: bool, rounds: int) -> dict[str, Case]:
    """Return a case for each shape, precision, layout of X and target, one of the lasso, and one for each growth."""
    shapes = SMALL if quick else SHAPES
    made: dict[str, Case] = {
        f"{m:,} x {n:,} {np.dtype(dtype)} {layout}": partial(contest, m, n, dtype, layout, rounds)
        for dtype in (np.float64, np.float32)
        for m, n in shapes
        for layout in LIMITS
    }
    made |= {
        f"NumPy target, {m:,} x {n:,} {np.dtype(dtype)} {layout}": partial(numpy_rows, m, n, dtype, layout, rounds)
        for dtype in (np.float64, np.float32)
        for m, n in shapes
        for layout in LIMITS
    }
    made["lasso"] = partial(lasso, *(LASSO_QUICK if quick else LASSO), 3)
    if not quick:
        made |= {f"growth with {what}": partial(growth, what, rounds) for what in GROWTH}
    return made


class Problem:
    """X in one layout, labels and weights, and the gradient as its reader would write it."""

    def __init__(self, m: int, n: int, dtype: type, layout: str) -> None:
        rng = np.random.default_rng(0)
        if layout == "compressed rows":
            X = scipy.sparse.random_array((m, n), density=DENSITY, format="csr", rng=rng, dtype=dtype)
            X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
        else:
            X = rng.standard_normal((m, n), dtype=dtype)
            X = X if layout == "row by row" else np.asfortranarray(X)
        self.X, self.T = X, X.T
        self.y = np.where(rng.random(m) < 0.5, -1, 1).astype(dtype)
        self.w = (rng.standard_normal(n) / np.sqrt(n)).astype(dtype)
        self.group = f"{TEXT}, {m:,} x {n:,} {np.dtype(dtype)} {layout}"
        self.numbers = X.data if layout == "compressed rows" else (X if layout == "row by row" else X.T)

    def two_products(self) -> Any:
        """Return the gradient of two products with X and plain expressions."""
        slope = -self.y / (1 + np.exp(self.y * (self.X @ self.w)))
        return self.T @ (slope / self.y.dtype.type(self.y.size)) + self.y.dtype.type(2 * LAM) * self.w

    def one_read(self) -> Callable[[], object]:
        """Return a call that reads the numbers of X once and adds them up."""
        function = baselines.library()[f"read_{'f64' if self.y.dtype == np.float64 else 'f32'}"]
        function.restype = ctypes.c_double
        arguments = ctypes.c_size_t(self.numbers.size), ctypes.c_void_p(self.numbers.ctypes.data)
        return lambda: function(*arguments)


@cache
def functions(target: str) -> Functions:
    """Return the loaded functions of the objective; the judge has no part in what is measured."""
    objective = resolve(TEXT)
    return load(objective, updates(objective), target)


def contest(m: int, n: int, dtype: type, layout: str, rounds: int) -> Iterator[Row]:
    """Yield the rows of one shape and layout: the gradient, in reads of X too, and the product with the Hessian."""
    p = Problem(m, n, dtype, layout)
    ours, out = functions("c"), np.empty_like(p.w)
    tolerance = 1e-9 if dtype is np.float64 else 1e-3
    np.testing.assert_allclose(ours.gradient(p.w, p.X, p.y, lam=LAM), p.two_products(), rtol=tolerance, atol=tolerance)
    products = "SciPy's products" if layout == "compressed rows" else "NumPy's products"
    contenders = {
        "gradient": lambda: ours.gradient(p.w, p.X, p.y, lam=LAM, out=out),
        products: p.two_products,
        "one read of X": p.one_read(),
        "hessian_vector": lambda: ours.hessian_vector(p.w, p.w, p.X, p.y, lam=LAM, out=out),
        **(peers(p) if layout == "row by row" else {}),
    }
    seconds = interleaved(contenders, rounds, time.process_time)
    yield at_least(LIMITS[layout], p.group, seconds, "gradient", products)
    for peer in peers_in(seconds):
        yield at_least(1.0, p.group, seconds, "gradient", peer)
    yield Row(
        group=p.group,
        subject="gradient, in reads of X",
        measured=shown(statistics.median(seconds["gradient"])),
        against=f"one read: {shown(statistics.median(seconds['one read of X']))}",
        figure=quotient(seconds, "gradient", "one read of X"),
    )
    yield at_most(1.2, p.group, seconds, "hessian_vector", "gradient")


def numpy_rows(m: int, n: int, dtype: type, layout: str, rounds: int) -> Iterator[Row]:
    """Yield the rows of the NumPy target: the gradient, and the product with the Hessian."""
    p = Problem(m, n, dtype, layout)
    ours, out = functions("numpy"), np.empty_like(p.w)
    contenders = {
        "gradient in NumPy": lambda: ours.gradient(p.w, p.X, p.y, lam=LAM, out=out),
        "the two products": p.two_products,
        "hessian_vector in NumPy": lambda: ours.hessian_vector(p.w, p.w, p.X, p.y, lam=LAM, out=out),
    }
    seconds = interleaved(contenders, rounds, time.process_time)
    yield at_least(1.0, p.group, seconds, "gradient in NumPy", "the two products")
    yield at_most(1.2, p.group, seconds, "hessian_vector in NumPy", "gradient in NumPy")


def lasso(m: int, n: int, rounds: int) -> Iterator[Row]:
    """Yield the time that emitted FISTA, and solvers of others, take to 1e-6 above the lasso's least value.

    Each goes as far as it must, which is found out before: steps of FISTA, or the loosest tolerance of a power of ten.
    """
    rng = np.random.default_rng(0)
    X = rng.standard_normal((m, n))
    y = X[:, : n // 50] @ rng.standard_normal(n // 50) + rng.standard_normal(m)
    lam = 0.1 * float(np.abs(X.T @ y).max()) / m
    objective = resolve("mean(half_squared_error) + l1")
    ours = load(objective, updates(objective, (resolve_rule("fista"),)), "c")

    def value(w: Any) -> float:
        return float(ours.value(w, X, y, lam=lam))

    def fista(steps: int, enough: float = -np.inf) -> tuple[Any, int]:
        w, lr = np.zeros(n), 1 / (1.01 * float(np.linalg.eigvalsh(X @ X.T)[-1]) / m)
        state = ours.fista_state(w)
        for step in range(steps):
            if enough > -np.inf and value(w) <= enough:
                return w, step
            ours.fista_step(w, X, y, state, lr=lr, lam=lam)
        return w, steps

    solvers = lasso_solvers(X, np.asfortranarray(X), y, lam)
    exact = [value(solve(1e-12)) for solve in solvers.values()] or [value(fista(20_000)[0])]
    enough = min(exact) * (1 + 1e-6)
    steps = fista(20_000, enough)[1]
    calls: dict[str, Callable[[], object]] = {"FISTA, emitted": lambda: fista(steps)}
    for name, solve in solvers.items():
        tolerance = next((t for t in 10.0 ** -np.arange(2, 13) if value(solve(t)) <= enough), None)
        if tolerance is not None:
            calls[name] = partial(solve, tolerance)
    seconds = interleaved(calls, rounds)
    for name in calls:
        yield Row(
            group=f"lasso, {m:,} x {n:,}, to 1e-6 above the least value",
            subject=f"{name}, {steps} steps" if name == "FISTA, emitted" else name,
            measured=shown(statistics.median(seconds[name])),
            against="in the time of FISTA, emitted",
            figure=quotient(seconds, name, "FISTA, emitted"),
        )


def lasso_solvers(X: Any, by_columns: Any, y: Any, lam: float) -> dict[str, Callable[[float], Any]]:
    """Return what finds the weights up to a tolerance, of the solvers that are installed."""
    found: dict[str, Callable[[float], Any]] = {}
    with suppress(ImportError):
        from sklearn.linear_model import Lasso

        def in_scikit_learn(tolerance: float) -> Any:
            model = Lasso(alpha=lam, fit_intercept=False, tol=tolerance, max_iter=100_000)
            return model.fit(by_columns, y).coef_

        found["scikit-learn, coordinates"] = in_scikit_learn
    with suppress(ImportError):
        from skglm.datafits import Quadratic
        from skglm.penalties import L1
        from skglm.solvers import FISTA, AndersonCD

        def in_skglm(solver: Any, tolerance: float) -> Any:
            datafit = Quadratic()
            penalty = L1(lam)
            return solver(tolerance).solve(by_columns, y, datafit, penalty)[0]

        found["skglm, coordinates"] = partial(in_skglm, lambda t: AndersonCD(tol=t, fit_intercept=False))
        found["skglm, FISTA"] = partial(in_skglm, lambda t: FISTA(tol=t, max_iter=20_000))
    return found


def growth(what: str, rounds: int) -> Iterator[Row]:
    """Yield the slope of a gradient's time against the size of X, both in logarithms."""
    layout = "compressed rows" if "compressed" in what else "row by row"
    sizes, medians = [], []
    for m, n in GROWTH[what]:
        p = Problem(m, n, np.float64, layout)
        ours, out = functions("c"), np.empty_like(p.w)
        call = partial(ours.gradient, p.w, p.X, p.y, lam=LAM, out=out)
        medians.append(statistics.median(interleaved({"gradient": call}, rounds, time.process_time)["gradient"]))
        sizes.append(p.numbers.size)
    slope = float(np.polyfit(np.log(sizes), np.log(medians), 1)[0])
    yield Row(
        group=f"{TEXT}, growth",
        subject=f"time against {what}",
        measured=shown(medians[-1]),
        against=f"{sizes[0]:,} numbers: {shown(medians[0])}",
        figure=slope,
        promise=f"slope {SLOPES[0]} to {SLOPES[1]}",
        is_kept=SLOPES[0] <= slope <= SLOPES[1],
    )


PEERS = ("scikit-learn", "torch", "JAX")


def peers_in(seconds: dict[str, list[float]]) -> list[str]:
    """Return the peers that were measured."""
    return [peer for peer in PEERS if peer in seconds]


def peers(p: Problem) -> dict[str, Callable[[], object]]:
    """Return the gradient of each peer that is installed, where it agrees with the formula."""
    calls = {name: make(p) for name, make in zip(PEERS, (in_scikit_learn, in_torch, in_jax), strict=True)}
    return {name: call for name, call in calls.items() if call is not None}


def in_scikit_learn(p: Problem) -> Callable[[], object] | None:
    """Return the gradient of scikit-learn's own loss of a linear model, which computes the value with it."""
    try:
        from sklearn._loss import HalfBinomialLoss
        from sklearn.linear_model._linear_loss import LinearModelLoss
    except ImportError:
        return None
    loss = LinearModelLoss(base_loss=HalfBinomialLoss(), fit_intercept=False)
    labels = ((p.y + 1) / 2).astype(p.y.dtype)
    return lambda: loss.gradient(p.w, p.X, labels, l2_reg_strength=2 * LAM, n_threads=1)


def in_torch(p: Problem) -> Callable[[], object] | None:
    """Return the gradient by torch's automatic differentiation, on one thread."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    X, y, w = torch.from_numpy(p.X), torch.from_numpy(p.y), torch.from_numpy(p.w).requires_grad_()

    def gradient() -> object:
        objective = torch.nn.functional.softplus(-y * (X @ w)).mean() + LAM * (w * w).sum()
        return torch.autograd.grad(objective, w)

    return gradient


def in_jax(p: Problem) -> Callable[[], object] | None:
    """Return the gradient by JAX, compiled."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    X, y, w = (jax.numpy.asarray(array) for array in (p.X, p.y, p.w))

    def objective(w: Any, X: Any, y: Any) -> Any:
        return jax.numpy.mean(jax.nn.softplus(-y * (X @ w))) + LAM * jax.numpy.sum(w * w)

    compiled = jax.jit(jax.grad(objective))
    return lambda: compiled(w, X, y).block_until_ready()
