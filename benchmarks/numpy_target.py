"""The NumPy target beside the plain expression: how much faster it is, and what it allocates."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from measure import PATIENT, Case, Row, at_least, interleaved

import symreg

LR, LAM = 1e-4, 0.1


def cases(n: int, rounds: int) -> dict[str, Case]:
    """Return a case for the time of the l2 step on n float64 weights, and one for its allocation."""
    return {"time": partial(time_rows, n, rounds), "allocation": partial(allocation_rows, n)}


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
