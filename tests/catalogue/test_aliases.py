"""Other names of penalties, losses and rules: each stands for one thing, and what is called otherwise is said."""

from __future__ import annotations

from collections import Counter

import pytest

from symreg import catalogue
from symreg.errors import SpecError, SymregError, UnknownName
from symreg.language.specs.toml import read_penalty, read_rule
from symreg.model.names import RESERVED
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

PENALTIES = {alias: name for name in catalogue.penalties() for alias in catalogue.penalty(name).aliases}
LOSSES = {alias: name for name in catalogue.losses() for alias in catalogue.loss(name).aliases}
RULES = {alias: name for name in catalogue.rules() for alias in catalogue.rule(name).aliases}


def test_a_name_means_one_thing() -> None:
    names = (*catalogue.penalties(), *catalogue.losses(), *catalogue.rules())
    counts = Counter((*names, *PENALTIES, *LOSSES, *RULES))
    assert [name for name, count in counts.items() if count > 1] == []
    assert len(PENALTIES) >= 20 and len(RULES) >= 5 and len(LOSSES) >= 25
    assert not RESERVED & (PENALTIES.keys() | LOSSES.keys() | RULES.keys())


@pytest.mark.parametrize("alias", PENALTIES)
def test_an_alias_is_the_penalty(alias: str) -> None:
    assert catalogue.penalty(alias) is catalogue.penalty(alias)
    assert catalogue.penalty(alias) == catalogue.penalty(PENALTIES[alias])
    assert resolve(f"2*{alias}").terms == resolve(f"2*{PENALTIES[alias]}").terms
    assert catalogue.source_text(alias) == catalogue.source_text(PENALTIES[alias])


def test_an_alias_takes_arguments() -> None:
    assert resolve("lasso(lam=mu) + 0.5*ridge(lam=2)").terms == resolve("l1(lam=mu) + 0.5*l2(lam=2)").terms
    assert resolve("ridge*abs(w)").terms.names == ["ridge"]  # in an expression it is a parameter, as any other name


@pytest.mark.parametrize("alias", RULES)
def test_an_alias_is_the_rule(alias: str) -> None:
    assert resolve_rule(alias) == catalogue.rule(RULES[alias])


@pytest.mark.parametrize("alias", LOSSES)
def test_an_alias_is_the_loss(alias: str) -> None:
    assert catalogue.loss(alias) == catalogue.loss(LOSSES[alias])
    assert catalogue.source_text(alias) == catalogue.source_text(LOSSES[alias])


def test_what_is_no_loss_is_said() -> None:
    for name, message in {
        "l1": "no loss is called 'l1'; it is a penalty, an addend beside the loss",
        "adam": "no loss is called 'adam'; it is a rule: name it with --rule adam beside an objective",
        "logistc": "no loss is called 'logistc'; did you mean 'logistic'?",
        "smooth_l1_loss": "no loss is called 'smooth_l1_loss'; with beta = 1 it is huber_loss",
        "qqq": "no loss is called 'qqq'; 'symreg list losses' names those that there are",
    }.items():
        with pytest.raises(UnknownName) as caught:
            catalogue.loss(name)
        assert message in str(caught.value)
    with pytest.raises(UnknownName, match=r"no penalty is called 'hinge'; it is a loss: write mean\(hinge\)"):
        catalogue.penalty("hinge")


MEANT = {
    "adam": "no penalty is called 'adam'; it is a rule: name it with --rule adam beside a penalty",
    "l1 + sgd": "no penalty is called 'sgd'; it is a rule: name it with --rule sgd beside a penalty",
    "adma": "no penalty is called 'adma'; did you mean the rule 'adam'?",
    "laso": "no penalty is called 'laso'; did you mean 'lasso'?",
    "l0": "no penalty is called 'l0'; it jumps at 0 and has no derivative",
}


@pytest.mark.parametrize(("text", "message"), MEANT.items())
def test_what_is_no_penalty_is_said(text: str, message: str) -> None:
    with pytest.raises(SymregError) as caught:
        resolve(text)
    assert message in str(caught.value)


def test_what_is_no_rule_is_said() -> None:
    for name, message in {
        "l1": "no rule is called 'l1'; it is a penalty, and stands where the objective does",
        "lasso": "no rule is called 'lasso'; it is a penalty",
        "adm": "no rule is called 'adm'; did you mean 'adam'?",
        "qqq": "no rule is called 'qqq'; 'symreg list rules' names those that there are",
    }.items():
        with pytest.raises(UnknownName) as caught:
            resolve_rule(name)
        assert message in str(caught.value)


def test_what_is_proposed_instead_can_be_read() -> None:
    for text in (
        "mcp(gamma=1)",
        "l1 + difference(l1(lam=mu))",
        "l1 + group(l1(lam=mu))",
        "group(l1)",
        "lam*(1 - exp(-abs(w)/gamma))",
    ):
        assert resolve(text).terms.terms
    smooth_l1 = resolve("lam*where(abs(w) <= beta, w**2/(2*beta), abs(w) - beta/2)")
    assert smooth_l1.terms.names == ["lam", "beta"]


SPEC = '[penalty]\nname = "mine"\naliases = {}\nexpr = "abs(w)"\n'
RULE = '[rule]\nname = "mine"\naliases = ["ours"]\nsteps = ["w = w - lr*g"]\n[params.lr]\n'


def test_a_file_of_ones_own_may_have_aliases() -> None:
    assert read_penalty(SPEC.format('["ours", "theirs"]'), "my.toml").aliases == ("ours", "theirs")
    assert read_rule(RULE, "my.toml").aliases == ("ours",)
    for value, message in {
        '"ours"': '[penalty] aliases: write a list of names, such as ["lasso"]',
        "[1]": "[penalty] aliases: write a list of names",
        '["mine"]': "[penalty] aliases: 'mine' is a name of it already",
        '["a", "a"]': "[penalty] aliases: 'a' is a name of it already",
        '["a b"]': "[penalty] alias 'a b': write a letter",
        '["exp"]': "the name is reserved",
    }.items():
        with pytest.raises(SpecError) as caught:
            read_penalty(SPEC.format(value), "my.toml")
        assert message in str(caught.value)


def test_a_rule_s_file_is_no_penalty_and_the_reverse() -> None:
    with pytest.raises(SpecError, match=r"it holds a \[rule\], not a \[penalty\]; name it with --rule my.toml"):
        read_penalty(RULE, "my.toml")
    with pytest.raises(SpecError, match=r"it holds a \[penalty\], not a \[rule\]; it stands where the obj"):
        read_rule(SPEC.format("[]"), "my.toml")
