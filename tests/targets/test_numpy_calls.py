"""Emitted NumPy modules, called: precision, strides, in place, block edges, and what they allocate."""

from __future__ import annotations

import ctypes
import tracemalloc
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from c_calls import OK, Call
from c_headers import declared
from emitted import INDEXED, PENALTIES, emitted

from symreg.application.tasks.sources import CATALOGUE_RULES
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load_module

BLOCK_EDGES = (131_071, 131_072, 131_073, 320_000)


@cache
def module(penalty: str) -> ModuleType:
    return load_module(penalty, emitted(penalty, CATALOGUE_RULES)[f"numpy/{penalty}.py"])


def extra(penalty: str, n: int, dtype: Any = np.float64) -> dict[str, Any]:
    shapes = [array.name for array in resolve(penalty).terms.arrays]
    return {name: np.random.default_rng(3).normal(size=(n, n)).astype(dtype) for name in shapes}


def weights(n: int, dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0.1, 2.0, n).astype(dtype)


def stepped(penalty: str, rule: str, w: Any, g: Any, **named: Any) -> tuple[Any, dict[str, Any]]:
    functions, w = module(penalty), w.copy()
    state = getattr(functions, f"{rule}_state", lambda _: None)(w)
    for _ in range(2):
        getattr(functions, f"{rule}_step")(w, g, *(() if state is None else (state,)), **named)
    return w, state or {}


@pytest.mark.one_in(15)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_single_precision_stays_single(penalty: str) -> None:
    functions, w, g = module(penalty), weights(9, np.float32), weights(9, np.float32, 1)
    arrays = extra(penalty, 9, np.float32)
    assert type(functions.value(w, **arrays)) is float
    assert functions.gradient(w, **arrays).dtype == np.float32
    for rule in CATALOGUE_RULES:
        moved, state = stepped(penalty, rule, w, g, **arrays)
        assert moved.dtype == np.float32
        for name, value in state.items():
            assert type(value) is float or value.dtype == np.float32, name


@pytest.mark.one_in(9)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_strided_inputs_and_out_in_place(penalty: str) -> None:
    functions, wide = module(penalty), weights(2 * 33)
    w, arrays = wide[::2], extra(penalty, 33)
    expected = functions.gradient(w.copy(), **arrays)
    assert functions.value(w, **arrays) == functions.value(w.copy(), **arrays)
    np.testing.assert_array_equal(functions.gradient(w, **arrays), expected)
    np.testing.assert_array_equal(functions.gradient(w[::-1], **arrays), functions.gradient(w[::-1].copy(), **arrays))
    for rule in CATALOGUE_RULES:
        for there, beside in zip(
            stepped(penalty, rule, w, wide[1::2], **arrays), stepped(penalty, rule, w, wide[1::2].copy(), **arrays),
            strict=True,
        ):  # fmt: skip
            np.testing.assert_equal(there, beside)
    out = w.copy()
    if "may be w" in (functions.gradient.__doc__ or ""):
        assert functions.gradient(out, out=out, **arrays) is out
        np.testing.assert_array_equal(out, expected)
    else:
        assert penalty in INDEXED
        with pytest.raises(ValueError, match="out: must not share memory with w"):
            functions.gradient(out, out=out, **arrays)
        np.testing.assert_array_equal(out, w)


TOO_LARGE = {"tikhonov": "its matrix has n*n elements"}


@pytest.mark.one_in(9)
@pytest.mark.parametrize("penalty", [penalty for penalty in PENALTIES if penalty not in TOO_LARGE])
def test_block_edges(penalty: str, library: ctypes.CDLL) -> None:
    """At the edges of blocks, elements are what they are among few, and both targets agree on all of them."""
    functions = module(penalty)
    known = {p.name: p for p in resolve(penalty).terms.parameters}
    by_name = {function.name: function for function in declared(penalty)}
    for n in BLOCK_EDGES:
        w = weights(n)
        gradient, value = functions.gradient(w), functions.value(w)
        call = Call(library, by_name[f"{penalty}_gradient_f64"], n, known)
        call.arrays["w"][:] = w
        assert call() == OK
        np.testing.assert_allclose(gradient, call.arrays["out"], rtol=1e-11, atol=1e-11)
        in_c = Call(library, by_name[f"{penalty}_value_f64"], n, known)
        in_c.arrays["w"][:] = w
        assert value == pytest.approx(in_c(), rel=1e-13)
        if penalty in INDEXED and not penalty.endswith("difference"):
            continue
        for k in {3, 1023, 1024, 131_068, 131_071, 131_072, 131_073, 262_143, 262_144, n - 4}:
            if k <= n - 4:
                few = functions.gradient(w[k - 3 : k + 4])
                assert gradient[k] == pytest.approx(few[3], rel=1e-13)


@pytest.mark.one_in(20)
@pytest.mark.parametrize("penalty", [penalty for penalty in PENALTIES if penalty not in TOO_LARGE])
def test_no_allocation_grows(penalty: str) -> None:
    functions = module(penalty)

    def peak(n: int, function: str) -> int:
        w, g = weights(n), weights(n, seed=1)
        if function == "gradient":
            arguments: tuple[Any, ...] = (w,)
            named: dict[str, Any] = {"out": np.empty(n)}
        else:
            arguments, named = (w,), {}
        if function.endswith("_step"):
            state = getattr(functions, function.replace("_step", "_state"), lambda _: None)(w)
            arguments = (w, g) if state is None else (w, g, state)
        called = getattr(functions, function)
        called(*arguments, **named)
        tracemalloc.start()
        try:
            called(*arguments, **named)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    for function in ("value", "gradient", "gradient_descent_step", "adam_step"):
        small, large = peak(320_000, function), peak(960_000, function)
        assert large <= small + 10_000, f"{function}: {small} bytes at 320,000 weights, {large} at 960,000"
