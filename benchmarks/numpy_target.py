"""The NumPy target beside the plain expression: how much faster it is, what it allocates, what a short call costs."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from measure import PATIENT, Case, Row, at_least, interleaved, quotient

import symreg

LR, LAM = 1e-4, 0.1
GAMMA, STEP = 3.0, 0.5  # of MCP, and of a proximal operator
FEW, CALLS = 1_000, 200
MOST_SECONDS = 12e-6  # of a call on few weights whose plain expression is a few operations


def cases(n: int, rounds: int) -> dict[str, Case]:
    """Return cases: the time of the l2 step on n float64 weights, its allocation, and calls on few weights."""
    return {
        "time": partial(time_rows, n, rounds),
        "allocation": partial(allocation_rows, n),
        "few weights": partial(few_rows, 2 * rounds + 1),
    }


def time_rows(n: int, rounds: int) -> Iterator[Row]:
    """Yield the row of the l2 step on n weights beside the plain expression."""
    functions = symreg.load("l2", target="numpy", dtype="float64", timeout=PATIENT)
    w, g, plain = drawn(n, 3)

    def in_numpy() -> None:
        nonlocal plain
        plain = plain - LR * (g + 2 * LAM * plain)

    seconds = interleaved(
        {
            "gradient_descent": lambda: functions.gradient_descent_step(w, g, lr=LR, lam=LAM),
            "plain NumPy": in_numpy,
        },
        rounds,
        time.process_time,
    )
    yield at_least(2.5, f"NumPy step, l2, {n:,} float64", seconds, "gradient_descent", "plain NumPy")


def allocation_rows(n: int) -> Iterator[Row]:
    """Yield rows of the most bytes that a step allocates, at n/5 and at n weights."""
    functions = symreg.load("l2", rules=("gradient_descent", "adamw"), target="numpy", dtype="float64", timeout=PATIENT)
    w, g = drawn(n, 2)
    state = functions.adamw_state(w)
    small, small_state = w[: n // 5].copy(), functions.adamw_state(w[: n // 5])
    for name, at_small, at_large in (
        (
            "gradient_descent",
            lambda: functions.gradient_descent_step(small, g[: n // 5], lr=LR, lam=LAM),
            lambda: functions.gradient_descent_step(w, g, lr=LR, lam=LAM),
        ),
        (
            "adamw",
            lambda: functions.adamw_step(small, g[: n // 5], small_state, lr=LR, lam=LAM),
            lambda: functions.adamw_step(w, g, state, lr=LR, lam=LAM),
        ),
    ):
        before, after = peak(at_small), peak(at_large)
        yield Row(
            group="NumPy target, greatest allocation",
            subject=name,
            measured=f"{after:,} bytes at {n:,}",
            against=f"{before:,} bytes at {n // 5:,}",
            figure=after / before,
            promise="does not grow (<= 1.01x)",
            is_kept=after <= 1.01 * before,
        )


def few_rows(rounds: int) -> Iterator[Row]:
    """Yield a row for each function of a few penalties on 1,000 float64 weights, beside the plain expression."""
    w, g = drawn(FEW, 2)
    for penalty, plain in PLAIN.items():
        functions = symreg.load(penalty, target="numpy", dtype="float64", timeout=PATIENT)
        calls: dict[str, Callable[[], object]] = {
            "value": lambda f=functions: f.value(w, lam=LAM),
            "gradient": lambda f=functions: f.gradient(w, lam=LAM),
            "prox": lambda f=functions: f.prox(w, step=STEP, lam=LAM),
            "step": lambda f=functions: f.gradient_descent_step(w, g, lr=1e-300, lam=LAM),
        }
        for name, expression in plain.items():
            contenders = {name: repeated(calls[name]), "plain NumPy": repeated(partial(expression, w, g))}
            yield few_row(penalty, name, interleaved(contenders, rounds, time.process_time))


def few_row(penalty: str, name: str, seconds: Mapping[str, list[float]]) -> Row:
    """Return the row of one function: its time is promised where the plain expression is not most of it."""
    own, plain = (statistics.median(seconds[key]) / CALLS for key in (name, "plain NumPy"))
    is_promised = plain <= MOST_SECONDS / 3
    return Row(
        group=f"NumPy target, a call on {FEW:,} float64",
        subject=f"{penalty} {name}",
        measured=f"{own * 1e6:.1f} us",
        against=f"plain NumPy: {plain * 1e6:.1f} us",
        figure=quotient(seconds, name, "plain NumPy"),
        promise=f"<= {MOST_SECONDS * 1e6:.0f} us" if is_promised else "",
        is_kept=own <= MOST_SECONDS if is_promised else None,
    )


def repeated(call: Callable[[], object]) -> Callable[[], None]:
    """Return what makes a call many times."""

    def many() -> None:
        for _ in range(CALLS):
            call()

    return many


Expression = Callable[[Any, Any], object]
PLAIN: dict[str, dict[str, Expression]] = {
    "l1": {
        "value": lambda w, g: np.sum(LAM * np.abs(w)),
        "gradient": lambda w, g: LAM * np.sign(w),
        "prox": lambda v, g: np.sign(v) * np.maximum(np.abs(v) - STEP * LAM, 0),
        "step": lambda w, g: w - LR * (g + LAM * np.sign(w)),
    },
    "l2": {
        "value": lambda w, g: np.sum(LAM * w**2),
        "gradient": lambda w, g: 2 * LAM * w,
        "prox": lambda v, g: v / (1 + 2 * STEP * LAM),
        "step": lambda w, g: w - LR * (g + 2 * LAM * w),
    },
    "log_sum": {
        "value": lambda w, g: np.sum(LAM * np.log1p(np.abs(w) / 0.1)),
        "gradient": lambda w, g: LAM * np.sign(w) / (0.1 + np.abs(w)),
        "step": lambda w, g: w - LR * (g + LAM * np.sign(w) / (0.1 + np.abs(w))),
    },
    "mcp": {
        "value": lambda w, g: np.sum(
            np.where(np.abs(w) <= GAMMA * LAM, LAM * np.abs(w) - w**2 / (2 * GAMMA), GAMMA * LAM**2 / 2)
        ),
        "gradient": lambda w, g: np.where(np.abs(w) <= GAMMA * LAM, LAM * np.sign(w) - w / GAMMA, 0),
        "prox": lambda v, g: np.where(
            np.abs(v) > GAMMA * LAM, v, np.sign(v) * np.maximum(np.abs(v) - STEP * LAM, 0) / (1 - STEP / GAMMA)
        ),
        "step": lambda w, g: w - LR * (g + np.where(np.abs(w) <= GAMMA * LAM, LAM * np.sign(w) - w / GAMMA, 0)),
    },
}
"""The expressions that somebody would write for each function."""


def drawn(n: int, count: int) -> list[Any]:
    """Return arrays of n normal numbers, the same in every run."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=n) for _ in range(count)]


def peak(call: object) -> int:
    """Return the most bytes that a call has allocated at one time."""
    assert callable(call)
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
