"""`--against`: the mistakes that people make, and gradient checks miss, are refuted; what is right to 1e-9 passes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symreg
from symreg.application.requests import verify_request
from symreg.application.verify import judge_function
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.verification import Check, Report
from symreg.verification.comparison.tally import Tally
from symreg.verification.comparison.tolerance import Finding

ROOT = Path(__file__).parents[2]
POINTS = 300

MISTAKEN = """
import numpy as np

def update(w, g, *, lr, lam):
    return w - lr * (g + lam * np.linalg.norm(w))

def in_place(w, g, *, lr, lam):
    w -= lr * (g + lam * np.linalg.norm(w))

def right(w, g, *, lr, lam):
    return w - lr * (g + 2 * lam * w)
"""


def check(
    function: Callable[..., Any], objective: str = "l2", kind: Any = "gradient", rule: str = "", **options: Any
) -> Check:
    """Return the one check of a function."""
    rules = [resolve_rule(rule)] if rule else []
    request = verify_request(resolve(objective), rules, kind=kind, points=POINTS, **options)
    report = judge_function(request, function)
    (found,) = [check for check in report.checks if not check.region]
    assert report.passed == (found.verdict == "pass")
    return found


# The question that the project started from


@pytest.mark.one_in(2)
@pytest.mark.parametrize("function", ["update", "in_place"])
def test_the_mistaken_rule_is_refuted_by_a_negative_weight(tmp_path: Path, function: str) -> None:
    (tmp_path / "mine.py").write_text(MISTAKEN)
    code, out = run(tmp_path, "verify", "l2", "--against", f"mine.py:{function}", "--as", "step")
    assert code == 1
    call, _, head, row, at, numbers, words, _, summary = out.splitlines()
    assert call == f"called as {function}(w, g, *, lr, lam) on NumPy arrays"
    assert head.split() == ["check", "function", "dtype", "points", "of", "allowed", "relative", "verdict"]
    assert row.split()[:4] == ["gradient_descent_step", function, "float64", "2,002"]
    assert row.split()[4:] == ["4e8", "x", "0.4", "wrong"]
    # Every number is one that a person would try.
    assert at == "   at w = [-0.5, 0.2], g = 0, lr = 0.1, lam = 1"
    assert numbers == "   got w[0] = -0.5539, right is -0.4:"
    assert words == "   the negative weight moved away from the origin."
    assert summary.startswith("1 check failed; 2,002 points compared")
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.sweep
def test_the_refutation_as_data(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MISTAKEN)
    arguments = ("--as", "step", "--points", str(POINTS), "--json")
    code, out = run(tmp_path, "verify", "l2", "--against", "mine.py:update", *arguments)
    data = json.loads(out)
    assert (code, data["schema_version"], data["passed"]) == (1, 1, False)
    (found,) = data["checks"]
    assert (found["kind"], found["rule"], found["verdict"]) == ("step", "gradient_descent", "wrong")
    place = found["at"]["j"]
    weight = found["at"]["w"][place]
    assert weight < 0.0
    assert found["at"]["g"][place] == 0.0
    assert found["got"] < weight < found["expected"] < 0.0
    fields = {"kind", "rule", "target", "dtype", "points", "undetermined", "vacuous", "worst_ulp", "at", "expected"}
    assert set(found) == fields | {
        "worst_ratio", "worst_relative", "got", "verdict", "compared", "note", "region", "is_counted"
    }  # fmt: skip
    assert data["call"] == "update(w, g, *, lr, lam) on NumPy arrays" and data["notes"] == []
    code, out = run(tmp_path, "verify", "l2", "--against", "mine.py:right", *arguments)
    assert (code, json.loads(out)["passed"]) == (0, True)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "symreg", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_verdict_needs_no_sympy(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MISTAKEN)
    program = """
import sys
sys.modules["sympy"] = None
from symreg.application.python_objects import function_in
from symreg.application.requests import verify_request
from symreg.application.verify import judge_function
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
for name in ("update", "in_place", "right"):
    rules = [resolve_rule("gradient_descent")]
    request = verify_request(resolve("l2"), rules, kind="step", points=300)
    report = judge_function(request, function_in(f"mine.py:{name}"))
    print(name, report.checks[0].verdict, report.checks[0].compared)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["update", "wrong", "303", "in_place", "wrong", "303", "right", "pass", "303"]


# Mistakes of every day


def central(value: Callable[[Any], Any], w: Any, h: float = 1e-6) -> Any:
    return (value(w + h) - value(w - h)) / (2 * h)


def complex_step(value: Callable[[Any], Any], w: Any) -> Any:
    return value(w + 1e-30j).imag / 1e-30


def huber_slope(w: Any, lam: float, delta: float, beyond: float) -> Any:
    return lam * np.where(np.abs(w) <= delta, w, beyond * np.sign(w))


def adamw(w: Any, g: Any, state: Any, penalty: Any, *, lr: float, beta1: float, beta2: float, eps: float) -> Any:
    """Take a step of Adam along g, and with it one along a penalty's gradient that is kept apart."""
    state["t"] += 1
    state["m"][...] = beta1 * state["m"] + (1 - beta1) * g
    state["v"][...] = beta2 * state["v"] + (1 - beta2) * g * g
    first, second = (-np.expm1(state["t"] * np.log(b)) if b else 1.0 for b in (beta1, beta2))
    return w - lr * (state["m"] / first / (np.sqrt(state["v"] / second) + eps) + penalty)


def coupled(w: Any, g: Any, state: Any, *, lam: float, **given: float) -> Any:
    return adamw(w, g + 2 * lam * w, state, 0.0, **given)


def decoupled(w: Any, g: Any, state: Any, *, lam: float, **given: float) -> Any:
    return adamw(w, g, state, 2 * lam * w, **given)


def unscaled(w: Any, g: Any, state: Any, *, lam: float, **given: float) -> Any:
    return adamw(w, g, state, 2 * lam * w / given["lr"], **given)


def forgetful(w: Any, g: Any, state: Any, *, lam: float, **given: float) -> Any:
    return adamw(w, g, {name: np.copy(x) for name, x in state.items()}, 2 * lam * w, **given)


WRONG: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "central differences": (lambda w, *, lam: central(lambda x: lam * x**2, w), {"size_range": (1e-9, 1e9)}),
    "half the L2 gradient": (lambda w, *, lam: lam * w, {}),
    "flipped sign": (lambda w, *, lam: -2 * lam * w, {}),
    "flipped sign of a small L2 term": (
        lambda w, *, lam1, lam2: lam1 * np.sign(w) - 2 * lam2 * w,
        {"objective": "elastic_net", "parameters": {"lam1": 1.0, "lam2": 1e-6}},
    ),
    "abs dropped": (lambda w, *, lam: lam * float(np.sum(w)), {"objective": "l1", "kind": "value"}),
    "mean for a sum": (lambda w, *, lam: lam * float(np.mean(w**2)), {"kind": "value"}),
    "complex step through abs": (
        lambda w, *, lam: complex_step(lambda z: lam * np.abs(z), w),
        {"objective": "l1"},
    ),
    "step of half a ramp": (lambda w, *, lam: 2 * lam * np.where(w < 0.1, w, 0), {"objective": "nonnegativity"}),
    "Huber that jumps at the knot": (
        lambda w, *, lam, delta: huber_slope(w, lam, delta, 1.0),
        {"objective": "huber"},
    ),
    "Huber that does not end": (lambda w, *, lam, delta: lam * w, {"objective": "huber"}),
    "coupled decay": (coupled, {"kind": "step", "rule": "adamw"}),
    "decay not scaled by lr": (unscaled, {"kind": "step", "rule": "adamw"}),
    "penalty after the step": (
        lambda w, g, *, lr, lam: (w - lr * g) * (1 - 2 * lr * lam),
        {"kind": "step", "rule": "gradient_descent"},
    ),
    "maximising": (lambda w, g, *, lr, lam: w + lr * (g + 2 * lam * w), {"kind": "step", "rule": "gradient_descent"}),
    "step not taken": (lambda w, g, *, lr, lam: None, {"kind": "step", "rule": "gradient_descent"}),
    "NaN": (lambda w, *, lam: 2 * lam * w + np.nan, {}),
    "infinity": (lambda w, *, lam: 2 * lam * w + np.inf, {}),
    "zeros": (lambda w, *, lam: np.zeros_like(w), {}),
}


def test_a_switch_in_the_wrong_place_is_seen() -> None:
    def gradient(w: Any, *, lam: float, delta: float) -> Any:
        return lam * np.where(np.abs(w) <= 1.01 * delta, w, delta * np.sign(w))

    found = check(gradient, "huber")
    assert found.verdict == "wrong"
    assert 1 < abs(found.at["w"]) / found.at["delta"] <= 1.01


@pytest.mark.one_in(22)
@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    function, options = WRONG[name]
    found = check(function, **options)
    assert found.verdict == "wrong"
    assert found.at
    assert found.expected != found.got
    assert found.expected is not None


def single(w: Any, *, lam: float) -> Any:
    """Return the gradient in single precision, where its range suffices: beyond it is not inaccurate but wrong."""
    exact = 2 * lam * w
    return np.where((abs(exact) > 1e-30) & (abs(exact) < 1e30), exact.astype(np.float32), exact)


INACCURATE: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "0.1 % too much": (lambda w, *, lam: 2 * lam * w * 1.0009, {}),
    "one part in 10^8": (lambda w, *, lam: 2 * lam * w * (1 + 1e-8), {}),
    "single precision": (single, {}),
    "a knot in the wrong place": (
        lambda w, *, lam, delta: lam * np.clip(w, -delta * 1.0001, delta * 1.0001),
        {"objective": "huber"},
    ),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", INACCURATE)
def test_inaccurate(name: str) -> None:
    function, options = INACCURATE[name]
    found = check(function, **options)
    assert found.verdict == "inaccurate"
    assert found.worst_ulp is not None and found.worst_ulp > 1000
    assert found.worst_ratio is not None and found.worst_ratio > 1
    assert check(function, **options, rtol=1e-3).verdict == "pass"


def test_a_relative_error_is_allowed_up_to_what_was_asked_for() -> None:
    def off(by: float) -> Callable[..., Any]:
        return lambda w, *, lam: 2 * lam * w * (1 + by)

    table = [
        (0.0, None, "pass"),
        (0.9e-9, None, "pass"),
        (1.1e-9, None, "inaccurate"),
        (0.9e-9, 0.0, "inaccurate"),
        (0.9e-5, 1e-5, "pass"),
        (1.1e-5, 1e-5, "inaccurate"),
        (0.99e-3, None, "inaccurate"),
        (1.01e-3, None, "wrong"),
        (0.05, 0.1, "pass"),
        (0.15, 0.1, "wrong"),
    ]
    got = [(by, rtol, check(off(by), rtol=rtol).verdict) for by, rtol, _ in table]
    assert got == table


def test_the_worst_error_is_told_of_a_function_that_passes_too() -> None:
    found = check(lambda w, *, lam: 2 * lam * w * (1 + 0.9e-9))
    assert found.verdict == "pass"
    assert found.worst_ulp is not None and found.worst_ulp > 1e6
    assert found.worst_ratio == pytest.approx(0.9, rel=1e-3) and found.worst_relative == pytest.approx(0.9e-9)
    assert found.expected is not None and found.got == pytest.approx(found.expected, rel=1e-9, abs=0.0)
    assert "0.9 x" in str(Report(checks=(found,)))


# What a function may do


def in_place(w: Any, g: Any, *, lr: float, lam: float) -> None:
    w -= lr * (g + 2 * lam * w)


RIGHT: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "returned": (lambda w, *, lam: 2 * lam * w, {}),
    "a list": (lambda w, *, lam: [2 * lam * x for x in w.tolist()], {}),
    "integers where they are right": (
        lambda w, *, lam: np.sign(w).astype(int),
        {"objective": "l1", "parameters": {"lam": 1.0}},
    ),
    "its input overwritten": (lambda w, *, lam: np.multiply(w, 2 * lam, out=w), {}),
    "a value as an array": (lambda w, *, lam: np.array(lam * (w**2).sum()), {"kind": "value"}),
    "any subgradient": (lambda w, *, lam: lam * np.where(w >= 0, 1.0, -1.0), {"objective": "l1"}),
    "a step in place": (in_place, {"kind": "step", "rule": "gradient_descent"}),
    "a step returned": (
        lambda w, g, *, lr, lam: w - lr * (g + 2 * lam * w),
        {"kind": "step", "rule": "gradient_descent"},
    ),
    "a step as a list": (
        lambda w, g, *, lr, lam: (w - lr * (g + 2 * lam * w)).tolist(),
        {"kind": "step", "rule": "gradient_descent"},
    ),
    "a step with state": (decoupled, {"kind": "step", "rule": "adamw"}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str) -> None:
    function, options = RIGHT[name]
    found = check(function, **options)
    assert found.verdict == "pass", found
    assert found.compared >= 0.9 * POINTS


def leave(*_: Any, **__: Any) -> Any:
    raise SystemExit(0)


def fail_at_times(w: Any, *, lam: float) -> Any:
    if np.max(np.abs(w)) > 1e4:
        raise OverflowError("too large\nfor me")
    return 2 * lam * w


STEP = {"kind": "step", "rule": "gradient_descent"}
TROUBLE: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "raises": (lambda w, *, lam: 1 / 0, {}, "it raised ZeroDivisionError: division by zero (test_against.py, line "),
    "raises at times": (fail_at_times, {}, "it raised OverflowError: too large (test_against.py, line "),
    "leaves": (leave, {}, "it raised SystemExit: 0 (test_against.py, line "),
    "recursion": (lambda w, **p: TROUBLE["recursion"][0](w, **p), {}, "it raised RecursionError: "),
    "nothing": (lambda w, *, lam: None, {}, "gradient is None where an array of numbers of shape (2,) is right"),
    "a number": (lambda w, *, lam: 1.0, {}, "gradient is one number, 1, where an array of numbers of shape (2,) is"),
    "one element short": (
        lambda w, *, lam: w[1:],
        {},
        "gradient is an array of shape (1,) where an array of numbers of",
    ),
    "a column": (lambda w, *, lam: 2 * lam * w[:, None], {}, "gradient is an array of shape (2, 1) where"),
    "text": (lambda w, *, lam: ["a", "b"], {}, "gradient is of type list where an array of numbers of shape (2,)"),
    "complex numbers": (
        lambda w, *, lam: 2 * lam * w + 0j,
        {},
        "gradient is an array of shape (2,) of complex128 where",
    ),
    "ragged": (lambda w, *, lam: [[1.0], [1.0, 2.0]], {}, "gradient is of type list where an array"),
    "a dict": (lambda w, *, lam: {"grad": w}, {}, "gradient is of type dict where an array"),
    "a vector for a value": (
        lambda w, *, lam: w,
        {"kind": "value"},
        "value is an array of shape (2,) where one number, of all weights together, is right",
    ),
    "a state that is not written back": (
        forgetful,
        {"kind": "step", "rule": "adamw"},
        "the step left t at 0 where 1 is right",
    ),
    "a step of another shape": (lambda w, g, *, lr, lam: w[1:], STEP, "the step's result is an array of shape (1,)"),
    "a step of complex numbers": (
        lambda w, g, *, lr, lam: w + 0j,
        STEP,
        "the step's result is an array of shape (2,) of",
    ),
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_is_a_failed_check(name: str) -> None:
    function, options, note = TROUBLE[name]
    found = check(function, **options)
    assert found.verdict == "wrong"
    assert found.note.startswith(note)
    assert "\n" not in found.note
    if name == "raises at times":
        assert re.search(r"; so at \d+ of \d+ calls$", found.note)
    elif name != "a vector for a value":  # of one element it is one number
        assert found.note.endswith("; so at every call")
    assert (found.compared, found.worst_ratio, found.worst_relative, found.worst_ulp) == (0, None, None, None)


# The report


def report_of(function: Callable[..., Any], **options: Any) -> Report:
    return judge_function(verify_request(resolve("l2"), (), kind="gradient", points=POINTS), function, **options)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("width", [80, 100, 132])
def test_a_report_keeps_to_its_width(width: int) -> None:
    for function in (lambda w, *, lam: 2 * lam * w, lambda w, *, lam: lam * w, leave):
        lines = report_of(function, label="of_a_rather_long_name.py:gradient").table(width).splitlines()
        assert all(len(line) <= width for line in lines), lines


def test_a_constant_factor_is_named() -> None:
    found = check(lambda w, *, lam: lam * w)
    assert found.note == "right everywhere with lam/2 for lam (303 points compared)"
    found = check(lambda w, *, lam: 3 * lam * w)
    assert found.note == "wherever it is wrong it is 1.5 times what is right"


@pytest.mark.sweep
def test_every_check_tells_of_its_worst_point_and_an_inequality_has_no_error() -> None:
    emitted = symreg.load("l1", (), "numpy", judge=False)
    reports = [
        symreg.verify("l1", against=getattr(emitted, kind), as_=kind, points=60)
        for kind in ("value", "gradient", "prox")
    ]
    assert all(report.passed for report in reports)
    inequalities = {"subgradient", "prox_monotone", "prox_lipschitz"}
    checks = [check for report in reports for check in report.checks]
    assert inequalities < {check.kind for check in checks}
    checks = [check for check in checks if not check.region]
    for check in checks:
        assert check.expected is not None and check.got is not None and check.at
        measures = {check.worst_ulp, check.worst_ratio, check.worst_relative}
        assert (measures == {None}) == (check.kind in inequalities)
    lines = [line.split() for report in reports for line in str(report).splitlines() if line]
    rows = [words for words in lines if words[0] in inequalities]
    assert len(rows) == 1 + len(inequalities) and all(row[-3:] == ["-", "-", "pass"] for row in rows)


def test_of_emitted_code_no_inequality_is_asked() -> None:
    """Each follows from what is compared exactly."""
    report = symreg.verify("l1", "gradient_descent", target="numpy", points=60)
    assert [check.name for check in report.checks if check.dtype == "float64"] == [
        "value", "gradient", "kinks", "prox", "gradient_descent_step"
    ]  # fmt: skip
    assert all(None not in (c.worst_ulp, c.worst_ratio, c.worst_relative, c.expected, c.got) for c in report.checks)


def test_both_numbers_are_printed_with_as_many_digits_as_tell_them_apart() -> None:
    text = str(report_of(lambda w, *, lam: 2 * lam * w * (1 + 1e-8)))
    assert "got gradient[0] = -1.00000001, right is -1." in " ".join(text.split())


# Everyday points that are right, and others; what is not judged is told, and fails where nothing at all was judged.
COUNTS = [
    ({Finding.RIGHT: 90, Finding.VACUOUS: 10}, {}, "pass", "10 of 100 (rounding the inputs"),
    ({Finding.RIGHT: 90, Finding.UNDETERMINED: 10}, {}, "pass", "10 of 100 (the exact values are not certain)"),
    ({Finding.RIGHT: 1, Finding.VACUOUS: 60}, {Finding.UNDETERMINED: 39}, "pass", "99 of 100 (60: rounding"),
    ({Finding.VACUOUS: 2}, {Finding.RIGHT: 98}, "undetermined", "2 of 100 (rounding"),
    ({Finding.UNDETERMINED: 2}, {Finding.RIGHT: 98}, "undetermined", "2 of 100 (the exact"),
    ({}, {Finding.RIGHT: 1, Finding.VACUOUS: 99}, "pass", "99 of 100 (rounding"),
    ({}, {Finding.VACUOUS: 100}, "undetermined", "100 of 100 (rounding"),
    ({}, {}, "undetermined", ""),
]


@pytest.mark.parametrize(("everyday", "far", "verdict", "said"), COUNTS)
def test_a_check_fails_where_nothing_could_be_judged_at_everyday_values(
    everyday: dict[Finding, int], far: dict[Finding, int], verdict: str, said: str
) -> None:
    tally = Tally("gradient", "c", "float64")
    tally.everyday.update(everyday)
    tally.counts.update({one: everyday.get(one, 0) + far.get(one, 0) for one in Finding})
    found = tally.check()
    assert found.verdict == verdict
    report = Report(checks=(found,))
    assert report.passed == (verdict == "pass")
    assert f"not judged: {said}" in str(report) if said else "not judged:" not in str(report)
    if verdict != "pass":
        assert found.note == f"nothing could be judged{' at everyday values' if everyday else ''}"


def test_a_report_without_checks_is_no_pass() -> None:
    assert not Report(checks=()).passed


def test_a_formula_that_determines_little_is_judged_where_it_determines_something() -> None:
    # The phase of most weights is uncertain by more than a thousandth.
    function = lambda w: np.sin(2e13 * w)  # noqa: E731
    request = verify_request(resolve("sin(1e13*w)**2/1e13"), (), kind="gradient", points=POINTS)
    report = judge_function(request, function)
    found, *_ = report.checks
    assert report.passed
    assert f"not judged: {found.unjudged} of {found.points} (" in str(report)
    assert found.vacuous > 0.1 * found.points
