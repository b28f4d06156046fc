"""A rule refuses a step for which the cost of its operator has no minimum, as the operator itself does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.application.requests import read_objective
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

# 1 - 2*step*mu has to be positive: the penalty falls faster than the distance rises.
OBJECTIVE = read_objective("lam*abs(w) - mu*w**2")
RULES = ("proximal_gradient", "fista", "rda", "proximal_adam")
GIVEN = {"lam": 0.25, "mu": 0.5}
REFUSAL = "no minimum"


@pytest.fixture(scope="module", params=["numpy", "c"])
def functions(request: Any) -> SimpleNamespace:
    made = updates(OBJECTIVE, tuple(map(resolve_rule, RULES)))
    return load(OBJECTIVE, made, request.param, "float64")


def test_the_operator_refuses_it(functions: SimpleNamespace) -> None:
    assert functions.prox(np.array([2.0]), step=0.5, **GIVEN) == (2.0 - 0.125) / 0.5
    with pytest.raises(ValueError, match=REFUSAL):
        functions.prox(np.array([2.0]), step=1.0, **GIVEN)


@pytest.mark.parametrize("rule", ["proximal_gradient", "fista"])
@pytest.mark.parametrize("count", [0, 3])
def test_a_step_refuses_it_and_changes_nothing(functions: SimpleNamespace, rule: str, count: int) -> None:
    w, g = np.arange(1.0, 1.0 + count), np.ones(count)
    state = [getattr(functions, f"{rule}_state")(w)] if rule == "fista" else []
    before = [dict(one) for one in state]
    for lr in (1.0, 1.5):
        with pytest.raises(ValueError, match=REFUSAL):
            getattr(functions, f"{rule}_step")(w, g, *state, lr=lr, **GIVEN)
        assert np.array_equal(w, np.arange(1.0, 1.0 + count)) and state == before
    getattr(functions, f"{rule}_step")(w, g, *state, lr=0.5, **GIVEN)
    assert np.allclose(w, 2 * np.maximum(np.arange(1.0, 1.0 + count) - 0.5 - 0.125, 0))


def test_a_step_that_grows_is_refused_once_it_is_too_long(functions: SimpleNamespace) -> None:
    w, g = np.zeros(2), np.ones(2)
    state = functions.rda_state(w)
    for _ in range(3):  # lr*sqrt(t) is 0.5, 0.707, 0.866, 1
        functions.rda_step(w, g, state, lr=0.5, **GIVEN)
    before = w.copy()
    with pytest.raises(ValueError, match=REFUSAL):
        functions.rda_step(w, g, state, lr=0.5, **GIVEN)
    assert np.array_equal(w, before) and state["t"] == 3


def test_a_weight_with_such_a_step_of_its_own_becomes_nan(functions: SimpleNamespace) -> None:
    w, g = np.ones(3), np.array([1e-9, 1.0, 10.0])  # the longer the smaller the gradient
    state = functions.proximal_adam_state(w)
    state["v"][...] = (1e-12, 4.0, 4.0)
    functions.proximal_adam_step(w, g, state, lr=0.01, **GIVEN)
    assert np.isnan(w).tolist() == [True, False, False]


@pytest.mark.sweep
def test_the_docstring_says_so() -> None:
    source = symreg.generate(OBJECTIVE, RULES, judge=False)["numpy/penalty.py"]
    said = " ".join(source.split())
    assert "The cost has a minimum only if 1 - 2*(step*mu) > 0; other steps are refused." in said
    assert "The cost has a minimum only if 1 - 2*(lr*mu) > 0; other steps are refused." in said
    assert "The cost has a minimum only if 1 - 2*(lr*sqrt(t)*mu) > 0; other steps are refused." in said
    assert "A weight for which 1 - 2*(s*mu) > 0 does not hold becomes NaN: its cost has no minimum." in said
    for text in symreg.generate("l1", RULES[:1], "all", judge=False).values():
        assert "no minimum" not in text and "has a minimum" not in text


def test_c_returns_its_code_of_a_parameter_outside_its_domain() -> None:
    source = symreg.generate(OBJECTIVE, ("proximal_gradient", "rda"), "c", judge=False)["c/penalty.c"]
    assert source.count("&& 1.0 - 2.0 * (lr * mu) > 0.0)) return PENALTY_DOMAIN;") == 1
    late = "if (!(1.0 - 2.0 * (lr * sqrt(*t + 1.0) * mu) > 0.0)) return PENALTY_DOMAIN; /* the cost has no minimum */"
    assert source.count(late) == 1
