"""What functions of an objective compute; their names here are those in what is emitted, save those of steps."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "loss_value",
    "loss_gradient",
    "loss_hessian",
    "value",
    "gradient",
    "hessian_vector",
    "partial",
    "lipschitz",
    "prox",
    "step",
]
KINDS: tuple[Kind, ...] = (
    "loss_value",
    "loss_gradient",
    "loss_hessian",
    "value",
    "gradient",
    "hessian_vector",
    "partial",
    "lipschitz",
    "prox",
    "step",
)
"""In the order in which they stand in a file. Without a loss there are four: value, gradient, prox and steps."""

LOSS_KINDS: tuple[Kind, ...] = ("loss_value", "loss_gradient", "loss_hessian")
"""Of a loss l(z, y) itself, each prediction with its label."""

OF_DATA: tuple[Kind, ...] = ("hessian_vector", "partial", "lipschitz")
"""Of an objective with a loss alone, over its samples."""
