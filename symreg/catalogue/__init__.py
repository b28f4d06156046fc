"""The catalogue: the penalties, losses and rules that symreg knows by name, each a spec file in the users' language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from symreg.errors import UnknownName
from symreg.language.specs.toml import read_loss, read_penalty, read_rule
from symreg.model.loss import Loss
from symreg.model.names import did_you_mean, mentioned, nearest
from symreg.model.spec import Penalty, Rule

_NOT_HERE = {
    "l0": "it jumps at 0 and has no derivative; near it are capped_l1, mcp, log_sum and l_half",
    "laplace": "as a prior it is l1; the penalty is lam*(1 - exp(-abs(w)/gamma))",
    "gaussian": "as a prior it is l2; lam*(1 - exp(-(w/c)**2)) is welsch",
    "l2_loss": "it is called squared_error, and halved half_squared_error",
    "least_squares": "it is called squared_error, and halved half_squared_error",
    "smooth_l1_loss": "with beta = 1 it is huber_loss; write where(abs(z - y) <= beta, (z - y)**2/(2*beta), "
    "abs(z - y) - beta/2)",
    "smooth_l1": "write lam*where(abs(w) <= beta, w**2/(2*beta), abs(w) - beta/2)",
    "hard_threshold": "the penalty with this operator, for step 1, is mcp(gamma=1)",
    "soft_threshold": "the penalty with this operator is l1",
    "firm_threshold": "the penalty with this operator is mcp",
    "group_lasso": "write group(l1); of one group it is l2_norm",
    "fused_lasso": "write l1 + difference(l1(lam=mu))",
    "sparse_group_lasso": "write l1 + group(l1(lam=mu)); of one group it is l1 + l2_norm(lam=mu)",
}
"""What to write for names that people know and nothing here has."""


@cache
def penalties() -> tuple[str, ...]:
    """Return the names of all penalties, sorted."""
    return _stems("penalties")


@cache
def losses() -> tuple[str, ...]:
    """Return the names of all losses, sorted."""
    return _stems("losses")


@cache
def rules() -> tuple[str, ...]:
    """Return the names of all update rules, sorted."""
    return _stems("rules")


@cache
def penalty(name: str) -> Penalty:
    """Return the penalty of that name, or with that alias.

    Raises:
        UnknownName: There is none; names the nearest.
    """
    found = penalty_name(name)
    if found is None:
        raise UnknownName(f"{mentioned(name, 'no penalty is called')}{what_else_penalty(name)}")
    return read_penalty(_text("penalties", found), f"{found}.toml")


@cache
def loss(name: str) -> Loss:
    """Return the loss of that name, or with that alias.

    Raises:
        UnknownName: There is none; names the nearest.
    """
    found = loss_name(name)
    if found is None:
        raise UnknownName(f"{mentioned(name, 'no loss is called')}{what_else_loss(name)}")
    return read_loss(_text("losses", found), f"{found}.toml")


@cache
def rule(name: str) -> Rule:
    """Return the update rule of that name, or with that alias.

    Raises:
        UnknownName: There is none; names the nearest.
    """
    found = rule_name(name)
    if found is None:
        raise UnknownName(f"{mentioned(name, 'no rule is called')}{what_else_rule(name)}")
    return read_rule(_text("rules", found), f"{found}.toml")


def penalty_name(name: str) -> str | None:
    """Return the name of the penalty that is called so, by its name or an alias; None where there is none."""
    return name if name in penalties() else _aliases_of_penalties().get(name)


def loss_name(name: str) -> str | None:
    """Return the name of the loss that is called so, by its name or an alias; None where there is none."""
    return name if name in losses() else _aliases_of_losses().get(name)


def rule_name(name: str) -> str | None:
    """Return the name of the rule that is called so, by its name or an alias; None where there is none."""
    return name if name in rules() else _aliases_of_rules().get(name)


def what_else_penalty(name: str) -> str:
    """Return what may have been meant by a name that no penalty has, for the end of a message; "" for nothing."""
    if rule_name(name):
        return f"; it is a rule: name it with --rule {name} beside a penalty, in Python with rule="
    if loss_name(name):
        return f"; it is a loss: write mean({name})"
    if name in _NOT_HERE:
        return f"; {_NOT_HERE[name]}"
    near = did_you_mean(name[:40], (*penalties(), *_aliases_of_penalties()))
    near_loss = "" if near else nearest(name[:40], (*losses(), *_aliases_of_losses()))
    near_rule = "" if near or near_loss else nearest(name[:40], (*rules(), *_aliases_of_rules()))
    if near_loss:
        return f"; did you mean the loss '{near_loss}'?"
    return f"; did you mean the rule '{near_rule}'?" if near_rule else near


def what_else_loss(name: str) -> str:
    """Return what may have been meant by a name that no loss has, likewise."""
    if penalty_name(name):
        return "; it is a penalty, an addend beside the loss"
    if rule_name(name):
        return f"; it is a rule: name it with --rule {name} beside an objective, in Python with rule="
    if name in _NOT_HERE:
        return f"; {_NOT_HERE[name]}"
    near = did_you_mean(name[:40], (*losses(), *_aliases_of_losses()))
    return near or "; 'symreg list losses' names those that there are"


def what_else_rule(name: str) -> str:
    """Return what may have been meant by a name that no rule has, likewise."""
    if penalty_name(name):
        return "; it is a penalty, and stands where the objective does"
    if loss_name(name):
        return "; it is a loss, and stands in the objective"
    near = did_you_mean(name[:40], (*rules(), *_aliases_of_rules()))
    return near or "; 'symreg list rules' names those that there are"


@cache
def _aliases_of_penalties() -> dict[str, str]:
    return _aliases("penalties", "penalty", penalties())


@cache
def _aliases_of_losses() -> dict[str, str]:
    return _aliases("losses", "loss", losses())


@cache
def _aliases_of_rules() -> dict[str, str]:
    return _aliases("rules", "rule", rules())


def _aliases(folder: str, table: str, names: tuple[str, ...]) -> dict[str, str]:
    """Return the names by their aliases; the spec files are not read further, which would take ten times as long."""
    specs = {name: tomllib.loads(_text(folder, name))[table] for name in names}
    return {alias: name for name, spec in specs.items() for alias in spec.get("aliases", ())}


def source_text(name: str) -> str:
    """Return the spec file of a penalty, a loss or a rule, as it stands.

    Raises:
        UnknownName: Nothing has that name; names the nearest that has.
    """
    for folder, name_of in (("penalties", penalty_name), ("losses", loss_name), ("rules", rule_name)):
        found = name_of(name)
        if found is not None:
            return _text(folder, found)
    aliases = (*_aliases_of_penalties(), *_aliases_of_losses(), *_aliases_of_rules())
    known = (*rules(), *losses(), *penalties(), *aliases)
    raise UnknownName(f"{mentioned(name, 'no penalty, loss or rule is called')}{did_you_mean(name[:40], known)}")


def _stems(folder: str) -> tuple[str, ...]:
    file_names = (path.name for path in _folder(folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in file_names if name.endswith(".toml")))


def _text(folder: str, name: str) -> str:
    return _folder(folder).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def _folder(name: str) -> Traversable:
    return files("symreg.catalogue").joinpath(name)
