"""The path of a weight: an emitted step taken again and again, with no loss beside the penalty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symreg.application.plotting.scale import rounded_up
from symreg.presentation.plots.portrait import Curve

MOST_STEPS = 5_000
"""Of a path whose length nobody says."""

Call = Callable[..., Any]


def followed(
    functions: Mapping[str, Call], rule: str, starts: np.ndarray, steps: int, settings: Mapping[str, float]
) -> np.ndarray:
    """Return the weights after each number of steps, from 0 on, a row each; it ends early where one is not finite.

    Args:
        functions: What was emitted, by name.
        rule: Whose steps are taken.
        starts: The weights before the first.
        steps: How many are taken.
        settings: Numbers for the step's keyword arguments.
    """
    step, state = functions[f"{rule}_step"], functions.get(f"{rule}_state")
    w, nothing = starts.copy(), np.zeros_like(starts)
    arguments = (w, nothing) if state is None else (w, nothing, state(w))
    rows = [starts.copy()]
    for _ in range(steps):
        step(*arguments, **settings)
        if not np.isfinite(w).all() or np.abs(w).max() > 4 * np.abs(starts).max():
            break
        rows.append(w.copy())
    return np.array(rows)


def steps_shown(rows: np.ndarray) -> int:
    """Return after how many steps a path has gone nearly all its way, and a little more."""
    last = rows[-20:]
    left = np.abs(rows - last.mean(axis=0)).max(axis=1)
    swing = left[-20:].max()  # about its end, for ever
    if not left[0] > swing:
        return min(10, len(rows) - 1)
    arrived = int(np.flatnonzero(left > 1.01 * swing + 0.03 * left[0])[-1]) + 1
    return min(max(int(rounded_up(1.2 * arrived)), 5), len(rows) - 1)


def curves_of(rows: np.ndarray, steps: int) -> tuple[Curve, ...]:
    """Return a curve for each weight, over the number of steps taken."""
    shown = rows[: steps + 1]
    count = tuple(float(k) for k in range(len(shown)))
    return tuple(Curve(x=count, y=tuple(column.tolist())) for column in shown.T)
