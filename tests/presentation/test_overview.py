"""An objective or a rule on one screen: what is on it is what was derived, and it fits."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path

import pytest

from symreg import catalogue
from symreg.application.requests import read_objective
from symreg.application.tasks.documents import write_overview
from symreg.application.tasks.printed import PrintedText
from symreg.errors import SymregError
from symreg.objectives.rules import is_rule, resolve_rule

LINES = 40
"""Of a screen."""
SHOWN = {
    "l2": ["R(w) = sum_i lam*w_i^2", "dR/dw_j = 2*lam*w_j", "prox(v, s) = v/(1 + 2*lam*s)", "weight_decay of d"],
    "l1(lam=0.3) + l2": ["L1 norm (lasso) with lam = 0.3 + Squared L2", "0.3*|w_i| + lam*w_i^2", "threshold = 3/10"],
    "mcp": ["weakly convex              proved       rho = 1/gamma", "for s < gamma", "for s >= gamma"],
    "lam*log(1 + w**2/eps)": ["h = v*(9*eps", 'symreg generate "lam*log(1 + w**2/eps)" --target c'],
    "tv": ["total_variation - ", "operator    none is derived: a proximal operator is derived for sums over single"],
    "norm(w)": ["u = {", "(r = norm(v), u = norm(prox(v, s)); prox(v, s) points as v does)"],
    "lp(p=1.1)": ["prox(v, s) = argmin_u (s*phi(u) + (u - v)^2/2)", "(no closed form: emitted code searches"],
    "lam*abs(w)": ["penalty", "lam > 0 (default 1)"],
}


@cache
def shown(subject: str) -> PrintedText:
    return write_overview(lambda phase: None, subject=subject)


@pytest.mark.one_in(10)
@pytest.mark.parametrize("subject", SHOWN)
def test_an_objective_fits_on_a_screen(subject: str) -> None:
    text = shown(subject).text
    lines = text.splitlines()
    assert [part for part in SHOWN[subject] if part not in text] == []
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= 80
    assert text.isascii() and text.replace("\n", "").isprintable() and text.endswith("\n")
    commands = [shlex.split(line.removeprefix("next").strip()) for line in lines if "symreg " in line]
    assert [words[1] for words in commands][:1] == ["derive"]
    assert {words[1] for words in commands} == {"derive", "analyse", "generate", "verify"}
    assert all(read_objective(words[2]).terms == read_objective(subject).terms for words in commands)


def test_what_was_assumed_is_a_note_and_not_on_the_screen() -> None:
    assert [note.partition(";")[0] for note in shown("lam*abs(w)").notes] == ["lam is taken as positive"]
    assert "taken as positive" not in shown("lam*abs(w)").text


@pytest.mark.parametrize("name", catalogue.rules())
def test_a_rule_fits_on_a_screen(name: str) -> None:
    text, notes = shown(name)
    lines, rule = text.splitlines(), catalogue.rule(name)
    assert notes == ()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(name) and all(line.isprintable() for line in lines)
    assert text.count("<-") >= len(rule.steps)
    for parameter in rule.parameters:
        assert any(parameter.name in line and "default" in line for line in lines)
    commands = [shlex.split(line.removeprefix("next").strip()) for line in lines if "symreg " in line]
    assert len(commands) == 3
    assert all(resolve_rule(words[-1]) == rule for words in commands)


RULE = '[rule]\nname = "plain"\nsteps = ["w = w - lr*g"]\n[params.lr]\n'
PENALTY = '[penalty]\nname = "mine"\nexpr = "lam*w**2"\n[params.lam]\n'


def test_what_is_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.toml").write_text(RULE)
    (tmp_path / "mine.toml").write_text(PENALTY)
    for text in ("adam", "sgd", "plain.toml", RULE):
        assert is_rule(text)
    for text in ("l2", "ridge", "mine.toml", PENALTY, "adam*w**2", "nothere.toml", "", "l1 + adam"):
        assert not is_rule(text)
    assert "symreg derive l2 --rule plain.toml" in shown("plain.toml").text
    assert "symreg derive mine.toml" in shown("mine.toml").text
    with pytest.raises(SymregError, match=r"there is no file nothere\.toml"):
        shown("nothere.toml")
