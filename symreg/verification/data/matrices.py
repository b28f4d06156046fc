"""The ways in which a matrix lies in memory: row by row, column by column, and SciPy's compressed sparse rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symreg.verification.oracle.formats import Vector

try:
    from scipy import sparse
except ImportError:
    sparse = None

HAS_SCIPY = sparse is not None
WITHOUT_SCIPY = "compressed rows were not judged: there is no SciPy here"


def compressed(X: Vector, index: str = "int32", *, is_split: bool = False) -> Any:
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
    rows = sparse.csr_array(X.shape, dtype=X.dtype)
    rows.data = np.array(data, dtype=X.dtype)
    rows.indices, rows.indptr = np.array(columns, dtype=index), np.array(starts, dtype=index)
    return rows


def with_parts(rows: Any, **parts: Any) -> Any:
    """Return a copy of compressed rows some of whose arrays are others, right or wrong."""
    changed = rows.copy()
    for name in ("data", "indices", "indptr"):
        setattr(changed, name, parts.get(name, getattr(rows, name).copy()))
    return changed


LAYOUTS: dict[str, Callable[[Vector], Any]] = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
}
"""Every way in which a function is handed the same matrix, by name."""
if HAS_SCIPY:
    LAYOUTS |= {
        "CSR": compressed,
        "CSR, int64": lambda X: compressed(X, "int64"),
        "CSR, duplicates": lambda X: compressed(X, is_split=True),
    }
