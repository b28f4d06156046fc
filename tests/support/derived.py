"""What the tests derive, each once a run: gradients' derivations, and proximal operators as data and as functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.derivation.gradient import derive
from symreg.derivation.model import GradientDerivation
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.proximal.operator import Operator
from symreg.targets.loading.load import load
from symreg.updates.prox import derived_operator
from symreg.updates.update import Update

ELEMENTWISE = tuple(name for name in catalogue.penalties() if not resolve(name).terms.indexed)


@cache
def chain_of(objective: str, rule: str = "gradient_descent") -> GradientDerivation:
    """Return the derivation of an objective's gradient and of a rule's step with it."""
    return derive(resolve(objective), resolve_rule(rule))


@cache
def derived(objective: Objective) -> Update:
    """Return the update that an objective's operator is emitted from; raises what the derivation raises."""
    return derived_operator(analyse(objective.terms))


@cache
def operator_of(text: str) -> Operator:
    """Return the operator of an objective's text whose knots have one order."""
    made = derived(resolve(text)).operator
    assert isinstance(made, Operator)
    return made


@cache
def emitted_prox(objective: Objective, target: str = "numpy", dtype: str = "float64") -> Callable[..., Any]:
    """Return `prox(v, *, step, <parameters>, out=None)` as it is emitted, compiled if the target is C."""
    function: Callable[..., Any] = load(objective, (derived(objective),), target, dtype).prox
    return function


def cost(u: Any, v: Any, step: float, value: Callable[[Any], Any]) -> Any:
    """Return `step*phi(u) + (u - v)**2/2` less `v**2/2`, which is the same for every u."""
    with np.errstate(all="ignore"):
        return step * value(u) + u * (0.5 * u - v)
