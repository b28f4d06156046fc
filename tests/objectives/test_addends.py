"""The addends of an objective's text: which are penalties, which are parts of an expression, and what is neither."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symreg.application.requests import read_objective
from symreg.errors import SymregError
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

CONSTANTS: dict[str, tuple[list[str], list[str]]] = {
    "lam*sqrt(1 + w**2) - lam": (["lam*sqrt(1 + w**2) - lam"], []),
    "mu + lam*abs(w)": (["mu + lam*abs(w)"], ["mu"]),
    "lam*abs(w) - mu": (["lam*abs(w) - mu"], ["mu"]),
    "1 + abs(w)": (["1 + abs(w)"], []),
    "lam*abs(w) - lam*c": (["lam*abs(w) - lam*c"], []),
    "lam*abs(w) - 0.5*lam": (["lam*abs(w) - 0.5*lam"], []),
    "2*mu - w**2 + w**4": (["2*mu - w**2 + w**4"], ["mu"]),
    "1/3*mu + w**2": (["1/3*mu + w**2"], ["mu"]),
    "a - b + w**2 - a": (["a - b + w**2 - a"], ["a", "b"]),
    "mu + norm(w)": (["norm(w) + mu"], ["mu"]),
    "sum(w[i]**2, i) - c": (["sum(w[i]**2, i) - c"], ["c"]),
    "log(cosh(w)) + log(2) - c": (["log(cosh(w)) + log(2) - c"], ["c"]),
    "l1 + lam*w**2 - lam": (["lam*abs(w)", "lam*w**2 - lam"], []),
    "0.5*l2 + mu + w**4": (["lam*w**2", "mu + w**4"], ["mu"]),
    "etb + w**2": (["etb + w**2"], ["etb"]),
}


@pytest.mark.parametrize("text", CONSTANTS)
def test_a_constant_addend_is_a_part_of_the_expression(text: str) -> None:
    trees, told = CONSTANTS[text]
    made = resolve(text)
    assert [to_text(term.tree) for term in made.terms.terms] == [to_text(parse(tree)) for tree in trees]
    notes = [note for note in made.notes if "stands by itself" in note]
    assert [note.partition(" ")[0] for note in notes] == told
    assert all("a constant of the expression, not the name of a penalty" in note for note in notes)


def test_a_constant_that_may_be_a_mistyped_penalty_is_told_with_the_penalty() -> None:
    assert "not the name of a penalty; did you mean 'etp'?" in resolve("etb + w**2").notes[0]
    declared = read_objective("etb + w**2", parameters=["etb: positive = 2"])
    assert declared.notes == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lam*sqrt(1 + w**2) - lam", 0.5 * (math.sqrt(2) + math.sqrt(5) - 2)),
        ("mu + lam*abs(w)", 2 * 0.25 + 0.5 * 3),
        ("mu + norm(w)", 0.25 + math.sqrt(5)),
        ("l1 + mu + w**2", 0.5 * 3 + 2 * 0.25 + 5),
    ],
)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_the_emitted_value_counts_the_constant(text: str, value: float, target: str) -> None:
    objective = resolve(text)
    made = load(objective, updates(objective), target)
    given = {p.name: {"lam": 0.5, "mu": 0.25}[p.name] for p in objective.terms.parameters}
    assert made.value(np.array([1.0, -2.0]), **given) == pytest.approx(value, rel=1e-15)


REFUSED = {
    "foo": "no penalty is called 'foo'; a parameter stands in an expression of w, as in foo*abs(w)",
    "2*foo": "no penalty is called 'foo'; a parameter stands in an expression of w, as in foo*abs(w)",
    "mpc": "no penalty is called 'mpc'; did you mean 'mcp'?",
    "l1 + foo": "no penalty is called 'foo'; a constant stands in an expression of w, as in abs(w) + foo",
    "l1 - foo": "no penalty is called 'foo'; a constant stands in an expression of w, as in abs(w) + foo",
    "l1 + mpc": "no penalty is called 'mpc'; a constant stands in an expression of w, as in abs(w) + mpc; did you mean",
    "lam - lam": "no penalty is called 'lam'; a constant stands in an expression of w, as in abs(w) + lam",
    "l1 + 1": "expression:1:6: a constant beside a penalty changes nothing; leave it out, or write w in it",
    "l1 - lam*c": "expression:1:6: a constant beside a penalty changes nothing",
    "1 + 2": "expr does not hold the weights; write 'w'",
    "lam*abs(w) - l1": "expression:1:14: a penalty's coefficient is positive; subtracting one is not a penalty",
    "abs(w) - 0.5*l1": "expression:1:10: a penalty's coefficient is positive; subtracting one is not a penalty",
    "abs(w) + foo(lam=mu)": "no penalty is called 'foo'",
    "-0.5*l1 + w**2": "'l1' is a penalty",
    "abs(w) + double": "name 'double': the name is reserved",
    "abs(w) - exp": "'exp' is a function; write exp(...)",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_is_no_addend_is_told_as_what_it_was_understood(text: str, message: str) -> None:
    with pytest.raises(SymregError) as caught:
        resolve(text)
    assert message in str(caught.value)


def tree_of(text: str) -> Tree:
    (term,) = resolve(text).terms.terms
    return term.tree


@pytest.mark.parametrize("text", ["lam - w**2 + abs(w)", "lam + w**2 - mu", "w**2 - lam - mu + w**4"])
def test_addends_stay_in_the_order_in_which_they_are_written(text: str) -> None:
    assert tree_of(text) == parse(text)


def test_a_penalty_s_name_beside_an_expression_of_the_weights_is_a_parameter() -> None:
    made = resolve("l1*abs(w) - log(1 + k*exp(-d*abs(w)))")
    assert [p.name for p in made.terms.parameters] == ["l1", "k", "d"]
    assert "l1 is a parameter here" in made.notes[0]
    for text, said in {
        "lam*l2": "'lam' is a parameter of l2 already",
        "l1*l2": "its coefficient is a number",
        "l1 + l1*abs(w)": "'l1' is a penalty here and a parameter in another addend",
    }.items():
        with pytest.raises(SymregError, match=said):
            resolve(text)
