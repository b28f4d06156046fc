"""Bounds and defaults of what may be asked for: no imports but names, so that the command line offers it at once."""

from __future__ import annotations

from typing import Literal

Dtype = Literal["float64", "float32"]
DTYPES: tuple[Dtype, ...] = ("float64", "float32")
"""The precisions of arrays."""

JudgedKind = Literal[
    "value", "gradient", "prox", "step", "hessian_vector", "partial", "loss_value", "loss_gradient", "loss_hessian"
]
OF_SAMPLES: tuple[JudgedKind, ...] = ("hessian_vector", "partial", "loss_value", "loss_gradient", "loss_hessian")
"""What only an objective with a loss over samples has."""
JUDGED_KINDS: tuple[JudgedKind, ...] = ("value", "gradient", "prox", "step", *OF_SAMPLES)
"""What a function of one's own may be judged as."""

AuditKind = Literal["value", "gradient", "prox", "object"]
AUDIT_KINDS: tuple[AuditKind, ...] = ("value", "gradient", "prox", "object")
"""What a function that is audited computes; `object` if it makes an object."""

VERIFY_POINTS, MOST_VERIFY_POINTS = 2_000, 10**7
"""Points that a check of `verify` compares, unless it is told otherwise, and at most."""
AUDIT_POINTS, MOST_AUDIT_POINTS = 700, 10**6
FRAGMENT_WIDTH = "200pt"
"""Of a line of LaTeX for a paper: what a column of `article` in two columns takes."""
RTOL = 1e-9
"""Relative error allowed of somebody else's object; what symreg emits gets none beside its tolerance."""

Arrays = Literal["numpy", "torch", "numbers"]
ARRAYS: tuple[Arrays, ...] = ("numpy", "torch", "numbers")
"""What a function of a user's own may take: NumPy's arrays, PyTorch's tensors, or one weight at a time."""
EVERYDAY = (1e-6, 1e6)
"""The least and the greatest size of the weights that decide on a function of a user's own."""
