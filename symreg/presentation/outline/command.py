"""The command that verifies what was derived, and the notes below a derivation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from symreg.derivation.model import GradientDerivation
from symreg.expressions.tree import Item, walk
from symreg.model.objective import Objective
from symreg.model.spec import Rule

LONGEST_COMMAND = 200


def notes_of(chain: GradientDerivation) -> tuple[str, ...]:
    """Return the notes on a derivation: its own, the objective's, and what its index sums run over."""
    notes = [*chain.notes, *(note for note in chain.objective.notes if note not in chain.notes)]
    trees = [term.tree for term in chain.objective.terms.terms]
    if any(isinstance(n, Item) and any(s.shift for s in n.subscripts) for tree in trees for n in walk(tree)):
        notes.append("A sum runs over every index for which all subscripts in it lie in 0, ..., n-1.")
    return tuple(notes)


def command_text(objective: Objective, *rules: Rule) -> str:
    """Return the shell command that verifies an objective's functions."""
    return command_line("verify", objective, [word for rule in rules for word in ("--rule", rule.command_name)])


def command_line(verb: str, objective: Objective, options: Sequence[str] = ()) -> str:
    """Return the shell command that does something with an objective; a long text stands as `OBJECTIVE`."""
    text = objective.text
    is_shown = len(text) <= LONGEST_COMMAND and text.isprintable() and text.isascii()
    subject = _quoted(text) if is_shown else "OBJECTIVE"
    return " ".join(("symreg", verb, subject, *map(_quoted, (*objective.options, *options))))


def _quoted(text: str) -> str:
    """Return text as one word of a shell, in double quotes where they are enough."""
    if shlex.quote(text) == text or any(c in text for c in "$\"\\`!'"):
        return shlex.quote(text)
    return f'"{text}"'
