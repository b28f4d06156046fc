"""Standard output, standard error and the progress bar; output is UTF-8 whatever the locale."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from symreg.errors import OutputError, SymregError

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from symreg.application.worker import Notice

LARGEST_INPUT = 300_000
PATIENCE = 2.0
"""Seconds before a progress bar shows."""


def put(text: str) -> None:
    """Write data to standard output; a reader that has gone is no error, for the exit code still tells the outcome.

    Raises:
        OutputError: It cannot be written to.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        forget_output()
    except (OSError, AttributeError) as error:
        forget_output()
        reason = getattr(error, "strerror", None) or "closed"
        raise OutputError(f"standard output: {reason.lower()}") from None


def tell(text: str) -> None:
    """Write a line for a person to standard error; what would steer a terminal is spelt out."""
    safe = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    try:
        sys.stderr.buffer.write(f"{safe}\n".encode("utf-8", "backslashreplace"))
        sys.stderr.buffer.flush()
    except (OSError, AttributeError):
        pass  # nobody is there to be told


def read_all() -> str:
    """Return the text on standard input.

    Raises:
        SymregError: It is closed, too long or not UTF-8.
    """
    if sys.stdin is None:
        raise SymregError("standard input is closed")
    data = sys.stdin.buffer.read(LARGEST_INPUT + 1)
    if len(data) > LARGEST_INPUT:
        raise SymregError(f"standard input: more than {LARGEST_INPUT} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SymregError("standard input: not UTF-8 text") from None


def forget_output() -> None:
    """Let nothing more be written to standard output, not even what is buffered at the exit."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)
    except OSError:
        pass  # there is nowhere to write to, which is what was wanted


class Bar:
    """A progress bar on a terminal's standard error, from the third second on; nothing anywhere else.

    Called with what a worker tells: a phase, progress within it, or None as time goes by.
    """

    def __init__(self) -> None:
        self._shows_at = time.monotonic() + PATIENCE
        self._label, self._done, self._total = "", 0, 0
        self._shown: tuple[RichProgress, TaskID] | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown[0].stop()

    def __call__(self, notice: Notice | None) -> None:
        from symreg.application.worker import Phase, Progress

        match notice:
            case Phase(label, _):
                self._label, self._done, self._total = label, 0, 0
            case Progress(done, total):
                self._done, self._total = done, total
        if self._shown is None and time.monotonic() >= self._shows_at and sys.stderr is not None:
            self._shows_at = float("inf")
            if sys.stderr.isatty():
                self._shown = self._start()
        if self._shown is not None:
            progress, task = self._shown
            progress.update(task, description=self._label, completed=self._done, total=self._total or None)

    def _start(self) -> tuple[RichProgress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        progress = Progress(*columns, console=Console(stderr=True), transient=True)
        progress.start()
        return progress, progress.add_task(self._label, total=None)
