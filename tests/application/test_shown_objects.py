"""What Python shows of symreg's objects: a line for a terminal, a card for a notebook, names for completion."""

from __future__ import annotations

import html.parser
import inspect
import pydoc
from functools import cache
from typing import Any, get_type_hints

import numpy as np
import pytest

import symreg
from symreg.claims.decide import properties
from symreg.derivation.gradient import derive
from symreg.derivation.proximal.derive import derive_prox
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation, Properties
from symreg.targets.loading.functions import Functions
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

WELSCH = symreg.penalty("mine", "lam*(1 - exp(-(w/c)**2))", c="(0, 10] = 2", lam="positive", title="<b>$x$ & y</b>")


@cache
def functions() -> Functions:
    objective = resolve("l1")
    return load(objective, updates(objective, [resolve_rule("adam")]), "c")


@cache
def claims() -> Properties:
    return Properties(properties(resolve("l1")))


def report() -> symreg.Report:
    check = symreg.Check(
        kind="gradient", target="c", dtype="float64", points=2_001, compared=2_001, undetermined=0, verdict="pass"
    )
    return symreg.Report(checks=(check,))


LINES = {
    "<penalty l1: lam*abs(w), lam > 0>": lambda: symreg.penalty("l1"),
    "<penalty mine: lam*(1 - exp(-(w/c)**2)), lam > 0, c in (0, 10]>": lambda: WELSCH,
    "<penalty entropy: lam*w*log(w), lam > 0, w > 0>": lambda: symreg.penalty("entropy"),
    "<objective l1: lam*abs(w), lam > 0, hi > 0, w in [-1, hi]>": lambda: symreg.objective("l1", domain="[-1, hi]"),
    "<sum of penalties: l1 + 0.5*l2>": lambda: symreg.penalty("l1") + 0.5 * symreg.penalty("l2"),
    "<parameter: a > 2, default 3.7>": lambda: symreg.penalty("scad").parameters[1],
    "<array: A n x n>": lambda: symreg.penalty("tikhonov").arrays[0],
    "<objective l1: 0.3*abs(w)>": lambda: symreg.objective("l1(lam=0.3)"),
    "<objective l1_l2: lam*abs(w) + mu*w**2, lam > 0, mu > 0>": lambda: symreg.objective("l1 + l2(lam=mu)"),
    "<rule gradient_descent: w = w - lr*g, lr > 0>": lambda: symreg.rule("sgd"),
    "<derivation of l2: dR/dw_j = 2*lam*w_j, w_j <- (1 - 2*lam*lr)*w_j - lr*g_j>": lambda: Derivation(
        derive(resolve("l2"), resolve_rule("gradient_descent"))
    ),
    "<derivation of l2: prox(v, s) = v/(1 + 2*lam*s)>": lambda: Derivation(derive_prox(resolve("l2"))),
    "<properties of l1: 11 proved, 6 refuted>": claims,
    "<verdict convex: proved>": lambda: claims()["convex"],
    "<l1.prox(v, *, step, lam=0.1, out=None) in c, float32 and float64>": lambda: functions().prox,
    "<report: 1 check passed; 2,001 points compared, 0 not judged>": report,
    "<check of gradient in c, float64: pass, 2,001 points>": lambda: report().checks[0],
}


@pytest.mark.parametrize("line", LINES)
def test_an_object_is_one_short_line(line: str) -> None:
    assert repr(LINES[line]()) == line


def test_a_long_line_is_cut() -> None:
    long = repr(symreg.objective(" + ".join(f"a{k}*abs(w)**{k}" for k in range(2, 60))))
    assert len(long) < 320 and long.endswith("...>") and "\n" not in long


CARDS = {
    "a penalty": lambda: WELSCH,
    "an array": lambda: symreg.penalty("tikhonov"),
    "an objective": lambda: symreg.objective(WELSCH),
    "a rule": lambda: symreg.rule("adam"),
    "functions": functions,
    "a function": lambda: functions().adam_step,
    "a report": report,
}


class _Tags(html.parser.HTMLParser):
    """Counts what is open, and collects the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", CARDS)
def test_a_notebook_shows_a_card_in_which_text_is_text(name: str) -> None:
    tags = _Tags()
    tags.feed(CARDS[name]()._repr_html_())
    assert tags.open == []
    assert tags.seen <= {"div", "strong", "table", "tr", "th", "td", "code"}
    if "mine" in tags.text:
        assert "<b>$x$ & y</b>" in tags.text
        assert "mathjax_ignore" in CARDS[name]()._repr_html_()


def test_claims_are_keys() -> None:
    shown = claims()
    assert "convex" in shown and "konvex" not in shown
    assert list(shown) == list(shown.keys()) == shown._ipython_key_completions_()
    assert len(shown) == len(shown.verdicts)
    assert dict(shown)["sparse"] is shown["sparse"]
    with pytest.raises(KeyError, match="no claim is called 'konvex'; did you mean 'convex'"):
        _ = shown["konvex"]
    with pytest.raises(KeyError, match="no claim is called 'q'; there are even, nonnegative, "):
        _ = shown["q"]


def test_what_comes_back_can_be_named_in_annotations() -> None:
    for value, kind in (
        (symreg.penalty("l1"), symreg.Penalty),
        (symreg.rule("adam"), symreg.Rule),
        (symreg.objective("l1"), symreg.Objective),
        (claims(), symreg.Properties),
        (claims()["even"], symreg.Verdict),
        (functions(), symreg.Functions),
        (functions().value, symreg.Function),
        (report(), symreg.Report),
    ):
        assert type(value) is kind
    assert issubclass(symreg.OutOfTime, symreg.SymregError)
    with pytest.raises(AttributeError, match="did you mean 'analyse'"):
        _ = symreg.analyze


@pytest.mark.parametrize("name", ["value", "gradient", "prox", "adam_step", "adam_state"])
def test_a_loaded_function_says_how_it_is_called(name: str) -> None:
    function = getattr(functions(), name)
    assert name in dir(functions())
    assert function.__name__ == name
    assert next(iter(inspect.signature(function).parameters)) in ("w", "v")
    assert get_type_hints(function)["return"] is not None
    page = pydoc.render_doc(function, renderer=pydoc.plaintext)
    assert f"\n{name}(" in page
    assert all(parameter in page for parameter in inspect.signature(function).parameters)
    assert function.__doc__.strip().partition("\n")[0] in page


def test_a_function_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match="there is no 'proxx' here; there are value, gradient, prox, adam_step"):
        functions().proxx(np.ones(2))
    assert getattr(functions(), "lion_step", None) is None
