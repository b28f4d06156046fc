"""symreg from Python: what each function takes and returns, and that nothing symbolic runs in the caller's process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.errors import OutOfTime, SpecError, SymregError, UnknownName

ROOT = Path(__file__).parents[2]

WELSCH = "lam*(1 - exp(-(w/c)**2))"


def test_everything_offered_is_there() -> None:
    for name in symreg.__all__:
        assert getattr(symreg, name) is not None
    assert set(symreg.__all__) <= set(dir(symreg))
    with pytest.raises(AttributeError, match="no attribute 'analyze'"):
        _ = symreg.analyze


# Specs and objectives


def test_a_penalty_of_ones_own() -> None:
    made = symreg.penalty("welsch", WELSCH, c="positive", lam="[0, inf) = 0.25", reference="Holland & Welsch (1977)")
    assert made.name == "welsch"
    by_name = {p.name: p for p in made.parameters}
    assert str(by_name["c"].domain) == "positive"
    assert not by_name["c"].is_assumed
    assert by_name["lam"].default == 0.25
    assert symreg.penalty("welsch", WELSCH, c=("positive", 3)).parameters[1].default == 3.0
    assert symreg.penalty("p", "lam*abs(w)").parameters[0].is_assumed


def test_a_penalty_with_an_array_and_a_domain() -> None:
    made = symreg.penalty("form", "sum(sum(A[i, j]*w[i]*w[j], j), i)", arrays={"A": ("n", "n")}, domain="(0, inf)")
    assert made.arrays[0].shape == ("n", "n")
    assert str(made.domain) == "positive"


def test_a_penalty_by_name_or_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[penalty]\nname = "mine"\nexpr = "lam*w**4"\n[params.lam]\n')
    assert symreg.penalty("mcp").name == "mcp"
    assert symreg.penalty(path) == symreg.penalty(str(path))
    assert symreg.penalty(path).name == "mine"


def test_a_rule_by_name_path_or_text(tmp_path: Path) -> None:
    text = '[rule]\nname = "plain"\nsteps = ["w = w - lr*g"]\n[params.lr]\n'
    (tmp_path / "plain.toml").write_text(text)
    assert symreg.rule(tmp_path / "plain.toml") == symreg.rule(text)
    assert symreg.rule("adam").name == "adam"
    assert symreg.rule(symreg.rule("adam")) is symreg.rule("adam")


def test_objectives_in_every_form() -> None:
    l1, l2 = symreg.penalty("l1"), symreg.penalty("l2")
    assert symreg.objective("l1 + 0.5*l2").terms == symreg.objective(l1 + 0.5 * l2).terms
    assert symreg.objective(l1, name="lasso").name == "lasso"
    assert symreg.objective("l1", timeout=5).name == "l1"
    assert symreg.objective(symreg.objective("l1")).name == "l1"
    assert "l2" in symreg.penalties()
    assert "adam" in symreg.rules()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: symreg.penalty("mpc"), "did you mean 'mcp'"),
        (lambda: symreg.penalty("mcp", c="positive"), "go with an expression"),
        (lambda: symreg.penalty("p", "lam*w**2", lam="(3, 2)"), r"write '\(2, 3\)'"),
        (lambda: symreg.penalty("p", "lam*w**2", lam=("positive",)), "write a domain"),
        (lambda: symreg.penalty("p", "lam*w**2", lam=("positive", -1)), "outside its domain"),
        (lambda: symreg.penalty("p", "lam*w**2", c="positive"), "is not used"),
        (lambda: symreg.penalty("import", "lam*w**2"), "reserved"),
        (lambda: symreg.penalty("p", "A[i]*w[i]", arrays={"A": ("m",)}), "its shape is"),
        (lambda: symreg.objective("l2", name="../l2"), "write a letter"),
        (lambda: symreg.rule("adma"), "did you mean 'adam'"),
        (lambda: symreg.derive("l2", timeout=-1), "positive number of seconds"),
        (lambda: symreg.generate("l2", target="fortran"), "no target 'fortran'"),
        (lambda: symreg.generate("l2", rules=("adam", "adam")), "two rules are called 'adam'"),
        (lambda: symreg.load("l2", target="all"), "no target 'all'"),
        (lambda: symreg.load("l2", dtype="float16"), "write float64, float32 or all"),
        (lambda: symreg.verify("l2", params={"gamma": 1.0}), "no parameter 'gamma' to set"),
        (lambda: symreg.verify("l2", params={"lam": -1.0}), "outside its domain positive"),
        (lambda: symreg.verify("l2", ("adam", "lion"), against=abs, as_="step"), "a step is judged by one rule"),
        (lambda: symreg.verify("l2", against=abs, as_="loss"), "'loss_gradient' or 'loss_hessian', not as 'loss'"),  # type: ignore[arg-type]
        (lambda: symreg.verify("l2", against="abs"), "is not a function to judge"),  # type: ignore[arg-type]
        (lambda: symreg.verify("l2", rtol=float("nan")), "write a number from 0 to 1"),
        (lambda: symreg.verify("l2", rtol=-1), "write a number from 0 to 1"),
        (lambda: symreg.verify("l2", points=0), "write an integer from 1"),
        (lambda: symreg.verify("l2", points=2.5), "write an integer from 1"),  # type: ignore[arg-type]
        (lambda: symreg.penalty("p", "lam*w", title=3), "write text"),  # type: ignore[arg-type]
        (lambda: symreg.penalty("p", "lam*w", domain="(1, 1)"), "is empty"),
        (lambda: symreg.penalty("p", "lam*w", lam=("positive", float("nan"))), "is not a number"),
        (lambda: symreg.penalty("p", "lam*w", lam=3), "write a domain"),  # type: ignore[arg-type]
        (lambda: symreg.penalty("l1", lam=0.3), r'symreg.objective\("l1\(lam=0.3\)"\)'),  # type: ignore[arg-type]
        (lambda: symreg.penalty("l1 + l2"), r"called 'l1 \+ l2'; symreg.objective reads sums and expressions"),
        (lambda: symreg.penalty(3), "no penalty is called '3'"),  # type: ignore[arg-type]
        (lambda: symreg.objective(3), "not of type int"),  # type: ignore[arg-type]
        (lambda: symreg.rule(None), "not of type NoneType"),  # type: ignore[arg-type]
        (lambda: symreg.derive("l2", 3), "not of type int"),  # type: ignore[arg-type]
        (lambda: symreg.derive("l2", [None]), "not of type NoneType"),  # type: ignore[list-item]
        (lambda: "2" * symreg.penalty("l1"), "coefficient '2'"),  # type: ignore[operator]
        (lambda: float("nan") * symreg.penalty("l1"), "coefficient nan"),
        (lambda: -1 * symreg.penalty("l1"), "coefficient -1"),
    ],
)
def test_bad_input_is_a_typed_error(action: Callable[[], object], words: str) -> None:
    with pytest.raises((SpecError, UnknownName, SymregError), match=words):
        action()


def test_a_penalty_adds_up_with_penalties_only() -> None:
    assert symreg.objective(np.float64(0.5) * symreg.penalty("l1")).terms == symreg.objective("0.5*l1").terms
    for other in (3, "l2", None):
        with pytest.raises(TypeError):
            symreg.penalty("l1") + other  # type: ignore[operator]


# Derivations, source, callables, reports


def test_derive_returns_its_steps() -> None:
    derivation = symreg.derive("l2")
    assert len(derivation.steps) >= 4
    assert derivation.text() and derivation.latex() and derivation.markdown() and derivation.to_json()
    assert "adam" in symreg.derive(symreg.penalty("l2"), "adam").text().lower()


def test_time_runs_out() -> None:
    with pytest.raises(OutOfTime, match=r"^l2: not done within 0.001 s"):
        symreg.derive("l2", timeout=0.001)


def test_generate_returns_source_by_path() -> None:
    made = symreg.generate("l1 + 0.5*l2", rules="adam", target="all", name="net")
    assert list(made) == ["numpy/net.py", "c/net.h", "c/net.c"]
    assert "def adam_step(" in made["numpy/net.py"]
    assert list(symreg.generate(symreg.penalty("welsch", WELSCH, c="positive"))) == ["numpy/welsch.py"]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_load_returns_callables(target: str, dtype: Any) -> None:
    functions = symreg.load("l2", rules=("gradient_descent", "adam"), target=target, dtype=dtype)
    w = np.array([1.0, -2.0], dtype)
    assert functions.value(w, lam=0.5) == 2.5
    assert functions.gradient(w, lam=0.5).tolist() == [1.0, -2.0]
    functions.gradient_descent_step(w, np.zeros(2, dtype), lr=0.5, lam=0.5)
    assert w.tolist() == [0.5, -1.0]
    state = functions.adam_state(w)
    functions.adam_step(w, np.zeros(2, dtype), state, lr=0.1, lam=0.5)
    assert state["t"] == 1


def test_verify_judges_what_is_emitted() -> None:
    report = symreg.verify("l1", rules=("lion",), points=100)
    assert report.passed
    assert {check.target for check in report.checks} == {"numpy", "c"}


def test_verify_judges_a_function() -> None:
    def mistaken(w: Any, g: Any, *, lr: float, lam: float) -> Any:
        return w - lr * (g + lam * np.linalg.norm(w))

    assert not symreg.verify("l2", against=mistaken, as_="step", points=100).passed
    assert symreg.verify("l2", against=lambda w, *, lam: 2 * lam * w, points=100, params={"lam": 0.3}).passed


# Processes

UNGUARDED = """
import symreg, sys
print("once")
derivation = symreg.derive("l2")
symreg.generate("l2")
print("sympy" in sys.modules)
"""


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    done = subprocess.run(
        [sys.executable, script], env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "once\nFalse\n"
    assert done.stderr == ""


def test_a_relative_path_to_the_package_will_do(tmp_path: Path) -> None:
    """The child starts in the same folder, but must not depend on the caller's way of finding symreg."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import symreg; print(len(symreg.derive('l2').steps) > 3)"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
