"""A parameter has one name in every function of a file: where a rule has it as well, the rule's is another one."""

from __future__ import annotations

import inspect
import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import symreg
from symreg.cli import run
from symreg.errors import UnknownName
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

OWN = "lam*log(1 + w**2/eps)"
MINE = """
[rule]
name = "mine"
steps = ["root = m + g", "m = root", "w = w - lr*lam*root"]
[state]
m = 0
[params.lr]
domain = "positive"
default = 0.1
[params.lam]
domain = "positive"
default = 1
"""


def loaded(text: str, rule: str, target: str) -> SimpleNamespace:
    objective = resolve(text)
    return load(objective, updates(objective, (resolve_rule(rule),)), target)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_the_objective_s_name_means_the_same_in_every_function(target: str) -> None:
    functions = loaded(OWN, "adam", target)
    w, g = np.array([0.5, -2.0]), np.array([0.1, 0.3])
    state = functions.adam_state(w)
    slope = functions.gradient(w, lam=0.3, eps=0.7)
    after = w.copy()
    functions.adam_step(after, g, state, lr=0.01, adam_eps=0.2, lam=0.3, eps=0.7)
    whole = g + slope
    right = w - 0.01 * whole / (np.abs(whole) + 0.2)  # the first step: both averages are those of one gradient
    np.testing.assert_allclose(after, right, rtol=1e-12)
    assert "adam_eps is adam's own eps; eps is the penalty's." in inspect.getdoc(functions.adam_step)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_states_and_local_names_are_told_apart_too(target: str) -> None:
    functions = loaded("lam*abs(w) + m*w**2 + root*w**4", MINE, target)
    w, g = np.array([0.5, -2.0]), np.array([0.1, 0.3])
    given = {"lam": 0.3, "m": 0.4, "root": 0.2}
    state = functions.mine_state(w)
    assert list(state) == ["mine_m"] and not state["mine_m"].any()
    state["mine_m"][:] = [1.0, 2.0]
    total = np.array([1.0, 2.0]) + g + functions.gradient(w, **given)
    after = w.copy()
    functions.mine_step(after, g, state, lr=0.1, mine_lam=3.0, **given)
    np.testing.assert_allclose(after, w - 0.1 * 3.0 * total, rtol=1e-12)
    np.testing.assert_allclose(state["mine_m"], total, rtol=1e-12)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("text", [OWN, "log_sum", "charbonnier"])
def test_no_step_has_a_keyword_that_means_another_thing_in_the_gradient(text: str) -> None:
    objective = resolve(text)
    files = emit(objective, updates(objective, (resolve_rule("adam"), resolve_rule("adamw"))), "c")
    header = files[f"c/{objective.name}.h"]
    for rule in ("adam", "adamw"):
        (declared,) = re.findall(rf"int \w+_{rule}_step_f64\(([^)]*)\)", header)
        names = [argument.split()[-1].lstrip("*") for argument in declared.split(",")]
        assert {p.name for p in objective.terms.parameters} < set(names)
        assert f"{rule}_eps" in names and len(set(names)) == len(names)
        assert f"{rule}_eps is {rule}'s own eps; eps is the penalty's." in header


@pytest.mark.sweep
def test_a_note_tells_whoever_generates_and_whoever_derives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = "adam_eps is adam's own eps; eps is the penalty's"
    assert run(["generate", "log_sum", "--rule", "adam", "--unjudged", "--timeout", "200", "-o", str(tmp_path)]) == 0
    assert note in capsys.readouterr().err
    assert run(["derive", "log_sum", "--rule", "adam", "--timeout", "200"]) == 0
    derived = " ".join(capsys.readouterr().out.split())
    assert note in derived and "+ root*adam_eps)" in derived
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        symreg.generate("log_sum", rules="adam", judge=False, timeout=200)
    assert [str(warning.message) for warning in told] == [note]


@pytest.mark.sweep
def test_the_judge_calls_and_sets_them_by_the_same_names() -> None:
    seen: list[set[str]] = []

    def step(w, g, state, **given):  # type: ignore[no-untyped-def]
        seen.append(set(given))
        state["t"] += 1

    symreg.verify(
        "log_sum", rules="adam", against=step, as_="step", points=5, timeout=200, params={"adam_eps": 0.5, "eps": 2.0}
    )
    assert seen[0] == {"lr", "beta1", "beta2", "adam_eps", "lam", "eps"}
    assert symreg.verify(
        "log_sum", rules="adam", target="numpy", points=50, timeout=200, params={"adam_eps": 0.5}
    ).passed
    with pytest.raises(UnknownName, match="no parameter 'adam_eps'"):
        symreg.verify("l1", rules="adam", points=5, timeout=200, params={"adam_eps": 0.5})
