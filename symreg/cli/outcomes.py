"""How a command ends: what it prints of reports, notes and differences, and its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from symreg.cli import console

if TYPE_CHECKING:
    from symreg.application.tasks.printed import PrintedReport

FAILED, TOOL_MISSING, BUG, INTERRUPTED = 1, 3, 70, 130
"""Exit codes besides 0 and those that errors carry; 1: a check failed, or files are not what they should be."""


def print_report(report: PrintedReport) -> int:
    """Print a report, tell the notes on it, and return the exit code."""
    tell_notes(report.notes)
    console.put(report.text)
    return 0 if report.passed else FAILED


def tell_notes(notes: Iterable[str]) -> None:
    """Tell on standard error what a reader of the output must know."""
    for note in notes:
        console.tell(f"note: {note}")


def print_differences(folder: str, differences: Iterable[tuple[str, str]]) -> int:
    """Print the files that are not what they should be, and return the exit code."""
    lines = [f"{what} {folder}/{path}\n" for what, path in differences]
    console.put("".join(lines))
    return FAILED if lines else 0
