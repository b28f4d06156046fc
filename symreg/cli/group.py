"""The command group: what `symreg` itself takes, its help, and the commands in the order in which help lists them."""

from __future__ import annotations

import inspect

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
from symreg.cli.plot import plot
from symreg.cli.verify import verify

EXAMPLES: dict[str, tuple[str, ...]] = {
    "symreg": (
        "symreg derive l2",
        "symreg generate l1 --rule adam --target c",
        "symreg verify l1 --against shrink.py:prox --as prox",
    ),
    "list": ("symreg list penalties", "symreg list rules", "symreg list functions"),
    "show": ("symreg show l1", "symreg show mcp", "symreg show adam"),
    "derive": (
        "symreg derive l2",
        "symreg derive 'lam*log(1 + w**2/eps)' --rule adam",
        "symreg derive l1 --prox --format latex -o l1.tex",
    ),
    "analyse": ("symreg analyse l2", "symreg analyse 'mcp + l2(lam=mu)'", "symreg analyse huber --json"),
    "generate": (
        "symreg generate l1 --rule adam --target all -o build",
        "symreg generate 'lam*log(1 + w**2/eps)' --name logpen --rule momentum",
        "symreg generate l1 --target c --functions prox --dtype float32 -o -",
    ),
    "verify": (
        "symreg verify l2 --target numpy",
        "symreg verify mine.toml --rule momentum --points 100",
        "symreg verify l1 --against shrink.py:prox --as prox",
    ),
    "audit": (
        "symreg audit huber.py:Huber --with alpha=1",
        "symreg audit huber.py:Huber --with alpha=1 --objective huber --set delta=1 --set lam=1",
        "symreg audit huber.py:Huber --with alpha=1 --step 0.5 --json",
    ),
    "plot": (
        "symreg plot l1 l2 mcp -o penalties.svg",
        "symreg plot 'lam*log(1 + w**2/eps)' --set eps=0.1 --range -2,2 -o logpen.pdf",
        "symreg plot l2 --functions gradient,step --set lr=0.5 -o path.png",
    ),
    "catalogue": ("symreg catalogue", "symreg catalogue --check", "symreg catalogue -o everything"),
    "doctor": ("symreg doctor", "CC=clang symreg doctor", "SYMREG_CACHE=cache symreg doctor"),
}
"""Three commands to copy for each help text; `symreg` stands for the group itself."""


class _Group(click.Group):
    """Commands in the order in which they are added, each with all of its first sentence; a guess at a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, summary(command)) for name, command in self.commands.items() if not command.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

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


def summary(command: click.Command) -> str:
    """Return the first paragraph of a command's help, whole, without its full stop."""
    words = " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())
    return words if words.endswith("...") else words.removesuffix(".")


def _shown(examples: tuple[str, ...]) -> str:
    return "\n".join(("\b", "Examples:", *(f"  {example}" for example in examples)))


@click.group(
    cls=_Group,
    epilog=_shown(EXAMPLES["symreg"]),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


for command in (list_, show, derive, analyse, generate, verify, audit, plot, catalogue, doctor):
    command.epilog = "\n\n".join(filter(None, (command.epilog, _shown(EXAMPLES[str(command.name)]))))
    symreg.add_command(command)
