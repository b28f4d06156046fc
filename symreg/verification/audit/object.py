"""Read an object or a function by what it offers: value, gradient, proximal operator, distance to the subdifferential.

Takes anybody's object, hands on an `Operator`, whose functions take plain numbers and return plain numbers. What it is
asked with, arrays of which library and shape or one number at a time, is what most of its functions answer to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symreg.errors import SpecError
from symreg.verification.audit.arrays import Layout, libraries_of
from symreg.verification.audit.calls import distance_call, gradient_call, prox_at_call, prox_call, value_call
from symreg.verification.audit.conventions import (
    STEPS,
    SURE_STEPS,
    Prox,
    Role,
    function_of,
    is_absent,
    member,
    prox_of,
    shown,
)
from symreg.verification.cases.calling import CallFailed

FIRST_WEIGHTS = (0.5, 1.0, 2.0, 0.1)
"""Weights that an object is tried with first; one of them is inside most domains."""
_LEADS = ((), (1,), (1, 1, 1))  # dimensions before that of the elements: none, a batch, a batch of images


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What an object offers, as functions of numbers that raise `CallFailed`; None for what it does not.

    Each takes a list of weights or inputs; a nested list is handed over as an array of that shape. What comes back is
    flat.

    Args:
        label: What a report calls it.
        value: R(w) of a whole array.
        gradient: dR/dw_j for each j.
        prox: The proximal operator of step*R, element by element.
        distance: The distance of -g_j from the subdifferential at w_j, for each j; of groups for each of these.
        prox_at: The proximal operator of one number as that of the element j; None where whole arrays are taken.
        takes_step: Does `prox` depend on a step? One that takes none is that of R itself, with a step of 1.
        is_by_element: Is `prox` called for one element at a time?
        notes: What is not judged, and why.
        held: What it was made with, or holds: numbers, arrays and the like.
        layout: What it is handed.
        is_for_each: Is its value a number for each element, which are added up?
    """

    label: str
    value: Callable[[ArrayLike], float] | None
    gradient: Callable[[ArrayLike], list[float]] | None
    prox: Callable[[ArrayLike, float], list[float]] | None
    distance: Callable[[ArrayLike, ArrayLike], list[float]] | None
    prox_at: Callable[[float, float, int], float] | None
    takes_step: bool
    is_by_element: bool
    notes: tuple[str, ...]
    held: tuple[object, ...]
    layout: Layout
    is_for_each: bool

    def probes(self) -> dict[str, Callable[[ArrayLike], list[float]]]:
        """Return what it offers, each as numbers that depend on the point alone, by what a person calls it."""
        value, gradient, prox, distance = self.value, self.gradient, self.prox, self.distance
        probes: dict[str, Callable[[ArrayLike], list[float]]] = {}
        if value is not None:
            probes["value"] = lambda w: [value(w)]
        if gradient is not None:
            probes["gradient"] = gradient
        if prox is not None:
            probes["prox"] = lambda v: prox(v, 1.0)
        if distance is not None:
            probes["subdifferential"] = lambda w: distance(w, np.full(np.shape(w), 0.3))
        return probes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Members:
    """The functions that an object offers, as they are called with arrays of its own kind."""

    value: Callable[[Any], Any] | None = None
    gradient: Callable[[Any], Any] | None = None
    prox: Prox | None = None
    distance: Callable[..., Any] | None = None
    element: Callable[..., Any] | None = None
    held: tuple[object, ...] = ()
    notes: tuple[str, ...] = ()
    groups: int = 0


def operator_of(subject: object, label: str = "", sizes: Sequence[int] = (), count: int = 1) -> Operator:
    """Return what an object offers.

    Args:
        subject: Anybody's.
        label: What a report calls it; its type's name unless given.
        sizes: Of the groups of weights that it acts on; none for an elementwise object.
        count: Of the weights that it takes at a time; 1 for one that takes any number of them.

    Raises:
        SpecError: It has no proximal operator, and no value that a gradient could be compared with.
    """
    label = label or type(subject).__name__
    offered: dict[Role, tuple[str, Callable[..., Any]]] = {}
    notes: list[str] = []
    for role in ("value", "gradient", "prox", "distance"):
        found = member(subject, role)
        absence = is_absent(subject, role)
        if found is not None and absence is None:
            offered[role] = found
        elif found is not None and absence:
            notes.append(absence)
    if "prox" not in offered and ("value" not in offered or len(offered) == 1):
        raise SpecError(
            f"{label} has nothing to audit: a prox or prox_1d, or a value (or __call__) beside a grad or "
            "subdiff_distance"
        )
    prox = prox_of(*offered["prox"], {}) if "prox" in offered else None
    if prox is not None and prox.is_by_group:
        if not sizes:
            raise SpecError(
                f"{label} acts on whole arrays; only elementwise objects are judged, and others in groups whose sizes "
                f"are given: its {offered['prox'][0]} is that of a group"
            )
        prox = replace(prox, call=partial(_of_groups, prox.call, tuple(sizes)), is_by_group=False)
    members = _Members(
        value=offered["value"][1] if "value" in offered else None,
        gradient=offered["gradient"][1] if "gradient" in offered else None,
        prox=prox,
        distance=offered["distance"][1] if "distance" in offered else None,
        element=offered["prox"][1] if prox is not None and prox.is_by_element else None,
        held=_held(subject),
        groups=len(sizes),
        notes=(*notes, *(_note_of_step(*offered["prox"], prox, STEPS) if prox is not None else ())),
    )
    return _laid_out(subject, members, label, count)


def operator_of_function(
    function: Callable[..., Any], role: Role, given: Mapping[str, object], label: str = "", count: int = 1
) -> Operator:
    """Return a function as an object that offers one thing.

    Args:
        function: Somebody's own.
        role: What it computes.
        given: Its arguments besides the point and the step, by name.
        label: What a report calls it.
        count: Of the weights that it takes at a time; 1 for one that takes any number of them.

    Raises:
        SpecError: It takes no point, or needs another argument, or is given one that it does not take.
    """
    name = getattr(function, "__name__", type(function).__name__)
    if role == "prox":
        prox = prox_of(name, function, given)
        notes = _note_of_step(name, function, prox, SURE_STEPS)
        members = _Members(prox=prox, held=tuple(given.values()), notes=notes)
    else:
        taken, held = function_of(name, function, given), tuple(given.values())
        members = _Members(value=taken, held=held) if role == "value" else _Members(gradient=taken, held=held)
    return _laid_out(function, members, label or name, count)


def _of_groups(call: Callable[..., Any], sizes: Sequence[int], points: Any, step: float) -> Any:
    """Return the proximal points of groups one after the other."""
    flat, ends = np.ravel(points), list(pairwise(accumulate(sizes, initial=0)))
    return np.concatenate([np.ravel(call(flat[a:b].copy(), step, g)) for g, (a, b) in enumerate(ends)])


def _note_of_step(name: str, function: Callable[..., Any], prox: Prox, known: Collection[str]) -> tuple[str, ...]:
    """Say what was taken for the step, if its name is none that is known."""
    if not prox.step or prox.step in known:
        return ()
    return (f"{shown(name, function)}: its {prox.step} is taken for the step",)


def _held(subject: object) -> tuple[object, ...]:
    """Return the values of an object's attributes."""
    try:
        return tuple(vars(subject).values())
    except TypeError:
        return ()


def _laid_out(subject: object, members: _Members, label: str, count: int) -> Operator:
    """Return the operator whose layout most of its functions answer to, asked with so many weights."""
    layouts = [Layout(library=library, lead=lead) for lead in _LEADS for library in libraries_of(subject)]
    layouts += [Layout(is_scalar=True)] if count == 1 else []
    best, most = _operator(members, label, layouts[0]), 0
    for layout in layouts:
        operator = _operator(members, label, layout)
        probes = [
            probe for name, probe in operator.probes().items() if not (members.groups and name == "subdifferential")
        ]  # of several groups, which one weight is not
        answers = sum(answers_to(probe, count) for probe in probes)
        if answers > most:
            best, most = operator, answers
        if answers == len(probes):
            break
    layout = best.layout
    if not most or layout.is_scalar or count > 1:
        return best
    best = _operator(members, label, layout, is_for_each=_is_for_each(members, best))
    if not _answers_to_vectors(best):
        return _operator(members, label, replace(layout, is_single=True))
    return best


def _is_for_each(members: _Members, operator: Operator) -> bool:
    """Does a value come out as a number for each element?"""
    if operator.value is None or not answers_to(operator.probes()["value"], 1):
        return False
    summed = _operator(members, operator.label, operator.layout, is_for_each=True)
    return not answers_to(operator.probes()["value"], 2) and answers_to(summed.probes()["value"], 2)


def answers_to(probe: Callable[[ArrayLike], list[float]], count: int) -> bool:
    """Does a function answer with numbers to some array of equal elements?"""
    for first in FIRST_WEIGHTS:
        try:
            probe([first] * count)
        except CallFailed:
            continue
        return True
    return False


def _answers_to_vectors(operator: Operator) -> bool:
    """Does anything that works on one element work on an array of several?

    A value that is a number for each element tells nothing of what its object was made for.
    """
    telling = {name: probe for name, probe in operator.probes().items() if answers_to(probe, 1)}
    if operator.is_by_element:
        telling.pop("prox", None)
    if operator.is_for_each and len(telling) > 1:
        telling.pop("value", None)
    return not telling or any(answers_to(probe, count) for probe in telling.values() for count in (2, 3, 5))


def _operator(members: _Members, label: str, layout: Layout, *, is_for_each: bool = False) -> Operator:
    element, prox = members.element, members.prox
    is_by_element = element is not None or layout.is_one_by_one
    one_by_one = "it takes one number at a time"
    return Operator(
        label=label,
        value=None if members.value is None else value_call(members.value, layout, is_for_each),
        gradient=None if members.gradient is None else gradient_call(members.gradient, layout),
        prox=None if prox is None else prox_call(prox, layout),
        distance=None if members.distance is None else distance_call(members.distance, layout, members.groups),
        prox_at=None if element is None else prox_at_call(element),
        takes_step=prox is not None and prox.takes_step,
        is_by_element=prox is not None and is_by_element,
        notes=(*members.notes, *([one_by_one] if layout.is_one_by_one else [])),
        held=members.held,
        layout=layout,
        is_for_each=is_for_each,
    )
