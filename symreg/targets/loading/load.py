"""Load emitted source as Python callables: the NumPy module as it stands, the C library through ctypes.

Takes an objective and its updates, hands on a namespace of functions with the same signatures on either target. The C
functions also refuse what the NumPy module refuses, in its words.
"""

from __future__ import annotations

import ctypes
import importlib.abc
import importlib.machinery
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from symreg.kernel import lower
from symreg.model.objective import Objective
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import build
from symreg.targets.loading.call_c import state_through_c, through_c
from symreg.targets.loading.functions import Function, Functions
from symreg.targets.loading.matrix import LAYOUTS
from symreg.targets.options import BOTH, UNLESS_ASKED, Options
from symreg.targets.signature import signature_of
from symreg.updates.update import Update

SUFFIXES = {"float32": "f32", "float64": "f64"}


def load(
    objective: Objective,
    updates: tuple[Update, ...],
    target: str,
    dtype: str = "all",
    options: Options = BOTH,
    *,
    is_fast: bool = True,
) -> Functions:
    """Return the emitted functions, named as in the NumPy module: `value`, `gradient`, `adam_state`, `adam_step`, ...

    Args:
        objective: What the updates are of.
        updates: The functions wanted.
        target: `numpy` or `c`.
        dtype: `float64` or `float32`, and arrays of the other one are refused; `all` for both.
        options: What is emitted.
        is_fast: Is it to be used? For a look at what C computes, it is built in less time.

    Raises:
        ToolMissing: The target is C, and there is no compiler for it.
    """
    given = objective, updates, target, dtype, options
    updates = options.chosen(updates)
    if target == "c":
        options = replace(options, style=UNLESS_ASKED.style)  # what C refuses, the module in blocks explains
    (text,) = emit(objective, updates, "numpy", options).values()
    module = load_module(objective.name, text)
    in_numpy = {name: getattr(module, name) for name in _names(updates, module)}
    dtypes = [np.dtype(name) for name in SUFFIXES if dtype in (name, "all")]
    callees = {name: dict.fromkeys(dtypes, function) for name, function in in_numpy.items()}
    if target == "c":
        library = ctypes.CDLL(str(build(emit(objective, updates, "c", options), is_fast=is_fast)))
        wide = ctypes.c_float if options.dtype == "float32" else ctypes.c_double
        for update in updates:
            signature = signature_of(lower(update))
            callees[update.name] = {
                dtype: through_c(
                    _in_library(library, f"{objective.name}_{update.name}", update, SUFFIXES[dtype.name]),
                    signature,
                    dtype,
                    in_numpy[update.name],
                    has_one_dimension=update.has_one_dimension or update.passes_samples,
                    wide=wide,
                )
                for dtype in dtypes
            }
            if signature.states:
                stem = update.name.removesuffix("_step")
                state = f"{stem}_state"
                callees[state] = {
                    dtype: state_through_c(
                        library[f"{objective.name}_{stem}_init_{SUFFIXES[dtype.name]}"],
                        signature,
                        dtype,
                        in_numpy[state],
                        wide=wide,
                    )
                    for dtype in dtypes
                }
    return Functions(
        **{
            name: Function(
                function,
                owner=objective.name,
                target=target,
                callees=callees[name],
                origin=(_unpickled, (name, *given)),
            )
            for name, function in in_numpy.items()
        }
    )


def _unpickled(name: str, *given: Any) -> Function:
    """Return a function by its name and by what `load` was given; all of one origin are loaded once a process."""
    function: Function = vars(_loaded(*given))[name]
    return function


_loaded = lru_cache(maxsize=32)(load)


def _in_library(library: ctypes.CDLL, name: str, update: Update, suffix: str) -> Any:
    """Return a function of a library; of one over samples, that for each layout of X."""
    if not update.passes_samples:
        return library[f"{name}_{suffix}"]
    return {layout: library[f"{name}{layout}_{suffix}"] for layout in LAYOUTS}


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
