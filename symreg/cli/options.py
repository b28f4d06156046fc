"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable

import click

from symreg.cli import console
from symreg.cli.group import Command, debug
from symreg.errors import SymregError
from symreg.targets.emit import TARGETS

FAILED = 1


def common_options(command: Command) -> Command:
    """Add what every command that works on an objective takes."""
    for option in (
        debug,
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True, max=1e6),
            metavar="SECONDS",
            help="Limit on symbolic work for one objective.  [default: 10]",
        ),
        click.option(
            "--param",
            "parameters",
            multiple=True,
            metavar="'NAME: DOMAIN = VALUE'",
            help="Declare a parameter of an inline expression, 'c: (0, inf) = 2', or an array, 'c[n]: nonnegative'.",
        ),
    ):
        command = option(command)
    return command


def domain_option(command: Command) -> Command:
    return click.option(
        "--domain", metavar="INTERVAL", help="Where each weight lies, as in '(0, inf)'.  [default: the penalty's own]"
    )(command)


def rule_options(command: Command) -> Command:
    return click.option(
        "--rule",
        "rules",
        multiple=True,
        default=("gradient_descent",),
        metavar="RULE",
        help="Update rule: a name or a file.toml; may be repeated.  [default: gradient_descent]",
    )(command)


def target_option(default: str) -> Callable[[Command], Command]:
    return click.option(
        "--target", type=click.Choice([*TARGETS, "all"]), default=default, show_default=True, help="Language emitted."
    )


def chosen_targets(target: str) -> tuple[str, ...]:
    """Return the targets that the value of `--target` means."""
    return tuple(TARGETS) if target == "all" else (target,)


objective_argument = click.argument("objective")


def mentioned_objective(objectives: tuple[str, ...], position: int) -> str:
    """Return an objective in quotes; of a long one which it is."""
    from symreg.model.names import LONGEST_MENTION

    text = objectives[position]
    return f"'{text}'" if len(text) <= LONGEST_MENTION else f"objective {position + 1}"


def objective_text(objective: str) -> str:
    return console.read_all() if objective == "-" else objective


def refuse_together(**given: bool) -> None:
    """Refuse more than one of the options that exclude each other."""
    both = [option for option, is_given in given.items() if is_given]
    if len(both) > 1:
        raise click.UsageError(f"{both[0]} and {both[1]} exclude each other", click.get_current_context())


def refuse_alone(**given: bool) -> None:
    """Refuse what is said of an objective where there is none."""
    said = [option for option, is_given in given.items() if is_given]
    if said:
        raise click.UsageError(f"{said[0]} goes with --objective", click.get_current_context())


def parsed_settings(rows: tuple[str, ...]) -> dict[str, float]:
    """Return the numbers of `NAME=VALUE` rows by name."""
    from symreg.model.interval import parse_number
    from symreg.model.names import mentioned

    made: dict[str, float] = {}
    for row in rows:
        name, _, value = (piece.strip() for piece in row.partition("="))
        try:
            number = parse_number(value)
        except SymregError:
            name = ""
        if not name:
            raise click.UsageError(f"{mentioned(row, '--set')}: write a name and a number, as in lam=0.3")
        if name in made:
            raise click.UsageError(f"{mentioned(row, '--set')}: {name} is set twice")
        made[name] = number
    return made


def joined_files(files: dict[str, str]) -> str:
    """Return one file as it is; several each under a line with its path."""
    if len(files) == 1:
        return next(iter(files.values()))
    return "\n".join(f"==> {path} <==\n{text}" for path, text in files.items())
