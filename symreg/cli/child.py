"""Run a command's task in a child process, with a progress bar."""

from __future__ import annotations

from typing import Any

from symreg.cli import console


def run_task(task: str, *, timeout: float | None, **arguments: object) -> Any:
    """Return what one task of `symreg.application.tasks.table` returns.

    Args:
        task: Its name.
        timeout: Seconds that symbolic work may take; None for the usual limit.
        arguments: Of the task.

    Raises:
        SymregError: As the task raised it, or it ran out of time.
    """
    from symreg.application.worker import Worker

    with console.Bar() as bar, Worker() as child:
        return child.call(task, timeout=timeout, watch=bar, **arguments)
