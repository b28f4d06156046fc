"""Load emitted source as Python callables: the NumPy module as it stands, the C library through ctypes.

Takes an objective and its updates, hands on a namespace of functions with the same signatures on either target. The C
functions also refuse what the NumPy module refuses, in its words.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.abc
import importlib.machinery
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from symreg.kernel import lower
from symreg.model.objective import Objective
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import build
from symreg.targets.loading.call_c import Function, state_through_c, through_c
from symreg.targets.options import BOTH, UNLESS_ASKED, Options
from symreg.targets.signature import signature_of
from symreg.updates.update import Update

SUFFIXES = {"float32": "f32", "float64": "f64"}


def load(
    objective: Objective,
    updates: tuple[Update, ...],
    target: str,
    dtype: str = "float64",
    options: Options = BOTH,
) -> SimpleNamespace:
    """Return the emitted functions, named as in the NumPy module: `value`, `gradient`, `adam_state`, `adam_step`, ...

    Args:
        objective: What the updates are of.
        updates: The functions wanted.
        target: `numpy` or `c`.
        dtype: `float64` or `float32`; arrays of another one are refused.
        options: What is emitted.

    Raises:
        ToolMissing: The target is C, and there is no compiler for it.
    """
    updates = options.chosen(updates)
    if target == "c":
        options = replace(options, style=UNLESS_ASKED.style)  # what C refuses, the module in blocks explains
    (text,) = emit(objective, updates, "numpy", options).values()
    module = load_module(objective.name, text)
    functions = {name: getattr(module, name) for name in _names(updates, module)}
    if target == "c":
        library = ctypes.CDLL(str(build(emit(objective, updates, "c", options))))
        wide = ctypes.c_float if options.dtype == "float32" else ctypes.c_double
        for update in updates:
            signature = signature_of(lower(update))
            functions[update.name] = through_c(
                library[f"{objective.name}_{update.name}_{SUFFIXES[dtype]}"],
                signature,
                np.dtype(dtype),
                functions[update.name],
                has_one_dimension=update.indexed is not None,
                wide=wide,
            )
            if signature.states:
                stem = update.name.removesuffix("_step")
                raw = library[f"{objective.name}_{stem}_init_{SUFFIXES[dtype]}"]
                made = functions[f"{stem}_state"]
                functions[f"{stem}_state"] = state_through_c(raw, signature, np.dtype(dtype), made, wide=wide)
    return SimpleNamespace(**{name: _of_one_dtype(function, np.dtype(dtype)) for name, function in functions.items()})


def load_module(name: str, text: str) -> ModuleType:
    """Return emitted Python source as a module that no import finds; tracebacks show its lines."""
    loader = _Emitted(text)
    module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec(name, loader))
    loader.exec_module(module)
    return module


class _Emitted(importlib.abc.ExecutionLoader):
    """The import system's own way to run a source that is in memory; it is only ever given what symreg emitted."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, fullname: str) -> str:
        return self.text

    def get_filename(self, fullname: str) -> str:
        return f"symreg-emitted/{fullname}.py"  # traceback asks `get_source` for the lines of a file that is not there


def _names(updates: tuple[Update, ...], module: ModuleType) -> Iterator[str]:
    for update in updates:
        yield update.name
        state = f"{update.name.removesuffix('_step')}_state"
        if update.kind == "step" and hasattr(module, state):
            yield state


def _of_one_dtype(function: Function, dtype: np.dtype[Any]) -> Function:
    @functools.wraps(function)
    def checked(w: Any, *rest: Any, **named: Any) -> Any:
        if isinstance(w, np.ndarray) and w.dtype is not dtype and w.dtype != dtype:
            raise TypeError(f"w: expected a {dtype} array, got {w.dtype}")
        return function(w, *rest, **named)

    return checked
