"""The functions that set a rule's state before its first step."""

from __future__ import annotations

import ctypes
import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from symreg import catalogue
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import build
from symreg.targets.loading.load import load
from symreg.targets.options import BOTH, Options
from symreg.updates.assemble import updates
from symreg.updates.update import Update

WITH_STATE = tuple(
    name for name in catalogue.rules() if catalogue.rule(name).states and not catalogue.rule(name).uses_prox
)
OWN = """
[rule]
name = "own"
steps = ["j = 0.5*j + g", "k = k + 1", "s = 0.5*s + g**2", "w = w - 0.1*j/(k + s)"]
[state]
j = -2.5
k = 3
s = 1
"""
NULL = 1


@cache
def derived() -> tuple[Objective, tuple[Update, ...]]:
    objective = resolve("lam*w**2")
    return objective, updates(objective, map(resolve_rule, (*WITH_STATE, OWN)))


def library(options: Options) -> ctypes.CDLL:
    return ctypes.CDLL(str(build(emit(*derived(), "c", options))))


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("options", "suffix"), [(BOTH, "f64"), (BOTH, "f32"), (Options(dtype="float32"), "f32")])
def test_arrays_and_numbers_begin_with_their_values(options: Options, suffix: str) -> None:
    real, wide = ctypes.c_float if suffix == "f32" else ctypes.c_double, ctypes.c_double
    wide = ctypes.c_float if options.dtype == "float32" else ctypes.c_double
    j, s, k = (real * 4)(*[9.0] * 4), (real * 4)(*[9.0] * 4), wide(9.0)
    initial = library(options)[f"penalty_own_init_{suffix}"]
    assert initial(ctypes.c_size_t(3), j, ctypes.byref(k), s) == 0
    assert list(j) == [-2.5, -2.5, -2.5, 9.0] and list(s) == [1.0, 1.0, 1.0, 9.0] and k.value == 3.0


def test_a_null_pointer_is_refused_unless_there_are_no_weights() -> None:
    j, k = (ctypes.c_double * 3)(9.0), ctypes.c_double(9.0)
    initial = library(BOTH)["penalty_own_init_f64"]
    assert initial(ctypes.c_size_t(3), j, ctypes.byref(k), None) == NULL
    assert j[0] == 9.0 and k.value == 9.0
    assert initial(ctypes.c_size_t(0), None, None, None) == 0
    assert initial(ctypes.c_size_t(0), None, ctypes.byref(k), None) == 0 and k.value == 3.0


def test_states_that_begin_alike_share_one_body() -> None:
    source = emit(*derived(), "c")["c/penalty.c"]
    begin = r"int penalty_{}_init_f64\(size_t n, double \*m, double \*v, double \*t\)"
    assert re.search(f"{begin.format('adamw')} {{ return penalty_adam_init_f64\\(n, m, v, t\\); }}", source)
    assert re.search(begin.format("adam") + r"\n\{\n    if \(n > 0", source)
    assert "_init_f64(n" not in source.partition("int penalty_own_init_f64")[2].partition("int penalty_own_step")[0]


def test_no_line_of_a_step_with_many_states_is_too_long() -> None:
    objective = resolve("second_difference")
    rules = [resolve_rule(name) for name in WITH_STATE]
    (source,) = (text for path, text in emit(objective, updates(objective, rules), "c").items() if path.endswith(".c"))
    assert max(len(line) for line in source.splitlines() if "Regenerate" not in line) <= 120


def test_every_rule_with_state_has_one_and_what_is_loaded_uses_it() -> None:
    header = emit(*derived(), "c", BOTH)["c/penalty.h"]
    assert set(re.findall(r"int penalty_(\w+)_init_f64", header)) == {*WITH_STATE, "own"}
    in_c, in_numpy = (vars(load(*derived(), target)) for target in ("c", "numpy"))
    w = np.ones((2, 3))
    for rule in (*WITH_STATE, "own"):
        made, right = in_c[f"{rule}_state"](w), in_numpy[f"{rule}_state"](w)
        assert made.keys() == right.keys()
        assert all(same(made[name], right[name]) for name in right), rule


def same(made: Any, right: Any) -> bool:
    return np.shape(made) == np.shape(right) and np.array_equal(made, right)
