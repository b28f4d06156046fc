"""Emit functions in a target language: each target by its name, with the writer that turns kernels into its source."""

from __future__ import annotations

from collections.abc import Callable

from symreg.model.objective import Objective
from symreg.targets.c import file as c
from symreg.targets.description import Module, describe
from symreg.targets.numpy import file as numpy
from symreg.updates.update import Update

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
