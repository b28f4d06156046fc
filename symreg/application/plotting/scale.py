"""Over which weights a plot shows a penalty, where nobody says: those at which it does what it is known for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from flint import arb

from symreg.application.plotting.jumps import Function
from symreg.calculus.analysis import Analysis
from symreg.calculus.evaluation.balls import Undecided, compiled
from symreg.errors import Intractable, NotDifferentiable

_ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_DECADE = 20
_FAR = np.logspace(-4, 4, 8 * _DECADE + 1)


def knots_of(analysis: Analysis, values: Mapping[str, float]) -> tuple[float, ...]:
    """Return the weights at which a penalty goes on with another formula, for numbers of its parameters."""
    try:
        exact = {name: arb(value) for name, value in values.items()}
        return tuple(sorted(float(compiled(knot.position)(exact)) for knot in analysis.knots))
    except (NotDifferentiable, Intractable, Undecided):
        return ()


def bend_of(gradient: Function, side: Literal[-1, 1]) -> float | None:
    """Return the weight near which a slope stops rising, else has fallen to half; None if it does so nowhere.

    A slope that rises without bound toward 0 has no such weight. The sign of `side` is that of the weights looked at.
    """
    slope = np.abs(gradient(side * _FAR))
    known = np.isfinite(slope)
    if not known.any() or not (peak := slope[known].max()) > 0:
        return None
    risen = np.flatnonzero(known & (slope >= 0.9 * peak))
    if risen[0] == 0 and not slope[_DECADE] > 0.9 * peak:
        return None
    fallen = np.flatnonzero(known & (slope <= 0.5 * peak) & (np.arange(_FAR.size) > risen[0]))
    bends = [int(indices[0]) for indices in (risen, fallen) if indices.size]
    inside = (float(_FAR[k]) for k in bends if 0 < k < 0.85 * _FAR.size)
    return next(inside, None)


def half_width(landmarks: Iterable[float]) -> float:
    """Return how far to either side of 0 all landmarks are seen with room beside them, as a round number."""
    size = max((abs(x) for x in landmarks if math.isfinite(x)), default=0.0)
    return rounded_up(2.5 * size) if size > 0 else 2.0


def rounded_up(size: float) -> float:
    """Return the next round number that is not less."""
    unit = 10.0 ** math.floor(math.log10(size))
    return next(factor * unit for factor in (*_ROUND, 20.0) if factor * unit >= size * (1 - 1e-9))
