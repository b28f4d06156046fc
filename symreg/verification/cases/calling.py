"""Call a function under test the way a user would, on copies, and see to it that what comes back can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.model.spec import Rule
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.step_case import StepCase
from symreg.verification.oracle.formats import Dtype, Vector

BY_POSITION = ("z", "w", "v", "X", "y", "g", "state")
"""What somebody's own function is given by position, in this order; parameters and arrays go by keyword."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Functions to be judged.

    Args:
        label: What the report calls them: the target, or a file and function.
        dtype: Of the arrays that they are called with.
        functions: By name: `value(w, **p)`, `gradient(w, **p)`, `prox(v, step=s, **p)`, `RULE_step(w, g, [state], **p)`
            in place and `RULE_state(w)`, where p are parameters and declared arrays.
        is_emitted: Are they to keep all that emitted functions promise, or only to be accurate?
        by_position: What is given by position, in this order. For emitted functions it is handed over with them, from
            their signature: the judge shares no code with what wrote it.
    """

    label: str
    dtype: Dtype
    functions: Mapping[str, Callable[..., Any]]
    is_emitted: bool = True
    by_position: tuple[str, ...] = BY_POSITION

    def call(self, name: str, values: Mapping[str, Any]) -> Any:
        """Return what a function returns, given all its arguments by name.

        Raises:
            CallFailed: It raised.
        """
        arguments = tuple(values[key] for key in self.by_position if key in values)
        named = {key: value for key, value in values.items() if key not in self.by_position}
        return called(self.functions[name], arguments, named)


class CallFailed(Exception):
    """A function under test raised, or returned what cannot be compared; a failed check, not an error of ours."""


def call_value(subject: Subject, group: Group, weights: Vector) -> float:
    """Return R(w) as the subject computes it."""
    own = _copied(weights)
    result = subject.call("value", {"w": own, **given(group, len(weights))})
    if subject.is_emitted:
        _require_unchanged("w", own, weights)
    return _number(result, "value")


def call_gradient(subject: Subject, group: Group, weights: Vector) -> NDArray[Any]:
    """Return dR/dw as the subject computes it."""
    own = _copied(weights)
    result = subject.call("gradient", {"w": own, **given(group, len(weights))})
    found = vector_of(result, weights.shape, "gradient")
    if subject.is_emitted:
        _require_unchanged("w", own, weights)
        _require_type("gradient", found, weights)
        if np.shares_memory(found, own):
            raise CallFailed("the gradient lies in the weights' memory")
    return found


def call_prox(subject: Subject, group: Group, points: Vector, step: float) -> NDArray[Any]:
    """Return the proximal point of v as the subject computes it."""
    own = _copied(points)
    result = subject.call("prox", {"v": own, "step": step, **given(group, len(points))})
    found = vector_of(result, points.shape, "prox")
    if subject.is_emitted:
        _require_unchanged("v", own, points)
        _require_type("prox", found, points)
        if np.shares_memory(found, own):
            raise CallFailed("the proximal point lies in v's memory")
    return found


def call_step(subject: Subject, rule: Rule, case: StepCase) -> dict[str, Any]:
    """Return the weights and each state after the subject's step (and `t`, where it is kept)."""
    weights, gradient = case.weights.copy(), _copied(case.gradient)
    named = given(case.group, len(weights)) | case.parameters
    state = prepared_state(subject, rule, case)
    before = {} if state is None else dict(state)
    kept = {} if state is None else {"state": state}
    subject.call(f"{rule.name}_step", {"w": weights, "g": gradient, **kept, **named})
    if subject.is_emitted:
        _require_unchanged("g", gradient, case.gradient)
        for one in rule.states:
            if one.is_array and state is not None and state.get(one.name) is not before[one.name]:
                raise CallFailed(f"the state's '{one.name}' is another array after the step")
    after: dict[str, Any] = {"w": weights}
    for one in rule.states:
        if state is None or one.name not in state:
            raise CallFailed(f"the state has no '{one.name}' after the step")
        found = state[one.name]
        after[one.name] = vector_of(found, weights.shape, one.name) if one.is_array else _number(found, one.name)
    if rule.uses_t and state is not None:
        taken = _number(state.get("t"), "t")
        if taken != case.taken + 1:
            raise CallFailed(f"the step left t at {taken:g} where {case.taken + 1} is right")
    return after


def prepared_state(subject: Subject, rule: Rule, case: StepCase) -> dict[str, Any] | None:
    """Return the subject's fresh state, checked, then filled with the case's values; None for a rule without state."""
    if not rule.states and not rule.uses_t:
        return None
    made = subject.call(f"{rule.name}_state", {"w": case.weights.copy()})
    if not isinstance(made, dict):
        raise CallFailed(f"{rule.name}_state returned {type(made).__name__} where a dict is right")
    expected = {state.name for state in rule.states} | ({"t"} if rule.uses_t else set())
    if set(made) != expected:
        raise CallFailed(f"{rule.name}_state has {sorted(made)} where {sorted(expected)} is right")
    for one in rule.states:
        fresh = np.asarray(made[one.name], dtype=np.float64)
        shape = case.weights.shape if one.is_array else ()
        if fresh.shape != shape or not np.all(fresh == np.dtype(subject.dtype).type(one.initial)):
            raise CallFailed(f"{rule.name}_state does not begin '{one.name}' with {one.initial:g}")
        made[one.name] = case.arrays[one.name].copy() if one.is_array else case.scalars[one.name]
    if rule.uses_t:
        if made["t"] != 0:
            raise CallFailed(f"{rule.name}_state begins t at {made['t']} where 0 is right")
        made["t"] = type(made["t"])(case.taken)
    return made


def given(group: Group, length: int) -> dict[str, Any]:
    """Return parameters and declared arrays by name, as keywords of a call."""
    return {**group.parameters, **group.arrays_for(length)}


def called(function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Return what a function under test returns.

    Raises:
        CallFailed: It raised; the cause is what it raised.
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arguments, **named)
    except CallFailed:
        raise
    except Exception as error:  # whatever somebody's function raises is its failure
        first = str(error).splitlines()[0] if str(error) else ""
        raise CallFailed(f"it raised {type(error).__name__}{': ' if first else ''}{first[:200]}") from error


def _copied(column: Vector) -> Vector:
    """Return a copy that lies in memory as the original does: with its gaps, its order and its axes."""
    if column.flags.c_contiguous:
        return column.copy()
    owner = column
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    start, first = (array.__array_interface__["data"][0] for array in (owner, column))
    return np.ndarray(column.shape, column.dtype, owner.ravel(order="K").copy(), first - start, column.strides)


def _require_unchanged(name: str, after: Vector, before: Vector) -> None:
    if not np.array_equal(after, before, equal_nan=True):
        raise CallFailed(f"it changed {name}, which it was only to read")


def _require_type(name: str, found: NDArray[Any], weights: Vector) -> None:
    if found.dtype != weights.dtype:
        raise CallFailed(f"{name} is {found.dtype} where {weights.dtype} is right")


def vector_of(result: Any, shape: tuple[int, ...], name: str) -> NDArray[Any]:
    """Return what a function returned as an array of numbers of a shape.

    Raises:
        CallFailed: It is none; says in words what it is.
    """
    try:
        found = np.asarray(result)
    except ValueError:
        found = np.asarray(None)
    if found.dtype.kind not in "fiub":
        raise CallFailed(f"{name} is {_in_words(result)} where {_wanted(shape, name)} is right")
    if found.shape != shape:
        raise CallFailed(f"{name} is {_in_words(found)} where {_wanted(shape, name)} is right")
    return found


def _in_words(result: Any) -> str:
    """Return what something is that is no array of numbers of the right shape."""
    if result is None:
        return "None"
    shape, dtype = getattr(result, "shape", None), getattr(result, "dtype", None)
    if shape == () and dtype is not None and dtype.kind in "fiub":
        return f"one number, {float(result):g},"
    if isinstance(shape, tuple) and dtype is not None:
        return f"an array of shape {shape}{'' if dtype.kind in 'fiub' else f' of {dtype}'}"
    return f"of type {type(result).__name__}"


def _wanted(shape: tuple[int, ...], name: str) -> str:
    if shape:
        return f"an array of numbers of shape {shape}"
    return "one number, of all weights together," if name == "value" else "one number"


def _number(result: Any, name: str) -> float:
    return float(vector_of(result, (), name))
