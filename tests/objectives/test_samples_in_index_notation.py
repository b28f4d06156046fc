"""An objective with data in index notation is the loss that it writes out: the same functions, the same numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from symreg.errors import SymregError
from symreg.expressions.text import to_text
from symreg.language.inline_declarations import read_declaration
from symreg.objectives.resolve import resolve
from symreg.targets.emit import emit
from symreg.targets.loading.load import load_module
from symreg.updates.assemble import updates

SPEC = """
[penalty]
name = "own"
expr = "{expr}"

[params.lam]
domain = "positive"
default = 0.1

[arrays.X]
shape = ["m", "n"]

[arrays.y]
shape = ["m"]
"""

SAME = {
    "sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/m + lam*w**2": ("mean((z - y)**2)", "lam*w**2"),
    "lam*abs(w) + sum(log(1 + exp(-y[k]*sum(w[l]*X[k, l], l))), k)": ("sum(log(1 + exp(-y*z)))", "lam*abs(w)"),
    "lam*sum(abs(sum(X[i, j]*w[j], j) - y[i]), i)/(2*m)": ("0.5*lam*mean(abs(z - y))", ""),
    "sum(sqrt(1 + (sum(X[i, j]*w[j], j) - y[i])**2), i) + lam*sum((w[i+1] - w[i])**2, i)": (
        "sum(sqrt(1 + (z - y)**2))",
        "lam*sum((w[i+1] - w[i])**2, i)",
    ),
}

REFUSED = {
    "sum(X[i, j]*w[j], j) + lam*w": "expr",
    "sum((sum(X[i, j]*w[j]**2, j) - y[i])**2, i) + lam*w**2": "no loss of one prediction and one label",
    "sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/m - lam*sum(y[i]*sum(X[i, j]*w[j], j), i)": "one addend",
    "lam*sum((sum(X[i, j]*w[j], j) - y[i])**2, i)*norm(w)": "no sum over samples with a coefficient",
    "lam*m*sum((sum(X[i, j]*w[j], j) - y[i])**2, i)": "no sum over samples with a coefficient",
}


def spec(folder: Path, expr: str) -> Path:
    """Return the path of a spec file."""
    path = folder / "own.toml"
    path.write_text(SPEC.format(expr=expr))
    return path


@pytest.mark.parametrize(("expr", "parts"), SAME.items())
def test_a_loss_in_index_notation_is_that_of_a_prediction_and_a_label(
    expr: str, parts: tuple[str, str], tmp_path: Path
) -> None:
    objective = resolve(spec(tmp_path, expr))
    assert objective.name == "own"
    assert str(objective.data) == parts[0]
    assert to_text(objective.formula) == (parts[1] or "0")


@pytest.mark.parametrize(("expr", "message"), REFUSED.items())
def test_what_is_no_loss_of_samples_is_refused(expr: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SymregError) as caught:
        resolve(spec(tmp_path, expr))
    assert message in str(caught.value) and "own.toml" in str(caught.value)


def test_the_gradient_is_that_of_the_loss_form(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, w, y = rng.standard_normal((33, 5)), rng.standard_normal(5), rng.standard_normal(33)
    modules = []
    for objective in (resolve(spec(tmp_path, next(iter(SAME)))), resolve("mean(squared_error) + l2")):
        (source,) = emit(objective, updates(objective), "numpy").values()
        modules.append(load_module(objective.name, source))
    written, named = modules
    np.testing.assert_array_equal(written.gradient(w, X, y), named.gradient(w, X, y))
    assert written.value(w, X, y) == named.value(w, X, y)
    direct = 2 * X.T @ (X @ w - y) / 33 + 0.2 * w
    np.testing.assert_allclose(written.gradient(w, X, y), direct, rtol=1e-13)


def test_a_sign_before_the_penalty_is_kept(tmp_path: Path) -> None:
    objective = resolve(spec(tmp_path, "sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/m - lam*log(1 + w**2)"))
    assert to_text(objective.formula) == "-(lam*log(1 + w**2))"


@pytest.mark.parametrize(("expr", "parts"), SAME.items())
def test_the_same_is_read_without_a_file(expr: str, parts: tuple[str, str]) -> None:
    objective = resolve(expr)
    assert (str(objective.data), to_text(objective.formula)) == (parts[0], parts[1] or "0")


def test_arrays_have_the_shapes_that_data_give_them() -> None:
    given = map(read_declaration, ("A[m, n]: real", "b[m]: [-1, 1]", "mu: positive = 2"))
    objective = resolve(
        "sum(log(1 + exp(-b[i]*sum(A[i, j]*w[j], j))), i)/m + mu*sum(c[i]*abs(w[i]), i)", parameters=given
    )
    assert str(objective.data) == "mean(log(1 + exp(-y*z)))" and objective.data.loss.labels.interval.low == -1
    assert [(array.name, array.shape) for array in objective.terms.arrays] == [("c", ("n",))]
    assert objective.options[:2] == ("--param", "A[m, n]: real = 1.0")


@pytest.mark.parametrize(
    ("text", "message"),
    {
        "sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/m + mean(logistic)": "second loss",
        "box(sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/m, 0, 1)": "outside the brackets",
        "lam*abs(w) + X*w": "reserved",
        "sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/n": "write sum(l, i) or sum(l, i)/m",
    }.items(),
)
def test_what_is_no_loss_is_refused_without_a_file(text: str, message: str) -> None:
    with pytest.raises(SymregError, match=re.escape(message)):
        resolve(text)
