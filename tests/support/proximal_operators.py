"""Proximal operators written down by hand from the papers, one a penalty: what the judge is tried with.

Each is `f(v, *, step, <parameters>)`, elementwise in NumPy, right for every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[Any]


def l1(v: Vector, *, step: float, lam: float) -> Vector:
    """Soft thresholding: Donoho (1995), IEEE Trans. Inf. Theory 41(3):613-627."""
    return np.sign(v) * np.maximum(np.abs(v) - step * lam, 0.0)


def l2(v: Vector, *, step: float, lam: float) -> Vector:
    """Shrinkage: Parikh & Boyd (2014), Found. Trends Optim. 1(3), sec. 6.1.1."""
    return v / (1.0 + 2.0 * step * lam)


def elastic_net(v: Vector, *, step: float, lam1: float, lam2: float) -> Vector:
    """Soft thresholding, then shrinkage: Parikh & Boyd (2014), sec. 6.5.3."""
    return l1(v, step=step, lam=lam1) / (1.0 + 2.0 * step * lam2)


def huber(v: Vector, *, step: float, lam: float, delta: float) -> Vector:
    """Shrinkage near zero, a shift beyond; continuous at |v| = (1 + step*lam)*delta."""
    t = step * lam
    with np.errstate(over="ignore"):
        return np.where(np.abs(v) <= (1.0 + t) * delta, v / (1.0 + t), v - t * delta * np.sign(v))


def mcp(v: Vector, *, step: float, lam: float, gamma: float) -> Vector:
    """Firm thresholding below the bound step < gamma, hard thresholding from it on: Zhang (2010), sec. 2.1."""
    size = np.abs(v)
    if step < gamma:
        shrunk = np.sign(v) * np.maximum(size - step * lam, 0.0) * (gamma / (gamma - step))
        return np.where(size <= gamma * lam, shrunk, v)
    return np.where(size <= np.sqrt(step * gamma) * lam, 0.0 * v, v)


def capped_l1(v: Vector, *, step: float, lam: float, theta: float) -> Vector:
    """The better one of soft thresholding within theta and of v itself: Gong et al. (2013), sec. 2.3."""
    t = step * lam
    size = np.abs(v)
    soft = np.maximum(size - t, 0.0)
    # soft thresholding keeps within theta, and pays until |v| = theta + t/2 or sqrt(2*t*theta)
    threshold = theta + t / 2.0 if t < 2.0 * theta else np.sqrt(2.0 * t * theta)
    return np.sign(v) * np.where(size <= threshold, soft if t < 2.0 * theta else 0.0, size)


def log_barrier(v: Vector, *, step: float, lam: float) -> Vector:
    """The positive root of u*u - v*u - step*lam = 0, without cancellation."""
    root = np.hypot(v / 2.0, np.sqrt(step * lam))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(v >= 0.0, root + v / 2.0, step * (lam / (root - v / 2.0)))


def log_sum(v: Vector, *, step: float, lam: float, eps: float) -> Vector:
    """The greater root of u*u + (eps - |v|)*u + step*lam - eps*|v| = 0 or zero, whichever costs less.

    Prater-Bennette, Shen & Tripp (2022), J. Sci. Comput. 93:65, sec. 3; both written without cancellation.
    """
    t, size = step * lam, np.abs(v)
    with np.errstate(all="ignore"):
        middle = size + eps
        width = np.sqrt(middle - 2.0 * np.sqrt(t)) * np.sqrt(middle + 2.0 * np.sqrt(t))
        below = 2.0 * (eps * size - t) / np.where(size < eps, eps - size + width, 1.0)
        root = np.where(size < eps, below, (size - eps + width) / 2.0)
        pays = (root > 0.0) & (t * np.log1p(root / eps) + root * (root / 2.0 - size) < 0.0)
    return np.sign(v) * np.where(pays, root, 0.0)


def l_half(v: Vector, *, step: float, lam: float) -> Vector:
    """Half thresholding: Xu, Chang, Xu & Zhang (2012), IEEE Trans. Neural Netw. Learn. Syst. 23(7), theorem 1."""
    t, size = step * lam, np.abs(v)
    with np.errstate(all="ignore"):
        angle = np.arccos(t / 4.0 * (size / 3.0) ** -1.5)
        root = 2.0 / 3.0 * size * (1.0 + np.cos(2.0 / 3.0 * (np.pi - angle)))
    return np.sign(v) * np.where(size > 1.5 * np.cbrt(t) ** 2, root, 0.0)


def l2_norm(v: Vector, *, step: float, lam: float) -> Vector:
    """Block soft thresholding: Yuan & Lin (2006), eq. (2.4)."""
    scale = np.max(np.abs(v), initial=0.0)
    size = scale * np.linalg.norm(v / scale) if scale else 0.0
    return v * ((size - step * lam) / size) if size > step * lam else 0.0 * v


RIGHT = {
    "l1": l1, "l2": l2, "elastic_net": elastic_net, "huber": huber, "mcp": mcp, "capped_l1": capped_l1,
    "log_barrier": log_barrier, "log_sum": log_sum, "l_half": l_half, "l2_norm": l2_norm,
}  # fmt: skip


# What is wrong in libraries in use


def mcp_beyond_its_bound(v: Vector, *, step: float, lam: float, gamma: float) -> Vector:
    """Firm thresholding at every step: from step = gamma on it is no minimum."""
    size = np.abs(v)
    with np.errstate(divide="ignore", invalid="ignore"):
        shrunk = np.sign(v) * np.maximum(size - step * lam, 0.0) / (1.0 - step / gamma)
    return np.where(size <= gamma * lam, shrunk, v)


def discontinuous_huber(v: Vector, *, step: float, lam: float, delta: float) -> Vector:
    """The threshold is that of the penalty, not of the operator."""
    t = step * lam
    return np.where(np.abs(v) <= delta, v / (1.0 + t), v - t * delta * np.sign(v))


def scad_of_one_step(v: Vector, *, step: float, lam: float, a: float) -> Vector:
    """The thresholds of Fan & Li (2001), eq. (2.8), are those of a step of 1."""
    size, sign = np.abs(v), np.sign(v)
    middle = ((a - 1.0) * v - sign * a * lam) / (a - 2.0)
    return np.where(size <= 2.0 * lam, sign * np.maximum(size - lam, 0.0), np.where(size <= a * lam, middle, v))


def capped_l1_with_a_sum(v: Vector, *, step: float, lam: float, theta: float) -> Vector:
    """A plus in place of a product: step + lam."""
    return capped_l1(v, step=1.0, lam=step + lam, theta=theta)


def log_sum_losing_large_inputs(v: Vector, *, step: float, lam: float, eps: float) -> Vector:
    """The discriminant is rounded below zero, or cancels, and zero is returned."""
    size = np.abs(v)
    with np.errstate(all="ignore"):
        discriminant = (size - eps) ** 2 + 4.0 * (size * eps - step * lam)
        root = np.where(discriminant < 0.0, 0.0, (size - eps + np.sqrt(np.maximum(discriminant, 0.0))) / 2.0)
    return np.sign(v) * np.maximum(root, 0.0)


def l1_without_its_step(v: Vector, *, step: float, lam: float) -> Vector:
    """The step is forgotten."""
    return l1(v, step=1.0, lam=lam)


WRONG = {
    "mcp": mcp_beyond_its_bound, "huber": discontinuous_huber, "scad": scad_of_one_step,
    "capped_l1": capped_l1_with_a_sum, "log_sum": log_sum_losing_large_inputs, "l1": l1_without_its_step,
}  # fmt: skip
