"""Functions over samples, emitted and loaded as a user asks for them."""

from __future__ import annotations

import numpy as np
import pytest

import symreg
from symreg.application.requests import named_functions, require_functions
from symreg.application.tasks.objectives import emit_sources
from symreg.application.worker import Phase, Progress
from symreg.errors import SpecError
from symreg.objectives.resolve import resolve
from symreg.targets.options import Options
from symreg.updates.assemble import updates


def _untold(_: Phase | Progress) -> None:
    """Tell nobody."""


def test_what_takes_data_is_judged_before_it_is_handed_over() -> None:
    emitted = emit_sources(_untold, objective=resolve("mean(logistic) + l1"), rules=(), targets=("numpy",))
    assert list(emitted.files) == ["numpy/logistic_l1.py"] and not emitted.notes
    assert "NOT JUDGED" not in emitted.files["numpy/logistic_l1.py"]


def test_loaded_functions_fit_a_line() -> None:
    """Ridge regression by gradient steps ends where the normal equations do."""
    fit = symreg.load("mean(squared_error) + l2", target="numpy", timeout=60)
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((30, 3)), np.zeros(3)
    y = X @ np.array([1.0, -2.0, 0.5])
    step = 1 / (fit.lipschitz(X) + 0.2)
    for _ in range(2000):
        fit.gradient_descent_step(w, X, y, lr=step, lam=0.1)
    np.testing.assert_allclose(w, np.linalg.solve(X.T @ X / 30 + 0.1 * np.eye(3), X.T @ y / 30), rtol=1e-10)


@pytest.mark.parametrize(
    ("text", "function", "reason"),
    [
        ("mean(hinge) + l2", "hessian_vector", "not twice differentiable"),
        ("mean(poisson)", "lipschitz", "no bound that is proved"),
        ("mean(poisson)", "step", "no rule"),
        ("l2", "partial", "no loss over samples"),
    ],
)
def test_a_function_that_is_not_there_is_refused_with_the_reason(text: str, function: str, reason: str) -> None:
    objective = resolve(text)
    kinds = {update.kind for update in updates(objective)}
    with pytest.raises(SpecError, match=f"{reason}.*; leave {function} out"):
        require_functions(objective, Options(kinds=named_functions(f"value,{function}")), kinds)
