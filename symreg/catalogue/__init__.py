"""The catalogue: the penalties and rules that symreg knows by name, each a spec file in the users' language."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from symreg.errors import UnknownName
from symreg.language.toml import read_penalty, read_rule
from symreg.model.names import did_you_mean, mentioned
from symreg.model.spec import Penalty, Rule


@cache
def penalties() -> tuple[str, ...]:
    """Return the names of all penalties, sorted."""
    return _stems("penalties")


@cache
def rules() -> tuple[str, ...]:
    """Return the names of all update rules, sorted."""
    return _stems("rules")


@cache
def penalty(name: str) -> Penalty:
    """Return the penalty of that name.

    Raises:
        UnknownName: There is none; names the nearest.
    """
    return read_penalty(_text("penalties", name, penalties(), "penalty"), f"{name}.toml")


@cache
def rule(name: str) -> Rule:
    """Return the update rule of that name.

    Raises:
        UnknownName: There is none; names the nearest.
    """
    return read_rule(_text("rules", name, rules(), "rule"), f"{name}.toml")


def source_text(name: str) -> str:
    """Return the spec file of a penalty or a rule, as it stands.

    Raises:
        UnknownName: Nothing has that name; names the nearest that has.
    """
    if name in penalties():
        return _text("penalties", name, penalties(), "penalty")
    return _text("rules", name, (*rules(), *penalties()), "penalty or rule")


def _stems(folder: str) -> tuple[str, ...]:
    file_names = (path.name for path in _folder(folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in file_names if name.endswith(".toml")))


def _text(folder: str, name: str, known: tuple[str, ...], what: str) -> str:
    if name not in known:
        raise UnknownName(f"{mentioned(name, f'no {what} is called')}{did_you_mean(name[:40], known)}")
    return _folder(folder).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def _folder(name: str) -> Traversable:
    return files("symreg.catalogue").joinpath(name)
