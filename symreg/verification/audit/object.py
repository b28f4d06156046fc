"""Read an object by what it offers: value, gradient, proximal operator, distance to the subdifferential.

Takes anybody's object, hands on an `Operator`, whose functions take and return plain numbers. The names are those of
pyproximal and proxop (`__call__`, `grad`, `prox`) and of skglm (`value`, `prox_1d`, `subdiff_distance`).
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symreg.errors import SpecError
from symreg.verification.cases.calling import CallFailed

Numbers: TypeAlias = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What an object offers, as functions of lists of numbers that raise `CallFailed`; None for what it does not.

    Args:
        label: What a report calls it.
        value: R(w) of a whole vector.
        gradient: dR/dw_j for each j.
        prox: The proximal operator of step*R, element by element.
        distance: The distance of -g_j from the subdifferential at w_j, for each j.
        takes_step: Does `prox` depend on a step? One that takes none is that of R itself, with a step of 1.
        is_by_element: Is `prox` called for one element at a time?
        notes: What is not judged, and why.
    """

    label: str
    value: Callable[[Numbers], float] | None
    gradient: Callable[[Numbers], list[float]] | None
    prox: Callable[[Numbers, float], list[float]] | None
    distance: Callable[[Numbers, Numbers], list[float]] | None
    takes_step: bool
    is_by_element: bool
    notes: tuple[str, ...] = ()


def operator_of(subject: object, label: str = "") -> Operator:
    """Return what an object offers.

    Raises:
        SpecError: It has no proximal operator, and no value that a gradient could be compared with.
    """
    notes: list[str] = []
    value = _method(subject, "value") or (None if inspect.isroutine(subject) else _method(subject, "__call__"))
    gradient = _method(subject, "grad") or _method(subject, "gradient")
    if gradient is not None and getattr(subject, "hasgrad", True) is False:
        gradient = None
        notes.append("hasgrad is False: its grad is that of a Moreau envelope, and is not judged")
    by_element, whole = _method(subject, "prox_1d"), _method(subject, "prox")
    distance = _method(subject, "subdiff_distance")
    if by_element is None and whole is None and (value is None or (gradient is None and distance is None)):
        raise SpecError(
            f"{label or type(subject).__name__} has nothing to audit: a prox or prox_1d, or a value (or __call__) "
            "beside a grad or subdiff_distance"
        )
    takes_step = by_element is not None or (whole is not None and _takes_a_step(whole))
    prox = None
    if by_element is not None:
        prox = _prox_by_element(by_element)
    elif whole is not None:
        prox = _prox(whole, takes_step)
    return Operator(
        label=label or type(subject).__name__,
        value=None if value is None else _value(value),
        gradient=None if gradient is None else _gradient(gradient),
        prox=prox,
        distance=None if distance is None else _distance(distance),
        takes_step=takes_step,
        is_by_element=by_element is not None,
        notes=tuple(notes),
    )


def array_of(name: str, numbers: list[object]) -> NDArray[np.float64]:
    """Return a list of numbers as the array that an object is made with.

    Raises:
        SpecError: It holds something else.
    """
    try:
        return np.array(numbers, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise SpecError(f"{name[:40]}: a list holds numbers") from None


def _method(subject: object, name: str) -> Callable[..., Any] | None:
    try:
        attribute = getattr(subject, name, None)
    except Exception as error:  # a property of somebody's object may raise anything
        raise SpecError(f"{type(subject).__name__}.{name} raised {type(error).__name__}") from error
    return attribute if callable(attribute) else None


def _takes_a_step(prox: Callable[..., Any]) -> bool:
    """Does a prox take a second argument? One whose signature cannot be read is taken to."""
    try:
        parameters = inspect.signature(prox).parameters.values()
    except (TypeError, ValueError):
        return True
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return True
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters) > 1 or any(
        p.name == "step" for p in parameters
    )


def _by_keyword(prox: Callable[..., Any]) -> bool:
    """Is the step a keyword `step`, as in what symreg emits?"""
    try:
        named = inspect.signature(prox).parameters.get("step")
    except (TypeError, ValueError):
        return False
    return named is not None and named.kind is named.KEYWORD_ONLY


def _value(function: Callable[..., Any]) -> Callable[[Numbers], float]:
    def value(weights: Numbers) -> float:
        result = _called(function, np.array(weights, dtype=np.float64))
        if isinstance(result, bool | np.bool_):  # an indicator function that says whether w is inside
            return 0.0 if result else inf
        return _numbers(result, 1, "value")[0]

    return value


def _gradient(function: Callable[..., Any]) -> Callable[[Numbers], list[float]]:
    def gradient(weights: Numbers) -> list[float]:
        return _numbers(_called(function, np.array(weights, dtype=np.float64)), len(weights), "gradient")

    return gradient


def _prox(function: Callable[..., Any], takes_step: bool) -> Callable[[Numbers, float], list[float]]:
    is_named = _by_keyword(function)

    def prox(points: Numbers, step: float) -> list[float]:
        vector = np.array(points, dtype=np.float64)
        if not takes_step:
            result = _called(function, vector)
        elif is_named:
            result = _called(lambda v: function(v, step=step), vector)
        else:
            result = _called(function, vector, step)
        return _numbers(result, len(points), "prox")

    return prox


def _prox_by_element(function: Callable[..., Any]) -> Callable[[Numbers, float], list[float]]:
    def prox(points: Numbers, step: float) -> list[float]:
        return [_numbers(_called(function, float(v), step, 0), 1, "prox_1d")[0] for v in points]

    return prox


def _distance(function: Callable[..., Any]) -> Callable[[Numbers, Numbers], list[float]]:
    def distance(weights: Numbers, gradients: Numbers) -> list[float]:
        own = (np.array(weights, dtype=np.float64), np.array(gradients, dtype=np.float64))
        return _numbers(_called(function, *own, np.arange(len(weights))), len(weights), "subdiff_distance")

    return distance


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what somebody's function returns; its warnings are its own affair.

    Raises:
        CallFailed: It raised, or tried to leave the process.
    """
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)
    except (Exception, SystemExit, GeneratorExit) as error:
        first = str(error).splitlines()[0][:200] if str(error) else ""
        raise CallFailed(f"it raised {type(error).__name__}{': ' if first else ''}{first}") from error


def _numbers(result: Any, count: int, what: str) -> list[float]:
    """Return as many numbers as there are elements, whatever shape they came in."""
    try:
        numbers = np.asarray(result)
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
