"""Losses as text: spec files and expressions of z and y; what is none is refused with the place and the reason."""

from __future__ import annotations

from fractions import Fraction

import pytest

import symreg
from symreg.errors import SpecError, SymregError
from symreg.expressions.text import to_text
from symreg.language.intervals import parse_labels
from symreg.language.specs.toml import read_loss, read_penalty
from symreg.model.interval import Interval

LOSS = {"name": '"p"', "expr": '"log(1 + exp(-y*z))"', "label": 'label = "{-1, 1}"', "more": "", "params": ""}


def loss(**parts: str) -> str:
    p = LOSS | parts
    return f"[loss]\nname = {p['name']}\nexpr = {p['expr']}\n{p['label']}\n{p['more']}\n{p['params']}\n"


BROKEN = {
    "": "there is no [loss] table",
    "[penalty]\nname = 'p'\nexpr = 'w'": "it holds a [penalty], not a [loss]; it stands where the objective does",
    "[rule]\nname = 'r'": "it holds a [rule], not a [loss]; name it with --rule my.toml",
    loss(label=""): "[loss] has no label; say what y may be: real, '[0, 1]', '{-1, 1}' or 'integers >= 0'",
    loss(label="label = [-1, 1]"): "[loss] label: write text in quotes",
    loss(label="label = '-1, 1'"): "[loss] label: '-1, 1' says not what a label may be; write real, positive",
    loss(label="label = '{}'"): "says not what a label may be",
    loss(label="label = '{1, 1.0}'"): "[loss] label: the label 1 stands twice in the set",
    loss(label="label = '{0.1, 1}'"): "[loss] label: the label 0.1 is no number of single precision",
    loss(label="label = '{1e-300, 1}'"): "[loss] label: the label 1e-300 is no number of single precision",
    loss(label="label = '[1, 0]'"): "[loss] label: domain '[1, 0]' is empty; write '(0, 1)'",
    loss(label="label = 'integers > nan'"): "says not what a label may be",
    loss(label=f"label = '{{{', '.join(map(str, range(40)))}}}'"): "a set of 40 labels; at most 32",
    loss(label="label = '\\u202e'"): "says not what a label may be",
    loss(more="prediction = '[1, 1]'"): "prediction [1, 1] is a single point",
    loss(more="prediction = '(0, c)'"): "[loss] domain '(0, c)' is not one",
    loss(more="domain = 'real'"): "[loss] 'domain' is not a key here",
    loss(more="lable = 'real'"): "[loss] 'lable' is not a key here; did you mean 'label'?",
    loss(expr="'log(1 + exp(-y))'"): "expr does not hold the prediction 'z'; a loss compares z with y",
    loss(expr="'abs(z)'"): "expr does not hold the label 'y'; a loss compares z with y",
    loss(expr="'abs(z - y) + w**2'"): "a loss is of the prediction z and the label y; w stands in a penalty",
    loss(expr="'abs(z - y)*n'"): "unknown name 'n'",
    loss(expr="'abs(z - y)*x'"): "unknown name 'x'; if it is a parameter, declare it:",
    loss(expr="'sum(z[i]*y[i], i)'"): "a loss is of one prediction z and one label y: no sum, norm or subscript",
    loss(expr="'norm(w)*z*y'"): "a loss is of one prediction z and one label y: no sum, norm or subscript",
    loss(expr="'y[0]*z'"): "a loss is of one prediction z and one label y: no sum, norm or subscript",
    loss(expr="'2**(y*z)'"): "an exponent may hold numbers and parameters, neither z nor y",
    loss(expr="'prox(z, y)'"): "unknown function 'prox'; it is for update rules",
    loss(expr='\'__import__("os").system("true")*z*y\''): "is not in the language",
    loss(params="[params.c]"): "[params.c] is not used in expr",
    loss(params="[params.y]\n[params.z]"): "the name is reserved",
    loss(params="[arrays.c]\nshape = ['n']"): "'arrays'] is not a key here",
    loss(name="'../x'"): "write a letter, then letters",
    loss(more="title = '*/ x /*'"): "write one line of printable ASCII",
}


@pytest.mark.parametrize(("text", "words"), BROKEN.items(), ids=range(len(BROKEN)))
def test_what_is_no_loss_is_refused(text: str, words: str) -> None:
    with pytest.raises(SymregError) as caught:
        read_loss(text, "my.toml")
    line = str(caught.value).splitlines()[0]
    assert line.startswith("my.toml:") and words in line


def test_the_place_is_that_in_the_file() -> None:
    with pytest.raises(SymregError, match=r"^my.toml:3:15: unknown name 'gama'"):
        read_loss(loss(expr='"(z-y)*gama"'), "my.toml")


def test_a_loss_has_what_its_file_says() -> None:
    params = '[params.c]\ndomain = "(0, 3]"\ndefault = 2'
    text = loss(expr="'c*(z - y)**2'", label="label = '[0, 1]'", more="prediction = '(-c, c)'", params=params)
    mine = read_loss(text, "my.toml")
    assert (mine.name, to_text(mine.expression)) == ("p", "c*(z - y)**2")
    assert mine.labels.interval == Interval(low=Fraction(0), high=Fraction(1), low_closed=True, high_closed=True)
    assert str(mine.prediction) == "(-c, c)" and [p.condition for p in mine.parameters] == ["c in (0, 3]"]


LABELS = {
    "{1, -1}": ((-1, 1), (0, 0.5, 2, float("nan")), "y in {-1, 1}"),
    " { 0,0.5 , 1e0 } ": ((0, 0.5, 1), (0.25, -1), "y in {0, 0.5, 1}"),
    "{3}": ((3,), (2,), "y in {3}"),
    "integers >= 0": ((0, 1, 1e9), (-1, 0.5, float("inf")), "y a whole number >= 0"),
    "integers > 0": ((1,), (0,), "y a whole number > 0"),
    "integers": ((-7, 0), (0.5,), "y a whole number"),
    "[0, 1)": ((0, 0.5), (1, -0.5), "y in [0, 1)"),
    "real": ((-1e300, 0), (float("nan"),), "y real"),
    "positive": ((1e-300,), (0,), "y > 0"),
}


@pytest.mark.parametrize("text", LABELS)
def test_labels_are_what_is_written(text: str) -> None:
    inside, outside, condition = LABELS[text]
    labels = parse_labels(text)
    assert labels.condition("y") == condition and parse_labels(str(labels)) == labels
    assert all(y in labels for y in inside) and not any(y in labels for y in outside)


def test_a_loss_of_ones_own_in_python() -> None:
    savage = symreg.loss("savage", "1/(1 + exp(s*y*z))**2", label="{-1, 1}", s="positive = 2")
    assert repr(savage) == "<loss savage: 1/(1 + exp(s*y*z))**2, y in {-1, 1}, s > 0>"
    assert symreg.loss("mine", "c*abs(z - y)").parameters[0].is_assumed
    for call, words in {
        ("p", "w*z*y"): "w stands in a penalty",
        ("p", "abs(z)"): "does not hold the label",
        ("exp", "z*"): "an operand is missing",
    }.items():
        with pytest.raises(SymregError, match=words):
            symreg.loss(*call)
    with pytest.raises(SpecError, match="go with an expression"):
        symreg.loss("hinge", label="{-1, 1}")
    with pytest.raises(SpecError, match="says not what a label may be"):
        symreg.loss("p", "z*y", label="binary")


def test_a_loss_is_no_penalty() -> None:
    with pytest.raises(SpecError, match=r"it holds a \[loss\], not a \[penalty\]; it stands in an objective as mean\("):
        read_penalty(loss(), "my.toml")
