"""What is emitted when only some functions, or one precision, are asked for: these and nothing besides."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import symreg
from symreg.application import verify
from symreg.application.requests import named_dtype, named_functions
from symreg.application.tasks.objectives import emit_sources
from symreg.errors import SpecError, UnknownName
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading import c_compiler
from symreg.targets.options import DtypeChoice, Options
from symreg.updates.assemble import updates
from symreg.updates.kinds import KINDS, Kind
from symreg.updates.update import Update


@cache
def derived(text: str) -> tuple[Objective, tuple[Update, ...]]:
    objective = resolve(text)
    return objective, updates(objective, (resolve_rule("adam"),))


def declared(header: str) -> list[str]:
    """Return the functions that a header declares."""
    return re.findall(r"^\w+ (\w+_f(?:32|64))\(", header, re.M)


@pytest.mark.parametrize(("dtype", "suffixes"), [("float64", ["f64"]), ("float32", ["f32"]), ("all", ["f64", "f32"])])
def test_c_has_the_precision_that_is_asked_for(dtype: DtypeChoice, suffixes: list[str]) -> None:
    files = emit(*derived("l2"), "c", Options(dtype=dtype))
    names = ("value", "gradient", "prox", "adam_init", "adam_step")
    assert declared(files["c/l2.h"]) == [f"l2_{name}_{suffix}" for name in names for suffix in suffixes]
    for text in files.values():
        command = shlex.split(re.findall(r"Regenerate: (.*)", text)[0])
        assert ("--dtype" in command) == (dtype != Options().dtype)


def test_a_numpy_module_takes_both_precisions_whichever_is_asked_for() -> None:
    texts = {dtype: emit(*derived("l2"), "numpy", Options(dtype=dtype)) for dtype in ("float64", "float32", "all")}
    assert texts["float64"] == texts["float32"] == texts["all"]


@pytest.mark.parametrize("kinds", [("gradient",), ("value", "prox"), ("step",)])
def test_only_the_functions_asked_for_are_there(kinds: tuple[str, ...]) -> None:
    options = Options(kinds=named_functions(kinds), dtype="float64")
    in_c, in_numpy = emit(*derived("l2"), "c", options), emit(*derived("l2"), "numpy", options)
    names = [{"step": "adam_step"}.get(kind, kind) for kind in kinds]
    initial = ["adam_init"] if "step" in kinds else []
    assert declared(in_c["c/l2.h"]) == [f"l2_{name}_f64" for name in (*initial, *names)]
    state = ["adam_state"] if "step" in kinds else []
    assert re.findall(r"^def ([a-z]\w*)\(", in_numpy["numpy/l2.py"], re.M) == [*state, *names]
    for text in (*in_c.values(), *in_numpy.values()):
        assert f"--functions {','.join(kinds)}" in text
    assert ("struct total {" in in_c["c/l2.c"]) == ("value" in kinds)
    assert ("def _rounded" in in_numpy["numpy/l2.py"]) == ("value" in kinds)
    assert ("def _written" in in_numpy["numpy/l2.py"]) == (kinds != ("value",))


@pytest.mark.sweep
def test_the_command_in_the_head_gives_the_file_again() -> None:
    command = ["symreg", "generate", "l2", "--target", "numpy", "--functions", "prox,gradient", "--unjudged", "-o", "-"]
    texts = []
    for _ in range(2):
        texts.append(on_the_command_line(*command[1:]).stdout)
        (line,) = re.findall(r"Regenerate: (.*)", texts[-1])
        command = [*shlex.split(line), "-o", "-"]
    assert line == "symreg generate l2 --target numpy --functions gradient,prox --unjudged"
    assert texts[0] == texts[1] and "def gradient(" in texts[0] and "def value(" not in texts[0]


def on_the_command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "symreg", *arguments, "--timeout", "100"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_asked_for_is_what_is_judged(
    dtype: DtypeChoice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SYMREG_CACHE", str(tmp_path))
    reports, look = [], verify.quick_look
    monkeypatch.setattr(verify, "quick_look", lambda *given, **how: reports.append(look(*given, **how)) or reports[-1])
    c_compiler.cache_folder.cache_clear()
    options = Options(dtype=dtype, kinds=("gradient",))
    sources = emit_sources(
        lambda _: None, objective=resolve("l2"), rules=(resolve_rule("adam"),), targets=("c",), options=options
    )
    c_compiler.cache_folder.cache_clear()
    assert declared(sources.files["c/l2.h"]) == [f"l2_gradient_{dtype.replace('loat', '')}"]
    (report,) = reports
    assert {(check.kind, check.dtype) for check in report.checks} == {("gradient", dtype)}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("text", ["l2", "log_sum"])
def test_single_precision_alone_is_single_throughout(text: str, tmp_path: Path) -> None:
    """log_sum finds the v at which two minima are equally good by Newton's method, in single precision too."""
    files = emit(*derived(text), "c", Options(dtype="float32"))
    for path, source in files.items():
        code = re.sub(r"/\*.*?\*/|^#.*?$", "", source, flags=re.S | re.M)
        assert not re.search(r"\bdouble\b|(?<!\w)\(float\)|DBL_|\b\d+\.\d+\b(?!f)", code), path
        (tmp_path / Path(path).name).write_text(source, encoding="utf-8")
    assert "it ends at 2**24" in " ".join(files[f"c/{text}.h"].replace(" * ", " ").split())
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    flags = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wdouble-promotion", "-Wfloat-conversion", "-Werror"]
    for dialect in (["-std=c99"], ["-x", "c++", "-std=c++17"]):
        command = ["gcc", *dialect, *flags, "-O1", "-c", f"{text}.c", "-o", os.devnull]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:2000]


@pytest.mark.parametrize("text", ["l2", "log_sum"])
def test_the_judge_accepts_single_precision_alone(text: str) -> None:
    objective, functions = derived(text)
    report = verify.quick_look(objective, functions, (resolve_rule("adam"),), ("c",), Options(dtype="float32"))
    assert {check.name for check in report.checks} >= {"value", "gradient", "prox", "adam_step"}
    assert report.passed, str(report)


def test_single_precision_alone_is_refused_where_minimisers_are_searched_for() -> None:
    objective = resolve("welsch + cauchy")
    functions = updates(objective, ())
    with pytest.raises(SpecError, match="searched for in double precision; take another dtype, or leave prox"):
        emit(objective, functions, "c", Options(dtype="float32"))
    gradient = emit(objective, functions, "c", Options(dtype="float32", kinds=("gradient",)))
    assert declared(gradient["c/welsch_cauchy.h"]) == ["welsch_cauchy_gradient_f32"]


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ("prox,valu", "there is no function 'valu' to emit; did you mean 'value'?"),
        ("hessian", "there is no function 'hessian' to emit; did you mean 'loss_hessian'?"),
        ("", f"there is no function '' to emit; write {', '.join(KINDS[:-1])} or step"),
        ((), f"there is no function '' to emit; write {', '.join(KINDS[:-1])} or step"),
    ],
)
def test_an_unknown_function_is_refused_with_what_is_right(functions: str | tuple[()], message: str) -> None:
    with pytest.raises(UnknownName) as caught:
        named_functions(functions)
    assert str(caught.value) == message


def test_names_of_functions_are_put_in_the_order_of_files() -> None:
    assert named_functions(" prox, value,prox") == ("value", "prox")
    assert named_functions(KINDS) == KINDS


def test_an_unknown_dtype_is_refused_with_what_is_right() -> None:
    with pytest.raises(UnknownName, match=r"there is no dtype 'float46'; write float64, float32 or all"):
        named_dtype("float46")
    with pytest.raises(UnknownName, match="write float64, float32 or all"):
        symreg.generate("l2", target="c", dtype="half")


def test_the_command_line_refuses_with_exit_code_2() -> None:
    done = on_the_command_line("generate", "l2", "--functions", "proximal")
    assert done.returncode == 2
    assert done.stderr == "symreg: there is no function 'proximal' to emit; did you mean 'prox'?\n"


@pytest.mark.parametrize(
    ("objective", "kind", "message"),
    [("exclusive_lasso", "prox", "no proximal operator"), ("l2", "step", "no rule to take a step of")],
)
def test_a_function_that_an_objective_does_not_have_is_refused(objective: str, kind: Kind, message: str) -> None:
    with pytest.raises(SpecError, match=f"{objective} has {message}.*; leave {kind} out"):
        emit_sources(
            lambda _: None, objective=resolve(objective), rules=(), targets=("c",), options=Options(kinds=(kind,))
        )
