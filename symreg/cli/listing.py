"""What `symreg list` prints: the catalogue's names and titles, the targets, the language's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from symreg import catalogue
from symreg.expressions.functions import FUNCTIONS, RULE_FUNCTIONS
from symreg.targets.emit import TARGETS

_KINDS: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
    "penalties": lambda: ((name, catalogue.penalty(name).title) for name in catalogue.penalties()),
    "rules": lambda: ((name, catalogue.rule(name).title) for name in catalogue.rules()),
    "targets": lambda: ((name, target.doc) for name, target in TARGETS.items()),
    "functions": lambda: ((row.name, row.doc) for row in (FUNCTIONS | RULE_FUNCTIONS).values()),
}


def listing(kind: str | None) -> str:
    """Return the names of one kind with a line on each, or all kinds under headings."""
    if kind is not None:
        return _table(_KINDS[kind]())
    return "\n".join(f"{name}\n{_table(rows(), indent='  ')}" for name, rows in _KINDS.items())


def _table(rows: Iterable[tuple[str, str]], indent: str = "") -> str:
    made = list(rows)
    width = max((len(name) for name, _ in made), default=0)
    return "".join(f"{indent}{name:<{width}}  {title}".rstrip() + "\n" for name, title in made)
