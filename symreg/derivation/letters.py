"""The letters of a derivation: what stands under each, and what a parameter of the same name is called instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from symreg.model.clashes import own_names, under_names
from symreg.model.domain import renamed_domain
from symreg.model.loss import DataTerm
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.model.terms import Terms, rename, renamed_tree

LETTERS = ("O", "L", "R", "S", "P", "j")
"""The objective, its parts and the index of a weight: no parameter is shown under these."""
OF_DATA = ("m", "k", "X", "y", "z", "r", "D", "I")
"""Of a loss over samples: their number, the index of one, the data, its predictions, its slopes and curvatures."""


def letters_of(objective: Objective) -> tuple[str, ...]:
    """Return the letters that stand for something in an objective's derivation."""
    return LETTERS if objective.data is None else (*LETTERS, *OF_DATA)


def without_letters(objective: Objective) -> tuple[Objective, tuple[str, ...]]:
    """Return an objective none of whose names is a letter of its derivation, and a note on each that was."""
    names, reserved = objective.names, letters_of(objective)
    renamed = _other_names(names, reserved)
    if not renamed:
        return objective, ()
    data = None if objective.data is None else _renamed(objective.data, renamed)
    return replace(objective, terms=rename(objective.terms, renamed), data=data), _notes(renamed)


def rule_without_letters(rule: Rule, others: Collection[str]) -> tuple[Rule, tuple[str, ...]]:
    """Return a rule none of whose own names is a letter of every derivation, and a note on each that was.

    Args:
        rule: Told apart from the objective.
        others: The names of the objective, which no new name is.
    """
    renamed = _other_names(sorted(own_names(rule)), LETTERS, others)
    return under_names(rule, renamed), _notes(renamed)


def _other_names(names: Collection[str], reserved: Collection[str], others: Collection[str] = ()) -> dict[str, str]:
    """Return new names, which nobody else has, for those that are reserved."""
    renamed: dict[str, str] = {}
    for name in names:
        if name in reserved:
            new = f"{name}_0"
            while new in names or new in others:
                new += "0"
            renamed[name] = new
    return renamed


def _notes(renamed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{new} is the parameter {old}, {_ELSE}" for old, new in renamed.items())


_ELSE = "which means something else in a derivation"


def free_letter(letters: str, taken: Collection[str]) -> str:
    """Return the first letter that is not taken, or else the first one."""
    return next((letter for letter in letters if letter not in taken), letters[0])


def _renamed(data: DataTerm, renamed: dict[str, str]) -> DataTerm:
    """Return a loss over samples with parameters under new names."""
    own = rename(Terms(terms=(data.declarations,)), renamed).terms[0].parameters
    by_name = dict(zip((p.name for p in data.parameters), own, strict=True))
    loss = replace(
        data.loss,
        expression=renamed_tree(data.loss.expression, renamed),
        prediction=renamed_domain(data.loss.prediction, renamed),
        parameters=tuple(by_name[p.name] for p in data.loss.parameters),
    )
    factors = tuple(by_name[p.name] for p in data.factor_parameters)
    return replace(data, loss=loss, factor=renamed_tree(data.factor, renamed), factor_parameters=factors)
