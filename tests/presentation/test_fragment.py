"""Derivations for a paper: amsmath is enough, each line fits the column, and every result can be referred to."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from derived import chain_of
from typesetting import compiled

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.derivation.model import ProximalDerivation
from symreg.derivation.proximal.derive import derive_prox
from symreg.errors import Intractable, SpecError
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation
from symreg.presentation.display import in_title
from symreg.presentation.escaping import escape_bare

needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")

OWN = {
    "mine": "lam*log(1 + w**2/eps)",
    "ratio": "lam*abs(w)/(1 + abs(w)/theta)",
    "two": "mu_1*w**2 + mu_2*abs(w)",
    "curve": "lam*sum((w[i+1] - 2*w[i] + w[i-1])**2, i)",
    "laplace": "kappa*(1 - exp(-abs(w)/sigma))",
}
SAMPLE = ("l1", "mcp", "first_difference")


@cache
def operator_of(text: str) -> ProximalDerivation | None:
    try:
        return derive_prox(resolve(text))
    except Intractable:
        return None


@cache
def derivation(name: str) -> Derivation:
    """Return all that is derived of a penalty, with two rules."""
    chain, other = chain_of(name), chain_of(name, "adam")
    return Derivation(chain, (other,), operator_of(name))


def paper(fragments: dict[str, str], columns: str = "twocolumn") -> str:
    """Return a paper that reads fragments and refers to each of their labels."""
    labels = [label for text in fragments.values() for label in re.findall(r"\\label\{([^}]*)\}", text)]
    assert len(set(labels)) == len(labels)
    body = "\n".join([*fragments.values(), *(f"See \\eqref{{{label}}}." for label in labels)])
    head = f"\\documentclass[{columns}]{{article}}\n\\usepackage{{amsmath}}\n\\begin{{document}}\n"
    return f"{head}{body}\n\\end{{document}}\n"


def assert_fits(fragments: dict[str, str], folder: Path, columns: str = "twocolumn") -> None:
    compiled(paper(fragments, columns), folder, "paper")
    log = compiled(paper(fragments, columns), folder, "paper")
    assert not re.findall(r"^(?:Overfull .*|! .*|.*undefined.*|.*multiply.*)$", log, re.MULTILINE)


@needs_pdflatex
def test_a_fragment_fits_a_column(tmp_path: Path) -> None:
    assert_fits({name: derivation(name).fragment() for name in SAMPLE}, tmp_path)


@needs_pdflatex
@pytest.mark.sweep
def test_every_fragment_fits_a_column(tmp_path: Path) -> None:
    assert_fits({name: derivation(name).fragment() for name in catalogue.penalties()}, tmp_path)
    rule = resolve_rule("gradient_descent")
    own = {name: Derivation(derive(resolve(text, name=name), rule)).fragment() for name, text in OWN.items()}
    assert_fits(own, tmp_path)


def test_a_fragment_has_labels_and_no_preamble() -> None:
    text = derivation("mcp").fragment()
    labels = re.findall(r"\\label\{eq:mcp-([^}]*)\}", text)
    assert labels == ["penalty", "gradient", "update", "adam-update", "prox", "prox-2", "envelope", "envelope-2"]
    commands = set(re.findall(r"\\[A-Za-z]+", text))
    defining = {r"\documentclass", r"\usepackage", r"\newcommand", r"\def", r"\section", r"\begin{document}", r"\ascii"}
    assert not commands & defining
    assert all(f"%   eq:mcp-{label}\n" in text for label in labels)
    assert text.isascii() and text.count(r"\begin{") == text.count(r"\end{")
    assert "% Regenerate: symreg derive mcp --rule gradient_descent --rule adam --prox --format latex" in text


def test_a_number_in_a_title_is_mathematics() -> None:
    shown = in_title("Log & sum with lam = 0.3, a = 1/3, eps_2 = -2", escape_bare, "${}$")
    assert shown == r"Log \& sum with $\lambda = 0.3$, $a = 1/3$, $\varepsilon_2 = -2$"
    assert in_title("x = 3 apples of x1 = 2.y", escape_bare, "${}$") == r"$x = 3$ apples of x1 = 2.y"


def test_a_gradient_is_one_numbered_equation() -> None:
    text = derivation("l2").fragment("88mm")
    numbered = re.search(r"\\begin\{align\}\n(.*?)\\label\{eq:l2-gradient\}", text, re.DOTALL)
    assert numbered is not None and r"\frac{\partial R}{\partial w_j} & = 2 \lambda w_j" in numbered[1]


def test_sources_are_cited_by_the_keys_of_their_entries() -> None:
    made = derivation("l1")
    keys = re.findall(r"\\cite(?:\[.*?\])?\{([^}]*)\}", made.fragment(cites=True))
    assert sorted(set(keys)) == sorted(made.bibtex()) and len(keys) == 3
    assert r"\cite" not in made.fragment() and "Tibshirani (1996)" in made.fragment()


@pytest.mark.parametrize("width", ["", "wide", "10", "-3cm", "1e9pt", "3 feet", "119pt", "inf"])
def test_a_width_that_is_none_is_refused(width: str) -> None:
    with pytest.raises(SpecError, match="write a length"):
        derivation("l2").fragment(width)


def test_a_wider_column_takes_fewer_lines() -> None:
    lines = [derivation("mcp").fragment(width).count(r"\\") for width in ("200pt", "3.5in", "16cm")]
    assert lines == sorted(lines, reverse=True) and lines[0] > lines[2]


def test_another_rule_adds_its_step_alone() -> None:
    text = derivation("l2").text()
    with_adam = text[text.index("With adam") :]
    assert "collect" in text and "power rule" in text and "power rule" not in with_adam
    assert "m_j <- beta1*m_j + (1 - beta1)*(g_j + dR/dw_j)" in with_adam
    assert "symreg verify l2 --rule gradient_descent --rule adam" in with_adam
