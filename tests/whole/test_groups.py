"""Penalties over groups from text to numbers: against the formula written out by hand, and against better points."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from emitted import DIALECTS, WARNINGS, needs_gcc

import symreg
from symreg import catalogue
from symreg.errors import Intractable, SpecError
from symreg.objectives.resolve import resolve
from symreg.targets.emit import emit
from symreg.targets.loading.load import load
from symreg.targets.options import BOTH
from symreg.updates.assemble import updates
from symreg.verification import Subject, quick_look
from symreg.verification.claims import Contradicted

Phi = Callable[[float], float]
GROUPS = np.array([0, 3, 3, 4, 8], dtype=np.int64)
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.25])


def _mcp(r: float, lam: float = 0.1, gamma: float = 3.0) -> float:
    return lam * r - r * r / (2 * gamma) if r <= gamma * lam else gamma * lam * lam / 2


PENALTIES: dict[str, tuple[Phi, Phi]] = {
    "group(l1)": (lambda w: 0.0, lambda r: 0.1 * r),
    "0.5*group(mcp)": (lambda w: 0.0, lambda r: 0.5 * _mcp(r)),
    "l1 + group(mcp(lam=mu))": (lambda w: 0.1 * abs(w), _mcp),
    "0.5*l2 + group(log_sum(lam=mu))": (lambda w: 0.05 * w * w, lambda r: 0.1 * float(np.log1p(r / 0.1))),
}
"""The penalty of one weight and that of a norm, at the defaults."""


def _value(text: str, w: np.ndarray, weights: np.ndarray | None) -> float:
    single, of_norm = PENALTIES[text]
    sizes = np.sqrt(np.diff(GROUPS)) if weights is None else weights
    norms = [float(np.linalg.norm(w[a:b])) for a, b in pairwise(GROUPS.tolist())]
    return sum(map(single, w.tolist())) + sum(c * of_norm(r) for c, r in zip(sizes.tolist(), norms, strict=True))


@pytest.fixture(scope="module")
def loaded() -> Callable[[str, str], Any]:
    made: dict[tuple[str, str], Any] = {}
    rules = [catalogue.rule("gradient_descent"), catalogue.rule("proximal_gradient")]

    def functions(text: str, target: str) -> Any:
        if (text, target) not in made:
            objective = resolve(text)
            usable = rules if "l2" not in text else rules[:1]
            made[text, target] = load(objective, updates(objective, usable), target)
        return made[text, target]

    return functions


@pytest.mark.one_in(3)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["sizes", "given"])
@pytest.mark.parametrize("target", ["numpy", pytest.param("c", marks=needs_gcc)])
@pytest.mark.parametrize("text", PENALTIES)
def test_functions_are_those_of_the_formula(
    loaded: Callable[[str, str], Any], text: str, target: str, weights: np.ndarray | None
) -> None:
    functions, given = loaded(text, target), {"groups": GROUPS, "c": weights}
    w = np.random.default_rng(3).normal(size=8) * 2
    assert functions.value(w, **given) == pytest.approx(_value(text, w, weights), rel=1e-12)
    h = 1e-6
    slopes = [(_value(text, w + h * e, weights) - _value(text, w - h * e, weights)) / (2 * h) for e in np.eye(8)]
    gradient = functions.gradient(w, **given)
    assert gradient == pytest.approx(np.array(slopes), abs=1e-7)
    assert functions.gradient(w.astype(np.float32), **given) == pytest.approx(gradient, abs=1e-6)
    stepped = w.copy()
    functions.gradient_descent_step(stepped, np.ones(8), lr=0.1, **given)
    assert stepped == pytest.approx(w - 0.1 * (1 + gradient), abs=1e-14)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", pytest.param("c", marks=needs_gcc)])
@pytest.mark.parametrize("text", [text for text in PENALTIES if "l2" not in text])
def test_no_point_is_better_than_the_proximal_one(loaded: Callable[[str, str], Any], text: str, target: str) -> None:
    functions, rng = loaded(text, target), np.random.default_rng(5)
    for weights in (None, WEIGHTS):
        for scale in (0.1, 0.5, 2.0):
            v, step = scale * rng.normal(size=8), 0.7
            given = {"groups": GROUPS, "c": weights}
            u = functions.prox(v, step=step, **given)

            def cost(x: np.ndarray) -> float:
                return step * _value(text, x, weights) + 0.5 * float(np.sum((x - v) ** 2))  # noqa: B023

            best = cost(u)
            tried = [v * a for a in np.linspace(0, 1, 21)] + [u * a for a in (0.0, 0.9, 0.999, 1.001, 1.1)]
            for size in (1e-4, 1e-2, 0.3):
                tried += [u + size * rng.normal(size=8) for _ in range(150)]
            for a, b in pairwise(GROUPS.tolist()):
                tried.append(np.where((np.arange(8) >= a) & (np.arange(8) < b), 0.0, u))
            assert all(cost(x) >= best - 1e-12 for x in tried)
            stepped = v.copy()
            functions.proximal_gradient_step(stepped, np.zeros(8), lr=step, **given)
            assert stepped == pytest.approx(u, abs=1e-14)


def test_a_group_at_zero_is_exactly_zero(loaded: Callable[[str, str], Any]) -> None:
    functions = loaded("group(l1)", "numpy")
    w = np.array([0.0, -0.0, 0.0, 1e-3, 0.2, 0.1, 0.0, 0.0])
    assert functions.gradient(w, groups=GROUPS)[:3].tolist() == [0.0, 0.0, 0.0]
    assert functions.prox(w, step=1.0, groups=GROUPS)[:4].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert np.isnan(functions.gradient(np.where(np.arange(8) == 5, np.nan, w), groups=GROUPS)[4:]).all()


@pytest.mark.parametrize("target", ["numpy", pytest.param("c", marks=needs_gcc)])
@pytest.mark.parametrize(
    ("groups", "weights", "message"),
    [
        ([1, 8], None, "groups: must begin with 0, got 1"),
        ([0, 5, 3, 8], None, "groups: must ascend, got 3 behind 5"),
        ([0, 7], None, "groups: must end with n = 8, got 7"),
        ([0, 3, 8], [1.0, -1.0], "c: each must be finite and >= 0, got -1"),
        ([0, 3, 8], [1.0, np.nan], "c: each must be finite and >= 0, got nan"),
        ([0, 3, 8], [1.0], "c: expected shape (2,), got (1,)"),
    ],
)
def test_wrong_groups_are_refused(
    loaded: Callable[[str, str], Any], target: str, groups: list[int], weights: list[float] | None, message: str
) -> None:
    functions = loaded("group(l1)", target)
    given = {"groups": np.array(groups), "c": None if weights is None else np.array(weights)}
    for call in (functions.value, functions.gradient, lambda w, **k: functions.prox(w, step=1.0, **k)):
        with pytest.raises(ValueError, match=re.escape(message)):
            call(np.ones(8), **given)
    with pytest.raises(TypeError):
        functions.value(np.ones(8), groups=[0, 8])


def test_without_weights_there_is_nothing_to_do(loaded: Callable[[str, str], Any]) -> None:
    functions, none = loaded("group(l1)", "numpy"), np.zeros(0)
    assert functions.value(none, groups=np.array([0])) == 0.0
    assert functions.prox(none, step=1.0, groups=np.array([0, 0])).shape == (0,)


@pytest.mark.parametrize("text", ["l2 + group(l1)", "group(l1) + total_variation", "mcp + group(l1)"])
def test_an_operator_that_no_theorem_gives_is_left_out(text: str) -> None:
    objective = resolve(text)
    assert "prox" not in [update.name for update in updates(objective)]


def test_a_step_of_its_own_for_each_weight_is_refused() -> None:
    objective = resolve("group(l1)")
    with pytest.raises(Intractable, match="a step of its own for each weight"):
        updates(objective, [catalogue.rule("proximal_adagrad")])


MUTANTS: dict[str, Callable[[Any], Any]] = {
    "value": lambda f: lambda w, **k: f.value(w, **{**k, "c": None}),
    "gradient": lambda f: lambda w, **k: f.gradient(w, **k) * (1 + 1e-6),
    "prox": lambda f: lambda v, **k: np.where(np.arange(v.size) == 0, v, f.prox(v, **k)),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_judge_sees_what_is_wrong(loaded: Callable[[str, str], Any], name: str) -> None:
    text = "group(l1)"
    functions = loaded(text, "numpy")
    wrong = MUTANTS[name](SimpleNamespace(**vars(functions)))
    for function, is_right in ((vars(functions)[name], True), (wrong, False)):
        subject = Subject(label="numpy", dtype="float64", functions={name: function}, is_emitted=False)
        assert quick_look(resolve(text).terms, (), [subject]).passed is is_right


@pytest.mark.one_in(2)
@needs_gcc
@pytest.mark.parametrize("text", ["l1 + group(scad(lam=mu))", "l1 + difference(l1(lam=mu))"])
def test_what_is_emitted_is_clean(text: str, tmp_path: Path) -> None:
    objective = resolve(text)
    wanted = updates(objective, [catalogue.rule("proximal_gradient"), catalogue.rule("adam")])
    for path, source in emit(objective, wanted, "c", BOTH).items():
        (tmp_path / Path(path).name).write_text(source)
    for dialect in DIALECTS.values():
        compiled = ["gcc", *dialect, *WARNINGS, "-c", str(tmp_path / f"{objective.name}.c"), "-o", "/dev/null"]
        assert subprocess.run(compiled, capture_output=True, text=True, check=False).stderr == ""
    module = tmp_path / "module.py"
    module.write_text(*emit(objective, wanted, "numpy", BOTH).values())
    looked = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(module)]
    assert subprocess.run(looked, capture_output=True, text=True, check=False).stdout == ""


def test_an_empty_group_has_the_norm_0_and_a_group_of_weight_0_has_no_penalty() -> None:
    objective = resolve("group(lam*sqrt(1 + w**2))")
    functions = load(objective, updates(objective), "numpy")
    given = {"groups": np.array([0, 0, 2]), "lam": 1.0}
    w = np.array([3.0, 4.0])
    assert functions.value(w, c=np.array([2.0, 0.0]), **given) == 2.0
    assert functions.value(w, **given) == pytest.approx(np.sqrt(2 * 26))
    assert functions.gradient(w, c=np.array([2.0, 0.0]), **given).tolist() == [0.0, 0.0]
    assert functions.prox(w, step=1.0, c=np.array([2.0, 0.0]), **given).tolist() == [3.0, 4.0]
    report = quick_look(objective.terms, (), [Subject(label="numpy", dtype="float64", functions=dict(vars(functions)))])
    assert report.passed
    assert " 0 not judged" in str(report)


def test_a_false_verdict_is_contradicted() -> None:
    from dataclasses import replace

    from symreg.application.confront import confront_verdicts
    from symreg.claims.decide import properties

    verdicts = properties(resolve("group(mcp)"))
    confront_verdicts(verdicts)
    convex = replace(verdicts["convex"], verdict="proved", witness=None)
    with pytest.raises(Contradicted):
        confront_verdicts(replace(verdicts, verdicts=(convex,)))


def _soft_groups(v: np.ndarray, step: float, lam: float, factor: float = 1.0) -> np.ndarray:
    out = np.zeros_like(v)
    for a, b in ((0, 2), (2, 5)):
        norm = float(np.linalg.norm(v[a:b]))
        if norm > factor * step * lam:
            out[a:b] = (1 - factor * step * lam / norm) * v[a:b]
    return out


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("groups", "passes"), [("2:1,3:1", True), ("2,3", False), ("2:1,3:2", False)])
def test_a_function_of_somebody_s_own_is_judged_on_given_groups(groups: str, passes: bool) -> None:
    report = symreg.verify("group(l1)", against=_soft_groups, as_="prox", points=60, groups=groups)
    assert report.passed is passes


@pytest.mark.parametrize(
    ("text", "groups", "message"),
    [
        ("group(l1)", None, "name their sizes"),
        ("group(l1)", "3,x", "write sizes such as 3,3,2"),
        ("group(l1)", "0", "of 0 weights"),
        ("group(l1)", "3:-1", "a weight is a number >= 0"),
        ("l1", "3,3", "no penalty over groups"),
    ],
)
def test_groups_that_are_none_are_refused(text: str, groups: str | None, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        symreg.verify(text, against=_soft_groups, as_="prox", groups=groups)
