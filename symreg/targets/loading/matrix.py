"""X as it is passed to C: row by row, column by column, or in compressed rows with indices of either size."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LAYOUTS = ("", "_columns", "_csr", "_csr32")
"""What the names of the C functions of one function have before the precision, one for each layout of X."""

INDICES = {np.dtype(np.int64): "_csr", np.dtype(np.int32): "_csr32"}
COMPRESSED = ("indptr", "indices", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """X, ready for C.

    Args:
        layout: One of `LAYOUTS`.
        arguments: In place of X, in the order of C.
        kept: Arrays that the arguments point to.
    """

    layout: str
    arguments: tuple[Any, ...]
    kept: tuple[Any, ...]


def types_of(layout: str) -> tuple[Any, ...]:
    """Return the types of the arguments in place of X."""
    if layout in INDICES.values():
        return (ctypes.c_void_p,) * len(COMPRESSED)
    return ctypes.c_void_p, ctypes.c_size_t


def matrix_of(X: Any, dtype: np.dtype[Any], pointer: Callable[[Any], Any]) -> Matrix | None:
    """Return X as it is passed, or None if C does not take it as it is.

    Args:
        X: An array that is contiguous by rows or by columns, or what has the attributes of SciPy's compressed rows.
        dtype: Of its numbers.
        pointer: Returns the address of an array.
    """
    if isinstance(X, np.ndarray):
        if X.ndim != 2 or X.dtype != dtype or not X.flags.aligned:
            return None
        if X.flags.c_contiguous:
            return Matrix(layout="", arguments=(pointer(X), X.shape[1]), kept=(X,))
        if X.flags.f_contiguous:
            return Matrix(layout="_columns", arguments=(pointer(X.T), X.shape[0]), kept=(X,))
        return None
    if getattr(X, "format", "") != "csr":
        return None
    parts = tuple(getattr(X, name) for name in COMPRESSED)
    if not all(isinstance(part, np.ndarray) for part in parts) or parts[-1].dtype != dtype:
        return None
    if any(part.dtype not in INDICES for part in parts[:2]):
        return None
    kind = np.result_type(parts[0], parts[1])  # what is not alike, or not in one piece, is copied
    indptr, indices, data = parts = tuple(
        np.require(part, own, ["C", "A"]) for part, own in zip(parts, (kind, kind, dtype), strict=True)
    )
    is_whole = indptr.shape == (X.shape[0] + 1,) and int(indptr[-1]) <= min(indices.size, data.size)
    if not is_whole or int(indptr[0]) != 0:
        return None
    return Matrix(layout=INDICES[kind], arguments=tuple(map(pointer, parts)), kept=parts)
