"""A picture has the same bytes always, labels in mathematics, and lines that differ without their colours."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from symreg import catalogue
from symreg.application.requests import read_objective
from symreg.presentation.plots.figure import Form, draw
from symreg.presentation.plots.labels import label_of, mathtext, numeral, plain
from symreg.presentation.plots.portrait import Curve, Picture, Portrait, Subdifferential
from symreg.presentation.plots.style import LINES

LINE = Curve(x=(-1.0, 0.0, 0.0, 1.0), y=(-0.5, -0.5, 0.5, 0.5))
PORTRAIT = Portrait(
    label=r"$\lambda |w|$",
    domain=(-float("inf"), 0.9),
    value=LINE,
    gradient=LINE,
    subdifferentials=(Subdifferential(weight=0.0, low=-0.5, high=float("inf")),),
    prox=LINE,
    threshold=(-0.25, 0.25),
    paths=(Curve(x=(0.0, 1.0), y=(-1.0, -0.5)), Curve(x=(0.0, 1.0), y=(1.0, 0.5))),
)
PICTURE = Picture(
    panels=("value", "gradient", "prox", "step"), portraits=(PORTRAIT,), range=(-1.0, 1.0), path_title="$w$"
)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("form", "first"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_bytes_depend_on_no_clock_and_no_setting(form: Form, first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    data = draw(PICTURE, form)
    assert data.startswith(first) and b"Date" not in data and b"Matplotlib v" not in data
    monkeypatch.setitem(mpl.rcParams, "lines.linewidth", 9.0)
    monkeypatch.setitem(mpl.rcParams, "font.size", 30.0)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert draw(PICTURE, form) == data
    assert mpl.rcParams["lines.linewidth"] == 9.0, "what others set stays set"


def test_picture_needs_no_font_and_names_its_curves() -> None:
    text = draw(PICTURE, "svg").decode()
    assert "<text" not in text and "font-family" not in text
    assert all(f'id="{name}-' in text for name in PICTURE.panels)


def test_lines_differ_without_their_colours() -> None:
    assert len({line.pattern for line in LINES}) == len({line.colour for line in LINES}) == len(LINES) == 7


@pytest.mark.parametrize("name", catalogue.penalties())
def test_label_is_mathematics(name: str) -> None:
    terms = read_objective(name).terms
    if terms.indexed:
        return
    label = label_of(name, terms, {p.name: p.default for p in terms.parameters})
    formula, *numbers = label.split(",  ")
    assert formula == name or mathtext(formula.strip("$")) is not None
    assert len(numbers) == len(terms.parameters) and all(number.startswith("$") for number in numbers)
    has_cases = "where(" in catalogue.source_text(name).partition("[params")[0]
    assert (formula == name) == has_cases, label


def test_text_that_is_no_mathematics_stays_as_it_is() -> None:
    assert mathtext(r"\begin{cases} a \end{cases}") is None
    assert plain("$5") == r"\$5"
    assert (numeral(0.5), numeral(1e-7), numeral(2.0)) == ("0.5", r"1 \cdot 10^{-7}", "2")
