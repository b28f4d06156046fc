"""`symreg list` and `symreg show`: what there is by name, and one objective or rule on one screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from symreg.cli import console
from symreg.cli.child import run_task
from symreg.cli.options import common_options, complete_name, debug, domain_option, objective_text
from symreg.cli.outcomes import tell_notes
from symreg.targets.emit import TARGETS

if TYPE_CHECKING:
    from symreg.model.loss import Loss
    from symreg.model.spec import Penalty, Rule


@click.command("list")
@click.argument("kind", required=False, type=click.Choice(["penalties", "losses", "rules", "targets", "functions"]))
@debug
def list_(kind: str | None) -> None:
    """List what there is: penalties, losses, rules, targets and functions, or one of them."""
    console.put(listing(kind))


@click.command()
@click.argument("objective", shell_complete=complete_name)
@click.option("--spec", "is_spec", is_flag=True, help="Print a penalty's, loss's or rule's spec file, as it stands.")
@domain_option
@common_options
def show(objective: str, is_spec: bool, domain: str | None, parameters: tuple[str, ...], timeout: float | None) -> None:
    """Show OBJECTIVE, a loss, or a rule, on one screen.

    Of an objective: its formula, derivative and proximal operator, the claims that matter, and what to ask next.
    """
    if is_spec:
        from symreg.catalogue import source_text

        for option, is_given in {"--param": parameters, "--domain": domain}.items():
            if is_given:
                raise click.UsageError(
                    f"--spec prints a file as it stands; leave out {option}", click.get_current_context()
                )
        console.put(source_text(objective))
        return
    overview = run_task(
        "write_overview",
        timeout=timeout,
        subject=objective_text(objective),
        parameters=parameters,
        domain=domain,
    )
    tell_notes(overview.notes)
    console.put(overview.text)


def listing(kind: str | None) -> str:
    """Return the names of one kind with a line on each, or all kinds under headings."""
    if kind is not None:
        return _table(_KINDS[kind]())
    return "\n".join(f"{name}\n{_table(rows(), indent='  ')}" for name, rows in _KINDS.items())


def _penalties() -> Iterable[tuple[str, str]]:
    from symreg import catalogue

    return ((name, _described(catalogue.penalty(name))) for name in catalogue.penalties())


def _losses() -> Iterable[tuple[str, str]]:
    from symreg import catalogue

    return ((name, _described(catalogue.loss(name))) for name in catalogue.losses())


def _rules() -> Iterable[tuple[str, str]]:
    from symreg import catalogue

    return ((name, _described(catalogue.rule(name))) for name in catalogue.rules())


def _described(spec: Penalty | Loss | Rule) -> str:
    """Return a title, and the other names that stand for the same."""
    return f"{spec.title}; also {', '.join(spec.aliases)}" if spec.aliases else spec.title


def _functions() -> Iterable[tuple[str, str]]:
    from symreg.expressions.functions import FUNCTIONS, RULE_FUNCTIONS

    return ((function.name, function.doc) for function in (FUNCTIONS | RULE_FUNCTIONS).values())


_KINDS: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
    "penalties": _penalties,
    "losses": _losses,
    "rules": _rules,
    "targets": lambda: ((name, target.doc) for name, target in TARGETS.items()),
    "functions": _functions,
}


def _table(rows: Iterable[tuple[str, str]], indent: str = "") -> str:
    lines = list(rows)
    width = max((len(name) for name, _ in lines), default=0)
    return "".join(f"{indent}{name:<{width}}  {title}".rstrip() + "\n" for name, title in lines)
