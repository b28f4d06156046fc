"""The ways in which a matrix lies in memory: row by row, column by column, and compressed sparse rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from symreg.verification.oracle.formats import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A matrix of compressed sparse rows with SciPy's names, of no library.

    Args:
        data: Its elements, row by row.
        indices: The column of each.
        indptr: Where each row begins, and where the last ends.
        shape: m and n.
    """

    data: Vector
    indices: Vector
    indptr: Vector
    shape: tuple[int, int]
    format: str = "csr"
    ndim: int = 2

    @property
    def dtype(self) -> Any:
        """Of the elements."""
        return self.data.dtype

    @property
    def nnz(self) -> int:
        """The number of stored elements."""
        return len(self.data)


def compressed(X: Vector, index: str = "int32", *, is_split: bool = False) -> Rows:
    """Return a matrix as compressed sparse rows; zeros are left out.

    Args:
        X: The matrix.
        index: Type of the indices.
        is_split: Is the first element of each row stored as two halves, out of order? Their sum is what stands there.
    """
    data: list[float] = []
    columns: list[int] = []
    starts = [0]
    for row in X.tolist():
        stored = [(j, x) for j, x in enumerate(row) if x]
        if is_split and stored:
            j, x = stored[0]
            stored = [(j, x / 2), *stored[:0:-1], (j, x / 2)]
        columns += [j for j, _ in stored]
        data += [x for _, x in stored]
        starts.append(len(data))
    return Rows(
        data=np.array(data, dtype=X.dtype),
        indices=np.array(columns, dtype=index),
        indptr=np.array(starts, dtype=index),
        shape=(X.shape[0], X.shape[1]),
    )


LAYOUTS: dict[str, Callable[[Vector], Any]] = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "CSR": compressed,
    "CSR, int64": lambda X: compressed(X, "int64"),
    "CSR, duplicates": lambda X: compressed(X, is_split=True),
}
"""Every way in which a function is handed the same matrix, by name."""
