"""Verdicts in four formats: conditions, constants and witnesses are mathematics, in the user's letters."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from typesetting import assert_clean

from symreg.claims.decide import properties
from symreg.objectives.resolve import resolve
from symreg.presentation import Properties

SAMPLE = ("l1", "mcp", "l1(lam=rho) + l2(lam=mu)", "first_difference", "log_barrier")
ASCII = re.compile(r"\b(?:lam|gamma|phi|inf)\b|\*\*|<=|>=|'\(")
"""What only text has."""


@cache
def verdicts(text: str) -> Properties:
    return Properties(properties(resolve(text)))


@pytest.mark.parametrize("text", SAMPLE)
def test_latex_has_no_formula_in_ascii(text: str) -> None:
    body = verdicts(text).latex().split(r"\medskip")[1]
    outside = re.sub(r"\$[^$]*\$|\\begin\{align\*\}.*?\\end\{align\*\}", "", body, flags=re.DOTALL)
    assert not ASCII.search(outside.replace("infimum", "").replace("step size", "")), ASCII.findall(outside)
    assert body.count("$") % 2 == 0


@pytest.mark.parametrize("text", SAMPLE)
def test_markdown_has_no_formula_in_ascii(text: str) -> None:
    outside = re.sub(r"\$`[^`]*`\$", "", verdicts(text).markdown().split("\n", 1)[1])
    assert not ASCII.search(outside.replace("&lt;", "<").replace("&gt;", ">"))


def test_a_condition_and_a_threshold_are_mathematics() -> None:
    latex = verdicts("mcp").latex()
    assert r"\textit{conditional}; iff $s < \gamma$" in latex
    assert r"threshold = $\lambda$" in latex and r"$\rho = 1/\gamma$" in latex
    assert r"for all $\lambda > 0$, $\gamma > 0$ and all real $w$" in latex
    assert r"for all $\lambda > 0$ and $w > 0$" in verdicts("log_barrier").latex()


def test_a_constant_has_no_letter_of_a_parameter() -> None:
    made = verdicts("l1(lam=rho) + l2(lam=mu)")
    assert "with the constant 2*mu" in made.text() and "mu = 2*mu" not in made.text()
    assert r"with the constant $2 \mu$" in made.latex()
    assert r"$\varphi(w) - c w^2/2$ is convex for some $c > 0$" in made.latex()


@pytest.mark.parametrize("text", SAMPLE)
def test_text_is_printable_and_no_line_is_wider_than_80(text: str) -> None:
    lines = verdicts(text).text().splitlines()
    assert all(line.isascii() and line.isprintable() and len(line) <= 80 for line in lines)


@pytest.mark.parametrize("text", SAMPLE)
def test_data_has_notes_as_text(text: str) -> None:
    for verdict in json.loads(verdicts(text).to_json())["verdicts"]:
        assert isinstance(verdict["note"], str) and "()" not in verdict["note"] and "dphi" not in verdict["note"]
        assert verdict["witness"] is None or verdict["witness"]["meaning"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_verdicts_compile_without_a_warning(tmp_path: Path) -> None:
    for text in ("mcp", "first_difference"):
        assert_clean(verdicts(text).latex(), tmp_path)
