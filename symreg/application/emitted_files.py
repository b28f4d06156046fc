"""The output folder: sources are written all or none, and never over a file that somebody else wrote or edited.

Takes sources by path below the folder; `manifest.json`, written last, holds the SHA-256 of each as symreg wrote it.
All of it is written to temporary files beside the targets first, which then take the targets' places: an error before
that changes nothing. No symbolic link below the folder is followed.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from symreg.application.one_piece import EDITED, NOT_OURS, locked, refuse, shown_path, staged
from symreg.errors import OutputError

MANIFEST = "manifest.json"

_PATH = re.compile(r"(?:[A-Za-z0-9_]{1,64}/){0,4}[A-Za-z0-9_]{1,100}\.[a-z]{1,8}", re.ASCII)
_LARGEST = 64 << 20  # bytes of a file that is read for comparison


class Difference(NamedTuple):
    """A file that is not what the sources say: `missing`, `stale` or `extra`."""

    what: str
    path: str


def write(
    folder: str | Path, sources: Mapping[str, str], *, force: bool = False, is_whole: bool = False
) -> tuple[str, ...]:
    """Write sources below a folder, each in one piece, and the manifest after them.

    Args:
        folder: Made if it is not there.
        sources: Text by path below the folder, with `/`.
        force: Overwrite files that are not symreg's, or were edited since.
        is_whole: Are these all the files of the folder? Then those that an earlier manifest names besides are removed.

    Returns:
        The paths of all sources, the folder's own in front.

    Raises:
        OutputError: A file is not ours to overwrite, a symbolic link is in the way, or the system refuses; nothing
            has been changed then.
    """
    for path in sources:
        _check_path(path)
    _make_folder(folder)
    with _locked(folder):
        written = _read_manifest(folder, is_strict=not force)
        contents = {path: text.encode() for path, text in sources.items()}
        changed = [p for p, data in contents.items() if _is_to_be_changed(folder, p, data, written.get(p), force)]
        dropped = [p for p in written if is_whole and p not in contents]
        dropped = [p for p in dropped if _is_to_be_changed(folder, p, None, written[p], force)]
        hashes = ({} if is_whole else written) | {path: _sha256(data) for path, data in contents.items()}
        manifest = _manifest(hashes)
        replaced = {path: contents[path] for path in changed}
        if _read(folder, MANIFEST) != manifest:
            replaced[MANIFEST] = manifest
        _replace(folder, replaced, dropped)
    return tuple(os.path.join(folder, path) for path in sources)


def compare(folder: str | Path, sources: Mapping[str, str], *, is_whole: bool = False) -> tuple[Difference, ...]:
    """Return where the files below a folder are not the sources, byte by byte; `is_whole` as in `write`.

    Raises:
        OutputError: A symbolic link is in the way, or the system refuses.
    """
    expected = {path: text.encode() for path, text in sources.items()}
    if is_whole:
        expected[MANIFEST] = _manifest({path: _sha256(data) for path, data in expected.items()})
    differences: list[Difference] = []
    with _locked(folder):
        for path, data in expected.items():
            current = _read(folder, path)
            if current != data:
                differences.append(Difference("missing" if current is None else "stale", path))
        if is_whole:
            differences += [Difference("extra", path) for path in _paths(folder) if path not in expected]
    return tuple(sorted(differences))


def diff(folder: str | Path, sources: Mapping[str, str]) -> str:
    """Return a unified diff from the files below a folder to the sources; empty where they agree.

    Raises:
        OutputError: As `compare` does.
    """
    lines: list[str] = []
    with _locked(folder):
        for path, text in sources.items():
            current = _read(folder, path)
            old = "" if current is None else current.decode("utf-8", "replace")
            name = os.path.join(folder, path)
            lines += difflib.unified_diff(
                old.splitlines(True), text.splitlines(True), "/dev/null" if current is None else name, name
            )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def check_folder(folder: str | Path, *, is_to_be_written: bool) -> None:
    """Refuse a folder that cannot be had, before any work is done for what goes into it; nothing is made.

    Raises:
        OutputError: It is no folder, cannot be opened, or nothing can be written there.
    """
    with _locked(folder):
        pass
    nearest = next(path for path in (Path(folder), *Path(folder).parents) if os.path.lexists(path))
    if not nearest.is_dir():
        refuse(nearest, "is there and is not a folder")
    if is_to_be_written and not os.access(nearest, os.W_OK | os.X_OK):
        refuse(nearest, "may not be written to")


def _read(folder: str | Path, path: str) -> bytes | None:
    """Return the bytes of a file below the folder, or None if there is none.

    Raises:
        OutputError: It or a folder on the way to it is a symbolic link, or it is not a regular file.
    """
    at = str(folder)
    for name in path.split("/"):
        at = os.path.join(at, name)
        try:
            status = os.lstat(at)
        except FileNotFoundError:
            return None
        except OSError as error:
            refuse(at, error)
        if stat.S_ISLNK(status.st_mode):
            refuse(at, "is a symbolic link; symreg follows none below its output folder")
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
        refuse(at, "is not a regular file of a size that symreg writes")
    try:
        return Path(at).read_bytes()
    except OSError as error:
        refuse(at, error)


def _paths(folder: str | Path) -> list[str]:
    """Return the path of every file below the folder, Python's caches excepted."""
    found: list[str] = []
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += (os.path.relpath(os.path.join(at, name), folder) for name in names)
    return found


def _read_manifest(folder: str | Path, *, is_strict: bool) -> dict[str, str]:
    """Return the hashes that symreg wrote; of a manifest that is not ours none, or an error if `is_strict`."""
    data = _read(folder, MANIFEST)
    if data is None:
        return {}
    try:
        content: Any = json.loads(data)
        hashes: dict[str, str] = content["files"]
        if content["written_by"] == "symreg" and all(
            _PATH.fullmatch(path) and re.fullmatch("[0-9a-f]{64}", digest) for path, digest in hashes.items()
        ):
            return hashes
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    if is_strict:
        refuse(os.path.join(folder, MANIFEST), "was not written by symreg; move it or pass --force")
    return {}


def _is_to_be_changed(folder: str | Path, path: str, data: bytes | None, written: str | None, force: bool) -> bool:
    """Does a file differ from `data`, and is it ours to change?

    Args:
        folder: The output folder.
        path: Below the folder.
        data: What it is to hold, or None if it is to be removed.
        written: The SHA-256 of what symreg last wrote there, if it did.
        force: Is it ours, whoever wrote it?
    """
    current = _read(folder, path)
    if current == data:
        return False
    if current is None or force or _sha256(current) == written:
        return True
    shown = os.path.join(folder, path)
    if written is None:
        refuse(shown, NOT_OURS)
    refuse(shown, EDITED)


def _replace(folder: str | Path, files: Mapping[str, bytes], dropped: Sequence[str]) -> None:
    """Write files in their order and remove others; on an error before the first replacement nothing changes."""
    with contextlib.ExitStack() as stack:
        moves: list[tuple[str, str]] = []
        for path, data in files.items():
            target = os.path.join(folder, path)
            try:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                moves.append((stack.enter_context(staged(target, data)), target))
            except OSError as error:
                refuse(target, error)
        try:
            for path in dropped:
                os.unlink(os.path.join(folder, path))
            for temporary, target in moves:
                os.replace(temporary, target)
        except OSError as error:
            refuse(folder, error)


def _make_folder(folder: str | Path) -> None:
    _require_name(folder)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        refuse(folder, "is there and is not a folder")
    except (OSError, ValueError) as error:
        refuse(folder, error)


@contextlib.contextmanager
def _locked(folder: str | Path) -> Iterator[None]:
    """Keep another symreg from writing to the folder meanwhile, if it is there.

    Raises:
        OutputError: It cannot be opened.
    """
    _require_name(folder)
    with locked(folder):
        yield


def _require_name(folder: str | Path) -> None:
    if not str(folder):
        raise OutputError("the output folder has an empty name; write '.' for the current one")


def _manifest(hashes: Mapping[str, str]) -> bytes:
    content = {"schema_version": 1, "written_by": "symreg", "files": dict(sorted(hashes.items()))}
    return (json.dumps(content, indent=2) + "\n").encode()


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path) or path == MANIFEST:
        raise OutputError(f"{shown_path(path)}: not a path that symreg writes to")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
