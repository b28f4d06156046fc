"""Arguments and options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from symreg.cli import console
from symreg.errors import SymregError
from symreg.targets.emit import TARGETS, no_target

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("text", "latex", "markdown", "json")


def complete_penalty(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell may complete an objective to: a penalty of the catalogue, or a file."""
    from symreg import catalogue

    return _completed(incomplete, catalogue.penalties())


def complete_rule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell may complete a rule to: one of the catalogue, or a file."""
    from symreg import catalogue

    return _completed(incomplete, catalogue.rules())


def complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a shell may complete to where an objective, a loss or a rule may stand."""
    from symreg import catalogue

    return _completed(incomplete, (*catalogue.penalties(), *catalogue.losses(), *catalogue.rules()))


def _completed(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    """Return the names that begin like a word; if none does, let the shell look for a file."""
    near = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return near or [CompletionItem(incomplete, type="file")]


debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
objective_argument = click.argument("objective", shell_complete=complete_penalty)
objectives_argument = click.argument(
    "objectives", nargs=-1, required=True, metavar="OBJECTIVE...", shell_complete=complete_penalty
)
timeout_type = click.FloatRange(min=0, min_open=True, max=1e6)


def common_options(command: Command) -> Command:
    """Add what every command that works on an objective takes."""
    for option in (
        debug,
        click.option(
            "--timeout",
            type=timeout_type,
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
    """Add `--domain`."""
    return click.option(
        "--domain", metavar="INTERVAL", help="Where each weight lies, as in '(0, inf)'.  [default: the penalty's own]"
    )(command)


def format_option(command: Command) -> Command:
    """Add `--format`, of which a command knows whether it was given."""
    return click.option(
        "--format", "form", type=click.Choice(FORMATS), help=f"Format of the output.  [default: {FORMATS[0]}]"
    )(command)


def output_options(command: Command) -> Command:
    """Add `-o`, for one file, and `--force`."""
    for option in (
        click.option("--force", is_flag=True, help="Overwrite what symreg did not write, or what was edited since."),
        click.option("-o", "output", default="-", metavar="FILE", help="Where to write it.  [default: to print it]"),
    ):
        command = option(command)
    return command


def rule_options(command: Command) -> Command:
    """Add `--rule`, which may be repeated."""
    return click.option(
        "--rule",
        "rules",
        multiple=True,
        shell_complete=complete_rule,
        default=("gradient_descent",),
        metavar="RULE",
        help="Update rule: a name or a file.toml; may be repeated.  [default: gradient_descent]",
    )(command)


class _Target(click.Choice):  # type: ignore[type-arg]  # click before 8.2 has no Choice[str] to write here
    """A choice of targets that says what to do where another language was meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value not in self.choices:
            raise click.UsageError(no_target(str(value)), ctx)
        return super().convert(value, param, ctx)


def target_option(default: str) -> Callable[[Command], Command]:
    """Return what adds `--target`: a target's name, or `all`."""
    return click.option(
        "--target", type=_Target([*TARGETS, "all"]), default=default, show_default=True, help="Language emitted."
    )


def targets_named(target: str) -> tuple[str, ...]:
    """Return the targets that a value of `--target` stands for."""
    return tuple(TARGETS) if target == "all" else (target,)


def rtol_option(default: str) -> Callable[[Command], Command]:
    """Return what adds `--rtol`, whose help names a default."""
    return click.option(
        "--rtol",
        type=click.FloatRange(min=0, max=1),
        help=f"Relative error allowed besides.  [default: {default}]",
    )


def objective_text(objective: str) -> str:
    """Return an objective as it was given, or what standard input holds for `-`."""
    return console.read_all() if objective == "-" else objective


def refuse_together(**given: bool) -> None:
    """Refuse more than one of the options that exclude each other."""
    options = [option for option, is_given in given.items() if is_given]
    if len(options) > 1:
        raise click.UsageError(f"{options[0]} and {options[1]} exclude each other", click.get_current_context())


def refuse_without_objective(**given: bool) -> None:
    """Refuse options on an objective where there is none."""
    options = [option for option, is_given in given.items() if is_given]
    if options:
        raise click.UsageError(f"{options[0]} goes with --objective", click.get_current_context())


def parsed_settings(rows: tuple[str, ...], *, has_elements: bool = False) -> dict[str, Any]:
    """Return the numbers of `NAME=VALUE` rows by name; in brackets there may be an element for each weight."""
    from symreg.language.intervals import parse_number
    from symreg.model.names import mentioned

    settings: dict[str, float] = {}
    for row in rows:
        name, _, value = (part.strip() for part in row.partition("="))
        try:
            is_listed = has_elements and value[:1] == "[" and value[-1:] == "]"
            number: Any = [*map(parse_number, value[1:-1].split(","))] if is_listed else parse_number(value)
        except SymregError:
            name = ""
        if not name:
            raise click.UsageError(f"{mentioned(row, '--set')}: write a name and a number, as in lam=0.3")
        if name in settings:
            raise click.UsageError(f"{mentioned(row, '--set')}: {name} is set twice")
        settings[name] = number
    return settings


def parsed_range(text: str | None) -> tuple[float, float] | None:
    """Return the two numbers of `LEAST,GREATEST`; None where there is no text."""
    from symreg.language.intervals import parse_number
    from symreg.model.names import mentioned

    if text is None:
        return None
    try:
        least, greatest = map(parse_number, text.split(","))
    except (SymregError, ValueError):
        raise click.UsageError(f"{mentioned(text, '--range')}: write two sizes, as in 1e-6,1e6") from None
    return least, greatest
