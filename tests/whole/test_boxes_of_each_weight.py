"""Boxes whose ends are one number for each weight: from text to code that the judge has looked at, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import symreg
from symreg.errors import SpecError
from symreg.objectives.resolve import resolve
from symreg.verification.cases.split import has_kink

V = np.array([3.0, -3.0, 0.05, 5.0, 0.2, -0.7])
LOW = np.array([-1.0, -1.0, -2.0, -np.inf, -1.0, -np.inf])
HIGH = np.array([2.0, 1.0, np.inf, np.inf, -0.5, 4.0])


def test_each_weight_has_ends_of_its_own() -> None:
    f = symreg.load("box(l1, lo=a[n], hi=b[n])", rules=("proximal_gradient",), timeout=100)
    shrunk = np.sign(V) * np.maximum(np.abs(V) - 0.1, 0)
    assert np.array_equal(f.prox(V, step=1.0, lam=0.1, a=LOW, b=HIGH), np.clip(shrunk, LOW, HIGH))
    inside = (V >= LOW) & (V <= HIGH)
    assert np.array_equal(
        f.gradient(V, lam=0.1, a=LOW, b=HIGH), np.where(inside, 0.1 * np.sign(V), np.nan), equal_nan=True
    )
    assert f.value(V, lam=0.1, a=LOW, b=HIGH) == np.inf
    assert f.value(V[inside], lam=0.1, a=LOW[inside], b=HIGH[inside]) == pytest.approx(0.1 * np.abs(V[inside]).sum())


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["c", "numpy"])
def test_what_is_emitted_is_right(target: str) -> None:
    report = symreg.verify("box(l1, lo[n], hi[n])", rules=("proximal_gradient",), target=target, points=40, timeout=100)
    assert report.passed, report.table()
    assert {"elements", "prox", "step"} <= {check.kind for check in report.checks}


def test_ends_out_of_order_are_refused() -> None:
    f = symreg.load("box(a[n], b[n])", timeout=100)
    with pytest.raises(ValueError, match="b: each must be > a, got 1 and 2 at 1"):
        f.prox(np.ones(3), step=1.0, a=np.array([0.0, 2.0, 0.0]), b=np.ones(3))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("box(l1, a[n], b)", r"write b\[n\]"),
        ("box(l1, hi=0, lo=1)", "lo and hi, in this order"),
        ("box(huber, -delta[n], 1)", "'delta' is one number"),
    ],
)
def test_what_is_no_box_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(SpecError, match=reason):
        resolve(text)


def test_a_negated_end_is_positive() -> None:
    (end,) = [p for p in resolve("box(-c[n], c[n])").terms.parameters if p.name == "c"]
    assert end.shape == ("n",) and end.domain.low == 0


def test_the_judge_tries_ends_on_either_side_of_a_kink() -> None:
    for text, expected in (("box(l1, a[n], b[n])", True), ("box(l1, 1, b[n])", False)):
        (term,) = resolve(text).terms.terms
        assert has_kink(term) == expected
