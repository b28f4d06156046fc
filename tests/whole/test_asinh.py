"""A function that came later: all that the language's first ones have, it has by its row in the table of functions."""

from __future__ import annotations

import pytest

import symreg
from symreg.errors import SpecError

TEXT = "lam*asinh(abs(w)/c)"


def test_a_penalty_of_it_derives() -> None:
    assert "lam*sign(w_j)/sqrt(c^2 + w_j^2)" in symreg.derive(TEXT, timeout=100).text()


@pytest.mark.sweep
def test_emitted_code_of_it_is_right() -> None:
    report = symreg.verify(
        TEXT, rules=("gradient_descent", "proximal_gradient"), target="numpy", points=60, timeout=100
    )
    assert report.passed, report.table()
    assert {"value", "gradient", "prox"} <= {check.kind for check in report.checks}


def test_its_name_is_not_a_parameter() -> None:
    with pytest.raises(SpecError, match="reserved"):
        symreg.penalty("mine", "asinh*w**2", asinh="positive")


def test_other_languages_names_for_it_are_understood() -> None:
    assert symreg.objective("arcsinh(w)**2").text == "asinh(w)**2"
