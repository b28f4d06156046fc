"""`symreg list` and `symreg show`: the catalogue's names and spec files, the targets, the language's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from symreg.cli import console
from symreg.cli.options import debug
from symreg.targets.emit import TARGETS


@click.command("list")
@click.argument("kind", required=False, type=click.Choice(["penalties", "rules", "targets", "functions"]))
@debug
def list_(kind: str | None) -> None:
    """List what there is: penalties, rules, targets and functions, or one of them."""
    console.put(listing(kind))


@click.command()
@click.argument("name")
@debug
def show(name: str) -> None:
    """Print the spec file of a penalty or a rule."""
    from symreg.catalogue import source_text

    console.put(source_text(name))


def listing(kind: str | None) -> str:
    """Return the names of one kind with a line on each, or all kinds under headings."""
    if kind is not None:
        return _table(_KINDS[kind]())
    return "\n".join(f"{name}\n{_table(rows(), indent='  ')}" for name, rows in _KINDS.items())


def _penalties() -> Iterable[tuple[str, str]]:
    from symreg import catalogue

    return ((name, catalogue.penalty(name).title) for name in catalogue.penalties())


def _rules() -> Iterable[tuple[str, str]]:
    from symreg import catalogue

    return ((name, catalogue.rule(name).title) for name in catalogue.rules())


def _functions() -> Iterable[tuple[str, str]]:
    from symreg.expressions.functions import FUNCTIONS, RULE_FUNCTIONS

    return ((function.name, function.doc) for function in (FUNCTIONS | RULE_FUNCTIONS).values())


_KINDS: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
    "penalties": _penalties,
    "rules": _rules,
    "targets": lambda: ((name, target.doc) for name, target in TARGETS.items()),
    "functions": _functions,
}


def _table(rows: Iterable[tuple[str, str]], indent: str = "") -> str:
    lines = list(rows)
    width = max((len(name) for name, _ in lines), default=0)
    return "".join(f"{indent}{name:<{width}}  {title}".rstrip() + "\n" for name, title in lines)
