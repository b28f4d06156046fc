"""What may be asked for, by name, and within which bounds: no imports, so that the command line offers it at once."""

from __future__ import annotations

from typing import Literal

Kind = Literal["value", "gradient", "prox", "step"]
"""What a function of a user's own may claim to compute."""
Dtype = Literal["float64", "float32"]

KINDS: tuple[Kind, ...] = ("value", "gradient", "prox", "step")
DTYPES: tuple[Dtype, ...] = ("float64", "float32")

VERIFY_POINTS, MOST_VERIFY_POINTS = 2_000, 10**7
"""Points that a check of `verify` compares, unless it is told otherwise, and at most."""
AUDIT_POINTS, MOST_AUDIT_POINTS = 700, 10**6
RTOL = 1e-9
"""Relative error allowed of somebody else's function or object; what symreg emits gets none beside its tolerance."""
