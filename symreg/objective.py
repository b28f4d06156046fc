"""The objective: text such as `"l1 + 0.5*l2(lam=mu)"` resolved into terms over weights, parameters and arrays."""
from __future__ import annotations

from dataclasses import dataclass

from symreg.language.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A regularised objective O(w) = L(w) + R(w), of which R is written here.

    Args:
        name: Stem of emitted files: the spec's name, sums joined by `_`, `penalty` for an inline expression.
        title: One line of text.
        terms: The addends of R, named and renamed.
        text: The objective as its user wrote it (for the "regenerate with" line).
        references: Of the specs that it is from.
        notes: What was assumed, one line each (undeclared parameters taken as positive).
    """

    name: str
    title: str
    terms: Terms
    text: str
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
