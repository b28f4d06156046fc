"""A penalty that is to be drawn: its emitted functions, with numbers for all their parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symreg.application.plotting.jumps import Function
from symreg.errors import SpecError, UnknownName
from symreg.model.names import did_you_mean
from symreg.model.objective import Objective

STEP = 1.0
"""Of the operator, where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitter:
    """A penalty of one weight, and what symreg emits for it.

    Args:
        objective: All of whose terms are elementwise.
        functions: By name, those of the NumPy module.
        settings: Numbers that were given for parameters; those without one have their defaults.
    """

    objective: Objective
    functions: Mapping[str, Callable[..., Any]]
    settings: Mapping[str, float]

    @property
    def values(self) -> dict[str, float]:
        """The number of each parameter of the penalty."""
        return {p.name: self.settings.get(p.name, p.default) for p in self.objective.terms.parameters}

    @property
    def domain(self) -> tuple[float, float]:
        """The ends of the interval in which all terms have a value."""
        intervals = self.objective.terms.intervals(self.values)
        lows = [-np.inf, *(float(i.low) for i in intervals if i.low is not None)]
        highs = [np.inf, *(float(i.high) for i in intervals if i.high is not None)]
        return max(lows), min(highs)

    @property
    def closed_ends(self) -> tuple[float, ...]:
        """Those ends of the domain that belong to it, but for those that a narrower interval cuts off."""
        intervals = self.objective.terms.intervals(self.values)
        ends = [float(e) for i in intervals for e in (i.low, i.high) if e is not None]
        return tuple(e for e in self.domain if e in ends and all(e in interval for interval in intervals))

    def value(self, w: np.ndarray) -> np.ndarray:
        """Return phi at each weight."""
        phi, numbers = self.functions["value"], self._numbers("value")
        values = np.array([_called(phi, np.array([x]), numbers) for x in w])
        return np.where(np.isfinite(values), values, np.nan)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return phi' at each weight."""
        slopes: np.ndarray = _called(self.functions["gradient"], w, self._numbers("gradient"))
        return slopes

    @property
    def prox(self) -> Function | None:
        """The proximal operator, if there is one."""
        if "prox" not in self.functions:
            return None
        numbers = {"step": STEP} | self._numbers("prox")
        return lambda v: _called(self.functions["prox"], v, numbers)

    def step_numbers(self, rule: str) -> dict[str, float]:
        """Return the numbers that were given for the arguments of a step."""
        return self._numbers(f"{rule}_step")

    def _numbers(self, name: str) -> dict[str, float]:
        taken = keywords_of(self.functions[name])
        return {key: value for key, value in self.settings.items() if key in taken}


def keywords_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters that a function takes by name."""
    rows = inspect.signature(function).parameters.values()
    return tuple(p.name for p in rows if p.kind is p.KEYWORD_ONLY and p.name != "out")


def require_known(settings: Mapping[str, float], sitters: Iterable[Sitter]) -> None:
    """Refuse a number for what no function takes.

    Raises:
        UnknownName: Names it, and the nearest that is one.
    """
    functions = [function for sitter in sitters for function in sitter.functions.values()]
    known = sorted({name for function in functions for name in keywords_of(function)})
    for name in settings:
        if name not in known:
            raise UnknownName(f"there is no parameter '{name[:40]}' to set{did_you_mean(name[:40], known)}")


def _called(function: Callable[..., Any], x: np.ndarray, numbers: Mapping[str, float]) -> Any:
    """Return what an emitted function gives; what it refuses is an error of the number that was given."""
    try:
        return function(x, **numbers)
    except ValueError as error:
        raise SpecError(str(error)) from None
