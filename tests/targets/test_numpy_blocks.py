"""The calls of an emitted NumPy loop: as few as do, for on few weights each costs as much as its arithmetic."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from emitted import made

from symreg.objectives.resolve import resolve
from symreg.targets.emit import emit
from symreg.targets.loading.load import load_module


@cache
def text(penalty: str) -> str:
    (source,) = emit(resolve(penalty), made(penalty, ("gradient_descent",)), "numpy").values()
    return source


@cache
def module(penalty: str) -> ModuleType:
    return load_module(penalty, text(penalty))


def body(penalty: str, function: str) -> str:
    """Return the text of a function."""
    return text(penalty).partition(f"\ndef {function}(")[2].partition("\ndef ")[0]


def test_a_condition_that_two_choices_ask_for_is_computed_once() -> None:
    assert len(re.findall(r"where\(t2 >= 0,", body("log_sum", "prox"))) == 2
    assert body("log_sum", "prox").count("np.greater_equal(t2, 0, out=mask)") == 1


def test_the_greater_of_two_numbers_is_one_call() -> None:
    assert "# t6 = sqrt(max(t5, 0))\n            np.maximum(t5, 0.0, out=t5)\n" in body("log_sum", "prox")
    assert "np.maximum(t1, 0.0, out=t1)" in body("l1", "prox") and "_put" not in body("l1", "prox")


def test_the_last_call_writes_the_result() -> None:
    assert "np.copysign(t1, vj, out=flat_j)\n    return out\n" in body("l1", "prox")


def test_a_choice_that_all_weights_share_is_an_if() -> None:
    lines = [line.strip() for line in body("l2_norm", "gradient").splitlines()]
    place = lines.index("if t2:")
    assert lines[place + 1] == "np.copyto(flatj, 0)"


def test_thresholds_are_kept_for_the_parameters_that_they_are_of() -> None:
    functions, v = module("log_sum"), np.array([0.5, -2.0, 3.0])
    functions._thresholds.cache_clear()
    first = functions.prox(v, step=1.0, lam=0.1)
    other = functions.prox(v, step=1.0, lam=2.0)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(functions.prox(v, step=1.0, lam=0.1), first)
    assert functions._thresholds.cache_info()[:2] == (1, 2), "hits and misses"


@pytest.mark.parametrize("n", [4095, 4096, 4097, 10_000])
def test_what_few_and_many_weights_are_chosen_by_is_the_same(n: int) -> None:
    w = np.random.default_rng(1).normal(size=n)
    for dtype in (np.float64, np.float32):
        many = module("mcp").prox(w.astype(dtype), step=0.5)
        few = np.concatenate([module("mcp").prox(part.astype(dtype), step=0.5) for part in np.array_split(w, 100)])
        np.testing.assert_array_equal(many, few)


@pytest.mark.parametrize(
    ("lam", "told"),
    [
        (True, "expected a number, got bool"),
        ("1", "expected a number, got str"),
        (0.0, "must be finite and > 0, got 0"),
        (np.float64(-1), "must be finite and > 0, got -1"),
        (float("nan"), "must be finite and > 0, got nan"),
        (float("inf"), "must be finite and > 0, got inf"),
        (10**400, "must be finite and > 0, got inf"),
    ],
)
def test_parameters_are_refused_in_words(lam: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^lam: {told}"):
        module("l1").gradient(np.ones(3), lam=lam)


def test_numbers_of_any_kind_are_taken() -> None:
    for lam in (2, 2.0, np.float32(2), np.float64(2), np.int64(2)):
        np.testing.assert_array_equal(module("l1").gradient(np.array([-1.0, 1.0]), lam=lam), [-2.0, 2.0])


def test_another_byte_order_is_refused() -> None:
    swapped = np.ones(3).astype(np.dtype(np.float64).newbyteorder())
    with pytest.raises(TypeError, match="w: expected float32 or float64"):
        module("l1").gradient(swapped)
