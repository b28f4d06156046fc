"""A step that returns the new weights and state, called as one that changes them: so the judge calls all steps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[..., Any]


def in_place(step: Function) -> Function:
    """Return a function that takes a step of plain style and changes `w` and the arrays and numbers of its state.

    Args:
        step: Returns the new weights, of a rule with states together with the new state.

    Raises:
        ValueError: What it returned is not of the shapes and dtypes that it was given, or lies in their memory.
    """

    @functools.wraps(step)
    def changed(w: Any, g: Any, *state: Any, **named: Any) -> None:
        result = step(w, g, *state, **named)
        after, kept = result if state else (result, {})
        new = {"w": (w, after), **{name: (state[0][name], x) for name, x in kept.items()}}
        for name, (old, x) in new.items():
            if isinstance(old, np.ndarray):
                _require_new(name, old, x)
        for name, (old, x) in new.items():
            if isinstance(old, np.ndarray):
                old[...] = x
            else:
                state[0][name] = x

    return changed


def _require_new(name: str, old: Any, new: Any) -> None:
    if not isinstance(new, np.ndarray) or (new.shape, new.dtype) != (old.shape, old.dtype):
        raise ValueError(
            f"{name}: expected an array of {old.dtype} and shape {old.shape} after the step, got {new!r:.60}"
        )
    if np.may_share_memory(old, new):
        raise ValueError(f"{name}: the step returned the array that it was given")
