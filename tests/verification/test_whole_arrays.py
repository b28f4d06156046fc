"""What acts on whole arrays is refused, whoever made it, with what shows it; what acts on each element is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.errors import SpecError
from symreg.verification.audit import operator_of
from symreg.verification.audit.whole_arrays import require_elementwise


class Soft:
    """The l1 norm, the common case of what follows."""

    def __call__(self, x: Any) -> Any:
        return np.sum(np.abs(x))

    def prox(self, x: Any, tau: float) -> Any:
        return np.sign(x) * np.maximum(np.abs(x) - tau, 0)


class Blocks(Soft):
    """The sum of the Euclidean norms of the columns of a matrix of so many rows."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def __call__(self, x: Any) -> Any:
        return np.sum(np.linalg.norm(x.reshape(self.rows, len(x) // self.rows), axis=0))

    def prox(self, x: Any, tau: float) -> Any:
        columns = x.reshape(self.rows, len(x) // self.rows)
        sizes = np.linalg.norm(columns, axis=0)
        return ((1 - tau / np.maximum(sizes, tau)) * columns).ravel()


class Nuclear(Soft):
    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    def __call__(self, x: Any) -> Any:
        return np.sum(np.linalg.svd(x.reshape(self.shape))[1])

    def prox(self, x: Any, tau: float) -> Any:
        left, values, right = np.linalg.svd(x.reshape(self.shape), full_matrices=False)
        return ((left * np.maximum(values - tau, 0)) @ right).ravel()


def onto_simplex(x: Any, radius: float) -> Any:
    falling = np.sort(x)[::-1]
    excess = (np.cumsum(falling) - radius) / np.arange(1, len(x) + 1)
    return np.maximum(x - excess[np.nonzero(falling > excess)[0][-1]], 0)


class Simplex(Soft):
    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, x: Any) -> Any:
        return bool(abs(np.sum(x) - 1) < 1e-8 and np.all(x >= 0))

    def prox(self, x: Any, tau: float) -> Any:
        return onto_simplex(x + np.zeros(self.n), 1.0)


class BallOfL1(Soft):
    def __init__(self, radius: float) -> None:
        self.radius = radius

    def __call__(self, x: Any) -> Any:
        return np.sum(np.abs(x)) - self.radius < 1e-4

    def prox(self, x: Any, tau: float) -> Any:
        inside = np.sum(np.abs(x)) <= self.radius
        return x if inside else np.sign(x) * onto_simplex(np.abs(x), self.radius)


class BallOfL0(Soft):
    def __init__(self, radius: int) -> None:
        self.radius = radius

    def __call__(self, x: Any) -> Any:
        return bool(np.count_nonzero(x) <= self.radius)

    def prox(self, x: Any, tau: float) -> Any:
        kept = x.copy()
        kept[np.argsort(-np.abs(x))[self.radius :]] = 0
        return kept


class TotalVariation(Soft):
    """A value that is no sum, beside a prox that moves each element toward the mean."""

    def __call__(self, x: Any) -> Any:
        return np.sum(np.abs(np.diff(x)))

    def prox(self, x: Any, tau: float) -> Any:
        return x - tau * (x - np.mean(x))


class Mean(Soft):
    def __call__(self, x: Any) -> Any:
        return np.mean(np.abs(x))

    def prox(self, x: Any, tau: float) -> Any:
        return super().prox(x, tau / len(x))


class Weighted(Soft):
    def __init__(self, weights: list[float]) -> None:
        self.weights = np.array(weights, dtype=np.float64)

    def __call__(self, x: Any) -> Any:
        return np.sum(self.weights * np.abs(x))

    def prox(self, x: Any, tau: float) -> Any:
        return super().prox(x, tau * self.weights)


class WeightedByIndex:
    """skglm's interface: the element's index picks its weight."""

    def __init__(self, weights: list[float]) -> None:
        self.weights = np.array(weights, dtype=np.float64)

    def value(self, w: Any) -> Any:
        return np.sum(self.weights * np.abs(w))

    def prox_1d(self, value: float, stepsize: float, j: int) -> float:
        return float(np.sign(value) * max(abs(value) - stepsize * self.weights[j], 0))


class Rows:
    """skglm's interface for several tasks: a matrix, and distances of its rows."""

    def value(self, w: Any) -> Any:
        return np.sum(np.sqrt(np.sum(w**2, axis=1)))

    def subdiff_distance(self, w: Any, grad: Any, ws: Any) -> Any:
        return np.array([np.linalg.norm(grad[j, :] + w[j, :]) for j in ws])


class Groups:
    """skglm's interface for groups: indices into a vector of one length."""

    def __init__(self, indices: list[int]) -> None:
        self.indices = np.array(indices)

    def value(self, w: Any) -> Any:
        return np.linalg.norm(w[self.indices[:-1]]) + np.linalg.norm(w[self.indices[-1:]])

    def subdiff_distance(self, w: Any, grad: Any, ws: Any) -> Any:
        return np.array([np.linalg.norm(grad[self.indices]) for _ in ws])


class BatchOfNorms(Soft):
    """deepinv's interface: the first dimension is a batch, and a vector is a batch of single elements."""

    def __call__(self, x: Any) -> Any:
        return np.linalg.norm(x.reshape(len(x), -1), axis=1)

    def prox(self, x: Any, tau: float) -> Any:
        sizes = self(x).reshape(-1, *[1] * (x.ndim - 1))
        return x * np.maximum(1 - tau / np.maximum(sizes, 1e-300), 0)


class NormAndGradient:
    def __call__(self, x: Any) -> Any:
        return np.linalg.norm(x)

    def grad(self, x: Any) -> Any:
        return x / np.linalg.norm(x)


WHOLE = {
    "blocks of two": (lambda: Blocks(2), "takes no single element, but an array of 2 elements"),
    "blocks of five": (lambda: Blocks(5), "but an array of 5 elements"),
    "a nuclear norm": (lambda: Nuclear((3, 7)), "but an array of 21 elements"),
    "a simplex": (lambda: Simplex(4), "but an array of 4 elements"),
    "a simplex of any size": (lambda: Simplex(1), "when only element"),
    "a small ball": (lambda: BallOfL1(1.0), "when only element "),
    "a large ball": (lambda: BallOfL1(1000.0), "when only element "),
    "the greatest one": (lambda: BallOfL0(1), "as element 0 and"),
    "the greatest hundred": (lambda: BallOfL0(100), "103 elements"),
    "total variation": (TotalVariation, "when only element "),
    "a mean": (Mean, "in an array of 2"),
    "weights of each": (lambda: Weighted([1, 2, 3]), "but an array of 3 elements"),
    "weights by index": (lambda: WeightedByIndex([1, 2, 3]), "as element 0 and 1.6 as element 1"),
    "rows": (Rows, "its elements add up to"),
    "groups": (lambda: Groups([0, 1, 2]), "but an array of 3 elements"),
    "norms of a batch": (BatchOfNorms, "in an array of shape"),
    "a norm and its gradient": (NormAndGradient, "when only element "),
}


def refusal(subject: object) -> str:
    with pytest.raises(SpecError) as told:
        require_elementwise(operator_of(subject, "it"), (1.0,), lambda: None)
    return str(told.value)


@pytest.mark.parametrize("name", WHOLE)
def test_what_acts_on_whole_arrays_is_refused_with_what_shows_it(name: str) -> None:
    make, shown = WHOLE[name]
    said = refusal(make())
    assert said.startswith("it acts on whole arrays; only elementwise objects are judged: ")
    assert shown in said and "\n" not in said and len(said) < 300


def test_what_answers_to_nothing_is_refused_with_what_it_says() -> None:
    class Unbuilt:
        def prox(self, x: Any, tau: float) -> Any:
            raise RuntimeError("call build first")

    with pytest.raises(SpecError, match=r"answers to no numbers that were tried; its prox .* RuntimeError: call build"):
        symreg.audit(Unbuilt())


class Scalar(Soft):
    """Branches that an array does not take."""

    def __call__(self, x: Any) -> Any:
        return abs(x)

    def prox(self, x: Any, tau: float) -> Any:
        if x > tau:
            return x - tau
        return x + tau if x < -tau else 0.0


class Plain(Scalar):
    """Made for Python's numbers alone."""

    def __call__(self, x: Any) -> Any:
        assert isinstance(x, float)
        return abs(x)

    def prox(self, x: Any, tau: float) -> Any:
        assert isinstance(x, float)
        return super().prox(x, tau)


class Images(Soft):
    def prox(self, x: Any, tau: float) -> Any:
        assert x.ndim == 4
        return super().prox(x, tau)

    def __call__(self, x: Any) -> Any:
        return np.sum(np.abs(x), axis=(1, 2, 3))


class Batch(Soft):
    def __call__(self, x: Any) -> Any:
        return np.sum(np.abs(x.reshape(len(x), -1)), axis=1)


class OneNorm(Soft):
    """NumPy's norm of a matrix is another one than that of a vector."""

    def __call__(self, x: Any) -> Any:
        return np.linalg.norm(x, 1)


BY_ELEMENT: dict[str, Callable[[], object]] = {
    "of vectors": Soft,
    "of numbers in arrays": Scalar,
    "of numbers": Plain,
    "of images": Images,
    "of a batch": Batch,
    "with NumPy's norm": OneNorm,
    "with one weight for all": lambda: Weighted([0.7]),
    "with one weight by index": lambda: WeightedByIndex([0.7]),
}


@pytest.mark.one_in(9)
@pytest.mark.parametrize("name", BY_ELEMENT)
def test_what_acts_on_each_element_is_judged(name: str) -> None:
    report = symreg.audit(BY_ELEMENT[name](), points=40, steps=(0.5, 2.0))
    assert report.passed, report.text()


def test_a_prox_that_mixes_the_elements_of_a_sum_is_wrong_and_not_refused() -> None:
    class Mixed(Soft):
        def prox(self, x: Any, tau: float) -> Any:
            return x / (1 + tau * np.linalg.norm(x))

    class MixedFarOut(Soft):
        """Only where no vector of the check is."""

        def prox(self, x: Any, tau: float) -> Any:
            return super().prox(x, tau) * (1.0 if np.max(np.abs(x)) < 50 else 0.5)

    for subject in (Mixed(), MixedFarOut()):
        report = symreg.audit(subject, points=20, steps=(1.0,))
        assert next(check.verdict for check in report.checks if check.kind == "elementwise") == "wrong"


def test_nothing_is_refused_for_raising() -> None:
    class Raises(Soft):
        def prox(self, x: Any, tau: float) -> Any:
            raise ValueError("not today")

    assert require_elementwise(operator_of(Raises()), (1.0,), lambda: None) == ()


PEERS: list[tuple[str, str, dict[str, Any]]] = [
    ("pyproximal", "L21", {"ndim": 2}),
    ("pyproximal", "Nuclear", {"dim": (2, 3)}),
    ("pyproximal", "Simplex", {"n": 3, "radius": 1.0}),
    ("pyproximal", "L1Ball", {"n": 3, "radius": 1.0}),
    ("pyproximal", "Euclidean", {}),
    ("skglm.penalties", "L2_1", {"alpha": 0.3}),
    ("skglm.penalties", "WeightedL1", {"alpha": 0.3, "weights": np.array([1.0, 2.0, 3.0])}),
]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("package", "name", "given"), PEERS, ids=[row[1] for row in PEERS])
def test_whole_arrays_of_peers(package: str, name: str, given: dict[str, Any]) -> None:
    module = pytest.importorskip(package)
    assert "acts on whole arrays" in refusal(getattr(module, name)(**given))


@pytest.mark.filterwarnings("default")
def test_groups_of_a_peer() -> None:
    penalties = pytest.importorskip("skglm.penalties")
    pointers, indices = np.array([0, 2, 3], dtype=np.int32), np.array([0, 1, 2], dtype=np.int32)
    groups = penalties.WeightedGroupL2(alpha=0.3, weights=np.ones(2), grp_ptr=pointers, grp_indices=indices)
    assert "acts on whole arrays" in refusal(groups)
