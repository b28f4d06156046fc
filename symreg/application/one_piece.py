"""Files that a user names: written in one piece, and never over one that somebody else wrote or edited.

`.symreg.json` beside them holds the SHA-256 of each as symreg wrote it. A temporary file takes its target's place by
`os.replace`; errors are one line that names the path.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from symreg.errors import OutputError

RECORD = ".symreg.json"
_Path = TypeVar("_Path", bound=str | Path)

NOT_OURS = "is there and was not written by symreg; move it or pass --force"
EDITED = "was edited since symreg wrote it; keep your copy or pass --force"


def write_file(path: str | Path, content: str | bytes, *, force: bool = False) -> None:
    """Write one file that the user named, in one piece; a device or a pipe is written to as it is.

    Raises:
        OutputError: It is there and not ours to overwrite, it is a folder, or the system refuses; nothing has been
            changed then.
    """
    write_files({path: content}, force=force)


def write_files(contents: Mapping[_Path, str | bytes], *, force: bool = False) -> None:
    """Write files that the user named, all or none.

    Args:
        contents: By path; symbolic links are followed.
        force: Overwrite files that are not symreg's, or were edited since.

    Raises:
        OutputError: One is there and not ours to overwrite, it is a folder, or the system refuses; nothing has been
            changed then.
    """
    targets = {_target(path): (path, c.encode() if isinstance(c, str) else c) for path, c in contents.items()}
    folders: dict[str, dict[str, bytes]] = {}
    for target, (path, data) in targets.items():
        if _is_special(target, path):
            with _refusing(path), open(target, "wb") as file:
                file.write(data)
        else:
            folder, name = os.path.split(target)
            folders.setdefault(folder, {})[name] = data
    shown = {target: path for target, (path, _) in targets.items()}
    with contextlib.ExitStack() as stack:
        moves: list[tuple[str, str]] = []
        for folder, files in sorted(folders.items()):
            first = shown[os.path.join(folder, next(iter(files)))]
            with _refusing(first):
                stack.enter_context(locked(folder))
            hashes = _recorded(folder, is_strict=not force)
            for name, data in files.items():
                target = os.path.join(folder, name)
                _check_ours(shown[target], _read(target, shown[target]), data, hashes.get(name), force=force)
                with _refusing(shown[target]):
                    moves.append((stack.enter_context(staged(target, data)), target))
                hashes[name] = _sha256(data)
            record = os.path.join(folder, RECORD)
            with _refusing(record):
                moves.append((stack.enter_context(staged(record, _record(hashes))), record))
        for temporary, target in moves:
            with _refusing(shown.get(target, target)):
                os.replace(temporary, target)


def own_text(path: str | Path) -> str:
    """Return what a file holds if symreg wrote it, and nobody edited it since; else "".

    Raises:
        OutputError: It cannot be read.
    """
    target = _target(path)
    data = None if _is_special(target, path) else _read(target, path)
    folder, name = os.path.split(target)
    if data is None or _recorded(folder, is_strict=False).get(name) != _sha256(data):
        return ""
    return data.decode("utf-8", "replace")


def _target(path: str | Path) -> str:
    if not str(path):
        raise OutputError("the output file has an empty name")
    with _refusing(path):
        return os.path.realpath(path)


def _is_special(target: str, path: str | Path) -> bool:
    """Is there a device, a pipe or a folder in the place of the file?"""
    with _refusing(path):
        return os.path.exists(target) and not os.path.isfile(target)


def _read(target: str, path: str | Path) -> bytes | None:
    """Return what a file holds, or None if there is none."""
    with _refusing(path):
        try:
            return Path(target).read_bytes()
        except FileNotFoundError:
            return None


def _check_ours(path: str | Path, current: bytes | None, data: bytes, written: str | None, *, force: bool) -> None:
    if force or current in (None, data) or (current is not None and _sha256(current) == written):
        return
    refuse(path, NOT_OURS if written is None else EDITED)


def _recorded(folder: str, *, is_strict: bool) -> dict[str, str]:
    """Return the hashes of the files that symreg wrote in a folder; of a record that is not ours none, or an error."""
    path = os.path.join(folder, RECORD)
    data = _read(path, path)
    if data is None:
        return {}
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
        content: Any = json.loads(data)
        files: dict[str, str] = content["files"]
        if content["written_by"] == "symreg" and all(isinstance(digest, str) for digest in files.values()):
            return files
    if is_strict:
        refuse(path, NOT_OURS)
    return {}


def _record(hashes: Mapping[str, str]) -> bytes:
    content = {"schema_version": 1, "written_by": "symreg", "files": dict(sorted(hashes.items()))}
    return (json.dumps(content, indent=2) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def _refusing(path: str | Path) -> Iterator[None]:
    """Turn what the system refuses into an error that names the path."""
    try:
        yield
    except (OSError, ValueError) as error:
        refuse(path, error)


@contextlib.contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Keep another symreg from writing to a folder meanwhile, if it is there.

    Raises:
        OutputError: It cannot be opened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    except (OSError, ValueError) as error:
        refuse(folder, error)
    try:
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


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
