"""Calls of emitted C through ctypes, with arrays that may be put out of place."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
from c_headers import Declared
from emitted import default

from symreg.model.spec import Parameter

OK, NULL, DOMAIN, OVERLAP = range(4)
KINDS: dict[str, Any] = {"double": ctypes.c_double, "float": ctypes.c_float, "size_t": ctypes.c_size_t}


class Call:
    """A call of a C function with arrays of its own, any of which may be put out of place."""

    def __init__(self, library: ctypes.CDLL, function: Declared, n: int, known: Mapping[str, Parameter]) -> None:
        self.function, self.n, self.library = function, n, library
        rng = np.random.default_rng(5)
        dtypes = {"double": np.float64, "float": np.float32}
        self.arrays = {a.name: rng.uniform(0.5, 1.5, a.size(n)).astype(dtypes[a.type]) for a in function.pointers}
        self.numbers = {a.name: default(known[a.name]) for a in function.parameters}
        self.places: dict[str, int | None] = {name: array.ctypes.data for name, array in self.arrays.items()}

    def __call__(self) -> Any:
        called = self.library[self.function.name]
        called.restype = ctypes.c_double if self.function.is_value else ctypes.c_int
        called.argtypes = [ctypes.c_void_p if a.is_pointer else KINDS[a.type] for a in self.function.arguments]
        given = {"n": self.n, **self.places, **self.numbers}
        return called(*(given[a.name] for a in self.function.arguments))

    def refused(self, code: int) -> None:
        """Check that the call is refused, and that it has touched nothing."""
        before = {name: array.tobytes() for name, array in self.arrays.items()}
        result = self()
        assert np.isnan(result) if self.function.is_value else result == code
        assert before == {name: array.tobytes() for name, array in self.arrays.items()}
