"""Formulas copied from the documentation of libraries: each reads as what it means, or is refused with the reason."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from tree_values import Values, value

from symreg.errors import LanguageError
from symreg.expressions.tree import is_elementwise
from symreg.objectives.resolve import resolve

FORMULAS = tomllib.loads(Path(__file__).with_name("papers.toml").read_text())["formula"]
READ = [formula for formula in FORMULAS if "reads" in formula]
REFUSED = [formula for formula in FORMULAS if "refused" in formula]
PARAMETERS = {
    "lam": 0.7, "lam2": 0.45, "alpha": 0.35, "gamma": 2.3, "a": 1.1, "b": 1.9, "c": 2.6, "delta": 0.8, "eps": 0.6,
    "theta": 3.7, "p": 0.6, "sigma": 0.55, "mu": 0.4, "tau": 0.3, "beta": 1.3, "kappa": 1.7, "M": 0.75, "rho": 0.33,
    "t_0": 1.2, "v_0": 1.4, "l": 0.1, "u": 2.0,
}  # fmt: skip
WEIGHTS = (-4.9, -2.9, -2.3, -1.3, -0.72, -0.31, -0.1, 0.17, 0.5, 0.84, 1.5, 1.9, 2.4, 3.3, 5.1)
POSITIVE = tuple(map(abs, WEIGHTS))


def named(formulas: list[dict[str, str]]) -> list[object]:
    """Return the rows of a test, each called by its file and how it begins."""
    return [
        pytest.param(formula, id=f"{formula['source'].rpartition('/')[2]} {' '.join(formula['latex'].split())[:40]}")
        for formula in formulas
    ]


def of_objective(text: str, weights: Sequence[float]) -> float:
    """Return the value of what a text is read as, at some weights."""
    scalars = {**PARAMETERS, "n": len(weights)}
    total = 0.0
    for term in resolve(text).terms.terms:
        if is_elementwise(term.tree):
            total += sum(value(term.tree, Values(math, {**scalars, "w": weight})) for weight in weights)
        else:
            total += value(term.tree, Values(math, scalars, {"w": list(weights)}))
    return total


def is_of_positive(formula: dict[str, str]) -> bool:
    """Are logarithms, roots or other powers of the weights themselves taken, which are of positive numbers?"""
    return any(part in formula["reads"] for part in ("log(w", "log(1 + w)", "sqrt(w)", "sqrt(1 + w)", "1/w["))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("formula", named(READ))
def test_a_formula_is_read_as_what_it_means(formula: dict[str, str]) -> None:
    weights = POSITIVE if is_of_positive(formula) else WEIGHTS
    for chosen in (weights, *([weight] for weight in weights)):  # one by one as well, for nothing to cancel
        wanted = of_objective(formula["reads"], chosen)
        assert math.isclose(of_objective(formula["latex"], chosen), wanted, rel_tol=1e-12, abs_tol=1e-15)
    assert resolve(formula["latex"]).notes[0].startswith("read as: ")


@pytest.mark.parametrize("formula", named(REFUSED))
def test_a_formula_that_is_not_read_is_refused_with_the_reason(formula: dict[str, str]) -> None:
    with pytest.raises(LanguageError) as caught:
        resolve(formula["latex"])
    assert formula["refused"] in caught.value.message
    assert caught.value.text == formula["latex"]


def test_the_page_says_how_many_are_read() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs/notation.md").read_text().split())
    assert f"Of {len(FORMULAS)} formulas copied" in page
    assert f"{len(READ)} are read" in page and f"{len(REFUSED)} are refused" in page
    assert len({formula["latex"] for formula in FORMULAS}) == len(FORMULAS) >= 100
