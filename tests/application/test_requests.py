"""What a user asks for is refused in one line before any work begins, or comes out as it was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from symreg.application.requests import (
    audit_request,
    distinct_rules,
    named_dtype,
    named_targets,
    read_objective,
    verify_request,
)
from symreg.errors import SymregError
from symreg.objectives.resolve import resolve

L2 = resolve("l2")
GRADIENT_DESCENT = distinct_rules("gradient_descent")


def anything(value: Any) -> Any:
    """Return what nobody who reads the types would ask for."""
    return value


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a kind": (
        lambda: verify_request(L2, (), kind=anything("slope"), points=10),
        "a function is judged as 'value', 'gradient', 'prox', 'step', 'hessian_vector', 'partial', 'loss_value', "
        "'loss_gradient' or 'loss_hessian', not as 'slope'",
    ),
    "a step without a rule": (
        lambda: verify_request(L2, (), kind="step", points=10),
        "a step is judged by one rule; 0 were given",
    ),
    "no points": (lambda: verify_request(L2, (), points=0), "points = 0: write an integer from 1 to 10000000"),
    "a truth for points": (lambda: audit_request(L2, points=True), "points = True: write an integer from 1 to 1000000"),
    "a relative error": (lambda: audit_request(L2, points=9, rtol=2.0), "rtol = 2.0: write a number from 0 to 1"),
    "a number": (lambda: audit_request(L2, parameters={"lam": anything("x")}, points=9), "lam = 'x': write a number"),
    "a step of an audit": (lambda: audit_request(L2, steps=[True], points=9), "step = True: write a number"),
    "a parameter of nothing": (
        lambda: audit_request(None, parameters={"lam": 1.0}, points=9),
        "lam is a parameter of no objective; name one",
    ),
    "a parameter": (
        lambda: verify_request(L2, (), parameters={"lan": 1.0}, points=9),
        "there is no parameter 'lan' to set; did you mean 'lam'?",
    ),
    "a domain": (
        lambda: verify_request(L2, (), parameters={"lam": -1.0}, points=9),
        "lam = -1 is outside its domain positive",
    ),
    "the step of a gradient": (
        lambda: verify_request(L2, (), kind="gradient", parameters={"step": 1.0}, points=9),
        "there is no parameter 'step' to set",
    ),
    "a parameter of another rule": (
        lambda: verify_request(L2, GRADIENT_DESCENT, kind="prox", parameters={"lr": 1.0}, points=9),
        "there is no parameter 'lr' to set",
    ),
    "two rules of a name": (
        lambda: distinct_rules(("adam", "adam")),
        "two rules are called 'adam'; rename one or leave it out",
    ),
    "a target": (lambda: named_targets("nunpy"), "there is no target 'nunpy'; did you mean 'numpy'?"),
    "all targets where one is loaded": (
        lambda: named_targets("all", allows_all=False),
        "there is no target 'all'; there are numpy and c",
    ),
    "another language": (
        lambda: named_targets("torch"),
        "there is no target 'torch'; load numpy's functions and hand them tensors through .detach().numpy()",
    ),
    "a precision": (
        lambda: named_dtype(anything("float16")),
        "there is no dtype 'float16'; write float64, float32 or all",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused(name: str) -> None:
    request, message = REFUSED[name]
    with pytest.raises(SymregError) as caught:
        request()
    assert str(caught.value) == message


def test_a_function_of_ones_own_may_be_right_to_fewer_digits() -> None:
    assert verify_request(L2, (), kind="value", points=9).rtol is None  # what is usual in a precision
    assert verify_request(L2, (), points=9).rtol == 0.0
    assert verify_request(L2, (), kind="value", points=9, rtol=0.25).rtol == 0.25


def test_only_what_is_judged_by_a_rule_has_its_parameters() -> None:
    request = verify_request(L2, GRADIENT_DESCENT, points=9, parameters={"lr": 1, "lam": 2, "step": 3})
    assert request.parameters == {"lr": 1.0, "lam": 2.0, "step": 3.0}
    assert verify_request(L2, GRADIENT_DESCENT, kind="value", points=9).rules == ()
    assert verify_request(L2, GRADIENT_DESCENT, kind="step", points=9).rules == GRADIENT_DESCENT


def test_a_spec_files_own_text_is_an_objective() -> None:
    text = '[penalty]\nname = "mine"\nexpr = "lam*w**4"\n[params.lam]\n'
    assert read_objective(text).name == "mine"
    assert read_objective("c*w**4", parameters=["c: (0, 1) = 0.5"]).terms.parameters[0].default == 0.5
