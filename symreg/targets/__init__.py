"""Targets: kernels as source text in a language, by file name; compiled and loaded where somebody wants to call it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from symreg.calculus.update import Update
from symreg.objective import Objective
from symreg.targets import c, numpy
from symreg.targets.module import Module, describe

_WRITERS: dict[str, Callable[[Module], dict[str, str]]] = {"numpy": numpy.write, "c": c.write}


def emit(objective: Objective, updates: tuple[Update, ...], target: str, *, is_judged: bool = True) -> dict[str, str]:
    """Return the source files of a target by their path below the output folder, such as `numpy/mcp.py`.

    Args:
        objective: What the updates are of.
        updates: The functions, in the order in which they are to stand.
        target: `numpy` or `c`.
        is_judged: Is it judged before it is handed over? If not, the header says so.
    """
    return _WRITERS[target](describe(objective, updates, target, is_judged=is_judged))


def load(objective: Objective, updates: tuple[Update, ...], target: str, dtype: str = "float64") -> SimpleNamespace:
    """Return the emitted functions as Python callables; see `symreg.targets.loading.load`."""
    from symreg.targets import loading

    return loading.load(objective, updates, target, dtype)
