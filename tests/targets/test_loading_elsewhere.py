"""Loaded functions go to other processes: as what they were loaded from, and do there what they do here."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.functions import Functions
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

ELSEWHERE = """
import pickle, sys
import numpy as np
functions, gradient = pickle.load(sys.stdin.buffer)
w = np.array([1.5, -0.25, 0.0])
state = functions.adam_state(w)
functions.adam_step(w, gradient(w), state, lr=0.1)
pickle.dump((repr(functions), w, state), sys.stdout.buffer)
"""
OBJECTIVES = ("l1(lam=c[n])", "group(l1)", "difference(l1)", "variance", "mean(logistic) + l2")


def loaded(text: str, target: str) -> Functions:
    objective = resolve(text)
    return load(objective, updates(objective, [resolve_rule("adam")]), target, "float64")


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_functions_do_in_another_process_what_they_do_here(target: str) -> None:
    here = loaded("mcp", target)
    w = np.array([1.5, -0.25, 0.0])
    state = here.adam_state(w)
    sent = pickle.dumps((here, here.gradient))
    here.adam_step(w, here.gradient(w), state, lr=0.1)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=sent,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=True,
    )
    shown, there, its_state = pickle.loads(done.stdout)
    assert shown == repr(here) and there.tobytes() == w.tobytes()
    assert {name: np.asarray(x).tobytes() for name, x in its_state.items()} == {
        name: np.asarray(x).tobytes() for name, x in state.items()
    }


@pytest.mark.parametrize("text", OBJECTIVES)
def test_every_kind_of_objective_is_sent(text: str) -> None:
    functions = loaded(text, "numpy")
    again = pickle.loads(pickle.dumps(functions))
    assert repr(again) == repr(functions) and vars(again).keys() == vars(functions).keys()
    assert vars(again) == vars(pickle.loads(pickle.dumps(functions))), "loaded once a process"
    assert "value" in vars(again) and pickle.loads(pickle.dumps(functions.value)) is again.value
    assert len(pickle.dumps(functions.value)) < 20_000, "what is sent with every call of Dask"


def test_what_another_process_cannot_load_it_says() -> None:
    """There is no compiler there, say: unpickling raises what loading raises."""
    script = f"import pickle\npickle.loads({pickle.dumps(loaded('l1', 'c').value)!r})"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"CC": "no-such-compiler", "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and "CC='no-such-compiler' is not a C compiler that works here" in done.stderr
