"""The judge is strict: functions that are right almost everywhere, or misuse their arguments, fail.

Each row is an emitted function spoilt in one corner, by 1e-6 of itself unless it says otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.verification import Report, Subject, verify

POINTS = 1200
OFF = 1 + 1e-6

Functions = Mapping[str, Callable[..., Any]]
Spoiler = Callable[..., Any]


@functools.cache
def emitted(objective: str, rule: str = "", dtype: str = "float64") -> Functions:
    made = resolve(objective)
    return vars(load(made, updates(made, [resolve_rule(rule)] if rule else []), "numpy", dtype))


def gradient(spoil: Spoiler) -> Callable[[Functions], Functions]:
    """Return functions whose gradient `spoil(result, w, parameters)` changes in place, or returns another."""

    def make(functions: Functions) -> Functions:
        def spoilt(w: Any, *, out: Any = None, **given: Any) -> Any:
            made = functions["gradient"](w, out=out, **given)
            other = spoil(made, w, given)
            return made if other is None else other

        return {"gradient": spoilt}

    return make


def value(spoil: Spoiler) -> Callable[[Functions], Functions]:
    """Return functions whose value is `spoil(value, w, parameters)`."""

    def make(functions: Functions) -> Functions:
        return {"value": lambda w, **given: spoil(functions["value"](w, **given), w, given)}

    return make


def step(spoil: Spoiler) -> Callable[[Functions], Functions]:
    """Return functions whose step is followed by `spoil(w, old w, g, state, t before, parameters)`."""

    def make(functions: Functions) -> Functions:
        (name,) = (name for name in functions if name.endswith("_step"))

        def spoilt(w: Any, g: Any, *state: Any, **given: Any) -> None:
            old, taken = w.copy(), state[0]["t"] if state else 0
            functions[name](w, g, *state, **given)
            spoil(w, old, g, state[0] if state else {}, taken, given)

        return {**{key: f for key, f in functions.items() if key.endswith("_state")}, name: spoilt}

    return make


def where(chosen: Callable[[Any, Mapping[str, float]], Any], factor: float = OFF) -> Callable[[Functions], Functions]:
    """Return functions whose gradient is off at the weights chosen."""

    def spoil(result: Any, w: Any, given: Mapping[str, float]) -> None:
        result[np.broadcast_to(chosen(w, given), w.shape)] *= factor

    return gradient(spoil)


def element(place: int) -> Callable[[Functions], Functions]:
    """Return functions whose gradient is off at one place of long vectors."""

    def spoil(result: Any, w: Any, given: Mapping[str, float]) -> None:
        if result.size > place:
            result[place] *= OFF

    return gradient(spoil)


def scaled(result: Any, holds: bool, by: float = OFF) -> None:
    if holds:
        result *= by


def put(result: Any, chosen: Any, number: float) -> None:
    result[chosen] = number


GRADIENTS = {
    "tiny weights": where(lambda w, p: abs(w) < 1e-100),
    "tiny negative weights": where(lambda w, p: (w < 0) & (w > -1e-140)),
    "large weights": where(lambda w, p: abs(w) > 1e100),
    "the largest weights promised": where(lambda w, p: abs(w) > 1e148),
    "at the knot": where(lambda w, p: abs(w) == p["delta"]),
    "inside of the knot": where(lambda w, p: (abs(w) < p["delta"]) & (abs(w) > p["delta"] * (1 - 1e-6))),
    "outside of the knot": where(lambda w, p: (abs(w) > p["delta"]) & (abs(w) < p["delta"] * (1 + 1e-6))),
    "next to the knot by 1e-8": where(
        lambda w, p: (abs(w) > p["delta"]) & (abs(w) < p["delta"] * (1 + 1e-9)), 1 + 1e-8
    ),
    "minus zero": gradient(lambda r, w, p: put(r, (w == 0) & np.signbit(w), 1e-3)),
    "plus zero": gradient(lambda r, w, p: put(r, (w == 0) & ~np.signbit(w), 1e-3)),
    "NaN of subnormals": gradient(lambda r, w, p: put(r, (w != 0) & (abs(w) < 1e-307), np.nan)),
    "NaN beyond the range promised": gradient(lambda r, w, p: put(r, (abs(w) > 1e160) & (abs(w) < 1e200), np.nan)),
    "NaN of the largest weights": gradient(lambda r, w, p: put(r, abs(w) > 1e308, np.nan)),
    "a great strength": where(lambda w, p: p["lam"] > 51.2),
    "a small strength": where(lambda w, p: p["lam"] < 2e-4),
    "a small knot": where(lambda w, p: p["delta"] < 2e-3),
    **{f"element {k}": element(k) for k in (131_071, 131_072, 262_144)},
    **{f"{n} weights": gradient(lambda r, w, p, n=n: scaled(r, w.size == n)) for n in (1, 2, 3, 7, 16)},
    "strided weights": gradient(lambda r, w, p: scaled(r, w.ndim == 1 and w.strides[0] > w.itemsize)),
    "reversed weights": gradient(lambda r, w, p: scaled(r, w.strides[0] < 0)),
    "two dimensions": gradient(lambda r, w, p: scaled(r, w.ndim == 2)),
    "Fortran's order": gradient(lambda r, w, p: scaled(r, w.ndim == 2 and not w.flags.c_contiguous)),
    "single precision": gradient(lambda r, w, p: r.astype(np.float32)),
    "the weights' memory": gradient(lambda r, w, p: np.copyto(w, r) or w),
    "weights changed": gradient(lambda r, w, p: w.fill(0) if w.flags.writeable and r is not w else None),
}
VALUES = {
    "at the knot": value(lambda v, w, p: v * OFF if w.size == 1 and abs(w[0]) == p["delta"] else v),
    "tiny weights": value(lambda v, w, p: v * OFF if w.size == 1 and abs(w[0]) < 1e-60 else v),
    **{f"{n} weights": value(lambda v, w, p, n=n: v * OFF if w.size == n else v) for n in (2, 3, 7, 320_000)},
    "strided weights": value(lambda v, w, p: v if w.flags.c_contiguous else v * OFF),
    "weights changed": value(lambda v, w, p: (w.fill(0), v)[1]),
    "no weights": value(lambda v, w, p: v if w.size else 1.0),
}
DIFFERENCES = {
    "one weight": gradient(lambda r, w, p: put(r, slice(None), 1.0) if w.size == 1 else None),
    **{f"{n} weights": gradient(lambda r, w, p, n=n: scaled(r, w.size == n)) for n in (2, 3, 4, 5, 7)},
    **{f"element {k}": element(k) for k in (1023, 1024, 1025, 131_072, 131_073, 131_074, 160_000)},
    "the last of many": gradient(lambda r, w, p: scaled(r[-1:], w.size > 20)),
    "strided weights": gradient(lambda r, w, p: scaled(r, not w.flags.c_contiguous)),
    "value of two": value(lambda v, w, p: v * OFF if w.size == 2 else v),
    "value of many by 1e-11": value(lambda v, w, p: v * (1 + 1e-11) if w.size > 1000 else v),
}
STEPS = {
    "no gradient of the loss": step(lambda w, old, g, s, t, p: np.multiply(w, OFF, out=w, where=g == 0)),
    "zero weights": step(lambda w, old, g, s, t, p: np.multiply(w, OFF, out=w, where=old == 0)),
    "the first step": step(lambda w, old, g, s, t, p: scaled(w, t == 0)),
    "late steps": step(lambda w, old, g, s, t, p: scaled(w, t >= 100_000)),
    "momentum, in the second block": step(lambda w, old, g, s, t, p: scaled(s["m"][131_072:131_073], True)),
    "weights, in the second block": step(lambda w, old, g, s, t, p: scaled(w[131_072:131_073], True)),
    "two weights": step(lambda w, old, g, s, t, p: scaled(w, w.size == 2)),
    "gradient changed": step(lambda w, old, g, s, t, p: g.fill(0)),
    "another array in the state": step(lambda w, old, g, s, t, p: s.update(m=s["m"].copy())),
    "strided gradient": step(lambda w, old, g, s, t, p: scaled(w, not g.flags.c_contiguous)),
    "steps counted in single precision": step(lambda w, old, g, s, t, p: s.update(t=float(np.float32(s["t"])))),
    "steps not counted": step(lambda w, old, g, s, t, p: s.update(t=t)),
    "a great learning rate": step(lambda w, old, g, s, t, p: scaled(w, p["lr"] > 0.5)),
    "decay near one": step(lambda w, old, g, s, t, p: scaled(w, p["beta1"] > 0.95)),
}
LONG_STEPS = {
    "the second block": step(lambda w, old, g, s, t, p: scaled(w[131_073:131_074], True)),
    "new neighbours": step(lambda w, old, g, s, t, p: scaled(w[1024:1025], w.size > 1024)),
}
KINKS = {
    "slope at a kink that is a parameter": gradient(
        lambda r, w, p: np.copyto(r, p["lam"] * np.sign(w), where=abs(w) == p["theta"])
    ),
    "slope at 0": gradient(lambda r, w, p: put(r, w == 0, p["lam"])),
}
TABLES = {
    "huber gradient": ("huber", "", GRADIENTS),
    "huber value": ("huber", "", VALUES),
    "capped_l1 gradient": ("capped_l1", "", KINKS),
    "first_difference": ("first_difference", "", DIFFERENCES),
    "huber adam": ("huber", "adam", STEPS),
    "first_difference gradient_descent": ("first_difference", "gradient_descent", LONG_STEPS),
}


def judged(objective: str, rule: str, subjects: list[Subject]) -> Report:
    rules = [resolve_rule(rule)] if rule else []
    return verify(resolve(objective).terms, rules, subjects, points=POINTS)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("table", TABLES)
def test_a_function_that_is_wrong_in_one_corner_fails(table: str) -> None:
    objective, rule, rows = TABLES[table]
    functions = emitted(objective, rule)
    subjects = [Subject(label=label, dtype="float64", functions=spoil(functions)) for label, spoil in rows.items()]
    kinds = {name for subject in subjects for name in subject.functions}
    right = {name: function for name, function in functions.items() if name in kinds}
    report = judged(objective, rule, [Subject(label="as emitted", dtype="float64", functions=right), *subjects])
    failed = {check.target for check in report.checks if check.verdict != "pass"}
    assert failed == set(rows)
    assert sum(check.compared for check in report.checks if check.target == "as emitted") > 0.9 * POINTS


@pytest.mark.parametrize(
    "text",
    ["log(1 + norm(w)**2)"]
    + [
        pytest.param(text, marks=pytest.mark.sweep) for text in ("norm(w)/(1 + norm(w))", "norm(w)**2/(1 + norm(w)**2)")
    ],
)
def test_a_norm_whose_square_overflows_is_no_fault_far_beyond_the_promised_range(text: str) -> None:
    report = symreg.verify(text, (), target="numpy", points=60)
    for check in report.checks:
        assert check.kind == "prox" or check.verdict not in ("wrong", "inaccurate"), check
