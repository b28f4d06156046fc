"""Functions over samples in C, against plain NumPy arithmetic: every layout of X, both precisions; what is refused."""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from emitted import DIALECTS, WARNINGS, assert_clean, needs_gcc

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import build
from symreg.targets.options import BOTH
from symreg.updates.assemble import updates

MEAN, SUM = "mean(logistic) + l2", "2*sum(squared_error) + l2"
LAYOUTS = ("", "_columns", "_csr", "_csr32")
NULL, DOMAIN, OVERLAP, LABEL, INDEX = 1, 2, 3, 4, 5
LAM = 0.3
F64, F32 = np.dtype(np.float64), np.dtype(np.float32)
SUFFIXES = {F64: "f64", F32: "f32"}
TOLERANCES = {F64: 1e-13, F32: 2e-5}


@cache
def sources(text: str) -> dict[str, str]:
    objective = resolve(text)
    return emit(objective, updates(objective, [resolve_rule("momentum")]), "c", BOTH)


@cache
def library(text: str) -> tuple[str, ctypes.CDLL]:
    return resolve(text).name, ctypes.CDLL(str(build(sources(text))))


@dataclass(kw_only=True)
class Data:
    """Arguments of a call, all of which a test may change."""

    X: Any
    y: Any
    w: Any
    v: Any
    sample_weight: Any = None


def data(m: int, n: int, dtype: np.dtype[Any] = F64, *, is_weighted: bool = False) -> Data:
    rng = np.random.default_rng(1000 * m + n)
    X = np.where(rng.random((m, n)) < 0.3, 0.0, rng.standard_normal((m, n)))
    weights = np.where(np.arange(m) % 3 == 1, 0.0, 0.5 + rng.random(m)).astype(dtype) if is_weighted else None
    y = np.where(rng.random(m) < 0.5, -1.0, 1.0)
    return Data(
        X=X.astype(dtype),
        y=y.astype(dtype),
        w=rng.standard_normal(n).astype(dtype),
        v=rng.standard_normal(n).astype(dtype),
        sample_weight=weights,
    )


def pointer(array: Any) -> Any:
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


def matrix(X: Any, layout: str) -> tuple[list[Any], Any]:
    """Return the arguments in place of X, and what they point to."""
    if layout.startswith("_csr"):
        rows = scipy.sparse.csr_array(X)
        index = np.int32 if layout == "_csr32" else np.int64
        parts = (rows.indptr.astype(index), rows.indices.astype(index), rows.data)
        return [*map(pointer, parts)], parts
    laid = np.ascontiguousarray(X) if layout == "" else np.asfortranarray(X)
    return [pointer(laid), ctypes.c_size_t(X.shape[1] if layout == "" else X.shape[0])], laid


def call(
    text: str, function: str, layout: str, d: Data, *after: Any, x: Any = None, before: tuple[Any, ...] = ()
) -> Any:
    """Call a function; `after` stands behind the weights of the samples, `before` behind w, `x` in place of X."""
    name, loaded = library(text)
    raw = loaded[f"{name}_{function}{layout}_{SUFFIXES[d.w.dtype]}"]
    raw.restype = ctypes.c_double if function in ("value", "lipschitz") else ctypes.c_int
    given, kept = matrix(d.X, layout) if x is None else (x, None)
    first = () if function == "lipschitz" else (pointer(d.w), *map(pointer, before))
    labels = () if function == "lipschitz" else (pointer(d.y),)
    m, n = d.X.shape
    result = raw(ctypes.c_size_t(n), *first, ctypes.c_size_t(m), *given, *labels, pointer(d.sample_weight), *after)
    del kept
    return result


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is right, and for each result the sum of the magnitudes that it is the sum of."""

    loss: float
    weight: float
    slopes: Any
    products: Any
    sizes: Any
    product_sizes: Any
    squares: float


def expected(text: str, d: Data) -> Expected:
    X, y, w, v = (a.astype(float) for a in (d.X, d.y, d.w, d.v))
    s = np.ones(len(y)) if d.sample_weight is None else d.sample_weight.astype(float)
    z = X @ w
    if text == MEAN:
        loss, slope = np.logaddexp(0, -y * z), -y / (1 + np.exp(y * z))
        curvature = np.exp(-abs(z)) / (1 + np.exp(-abs(z))) ** 2
    else:
        loss, slope, curvature = (z - y) ** 2, 2 * (z - y), np.full(len(y), 2.0)
    of_slope = abs(slope) + abs(curvature) * (abs(X) @ abs(w) + abs(y))
    return Expected(
        loss=float(s @ loss),
        weight=float(s.sum()),
        slopes=X.T @ (s * slope),
        products=X.T @ (s * curvature * (X @ v)),
        sizes=abs(X).T @ (s * of_slope),
        product_sizes=abs(X).T @ (s * curvature * (1 + abs(X) @ abs(w)) * (abs(X) @ abs(v))),
        squares=float(s @ (X**2).sum(1)),
    )


def scale(text: str, right: Expected) -> float:
    return 1 / right.weight if text == MEAN else 2.0


def assert_right(text: str, layout: str, d: Data) -> None:
    right, tolerance = expected(text, d), TOLERANCES[d.w.dtype]
    factor, lam, w = scale(text, right), ctypes.c_double(LAM), d.w.astype(float)
    value = factor * right.loss + LAM * w @ w
    assert abs(call(text, "value", layout, d, lam) - value) <= tolerance * 4 * (value + factor * len(d.y))
    out = np.full_like(d.w, 7.0)
    assert call(text, "gradient", layout, d, lam, pointer(out)) == 0
    room = factor * right.sizes + 2 * LAM * abs(w)
    assert np.all(abs(out - (factor * right.slopes + 2 * LAM * w)) <= tolerance * room)
    assert call(text, "hessian_vector", layout, d, lam, pointer(out), before=(d.v,)) == 0
    room = factor * right.product_sizes + 2 * LAM * abs(d.v)
    assert np.all(abs(out - (factor * right.products + 2 * LAM * d.v)) <= tolerance * room)
    loss, weight = ctypes.c_double(7.0), ctypes.c_double(7.0)
    assert call(text, "partial", layout, d, pointer(out), ctypes.byref(loss), ctypes.byref(weight)) == 0
    assert abs(loss.value - right.loss) <= tolerance * 4 * (right.loss + len(d.y))
    assert abs(weight.value - right.weight) <= tolerance * right.weight
    assert np.all(abs(out - right.slopes) <= tolerance * right.sizes)
    bound = factor * right.squares * (0.25 if text == MEAN else 2.0)
    assert abs(call(text, "lipschitz", layout, d) - bound) <= tolerance * bound


@pytest.mark.one_in(3)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", SUFFIXES, ids=SUFFIXES.values())
@pytest.mark.parametrize("text", [MEAN, SUM])
def test_every_function_is_right_in_every_layout(text: str, dtype: np.dtype[Any], layout: str) -> None:
    for m, n, is_weighted in itertools.product((1, 2, 7, 33), (0, 1, 2, 5, 17), (False, True)):
        assert_right(text, layout, data(m, n, dtype, is_weighted=is_weighted))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("m", "n"), [(1023, 9), (1025, 8), (4099, 3)])
def test_samples_beyond_every_block_are_right(m: int, n: int, layout: str) -> None:
    assert_right(MEAN, layout, data(m, n, is_weighted=True))


def test_many_columns_are_right() -> None:
    assert_right(MEAN, "_columns", data(2055, 2049))
    assert_right(MEAN, "", data(19, 2049))


def test_no_samples_have_no_mean_and_no_sum() -> None:
    out, lam = np.full(3, 7.0), ctypes.c_double(LAM)
    for layout in LAYOUTS:
        none = data(0, 3)
        assert call(MEAN, "gradient", layout, none, lam, pointer(out)) == DOMAIN and np.all(out == 7.0)
        assert np.isnan(call(MEAN, "value", layout, none, lam))
        assert call(SUM, "value", layout, none, lam) == pytest.approx(LAM * none.w @ none.w)
        got = np.empty(3)
        assert call(SUM, "gradient", layout, none, lam, pointer(got)) == 0
        assert got == pytest.approx(2 * LAM * none.w)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nan_in_gives_nan_out(layout: str) -> None:
    for spoilt in ("X", "y", "w"):
        d = data(40, 3)
        getattr(d, spoilt)[(37, 1) if spoilt == "X" else 1] = np.nan
        out = np.empty(3)
        assert call(MEAN, "gradient", layout, d, ctypes.c_double(LAM), pointer(out)) == 0
        assert np.isnan(call(MEAN, "value", layout, d, ctypes.c_double(LAM)))
        assert np.isnan(out).all() if layout in ("", "_columns") else np.isnan(out).any()


def test_a_step_is_that_of_the_whole_gradient() -> None:
    for layout in LAYOUTS:
        d = data(33, 5, is_weighted=True)
        d.X[:, 1] = 3.0
        right, w = expected(MEAN, d), d.w.copy()
        m, scratch = np.full(5, 0.25), np.full(5, 7.0)
        numbers = [ctypes.c_double(x) for x in (0.1, 0.9, LAM)]
        assert call(MEAN, "momentum_step", layout, d, pointer(m), *numbers, pointer(scratch)) == 0
        moved = 0.9 * 0.25 + right.slopes / right.weight + 2 * LAM * w
        np.testing.assert_allclose(m, moved, rtol=1e-12)
        np.testing.assert_allclose(d.w, w - 0.1 * moved, rtol=1e-12)


def test_a_column_that_stands_twice_in_a_compressed_row_counts_with_the_sum() -> None:
    d = data(3, 4)
    indptr, indices = np.array([0, 3, 3, 7]), np.array([2, 0, 2, 3, 1, 3, 3])
    numbers = np.array([1.0, 2.0, -3.0, 0.5, 1.5, 2.5, 4.0])
    d.X = np.zeros((3, 4))
    np.add.at(d.X, (np.repeat([0, 1, 2], np.diff(indptr)), indices), numbers)
    x = [pointer(indptr), pointer(indices), pointer(numbers)]
    out, lam = np.empty(4), ctypes.c_double(LAM)
    right = expected(MEAN, d)
    assert call(MEAN, "gradient", "_csr", d, lam, pointer(out), x=x) == 0
    np.testing.assert_allclose(out, right.slopes / 3 + 2 * LAM * d.w, rtol=1e-13)
    assert call(MEAN, "lipschitz", "_csr", d, x=x) == pytest.approx(0.25 * right.squares / 3, rel=1e-13)


def refused() -> Iterator[tuple[str, int, str, Any]]:
    """Yield what is wrong, its status, the layout, and how it is done to the data: it may return arguments for X."""
    big = np.array([0, 1, 2, 3, 4])
    ok = np.ones(4)

    def compressed(indptr: Any, indices: Any = (0, 0, 0, 0)) -> Any:
        return lambda d, out: [pointer(np.asarray(indptr)), pointer(np.asarray(indices)), pointer(ok)]

    def with_label(y: float) -> Any:
        return lambda d, out: d.y.__setitem__(2, y)

    def weighted(value: float) -> Any:
        return lambda d, out: setattr(d, "sample_weight", np.array([1.0, value, 1.0, 1.0]))

    for layout in LAYOUTS:
        yield "label", LABEL, layout, with_label(0.0)
        yield "negative weight", DOMAIN, layout, weighted(-1.0)
        yield "infinite weight", DOMAIN, layout, weighted(np.inf)
        yield "weights of 0", DOMAIN, layout, lambda d, out: setattr(d, "sample_weight", np.zeros(4))
        yield "weights of 1e308", DOMAIN, layout, lambda d, out: setattr(d, "sample_weight", np.full(4, 1e308))
        yield "no labels", NULL, layout, lambda d, out: setattr(d, "y", None)
        yield "labels are written to", OVERLAP, layout, lambda d, out: setattr(d, "y", out[:4])
        if layout in ("", "_columns"):
            yield "no numbers", NULL, layout, lambda d, out: [None, ctypes.c_size_t(5)]
            yield "stride", DOMAIN, layout, lambda d, out: [pointer(ok), ctypes.c_size_t(2)]
            yield "X is written to", OVERLAP, layout, lambda d, out: [pointer(out), ctypes.c_size_t(5)]
    yield "index", INDEX, "_csr", compressed(big, [0, 1, 5, 2])
    yield "negative index", INDEX, "_csr", compressed(big, [0, 1, -1, 2])
    yield "descending", INDEX, "_csr", compressed([0, 2, 1, 3, 4])
    yield "negative start", INDEX, "_csr", compressed([-1, 1, 2, 3, 4])
    yield "index of 32 bits", INDEX, "_csr32", compressed(big.astype(np.int32), np.array([0, 1, 5, 2], np.int32))
    yield "descending, 32 bits", INDEX, "_csr32", compressed(np.array([0, 2, 1, 3, 4], np.int32), np.zeros(4, np.int32))
    yield "no start of rows", NULL, "_csr", lambda d, out: [None, pointer(big), pointer(ok)]
    yield "no columns", NULL, "_csr", lambda d, out: [pointer(big), None, pointer(ok)]
    yield "columns are written to", OVERLAP, "_csr", lambda d, out: [pointer(big), pointer(out), pointer(ok)]


REFUSED = {f"{what}{layout}": (status, layout, spoil) for what, status, layout, spoil in refused()}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_and_nothing_is_touched(case: str) -> None:
    status, layout, spoil = REFUSED[case]
    d, out = data(4, 5), np.zeros(20)
    x = spoil(d, out)
    before = out.copy()
    assert call(MEAN, "gradient", layout, d, ctypes.c_double(LAM), pointer(out), x=x) == status
    assert np.array_equal(out, before)
    if status != OVERLAP:
        assert np.isnan(call(MEAN, "value", layout, d, ctypes.c_double(LAM), x=x))


@pytest.mark.one_in(4)
@needs_gcc
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_emitted_compiles_without_a_warning(dialect: str, tmp_path: Path) -> None:
    for path, text in sources(MEAN).items():
        (tmp_path / Path(path).name).write_text(text)
    source = f"{resolve(MEAN).name}.c"
    assert_clean("gcc", *DIALECTS[dialect], "-O2", *WARNINGS, "-c", source, "-o", "/dev/null", cwd=tmp_path)


@pytest.mark.one_in(2)
@needs_gcc
@pytest.mark.parametrize("text", [MEAN, "mean(probit) + l2"])
def test_the_value_alone_compiles_without_a_warning(text: str, tmp_path: Path) -> None:
    objective = resolve(text)
    alone = replace(BOTH, kinds=("value",))
    for path, source in emit(objective, updates(objective, []), "c", alone).items():
        (tmp_path / Path(path).name).write_text(source)
    command = ("gcc", "-std=c11", "-O2", *WARNINGS, "-c", f"{objective.name}.c", "-o", "/dev/null")
    assert_clean(*command, cwd=tmp_path)


@needs_gcc
def test_the_header_s_bounds_on_the_stack_hold(tmp_path: Path) -> None:
    for path, text in sources(MEAN).items():
        (tmp_path / Path(path).name).write_text(text)
    name = resolve(MEAN).name
    assert_clean("gcc", "-O2", "-c", f"{name}.c", "-fcallgraph-info=su", "-o", f"{name}.o", cwd=tmp_path)
    graph = (tmp_path / f"{name}.ci").read_text()
    own = {n: int(b) for n, b in re.findall(r'node: \{ title: "([^"]*)" label: "[^"]*\\n(\d+) bytes', graph)}
    calls = re.findall(r'sourcename: "([^"]*)" targetname: "([^"]*)"', graph)

    def deepest(function: str) -> int:
        return own.get(function, 0) + max((deepest(b) for a, b in calls if a == function), default=0)

    header = re.sub(r"\n \* +", " ", (tmp_path / f"{name}.h").read_text())
    stated, by_columns = re.findall(r"less than ([\d,]+) bytes a call; ([\d,]+) where", header)[0]
    public = {function: deepest(function) for function in own if function.startswith(name)}
    assert max(b for f, b in public.items() if "_columns_" not in f) < int(stated.replace(",", ""))
    assert max(public.values()) < int(by_columns.replace(",", ""))
