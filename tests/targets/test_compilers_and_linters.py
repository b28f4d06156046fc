"""What is emitted for the whole catalogue is clean to compilers and linters."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from emitted import DIALECTS, IN_EVERY_RUN, PENALTIES, RULES, SUMS, WARNINGS, assert_clean, needs_gcc, run, written

from symreg.application.tasks.sources import CATALOGUE_RULES
from symreg.targets.loading import c_compiler


@pytest.mark.one_in(3)
@needs_gcc
@pytest.mark.parametrize("dialect", DIALECTS)
def test_gcc_has_nothing_to_say(dialect: str, everything: Path) -> None:
    sources = sorted(path.name for path in everything.glob("*.c"))
    assert len(sources) == len((*IN_EVERY_RUN, *SUMS)) >= 10
    if dialect == "c++17":  # five times as slow; the sweep looks at all
        sources = sources[::3]
    assert_clean("gcc", *DIALECTS[dialect], *WARNINGS, "-fsyntax-only", *sources, cwd=everything)


@pytest.mark.one_in(8)
@needs_gcc
@pytest.mark.parametrize("penalty", ["mcp", "first_difference", "second_difference", "variance", "tikhonov", "welsch"])
def test_gcc_has_nothing_to_say_of_how_values_flow(penalty: str, tmp_path: Path) -> None:
    folder = written(tmp_path, (penalty,), CATALOGUE_RULES)
    assert_clean("gcc", "-std=c11", "-O2", *WARNINGS, "-c", f"{penalty}.c", "-o", os.devnull, cwd=folder)


@needs_gcc
@pytest.mark.sweep
@pytest.mark.parametrize(("penalty", "dialect"), list(itertools.product(PENALTIES, DIALECTS)))
def test_gcc_has_nothing_to_say_of_how_values_flow_anywhere(
    penalty: str, dialect: str, everything_with_every_rule: Path
) -> None:
    command = ("gcc", *DIALECTS[dialect], "-O2", *WARNINGS, "-c", f"{penalty}.c", "-o", os.devnull)
    assert_clean(*command, cwd=everything_with_every_rule)


@needs_gcc
def test_a_build_with_vector_math_is_clean_too(everything: Path) -> None:
    flags = (*c_compiler.ACCURATE, *c_compiler.SHARED, c_compiler.VECTOR_MATH, *WARNINGS)
    assert_clean("gcc", *flags, "-fsyntax-only", *(f"{penalty}.c" for penalty in IN_EVERY_RUN), cwd=everything)


@pytest.mark.sweep
@needs_gcc
def test_loops_with_math_call_vectors(tmp_path: Path) -> None:
    compiler = c_compiler.find_compiler()
    if c_compiler.VECTOR_MATH not in compiler.flags:
        pytest.skip("not x86-64 with glibc")
    for penalty, function in (("welsch", "exp"), ("log_cosh", "tanh"), ("log_sum", "log1p"), ("sine_squared", "sin")):
        folder = written(tmp_path / penalty, (penalty,), ("gradient_descent",))
        done = run(*compiler.command, *compiler.flags, "-S", "-o", "-", f"{penalty}.c", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert re.search(rf"_ZGV[a-e]N\dv_{function}\b", done.stdout), f"{penalty}: {function} is called one by one"


@pytest.mark.sweep
@pytest.mark.parametrize("compiler", ["clang", "zig"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_other_compilers_have_nothing_to_say(compiler: str, dialect: str, tmp_path: Path) -> None:
    command: tuple[str, ...] = ("clang",)
    if compiler == "zig":
        pytest.importorskip("ziglang")
        command = (sys.executable, "-m", "ziglang", "c++" if dialect == "c++17" else "cc", *c_compiler.ZIG)
    elif not shutil.which("clang"):
        pytest.skip("no clang on PATH")
    caches = {name: str(tmp_path / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
    folder = written(tmp_path / "made", PENALTIES, CATALOGUE_RULES)
    for extra in ((), ("-fopenmp-simd", "-DSYMREG_SIMD", "-DSYMREG_VECTOR_MATH")):
        flags = (*DIALECTS[dialect], *WARNINGS, *extra, "-O1", "-c", *(f"{penalty}.c" for penalty in PENALTIES))
        done = run(*command, *flags, cwd=folder, **caches)
        assert done.returncode == 0, done.stderr[:3000]


@needs_gcc
@pytest.mark.parametrize("dialect", DIALECTS)
def test_fast_math_is_refused(dialect: str, everything: Path) -> None:
    done = run("gcc", *DIALECTS[dialect], "-ffast-math", "-fsyntax-only", "l2.c", cwd=everything)
    assert done.returncode != 0 and "compile without -ffast-math" in done.stderr


SAMPLE_AND_SWEEP = pytest.mark.parametrize(
    "folder", ["everything", pytest.param("everything_with_every_rule", marks=pytest.mark.sweep)]
)


@SAMPLE_AND_SWEEP
@pytest.mark.parametrize("width", [88, 120])
def test_python_is_formatted_as_ruff_would(width: int, folder: str, request: pytest.FixtureRequest) -> None:
    arguments = ("ruff", "format", "--check", "--diff", "--isolated", "--line-length", str(width), ".")
    assert_clean(sys.executable, "-m", *arguments, cwd=request.getfixturevalue(folder))


@SAMPLE_AND_SWEEP
def test_python_is_clean_to_ruff(folder: str, request: pytest.FixtureRequest) -> None:
    arguments = ("ruff", "check", "--isolated", "--no-cache", ".")
    assert_clean(sys.executable, "-m", *arguments, cwd=request.getfixturevalue(folder))


@pytest.mark.parametrize(
    "penalties", [("mcp", "second_difference", "tikhonov"), pytest.param(PENALTIES, marks=pytest.mark.sweep)], ids=len
)
def test_python_is_clean_to_mypy(penalties: tuple[str, ...], tmp_path: Path) -> None:
    folder = written(tmp_path / "made", penalties, CATALOGUE_RULES if len(penalties) < len(PENALTIES) else RULES)
    modules = [f"{penalty}.py" for penalty in penalties]
    assert_clean(sys.executable, "-m", "mypy", "--cache-dir", os.devnull, *modules, cwd=folder)
