"""The command group: what `symreg` itself takes, its help, and the commands in the order in which help lists them."""

from __future__ import annotations

import click

from symreg.cli import console
from symreg.cli.analyse import analyse
from symreg.cli.audit import audit
from symreg.cli.catalogue import catalogue
from symreg.cli.derive import derive
from symreg.cli.doctor import doctor
from symreg.cli.generate import generate
from symreg.cli.listing import list_, show
from symreg.cli.options import debug
from symreg.cli.verify import verify


class _Group(click.Group):
    """Commands in the order in which they are added, and a guess at a mistyped one."""

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


for command in (list_, show, derive, analyse, generate, verify, audit, catalogue, doctor):
    symreg.add_command(command)
