"""A quick look passes what is right for the whole catalogue, and sees what is wrong where people would try it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_mutants import CASES, IDS, POINTS, sample, survivors

import symreg
from symreg import catalogue
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.verification import Report, Subject, quick_look

DTYPES: tuple[Any, ...] = ("float64", "float32")


@functools.cache
def look(name: str, rule: str) -> Report:
    objective, rules = resolve(name), [resolve_rule(rule)]
    made = updates(objective, rules)
    subjects = [
        Subject(label="numpy", dtype=dtype, functions=vars(load(objective, made, "numpy", dtype))) for dtype in DTYPES
    ]
    return quick_look(objective.terms, rules, subjects)


ALWAYS = ("capped_l1", "entropy", "huber", "l2_norm", "log_sum", "second_difference", "sine_squared", "tikhonov")


@pytest.mark.one_in(12)
@pytest.mark.parametrize(
    "name", [n if n in ALWAYS else pytest.param(n, marks=pytest.mark.sweep) for n in catalogue.penalties()]
)
def test_the_catalogue_passes(name: str) -> None:
    report = look(name, "gradient_descent")
    assert report.passed, report
    assert {"value", "gradient", "step"} <= {check.kind for check in report.checks}
    assert all(check.points >= 20 for check in report.checks if check.kind not in ("kinks", "prox"))


@pytest.mark.parametrize(
    "rule", [r if r == "adam" else pytest.param(r, marks=pytest.mark.sweep) for r in catalogue.rules()]
)
def test_every_rule_passes(rule: str) -> None:
    report = look("l2", rule)
    assert report.passed, report


# What no mutation of one place makes: forms that are right near zero only, or in one precision, or for some parameters.
WRONG: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "inf over inf": ("log(1 + exp(w))", "gradient", lambda w: np.exp(w) / (1 + np.exp(w))),
    "an exponential that overflows": ("log(1 + exp(w))", "value", lambda w: float(np.sum(np.log(1 + np.exp(w))))),
    "a logarithm near 1": ("log(1 + w**2)", "value", lambda w: float(np.sum(np.log(1 + w**2)))),
    "a quotient at zero": ("abs(w)", "gradient", lambda w: w / np.abs(w)),
    "positive weights only": ("abs(w)", "gradient", np.ones_like),
    "a scale of one only": ("lam*w**2", "gradient", lambda w, lam: 2 * w),
    "a sum of exponentials": (
        "mu*log(sum(exp(w[i]/mu), i))",
        "value",
        lambda w, mu: float(mu * np.log(np.sum(np.exp(w / mu)))) if len(w) else 0.0,
    ),
    "neighbours at the end": (
        "sum((w[i+1] - w[i])**2, i)",
        "gradient",
        lambda w: 2 * (2 * w - np.roll(w, 1) - np.roll(w, -1)),
    ),
    "a prox with another constant": ("w**2", "prox", lambda v, step: v / (1 + step)),
    "a prox with a threshold beside it": (
        "abs(w)",
        "prox",
        lambda v, step: np.sign(v) * np.maximum(np.abs(v) - v.dtype.type(step * (1 + 1e-4)), v.dtype.type(0)),
    ),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_wrong_is_seen(name: str, dtype: Any) -> None:
    text, kind, function = WRONG[name]
    terms = symreg.objective(text).terms
    subject = Subject(label="mine", dtype=dtype, functions={kind: function}, is_emitted=False)
    (check,) = [check for check in quick_look(terms, (), [subject]).checks if check.kind == kind]
    assert check.verdict != "pass"


@pytest.mark.one_in(12)
@pytest.mark.parametrize(("penalty", "rule"), CASES[1::6], ids=IDS[1::6])
def test_mutants_are_seen(penalty: str, rule: str) -> None:
    found = sample(penalty, rule)
    passed, count = survivors(penalty, rule, found, "float64", POINTS, judge=quick_look)
    assert not passed
    assert count == len(found)
