"""Functions with an element of a parameter for each weight, called as if it were one number for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symreg.model.terms import Terms
from symreg.verification.cases.calling import Subject


def with_one_number(subjects: Iterable[Subject], terms: Terms) -> list[Subject]:
    """Return subjects whose functions take one number where they have one for each weight: all elements are it."""
    names = terms.per_weight
    if not names:
        return list(subjects)
    return [
        replace(subject, functions={name: _filled(f, names) for name, f in subject.functions.items()})
        for subject in subjects
    ]


def _filled(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        arrays = {
            name: np.full(np.shape(given[0]), named[name], dtype=given[0].dtype)
            for name in names
            if name in named and np.isscalar(named[name])
        }
        return function(*given, **{**named, **arrays})

    return call
