"""Loaded functions: one signature, one result, and one set of refusals, whichever target is behind them."""

from __future__ import annotations

import inspect
import itertools
import sys
import traceback
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load, load_module
from symreg.updates.assemble import updates
from symreg.updates.update import Update

RULES = ("gradient_descent", "adamw", "nadam")
OBJECTIVES = (
    "l2",
    "mcp",
    "first_difference",
    "variance",
    "tikhonov",
    "lam*sum(a[i]*w[i]**2, i)",
    "lam*log(1 + w**2/eps)",
)
DTYPES = ("float64", "float32")


@cache
def made(text: str, rules: tuple[str, ...]) -> tuple[Objective, tuple[Update, ...]]:
    objective = resolve(text)
    return objective, updates(objective, [resolve_rule(rule) for rule in rules])


@cache
def loaded(objective: str, target: str, dtype: str = "float64", rules: tuple[str, ...] = RULES) -> SimpleNamespace:
    return load(*made(objective, rules), target, dtype)


def matrices(functions: SimpleNamespace, n: int, dtype: str) -> dict[str, Any]:
    """Return the declared arrays that the objective needs; those with a capital for a name are matrices."""
    given = inspect.signature(functions.value).parameters.values()
    needed = [a.name for a in given if a.kind is a.KEYWORD_ONLY and a.default is a.empty]
    shapes = {name: (n, n) if name.isupper() else (n,) for name in needed}
    return {name: np.random.default_rng(7).normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def draw(n: int, dtype: str, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=n).astype(dtype)


@pytest.mark.one_in(5)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_names_and_signatures_are_the_same(objective: str) -> None:
    in_numpy, in_c = loaded(objective, "numpy"), loaded(objective, "c")
    assert vars(in_numpy).keys() == vars(in_c).keys()
    assert {"value", "gradient", "gradient_descent_step", "adamw_state", "adamw_step"} <= vars(in_c).keys()
    assert "gradient_descent_state" not in vars(in_c), "a rule without state has no state function"
    for name in vars(in_c):
        ours, theirs = getattr(in_c, name), getattr(in_numpy, name)
        assert inspect.signature(ours) == inspect.signature(theirs)
        assert ours.__doc__ == theirs.__doc__ and ours.__name__ == name


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("objective", "dtype"), list(itertools.product(OBJECTIVES, DTYPES)))
def test_results_are_the_same(objective: str, dtype: str) -> None:
    close = {"rtol": 1e-12 if dtype == "float64" else 1e-5, "atol": 1e-12 if dtype == "float64" else 1e-5}
    in_numpy, in_c = loaded(objective, "numpy", dtype), loaded(objective, "c", dtype)
    compared = 0
    for n in (0, 1, 2, 7, 33):
        w, g = draw(n, dtype), draw(n, dtype, 1)
        extra = matrices(in_c, n, dtype)
        values = [functions.value(w, **extra) for functions in (in_numpy, in_c)]
        assert type(values[1]) is float
        np.testing.assert_allclose(values[1], values[0], **close)
        gradients = [functions.gradient(w, **extra) for functions in (in_numpy, in_c)]
        assert gradients[1].dtype == w.dtype and gradients[1].shape == w.shape
        np.testing.assert_allclose(gradients[1], gradients[0], **close)
        for rule in RULES:
            ends = []
            for functions in (in_numpy, in_c):
                weights = w.copy()
                state = getattr(functions, f"{rule}_state", lambda _: None)(weights)
                for _ in range(3):
                    kept = () if state is None else (state,)
                    assert getattr(functions, f"{rule}_step")(weights, g, *kept, **extra) is None
                ends.append((weights, state or {}))
            np.testing.assert_allclose(ends[1][0], ends[0][0], **close)
            assert list(ends[1][1]) == list(ends[0][1])
            for name, state in ends[1][1].items():
                np.testing.assert_allclose(state, ends[0][1][name], **close)
                assert type(state) is type(ends[0][1][name])
            compared += 1
    assert compared == 5 * len(RULES)


def test_t_counts_steps_in_the_state() -> None:
    functions = loaded("l2", "c")
    w = draw(4, "float64")
    state = functions.adamw_state(w)
    assert state["t"] == 0.0
    for count in (1.0, 2.0):
        functions.adamw_step(w, w.copy(), state)
        assert state["t"] == count and type(state["t"]) is float
    empty = np.empty(0)
    state = functions.adamw_state(empty)
    functions.adamw_step(empty, empty.copy(), state)
    assert state["t"] == 1.0, "a step on no weights is a step"


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_accepted_arrays(target: str) -> None:
    functions = loaded("l2", target)
    w = draw(12, "float64").reshape(3, 4)
    assert functions.gradient(w=w).shape == (3, 4)
    assert functions.value(w) == functions.value(w.reshape(-1)) == functions.value(np.asfortranarray(w))
    assert functions.value(w[:, ::2]) == functions.value(w[:, ::2].copy())
    locked = w.copy()
    locked.flags.writeable = False
    np.testing.assert_array_equal(functions.gradient(locked), functions.gradient(w))
    out = np.empty_like(w)
    assert functions.gradient(w, out=out) is out
    unaligned = np.frombuffer(b"x" + w.tobytes(), dtype=np.uint8)[1:].view(np.float64)
    np.testing.assert_array_equal(functions.gradient(unaligned), functions.gradient(w.reshape(-1)))
    ends = []
    for g in (np.broadcast_to(w[:1], w.shape), np.repeat(w[:1], 3, axis=0), np.asfortranarray(np.repeat(w[:1], 3, 0))):
        weights = w.copy()
        functions.gradient_descent_step(weights, g)
        ends.append(weights)
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])
    if target == "c":
        assert np.isnan(functions.value(np.array([1.0, np.nan])))


def read_only(w: Any) -> Any:
    w = w.copy()
    w.flags.writeable = False
    return w


def without(state: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != name}


Call = Callable[[SimpleNamespace, Any, Any, dict[str, Any]], object]

REFUSED: dict[str, Call] = {
    "no arguments": lambda f, w, g, s: f.value(),
    "too many arguments": lambda f, w, g, s: f.value(w, 0.1),
    "unknown keyword": lambda f, w, g, s: f.value(w, lambada=0.1),
    "no gradient": lambda f, w, g, s: f.gradient_descent_step(w),
    "no state": lambda f, w, g, s: f.adamw_step(w, g),
    "list": lambda f, w, g, s: f.value([1.0, 2.0]),
    "integers": lambda f, w, g, s: f.value(np.arange(3)),
    "complex": lambda f, w, g, s: f.gradient(w * 1j),
    "objects": lambda f, w, g, s: f.value(w.astype(object)),
    "other byte order": lambda f, w, g, s: f.value(w.astype(w.dtype.newbyteorder())),
    "gradient of another dtype": lambda f, w, g, s: f.gradient_descent_step(w, g.astype(np.float16)),
    "gradient of another shape": lambda f, w, g, s: f.gradient_descent_step(w, g[:-1]),
    "gradient a list": lambda f, w, g, s: f.gradient_descent_step(w, list(g)),
    "strided weights": lambda f, w, g, s: f.gradient_descent_step(w[::2], g[::2]),
    "read-only weights": lambda f, w, g, s: f.gradient_descent_step(read_only(w), g),
    "gradient overlaps": lambda f, w, g, s: f.gradient_descent_step(w[1:], w[:-1]),
    "gradient overlaps, strided": lambda f, w, g, s: f.gradient_descent_step(
        w[: w.size // 2], w[: w.size // 2 * 2 : 2]
    ),
    "out of another shape": lambda f, w, g, s: f.gradient(w, out=g[:-1]),
    "out of another dtype": lambda f, w, g, s: f.gradient(w, out=g.astype(np.float16)),
    "out read-only": lambda f, w, g, s: f.gradient(w, out=read_only(g)),
    "out overlaps": lambda f, w, g, s: f.gradient(w[1:], out=w[:-1]),
    "lam negative": lambda f, w, g, s: f.value(w, lam=-1.0),
    "lam zero": lambda f, w, g, s: f.gradient(w, lam=0),
    "lam nan": lambda f, w, g, s: f.value(w, lam=float("nan")),
    "lam infinite": lambda f, w, g, s: f.gradient_descent_step(w, g, lam=float("inf")),
    "lam a bool": lambda f, w, g, s: f.value(w, lam=True),
    "lam text": lambda f, w, g, s: f.value(w, lam="1"),
    "lam None": lambda f, w, g, s: f.value(w, lam=None),
    "lam an array": lambda f, w, g, s: f.value(w, lam=np.ones(3)),
    "lam complex": lambda f, w, g, s: f.value(w, lam=1j),
    "lam enormous": lambda f, w, g, s: f.value(w, lam=10**400),
    "lr negative": lambda f, w, g, s: f.adamw_step(w, g, s, lr=-1e-3),
    "beta1 one": lambda f, w, g, s: f.adamw_step(w, g, s, beta1=1.0),
    "state of another shape": lambda f, w, g, s: f.adamw_step(w, g, {**s, "m": s["m"][1:]}),
    "state of another dtype": lambda f, w, g, s: f.adamw_step(w, g, {**s, "v": s["v"].astype(np.float16)}),
    "state incomplete": lambda f, w, g, s: f.adamw_step(w, g, without(s, "v")),
    "state without t": lambda f, w, g, s: f.adamw_step(w, g, without(s, "t")),
    "state shares m and v": lambda f, w, g, s: f.adamw_step(w, g, {**s, "v": s["m"]}),
    "state is w": lambda f, w, g, s: f.adamw_step(w, g, {**s, "v": w}),
    "state a list": lambda f, w, g, s: f.adamw_step(w, g, [s["m"], s["v"]]),
    "state t text": lambda f, w, g, s: f.adamw_step(w, g, {**s, "t": "1"}),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("refused", REFUSED)
def test_both_targets_refuse_in_the_same_words(refused: str, dtype: str) -> None:
    told = []
    for target in ("numpy", "c"):
        functions = loaded("l2", target, dtype)
        w, g = draw(9, dtype), draw(9, dtype, 1)
        state = functions.adamw_state(w)
        before = (w.copy(), g.copy(), {name: np.copy(value) for name, value in state.items()})
        with pytest.raises((TypeError, ValueError, KeyError)) as caught:
            REFUSED[refused](functions, w, g, state)
        told.append((caught.type, str(caught.value)))
        np.testing.assert_array_equal(w, before[0])
        np.testing.assert_array_equal(g, before[1])
        for name, value in state.items():
            np.testing.assert_array_equal(value, before[2][name])
    assert told[0] == told[1]
    assert "\n" not in told[0][1]


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_the_other_dtype_are_refused(target: str, dtype: str) -> None:
    functions = loaded("l2", target, dtype)
    other = next(name for name in DTYPES if name != dtype)
    for name in ("value", "gradient", "adamw_state"):
        with pytest.raises(TypeError, match=f"w: expected a {dtype} array, got {other}"):
            getattr(functions, name)(draw(3, other))


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_index_notation_takes_one_dimension(target: str) -> None:
    with pytest.raises(ValueError, match="w"):
        loaded("variance", target).value(np.ones((2, 2)))


def test_a_matrix_is_an_argument_of_its_own() -> None:
    told = []
    for target in ("numpy", "c"):
        functions = loaded("tikhonov", target)
        w, a = draw(3, "float64"), draw(9, "float64").reshape(3, 3)
        np.testing.assert_allclose(functions.value(w, A=a), functions.value(w, A=np.asfortranarray(a)))
        for wrong in ({}, {"A": a[:2]}, {"A": a.astype(np.float32)}, {"A": a.tolist()}):
            with pytest.raises((TypeError, ValueError)) as caught:
                functions.value(w, **wrong)
            told.append(str(caught.value))
    assert told[:4] == told[4:]


def test_a_loaded_module_is_found_by_no_import_and_shows_its_lines() -> None:
    module = load_module("found_by_no_import", "def fail():\n    return 1 / 0  # the line\n")
    assert not any("found_by_no_import" in name for name in sys.modules)
    with pytest.raises(ZeroDivisionError) as caught:
        module.fail()
    assert "# the line" in "".join(traceback.format_exception(caught.value))


@pytest.mark.one_in(6)
@pytest.mark.parametrize(("target", "dtype"), list(itertools.product(("numpy", "c"), DTYPES)))
def test_the_largest_weights_give_numbers(target: str, dtype: str) -> None:
    """Parts of such a formula overflow and meet what vanishes: weights beyond the promised range count as its end."""
    functions = loaded("(w - c)**4*tanh(w - c)**2", target, dtype, ())
    largest = np.finfo(dtype).max
    w = np.array([-largest, largest, -largest / 4, 2.0, np.nan], dtype)
    slope = functions.gradient(w)
    assert not np.isnan(slope[:-1]).any() and np.isnan(slope[-1])
    inside = np.array([2.0], dtype)
    assert functions.gradient(inside)[0] == slope[3], "a weight within the range counts as itself"
    for weight in w[:3]:
        assert functions.value(np.array([weight], dtype)) > 0


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_both_precisions_are_taken_unless_one_is_asked_for(target: str) -> None:
    functions = loaded("mcp", target, "all")
    for dtype in DTYPES:
        w, g = draw(5, dtype), draw(5, dtype, 1)
        alone = loaded("mcp", target, dtype)
        assert functions.gradient(w).dtype == np.dtype(dtype)
        assert functions.prox(v=w, step=0.5).tobytes() == alone.prox(w, step=0.5).tobytes()
        state = functions.adamw_state(w)
        functions.adamw_step(w, g, state)
        assert state["m"].dtype == w.dtype and state["t"] == 1.0
    w = draw(5, "float32")
    with pytest.raises(TypeError, match="v: expected a float64 array, got float32"):
        loaded("mcp", target, "float64").prox(v=w, step=0.5)
    with pytest.raises(TypeError, match="g"):
        functions.gradient_descent_step(w, draw(5, "float64"))
    with pytest.raises(TypeError, match="w: expected float32 or float64, got int64"):
        functions.value(np.arange(3))
