"""Write a file in one piece: a temporary file beside it, then `os.replace`; errors are one line that names the path."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from symreg.errors import OutputError


def write_file(path: str | Path, text: str) -> None:
    """Write one file that the user named, in one piece; a device or a pipe is written to as it is.

    Raises:
        OutputError: The system refuses, or it is a folder.
    """
    if not str(path):
        raise OutputError("the output file has an empty name")
    try:
        target = os.path.realpath(path)
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as file:
                file.write(text.encode())
            return
        with staged(target, text.encode()) as temporary:
            os.replace(temporary, target)
    except (OSError, ValueError) as error:
        refuse(path, error)


@contextlib.contextmanager
def staged(target: str, data: bytes) -> Iterator[str]:
    """Yield a temporary file beside the target that holds the data, safe on the disk; leave none behind."""
    parent, name = os.path.split(target)
    temporary = os.path.join(parent, f".{name}.{secrets.token_hex(6)}")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def refuse(path: str | Path, why: str | OSError | ValueError) -> NoReturn:
    """Raise the one-line error for a path; the system's reason in its own words."""
    if isinstance(why, OSError):
        raise OutputError(f"{shown_path(path)}: {(why.strerror or 'refused by the system').lower()}") from None
    reason = "is not a path" if isinstance(why, ValueError) else why
    raise OutputError(f"{shown_path(path)} {reason}") from None


def shown_path(path: str | Path) -> str:
    """Return a path as it may stand on a terminal: one line, no control characters."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path))
    return text if len(text) <= 200 else f"{text[:100]}...{text[-97:]}"
