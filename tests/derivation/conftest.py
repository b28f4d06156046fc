"""Derivations are evaluated in many digits."""

from __future__ import annotations

from collections.abc import Iterator

import mpmath
import pytest
from derivation_points import DIGITS


@pytest.fixture
def digits() -> Iterator[None]:
    """Evaluate in as many digits as derivations are compared in."""
    with mpmath.workdps(DIGITS):
        yield
