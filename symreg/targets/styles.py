"""In which style NumPy is written: the name of one, checked, and what plain style leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symreg.errors import SpecError, UnknownName
from symreg.model.names import did_you_mean
from symreg.targets.emit import TARGETS
from symreg.targets.options import STYLES, UNLESS_ASKED, Options, Style
from symreg.updates.kinds import KINDS

if TYPE_CHECKING:
    from symreg.model.objective import Objective
    from symreg.updates.update import Update


def named_style(style: str, targets: Sequence[str]) -> Style:
    """Return the style that is named.

    Args:
        style: Its name.
        targets: What is emitted.

    Raises:
        UnknownName: There is none of that name.
        SpecError: None of the targets is written in it.
    """
    known = next((one for one in STYLES if style == one), None)
    if known is None:
        name = str(style)[:40]
        raise UnknownName(
            f"there is no style '{name}'{did_you_mean(name, STYLES) or f'; write {STYLES[0]} or {STYLES[1]}'}"
        )
    if known != UNLESS_ASKED.style and not any(TARGETS[target].plain_writer for target in targets):
        raise SpecError(f"style {known} is one of NumPy's, and target {targets[0]} has no styles: take target numpy")
    return known


def in_style(
    objective: Objective, updates: tuple[Update, ...], target: str, options: Options
) -> tuple[tuple[Update, ...], tuple[str, ...]]:
    """Return the functions that a target can write in the style that is wanted, and a note on each that is left out.

    Plain style has no table of an operator's minimisers: without a formula that says where u + step*phi'(u) turns,
    each call searches for the rows of one.

    Raises:
        SpecError: A function that was asked for by name is left out.
    """
    if options.style != "plain" or not TARGETS[target].plain_writer:
        return updates, ()
    if objective.data is not None:
        raise SpecError(f"{objective.name} takes data, and plain style has penalties alone; take style blocks")
    if objective.terms.groups is not None:
        raise SpecError(
            f"{objective.name}: plain style has no loop over groups of weights; take style {UNLESS_ASKED.style}"
        )
    if any(update.variation is not None for update in updates):
        raise SpecError(
            f"{objective.name}: plain style has no search for a total variation; take style {UNLESS_ASKED.style}, or "
            "leave prox and the rules that use it out"
        )
    from symreg.proximal.operator import TableSearch

    notes = []
    for update in updates:
        if isinstance(update.operator, TableSearch):
            why = f"{objective.name}: {update.name} looks minimisers up in a table, which plain style does not have"
            if update.kind == "step" or options.kinds != KINDS:
                raise SpecError(f"{why}; leave it out, or take style {UNLESS_ASKED.style}")
            notes.append(f"{why}: it is left out")
    return tuple(update for update in updates if not isinstance(update.operator, TableSearch)), tuple(notes)
