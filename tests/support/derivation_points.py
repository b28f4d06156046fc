"""Derivations made once in a process, and points at which they are evaluated in many digits."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import mpmath
from explicit import draw
from tree_values import Values

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.derivation.model import GradientDerivation
from symreg.model.interval import Interval
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

PENALTIES = catalogue.penalties()
ELEMENTWISE = [name for name in PENALTIES if not resolve(name).terms.indexed]
DIGITS = 60


@cache
def chain_of(objective: str, rule: str = "gradient_descent") -> GradientDerivation:
    return derive(resolve(objective), resolve_rule(rule))


@cache
def spec(name: str) -> dict[str, Any]:
    """Return a penalty's file as it is written."""
    return tomllib.loads((files("symreg.catalogue") / "penalties" / f"{name}.toml").read_text())


@dataclass(frozen=True)
class Point:
    """Weights, and what every other name stands for."""

    weights: Sequence[Any]
    parameters: Mapping[str, Any]
    arrays: Mapping[str, Any]

    def values(self, j: int, **more: Any) -> Values:
        arrays = {"w": self.weights, **self.arrays}
        return Values(mpmath, {**self.parameters, "n": mpmath.mpf(len(self.weights)), **more}, arrays, {"j": j})


def parameters_of(declared: Iterable[Parameter], r: random.Random) -> dict[str, Any]:
    """Return values inside the domains, spread over magnitudes from the near end."""
    return {p.name: inside(p.domain, draw(r, -1.5, 1), r) for p in declared}


def inside(domain: Interval, size: Any, r: random.Random) -> Any:
    """Return a number that is so far from an end of a domain; between two ends any number, without ends of any sign."""
    low, high = (
        None if end is None else mpmath.mpf(end.numerator) / end.denominator for end in (domain.low, domain.high)
    )
    if low is not None and high is not None:
        return low + (high - low) * mpmath.mpf(r.uniform(0.01, 0.99))
    if low is not None:
        return low + size
    return high - size if high is not None else size * r.choice((-1, 1))


def point_of(terms: Terms, n: int, r: random.Random) -> Point:
    is_positive = any(term.domain.low == 0 for term in terms.terms)
    weights = [draw(r) * (1 if is_positive else r.choice((-1, 1))) for _ in range(n)]
    arrays = {a.name: [[mpmath.mpf(r.gauss(0, 1)) for _ in range(n)] for _ in range(n)] for a in terms.arrays}
    return Point(weights, parameters_of(terms.parameters, r), arrays)


def is_close(a: Any, b: Any, scale: Any = 0) -> bool:
    return bool(abs(a - b) <= mpmath.mpf(10) ** (-DIGITS // 2) * (abs(a) + abs(b) + scale) or a == b)
