"""Which rows of a long table every run looks at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(count: int, rows: Iterable[Any]) -> list[Any]:
    """Return rows as test parameters: one of so many is looked at in every run, the others in the sweep.

    Args:
        count: How many rows there are for each that every run looks at.
        rows: What a test is run with; a tuple is several arguments.
    """
    return [
        row if place % count == 0 else pytest.param(*(row if type(row) is tuple else (row,)), marks=pytest.mark.sweep)
        for place, row in enumerate(rows)
    ]
