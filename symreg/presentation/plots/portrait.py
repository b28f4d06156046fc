"""What a plot shows, as numbers: curves, subdifferentials, thresholds and paths of one penalty after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Panel = Literal["value", "gradient", "prox", "step"]
"""What a panel shows, under the names of the functions that are emitted; a step as the path that it leads along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line from point to point, interrupted where y is nan."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subdifferential:
    """The slopes that a penalty has at one weight, from `low` to `high`: at a convex kink or an end of its domain."""

    weight: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """What is drawn of one penalty phi; what it does not have is None or empty.

    Args:
        label: Its formula and its parameters, as matplotlib's mathtext or as plain text.
        domain: Where phi has a value.
        value: phi(w).
        gradient: phi'(w), interrupted where it jumps.
        subdifferentials: Where phi has a kink that opens upward, or ends.
        prox: The proximal operator, interrupted where it jumps.
        threshold: Between which v the operator is 0.
        paths: Of the weight at the number of steps taken, one for each weight that is followed.
    """

    label: str
    domain: tuple[float, float]
    value: Curve | None = None
    gradient: Curve | None = None
    subdifferentials: tuple[Subdifferential, ...] = ()
    prox: Curve | None = None
    threshold: tuple[float, float] | None = None
    paths: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A row of panels over one range, in which the penalties are laid over each other.

    Args:
        panels: From left to right.
        portraits: The penalties.
        range: Of the weight.
        step: Of the operator.
        path_title: What the weights follow.
    """

    panels: tuple[Panel, ...]
    portraits: tuple[Portrait, ...]
    range: tuple[float, float]
    step: float = 1.0
    path_title: str = ""
