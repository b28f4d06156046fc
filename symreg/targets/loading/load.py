"""Load emitted source as Python callables: the NumPy module as it stands, the C library through ctypes.

Takes an objective and its updates, hands on a namespace of functions with the same signatures on either target. The C
functions also refuse what the NumPy module refuses, in its words: a call that C refuses is put to the NumPy function.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import math
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from symreg.kernel import lower
from symreg.model.objective import Objective
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import build
from symreg.updates.update import Update

SUFFIXES = {"float32": "f32", "float64": "f64"}

Function = Callable[..., Any]


def load(objective: Objective, updates: tuple[Update, ...], target: str, dtype: str = "float64") -> SimpleNamespace:
    """Return the emitted functions, named as in the NumPy module: `value`, `gradient`, `adam_state`, `adam_step`, ...

    Args:
        objective: What the updates are of.
        updates: The functions wanted.
        target: `numpy` or `c`.
        dtype: `float64` or `float32`; arrays of another one are refused.

    Raises:
        ToolMissing: The target is C, and there is no compiler for it.
    """
    (text,) = emit(objective, updates, "numpy").values()
    module = load_module(objective.name, text)
    made = {name: getattr(module, name) for name in _names(updates, module)}
    if target == "c":
        library = ctypes.CDLL(str(build(emit(objective, updates, "c"))))
        for update in updates:
            raw = library[f"{objective.name}_{update.name}_{SUFFIXES[dtype]}"]
            made[update.name] = _through_c(raw, update, np.dtype(dtype), made[update.name])
    return SimpleNamespace(**{name: _of_one_dtype(function, np.dtype(dtype)) for name, function in made.items()})


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


class _Refused(Exception):
    """The call is not one for C; the NumPy function will say why."""


def _through_c(raw: Any, update: Update, dtype: np.dtype[Any], in_numpy: Function) -> Function:
    """Return a function that has the signature of the NumPy one and calls the C one.

    C takes n, w, declared arrays, g, the states in the rule's order, t, parameters in the Python order, out, work.
    """
    signature = inspect.signature(in_numpy)
    count = sum(argument.kind is argument.POSITIONAL_OR_KEYWORD for argument in signature.parameters.values())
    keywords = {a.name: a.default for a in signature.parameters.values() if a.kind is a.KEYWORD_ONLY}
    declared = {array.name: len(array.shape) for array in update.terms.arrays}
    parameters = {name: default for name, default in keywords.items() if name not in (*declared, "out")}
    states = _states(update)
    is_step, has_out = update.kind == "step", update.kind in ("gradient", "prox")
    scratch = len(lower(update).buffers)
    pointers = 1 + len(declared) + is_step + len(states)
    raw.restype = ctypes.c_double if update.kind == "value" else ctypes.c_int
    raw.argtypes = [
        ctypes.c_size_t,
        *[ctypes.c_void_p] * pointers,
        *[ctypes.c_double] * len(parameters),
        *[ctypes.c_void_p] * (has_out + bool(scratch)),
    ]

    def call(*given: Any, **named: Any) -> Any:
        if len(given) != count:
            given, named = _arranged(signature, in_numpy, given, named)
        w, out = given[0], named.get("out")
        boxes: dict[str, ctypes.c_double] = {}
        try:
            if not named.keys() <= keywords.keys() or (update.indexed is not None and np.ndim(w) != 1):
                raise _Refused
            if has_out and out is None:
                out = np.empty_like(w, order="C", subok=False)
            written = [out] if has_out else []
            if is_step:
                written = [w, *(given[2][name] for name, is_array in states if is_array)]
            arguments = [w.size, _written(w, dtype, w.shape) if is_step else _read(w, dtype, w.shape, written)]
            for name, dimensions in declared.items():
                arguments.append(_read(named[name], dtype, (w.size,) * dimensions, written))
            if is_step:
                arguments.append(_read(given[1], dtype, w.shape, written))
            for name, is_array in states:
                if is_array:
                    arguments.append(_written(given[2][name], dtype, w.shape))
                else:
                    boxes[name] = ctypes.c_double(_number(given[2][name]))
                    arguments.append(ctypes.byref(boxes[name]))
            arguments += [_number(named.get(name, default)) for name, default in parameters.items()]
            if has_out:
                arguments.append(_written(out, dtype, w.shape))
            if scratch:
                work = np.empty(scratch * w.size, dtype)
                arguments.append(_pointer(work))
        except (_Refused, AttributeError, KeyError, OverflowError, TypeError):
            in_numpy(*given, **named)
            raise RuntimeError(f"{update.name}: the C target refuses what the NumPy target takes") from None
        result = raw(*arguments)
        if update.kind == "value":
            if math.isnan(result):  # the value, or a parameter outside its domain: NumPy tells the two apart
                in_numpy(*given, **named)
            return result
        if result != 0:
            in_numpy(*given, **named)
            raise RuntimeError(f"{update.name}: the C target returns {result} where the NumPy target runs")
        for name, box in boxes.items():
            given[2][name] = box.value
        return out

    return functools.wraps(in_numpy)(call)


def _states(update: Update) -> list[tuple[str, bool]]:
    """Return the names of what a step keeps, in the order of the C arguments, and whether each is an array."""
    if update.rule is None:
        return []
    return [*((state.name, state.is_array) for state in update.rule.states), *[("t", False)] * update.rule.uses_t]


def _arranged(
    signature: inspect.Signature, in_numpy: Function, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with those that were named but have a place put there."""
    try:
        bound = signature.bind(*given, **named)
    except TypeError:
        in_numpy(*given, **named)  # raises the same, in Python's own words
        raise
    return bound.args, bound.kwargs


def _written(array: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    """Return a pointer to an array that C may write to."""
    if not (isinstance(array, np.ndarray) and array.dtype == dtype and array.shape == shape and array.flags.carray):
        raise _Refused
    return _pointer(array)


def _read(array: Any, dtype: np.dtype[Any], shape: tuple[int, ...], written: list[Any]) -> Any:
    """Return a pointer to an array that C reads, or to a copy of it if its elements do not lie one after another."""
    if not (isinstance(array, np.ndarray) and array.dtype == dtype and array.shape == shape):
        raise _Refused
    if array.flags.carray:
        return _pointer(array)
    if not (array.flags.c_contiguous and array.flags.aligned):
        if any(np.shares_memory(array, other) for other in written):
            raise _Refused
        array = np.array(array, dtype, order="C")
    return array.ctypes  # keeps the array, and takes a read-only one


def _pointer(array: Any) -> Any:
    # Three times as fast as `array.ctypes`, but there must be a byte to point to.
    return ctypes.byref(ctypes.c_char.from_buffer(array)) if array.size else array.ctypes


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _Refused
    return float(value)
