"""What templates need of the functions that emitted files have of their own because no library has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from symreg.expressions.approximations import APPROXIMATIONS

Row = dict[str, Any]


def approximation_rows(called: Iterable[str]) -> list[Row]:
    """Return the rows of those functions that are called, by our names; `double` and `single` are lists."""
    known = set(called)
    return [
        {
            "function": name,
            "doc": row.doc,
            "scale": row.scale,
            "shift": row.shift,
            "power": row.power,
            "double": row.double.split(),
            "single": row.single.split(),
        }
        for name, row in APPROXIMATIONS.items()
        if name in known
    ]
