"""C, one thread, on penalties with exp, log and tanh: the gradient beside the best of the peers and the bare calls."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import baselines
import numpy as np
from measure import PATIENT, Case, Row, at_least, at_most, interleaved, quotient

import symreg

LAM, C = 0.1, 2.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A gradient as its reader would write it for each peer.

    Args:
        parameters: Of the penalty.
        call: The baseline that calls the penalty's function of vector math, and nothing else.
        over: The gradient over arrays, given a module with NumPy's names.
        each: The gradient of one number, for numba.
        text: The gradient for numexpr.
    """

    parameters: dict[str, float]
    call: str
    over: Callable[[ModuleType, Any], Any]
    each: Callable[[float], float]
    text: str


FORMULAS = {
    "welsch": Formula(
        parameters={"lam": LAM, "c": C},
        call="call_exp",
        over=lambda xp, w: 2 * LAM / C**2 * w * xp.exp(-((w / C) ** 2)),
        each=lambda w: 2 * LAM / C**2 * w * math.exp(-((w / C) ** 2)),
        text=f"2 * {LAM} / {C}**2 * w * exp(-(w / {C})**2)",
    ),
    "cauchy": Formula(
        parameters={"lam": LAM, "c": C},
        call="call_log",
        over=lambda xp, w: 2 * LAM / C**2 * w / (1 + (w / C) ** 2),
        each=lambda w: 2 * LAM / C**2 * w / (1 + (w / C) ** 2),
        text=f"2 * {LAM} / {C}**2 * w / (1 + (w / {C})**2)",
    ),
    "log_cosh": Formula(
        parameters={"lam": LAM, "c": C},
        call="call_tanh",
        over=lambda xp, w: LAM / C * xp.tanh(w / C),
        each=lambda w: LAM / C * math.tanh(w / C),
        text=f"{LAM} / {C} * tanh(w / {C})",
    ),
}


def cases(n: int, rounds: int) -> dict[str, Case]:
    """Return a case for each of welsch, cauchy and log_cosh on n float64 weights."""
    w = np.random.default_rng(0).normal(size=n)
    return {name: partial(contest, name, formula, w, rounds) for name, formula in FORMULAS.items()}


def contest(name: str, formula: Formula, w: Any, rounds: int) -> Iterator[Row]:
    """Yield the rows of one penalty; the peers' gradients must agree with ours before anything is timed."""
    functions = symreg.load(name, target="c", dtype="float64", timeout=PATIENT)
    out = functions.gradient(w, **formula.parameters)
    peers = {peer: call for peer, make in PEERS.items() if (call := make(formula, w)) is not None}
    for peer, call in peers.items():
        np.testing.assert_allclose(np.asarray(call()), out, rtol=1e-12, atol=1e-300, err_msg=f"{name}: {peer}")
    contenders = {
        "in-place loop": baselines.call("touch_out", w, np.empty_like(w)),
        formula.call: baselines.call(formula.call, np.abs(w) + 0.1, np.empty_like(w)),
        name: lambda: functions.gradient(w, out=out, **formula.parameters),
        **peers,
    }
    seconds = interleaved(contenders, rounds, time.process_time)
    group = f"C gradient, {w.size:,} float64"
    best = min(peers, key=lambda peer: quotient(seconds, peer, name))
    yield at_least(1.0, group, seconds, name, best)
    larger = max(("in-place loop", formula.call), key=lambda baseline: quotient(seconds, baseline, name))
    yield at_most(1.3, group, seconds, name, larger)


def in_numpy(formula: Formula, w: Any) -> Callable[[], Any]:
    """Return the plain expression in NumPy."""
    return lambda: formula.over(np, w)


def in_numexpr(formula: Formula, w: Any) -> Callable[[], Any] | None:
    """Return the expression in numexpr, into an array that is there."""
    try:
        import numexpr
    except ImportError:
        return None
    numexpr.set_num_threads(1)
    out, names = np.empty_like(w), {"w": w}
    return lambda: numexpr.evaluate(formula.text, local_dict=names, out=out)


def in_numba(formula: Formula, w: Any) -> Callable[[], Any] | None:
    """Return the expression compiled by numba, into an array that is there."""
    try:
        import numba
    except ImportError:
        return None
    compiled, out = numba.vectorize(["float64(float64)"])(formula.each), np.empty_like(w)
    return lambda: compiled(w, out)


def in_torch(formula: Formula, w: Any) -> Callable[[], Any] | None:
    """Return the expression in torch on one thread."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    weights = torch.from_numpy(w)
    return lambda: formula.over(torch, weights)


def in_jax(formula: Formula, w: Any) -> Callable[[], Any] | None:
    """Return the expression compiled by JAX for one core (the process is bound to one)."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    weights = jax.numpy.asarray(w)
    compiled = jax.jit(lambda values: formula.over(jax.numpy, values))
    return lambda: compiled(weights).block_until_ready()


PEERS = {"NumPy": in_numpy, "numexpr": in_numexpr, "numba": in_numba, "torch": in_torch, "JAX": in_jax}
