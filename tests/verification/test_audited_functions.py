"""Functions are audited as objects are: by name or as told, with their own arguments, on whichever arrays they take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.application.audit import operator_at
from symreg.errors import SpecError, SymregError
from symreg.objectives.resolve import resolve
from symreg.verification.audit import Operator, Report, audit, operator_of, operator_of_function
from symreg.verification.audit.conventions import NAMES, Role, role_named

L1 = resolve("abs(w)").terms


def soft(v: Any, threshold: float) -> Any:
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0)


def judged(operator: Operator, text: str = "lam*abs(w)", **numbers: float) -> Report:
    return audit(operator, resolve(text).terms, parameters=numbers, steps=(0.5, 2.0), points=40)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("prox_lasso", "prox"),
        ("soft_threshold", "prox"),
        ("softThreshold", "prox"),
        ("projection_box", "prox"),
        ("grad_l1", "gradient"),
        ("norm_gradient", "gradient"),
        ("penalty", "value"),
        ("l1_loss", "value"),
        ("huber", None),
        ("approximate", None),
        ("make_prox", None),
    ],
)
def test_a_function_is_what_its_name_says(name: str, role: Role | None) -> None:
    assert role_named(name) == role


def by_tau(v: Any, tau: float) -> Any:
    return soft(v, 0.3 * tau)


def by_keyword(v: Any, *, lam: float, step: float) -> Any:
    return soft(v, step * lam)


def like_jaxopt(x: Any, hyperparams: Any = None, scaling: float = 1.0) -> Any:
    return soft(x, scaling * hyperparams)


def step_last(v: Any, lam: float, step: float) -> Any:
    return soft(v, step * lam)


def of_numbers(v: float, lam: float, tau: float) -> float:
    if v > lam * tau:
        return v - lam * tau
    return v + lam * tau if v < -lam * tau else 0.0


def in_place(v: Any, tau: float) -> Any:
    v[:] = soft(v, 0.3 * tau)
    return v


def as_a_list(v: Any, tau: float) -> Any:
    return [float(soft(x, 0.3 * tau)) for x in v]


PROXES: dict[Callable[..., Any], Mapping[str, object]] = {
    by_tau: {},
    by_keyword: {"lam": 0.3},
    like_jaxopt: {"hyperparams": 0.3},
    step_last: {"lam": 0.3},
    of_numbers: {"lam": 0.3},
    in_place: {},
    as_a_list: {},
}


@pytest.mark.parametrize("function", PROXES, ids=lambda function: function.__name__)
def test_the_step_of_a_prox_is_found(function: Callable[..., Any]) -> None:
    report = judged(operator_of_function(function, "prox", PROXES[function]), lam=0.3)
    assert report.passed, report.text()
    assert not judged(operator_of_function(function, "prox", PROXES[function]), lam=0.31).passed


def test_what_is_taken_for_the_step_is_said() -> None:
    def prox(v: Any, mu: float) -> Any:
        return soft(v, mu)

    report = judged(operator_of_function(prox, "prox", {}), lam=1.0)
    assert report.passed and "prox(v, mu): its mu is taken for the step" in report.notes


def test_a_prox_of_fixed_threshold_takes_no_step() -> None:
    def project(v: Any, hyperparams: Any = None) -> Any:
        return np.clip(v, -1, 1)

    operator = operator_of_function(project, "prox", {})
    assert not operator.takes_step
    assert audit(operator, resolve("0*w", domain="[-1, 1]").terms, points=40).passed


def test_values_and_gradients_by_element_or_summed() -> None:
    for value in (lambda w, lam: lam * np.abs(w), lambda w, lam: lam * np.sum(np.abs(w)), lambda w, lam: lam * abs(w)):
        assert judged(operator_of_function(value, "value", {"lam": 0.3}), lam=0.3).passed
    gradient = operator_of_function(lambda w, lam=0.3: lam * np.sign(w), "gradient", {})
    assert judged(gradient, lam=0.3).passed and not judged(gradient, lam=0.2).passed


def test_a_gradient_may_raise_where_there_is_none() -> None:
    def grad(w: Any) -> Any:
        if np.any(w == 0):
            raise ValueError("not differentiable at 0")
        return np.sign(w)

    report = judged(operator_of_function(grad, "gradient", {}), "abs(w)")
    assert report.passed and report.checks[0].undetermined == 1


def test_a_norm_is_refused_and_a_value_by_itself_too() -> None:
    with pytest.raises(SpecError, match="acts on whole arrays"):
        judged(operator_of_function(np.linalg.norm, "value", {}), "abs(w)")
    with pytest.raises(SpecError, match="is a value alone; give the objective"):
        audit(operator_of_function(np.abs, "value", {}), None)


def test_names_of_other_libraries_are_understood() -> None:
    class DaskGlm:
        def f(self, beta: Any) -> Any:
            return np.sum(np.abs(beta))

        def gradient(self, beta: Any) -> Any:
            return np.sign(beta)

        def proximal_operator(self, beta: Any, t: float) -> Any:
            return soft(beta, t)

    class Odl:
        """Elements of a space of one element, and an operator made of the step."""

        def __call__(self, x: Any) -> Any:
            assert x.shape == (1,)
            return float(np.abs(x[0]))

        @property
        def gradient(self) -> Any:
            raise NotImplementedError

        @property
        def proximal(self) -> Any:
            def operator(sigma: float) -> Any:
                return lambda x: SimpleNamespace(asarray=lambda: soft(x, sigma))

            return operator

    class Cil:
        def __call__(self, x: Any) -> Any:
            return np.sum(np.abs(x))

        def proximal(self, x: Any, tau: float, out: Any = None) -> Any:
            return soft(x, tau)

    class Deepinv:
        def __call__(self, x: Any) -> Any:
            return np.sum(np.abs(x.reshape(len(x), -1)), axis=1)

        def prox(self, x: Any, *arguments: Any, ths: float = 1.0, gamma: float = 1.0) -> Any:
            return soft(x, ths * gamma)

    class Scico:
        has_eval, has_prox = True, False

        def __call__(self, x: Any) -> Any:
            return np.sum(np.abs(x))

        def grad(self, x: Any) -> Any:
            return np.sign(x)

        def prox(self, v: Any, lam: float = 1.0, **others: Any) -> Any:
            raise NotImplementedError

    for subject in (DaskGlm(), Odl(), Cil(), Deepinv(), Scico()):
        operator = operator_of(subject)
        assert (operator.prox is None) == isinstance(subject, Scico)
        assert (operator.gradient is not None) == isinstance(subject, DaskGlm | Scico)
        report = judged(operator, "abs(w)")
        assert report.passed, report.text()


def test_each_name_is_of_one_role() -> None:
    names = [name for known in NAMES.values() for name in known]
    assert len(names) == len(set(names))


def test_tensors_are_handed_over_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tensor:
        """No array of NumPy's, and part of a graph."""

        def __init__(self, numbers: Any) -> None:
            self.numbers = numbers

        def detach(self) -> Any:
            return SimpleNamespace(cpu=lambda: self.numbers)

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("use detach")

    torch = ModuleType("torch")
    torch.__dict__["from_numpy"] = Tensor
    monkeypatch.setitem(sys.modules, "torch", torch)

    def prox(v: Any, tau: float) -> Any:
        assert isinstance(v, Tensor) and v.numbers.dtype == np.float64
        return Tensor(soft(v.numbers, 0.3 * tau))

    operator = operator_of_function(prox, "prox", {})
    assert operator.layout.library == "torch" and not operator.layout.is_one_by_one
    assert judged(operator, lam=0.3).passed


@pytest.fixture
def mine(tmp_path: Any) -> str:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "def huber(v, step):\n    return v / (1 + step)\n"
        "def prox_ridge(v, step, lam):\n    return v / (1 + step * lam)\n"
        "def make(lam):\n    return Ridge(lam)\n"
        "class Ridge:\n"
        "    def __init__(self, lam=1.0):\n        self.lam = lam\n"
        "    def __call__(self, x):\n        return self.lam * np.sum(x**2) / 2\n"
        "    def prox(self, x, tau):\n        return x / (1 + self.lam * tau)\n"
        "made, number = Ridge(), 3\n"
        "vectorised = np.vectorize(lambda v, step: v / (1 + step))\n"
    )
    return str(file)


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "offered"),
    [
        ("Ridge", {"lam": 0.3}, None, {"value", "prox"}),
        ("made", {}, None, {"value", "prox"}),
        ("make", {"lam": 0.3}, None, {"value", "prox"}),
        ("make", {"lam": 0.3}, "object", {"value", "prox"}),
        ("prox_ridge", {"lam": 0.3}, None, {"prox"}),
        ("huber", {}, "prox", {"prox"}),
        ("vectorised", {}, "prox", {"prox"}),
    ],
)
def test_what_a_place_names_is_found(
    mine: str, name: str, arguments: Mapping[str, object], kind: Any, offered: set[str]
) -> None:
    assert operator_at(f"{mine}:{name}", arguments, kind, "it").probes().keys() == offered


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "said"),
    [
        ("huber", {}, None, "huber(v, step): its name does not say what it computes; say --as value, gradient or prox"),
        ("prox_ridge", {}, None, "prox_ridge(v, step, lam) needs lam as well"),
        ("prox_ridge", {"lan": 1.0}, None, "takes no 'lan' besides its point; did you mean 'lam'?"),
        ("Ridge", {}, "prox", "Ridge is a class, no function to take as a prox"),
        ("number", {}, None, "has nothing to audit"),
        ("number", {}, "prox", "no function to take as a prox"),
        ("made", {"lam": 1.0}, None, "made is an object already"),
    ],
)
def test_what_cannot_be_told_is_asked_back(
    mine: str, name: str, arguments: Mapping[str, object], kind: Any, said: str
) -> None:
    with pytest.raises(SymregError) as told:
        operator_at(f"{mine}:{name}", arguments, kind, "")
    assert said in str(told.value) and "\n" not in str(told.value)


def test_functions_are_audited_in_python() -> None:
    def prox_l1(v: Any, step: float, lam: float) -> Any:
        return soft(v, step * lam)

    given: dict[str, Any] = {"arguments": {"lam": 0.3}, "params": {"lam": 0.3}, "points": 40, "steps": (1.0,)}
    assert symreg.audit(prox_l1, "l1", **given).passed
    assert not symreg.audit(lambda v, step, lam: soft(v, step), "l1", as_="prox", **given).passed
    for call, said in (
        (lambda: symreg.audit(soft, "l1"), "as_= in Python"),
        (lambda: symreg.audit(prox_l1, "l1", arguments={"lan": 1}), "did you mean 'lam'"),
        (lambda: symreg.audit(SimpleNamespace(prox=soft), "l1", as_="prox"), "is no function"),
    ):
        with pytest.raises(SpecError, match=said):
            call()
