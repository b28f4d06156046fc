"""Functions over samples that are loaded in C are called, and refuse, as the NumPy ones do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.functions import Functions
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "array": scipy.sparse.csr_array,
    "matrix": scipy.sparse.csr_matrix,
    "indices of 64 bits": lambda X: with_indices(scipy.sparse.csr_array(X), np.int64),
    "read only": lambda X: read_only(np.array(X)),
    "received at odd addresses": lambda X: at_odd_addresses(scipy.sparse.csr_array(X)),
    "masked": np.ma.masked_array,
    "two sizes of indices": lambda X: with_part(X, "indices", lambda indices: indices.astype(np.int64)),
    "every other number": lambda X: with_part(X, "data", lambda numbers: np.repeat(numbers, 2)[::2]),
}


def with_indices(X: Any, index: type) -> Any:
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    return X


def at_odd_addresses(X: Any) -> Any:
    for name in ("indptr", "indices", "data"):
        part = getattr(X, name)
        moved = np.ndarray(part.shape, part.dtype, bytearray(part.nbytes + 1), offset=1)
        moved[:] = part
        setattr(X, name, moved)
    assert not X.data.flags.aligned
    return X


def with_part(X: Any, name: str, change: Callable[[Any], Any]) -> Any:
    compressed = scipy.sparse.csr_array(X)
    setattr(compressed, name, change(getattr(compressed, name)))
    return compressed


def read_only(X: Any) -> Any:
    X.flags.writeable = False
    return X


@cache
def loaded(target: str) -> Functions:
    objective = resolve("mean(logistic) + l2")
    return load(objective, updates(objective, [resolve_rule("adam"), resolve_rule("proximal_gradient")]), target)


def data(dtype: type = np.float64) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    X = np.where(rng.random((33, 5)) < 0.4, 0.0, rng.standard_normal((33, 5))).astype(dtype)
    return {
        "w": rng.standard_normal(5).astype(dtype),
        "v": rng.standard_normal(5).astype(dtype),
        "X": X,
        "y": np.where(rng.random(33) < 0.5, -1.0, 1.0).astype(dtype),
        "sample_weight": rng.random(33).astype(dtype),
    }


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_both_targets_return_the_same(layout: str, dtype: type) -> None:
    d = data(dtype)
    X, y, w, weights = LAYOUTS[layout](d["X"]), d["y"], d["w"], d["sample_weight"]
    close = {"rtol": 1e-12, "atol": 1e-13} if dtype is np.float64 else {"rtol": 1e-5, "atol": 1e-6}
    c, numpy = loaded("c"), loaded("numpy")
    for given in ({}, {"sample_weight": weights}):
        for name in ("value", "gradient", "partial"):
            own = {} if name == "partial" else {"lam": 0.3}
            got, right = (getattr(f, name)(w, X, y, **own, **given) for f in (c, numpy))
            for one, other in zip(*(r if name == "partial" else (r,) for r in (got, right)), strict=True):
                np.testing.assert_allclose(one, other, **close)
        got, right = (f.hessian_vector(w, d["v"], X, y, lam=0.3, **given) for f in (c, numpy))
        np.testing.assert_allclose(got, right, **close)
        assert c.lipschitz(X, **given) == pytest.approx(numpy.lipschitz(X, **given), rel=close["rtol"])
        for name in ("adam", "proximal_gradient"):
            after = []
            for f in (c, numpy):
                moved = w.copy()
                state = (f.adam_state(w),) if name == "adam" else ()
                getattr(f, f"{name}_step")(moved, X, y, *state, lr=0.1, lam=0.3, **given)
                after.append(moved)
            np.testing.assert_allclose(*after, **close)
    out = np.empty_like(w)
    assert c.gradient(w, X, y, lam=0.3, out=out) is out
    np.testing.assert_allclose(c.loss_gradient(X @ w, y), numpy.loss_gradient(X @ w, y), **close)


@pytest.mark.parametrize("weights", [None, np.array([0.5, 0.0, 2.0])], ids=["roots of sizes", "weights"])
def test_groups_of_weights_are_taken_with_weights_and_without(weights: Any) -> None:
    objective = resolve("mean(logistic) + l1 + group(l1(lam=b))")
    emitted = updates(objective, [resolve_rule("proximal_gradient")])
    d, own = data(), {"groups": np.array([0, 2, 2, 5]), "c": weights, "lam": 0.02, "b": 0.03}
    results: list[list[Any]] = []
    for functions in (load(objective, emitted, target) for target in ("c", "numpy")):
        moved = d["w"].copy()
        functions.proximal_gradient_step(moved, d["X"], d["y"], lr=0.1, **own)
        value, gradient = (f(d["w"], d["X"], d["y"], **own) for f in (functions.value, functions.gradient))
        nothing = {**own, "groups": np.array([0]), "c": None}
        empty = functions.value(d["w"][:0], d["X"][:, :0], d["y"], **nothing)
        results.append([moved, value, gradient, empty])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


def out_of_range(d: dict[str, Any]) -> None:
    d["X"] = scipy.sparse.csr_array(d["X"])
    d["X"].indices[3] = 5


def descending(d: dict[str, Any]) -> None:
    d["X"] = scipy.sparse.csr_array(d["X"])
    d["X"].indptr[2] = d["X"].indptr[3] + 1


def begun_late(d: dict[str, Any]) -> None:
    d["X"] = scipy.sparse.csr_array(d["X"])
    d["X"].indptr[0] = 1


WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    "label": lambda d: d["y"].__setitem__(3, 0.5),
    "shape of X": lambda d: d.update(X=d["X"][:, :4].copy()),
    "labels too few": lambda d: d.update(y=d["y"][:-1].copy()),
    "dtype of X": lambda d: d.update(X=d["X"].astype(np.float32)),
    "not contiguous": lambda d: d.update(X=np.zeros((66, 10))[::2, ::2]),
    "negative weight": lambda d: d["sample_weight"].__setitem__(2, -1.0),
    "weights too few": lambda d: d.update(sample_weight=np.ones(32)),
    "no samples": lambda d: d.update(X=np.zeros((0, 5)), y=np.zeros(0), sample_weight=np.zeros(0)),
    "weights of 0": lambda d: d.update(sample_weight=np.zeros(33)),
    "columns": lambda d: d.update(X=scipy.sparse.csc_array(d["X"])),
    "list": lambda d: d.update(X=d["X"].tolist()),
    "index out of range": out_of_range,
    "rows that descend": descending,
    "rows that do not begin at 0": begun_late,
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused_is_refused_in_the_same_words(case: str) -> None:
    said = []
    for target in ("numpy", "c"):
        d = data()
        WRONG[case](d)
        out = np.full(5, 7.0)
        with pytest.raises((TypeError, ValueError)) as raised:
            loaded(target).gradient(d["w"], d["X"], d["y"], sample_weight=d["sample_weight"], lam=0.3, out=out)
        said.append(str(raised.value))
        assert np.all(out == 7.0)
    assert said[0] == said[1] and "\n" not in said[0]


@pytest.mark.parametrize("wrong", [np.ones(3), [[1.0, 2.0]], np.ones((2, 2), int)])
def test_what_is_no_matrix_has_no_bound_in_the_same_words(wrong: Any) -> None:
    said = []
    for target in ("numpy", "c"):
        with pytest.raises((TypeError, ValueError)) as raised:
            loaded(target).lipschitz(wrong)
        said.append(str(raised.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_sample_of_weight_0_has_no_say_even_where_it_overflows(target: str) -> None:
    objective = resolve("sum(poisson)")
    needed = [u for u in updates(objective) if u.kind in ("value", "gradient", "partial")]
    f = load(objective, tuple(needed), target)
    w, X, y, weight = np.ones(1), np.array([[800.0], [1.0]]), np.array([2.0, 3.0]), np.array([0.0, 2.0])
    assert f.value(w, X, y, sample_weight=weight) == pytest.approx(2 * f.value(w, X[1:], y[1:]), rel=1e-14)
    assert f.gradient(w, X, y, sample_weight=weight) == pytest.approx(2 * f.gradient(w, X[1:], y[1:]), rel=1e-14)
    assert np.isfinite(f.partial(w, X, y, sample_weight=weight)[1]).all()
    assert np.isnan(f.value(w, np.array([[np.nan], [1.0]]), y, sample_weight=weight)), "NaN comes out all the same"
