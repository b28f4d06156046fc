"""Call somebody's functions with plain numbers, laid out as they take them, and take plain numbers back.

Takes a function and a `Layout`; hands on a function of lists that raises `CallFailed`, whatever goes wrong in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symreg.verification.audit.arrays import Layout, in_double_precision, plain_array
from symreg.verification.audit.conventions import Prox
from symreg.verification.cases.calling import CallFailed


def value_call(function: Callable[[Any], Any], layout: Layout, is_for_each: bool) -> Callable[[ArrayLike], float]:
    def of_array(weights: ArrayLike) -> float:
        result = _called(function, layout.array(weights))
        count = np.size(weights)
        is_summed = is_for_each and _size(result) == count
        numbers = _numbers(result, count if is_summed else 1, "value")
        if _is_truth(result):  # an indicator function that says whether w is inside
            return 0.0 if all(numbers) else inf
        return sum(numbers)

    if not layout.is_one_by_one:
        return of_array
    return lambda weights: sum(of_array([w]) for w in np.ravel(weights))


def gradient_call(function: Callable[[Any], Any], layout: Layout) -> Callable[[ArrayLike], list[float]]:
    def of_array(weights: ArrayLike) -> list[float]:
        return _numbers(_called(function, layout.array(weights)), np.size(weights), "gradient")

    if not layout.is_one_by_one:
        return of_array
    return lambda weights: [of_array([w])[0] for w in np.ravel(weights)]


def prox_call(prox: Prox, layout: Layout) -> Callable[[ArrayLike, float], list[float]]:
    def of_array(points: ArrayLike, step: float) -> list[float]:
        return _numbers(_called(prox.call, layout.array(points), step), np.size(points), "prox")

    def of_number(point: float, step: float) -> float:
        return _numbers(_called(prox.call, float(point), step), 1, "prox_1d")[0]

    if prox.is_by_element:
        return lambda points, step: [of_number(v, step) for v in np.ravel(points)]
    if layout.is_one_by_one:
        return lambda points, step: [of_array([v], step)[0] for v in np.ravel(points)]
    return of_array


def prox_at_call(function: Callable[..., Any]) -> Callable[[float, float, int], float]:
    return lambda point, step, j: _numbers(_called(function, point, step, j), 1, "prox_1d")[0]


def distance_call(
    function: Callable[..., Any], layout: Layout, groups: int = 0
) -> Callable[[ArrayLike, ArrayLike], list[float]]:
    """Return the distances of all elements, or of all of so many groups."""

    def of_array(weights: ArrayLike, gradients: ArrayLike) -> list[float]:
        own = (layout.array(weights), layout.array(gradients))
        count = groups or np.size(weights)
        return _numbers(_called(function, *own, np.arange(count)), count, "subdiff_distance")

    if not layout.is_one_by_one:
        return of_array
    return lambda weights, gradients: [
        of_array([w], [g])[0] for w, g in zip(np.ravel(weights), np.ravel(gradients), strict=True)
    ]


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what somebody's function returns; its warnings are its own affair.

    Raises:
        CallFailed: It raised, or tried to leave the process.
    """
    try:
        with in_double_precision(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)
    except (Exception, SystemExit, GeneratorExit) as error:
        first = str(error).splitlines()[0][:200].rstrip(".") if str(error) else ""
        raise CallFailed(f"it raised {type(error).__name__}{': ' if first else ''}{first}") from error


def _numbers(result: Any, count: int, what: str) -> list[float]:
    """Return as many numbers as there are elements, whatever shape they came in."""
    try:
        numbers = plain_array(result)
    except (ValueError, TypeError) as error:
        raise CallFailed(f"{what} returned no array of numbers") from error
    if numbers.size != count:
        raise CallFailed(f"{what} returned shape {numbers.shape} for {count} {'element' if count == 1 else 'elements'}")
    if numbers.dtype.kind == "c":
        if np.any(numbers.imag != 0):
            raise CallFailed(f"{what} returned complex numbers")
        numbers = numbers.real
    if numbers.dtype.kind not in "fiub":
        raise CallFailed(f"{what} returned {numbers.dtype} where numbers are right")
    return [float(x) for x in numbers.ravel()]


def _size(result: Any) -> int:
    try:
        return plain_array(result).size
    except (ValueError, TypeError):
        return 0


def _is_truth(result: Any) -> bool:
    return plain_array(result).dtype.kind == "b"
