"""Terms and rules for tests of the judge, made from text, and hand-written NumPy functions for some of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symreg.language.intervals import parse_interval
from symreg.language.parse import parse
from symreg.language.specs.toml import read_rule
from symreg.model.interval import Interval
from symreg.model.spec import Array, Parameter, Rule
from symreg.model.terms import Term, Terms
from symreg.verification import Subject


def terms(
    text: str,
    *,
    domain: str = "real",
    arrays: dict[str, int] | None = None,
    coefficient: Fraction = Fraction(1),
    name: str = "penalty",
    **parameters: tuple[str, float],
) -> Terms:
    """Return one term; parameters as `lam=("positive", 0.1)`, arrays as the number of their dimensions by name."""
    declared = tuple(
        Parameter(name=p, domain=parse_interval(d), default=default) for p, (d, default) in parameters.items()
    )
    given = tuple(Array(name=a, shape=("n",) * dimensions) for a, dimensions in (arrays or {}).items())
    known = [*parameters, *(arrays or {})]
    whole: Interval = parse_interval(domain)
    return Terms(
        terms=(
            Term(
                name=name,
                coefficient=coefficient,
                tree=parse(text, known=known),
                domain=whole,
                parameters=declared,
                arrays=given,
            ),
        )
    )


LAM = ("positive", 0.1)

L2 = terms("lam*w**2", lam=LAM)
L1 = terms("lam*abs(w)", lam=LAM)
MCP = terms("where(abs(w) <= gamma*lam, lam*abs(w) - w**2/(2*gamma), gamma*lam**2/2)", lam=LAM, gamma=("positive", 3.0))
HUBER = terms("lam*where(abs(w) <= delta, w**2/2, delta*(abs(w) - delta/2))", lam=LAM, delta=("positive", 1.0))
CAUCHY = terms("lam*log(1 + (w/c)**2)", lam=LAM, c=("positive", 1.0))
BARRIER = terms("-lam*log(w)", lam=LAM, domain="(0, inf)")
DIFFERENCES = terms("lam*sum((w[i+1] - w[i])**2, i)", lam=LAM)
EXCLUSIVE = terms("lam*sum(abs(w[i]), i)**2", lam=LAM)
NORM = terms("lam*norm(w)", lam=LAM)
VARIANCE = terms("lam*sum((w[i] - sum(w[j], j)/n)**2, i)/n", lam=LAM)
TIKHONOV = terms("lam*sum(sum(A[i, j]*w[i]*w[j], j), i)", lam=LAM, arrays={"A": 2})

GRADIENT_DESCENT = read_rule(
    """
[rule]
name = "gradient_descent"
title = "Gradient descent"
steps = ["w = w - lr*g"]
[params.lr]
domain = "positive"
default = 0.01
""",
    "gradient_descent.toml",
)
MOMENTUM = read_rule(
    """
[rule]
name = "momentum"
title = "Momentum"
steps = ["b = mu*b + g", "w = w - lr*b"]
[state]
b = 0
[params.lr]
domain = "positive"
default = 0.01
[params.mu]
domain = "[0, 1)"
default = 0.9
""",
    "momentum.toml",
)
ADAMW = read_rule(
    """
[rule]
name = "adamw"
title = "Adam with decoupled decay"
steps = [
  "m = beta1*m + (1 - beta1)*g_loss",
  "v = beta2*v + (1 - beta2)*g_loss**2",
  "w = w - lr*(m/(1 - beta1**t)/(sqrt(v/(1 - beta2**t)) + eps) + g_penalty)",
]
[state]
m = 0
v = 0
[params.lr]
domain = "positive"
default = 0.001
[params.beta1]
domain = "[0, 1)"
default = 0.9
[params.beta2]
domain = "[0, 1)"
default = 0.999
[params.eps]
domain = "positive"
default = 1e-8
""",
    "adamw.toml",
)
SIGNS = read_rule(
    """
[rule]
name = "signs"
title = "Steps of one length"
steps = ["w = w - lr*sign(g)"]
[params.lr]
domain = "positive"
default = 0.001
""",
    "signs.toml",
)

Numpy = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handwritten:
    """A penalty with its value per weight (or of the vector) and gradient as somebody would write them."""

    name: str
    terms: Terms
    value: Numpy
    gradient: Numpy


def _mcp_value(w: Any, *, lam: Any, gamma: Any) -> Any:
    a = np.abs(w)
    return np.where(a > gamma * lam, gamma * lam * lam / 2, a * (lam - a / (2 * gamma)))


def _mcp_gradient(w: Any, *, lam: Any, gamma: Any) -> Any:
    a = np.abs(w)
    return np.where(a > gamma * lam, w.dtype.type(0), np.sign(w) * (lam - a / gamma))


def _huber_value(w: Any, *, lam: Any, delta: Any) -> Any:
    a = np.abs(w)
    return lam * np.where(a > delta, delta * (a - delta / 2), w * w / 2)


def _cauchy_gradient(w: Any, *, lam: Any, c: Any) -> Any:
    r = w / c
    return 2 * lam * (r / (1 + r * r)) / c


def _barrier_value(w: Any, *, lam: Any) -> Any:
    return np.where(w <= 0, np.inf, -lam * np.log(np.where(w <= 0, 1, w)))


def _barrier_gradient(w: Any, *, lam: Any) -> Any:
    return np.where(w <= 0, np.nan, -lam / np.where(w <= 0, 1, w)).astype(w.dtype)


def _differences_gradient(w: Any, *, lam: Any) -> Any:
    result = np.zeros_like(w)
    d = 2 * lam * np.diff(w)
    result[1:] += d
    result[:-1] -= d
    return result


def _exclusive_gradient(w: Any, *, lam: Any) -> Any:
    return 2 * lam * w.dtype.type(math.fsum(np.abs(w))) * np.sign(w)


def _norm(w: Any) -> float:
    return math.hypot(*map(float, w))


def _norm_gradient(w: Any, *, lam: Any) -> Any:
    size = _norm(w)
    if size != size:
        return np.full_like(w, np.nan)
    return (lam * (w.astype(np.float64) / size)).astype(w.dtype) if size else np.zeros_like(w)


HANDWRITTEN = (
    Handwritten(name="l2", terms=L2, value=lambda w, *, lam: lam * w * w, gradient=lambda w, *, lam: 2 * lam * w),
    Handwritten(
        name="l1", terms=L1, value=lambda w, *, lam: lam * np.abs(w), gradient=lambda w, *, lam: lam * np.sign(w)
    ),
    Handwritten(name="mcp", terms=MCP, value=_mcp_value, gradient=_mcp_gradient),
    Handwritten(
        name="huber",
        terms=HUBER,
        value=_huber_value,
        gradient=lambda w, *, lam, delta: lam * np.clip(w, -delta, delta),
    ),
    Handwritten(
        name="cauchy",
        terms=CAUCHY,
        value=lambda w, *, lam, c: lam * np.log1p((w / c) * (w / c)),
        gradient=_cauchy_gradient,
    ),
    Handwritten(name="barrier", terms=BARRIER, value=_barrier_value, gradient=_barrier_gradient),
    Handwritten(
        name="differences",
        terms=DIFFERENCES,
        value=lambda w, *, lam: lam * np.diff(w) ** 2,
        gradient=_differences_gradient,
    ),
    Handwritten(
        name="norm",
        terms=NORM,
        value=lambda w, *, lam: np.array([lam * w.dtype.type(_norm(w))]),
        gradient=_norm_gradient,
    ),
)


def subject(made: Handwritten, dtype: str = "float64", gradient: Numpy | None = None) -> Subject:
    """Return the hand-written functions under the signatures of emitted ones, in one precision."""
    kind = np.dtype(dtype).type
    slope = gradient or made.gradient

    domains = {parameter.name: parameter.domain for parameter in made.terms.parameters}

    def cast(given: dict[str, Any]) -> dict[str, Any]:
        for name, domain in domains.items():
            if not math.isfinite(given[name]) or Fraction(float(given[name])) not in domain:
                raise ValueError(f"{name} is outside its domain")
        return {name: kind(x) if np.ndim(x) == 0 else x for name, x in given.items()}

    def value(w: Any, **given: Any) -> float:
        parts = made.value(w, **cast(given))
        return math.fsum(np.ravel(parts)) if np.isfinite(parts).all() else float(np.sum(parts))

    def derivative(w: Any, *, out: Any = None, **given: Any) -> Any:
        found = np.asarray(slope(w, **cast(given)), dtype=dtype)
        if out is None:
            return found
        if np.shares_memory(out, w):
            raise ValueError("out shares memory with w")
        out[...] = found
        return out

    def gradient_descent_step(w: Any, g: Any, *, lr: float, **given: Any) -> None:
        w -= kind(lr) * (g + derivative(w, **given))

    def signs_step(w: Any, g: Any, *, lr: float, **given: Any) -> None:
        w -= kind(lr) * np.sign(g + derivative(w, **given))

    def momentum_step(w: Any, g: Any, state: Any, *, lr: float, mu: float, **given: Any) -> None:
        state["b"][...] = kind(mu) * state["b"] + (g + derivative(w, **given))
        w -= kind(lr) * state["b"]

    def adamw_step(
        w: Any, g: Any, state: Any, *, lr: float, beta1: float, beta2: float, eps: float, **given: Any
    ) -> None:
        state["t"] += 1
        t, m, v = state["t"], state["m"], state["v"]
        decay = derivative(w, **given)
        m[...] = kind(beta1) * m + kind(1 - beta1) * g
        v[...] = kind(beta2) * v + kind(1 - beta2) * g * g
        # 1 - beta**t loses digits that neither beta nor t accounts for; this form does not.
        first, second = (-math.expm1(t * math.log(beta)) if beta else 1.0 for beta in (beta1, beta2))
        w -= kind(lr) * (m / kind(first) / (np.sqrt(v / kind(second)) + kind(eps)) + decay)

    return Subject(
        label="by hand",
        dtype=dtype,  # type: ignore[arg-type]  # a test's parameter
        functions={
            "value": value,
            "gradient": derivative,
            "gradient_descent_step": gradient_descent_step,
            "signs_step": signs_step,
            "momentum_step": momentum_step,
            "momentum_state": lambda w: {"b": np.zeros_like(w)},
            "adamw_step": adamw_step,
            "adamw_state": lambda w: {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0.0},
        },
    )


RULES: tuple[Rule, ...] = (GRADIENT_DESCENT, SIGNS, MOMENTUM, ADAMW)
