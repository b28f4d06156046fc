"""The command group: what `symreg` itself takes, and its help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from symreg.cli import console

Command = TypeVar("Command", bound=Callable[..., Any])


class _Group(click.Group):
    """Commands in the order in which they are written, and a guess at a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from symreg.model.names import did_you_mean, mentioned

            near = did_you_mean(args[0][:40], self.commands)
            raise click.UsageError(f"{mentioned(args[0], 'no such command')}{near}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from symreg.version import __version__

        console.put(f"symreg {__version__}\n")
        ctx.exit()


debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@debug
@click.pass_context
def symreg(ctx: click.Context) -> None:
    """Derive, emit and verify the update of a regularised objective.

    OBJECTIVE is a penalty's name (l2), a spec file (my.toml), an expression ("lam*log(1 + w**2/eps)"), a sum of these
    ("l1 + 0.5*l2"), or - for standard input.
    """
    if ctx.invoked_subcommand is None:
        console.put(ctx.get_help() + "\n")
