"""Find an update rule: by name in the catalogue, or in a file."""

from __future__ import annotations

from pathlib import Path

from symreg import catalogue
from symreg.errors import SpecError
from symreg.language.toml import read_rule
from symreg.model.names import printable
from symreg.model.spec import Rule
from symreg.objectives.files import read_text


def resolve_rule(source: str | Path | Rule) -> Rule:
    """Return the update rule that a catalogue name, a path or the text of a spec file names.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where, and what would be right.
    """
    if isinstance(source, Rule):
        return source
    if isinstance(source, str) and "\n" in source:
        return read_rule(source, "rule")
    if isinstance(source, Path) or (isinstance(source, str) and source.endswith(".toml")):
        path = Path(source)
        return read_rule(read_text(path), printable(path.name))
    if not isinstance(source, str):
        raise SpecError(f"a rule is a name, a path or a spec file's text, not of type {type(source).__name__}")
    return catalogue.rule(source)
