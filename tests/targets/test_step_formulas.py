"""A step's docstring explains what its formulas hold, and nothing else."""

from __future__ import annotations

import pytest

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.formulas import formulas
from symreg.updates.assemble import updates


def rows(text: str, rule: str) -> dict[str, str]:
    *_, step = updates(resolve(text), (resolve_rule(rule),))
    return {left: right for left, _, right in formulas(step)}


@pytest.mark.parametrize("rule", ["proximal_gradient", "fista"])
def test_no_gradient_is_explained_where_the_operator_takes_all(rule: str) -> None:
    assert rows("l1", rule).keys().isdisjoint({"g_penalty", "dR/dw[j]", "phi'(w)"})


def test_where_it_takes_some_terms_the_others_are_named() -> None:
    found = rows("l1 + l2 + huber(lam=mu)", "proximal_gradient")
    assert found["g_penalty"] == "dS/dw[j], of the weights before the step"
    assert found["S(w)"] == "l2 + huber, which prox does not take"
    assert found["dS/dw[j]"] == "phi'(w[j])" and "dR/dw[j]" not in found


def test_a_gradient_step_explains_the_whole_penalty_s() -> None:
    assert rows("l2", "gradient_descent") == {
        "w": "w - lr*(g + g_penalty)",
        "g_penalty": "dR/dw[j], of the weights before the step",
        "dR/dw[j]": "phi'(w[j])",
        "phi'(w)": "2*lam*w",
    }
