"""Derivations as LaTeX: pdflatex compiles them with what Debian's texlive-latex-recommended has, without a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from test_reading import CHAINS, HOSTILE, MONSTERS, chain, chain_of, trees
from typesetting import assert_clean

from symreg import catalogue
from symreg.calculus.differentiation.step import Step
from symreg.derivation.model import GradientDerivation
from symreg.expressions.tree import Call, Name, Tree
from symreg.presentation import Derivation
from symreg.presentation.mathematics.notation import is_symbol

needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")

COMMANDS = frozenset(
    re.findall(
        r"\\[A-Za-z]+",
        r"""
        \frac \partial \sum \lambda \eta \cdot \times \log \sin \cos \tan \sinh \cosh \tanh \exp \min \max \arctan \pi
        \infty \text \operatorname \mathrm \lvert \rvert \lVert \rVert \sqrt \le \ge \neg \left \right \begin \end
        \hspace \displaystyle \quad \qquad \enspace \leftarrow \bigl \bigr \Bigl \Bigr \biggl \biggr \Biggl \Biggr
        """,
    )
)


def together(made: list[GradientDerivation]) -> str:
    """Return one document with the bodies of many, one after the other."""
    documents = [Derivation(one).latex() for one in made]
    begin, end = "\\begin{document}\n", "\\end{document}\n"
    head = documents[0].split(begin)[0]
    bodies = [document.split(begin)[1].removesuffix(end) for document in documents]
    return head + begin + "\n\\clearpage\n".join(bodies) + end


@needs_pdflatex
@pytest.mark.parametrize("name", ["l2", "mcp", "first_difference"])
def test_a_derivation_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    assert_clean(Derivation(chain_of(name)).latex(), tmp_path)


@needs_pdflatex
def test_no_line_of_a_monster_runs_over_the_margin(tmp_path: Path) -> None:
    made = [chain(tree) for tree in MONSTERS.values()]
    made += [formal(tree) for tree in MONSTERS.values()]
    assert_clean(together(made), tmp_path)


def formal(tree: Tree) -> GradientDerivation:
    """Return a chain whose long formula stands on the left of an equation and under a derivative."""
    steps = (Step(rule="constant factor", before=Call("d", (tree,)), after=tree),)
    return chain(Name("lam"), steps=steps)


@needs_pdflatex
def test_user_text_compiles_to_what_it_says(tmp_path: Path) -> None:
    assert_clean(together([chain(Name("lam"), title=t, rule_title=t, notes=(t,)) for t in HOSTILE]), tmp_path)
    if shutil.which("pdftotext") is None:
        return
    shown = subprocess.run(["pdftotext", "-raw", "derivation.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    assert "\\input{/etc/passwd} \\end{document} $x" in shown.stdout.decode().replace("\n", " ")


@needs_pdflatex
@pytest.mark.sweep
@pytest.mark.parametrize("rule", catalogue.rules())
def test_the_whole_catalogue_compiles_without_a_warning(rule: str, tmp_path: Path) -> None:
    assert_clean(together([chain_of(name, rule) for name in catalogue.penalties()]), tmp_path)


@needs_pdflatex
@pytest.mark.sweep
def test_drawn_formulas_stay_within_the_margins(tmp_path: Path) -> None:
    drawn: list[Tree] = []

    @given(trees(depth=6))
    @settings(max_examples=150)
    def draw(tree: Tree) -> None:
        drawn.append(tree)

    draw()
    steps = tuple(Step(rule="drawn", before=tree, after=tree) for tree in dict.fromkeys(drawn))
    assert len(steps) > 300
    assert_clean(Derivation(chain(Name("lam"), steps=steps)).latex(), tmp_path)


def test_a_document_says_how_to_make_it_again() -> None:
    assert (
        "% Regenerate: symreg derive l2 --rule gradient_descent --format latex\n" in Derivation(chain_of("l2")).latex()
    )


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", CHAINS)
def test_a_document_is_balanced_and_holds_only_known_commands(name: str) -> None:
    made = CHAINS[name]()
    latex = Derivation(made).latex()
    assert latex.isascii() and latex.replace("\n", "").isprintable()
    bare = latex.replace(r"\\", " ").replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
    assert latex.count(r"\begin{") == latex.count(r"\end{")
    for display in re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", latex, re.DOTALL):
        unknown = set(re.findall(r"\\[A-Za-z]+", display)) - COMMANDS
        assert all(map(is_symbol, unknown)), unknown
