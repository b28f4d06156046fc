"""The point at which a function was called, as a report names it, and how near it is to one that a person would try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.model.terms import Terms
from symreg.verification.cases.prox_cases import ProxCase
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.weights import are_everyday, is_everyday
from symreg.verification.cases.slope_cases import SlopeCase, ValueCase
from symreg.verification.cases.step_case import StepCase
from symreg.verification.oracle.formats import Vector

_SHOWN = 7  # weights of a vector that is shown whole


def of_value(case: ValueCase) -> dict[str, Any]:
    """Return where a value was asked for."""
    weights = case.weights.tolist()
    return {"w": weights if len(weights) != 1 else weights[0], **case.group.parameters, **_arrays(case)}


def of_slope(case: SlopeCase, j: int) -> dict[str, Any]:
    """Return where element j of a gradient was asked for."""
    return {**_weights(case.weights, j), **case.group.parameters, **_arrays(case)}


def of_step(case: StepCase, j: int, uses_t: bool) -> dict[str, Any]:
    """Return where a step was taken, as weight j sees it.

    Args:
        case: The case.
        j: The weight.
        uses_t: Does the rule count its steps?
    """
    whole = 1 < len(case.weights) <= _SHOWN
    at = _weights(case.weights, j)
    for name, column in {"g": case.gradient, **case.arrays}.items():
        at[name] = column.tolist() if whole else float(column[j])
    at |= case.scalars
    if uses_t:
        at["t"] = case.taken
    return at | case.parameters | case.group.parameters | _arrays(case)


def of_prox(case: ProxCase, j: int) -> dict[str, Any]:
    """Return where element j of a proximal point was asked for."""
    points = case.points.tolist()
    place: dict[str, Any] = {"v": points, "j": j} if case.is_radial else {"v": points[j]}
    return place | {"step": case.step} | case.group.parameters


def rank_of(group: Group, *others: float) -> float:
    """Return how far a group's numbers, and others, are from ones that a person would try."""
    if group.is_human:
        return 0.0
    return 1.0 + sum(len(repr(x)) for x in (*others, *group.parameters.values())) / 100


def everyday_weights(terms: Terms, cases: Sequence[SlopeCase | StepCase]) -> NDArray[np.bool_]:
    """Tell which weights of all cases are, with those that they depend on, of a size that a person would try."""
    return _together(terms, [case.weights for case in cases])


def everyday_points(terms: Terms, cases: Sequence[ProxCase]) -> NDArray[np.bool_]:
    """Tell the same of the points of all cases."""
    return _together(terms, [case.points for case in cases])


def _together(terms: Terms, columns: Sequence[Vector]) -> NDArray[np.bool_]:
    parts = [np.full(len(v), are_everyday(v)) if terms.couple_weights else is_everyday(v) for v in columns]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)


def _arrays(case: ValueCase | SlopeCase | StepCase) -> dict[str, Any]:
    """Return declared arrays as lists."""
    return {name: array.tolist() for name, array in case.group.arrays_for(len(case.weights)).items()}


def _weights(weights: Vector, j: int) -> dict[str, Any]:
    return {"w": weights.tolist(), "j": j} if 1 < len(weights) <= _SHOWN else {"w": float(weights[j])}
