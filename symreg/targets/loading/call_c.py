"""Call an emitted C function as the NumPy function of the same name is called, through ctypes.

A call that C would refuse is put to the NumPy function, so that it is refused in the same words.
"""

from __future__ import annotations

import ctypes
import functools
import inspect
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symreg.model.lifts import STARTS
from symreg.targets.loading.matrix import Matrix, matrix_of, types_of
from symreg.targets.signature import Argument, Role, Signature, state_signature

Function = Callable[..., Any]


def through_c(
    raw: Any,
    signature: Signature,
    dtype: np.dtype[Any],
    in_numpy: Function,
    *,
    has_one_dimension: bool,
    wide: type[ctypes.c_double] | type[ctypes.c_float] = ctypes.c_double,
) -> Function:
    """Return a function that is called like the NumPy one and calls the C one.

    Args:
        raw: The function of the library, or that for each layout of X.
        signature: Its arguments.
        dtype: Of the arrays.
        in_numpy: The NumPy function.
        has_one_dimension: Are weights of any other shape refused?
        wide: The type of parameters and of states that are one number.
    """
    invoke = _invocation(raw, signature, dtype, wide)
    count, keywords = len(signature.by_position), {argument.name for argument in signature.by_keyword}
    is_vector = has_one_dimension and bool(signature.of("data"))
    written_states = [state.name for state in signature.states if state.shape]
    returns_array, is_step = signature.returns in ("array", "sums"), signature.returns == "nothing"

    def call(*given: Any, **named: Any) -> Any:
        if len(given) != count:
            given, named = _arranged(in_numpy, given, named)
        w, out = given[0], named.get("out")
        try:
            if not named.keys() <= keywords or (is_vector and np.ndim(w) != 1):
                raise _Refused
            if returns_array and out is None:
                out = np.empty_like(w, order="C", subok=False)
            written = [w, *(given[-1][name] for name in written_states)] if is_step else [out] if returns_array else []
            passed = _Call(given=given, named=named, out=out, written=written)
            function, arguments = invoke(passed)
        except (_Refused, AttributeError, IndexError, KeyError, OverflowError, TypeError):
            in_numpy(*given, **named)
            raise RuntimeError(f"{in_numpy.__name__}: the C target refuses what the NumPy target takes") from None
        result = function(*arguments)
        if not (returns_array or is_step):
            if math.isnan(result):  # the value, or a parameter outside its domain: NumPy tells the two apart
                in_numpy(*given, **named)
            return result
        if result != 0:
            in_numpy(*given, **named)
            raise RuntimeError(f"{in_numpy.__name__}: the C target returns {result} where the NumPy target runs")
        if signature.returns == "sums":
            return passed.boxes["loss"].value, out, passed.boxes["weight"].value
        for name, box in passed.boxes.items():
            given[-1][name] = box.value
        return out

    return functools.wraps(in_numpy)(call)


def state_through_c(
    raw: Any,
    signature: Signature,
    dtype: np.dtype[Any],
    in_numpy: Function,
    *,
    wide: type[ctypes.c_double] | type[ctypes.c_float] = ctypes.c_double,
) -> Function:
    """Return a function that makes a rule's state like the NumPy one, with the values that the C one sets.

    Args:
        raw: The function of the library.
        signature: Of the rule's step.
        dtype: Of the arrays.
        in_numpy: The NumPy function.
        wide: The type of states that are one number.
    """
    invoke = _invocation(raw, state_signature(signature), dtype, wide)

    def make(w: Any) -> dict[str, Any]:
        state: dict[str, Any] = in_numpy(w)
        for argument in signature.states:
            if argument.shape:
                state[argument.name].fill(math.nan)
            else:
                state[argument.name] = math.nan
        passed = _Call(given=(w, state), named={}, out=None, written=[])
        function, arguments = invoke(passed)
        result = function(*arguments)
        if result != 0:
            raise RuntimeError(f"{in_numpy.__name__}: the C target returns {result} where the NumPy target runs")
        for name, box in passed.boxes.items():
            state[name] = box.value
        return state

    return functools.wraps(in_numpy)(make)


class _Refused(Exception):
    """The call is not one for C; the NumPy function will say why."""


@dataclass(slots=True, kw_only=True)
class _Call:
    """One call from Python.

    Args:
        given: What is passed by position: the data, the gradient, the dict of states.
        named: What is passed by keyword.
        out: The array that receives the result.
        written: All arrays that are written to.
        boxes: Numbers that C writes to, by name.
    """

    given: tuple[Any, ...]
    named: dict[str, Any]
    out: Any
    written: list[Any]
    boxes: dict[str, ctypes.c_double | ctypes.c_float] = field(default_factory=dict)


def _invocation(
    raw: Any, signature: Signature, dtype: np.dtype[Any], wide: Any
) -> Callable[[_Call], tuple[Any, list[Any]]]:
    """Return what finds the function of C for a call, and its arguments."""
    converters = [_converter(argument, signature, dtype, wide) for argument in signature.arguments]
    raws = raw if isinstance(raw, Mapping) else {"": raw}
    for layout, function in raws.items():
        function.restype = wide if signature.returns == "number" else ctypes.c_int
        types = ((*types_of(layout),) if a.role == "matrix" else (_ctype(a, wide),) for a in signature.arguments)
        function.argtypes = list(itertools.chain.from_iterable(types))

    if not signature.of("matrix"):
        return lambda call: (raw, [convert(call) for convert in converters])
    place = [argument.role for argument in signature.arguments].index("matrix")

    def invoke(call: _Call) -> tuple[Any, list[Any]]:
        arguments = [convert(call) for convert in converters]
        matrix: Matrix = arguments[place]
        return raws[matrix.layout], [*arguments[:place], *matrix.arguments, *arguments[place + 1 :]]

    return invoke


def _ctype(argument: Argument, wide: Any) -> Any:
    if argument.is_pointer:
        return ctypes.c_void_p
    return ctypes.c_size_t if argument.dtype == "size" else wide


def _converter(argument: Argument, signature: Signature, dtype: np.dtype[Any], wide: Any) -> Callable[[_Call], Any]:
    """Return what takes an argument of C out of a call from Python, or raises `_Refused`."""
    name, default, has_default = argument.name, argument.default, argument.default == argument.default
    if argument.role in _OF_SAMPLES:
        return _converter_of_samples(argument, signature, dtype, wide)
    match argument.role:
        case "length" if signature.of("matrix") and not signature.of("data"):
            return lambda call: call.given[0].shape[1]
        case "length":
            return lambda call: call.given[0].size
        case "data" if argument.is_overwritten:
            return lambda call: _written(call.given[0], dtype, call.given[0].shape)
        case "data":
            return lambda call: _read(call.given[0], dtype, call.given[0].shape, call.written)
        case "array":
            dimensions = len(argument.shape)
            return lambda call: _read(call.named[name], dtype, (call.given[0].size,) * dimensions, call.written)
        case "gradient":
            return lambda call: _read(call.given[1], dtype, call.given[0].shape, call.written)
        case "state" if argument.shape:
            return lambda call: _written(call.given[-1][name], dtype, call.given[0].shape)
        case "state" | "count":
            return lambda call: _boxed(name, call, wide)
        case "groups_length":
            return lambda call: len(call.named[STARTS]) - 1
        case "groups":
            return lambda call: _read_groups(call.named[name], call.written)
        case "group_weights":
            return lambda call: _read_weights(call.named.get(name), len(call.named[STARTS]) - 1, wide)
        case "parameter" if has_default:
            return lambda call: _number(call.named.get(name, default))
        case "parameter":
            return lambda call: _number(call.named[name])
        case "result":
            return lambda call: _written(call.out, dtype, call.given[0].shape)
        case "scratch":
            rows = int(argument.shape[0])
            return lambda call: _pointer(np.empty(rows * call.given[0].size, dtype))
        case "rows":
            count, is_for_each = int(argument.shape[0]), argument.shape[-1] == "n"
            return lambda call: _pointer(np.empty(count * (call.given[0].size if is_for_each else 1), wide))
    raise AssertionError(argument)


_OF_SAMPLES: tuple[Role, ...] = ("samples", "matrix", "labels", "direction", "sample_weight", "sum")


def _converter_of_samples(
    argument: Argument, signature: Signature, dtype: np.dtype[Any], wide: Any
) -> Callable[[_Call], Any]:
    """Return likewise what takes the samples, or what belongs to them, out of a call."""
    name, positions = argument.name, {name: place for place, name in enumerate(signature.by_position)}
    x = positions.get("X", 0)
    match argument.role:
        case "samples":
            return lambda call: call.given[x].shape[0]
        case "matrix" if signature.of("data"):
            return lambda call: _matrix(call.given[x], dtype, call.given[0].size)
        case "matrix":
            return lambda call: _matrix(call.given[x], dtype, call.given[x].shape[1])
        case "labels" | "direction":
            place, is_of_samples = positions[name], argument.shape == ("m",)
            return lambda call: _read(
                call.given[place],
                dtype,
                (call.given[x].shape[0],) if is_of_samples else call.given[0].shape,
                call.written,
            )
        case "sample_weight":
            return lambda call: _weights(call.named.get(name), dtype, call.given[x].shape[0], call.written)
        case "sum":
            return lambda call: ctypes.byref(call.boxes.setdefault(name, wide(0.0)))
    raise AssertionError(argument)


def _matrix(X: Any, dtype: np.dtype[Any], n: int) -> Matrix:
    """Return X as it is passed to C, if it has n columns."""
    matrix = matrix_of(X, dtype, lambda array: _pointer(array) if array.flags.writeable else array.ctypes)
    if matrix is None or X.shape[1] != n:
        raise _Refused
    return matrix


def _weights(weights: Any, dtype: np.dtype[Any], samples: int, written: list[Any]) -> Any:
    """Return a pointer to the weights of the samples, null where there are none."""
    return None if weights is None else _read(weights, dtype, (samples,), written)


def _boxed(name: str, call: _Call, wide: Any) -> Any:
    """Return the address of a copy of a number that C writes to."""
    box = call.boxes[name] = wide(_number(call.given[-1][name]))
    return ctypes.byref(box)


def _arranged(
    in_numpy: Function, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with those that were named but have a place put there."""
    try:
        bound = inspect.signature(in_numpy).bind(*given, **named)
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


def _read_groups(groups: Any, written: list[Any]) -> Any:
    """Return a pointer to where groups begin."""
    if not isinstance(groups, np.ndarray) or groups.ndim != 1 or groups.size == 0:
        raise _Refused
    return _read(groups, np.dtype(np.int64), groups.shape, written)


def _read_weights(weights: Any, count: int, wide: Any) -> Any:
    """Return a pointer to a copy of the groups' weights in the type that C takes; null for none."""
    if weights is None:
        return None
    if not (isinstance(weights, np.ndarray) and weights.dtype in _DTYPES and weights.shape == (count,)):
        raise _Refused
    return np.array(weights, wide, order="C").ctypes


_DTYPES = (np.dtype(np.float64), np.dtype(np.float32))


def _pointer(array: Any) -> Any:
    # Three times as fast as `array.ctypes`, but there must be a byte to point to.
    return ctypes.byref(ctypes.c_char.from_buffer(array)) if array.size else array.ctypes


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _Refused
    return float(value)
