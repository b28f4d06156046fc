"""C, one thread: a step beside a loop that only touches the same arrays, the plain NumPy expression, and torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import baselines
import numpy as np
from measure import PATIENT, Case, Row, at_least, at_most, interleaved

import symreg

LR, LAM = 1e-4, 0.1


def cases(n: int, rounds: int) -> dict[str, Case]:
    """Return a case for each of gradient_descent, adamw and lion with l2 on n float64 weights."""
    contenders = {"gradient_descent": gradient_descent, "adamw": adamw, "lion": lion}
    return {rule: partial(contest, rule, make, n, rounds) for rule, make in contenders.items()}


def contest(
    rule: str, contenders: Callable[[SimpleNamespace, int], dict[str, Callable[[], object]]], n: int, rounds: int
) -> Iterator[Row]:
    """Yield the rows of one rule."""
    functions = symreg.load("l2", rules=(rule,), target="c", dtype="float64", timeout=PATIENT)
    seconds = interleaved(contenders(functions, n), rounds, time.process_time)
    group = f"C step, l2, {n:,} float64"
    yield at_most(1.1, group, seconds, rule, "in-place loop")
    yield at_least(5.0 if rule == "gradient_descent" else 1.0, group, seconds, rule, "plain NumPy")
    if "torch fused" in seconds:
        yield at_least(1.0, group, seconds, rule, "torch fused")


def gradient_descent(functions: SimpleNamespace, n: int) -> dict[str, Callable[[], object]]:
    """Return what is timed for gradient descent; each contender has weights of its own."""
    g = draw(n, 0)
    touched, subject, plain = draw(n, 1), draw(n, 1), draw(n, 1)

    def in_numpy() -> None:
        nonlocal plain
        plain = plain - LR * (g + 2 * LAM * plain)

    return {
        "in-place loop": baselines.call("touch_w", touched, g),
        "gradient_descent": lambda: functions.gradient_descent_step(subject, g, lr=LR, lam=LAM),
        "plain NumPy": in_numpy,
        **in_torch("SGD", n, g),
    }


def adamw(functions: SimpleNamespace, n: int) -> dict[str, Callable[[], object]]:
    """Return what is timed for AdamW."""
    g = draw(n, 0)
    touched = [draw(n, 1), np.zeros(n), np.zeros(n)]
    subject = draw(n, 1)
    state = functions.adamw_state(subject)
    w, m, v, t = draw(n, 1), np.zeros(n), np.zeros(n), 0

    def in_numpy() -> None:
        nonlocal w, m, v, t
        t += 1
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        w = w - LR * (m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) + 2 * LAM * w)

    return {
        "in-place loop": baselines.call("touch_w_m_v", touched[0], g, *touched[1:]),
        "adamw": lambda: functions.adamw_step(subject, g, state, lr=LR, lam=LAM),
        "plain NumPy": in_numpy,
        **in_torch("AdamW", n, g),
    }


def lion(functions: SimpleNamespace, n: int) -> dict[str, Callable[[], object]]:
    """Return what is timed for Lion; torch has none."""
    g = draw(n, 0)
    touched = [draw(n, 1), np.zeros(n)]
    subject = draw(n, 1)
    state = functions.lion_state(subject)
    w, m = draw(n, 1), np.zeros(n)

    def in_numpy() -> None:
        nonlocal w, m
        w = w - LR * (np.sign(0.9 * m + (1 - 0.9) * g) + 2 * LAM * w)
        m = 0.99 * m + (1 - 0.99) * g

    return {
        "in-place loop": baselines.call("touch_w_m", touched[0], g, touched[1]),
        "lion": lambda: functions.lion_step(subject, g, state, lr=LR, lam=LAM),
        "plain NumPy": in_numpy,
    }


def in_torch(optimiser: str, n: int, g: Any) -> dict[str, Callable[[], object]]:
    """Return torch's fused optimiser with the same decay, where torch is installed."""
    try:
        import torch
    except ImportError:
        return {}
    torch.set_num_threads(1)
    w = torch.nn.Parameter(torch.from_numpy(draw(n, 1)))
    w.grad = torch.from_numpy(g)
    return {"torch fused": getattr(torch.optim, optimiser)([w], lr=LR, weight_decay=2 * LAM, fused=True).step}


def draw(n: int, seed: int) -> Any:
    """Return n normal numbers, the same for the same seed."""
    return np.random.default_rng(seed).normal(size=n)
