"""Spec files of penalties, losses and rules, read from the user's disk."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from symreg.errors import SpecError, UnknownName
from symreg.language.specs.toml import read_loss, read_penalty
from symreg.language.specs.toml_file import LARGEST_FILE
from symreg.model.loss import Loss
from symreg.model.names import printable
from symreg.model.spec import Penalty


def read_penalty_file(path: Path) -> Penalty:
    """Return the penalty of a spec file; the messages name the file.

    Raises:
        LanguageError, SpecError, UnknownName: There is no such file, or what is wrong in it.
    """
    return replace(read_penalty(read_text(path), printable(path.name)), path=str(path))


def read_loss_file(path: Path) -> Loss:
    """Return the loss of a spec file; the messages name the file.

    Raises:
        LanguageError, SpecError, UnknownName: There is no such file, or what is wrong in it.
    """
    return replace(read_loss(read_text(path), printable(path.name)), path=str(path))


def is_file(text: str) -> bool:
    """Is a text the path of a file that is there?"""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def read_text(path: Path) -> str:
    """Return the text of a spec file: a regular file of UTF-8 within the size limit.

    Raises:
        SpecError, UnknownName: It is none, or there is no such file.
    """
    shown = printable(str(path), 120)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SpecError(f"{shown}: not a file")
        if status.st_size > LARGEST_FILE:
            raise SpecError(f"{shown}: {status.st_size} bytes; a spec file has at most {LARGEST_FILE}")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnknownName(f"there is no file {shown}") from None
    except UnicodeDecodeError:
        raise SpecError(f"{shown}: not UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise SpecError(f"{shown}: {reason.lower()}") from None
