"""What is told of the names in an objective's text, one line each: what they were taken for, and what shares them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from symreg import catalogue
from symreg.model.loss import DataTerm, Loss
from symreg.model.names import did_you_mean
from symreg.objectives.files import read_loss_file

EXPRESSION = "expression"
"""The source of a loss that is in no file."""


def notes_on_coefficients(coefficients: Iterable[str], others: Collection[str]) -> list[str]:
    """Return one note on each name of a coefficient that nobody declared.

    Args:
        coefficients: The names.
        others: Parameters of what is multiplied, and of other addends.
    """
    return [
        f"{name} is a coefficient and a parameter of another addend: one number for both"
        if name in others
        else f"{name} is a coefficient, a new parameter > 0"
        for name in coefficients
    ]


def notes_on_sharing(data: DataTerm | None, of_penalties: Collection[str]) -> list[str]:
    """Return one note on each parameter that the loss and a penalty have under one name."""
    if data is None:
        return []
    return [
        f"{name} is one number for the loss and the penalty, which both have a parameter of that name"
        f"{_how_to_rename(data.loss, name)}"
        for name in sorted(names_of_loss(data).intersection(of_penalties))
    ]


def _how_to_rename(loss: Loss, name: str) -> str:
    """Return how a parameter of a loss gets another name, "" where its author just gave it this one."""
    if loss.source == EXPRESSION:
        return "; rename one, as in l1(lam=mu)"
    written = read_loss_file(Path(loss.path)) if loss.path else catalogue.loss(loss.name)
    has_it = any(p.name == name for p in written.parameters)
    return f"; rename one, as in {loss.path or loss.name}({name}=mu)" if has_it else ""


def names_of_loss(data: DataTerm | None) -> frozenset[str]:
    """Return the names of a loss's own parameters."""
    return frozenset() if data is None else frozenset(p.name for p in data.loss.parameters)


def note_of_constant(name: str) -> str:
    meant = did_you_mean(name, catalogue.penalties())
    return f"{name} stands by itself: a constant of the expression, not the name of a penalty{meant}"


def note_of_homonym(name: str) -> str:
    kind = "penalty" if name in catalogue.penalties() else "loss"
    return f"{name} is a parameter here, beside an expression of the weights, not the {kind} of that name"
