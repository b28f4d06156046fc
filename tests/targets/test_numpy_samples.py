"""What NumPy computes over samples, beside the same on paper: dense in both orders, compressed rows, weights."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from symreg import catalogue
from symreg.objectives.resolve import resolve
from symreg.targets.emit import emit
from symreg.targets.loading.load import load_module
from symreg.updates.assemble import updates

Numbers = np.ndarray[Any, np.dtype[np.float64]]
MODULES: dict[str, ModuleType] = {}
RULES = ("gradient_descent", "adam", "proximal_gradient", "fista")
LOGISTIC, SQUARES, HUBER, POISSON = (
    "mean(logistic) + l2",
    "C*sum(squared_error)/2 + l1",
    "mean(huber_loss(delta=0.7)) + mcp",
    "sum(poisson)",
)


def module(text: str) -> ModuleType:
    """Return the emitted module of an objective."""
    if text not in MODULES:
        objective = resolve(text)
        (source,) = emit(objective, updates(objective, map(catalogue.rule, RULES)), "numpy").values()
        MODULES[text] = load_module(objective.name, source)
    return MODULES[text]


def _sigmoid(t: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-t))


def _mcp(w: Numbers, lam: float = 0.1, gamma: float = 3.0) -> tuple[float, Numbers]:
    a, is_near = np.abs(w), np.abs(w) <= gamma * lam
    value = np.where(is_near, lam * a - w**2 / (2 * gamma), gamma * lam**2 / 2).sum()
    return float(value), np.where(is_near, lam * np.sign(w) - w / gamma, 0.0)


# On paper: losses of samples with slopes and curvatures, whether it is a mean, and the penalty with its slope.
PAPER: dict[str, tuple[Callable[[Numbers, Numbers], tuple[Numbers, Numbers, Numbers]], bool, Any]] = {
    LOGISTIC: (
        lambda z, y: (np.log1p(np.exp(-y * z)), -y * _sigmoid(-y * z), _sigmoid(z) * _sigmoid(-z)),
        True,
        lambda w: (0.1 * (w**2).sum(), 0.2 * w),
    ),
    SQUARES: (
        lambda z, y: ((z - y) ** 2 / 2, z - y, np.ones_like(z)),
        False,
        lambda w: (0.1 * np.abs(w).sum(), 0.1 * np.sign(w)),
    ),
    HUBER: (
        lambda z, y: (
            np.where(np.abs(z - y) <= 0.7, (z - y) ** 2 / 2, 0.7 * np.abs(z - y) - 0.245),
            np.clip(z - y, -0.7, 0.7),
            np.where(np.abs(z - y) <= 0.7, 1.0, 0.0),
        ),
        True,
        _mcp,
    ),
    POISSON: (lambda z, y: (np.exp(z) - y * z, np.exp(z) - y, np.exp(z)), False, lambda w: (0.0, 0 * w)),
}


def data(text: str, m: int, n: int, seed: int = 0) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return w, X, y and weights of the samples, zeros among them."""
    rng = np.random.default_rng([seed, m, n])
    z = rng.standard_normal(m)
    y = np.where(z > 0, 1.0, -1.0) if text == LOGISTIC else np.floor(np.abs(3 * z)) if text == POISSON else z
    X = rng.standard_normal((m, n)) * (rng.random((m, n)) < 0.7)
    return rng.standard_normal(n), X, y, np.floor(3 * rng.random(m)) + (np.arange(m) == 0)


def on_paper(text: str, w: Numbers, X: Numbers, y: Numbers, s: Numbers | None) -> tuple[float, Numbers]:
    """Return the objective and its gradient."""
    loss, is_mean, penalty = PAPER[text]
    s = np.ones(len(y)) if s is None else s
    values, slopes, _ = loss(X @ w, y)
    over = s.sum() if is_mean else 1.0
    r, slope = penalty(w)
    return float((s * values).sum() / over + r), X.T @ (s * slopes) / over + slope


SHAPES = [(1, 1), (2, 5), (7, 2), (33, 5), (4, 0)]
FORMS: dict[str, Callable[[Numbers], Any]] = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "csr_array": sparse.csr_array,
    "csr_matrix": sparse.csr_matrix,
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", PAPER)
def test_value_gradient_and_partial_sums_are_those_on_paper(text: str, form: str) -> None:
    emitted = module(text)
    for m, n in SHAPES:
        w, X, y, weights = data(text, m, n)
        for s in (None, weights):
            value, gradient = on_paper(text, w, X, y, s)
            given = FORMS[form](X)
            assert emitted.value(w, given, y, sample_weight=s) == pytest.approx(value, rel=1e-13, abs=1e-14)
            np.testing.assert_allclose(emitted.gradient(w, given, y, sample_weight=s), gradient, rtol=1e-12, atol=1e-13)
            loss, sums, weight = emitted.partial(w, given, y, sample_weight=s)
            values, slopes, _ = PAPER[text][0](X @ w, y)
            each = np.ones(m) if s is None else s
            assert weight == each.sum()
            each = each * (2 if text == SQUARES else 1)  # the sums are without the coefficient
            assert loss == pytest.approx((each * values).sum(), rel=1e-13)
            np.testing.assert_allclose(sums, X.T @ (each * slopes), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("form", FORMS)
def test_a_product_with_the_hessian_is_that_on_paper(form: str) -> None:
    w, X, y, s = data(LOGISTIC, 33, 5)
    v = np.random.default_rng(1).standard_normal(5)
    _, _, curvature = PAPER[LOGISTIC][0](X @ w, y)
    expected = X.T @ (s * curvature * (X @ v)) / s.sum() + 0.2 * v
    got = module(LOGISTIC).hessian_vector(w, v, FORMS[form](X), y, sample_weight=s)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("text", [SQUARES, HUBER])
def test_there_is_no_product_with_a_hessian_that_jumps(text: str) -> None:
    assert not hasattr(module(text), "hessian_vector")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [LOGISTIC, SQUARES, HUBER])
def test_the_bound_is_none_that_a_slope_exceeds(text: str, form: str) -> None:
    _, X, _, s = data(text, 33, 5)
    bound = module(text).lipschitz(FORMS[form](X), sample_weight=s)
    largest = np.linalg.eigvalsh(X.T * s @ X)[-1]
    factor = {LOGISTIC: 0.25 / s.sum(), SQUARES: 1.0, HUBER: 1 / s.sum()}[text]
    assert factor * largest <= bound <= 5 * factor * largest


def test_a_loss_without_a_bounded_curvature_has_no_lipschitz_constant() -> None:
    assert not hasattr(module(POISSON), "lipschitz")


def test_numbers_of_one_place_in_compressed_rows_are_added() -> None:
    w, _, y, _ = data(SQUARES, 2, 3)
    twice = sparse.csr_array((np.array([1.0, 2.0, -0.5]), np.array([2, 2, 0]), np.array([0, 2, 3])), shape=(2, 3))
    whole = twice.toarray()
    assert whole[0, 2] == 3.0
    emitted = module(SQUARES)
    np.testing.assert_allclose(emitted.gradient(w, twice, y), emitted.gradient(w, whole, y), rtol=1e-14)
    assert emitted.lipschitz(twice) == emitted.lipschitz(whole)
    assert twice.nnz == 3  # the caller's own matrix is left as it is


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_compressed_rows_may_be_empty_unsorted_and_of_either_index(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    emitted = module(LOGISTIC)
    w, _, y, s = data(LOGISTIC, 40, 6)
    rng = np.random.default_rng(3)
    starts = np.cumsum([0, *np.where(rng.random(40) < 0.3, 0, rng.integers(1, 9, 40))])
    indices = rng.integers(0, 6, starts[-1])
    X = sparse.csr_array((rng.standard_normal(starts[-1]), indices, starts), shape=(40, 6))
    X.indices, X.indptr = indices.astype(dtype), starts.astype(dtype)
    for numbers in ((524_288, 8_192), (6, 2)):
        monkeypatch.setattr(emitted, "_NUMBERS", numbers)
        gradient = emitted.gradient(w, X, y, sample_weight=s)
        np.testing.assert_allclose(gradient, on_paper(LOGISTIC, w, X.toarray(), y, s)[1], rtol=1e-12, atol=1e-14)
    assert X.indices.dtype == dtype and (X.indices == indices).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("text", [LOGISTIC, SQUARES])
def test_a_step_is_that_of_the_penalty_with_the_gradient_of_the_loss(text: str, rule: str) -> None:
    """The same rule beside the penalty alone is handed the gradient: both steps end at the same weights."""
    w, X, y, s = data(text, 33, 5)
    alone, together = module("l2" if text == LOGISTIC else "l1"), module(text)
    states = [getattr(m, f"{rule}_state", lambda w: None)(w) for m in (alone, together)]
    ours, theirs = w.copy(), w.copy()
    for _ in range(3):
        over = s.sum() if text == LOGISTIC else 1.0
        g = X.T @ (s * PAPER[text][0](X @ theirs, y)[1]) / over
        getattr(alone, f"{rule}_step")(theirs, g, *([] if states[0] is None else [states[0]]))
        getattr(together, f"{rule}_step")(ours, X, y, *([] if states[1] is None else [states[1]]), sample_weight=s)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("text", [LOGISTIC, POISSON])
def test_single_precision_stays_single(text: str) -> None:
    w, X, y, s = (np.float32(x) for x in data(text, 33, 5))
    emitted = module(text)
    gradient = emitted.gradient(w, X, y, sample_weight=s)
    assert gradient.dtype == np.float32
    value, expected = on_paper(text, *(np.float64(x) for x in (w, X, y, s)))
    np.testing.assert_allclose(gradient, expected, rtol=2e-5, atol=2e-6)
    assert emitted.value(w, X, y, sample_weight=s) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_many_blocks_are_one(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emitted = module(LOGISTIC)
    w, X, y, s = data(LOGISTIC, 101, 5)
    given = FORMS[form](X)
    whole = emitted.partial(w, given, y, sample_weight=s)
    monkeypatch.setattr(emitted, "_NUMBERS", (20, 3))
    assert len(list(emitted._blocks_of_rows(given))) > 5
    for one, other in zip(whole, emitted.partial(w, given, y, sample_weight=s), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


@pytest.mark.parametrize("form", ["rows", "columns", "csr_array"])
def test_memory_does_not_grow_with_the_samples(form: str) -> None:
    emitted = module(LOGISTIC)
    peaks = []
    for m in (300_000, 900_000):
        w, X, y, _ = data(LOGISTIC, m, 2)
        given = FORMS[form](X)
        tracemalloc.start()
        emitted.gradient(w, given, y)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_nan_in_the_data_comes_out() -> None:
    emitted = module(HUBER)
    w, X, y, s = data(HUBER, 7, 2)
    for name, place in (("X", (3, 1)), ("y", 3), ("w", 0), ("s", 3)):
        given = {"w": w, "X": X, "y": y, "s": s + 1}
        given[name] = given[name].copy()
        given[name][place] = np.nan
        assert np.isnan(emitted.value(given["w"], given["X"], given["y"], sample_weight=given["s"]))
        assert np.isnan(emitted.gradient(given["w"], given["X"], given["y"], sample_weight=given["s"])).any()


def test_no_samples_are_a_sum_of_0_and_no_mean() -> None:
    w, X, y, _ = data(SQUARES, 0, 3)
    assert module(SQUARES).value(w, X, y) == pytest.approx(0.1 * np.abs(w).sum())
    np.testing.assert_array_equal(module(SQUARES).gradient(w, X, y), 0.1 * np.sign(w))
    assert module(LOGISTIC).partial(w, X, y)[0] == 0.0
    for function in (module(LOGISTIC).value, module(LOGISTIC).gradient):
        with pytest.raises(ValueError, match="a mean over no samples"):
            function(w, X, y)
        with pytest.raises(ValueError, match="weights that add up to 0"):
            function(w, np.ones((2, 3)), np.ones(2), sample_weight=np.zeros(2))
        with pytest.raises(ValueError, match="beyond double precision"):
            function(w, np.ones((2, 3)), np.ones(2), sample_weight=np.full(2, 1e308))


def test_a_loss_by_itself_is_computed_each_prediction_with_its_label() -> None:
    emitted = module(LOGISTIC)
    z = np.array([[-1e4, 0.0, 3.0], [1e4, -2.0, 0.5]])
    y = np.array([[1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]])
    t = -y * z
    expected = (np.logaddexp(0, t), -y * np.exp(t - np.logaddexp(0, t)))
    for form in (np.ascontiguousarray, np.asfortranarray):
        np.testing.assert_allclose(emitted.loss_value(form(z), form(y)), expected[0], rtol=1e-13)
        np.testing.assert_allclose(emitted.loss_gradient(form(z), form(y)), expected[1], rtol=1e-13)
        assert emitted.loss_hessian(form(z), form(y))[0, 1] == 0.25


Call = Callable[..., Any]
WRONG: dict[str, tuple[Call, type[Exception], str]] = {
    "label": (lambda f, w, X, y, s: f(w, X, y - 0.5 * (X[:, 0] > 5)), ValueError, r"y\[2\]: must be -1 or 1, got 0.5"),
    "labels": (lambda f, w, X, y, s: f(w, X, y[:3]), ValueError, r"y: expected shape \(4,\), got \(3,\)"),
    "dtype": (lambda f, w, X, y, s: f(w, np.float32(X), y), TypeError, "X: expected float64, got float32"),
    "integers": (lambda f, w, X, y, s: f(w, X, y.astype(int)), TypeError, "y: expected float64, got int64"),
    "shape": (lambda f, w, X, y, s: f(w, X[:, :2].copy(), y), ValueError, r"X: expected 3 columns, got shape \(4, 2\)"),
    "transposed": (lambda f, w, X, y, s: f(w, X.T.copy(), y), ValueError, "X: expected 3 columns"),
    "list": (lambda f, w, X, y, s: f(w, X.tolist(), y), TypeError, "X: expected an array or SciPy's CSR, got list"),
    "csc": (lambda f, w, X, y, s: f(w, sparse.csc_array(X), y), TypeError, "got csc_array"),
    "strided": (lambda f, w, X, y, s: f(w, np.ones((4, 6))[:, ::2], y), ValueError, "X: must be C-contiguous or F"),
    "negative": (lambda f, w, X, y, s: f(w, X, y, sample_weight=-s), ValueError, "sample_weight: each must be finite"),
    "weights": (lambda f, w, X, y, s: f(w, X, y, sample_weight=s[:2]), ValueError, "sample_weight: expected shape"),
    "matrix": (lambda f, w, X, y, s: f(w[:, None], X, y), ValueError, "w: expected one dimension"),
    "column": (lambda f, w, X, y, s: f(w, _broken(X, indices=9), y), ValueError, r"X.indices: .* \[0, 3\), got 9"),
    "below": (lambda f, w, X, y, s: f(w, _broken(X, indices=-2), y), ValueError, r"X.indices: .* \[0, 3\), got -2"),
    "wrapped": (lambda f, w, X, y, s: f(w, _broken(X, indptr=-(2**31)), y), ValueError, "X.indptr: must ascend"),
    "descending": (lambda f, w, X, y, s: f(w, _broken(X, indptr=7), y), ValueError, "X.indptr: must ascend"),
    "index": (
        lambda f, w, X, y, s: f(w, _broken(X, dtype=np.int16), y),
        TypeError,
        "X.indices: expected int32 or int64",
    ),
}


def _broken(X: Numbers, *, indices: int = 0, indptr: int = 0, dtype: Any = None) -> Any:
    made = sparse.csr_array(X)
    if indices:
        made.indices[1] = indices
    if indptr:
        made.indptr[1] = indptr
    if dtype is not None:
        made.indices = made.indices.astype(dtype)
    return made


@pytest.mark.parametrize("name", ["value", "gradient", "gradient_descent_step"])
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_changed(what: str, name: str) -> None:
    call, kind, message = WRONG[what]
    w, X = np.arange(3.0), np.arange(12.0).reshape(4, 3)
    kept, out = w.copy(), np.full(3, 7.0)
    function = getattr(module(LOGISTIC), name)
    with pytest.raises(kind, match=message):
        call(
            lambda *a, **k: function(*a, **k, **({"out": out} if name == "gradient" else {})),
            w,
            X,
            np.ones(4),
            np.ones(4),
        )
    assert (w == kept).all() and (out == 7.0).all()


def test_what_is_written_shares_no_memory_with_the_data() -> None:
    emitted = module(LOGISTIC)
    X = np.ones((3, 3))
    for data in (X, sparse.csr_array(X)):
        stored = data if isinstance(data, np.ndarray) else data.data
        with pytest.raises(ValueError, match="out: must not share memory with X"):
            emitted.gradient(np.ones(3), data, np.ones(3), out=stored.reshape(-1)[:3])
        with pytest.raises(ValueError, match="w: must not share memory with X"):
            emitted.gradient_descent_step(stored.reshape(-1)[:3], data, np.ones(3))


def test_whole_numbers_and_intervals_of_labels_are_looked_at() -> None:
    w, X = np.ones(1), np.ones((3, 1))
    for text, y, message in (
        (POISSON, [0.0, 3.0, -1.0], r"y\[2\]: must be >= 0"),
        (POISSON, [0.0, np.inf, 1.0], r"y\[1\]"),
        ("mean(binary_cross_entropy)", [0.0, 1.0, 1.5], r"y\[2\]: must be"),
    ):
        with pytest.raises(ValueError, match=message):
            module(text).value(w, X, np.array(y))
