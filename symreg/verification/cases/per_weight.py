"""Parameters with an element for each weight: as one number for all, and as arrays in index notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symreg.expressions.tree import Item, Name, Subscript, Sum, Tree, names, substitute
from symreg.model.interval import REAL
from symreg.model.spec import Array
from symreg.model.terms import Term, Terms
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


def in_index_notation(terms: Terms) -> Terms:
    """Return the same penalty with arrays for the parameters of which each weight has an element.

    A domain with such ends is left out: this is for weights that are known to be inside.
    """
    return Terms(terms=tuple(map(_with_arrays, terms.terms))) if terms.per_weight else terms


def _with_arrays(term: Term) -> Term:
    of_each = [p for p in term.parameters if p.shape]
    if not of_each:
        return term
    here = (Subscript(next(letter for letter in "ijklmq" if letter not in names(term.tree))),)
    items: dict[Tree, Tree] = {Name(name): Item(name, here) for name in ("w", *(p.name for p in of_each))}
    return replace(
        term,
        tree=Sum(substitute(term.tree, items), here[0].index),
        domain=REAL if {p.name for p in of_each} & set(term.domain.names) else term.domain,
        parameters=tuple(p for p in term.parameters if not p.shape),
        arrays=(*term.arrays, *(Array(name=p.name, shape=("n",)) for p in of_each)),
    )
