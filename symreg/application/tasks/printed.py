"""What tasks of the command line return: text to print, and notes to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from symreg.model.objective import Objective


class PrintedText(NamedTuple):
    """Text for standard output, and what its reader must know besides, one line each."""

    text: str
    notes: tuple[str, ...]


class PrintedDerivation(NamedTuple):
    """A derivation as text, notes on it, and what a file of its sources is to hold; "" if none was asked for."""

    text: str
    notes: tuple[str, ...]
    bibliography: str


class PrintedReport(NamedTuple):
    """A report on functions as text, notes, and whether everything in it passed."""

    text: str
    notes: tuple[str, ...]
    passed: bool


def notes_on(objective: Objective) -> tuple[str, ...]:
    """Return what was assumed of an objective, and where its formulas have no value."""
    from symreg.calculus.domains.notes import undefined_notes

    return (*objective.assumptions, *objective.notes, *undefined_notes(objective.terms))
