"""Floating-point formats: their rounding, floor and largest numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ldexp
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Dtype = Literal["float64", "float32"]
Vector = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Format:
    """A floating-point format and the range over which accuracy is promised in it."""

    name: Dtype
    unit: int  # u = 2**unit
    least_exponent: int  # of the promised range: powers of two inside 1e-150..1e150 or 1e-18..1e18
    greatest_exponent: int
    floor: float  # smallest normal number / machine epsilon
    greatest: float


FORMATS: dict[Dtype, Format] = {
    "float64": Format("float64", -53, -498, 498, ldexp(1.0, -970), float(np.finfo(np.float64).max)),
    "float32": Format("float32", -24, -59, 59, ldexp(1.0, -103), float(np.finfo(np.float32).max)),
}
