"""The baselines in C, built by symreg's own native build with the flags that emitted code gets."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from symreg.targets.loading import c_compiler


def call(name: str, *arrays: Any) -> Callable[[], object]:
    """Return a call of the C function `name` on n and these float64 arrays of one length."""
    arguments = [ctypes.c_size_t(arrays[0].size), *(ctypes.c_void_p(array.ctypes.data) for array in arrays)]
    function = library()[name]
    function.restype = None

    def run(kept: tuple[Any, ...] = arrays) -> None:
        function(*arguments)

    return run


@cache
def library() -> ctypes.CDLL:
    """Return the loaded library."""
    source = Path(__file__).with_name("baselines.c")
    return ctypes.CDLL(str(c_compiler.build({source.name: source.read_text(encoding="utf-8")})))
