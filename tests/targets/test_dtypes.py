"""A precision is understood however NumPy's users write it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symreg.targets.options import dtype_of

WRITTEN: dict[str, list[Any]] = {
    "float32": ["float32", np.float32, np.dtype("float32"), np.dtype(np.float32), "f4", "single"],
    "float64": ["float64", np.float64, np.dtype("float64"), float, "f8", "double", "d"],
    "all": ["all"],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_precision_is_understood(name: str) -> None:
    assert [dtype_of(dtype) for dtype in WRITTEN[name]] == [name] * len(WRITTEN[name])


@pytest.mark.parametrize(
    "dtype", ["float16", np.float16, int, "float46", None, object(), np.dtype("<i8"), "", 3, "ALL"]
)
def test_what_is_none_is_not(dtype: Any) -> None:
    assert dtype_of(dtype) is None
