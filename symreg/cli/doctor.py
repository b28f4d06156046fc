"""`symreg doctor`: what symreg finds on this machine."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.options import debug
from symreg.cli.outcomes import TOOL_MISSING


@click.command()
@debug
def doctor() -> int:
    """Say which versions, compiler, flags, cache folder and optional packages symreg works with."""
    from symreg.cli.machine import examine

    report, is_complete = examine()
    console.put(report)
    return 0 if is_complete else TOOL_MISSING
