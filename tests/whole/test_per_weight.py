"""Parameters of which each weight has an element of its own: read, derived, emitted, and judged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symreg
from symreg.errors import Intractable, SpecError
from symreg.objectives.per_weight import text_of_each
from symreg.objectives.resolve import resolve


@pytest.mark.parametrize(
    ("text", "name", "has_zero"),
    [
        ("l1(lam=c[n])", "c", True),
        ("c[n]*abs(w)", "c", True),
        ("mcp(lam=c[n], gamma=2)", "c", True),
        ("lam*(w - w0[n])**2", "w0", False),
        ("lam*sqrt(e[n] + w**2)", "e", False),
    ],
)
def test_a_parameter_of_each_weight_is_read(text: str, name: str, has_zero: bool) -> None:
    (parameter,) = (p for p in resolve(text).terms.parameters if p.shape)
    assert (parameter.name, parameter.has_zero) == (name, has_zero)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tv(lam=c[n])", "no sum over single weights"),
        ("l1(lam=c) + c[n]*abs(w)", "one number in a term"),
        ("sum(c[n]*abs(w[i]), i)", "index notation"),
        ("group(l1(lam=c[n]))", "a group has one norm"),
        ("difference(c[n]*w**2)", r"write sum\(c\[i\]"),
    ],
)
def test_what_has_no_element_of_each_weight_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        resolve(text)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["c", "numpy"])
def test_a_strength_of_zero_leaves_a_weight_alone(target: str) -> None:
    """Biases are left out of a decay: their strength is 0."""
    fit = symreg.load("l1(lam=c[n])", rules=("gradient_descent",), target=target, timeout=120)
    w, c = np.array([0.5, -0.25, 3.0, -2.0]), np.array([0.0, 1.0, 0.5, 0.0])
    np.testing.assert_array_equal(fit.prox(w, step=1.0, c=c), [0.5, 0.0, 2.5, -2.0])
    np.testing.assert_array_equal(fit.gradient(w, c=c), [0.0, -1.0, 0.5, 0.0])
    assert fit.value(w, c=c) == 0.25 + 1.5


def test_an_element_outside_its_domain_is_refused() -> None:
    fit = symreg.load("l1(lam=c[n])", rules=(), target="numpy", timeout=120)
    with pytest.raises(ValueError, match="c: each must be"):
        fit.prox(np.ones(2), step=1.0, c=np.array([1.0, -1.0]))
    with pytest.raises(ValueError, match="c"):
        fit.prox(np.ones(2), step=1.0, c=np.ones(3))


def test_an_operator_that_is_found_in_a_table_is_refused() -> None:
    with pytest.raises((Intractable, SpecError), match="prox"):
        symreg.generate("welsch(lam=q[n]) + cauchy(c=b)", functions="prox", timeout=120)


def test_generate_takes_the_short_way(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "symreg", "generate", "l2", "--per-weight", "lam", "--timeout", "120"]
    subprocess.run([*command, "-o", str(tmp_path)], check=True, capture_output=True)
    text = (tmp_path / "numpy" / "l2.py").read_text()
    assert "'l2(lam=lam[n])'" in text and "lam: np.ndarray" in text
    with pytest.raises(SpecError, match="in a longer text write"):
        text_of_each("group(l1)", ["lam"])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_strength_of_0_leaves_a_weight_in_its_box(target: str) -> None:
    f = symreg.load("box(l1(lam=c[n]), -1, 1)", target=target, judge=False)
    v, c = np.array([5.0, 0.5, -3.0, np.nan]), np.array([0.0, 0.0, 1.0, 0.0])
    np.testing.assert_array_equal(f.prox(v, step=0.1, c=c), [1.0, 0.5, -1.0, np.nan])
