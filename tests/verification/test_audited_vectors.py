"""Objects that act on vectors: with an element of a parameter for each weight, on differences, distances of groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symreg
from symreg.errors import SpecError

STRENGTHS = [1.0, 0.0, 2.0]


class Weighted:
    """A strength for each weight, 0 among them."""

    mistake = ""

    def value(self, w: Any) -> Any:
        strengths = np.array(STRENGTHS)
        return np.sum((strengths[::-1] if self.mistake == "value" else strengths) * np.abs(w))

    def grad(self, w: Any) -> Any:
        return (np.roll(STRENGTHS, 1) if self.mistake == "gradient" else np.array(STRENGTHS)) * np.sign(w)

    def prox(self, v: Any, tau: float) -> Any:
        own = np.mean(STRENGTHS) if self.mistake == "prox" else np.array(STRENGTHS)
        return np.sign(v) * np.maximum(np.abs(v) - tau * own, 0)

    def subdiff_distance(self, w: Any, grad: Any, ws: Any) -> Any:
        strengths = np.array([STRENGTHS[0 if self.mistake == "subdifferential" else j] for j in ws])
        at_zero = np.maximum(np.abs(grad) - strengths, 0)
        return np.where(w[ws] == 0, at_zero, np.abs(grad + strengths * np.sign(w[ws])))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("mistake", ["", "value", "gradient", "prox", "subdifferential"])
def test_each_weight_is_judged_by_its_own_strength(mistake: str) -> None:
    subject = Weighted()
    subject.mistake = mistake
    report = symreg.audit(subject, "l1(lam=c[n])", params={"c": STRENGTHS}, points=9, steps=(2.0,))
    wrong = {check.kind for check in report.checks if not check.is_right}
    assert wrong == ({mistake, "elementwise"} if mistake == "value" else {mistake} - {""}), report.text()


class ByElement:
    """As skglm offers it: the operator of a weight by its number."""

    def value(self, w: Any) -> Any:
        return np.sum(np.array(STRENGTHS) * np.abs(w))

    def prox_1d(self, v: float, step: float, j: int) -> Any:
        return np.sign(v) * max(abs(v) - step * STRENGTHS[j], 0)


def test_an_operator_by_the_weights_number_is_asked_for_each() -> None:
    report = symreg.audit(ByElement(), "l1(lam=c[n])", params={"c": STRENGTHS}, points=9, steps=(0.5,))
    assert report.passed, report.text()
    other = symreg.audit(ByElement(), "l1(lam=c[n])", params={"c": STRENGTHS[::-1]}, points=9, steps=(0.5,))
    assert not other.passed


class Box:
    def __init__(self, low: list[float], high: list[float]) -> None:
        self.low, self.high = np.array(low), np.array(high)

    def __call__(self, x: Any) -> bool:
        return bool(np.all((self.low <= x) & (x <= self.high)))

    def prox(self, x: Any, tau: float) -> Any:
        return np.clip(x, self.low, self.high)


def test_a_box_of_each_weight() -> None:
    low, high = [-1.0, 0.0, -3.0], [1.0, 2.0, 5.0]
    ends = {"a": low, "b": high}
    assert symreg.audit(Box(low, high), "box(a[n], b[n])", params=ends, points=9, steps=(1.0,)).passed
    assert not symreg.audit(Box(low, high[::-1]), "box(a[n], b[n])", params=ends, points=9, steps=(1.0,)).passed


@pytest.mark.parametrize(
    ("objective", "params", "message"),
    [
        ("l1(lam=c[n])", {}, r"c\[n\] has no elements"),
        ("l1(lam=c[n])", {"c": [1.0, -2.0]}, "outside its domain"),
        ("l1(lam=c)", {"c": STRENGTHS}, "is one number in the objective"),
        ("box(l1(lam=c[n]), a[n], b[n])", {"c": STRENGTHS, "a": [0.0], "b": [1.0]}, "there are 3 of c, 1 of a"),
    ],
)
def test_elements_that_do_not_fit_are_refused(objective: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        symreg.audit(Weighted(), objective, params=params)


class Differences:
    """The total variation of a vector, its operator by the dual problem of two numbers."""

    count = 2

    def __call__(self, x: Any) -> Any:
        return np.abs(np.diff(x.reshape(self.count))).sum()

    def prox(self, x: Any, tau: float) -> Any:
        move = np.clip(np.diff(x.reshape(self.count))[0] / 2, -tau, tau)
        return x + np.array([move, -move])


class Twice(Differences):
    def prox(self, x: Any, tau: float) -> Any:
        return super().prox(x, 2 * tau)


@pytest.mark.parametrize(("subject", "is_right"), [(Differences(), True), (Twice(), False)])
def test_differences_are_judged_on_vectors_of_a_given_length(subject: Any, is_right: bool) -> None:
    report = symreg.audit(subject, "difference(l1)", params={"lam": 1.0}, groups="2", points=30)
    assert report.passed == is_right, report.text()
    assert {check.kind: check.verdict for check in report.checks}["value"] == "agrees"


def test_a_length_that_an_object_is_made_for_is_asked_for() -> None:
    with pytest.raises(SpecError, match="as in groups 5"):
        symreg.audit(Differences(), "difference(l1)", params={"lam": 1.0})
    with pytest.raises(SpecError, match="write the number of weights, 4"):
        symreg.audit(Differences(), "difference(l1)", params={"lam": 1.0}, groups="2,2")


class Groups:
    """Two groups, of three and two weights, with skglm's names."""

    mistake = ""

    def value(self, w: Any) -> Any:
        return sum(np.sqrt(len(p)) * np.linalg.norm(p) for p in (w[:3], w[3:]))

    def prox_1group(self, v: Any, step: float, g: int) -> Any:
        norm = np.linalg.norm(v)
        return v * max(0, 1 - step * np.sqrt(len(v)) / norm) if norm else v

    def subdiff_distance(self, w: Any, grad: Any, ws: Any) -> Any:
        parts = [(slice(0, 3), slice(3, 5))[g] for g in ws]
        return np.array([self._distance(w[part], grad[part]) for part in parts])

    def _distance(self, w: Any, g: Any) -> Any:
        norm, c = np.linalg.norm(w), 1.0 if self.mistake == "root" else np.sqrt(len(w))
        if norm == 0:
            return np.linalg.norm(g) if self.mistake == "ball" else max(0, np.linalg.norm(g) - c)
        return np.linalg.norm(g - c * w / norm if self.mistake == "sign" else g + c * w / norm)


@pytest.mark.parametrize("mistake", ["", "root", "ball", "sign"])
def test_distances_of_groups_are_judged(mistake: str) -> None:
    subject = Groups()
    subject.mistake = mistake
    report = symreg.audit(subject, "group(l1)", params={"lam": 1.0}, groups="3,2", points=20)
    assert {check.kind for check in report.checks if not check.is_right} == ({"subdifferential"} if mistake else set())
