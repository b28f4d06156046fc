"""The output folder: sources are written all or none, and never over a file that somebody else wrote or edited.

Takes sources by path below the folder; `manifest.json`, written last, holds the SHA-256 of each as symreg wrote it.
Every file below the folder is reached through descriptors that follow no symbolic link.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from symreg.errors import OutputError

MANIFEST = "manifest.json"

_PATH = re.compile(r"(?:[A-Za-z0-9_]{1,64}/){0,4}[A-Za-z0-9_]{1,100}\.[a-z]{1,8}", re.ASCII)
_LARGEST = 64 << 20  # bytes of a file that is read for comparison
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


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
    with _opened(folder, create=True) as root:
        assert root is not None
        before = root.manifest(is_strict=not force)
        made = {path: text.encode() for path, text in sources.items()}
        changed = [path for path, data in made.items() if root.is_to_be_written(path, data, before.get(path), force)]
        dropped = [path for path in before if is_whole and path not in made]
        dropped = [path for path in dropped if root.is_to_be_written(path, None, before[path], force)]
        hashes = ({} if is_whole else before) | {path: _sha256(data) for path, data in made.items()}
        root.replace({path: made[path] for path in changed} | _manifest(hashes), dropped)
    return tuple(os.path.join(folder, path) for path in sources)


def compare(folder: str | Path, sources: Mapping[str, str], *, is_whole: bool = False) -> tuple[Difference, ...]:
    """Return where the files below a folder are not the sources, byte by byte; `is_whole` as in `write`."""
    expected = {path: text.encode() for path, text in sources.items()}
    if is_whole:
        expected |= _manifest({path: _sha256(data) for path, data in expected.items()})
    found: list[Difference] = []
    with _opened(folder, create=False) as root:
        for path, data in expected.items():
            current = None if root is None else root.read(path)
            if current != data:
                found.append(Difference("missing" if current is None else "stale", path))
        if root is not None and is_whole:
            found += [Difference("extra", path) for path in root.paths() if path not in expected]
    return tuple(sorted(found))


def diff(folder: str | Path, sources: Mapping[str, str]) -> str:
    """Return a unified diff from the files below a folder to the sources; empty where they agree."""
    pieces: list[str] = []
    with _opened(folder, create=False) as root:
        for path, text in sources.items():
            current = None if root is None else root.read(path)
            old = "" if current is None else current.decode("utf-8", "replace")
            name = os.path.join(folder, path)
            lines = difflib.unified_diff(
                old.splitlines(True), text.splitlines(True), "/dev/null" if current is None else name, name
            )
            pieces += (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(pieces)


def check_folder(folder: str | Path, *, is_to_be_written: bool) -> None:
    """Refuse a folder that cannot be had, before any work is done for what goes into it; nothing is made.

    Raises:
        OutputError: It is no folder, cannot be opened, or nothing can be written there.
    """
    with _opened(folder, create=False):
        pass
    nearest = next(path for path in (Path(folder), *Path(folder).parents) if os.path.lexists(path))
    if not nearest.is_dir():
        _refuse(nearest, "is there and is not a folder")
    if is_to_be_written and not os.access(nearest, os.W_OK | os.X_OK):
        _refuse(nearest, "may not be written to")


def write_file(path: str | Path, text: str) -> None:
    """Write one file that the user named, in one piece; a device or a pipe is written to as it is.

    Raises:
        OutputError: The system refuses, or it is a folder.
    """
    if not str(path):
        raise OutputError("the output file has an empty name")
    try:
        real = os.path.realpath(path)
        if os.path.exists(real) and not os.path.isfile(real):
            with open(real, "wb") as file:
                file.write(text.encode())
            return
        parent, name = os.path.split(real)
        descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with _staged(descriptor, name, text.encode()) as temporary:
                os.replace(temporary, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        _refuse(path, error)


class _Root:
    """An open output folder; its files are named by their path below it."""

    def __init__(self, folder: str | Path, descriptor: int) -> None:
        self._folder, self._descriptor = folder, descriptor

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""
        with self._parent(path, create=False) as parent:
            if parent is None:
                return None
            name = path.rpartition("/")[2]
            try:
                descriptor = os.open(name, _READ, dir_fd=parent)
            except FileNotFoundError:
                return None
            except OSError as error:
                self._refuse_link(parent, name, path)
                self._refuse(path, error)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
                os.close(descriptor)
                self._refuse(path, "is not a regular file of a size that symreg writes")
            with open(descriptor, "rb") as file:
                return file.read()

    def manifest(self, *, is_strict: bool) -> dict[str, str]:
        """Return the hashes that symreg wrote; of a manifest that is not ours none, or an error if `is_strict`."""
        data = self.read(MANIFEST)
        if data is None:
            return {}
        try:
            content: Any = json.loads(data)
            files: dict[str, str] = content["files"]
            if content["written_by"] == "symreg" and all(
                _PATH.fullmatch(path) and re.fullmatch("[0-9a-f]{64}", digest) for path, digest in files.items()
            ):
                return files
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
        if is_strict:
            self._refuse(MANIFEST, "was not written by symreg; move it or pass --force")
        return {}

    def is_to_be_written(self, path: str, data: bytes | None, written: str | None, force: bool) -> bool:
        """Does a file differ from `data`, and is it ours to change?

        Args:
            path: Below the folder.
            data: What it is to hold, or None if it is to be removed.
            written: The SHA-256 of what symreg last wrote there, if it did.
            force: Is it ours, whoever wrote it?
        """
        current = self.read(path)
        if current == data:
            return False
        if current is None or force or _sha256(current) == written:
            return True
        if written is None:
            self._refuse(path, "is there and was not written by symreg; move it or pass --force")
        self._refuse(path, "was edited since symreg wrote it; keep your copy or pass --force")

    def replace(self, files: Mapping[str, bytes], dropped: list[str]) -> None:
        """Write files in their order and remove others; on an error before the first replacement nothing changes."""
        with contextlib.ExitStack() as stack:
            parents: dict[str, int] = {}

            def split(path: str) -> tuple[int, str]:
                parent, _, name = path.rpartition("/")
                if parent not in parents:
                    descriptor = stack.enter_context(self._parent(path, create=True))
                    assert descriptor is not None
                    parents[parent] = descriptor
                return parents[parent], name

            moves: list[tuple[str, str]] = []
            for path, data in files.items():
                if self.read(path) == data:
                    continue
                try:
                    moves.append((stack.enter_context(_staged(*split(path), data)), path))
                except OSError as error:
                    self._refuse(path, error)
            try:
                for path in dropped:
                    parent, name = split(path)
                    os.unlink(name, dir_fd=parent)
                for temporary, path in moves:
                    parent, name = split(path)
                    os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            except OSError as error:
                _refuse(self._folder, error)

    def paths(self) -> list[str]:
        """Return the path of every file and link below the folder, Python's caches excepted."""
        found: list[str] = []
        for at, folders, names, _ in os.fwalk(dir_fd=self._descriptor, top=".", follow_symlinks=False):
            folders[:] = [name for name in folders if name != "__pycache__"]
            found += (os.path.normpath(os.path.join(at, name)) for name in names)
        return found

    @contextlib.contextmanager
    def _parent(self, path: str, *, create: bool) -> Iterator[int | None]:
        """Yield the descriptor of a file's folder, or None if it is not there."""
        with contextlib.ExitStack() as stack:
            at = self._descriptor
            reached = ""
            for name in path.split("/")[:-1]:
                reached = f"{reached}{name}"
                if create:
                    with contextlib.suppress(FileExistsError):
                        self._made_folder(name, at, reached)
                try:
                    at = os.open(name, _READ | os.O_DIRECTORY, dir_fd=at)
                except FileNotFoundError:
                    yield None
                    return
                except OSError as error:
                    self._refuse_link(at, name, reached)
                    self._refuse(reached, error)
                stack.callback(os.close, at)
                reached += "/"
            yield at

    def _made_folder(self, name: str, parent: int, reached: str) -> None:
        try:
            os.mkdir(name, dir_fd=parent)
        except FileExistsError:
            raise
        except OSError as error:
            self._refuse(reached, error)

    def _refuse_link(self, parent: int, name: str, path: str) -> None:
        with contextlib.suppress(OSError):
            if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                self._refuse(path, "is a symbolic link; symreg follows none below its output folder")

    def _refuse(self, path: str, why: str | OSError) -> NoReturn:
        _refuse(os.path.join(self._folder, path), why)


@contextlib.contextmanager
def _opened(folder: str | Path, *, create: bool) -> Iterator[_Root | None]:
    """Yield the open folder, locked against another symreg that writes to it; None if it is not there."""
    if not str(folder):
        raise OutputError("the output folder has an empty name; write '.' for the current one")
    try:
        if create:
            Path(folder).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        if create:
            _refuse(folder, error)
        yield None
        return
    except FileExistsError:
        _refuse(folder, "is there and is not a folder")
    except (OSError, ValueError) as error:
        _refuse(folder, error)
    try:
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield _Root(folder, descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _staged(parent: int, name: str, data: bytes) -> Iterator[str]:
    """Yield the name of a temporary file beside `name` that holds the data, safe on the disk; leave none behind."""
    temporary = f".{name}.{secrets.token_hex(6)}"
    descriptor = os.open(temporary, _CREATE, 0o666, dir_fd=parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)


def _manifest(hashes: Mapping[str, str]) -> dict[str, bytes]:
    content = {"schema_version": 1, "written_by": "symreg", "files": dict(sorted(hashes.items()))}
    return {MANIFEST: (json.dumps(content, indent=2) + "\n").encode()}


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path) or path == MANIFEST:
        raise OutputError(f"{_shown(path)}: not a path that symreg writes to")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refuse(path: str | Path, why: str | OSError | ValueError) -> NoReturn:
    """Raise the one-line error for a path; the system's reason in its own words."""
    if isinstance(why, OSError):
        raise OutputError(f"{_shown(path)}: {(why.strerror or 'refused by the system').lower()}") from None
    reason = "is not a path" if isinstance(why, ValueError) else why
    raise OutputError(f"{_shown(path)} {reason}") from None


def _shown(path: str | Path) -> str:
    """Return a path as it may stand on a terminal: one line, no control characters."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path))
    return text if len(text) <= 200 else f"{text[:100]}...{text[-97:]}"
