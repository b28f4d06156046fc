"""Find a loss that stands by itself, as the subject of a command: by name, in a file, or as a spec file's own text."""

from __future__ import annotations

import re
from pathlib import Path

from symreg import catalogue
from symreg.language.specs.toml import STANDARD_INPUT, read_loss
from symreg.model.loss import Loss
from symreg.objectives.files import is_file, read_loss_file, read_text


def single_loss(source: object) -> Loss | None:
    """Return the loss that is meant by a name, a path or a spec file's text alone; None where it is no loss.

    Raises:
        LanguageError, SpecError, UnknownName: It is one, and something is wrong in it.
    """
    if isinstance(source, Loss):
        return source
    if not isinstance(source, str | Path):
        return None
    text = str(source)
    if isinstance(source, str) and _LOSS_TABLE.search(text) is not None:
        return read_loss(text, STANDARD_INPUT)
    if text.endswith(".toml") and is_file(text):
        path = Path(text)
        return read_loss_file(path) if _LOSS_TABLE.search(read_text(path)) else None
    return catalogue.loss(text) if catalogue.loss_name(text) is not None else None


_LOSS_TABLE = re.compile(r"^[ \t]*\[loss\]", re.MULTILINE)
