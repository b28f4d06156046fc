"""Somebody's own function: the call that is made of it, what does not fit, and on which terms it is judged."""

from __future__ import annotations

import importlib.util
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import numpy as np
import pytest

from symreg.application.python_objects import function_in
from symreg.application.requests import verify_request
from symreg.application.verify import judge_function
from symreg.errors import SpecError, SymregError, ToolMissing
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.verification import Report
from symreg.verification.foreign.call import call_of

POINTS = 60


def judged(
    function: Callable[..., Any], objective: str = "l2", kind: Any = "gradient", rule: str = "", **options: Any
) -> Report:
    """Return the report on a function."""
    rules = [resolve_rule(rule)] if rule else []
    return judge_function(verify_request(resolve(objective), rules, kind=kind, points=POINTS, **options), function)


def soft(v: Any, tau: Any) -> Any:
    return np.sign(v) * np.maximum(np.abs(v) - tau, 0)


def sgd(w: Any, grad: Any, eta: Any, decay: Any) -> Any:
    return w - eta * (grad + decay * w)


def adam(
    w: Any, g: Any, m: Any, v: Any, t: Any, *, lr: float, beta1: float, beta2: float, eps: float, lam: float
) -> Any:
    """Take a step without writing to anything: state in, state out."""
    slope = g + 2 * lam * w
    m, v = beta1 * m + (1 - beta1) * slope, beta2 * v + (1 - beta2) * slope * slope
    first, second = (-math.expm1(t * math.log(b)) if b else 1.0 for b in (beta1, beta2))
    return w - lr * (m / first) / ((v / second) ** 0.5 + eps), m, v


def pure_adam(w: Any, g: Any, state: Any, **given: float) -> Any:
    w, m, v = adam(w, g, state["m"], state["v"], state["t"] + 1, **given)
    return w, {"m": m, "v": v, "t": state["t"] + 1}


STEP: dict[str, Any] = {"kind": "step", "rule": "gradient_descent"}
PROX: dict[str, Any] = {"objective": "l1", "kind": "prox"}
ADAM: dict[str, Any] = {"kind": "step", "rule": "adam"}
OF_ADAM = "lr=lr, beta1=beta1, beta2=beta2, eps=eps, lam=lam"


# The call

CALLS: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (lambda w, *, lam: lam * np.sum(w**2), {"kind": "value"}, "f(w, *, lam)"),
    (lambda w, *, lam: 2 * lam * w, {}, "f(w, *, lam)"),
    (lambda v, *, step, lam: soft(v, step * lam), PROX, "f(v, *, step, lam)"),
    (lambda w, g, *, lr, lam: sgd(w, g, lr, 2 * lam), STEP, "f(w, g, *, lr, lam)"),
    (pure_adam, ADAM, "f(w, g, state, *, lr, beta1, beta2, eps, lam)"),
    (soft, {**PROX, "call": "v, step*lam"}, "f(v, step*lam)"),
    (soft, {**PROX, "call": "tau=step*lam, v=v"}, "f(tau=step*lam, v=v)"),
    (sgd, {**STEP, "call": "w, g, lr, 2*lam"}, "f(w, g, lr, 2*lam)"),
    (adam, {**ADAM, "call": f"w, g, m, v, t + 1, {OF_ADAM}"}, f"f(w, g, m, v, t + 1, {OF_ADAM})"),
    (lambda v: soft(v, 0.3), {**PROX, "parameters": {"lam": 0.3, "step": 1.0}}, "f(v)"),
    (lambda v, step: soft(v, 0.3 * step), {**PROX, "parameters": {"lam": 0.3}}, "f(v, *, step)"),
    (np.sign, {"objective": "l1", "parameters": {"lam": 1.0}}, "f(w)"),
    (np.vectorize(lambda w, lam: lam * 1.0 if w > 0 else -lam), {"objective": "l1"}, "f(w, *, lam)"),
]


@pytest.mark.parametrize(("function", "options", "call"), CALLS, ids=[call for *_, call in CALLS])
def test_the_call_is_told_and_what_is_right_passes(function: Callable[..., Any], options: Any, call: str) -> None:
    report = judged(function, **options)
    assert report.passed, str(report)
    name, _, arguments = report.call.partition("(")
    assert f"f({arguments}" == f"{call} on NumPy arrays"
    assert str(report).startswith(f"called as {name}(")


MISFITS: list[tuple[Callable[..., Any], dict[str, Any], tuple[str, ...]]] = [
    (soft, PROX, ("as soft(v, *, step, lam); it is soft(v, tau)", 'perhaps --call "v, tau=step*lam"')),
    (sgd, STEP, ("sgd(w, g, *, lr, lam); it is sgd(w, grad, eta, decay)", '--call "w, g, eta=lr, decay=lam"')),
    (lambda w: w, {}, ("it is function(w)", "fix what it does not take: --set lam=...")),
    (lambda: 0, {}, ("it is function()", "too many positional arguments")),
    (lambda w, lam, /: w, {}, ("it is function(w, lam, /)", '--call "w, lam"')),
    (lambda lam, w: w, {}, ("multiple values for argument 'lam'",)),
    (pure_adam, STEP, ("missing a required argument: 'state'",)),
    (lambda w, **p: sgd(w, **p), {}, ("unexpected keyword argument 'lam'",)),
    (np.add, {}, ("cannot be called as add(w, *, lam); it is add(x1, x2, ", "missing a required argument: 'x2'")),
    (dict, {"call": "w, lam, lam"}, ("dict", "cannot be called as dict(w, lam, lam)")),
    (soft, {**PROX, "call": "v, step"}, ("leaves out lam; hand it over, or fix it: --set lam=...",)),
    (soft, {**PROX, "call": "step, lam"}, ("leaves out v, which the result depends on",)),
    (adam, {**ADAM, "call": f"w, g, m, v, 1, {OF_ADAM}"}, ("leaves out t, which",)),
    (soft, {**PROX, "call": "v, stap*lam"}, ("there is no 'stap' to hand over; did you mean 'step'?",)),
    (soft, {**PROX, "call": "v, lam, step, lam"}, ("too many positional arguments", "it is soft(v, tau)")),
]


@pytest.mark.parametrize(("function", "options", "said"), MISFITS)
def test_a_call_that_does_not_fit_is_refused(function: Callable[..., Any], options: Any, said: tuple[str, ...]) -> None:
    with pytest.raises(SpecError) as error:
        judged(function, **options)
    message = str(error.value)
    assert all(part in message for part in said), message
    assert "\n" not in message and "<lambda>" not in message


@pytest.mark.parametrize(
    "text",
    ["v, __import__('os')", "v)(", "v, lam)  # (", "*v", "**v", "v, lam if step else 1", "v[0]", "v.x", "(v, lam)",
     "v,, lam", "v, 'a'*3", "v; lam", "lambda: v", "v, lam*True", "v @ lam", "v, lam\n", "\u03bb", "",
     "(" * 30 + "v" + ")" * 30, "v" * 600],
)  # fmt: skip
def test_what_is_no_list_of_arguments_is_refused_and_not_run(text: str) -> None:
    with pytest.raises(SymregError) as error:
        judged(soft, **PROX, call=text)
    assert "--call" in str(error.value)


def test_the_help_text_and_the_page_say_the_call_of_every_kind() -> None:
    from symreg.cli.group import symreg
    from symreg.cli.verify import verify

    shown = verify.get_help(click.Context(verify, parent=click.Context(symreg), terminal_width=80))
    page = (Path(__file__).parents[2] / "docs" / "against.md").read_text(encoding="utf-8")
    calls = [(kind, "") for kind in ("value", "gradient", "prox")] + [("step", "gradient_descent"), ("step", "adam")]
    for kind, rule in calls:
        call = call_of(resolve("l1").terms, resolve_rule(rule) if rule else None, kind).text("f")  # type: ignore[arg-type]
        assert call in shown and f"`{call}`" in page
    assert "Examples:" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_function_is_found_in_a_file_a_package_and_an_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "foreign_package").mkdir()
    (tmp_path / "foreign_package" / "ops.py").write_text(
        "class Half:\n    def slope(self, w, lam):\n        return lam*w\n\nhalf = Half()\nslope = half.slope\n"
    )
    for place in ("foreign_package.ops:slope", "foreign_package/ops.py:half.slope", "foreign_package.ops:half.slope"):
        assert function_in(place)(3.0, lam=2.0) == 6.0
    with pytest.raises(SymregError, match="has no function 'slop'; did you mean 'slope'"):
        function_in("foreign_package.ops:slop")
    with pytest.raises(SymregError, match=r"name a method of an object, as in FILE\.py:OBJECT\.METHOD"):
        judged(function_in("foreign_package.ops:Half"))


# Conventions

OTHERWISE: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (lambda w, *, lam: lam * w, {}, "lam/2 for lam"),
    (lambda w, *, lam: 4 * lam * w, {}, "2*lam for lam"),
    (lambda w, *, lam: -2 * lam * w, {}, "-lam for lam"),
    (lambda w, *, lam: lam * np.mean(w**2), {"kind": "value"}, "lam/n for lam"),
    (sgd, {**STEP, "call": "w, g, lr, lam"}, "lam/2 for lam"),
    (lambda w, g, *, lr, lam: w - lr * g - 2 * lam * w, STEP, "lam/lr for lam"),
    (lambda w, g, *, lr, lam: w - lr * g - lam * w, STEP, "lam/(2*lr) for lam"),
    (lambda w, g, *, lr, lam: w - lr * g - 2 * lr * lr * lam * w, STEP, "lam*lr for lam"),
    (lambda w, g, *, lr, lam: w + lr * (g + 2 * lam * w), STEP, "-lr for lr"),
    (lambda w, g, *, lr, lam: w - g - 2 * lr * lam * w, STEP, "g/lr for g"),
    (lambda v, *, step, lam: soft(v, lam), PROX, "lam/step for lam"),
    (lambda v, *, step, lam: soft(v, lam / step), PROX, "1/step for step"),
    (lambda w, *, lam, eps: lam * w / np.sqrt(w**2 + eps), {"objective": "charbonnier"}, "sqrt(eps) for eps"),
]


@pytest.mark.one_in(5)
@pytest.mark.parametrize(("function", "options", "meaning"), OTHERWISE, ids=[meaning for *_, meaning in OTHERWISE])
def test_a_usual_convention_is_named(function: Callable[..., Any], options: Any, meaning: str) -> None:
    report = judged(function, **options)
    assert not report.passed
    check = report.checks[0]
    assert re.fullmatch(rf"right everywhere with {re.escape(meaning)} \(\d+ points compared\)", check.notes[-1])


def test_no_convention_is_named_that_does_not_hold_everywhere() -> None:
    for function in (
        lambda w, *, lam: np.where(w > 100, 2 * lam * w, lam * w),  # half, but for a few
        lambda w, *, lam: 2 * lam * w + 1,
        lambda w, *, lam: 2 * lam * w**2,
    ):
        report = judged(function)
        assert not report.passed and "everywhere" not in str(report)


# On its own terms


def single(w: Any, *, lam: float) -> Any:
    return (np.float32(2 * lam) * w.astype(np.float32)).astype(np.float32)


def test_single_precision_is_judged_by_its_own_rounding() -> None:
    report = judged(single, dtype="float32")
    assert report.passed and {check.dtype for check in report.checks} == {"float32"}
    report = judged(single, dtype="all")
    assert [(check.dtype, check.verdict) for check in report.checks if not check.region] == [
        ("float64", "inaccurate"), ("float32", "pass")
    ]  # fmt: skip
    assert report.notes == ("it returns float32 for float64",)


def test_far_weights_are_a_row_that_decides_only_if_asked() -> None:
    def everyday(w: Any, *, lam: float) -> Any:
        return np.where(np.abs(w) > 2e6, 0.0, 2 * lam * w)

    report = judged(everyday)
    assert report.passed
    assert [(check.region, check.is_right, check.is_counted) for check in report.checks] == [
        ("", True, True), ("beyond 1e6", False, False), ("below 1e-6", True, False)
    ]  # fmt: skip
    assert "this does not count; --far makes it count" in str(report)
    assert not judged(everyday, is_far_asked=True).passed
    assert not judged(everyday, size_range=(1e-3, 1e9)).passed
    assert judged(everyday, size_range=(1, 10), is_far_asked=False).passed


def test_a_range_without_weights_is_refused() -> None:
    with pytest.raises(SpecError, match="no weight that the objective is defined for has a size from 10 to 100"):
        judge_function(
            verify_request(resolve("lam*w", domain="(0, 1)"), (), kind="gradient", points=20, size_range=(10, 100)),
            lambda w, *, lam: w,
        )


def test_every_weight_is_of_the_range() -> None:
    seen: list[float] = []

    def watched(v: Any, *, step: float, lam: float) -> Any:
        seen.extend(np.abs(v[v != 0]).tolist())
        return soft(v, step * lam)

    judge_function(verify_request(resolve("l1"), (), kind="prox", points=400, size_range=(0.125, 8.0)), watched)
    inside = [x for x in seen if 0.125 <= x <= 8.0]
    assert len(inside) > 350 and len(seen) - len(inside) <= 130  # the others are of the two rows besides


# What functions take and do


def test_one_weight_at_a_time() -> None:
    def slope(w: float, *, lam: float) -> float:
        return lam if w > 0 else -lam

    report = judged(slope, "l1")
    assert not report.passed and "--arrays numbers hands over one weight at a time" in " ".join(str(report).split())
    report = judged(slope, "l1", arrays="numbers")
    assert report.passed and report.call == "slope(w, *, lam) on one weight at a time"
    assert judged(lambda w, *, lam: lam * math.fabs(w), "l1", "value", arrays="numbers").passed
    assert judged(sgd, **STEP, call="w, g, lr, 2*lam", arrays="numbers").passed
    assert judged(pure_adam, **ADAM, arrays="numbers").passed
    assert "the step's result is None" in str(judged(lambda w, g, *, lr, lam: None, **STEP, arrays="numbers"))
    with pytest.raises(SpecError, match="elementwise"):
        judged(slope, "first_difference", arrays="numbers")


def test_what_a_function_does_besides_is_a_note() -> None:
    def overwriting(w: Any, *, lam: float) -> Any:
        w *= 2 * lam
        return w.tolist()

    report = judged(overwriting)
    assert report.passed
    assert report.notes == (
        "it changes w in place; each call was given a copy", "it returns a list, which was read as an array"
    )  # fmt: skip
    assert "note: it changes w in place" in str(report)


class Tensor:
    """As much of a tensor as these functions need."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def clamp(self, least: float) -> Tensor:
        return Tensor(np.maximum(self.array, least))

    def __mul__(self, other: Any) -> Tensor:
        return Tensor(self.array * (other.array if isinstance(other, Tensor) else other))

    __rmul__ = __mul__

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self.array


def ramp(w: Any, *, lam: float) -> Any:
    import torch

    assert isinstance(w, torch.Tensor)
    return 2 * lam * w.clamp(0.0)


RAMP = "lam*max(w, 0)**2"


def test_tensors_in_and_tensors_out(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = ModuleType("torch")
    torch.from_numpy, torch.Tensor = Tensor, Tensor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    report = judged(ramp, RAMP, dtype="all")
    assert report.passed and report.call == "ramp(w, *, lam) on PyTorch tensors"
    report = judged(lambda w, *, lam: 2 * lam * w.clamp(0.0), RAMP)
    assert not report.passed and "--arrays torch hands over tensors" in " ".join(str(report).split())
    assert judged(lambda w, *, lam: 2 * lam * w.clamp(0.0), RAMP, arrays="torch").passed


def test_a_tensor_that_numpy_does_not_have_is_said_in_words() -> None:
    class Half(Tensor):
        dtype = "torch.bfloat16"

        def numpy(self) -> Any:
            raise TypeError("Got unsupported ScalarType BFloat16")

    report = judged(lambda w, *, lam: Half(2 * lam * w))
    assert "it returned a tensor of torch.bfloat16, which NumPy does not have" in report.checks[0].note


def test_a_missing_pytorch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ToolMissing, match="takes PyTorch tensors"):
        judged(ramp, RAMP)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_functions_of_pytorch_itself() -> None:
    import torch

    assert judged(ramp, RAMP, dtype="all").passed
    report = judged(torch.nn.functional.softshrink, **PROX, call="v, step*lam", dtype="all")
    assert report.passed and report.call.endswith("on PyTorch tensors")
