"""One call of somebody's function before it is judged: does the call fit, and can its arrays be made?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symreg.errors import SpecError
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.calling import CallFailed
from symreg.verification.cases.sampling.groups import human_group
from symreg.verification.foreign.fit import mismatch, without_fixed
from symreg.verification.foreign.function import Foreign
from symreg.verification.oracle.formats import Dtype

_OF_CALL = re.compile(
    r"unexpected keyword argument|missing \d+ required|takes .* positional argument|multiple values for"
    r"|got some positional-only|takes no (keyword )?arguments|takes exactly|invalid keyword argument"
)
"""What a TypeError says of arguments that do not fit, also if it is a wrapped function that says it."""


def tried(
    foreign: Foreign,
    terms: Terms,
    rule: Rule | None,
    fixed: Mapping[str, float],
    dtype: Dtype,
    known: Collection[str] = (),
) -> Foreign:
    """Return the function once a call of it has not shown that the call does not fit.

    A function that does not tell its signature is also tried without what is fixed, the `known` names among it.

    Raises:
        SpecError: The call does not fit; says the call, and what the function said.
        ToolMissing: The function takes PyTorch's tensors, and there is no PyTorch.
    """
    return tried_with(foreign, _plain_values(foreign, terms, rule, fixed, dtype), {*fixed, *known})


def tried_with(foreign: Foreign, values: Mapping[str, Any], known: Collection[str]) -> Foreign:
    """Return the function once a call with these values has not shown that the call does not fit.

    Args:
        foreign: The function.
        values: One for each name of the call.
        known: Names that a function which does not tell its signature is also tried without.

    Raises:
        SpecError: The call does not fit; says the call, and what the function said.
        ToolMissing: The function takes PyTorch's tensors, and there is no PyTorch.
    """
    reason = _misfit(foreign, values)
    if reason is None:
        return foreign
    plan = without_fixed(foreign.plan, known)
    if plan is not None:
        other = replace(foreign, plan=plan, notes={})
        if _misfit(other, values) is None:
            return other
    raise SpecError(mismatch(foreign.plan, foreign.function, reason))


def _misfit(foreign: Foreign, values: Mapping[str, Any]) -> str | None:
    """Return what a TypeError says of the call itself; None if there is none."""
    arrays = [_copied(values[name]) for name in foreign.plan.call.arrays]
    named = {name: values[name] for name in foreign.plan.call.named}
    try:
        with np.errstate(all="ignore"):
            foreign(*arrays, **named)
    except CallFailed as failed:
        error = failed.__cause__
        if not isinstance(error, TypeError) or not str(failed).startswith("it raised "):
            return None
        below = error.__traceback__.tb_next if error.__traceback__ is not None else None
        if below is None or _OF_CALL.search(str(error)):
            return str(failed).removeprefix("it raised ")
    return None


def _plain_values(
    foreign: Foreign, terms: Terms, rule: Rule | None, fixed: Mapping[str, float], dtype: Dtype
) -> dict[str, Any]:
    """Return a value for each name of the call: ones that a person would try."""
    group = human_group(terms, dtype, fixed)
    (weights,) = group.vectors
    values: dict[str, Any] = {**group.arrays_for(len(weights)), **group.parameters}
    values |= {name: np.full_like(weights, values[name]) for name in terms.per_weight}
    if foreign.plan.call.kind == "step" and rule is not None:
        values |= {p.name: fixed.get(p.name, p.default) for p in rule.parameters}
        state = {s.name: np.full(weights.shape, s.initial, dtype) if s.is_array else s.initial for s in rule.states}
        values |= {"g": np.zeros_like(weights), "state": state | ({"t": 0.0} if rule.uses_t else {})}
    if foreign.plan.call.kind == "prox":
        values |= {"v": weights, "step": fixed.get("step", 1.0)}
    return values | {"w": weights}


def _copied(value: Any) -> Any:
    """Return a copy of an array, or of a state with its arrays."""
    if isinstance(value, dict):
        return {name: _copied(x) for name, x in value.items()}
    return value.copy() if isinstance(value, np.ndarray) else value
