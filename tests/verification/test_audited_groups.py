"""Objects that act on groups of weights: judged where sizes are given, refused where not, wrong ones found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symreg
from symreg.errors import SpecError


class Columns:
    """The l2,1 norm of the columns of a matrix of two rows, written row by row."""

    factor = 1.0

    def __call__(self, x: Any) -> Any:
        return np.sum(np.linalg.norm(x.reshape(2, -1), axis=0))

    def prox(self, x: Any, tau: float) -> Any:
        columns = x.reshape(2, -1)
        norms = np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
        return (np.maximum(1 - self.factor * tau / norms, 0) * columns).ravel()


class Twice(Columns):
    factor = 2.0


class ByGroup:
    """The sparse group lasso as skglm offers it: the operator of a group, by the group's number."""

    def __init__(self, strengths: list[float], is_by_group: bool) -> None:
        self.strengths, self.is_by_group = np.array(strengths), is_by_group

    def value(self, w: Any) -> Any:
        return sum(np.linalg.norm(part) for part in (w[:3], w[3:])) + np.sum(self.strengths * np.abs(w))

    def prox_1group(self, v: Any, step: float, g: int) -> Any:
        own = self.strengths[g] if self.is_by_group else self.strengths[:3] if g == 0 else self.strengths[3:]
        moved = np.sign(v) * np.maximum(np.abs(v) - step * own, 0)
        norm = np.linalg.norm(moved)
        return max(0, 1 - step / norm) * moved if norm else moved


@pytest.mark.parametrize(("subject", "is_right"), [(Columns(), True), (Twice(), False)])
@pytest.mark.parametrize("objective", ["group(l1)", None])
def test_groups_in_columns_are_found_and_judged(subject: Any, is_right: bool, objective: str | None) -> None:
    params = None if objective is None else {"lam": 1.0}
    report = symreg.audit(subject, objective, params=params, groups="2:1,2:1,2:1", points=70)
    assert report.passed == is_right, report.text()
    assert "groups are the columns of a matrix, written row by row" in report.notes
    assert {check.kind: check.verdict for check in report.checks}["prox"] == ("agrees" if is_right else "wrong")


def test_an_operator_that_takes_a_groups_number_for_a_weights_is_found_by_its_own_value() -> None:
    strengths = [1.0, 0.1, 2.0, 0.5, 1.0]
    wrong, right = (symreg.audit(ByGroup(strengths, is_wrong), groups="3,2", points=70) for is_wrong in (True, False))
    assert right.passed, right.text()
    assert not wrong.passed
    assert "is lower" not in wrong.text()
    assert "step*R(u)" in wrong.text()


def test_without_sizes_it_is_refused() -> None:
    with pytest.raises(SpecError, match="over groups of weights: give their sizes"):
        symreg.audit(Columns(), "group(l1)")
    with pytest.raises(SpecError, match="prox_1group is that of a group"):
        symreg.audit(ByGroup([1.0] * 5, False))


def test_sizes_that_an_object_does_not_answer_to_are_refused() -> None:
    with pytest.raises(SpecError, match="answers to no array of 5 weights"):
        symreg.audit(Columns(), "group(l1)", params={"lam": 1.0}, groups="3,2")
