"""Where a function of one variable jumps: found by bisection between neighbouring points, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from symreg.presentation.plots.portrait import Curve

Function = Callable[[np.ndarray], np.ndarray]
"""Of an array, element by element."""

_STEEP = 0.01
"""A difference between neighbours beyond this share of all that the function does is looked into."""
_NEAR = 1e-9
"""How near a jump its sides are read, as a share of the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Where a function jumps, and what it is on either side."""

    at: float
    before: float
    after: float


def points_between(low: float, high: float, special: Sequence[float]) -> np.ndarray:
    """Return points to draw a curve through, closer together around special ones.

    Args:
        low: First point.
        high: Last point.
        special: Where the function may turn or rise without bound; those outside do not matter.
    """
    width = high - low
    near = width * 10.0 ** np.linspace(-7, -1, 49)
    around = [point for x in special for point in (x - near, np.array([x]), x + near)]
    points = np.unique(np.concatenate([np.linspace(low, high, 481), *around]))
    return points[(points >= low) & (points <= high)]


def jumps(function: Function, x: np.ndarray, y: np.ndarray) -> tuple[Jump, ...]:
    """Return the jumps of a function, ascending.

    Args:
        function: Whose values are known at points.
        x: The points, ascending.
        y: The values there; where one is nan nothing is looked for.
    """
    finite = y[np.isfinite(y)]
    if not finite.size:
        return ()
    low, high = np.quantile(finite, (0.05, 0.95))
    spread = max(high - low, 1e-3 * np.abs(finite).max())
    with np.errstate(invalid="ignore"):
        steep = np.flatnonzero(np.abs(np.diff(y)) > _STEEP * spread)
    found = (_bisected(function, *x[k : k + 2].tolist(), *y[k : k + 2].tolist()) for k in steep)
    at = sorted({place for place, height in found if height > _STEEP * spread})
    near = _NEAR * (x[-1] - x[0])
    return tuple(_distinct(at, function, near))


def _bisected(function: Function, low: float, high: float, below: float, above: float) -> tuple[float, float]:
    """Return where the greatest change between two points is, and how great it is between neighbouring floats."""
    while low < (middle := low + (high - low) / 2) < high:
        value = float(function(np.array([middle]))[0])
        if not abs(value - below) <= abs(above - value):
            high, above = middle, value
        else:
            low, below = middle, value
    return (low if abs(low) < abs(high) else high), abs(above - below)


def _distinct(places: Sequence[float], function: Function, near: float) -> Iterator[Jump]:
    last = -np.inf
    for at in places:
        if at - last > near:
            before, after = function(np.array([at - near, at + near]))
            yield Jump(at=at, before=float(before), after=float(after))
            last = at


def interrupted(x: np.ndarray, y: np.ndarray, gaps: Sequence[Jump]) -> Curve:
    """Return the curve through points, with its two ends at each jump and nothing between them."""
    pieces: list[tuple[np.ndarray, np.ndarray]] = []
    for gap in gaps:
        is_before = x < gap.at
        pieces.append((np.append(x[is_before], [gap.at, gap.at]), np.append(y[is_before], [gap.before, np.nan])))
        start = np.flatnonzero(x > gap.at)
        x = np.concatenate([[gap.at], x[start]])
        y = np.concatenate([[gap.after], y[start]])
    pieces.append((x, y))
    return Curve(x=_floats([x for x, _ in pieces]), y=_floats([y for _, y in pieces]))


def _floats(parts: Sequence[np.ndarray]) -> tuple[float, ...]:
    return tuple(np.concatenate(parts).tolist())
