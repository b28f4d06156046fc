"""Objectives with data in plain NumPy, right and wrong in the ways that the kind invites, for the judge to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Scalar = Callable[[Any, Any], Any]


def dense(X: Any) -> Any:
    """Return a matrix as an array, whichever way it was handed in."""
    if not hasattr(X, "indptr"):
        if X.ndim != 2:
            raise ValueError("X: two dimensions are right")
        if X.dtype.kind != "f":
            raise TypeError("X: of float64 or float32")
        if not (X.flags.c_contiguous or X.flags.f_contiguous):
            raise ValueError("X: contiguous in either order")
        return X
    if X.indices.dtype.kind != "i":
        raise TypeError("X: indices are integers")
    if np.any(np.diff(X.indptr) < 0) or X.indptr[0] != 0:
        raise ValueError("X: indptr ascends from 0")
    if np.any(X.indices >= X.shape[1]):
        raise ValueError("X: an index is out of range")
    made = np.zeros(X.shape, dtype=X.data.dtype)
    for k in range(X.shape[0]):
        for place in range(X.indptr[k], X.indptr[k + 1]):
            made[k, X.indices[place]] += X.data[place]
    return made


@dataclass
class Plain:
    """mean or sum of a loss, plus lam*sum(w^2).

    Args:
        loss: l(z, y).
        slope: dl/dz.
        curvature: d2l/dz2.
        labels: What y may be; None for all numbers.
        is_mean: Is the sum divided by the sum of the weights?
        mistake: One of `MISTAKES`, or "".
    """

    loss: Scalar
    slope: Scalar
    curvature: Scalar
    labels: tuple[float, ...] | None = (-1.0, 1.0)
    is_mean: bool = True
    bound: float = 0.25
    mistake: str = ""
    functions: dict[str, Callable[..., Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.functions = {
            "value": self.value,
            "gradient": self.gradient,
            "hessian_vector": self.hessian_vector,
            "partial": self.partial,
            "lipschitz": self.lipschitz,
            "gradient_descent_step": self.gradient_descent_step,
        }

    def value(self, w: Any, X: Any, y: Any, *, lam: float, sample_weight: Any = None) -> float:
        A, s = self._checked(w, X, y, sample_weight)
        return float(np.sum(s * self.loss(A @ w, y)) / self._divisor(s) + lam * np.sum(w**2))

    def gradient(self, w: Any, X: Any, y: Any, *, lam: float, sample_weight: Any = None) -> Any:
        A, s = self._checked(w, X, y, sample_weight)
        if self.mistake == "a transposed index" and A.shape[0] == A.shape[1]:
            A = A.T
        y = -y if self.mistake == "a label's sign" else y
        return (A.T @ (s * self.slope(A @ w, y)) / self._divisor(s) + 2 * lam * w).astype(w.dtype)

    def hessian_vector(self, w: Any, v: Any, X: Any, y: Any, *, lam: float, sample_weight: Any = None) -> Any:
        A, s = self._checked(w, X, y, sample_weight)
        curved = s * self.curvature(A @ w, y) * (A @ v)
        penalty = lam * v if self.mistake == "half a second derivative" else 2 * lam * v
        return (A.T @ curved / self._divisor(s) + penalty).astype(w.dtype)

    def partial(self, w: Any, X: Any, y: Any, *, sample_weight: Any = None) -> Any:
        A, s = self._checked(w, X, y, sample_weight)
        if self.mistake == "a row skipped at a block's edge" and len(s) > 1024:
            s = np.where(np.arange(len(s)) == 1024, 0, s)
        r = s * self.slope(A @ w, y)
        return float(np.sum(s * self.loss(A @ w, y))), (A.T @ r).astype(w.dtype), float(np.sum(s))

    def lipschitz(self, X: Any, *, lam: float = 0.0, sample_weight: Any = None) -> float:
        A = dense(X).astype(np.float64)
        s = np.ones(len(A)) if sample_weight is None else sample_weight
        size = np.max(s) if self.is_mean and self.mistake == "a bound too small" else np.max(s) * np.sum(A * A)
        return float(self.bound * size / self._divisor(s))

    def gradient_descent_step(
        self, w: Any, X: Any, y: Any, *, lr: float, lam: float, sample_weight: Any = None
    ) -> None:
        w -= lr * self.gradient(w, X, y, lam=lam, sample_weight=sample_weight)

    def _checked(self, w: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        if self.mistake == "a wrong duplicate" and hasattr(X, "indptr"):
            X = _last_of_each(X)
        A = dense(X)
        if A.shape[1] != len(w):
            raise ValueError("X: as many columns as weights")
        if len(y) != len(A):
            raise ValueError("y: as many labels as rows")
        if self.labels is not None and self.mistake != "labels not looked at":
            for k, label in enumerate(y):
                if label not in self.labels:
                    raise ValueError(f"y[{k}] is {label}")
        if sample_weight is None:
            s = np.ones(len(A), dtype=w.dtype)
        elif len(sample_weight) != len(A):
            raise ValueError("sample_weight: one a row")
        elif np.any(sample_weight < 0):
            raise ValueError("sample_weight: negative")
        else:
            s = np.ones(len(A), dtype=w.dtype) if self.mistake == "a forgotten weight" else sample_weight
        if self.is_mean and not len(A):
            raise ValueError("a mean over nothing")
        return A, s

    def _divisor(self, s: Any) -> Any:
        if self.mistake == "a wrong divisor":
            return len(s)
        return np.sum(s) if self.is_mean else 1


def _last_of_each(X: Any) -> Any:
    """Return a matrix of compressed rows of which equal indices overwrite each other."""
    kept = [
        {int(X.indices[place]): X.data[place] for place in range(X.indptr[k], X.indptr[k + 1])}
        for k in range(X.shape[0])
    ]
    made = np.zeros(X.shape, dtype=X.data.dtype)
    for k, row in enumerate(kept):
        for j, x in row.items():
            made[k, j] = x
    return made


def logistic(mistake: str = "", *, is_mean: bool = True) -> Plain:
    """Return the mean of log(1 + exp(-y*z)) plus lam*sum(w^2)."""

    def share(z: Any, y: Any) -> Any:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(y * z))

    return Plain(
        loss=lambda z, y: np.logaddexp(0, -y * z),
        slope=lambda z, y: -y * share(z, y),
        curvature=lambda z, y: share(z, y) * share(-z, y),
        is_mean=is_mean,
        mistake=mistake,
    )


MISTAKES = {
    "a wrong divisor": ("value", "gradient"),
    "a forgotten weight": ("value", "gradient", "partial"),
    "a label's sign": ("gradient", "gradient_descent_step"),
    "a transposed index": ("gradient",),
    "half a second derivative": ("hessian_vector",),
    "a row skipped at a block's edge": ("partial",),
    "a wrong duplicate": ("value", "gradient", "partial"),
    "a bound too small": ("lipschitz",),
    "labels not looked at": ("value",),
}
"""Every mistake, and the functions that are wrong with it."""
