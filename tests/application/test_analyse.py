"""Verdicts as they are read: the table, Markdown, LaTeX and JSON, from the command line and from Python."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from click.testing import CliRunner
from truths import CLAIMS

import symreg
from symreg.calculus.analysis import analyse
from symreg.claims.decide import properties
from symreg.claims.sentences import bounds_of_step, formula_of, prox_notes, step_notes, verdicts_on_step
from symreg.cli.group import symreg as command
from symreg.expressions.text import to_text
from symreg.expressions.tree import number
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Properties

TEXTS = ("mcp + l2(lam=mu)", "entropy", "lam*abs(w)**q", "first_difference", "tikhonov", "welsch")


@pytest.fixture(scope="module")
def made() -> dict[str, Properties]:
    return {text: Properties(properties(resolve(text))) for text in TEXTS}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("text", TEXTS)
def test_the_table_fits_a_terminal_and_names_every_claim(made: dict[str, Properties], text: str) -> None:
    table = made[text].text()
    assert table.isascii() and table.endswith("\n")
    assert max(map(len, table.splitlines())) <= 80
    rows = [line for line in table.splitlines() if re.match(r"\S.*  (proved|conditional|refuted|undecided)", line)]
    assert [re.split(r"\s{2,}", row)[0] for row in rows] == list(CLAIMS)
    counted = re.findall(r"(\d+) (proved|conditional|refuted|undecided)", table.splitlines()[-1])
    assert sum(int(count) for count, _ in counted) == len(CLAIMS)


def test_the_condition_of_a_sum_is_in_the_table(made: dict[str, Properties]) -> None:
    table = made["mcp + l2(lam=mu)"].text()
    assert re.search(r"^convex +conditional +iff 2\*gamma\*mu >= 1$", table, re.MULTILINE)
    assert re.search(r"^weakly convex +proved +rho = max\(0, 1/gamma - 2\*mu\)$", table, re.MULTILINE)


@pytest.mark.parametrize("text", TEXTS)
def test_json_holds_the_same_verdicts(made: dict[str, Properties], text: str) -> None:
    data = json.loads(made[text].to_json())
    assert data["schema_version"] == 1
    assert [row["claim"] for row in data["verdicts"]] == list(CLAIMS)
    for row, verdict in zip(data["verdicts"], made[text].verdicts, strict=True):
        assert row["verdict"] == verdict.verdict
        assert row["holds_iff"] == (None if verdict.holds_iff is None else to_text(verdict.holds_iff))
        assert (row["witness"] is None) == (verdict.witness is None)
        assert set(row) == {"claim", "verdict", "holds_iff", "symbol", "value", "witness", "method", "note"}


@pytest.mark.parametrize("text", TEXTS)
def test_markdown_has_a_row_for_each_claim(made: dict[str, Properties], text: str) -> None:
    page = made[text].markdown()
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(CLAIMS)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


@pytest.mark.parametrize("text", TEXTS)
def test_latex_is_a_whole_document(made: dict[str, Properties], text: str) -> None:
    page = made[text].latex()
    assert page.count(r"\begin{document}") == page.count(r"\end{document}") == 1
    assert page.count(r"\item[") == len(CLAIMS)
    assert page.count("$") % 2 == 0


def test_the_command_prints_the_table_and_the_data() -> None:
    done = CliRunner().invoke(command, ["analyse", "huber"], catch_exceptions=False, standalone_mode=False)
    assert re.search(r"^gradient Lipschitz +proved +L = lam$", done.stdout, re.MULTILINE)
    as_data = CliRunner().invoke(command, ["analyse", "huber", "--json"], catch_exceptions=False, standalone_mode=False)
    assert json.loads(as_data.stdout)["objective"]["name"] == "huber"


def test_python_gives_verdicts_by_name() -> None:
    found = symreg.analyse("l1 + l2")
    assert found["convex"].verdict == "proved"
    assert found["strongly convex"].value is not None
    assert to_text(found["strongly convex"].value) == "2*lam"
    assert str(found) == found.text()
    with pytest.raises(symreg.SymregError):
        symreg.analyse("no_such_penalty_")


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (
            "huber",
            (
                "A gradient step on the penalty alone keeps every weight's sign iff lr <= 1/lam.",
                "It makes every weight that it moves smaller iff lr < 2/lam.",
            ),
        ),
        ("l1", ("Near 0 the penalty's slope stays away from 0, so a gradient step of any size overshoots there.",)),
        ("first_difference", ()),
        ("lp", ()),
    ],
)
def test_what_docstrings_say_of_the_step(text: str, notes: tuple[str, ...]) -> None:
    assert step_notes(verdicts_on_step(analyse(resolve(text).terms))) == notes


@pytest.mark.parametrize(
    ("text", "bound", "is_strict"),
    [
        ("mcp", "gamma", True),
        ("scad", "a - 1", True),
        ("log_sum", "eps**2/lam", False),
        ("cauchy", "4*c**2/lam", False),
        ("l1", "inf", False),
        ("capped_l1", "0", False),
        ("mcp + l2(lam=mu)", "where(1/gamma - 2*mu > 0, 1/(1/gamma - 2*mu), inf)", True),
    ],
)
def test_up_to_which_step_one_formula_gives_the_prox(text: str, bound: str, is_strict: bool) -> None:
    found = formula_of(analyse(resolve(text).terms))
    assert found is not None
    assert (to_text(found.bound), found.is_strict) == (bound, is_strict)
    assert len(prox_notes(found)) == 1


def test_bounds_are_told_of_a_plain_gradient_step_only() -> None:
    huber = analyse(resolve("huber").terms)
    told = bounds_of_step(resolve_rule("gradient_descent"), huber)
    assert [(bound.claim, to_text(bound.condition)) for bound in told] == [
        ("no overshoot", "lr <= 1/lam"),
        ("contraction", "lr < 2/lam"),
    ]
    assert bounds_of_step(resolve_rule("adam"), huber) == ()


def test_numbers_are_short_where_they_are_exact() -> None:
    exact = ("1/10", "1/3", "1/1000000000000", "7")
    assert [to_text(number(Fraction(x))) for x in exact] == ["0.1", "1/3", "1e-12", "7"]
