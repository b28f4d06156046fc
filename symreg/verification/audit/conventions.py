"""The names that libraries give to a value, a gradient, a proximal operator, and how each is called.

Takes an object or a function, hands on what it offers as functions of an array and a step. Whoever adds a library's
names adds them to `NAMES` and `STEPS`; nothing else knows them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from symreg.errors import SpecError

Role: TypeAlias = Literal["value", "gradient", "prox", "distance"]

NAMES: Mapping[Role, tuple[str, ...]] = {
    "value": ("value", "__call__", "evaluate", "cost", "f"),
    "gradient": ("grad", "gradient"),
    "prox": ("prox_1d", "prox_1feat", "prox_1group", "prox", "proximal_operator", "proximal"),
    "distance": ("subdiff_distance",),
}
"""What an object calls each, the first that it has. pyproximal, proxop, ProxTorch, SCICO, deepinv: `__call__`, `grad`,
`prox(v, step)`. skglm: `value`, `prox_1d(v, step, j)`, `subdiff_distance(w, grad, ws)`, of groups `prox_1feat(v, step,
j)` of a row and `prox_1group(v, step, g)`. dask-glm: `f`, `gradient`,
`proximal_operator`. CIL: `proximal(v, step)`. ODL: `gradient`, and a `proximal(step)` that makes the operator."""

BY_GROUP = ("prox_1feat", "prox_1group")
"""Those that are called with the weights of one group, and its number."""

STEPS = ("step", "stepsize", "step_size", "tau", "scaling", "gamma", "t", "eta", "sigma", "lam")
"""What the step of a prox is called, the surest first: `tau` in pyproximal, `gamma` in deepinv, `scaling` in jaxopt."""
SURE_STEPS = STEPS[:5]
"""Those that nothing else is called."""

ABSENT: Mapping[Role, tuple[str, str]] = {
    "value": ("has_eval", ""),
    "gradient": ("hasgrad", "hasgrad is False: its grad is that of a Moreau envelope, and is not judged"),
    "prox": ("has_prox", ""),
}
"""Attributes that are false where an object does not have what its base class names, and what is said of it."""

_PROJECTIONS = ("proj", "project", "projection")  # whose other arguments are no step
_WORDS: Mapping[Role, tuple[str, ...]] = {
    "prox": ("prox", "proximal", "threshold", "thresholding", "shrink", "shrinkage", *_PROJECTIONS),
    "gradient": ("grad", "gradient", "derivative", "deriv"),
    "value": ("value", "penalty", "loss", "cost", "norm", "objective", "regularizer", "regulariser"),
}
_MAKERS = {"make", "create", "build", "get", "factory"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prox:
    """A proximal operator as it is called.

    Args:
        call: Of an array and a step.
        takes_step: Does it depend on a step?
        is_by_element: Is it called with one plain number?
        is_by_group: Is it called with the numbers of one group, a step, and the group's number?
        step: The name of the parameter that is taken for the step; "" where its place says so.
    """

    call: Callable[..., Any]
    takes_step: bool = True
    is_by_element: bool = False
    is_by_group: bool = False
    step: str = ""


def role_named(name: str) -> Role | None:
    """Return what a function computes, by the words in its name; None if it does not say, or makes objects."""
    if _named_by(name, _MAKERS):
        return None
    return next((role for role, words in _WORDS.items() if _named_by(name, words)), None)


def member(subject: object, role: Role) -> tuple[str, Callable[..., Any]] | None:
    """Return the name and the function under which an object offers something; None if it does not.

    Raises:
        SpecError: An attribute raised.
    """
    for name in NAMES[role]:
        if name == "__call__" and inspect.isroutine(subject):
            continue
        try:
            attribute = getattr(subject, name, None)
        except NotImplementedError:  # a property that this object does not have
            continue
        except Exception as error:  # a property of somebody's object may raise anything
            raise SpecError(f"{type(subject).__name__}.{name} raised {type(error).__name__}") from error
        if callable(attribute):
            return name, attribute
    return None


def is_absent(subject: object, role: Role) -> str | None:
    """Return what is said of something that an object says it does not have; None if it does not say so."""
    attribute, note = ABSENT.get(role, ("", ""))
    return note if attribute and getattr(subject, attribute, True) is False else None


def prox_of(name: str, function: Callable[..., Any], given: Mapping[str, object]) -> Prox:
    """Return how a proximal operator is called, by its name and its signature.

    Args:
        name: Of the attribute or the function.
        function: As it is offered.
        given: Arguments that are set at every call, by name.

    Raises:
        SpecError: It needs more than a point, a step and what is given.
    """
    bound = partial(function, **given) if given else function
    if name == "prox_1d":
        return Prox(call=lambda v, step: bound(v, step, 0), is_by_element=True)
    if name in BY_GROUP:
        return Prox(call=bound, is_by_group=True)
    own = parameters_of(function)
    if own is None:
        return Prox(call=bound)
    first = next((p for p in own if p.kind in _POSITIONAL), None)
    if first is None or first.name in given:
        if any(p.kind is p.VAR_POSITIONAL for p in own):
            return Prox(call=bound)
        raise SpecError(f"{shown(name, function)} takes no point to be the prox of")
    others = [p for p in own if p is not first and p.name not in given and p.kind not in _VARIADIC]
    step = _step_among(others, may_be_default=not _named_by(name, _PROJECTIONS))
    if step is None:
        if any(p.kind is p.VAR_POSITIONAL for p in own):
            return Prox(call=bound)
        if name == "proximal" and first.name in STEPS:  # takes the step, and makes the operator of it
            return Prox(call=lambda v, step: bound(step)(v))
        return Prox(call=lambda v, step: bound(v), takes_step=False)
    require_given(name, function, [p for p in others if p is not step])
    if step.kind in _POSITIONAL and step is others[0] and own.index(step) == 1:
        return Prox(call=bound, step=step.name)
    return Prox(call=lambda v, step_: bound(v, **{step.name: step_}), step=step.name)


def function_of(name: str, function: Callable[..., Any], given: Mapping[str, object]) -> Callable[..., Any]:
    """Return a value or a gradient as a function of the point alone.

    Raises:
        SpecError: It needs more than a point and what is given.
    """
    own = parameters_of(function)
    if own is not None:
        first = next((p for p in own if p.kind in _POSITIONAL), None)
        require_given(name, function, [p for p in own if p is not first and p.name not in given])
    return partial(function, **given) if given else function


def require_given(name: str, function: Callable[..., Any], others: list[inspect.Parameter]) -> None:
    """Refuse a function whose arguments are not all known.

    Raises:
        SpecError: Names the first that is missing, and how to give it.
    """
    missing = [p.name for p in others if p.default is p.empty and p.kind not in _VARIADIC]
    if missing:
        raise SpecError(
            f"{shown(name, function)} needs {' and '.join(missing)} as well; "
            f"set a function's own arguments, as in --with {missing[0]}=0.3"
        )


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Return a function's parameters; None where its signature cannot be read."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def shown(name: str, function: Callable[..., Any]) -> str:
    """Return a function's name with those of its parameters, as in `soft(v, lam)`."""
    return f"{name}({', '.join(p.name for p in parameters_of(function) or ())})"


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _step_among(others: list[inspect.Parameter], *, may_be_default: bool) -> inspect.Parameter | None:
    """Return the parameter that is the step: by its name, else the one that has to be given, else a number's."""
    named = sorted((p for p in others if p.name in STEPS), key=lambda p: STEPS.index(p.name))
    required = [p for p in others if p.default is p.empty]
    numbers = [p for p in others if isinstance(p.default, int | float) and not isinstance(p.default, bool)]
    return next(iter((*named, *required, *(numbers if may_be_default else ()))), None)


def _named_by(name: str, words: Collection[str]) -> bool:
    return bool(set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")) & set(words))
