"""Arrays as somebody's function takes them: NumPy's, PyTorch's tensors, or one number at a time.

PyTorch is imported only where a function is to be given tensors.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any, Literal

import numpy as np

from symreg.errors import ToolMissing
from symreg.verification.cases.calling import CallFailed

Arrays = Literal["numpy", "torch", "numbers"]
ARRAYS: tuple[Arrays, ...] = ("numpy", "torch", "numbers")

IN_WORDS: Mapping[Arrays, str] = {
    "numpy": "NumPy arrays",
    "torch": "PyTorch tensors",
    "numbers": "one weight at a time",
}


def arrays_of(function: Callable[..., Any]) -> Arrays:
    """Return what a function takes, as its own code tells: tensors if it, or what it calls, is or uses PyTorch's."""
    return "torch" if _is_of_torch(function, set()) else "numpy"


def to_tensor(array: Any) -> Any:
    """Return an array as a tensor in the same memory; all else as it is.

    Raises:
        ToolMissing: PyTorch is not installed.
    """
    if not isinstance(array, np.ndarray):
        return array
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        raise ToolMissing(f"the function takes PyTorch tensors, and PyTorch cannot be imported ({error})") from None
    return torch.from_numpy(array)


def to_array(result: Any) -> Any:
    """Return what a tensor holds, as an array; all else as it is.

    Raises:
        CallFailed: It is of a precision that NumPy does not have.
    """
    if not (hasattr(result, "detach") and hasattr(result, "numpy")):
        return result
    try:
        return result.detach().cpu().numpy()
    except TypeError as error:
        raise CallFailed(f"it returned a tensor of {result.dtype}, which NumPy does not have") from error


def _is_of_torch(function: Any, seen: set[int]) -> bool:
    """Is a function PyTorch's, or does its code, or that of a function of the same file that it calls, name it?"""
    if isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function) if callable(function) else function
    if id(function) in seen:
        return False
    seen.add(id(function))
    if _is_torchs(function):
        return True
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if code is None:
        method = inspect.getattr_static(type(function), "__call__", None)  # of an object that can be called
        return hasattr(method, "__code__") and _is_of_torch(method, seen)
    names = set(_names(code))
    if "from_numpy" in names:
        return False  # it makes its tensors itself
    if any("torch" in annotation for annotation in _annotations(function)):
        return True
    if "torch" in names and "torch" not in function.__globals__:
        return True  # imported within
    used = [function.__globals__[name] for name in names if name in function.__globals__]
    if any(map(_is_torchs, used)):
        return True
    own = [other for other in used if getattr(other, "__module__", None) == function.__module__]
    return any(_is_of_torch(other, seen) for other in own if hasattr(other, "__code__"))


def _is_torchs(thing: Any) -> bool:
    """Is something a module, a class, a function or a value of PyTorch?"""
    if isinstance(thing, ModuleType):
        return _top(thing.__name__) == "torch"
    home = getattr(thing, "__self__", None)  # of a compiled function, the module
    return (
        _top(getattr(thing, "__module__", None)) == "torch"
        or _top(type(thing).__module__) == "torch"
        or (isinstance(home, ModuleType) and _top(home.__name__) == "torch")
    )


def _top(module: Any) -> str:
    return module.partition(".")[0] if isinstance(module, str) else ""


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code uses, with the functions written within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _annotations(function: Any) -> Iterator[str]:
    """Yield the annotations of a function as text, with the module that they are of."""
    for annotation in getattr(function, "__annotations__", {}).values():
        yield annotation if isinstance(annotation, str) else f"{getattr(annotation, '__module__', '')}.{annotation}"
