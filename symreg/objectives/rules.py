"""Find an update rule: by name in the catalogue, or in a file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from symreg import catalogue
from symreg.errors import SpecError
from symreg.language.specs.toml import read_rule
from symreg.model.names import printable
from symreg.model.spec import Rule
from symreg.objectives.files import is_file, read_text


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
        return replace(read_rule(read_text(path), printable(path.name)), path=str(path))
    if not isinstance(source, str):
        raise SpecError(f"a rule is a name, a path or a spec file's text, not of type {type(source).__name__}")
    return catalogue.rule(source)


def is_rule(text: str) -> bool:
    """Is a text the name of a rule, the path of a rule's file, or such a file's own text?

    Raises:
        SpecError, UnknownName: A path at which there is no such file.
    """
    if text.endswith(".toml") and is_file(text):
        text = read_text(Path(text))
    return catalogue.rule_name(text) is not None or _RULE_TABLE.search(text) is not None


_RULE_TABLE = re.compile(r"^[ \t]*\[rule\]", re.MULTILINE)
