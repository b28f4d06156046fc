"""NumPy in plain style: what it looks like, that it computes what the default style does, and what it leaves out."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import numpy as np
import pytest
from emitted import SUMS, assert_clean, made, run

from symreg import templates
from symreg.application.emission import judge_emitted
from symreg.application.tasks.objectives import emit_sources
from symreg.errors import SpecError, UnknownName, WrongCode
from symreg.expressions.tree import Binary, Number
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading.in_place import in_place
from symreg.targets.loading.load import load_module
from symreg.targets.numpy.plain import file as plain_file
from symreg.targets.numpy.plain.functions import MOST_LINES
from symreg.targets.options import BOTH, STYLES, Options
from symreg.targets.styles import in_style, named_style
from symreg.updates.assemble import updates
from symreg.updates.update import Update

PLAIN = Options(style="plain", dtype="all")
RULES = ("gradient_descent", "adam", "lion")
PROX_RULES = ("proximal_gradient", "fista", "proximal_adam")
WITH_RULES = {
    "l1": (*RULES, *PROX_RULES),
    "mcp": (*RULES, *PROX_RULES),
    "l2_norm": (*RULES, "fista"),
    "log_cosh": RULES,
    "second_difference": RULES,
    "tikhonov": RULES,
}
INDEXED = ("l2_norm", "second_difference", "tikhonov")


def functions_of(penalty: str) -> tuple[Update, ...]:
    return made(penalty, WITH_RULES[penalty])


@cache
def text(penalty: str, style: Any = "plain") -> str:
    (source,) = emit(resolve(penalty), functions_of(penalty), "numpy", Options(style=style)).values()
    return source


@cache
def module(penalty: str, style: Any = "plain") -> ModuleType:
    return load_module(penalty, text(penalty, style))


def lines_of(source: str, name: str) -> list[str]:
    """Return the lines of a function, without its decorator."""
    (node,) = (n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == name)
    return source.splitlines()[node.lineno - 1 : node.end_lineno]


def test_a_function_is_its_formula() -> None:
    assert lines_of(text("l1"), "prox") == [
        "def prox(v, *, step, lam=0.1):",
        '    """Return the proximal operator of step*R at v."""',
        "    # prox(v) = argmin over u of step*phi(u) + (u - v)**2/2",
        "    #         = 0 if abs(v) <= lam*step,",
        "    #           sign(v)*(abs(v) - lam*step) otherwise",
        "    # The penalty is convex: the operator is continuous for every step.",
        "    threshold = step * lam",
        "    return np.copysign(np.maximum(np.abs(v) - threshold, 0), v)",
    ]
    assert lines_of(text("mcp"), "proximal_gradient_step")[-1] == (
        "    return prox(w - lr * g, step=lr, lam=lam, gamma=gamma)"
    )
    assert lines_of(text("second_difference"), "value")[-3:] == [
        "    t1 = w[2:] - 2 * w[1:-1] + w[:-2]",
        "    s = np.sum(t1 * t1)",
        "    return float(lam * s)",
    ]


@pytest.mark.parametrize("penalty", WITH_RULES)
def test_functions_are_short_and_documented_in_a_line(penalty: str) -> None:
    public = [n for n in ast.parse(text(penalty)).body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
    assert len(public) >= 5
    for node in public:
        assert "\n" not in (ast.get_docstring(node) or "\n"), node.name
        has_formula = node.name != "proximal_adam_step"  # a step for each weight: costs are compared one by one
        assert len(lines_of(text(penalty), node.name)) <= MOST_LINES or not has_formula, node.name
    head = ast.get_docstring(ast.parse(text(penalty))) or ""
    assert "nothing is checked but the dtype" in " ".join(head.split()) and "--style plain" in head


def test_it_is_formatted_and_clean_to_ruff(tmp_path: Path) -> None:
    for penalty in WITH_RULES:
        (tmp_path / f"{penalty}.py").write_text(text(penalty), encoding="utf-8")
        assert max(map(len, text(penalty).splitlines())) <= 88 or "Regenerate" in text(penalty)
    assert_clean(sys.executable, "-m", "ruff", "format", "--check", "--diff", "--isolated", ".", cwd=tmp_path)
    assert_clean(sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", ".", cwd=tmp_path)


def test_its_template_is_given_plain_data_and_uses_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def render(template: str, values: dict[str, Any]) -> str:
        given.update(values)
        return templates.render(template, values)

    monkeypatch.setattr(plain_file, "render", render)
    emit(resolve("log_cosh"), functions_of("log_cosh"), "numpy", PLAIN)
    assert given == json.loads(json.dumps(given)), "strings, numbers, booleans, lists and dicts"
    for name in given:
        with pytest.raises(jinja2.UndefinedError, match=name):
            templates.render("numpy/plain.py.jinja", {key: x for key, x in given.items() if key != name})


def arguments(penalty: str, dtype: Any, shape: tuple[int, ...] = (12,)) -> tuple[Any, Any, dict[str, Any]]:
    rng = np.random.default_rng(5)
    n = int(np.prod(shape))
    arrays = {"A": rng.normal(size=(n, n)).astype(dtype)} if penalty == "tikhonov" else {}
    return rng.normal(size=shape).astype(dtype), rng.normal(size=shape).astype(dtype), arrays


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("penalty", WITH_RULES)
def test_it_computes_what_the_default_style_does(penalty: str, dtype: Any) -> None:
    plain, blocks = module(penalty), module(penalty, "blocks")
    close = {"rtol": 1e-12, "atol": 1e-13} if dtype is np.float64 else {"rtol": 3e-6, "atol": 3e-7}
    for shape in [(12,), (0,), (1,), *([] if penalty in INDEXED else [(3, 4), ()])]:
        w, g, arrays = arguments(penalty, dtype, shape)
        kept = [x.copy() for x in (w, g)]
        assert type(plain.value(w, **arrays)) is float
        np.testing.assert_allclose(plain.value(w, **arrays), blocks.value(w, **arrays), **close)
        results = [(plain.gradient(w, **arrays), blocks.gradient(w, **arrays))]
        if hasattr(blocks, "prox"):
            results.append((plain.prox(w, step=0.7), blocks.prox(w, step=0.7)))
        for rule in WITH_RULES[penalty]:
            ours = (plain.__dict__[f"{rule}_state"](w),) if hasattr(blocks, f"{rule}_state") else ()
            theirs = tuple({k: np.copy(x) if np.ndim(x) else x for k, x in state.items()} for state in ours)
            after, there = w, w.copy()
            for _ in range(2):
                result = getattr(plain, f"{rule}_step")(after, g, *ours, lr=0.1, **arrays)
                after, ours = (result[0], (result[1],)) if ours else (result, ())
                getattr(blocks, f"{rule}_step")(there, g, *theirs, lr=0.1, **arrays)
            results.append((after, there))
            results += [(x, theirs[0][name]) for state in ours for name, x in state.items()]
        for got, expected in results:
            np.testing.assert_allclose(got, expected, **close)
            if isinstance(got, np.ndarray):
                assert got.dtype == dtype and got.shape == shape
                assert not np.shares_memory(got, w) and not np.shares_memory(got, g)
            else:
                assert type(got) is float
        np.testing.assert_array_equal([w, g], kept)


@pytest.mark.parametrize(
    "penalty",
    [
        "norm(w)**3",  # the operator of the norm is a routine
        "(sum(w[i], i)/n - 1)**2",
        "sum(sum(max(w[i] - w[j], 0)**2, j), i)",
        "sum(where(w[i] > w[i+1], w[i] - w[i+1], 0)*w[i+2], i)",
    ],
)
def test_sums_of_any_kind(penalty: str) -> None:
    objective = resolve(penalty, name="own")
    kept = updates(objective, (resolve_rule("gradient_descent"),))
    plain, blocks = (
        load_module("own", *emit(objective, kept, "numpy", Options(style=style)).values()) for style in STYLES[::-1]
    )
    for n in (0, 1, 2, 5):
        w = np.random.default_rng(2).normal(size=n)
        for name, given in (("value", {}), ("gradient", {}), ("prox", {"step": 0.7})):
            if hasattr(blocks, name):
                expected = getattr(blocks, name)(w, **given)
                np.testing.assert_allclose(getattr(plain, name)(w, **given), expected, rtol=1e-12, atol=1e-14)
        after = w.copy()
        blocks.gradient_descent_step(after, w[::-1], lr=0.1)
        np.testing.assert_allclose(plain.gradient_descent_step(w, w[::-1], lr=0.1), after, rtol=1e-12, atol=1e-14)


def test_a_step_calls_only_what_is_there_under_its_name() -> None:
    rule = resolve_rule("gradient_descent")
    for penalty, options in (("gradient*norm(w)", PLAIN), ("lam*norm(w)", replace(PLAIN, kinds=("step",)))):
        objective = resolve(penalty, name="own")
        (source,) = emit(objective, updates(objective, (rule,)), "numpy", options).values()
        assert "gradient(w" not in "".join(lines_of(source, "gradient_descent_step")).replace("def ", "")
        after = load_module("own", source).gradient_descent_step(np.array([3.0, 4.0]), np.zeros(2), lr=0.5)
        np.testing.assert_allclose(after, [2.7, 3.6])


def test_single_precision_stays_single_whatever_the_parameters_are() -> None:
    w, g, _ = arguments("l1", np.float32)
    functions = module("l1")
    for lam in (0.3, np.float64(0.3), np.float32(0.3), 1):
        assert functions.gradient(w, lam=lam).dtype == functions.prox(w, step=lam, lam=lam).dtype == np.float32
        after, state = functions.adam_step(w, g, functions.adam_state(w), lr=lam)
        assert after.dtype == state["m"].dtype == np.float32 and type(state["t"]) is float


def test_nothing_but_the_dtype_is_checked() -> None:
    w, g, _ = arguments("l1", np.float64)
    functions = module("l1")
    for wrong in (w.astype(np.float16), w.astype(int), [1.0, 2.0]):
        with pytest.raises(TypeError, match="expected an array of float32 or float64"):
            functions.gradient(wrong)
    with pytest.raises(TypeError, match="expected arrays of float64 throughout, got float32"):
        functions.gradient_descent_step(w, g.astype(np.float32))
    with pytest.raises(TypeError, match="missing a required argument: 'step'"):
        functions.prox(w)
    assert str(inspect.signature(functions.prox)) == "(v, *, step, lam=0.1)"


def test_nan_in_is_nan_out_without_a_warning() -> None:
    for penalty in ("mcp", "log_cosh"):
        w = np.array([np.nan, 0.0, -0.0, 2.0])
        found = module(penalty).prox(w, step=1.0)
        assert np.isnan(found[0]) and not np.isnan(found[1:]).any()
        assert list(np.signbit(found[1:])) == [False, True, False]
        assert np.isnan(module(penalty).gradient(w)[0]) and np.isnan(module(penalty).value(w))


def test_the_judge_looks_at_it() -> None:
    objective, updates = resolve("l1"), functions_of("l1")[:2]
    judge_emitted(objective, updates, (), ("numpy",), PLAIN)
    value, gradient = updates
    assert gradient.elementwise is not None
    wrong = replace(gradient, elementwise=Binary("*", Number(Fraction(1001, 1000)), gradient.elementwise))
    with pytest.raises(WrongCode, match="gradient"):
        judge_emitted(objective, (value, wrong), (), ("numpy",), PLAIN)


def test_a_step_that_returns_what_it_was_given_is_no_step() -> None:
    w = np.ones(3)
    with pytest.raises(ValueError, match="w: the step returned the array that it was given"):
        in_place(lambda w, g: w)(w, w.copy())
    with pytest.raises(ValueError, match="w: expected an array of float64 and shape"):
        in_place(lambda w, g: w.astype(np.float32))(w, w.copy())


def test_what_needs_a_table_is_refused_where_it_was_asked_for() -> None:
    (penalty,) = (name for name in SUMS if "welsch" in name)
    objective, updates = resolve(penalty), made(penalty, ("proximal_gradient",))
    kept, notes = in_style(objective, updates[:3], "numpy", PLAIN)
    assert [update.name for update in kept] == ["value", "gradient"]
    assert notes == (
        "welsch_cauchy: prox looks minimisers up in a table, which plain style does not have: it is left out",
    )
    assert in_style(objective, updates, "numpy", BOTH) == in_style(objective, updates, "c", PLAIN) == (updates, ())
    with pytest.raises(SpecError, match="prox looks minimisers up in a table"):
        in_style(objective, updates[:3], "numpy", Options(style="plain", kinds=("prox",)))


def test_styles_are_names_of_numpy() -> None:
    assert named_style("plain", ("numpy", "c")) == "plain" and named_style("blocks", ("c",)) == "blocks"
    with pytest.raises(SpecError, match="style plain is one of NumPy's, and target c has no styles"):
        named_style("plain", ("c",))
    with pytest.raises(UnknownName, match="there is no style 'plian'; did you mean 'plain'"):
        named_style("plian", ("numpy",))


def test_the_command_line_refuses_a_style_that_no_target_has() -> None:
    done = run(sys.executable, "-m", "symreg", "generate", "l2", "--style", "plain", "--target", "c")
    assert done.returncode == 2 and "target c has no styles: take target numpy" in done.stderr


def test_other_targets_are_as_they_are_without_it() -> None:
    arguments: dict[str, Any] = {"objective": resolve("l2"), "rules": (), "targets": ("numpy", "c")}
    plain, blocks = (
        emit_sources(lambda _: None, **arguments, options=Options(style=style, is_judged=False)).files
        for style in ("plain", "blocks")
    )
    assert {path for path in plain if plain[path] != blocks[path]} == {"numpy/l2.py"}
