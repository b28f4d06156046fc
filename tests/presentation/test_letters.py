"""The letters of a formula are the user's, in every format, and no two parameters have one symbol."""

from __future__ import annotations

import pytest
from derived import chain_of

from symreg import catalogue
from symreg.expressions.tree import Item, Subscript
from symreg.model.clashes import told_apart
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation
from symreg.presentation.mathematics.latex import formula
from symreg.presentation.mathematics.notation import Notation, notation_of


def symbols_of(objective: str, rule: str | None = None) -> dict[str, str]:
    """Return the symbol of each name, in an objective and in a rule's step with it."""
    terms = resolve(objective).terms
    notation, _ = notation_of(terms, None if rule is None else told_apart(resolve_rule(rule), terms))
    return notation.symbols


@pytest.mark.parametrize(
    ("objective", "symbols"),
    [
        ("l2(lam=sigma)", {"sigma": r"\sigma"}),
        ("l1(lam=a) + l2(lam=b)", {"a": "a", "b": "b"}),
        ("lam*abs(w) + mu*w**2", {"lam": r"\lambda", "mu": r"\mu"}),
        ("lam_1*abs(w) + alpha2*w**2", {"lam_1": r"\lambda_1", "alpha2": r"\alpha_2"}),
        ("mcp(gamma=weight_3)", {"lam": r"\lambda", "weight_3": r"\mathrm{weight}_3"}),
        ("tikhonov(A=Gamma)", {"lam": r"\lambda", "Gamma": r"\Gamma"}),
        ("kappa_max*w**2", {"kappa_max": r"\kappa_{\mathrm{max}}"}),
        ("my_own*w**2", {"my_own": r"\mathrm{my\_own}"}),
    ],
)
def test_a_letter_is_the_one_that_was_typed(objective: str, symbols: dict[str, str]) -> None:
    assert symbols_of(objective) == symbols


@pytest.mark.parametrize(
    ("objective", "rule", "name", "symbol"),
    [
        ("lam1*abs(w) + lam_1*w**2", None, "lam_1", r"\mathrm{lam\_1}"),
        ("l1 + l2(lam=lamb)", None, "lam", r"\mathrm{lam}"),
        ("eta*w**2", "gradient_descent", "lr", r"\mathrm{lr}"),
        ("log_sum", "adam", "adam_eps", r"\epsilon_{\mathrm{adam}}"),
        ("m*w**2", "adam", "adam_m", r"m_{\mathrm{adam}}"),
        ("j*w**2", None, "j", r"\mathrm{j}"),
        ("varphi*w**2", None, "varphi", r"\mathrm{varphi}"),
    ],
)
def test_a_symbol_that_is_taken_gives_way_to_the_name(objective: str, rule: str | None, name: str, symbol: str) -> None:
    shown = symbols_of(objective, rule)
    assert shown[name] == symbol
    assert len(set(shown.values())) == len(shown)


@pytest.mark.parametrize("rule", catalogue.rules())
def test_no_two_names_of_a_step_have_one_symbol(rule: str) -> None:
    for name in catalogue.penalties():
        symbols = list(symbols_of(name, rule).values())
        assert len(set(symbols)) == len(symbols) > 1, rule


def test_every_format_has_the_letter() -> None:
    made = Derivation(chain_of("l2(lam=sigma)"))
    assert "dR/dw_j = 2*sigma*w_j" in made.text()
    assert r"2 \sigma w_j" in made.latex() and r"2 \sigma w_j" in made.markdown()
    assert "lam" not in made.text().split("Check")[0] and r"\lambda" not in made.latex() + made.markdown()


def test_the_index_of_an_upright_name_stands_after_it() -> None:
    array = Item("grad_avg", (Subscript("j"),))
    assert formula(array, Notation()).flat == r"\mathrm{grad\_avg}_j"
    assert formula(Item("weight_1", (Subscript("i"),)), Notation()).flat == r"\mathrm{weight}_{1,i}"
