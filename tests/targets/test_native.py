"""The native build: which compiler is taken, what the cache keeps, whom it trusts, and what it says when it fails."""

from __future__ import annotations

import concurrent.futures
import ctypes
import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from symreg.errors import ToolMissing
from symreg.targets.loading import c_compiler

THREE = {"c/three.c": '#include "three.h"\nint three(void) { return THREE; }\n', "c/three.h": "#define THREE 3\n"}

needs_compiler = pytest.mark.skipif(
    not any(shutil.which(name) for name in ("cc", "gcc", "clang")), reason="no C compiler on PATH"
)


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test a cache of its own and forget what was found before."""
    monkeypatch.setenv("SYMREG_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    c_compiler.cache_folder.cache_clear()
    c_compiler.find_compiler.cache_clear()
    yield tmp_path / "cache"
    c_compiler.cache_folder.cache_clear()
    c_compiler.find_compiler.cache_clear()


def three(library: Path) -> int:
    return int(ctypes.CDLL(str(library)).three())


@needs_compiler
def test_builds_once_and_keeps(private_cache: Path) -> None:
    first = c_compiler.build(THREE)
    before = first.stat()
    assert three(first) == 3
    assert c_compiler.build(THREE) == first
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert stat.S_IMODE(private_cache.stat().st_mode) == 0o700
    assert sorted(p.name for p in private_cache.iterdir()) == [first.name], "nothing of the build is left over"


@needs_compiler
def test_a_cache_that_vanishes_is_made_again(private_cache: Path) -> None:
    c_compiler.build(THREE)
    shutil.rmtree(private_cache)
    again = c_compiler.build(THREE)
    assert again.parent == private_cache and three(again) == 3
    assert stat.S_IMODE(private_cache.stat().st_mode) == 0o700


@needs_compiler
@pytest.mark.parametrize("moment", ["before the compiler starts", "once it has ended"])
def test_a_cache_that_vanishes_during_a_build_is_made_again(
    moment: str, private_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c_compiler.find_compiler()
    runs, run = [], c_compiler._run

    def clearing(*arguments: Any, **named: Any) -> Any:
        runs.append(arguments)
        if len(runs) > 1:
            return run(*arguments, **named)
        if moment == "before the compiler starts":
            shutil.rmtree(private_cache)
        done = run(*arguments, **named)
        shutil.rmtree(private_cache)
        return done

    monkeypatch.setattr(c_compiler, "_run", clearing)
    assert three(c_compiler.build(THREE)) == 3
    assert len(runs) == 2


@needs_compiler
def test_a_cache_that_vanishes_every_time_is_named(private_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c_compiler.find_compiler()
    run = c_compiler._run

    def clearing(*arguments: Any, **named: Any) -> Any:
        done = run(*arguments, **named)
        shutil.rmtree(private_cache)
        return done

    monkeypatch.setattr(c_compiler, "_run", clearing)
    with pytest.raises(ToolMissing, match="set SYMREG_CACHE to another folder"):
        c_compiler.build(THREE)


@needs_compiler
def test_another_header_is_another_library() -> None:
    first = c_compiler.build(THREE)
    second = c_compiler.build({**THREE, "c/three.h": "#define THREE 4\n"})
    assert first != second
    assert (three(first), three(second)) == (3, 4)


@needs_compiler
@pytest.mark.parametrize("damage", ["truncated", "one byte", "empty"])
def test_damaged_library_is_rebuilt_under_a_new_name(damage: str) -> None:
    first = c_compiler.build(THREE)
    content = first.read_bytes()
    broken = {"truncated": content[:-100], "one byte": content[:-1] + bytes([content[-1] ^ 1]), "empty": b""}[damage]
    first.write_bytes(broken)
    second = c_compiler.build(THREE)
    assert second != first
    assert first.read_bytes() == broken, "a library that somebody may have loaded is left where it is"
    assert three(second) == 3
    assert c_compiler.build(THREE) == second


@needs_compiler
def test_concurrent_builds_all_give_a_whole_library() -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        libraries = list(pool.map(lambda _: c_compiler.build(THREE), range(8)))
    assert [three(library) for library in libraries] == [3] * 8
    assert c_compiler.build(THREE) in libraries


@needs_compiler
def test_processor_flags_and_version_are_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    first = c_compiler.find_compiler()
    identities = {first.identity}
    changes = {
        "processor": lambda: "another processor",
        "ACCURATE": (*c_compiler.ACCURATE, "-DX"),
        "SHARED": ("-shared",),
    }
    for name, changed in changes.items():
        with monkeypatch.context() as patch:
            patch.setattr(c_compiler, name, changed)
            c_compiler.find_compiler.cache_clear()
            identities.add(c_compiler.find_compiler().identity)
    assert len(identities) == 4
    c_compiler.find_compiler.cache_clear()
    assert c_compiler.find_compiler() == first


@needs_compiler
def test_contraction_is_off_and_no_fast_math() -> None:
    source = "#ifdef __FAST_MATH__\n#error fast\n#endif\ndouble f(double a, double b, double c) { return a * b + c; }\n"
    library = ctypes.CDLL(str(c_compiler.build({"f.c": source})))
    library.f.restype, library.f.argtypes = ctypes.c_double, [ctypes.c_double] * 3
    a = 1.0 + 2.0**-30
    assert library.f(a, a, -(a * a)) == 0.0, "a fused multiply-add would give the rounding error of a*a"


@needs_compiler
def test_vector_math_is_called_where_it_is_there() -> None:
    compiler = c_compiler.find_compiler()
    if c_compiler.VECTOR_MATH not in compiler.flags:
        pytest.skip("not x86-64 with glibc")
    source = """
        #include <math.h>
        #include <stddef.h>
        #if !defined(SYMREG_SIMD) || !defined(SYMREG_VECTOR_MATH)
        #error not defined
        #endif
        #pragma omp declare simd notinbranch
        double exp(double);
        void f(size_t n, const double *restrict x, double *restrict y) {
            for (size_t i = 0; i < n; ++i) y[i] = exp(x[i]);
        }
        """
    assert b"v_exp" in c_compiler.build({"f.c": source}).read_bytes()


@needs_compiler
def test_failure_is_one_line_with_the_compilers_first_error() -> None:
    with pytest.raises(ToolMissing) as caught:
        c_compiler.build({"bad.c": "int f(void) { return oops; }\nint g(void) { return again; }\n"})
    message = str(caught.value)
    assert "bad.c:1" in message and "oops" in message and "again" not in message
    assert "\n" not in message


@needs_compiler
def test_missing_function_fails_the_build_not_the_call() -> None:
    if sys.platform != "linux":
        pytest.skip("the linker is asked for this on Linux")
    with pytest.raises(ToolMissing, match="nowhere"):
        c_compiler.build({"f.c": "int nowhere(void);\nint f(void) { return nowhere(); }\n"})


@needs_compiler
def test_cc_may_hold_arguments_and_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(name for name in ("cc", "gcc", "clang") if shutil.which(name))
    monkeypatch.setenv("CC", f"{name} -DMARK='7'")
    assert c_compiler.find_compiler().command == (name, "-DMARK=7")
    assert ctypes.CDLL(str(c_compiler.build({"m.c": "int mark(void) { return MARK; }\n"}))).mark() == 7


@pytest.mark.parametrize("value", ["no-such-compiler-here", "'unclosed", "true", sys.executable, "/", "cc; touch x"])
def test_cc_that_does_not_work_is_named(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", value)
    with pytest.raises(ToolMissing) as caught:
        c_compiler.find_compiler()
    assert str(caught.value).startswith("CC=") and "\n" not in str(caught.value)
    assert not (tmp_path / "x").exists(), "no shell has seen it"


def test_no_compiler_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match="pip install ziglang") as caught:
        c_compiler.build(THREE)
    assert caught.value.exit_code == 3


@pytest.mark.slow
def test_zig_builds_where_no_other_compiler_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("ziglang")
    monkeypatch.setenv("PATH", str(tmp_path))
    compiler = c_compiler.find_compiler()
    assert compiler.command == (sys.executable, "-m", "ziglang", "cc")
    assert "-march=native" not in compiler.flags and "-mcpu=baseline" in compiler.flags
    assert three(c_compiler.build(THREE)) == 3


@needs_compiler
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="a system without users' numbers")
@pytest.mark.parametrize("fault", ["others may write", "group may write", "not ours", "a file", "cannot be made"])
def test_cache_that_others_could_fill_is_refused(
    fault: str, private_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    match fault:
        case "others may write" | "group may write":
            private_cache.mkdir()
            private_cache.chmod(0o777 if fault == "others may write" else 0o770)
        case "not ours":
            private_cache.mkdir()
            monkeypatch.setattr(c_compiler.os, "geteuid", lambda: private_cache.stat().st_uid + 1)
        case "a file":
            private_cache.touch()
        case "cannot be made":
            monkeypatch.setenv("SYMREG_CACHE", "/dev/null/cache")
    used = c_compiler.cache_folder()
    assert used != private_cache
    assert stat.S_IMODE(used.stat().st_mode) == 0o700
    monkeypatch.undo()
    assert c_compiler.build(THREE).parent in (used, private_cache)


@needs_compiler
def test_planted_link_is_not_loaded(private_cache: Path, tmp_path: Path) -> None:
    first = c_compiler.build(THREE)
    elsewhere = tmp_path / first.name
    shutil.move(first, elsewhere)
    first.symlink_to(elsewhere)
    assert c_compiler.build(THREE) != first


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="the XDG folders are Linux's")
def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert c_compiler.cache_folder() == tmp_path / "cache"
    for environment, expected in (
        ({"XDG_CACHE_HOME": str(tmp_path / "xdg")}, tmp_path / "xdg" / "symreg"),
        ({"XDG_CACHE_HOME": "relative", "HOME": str(tmp_path)}, tmp_path / ".cache" / "symreg"),
    ):
        monkeypatch.delenv("SYMREG_CACHE", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        c_compiler.cache_folder.cache_clear()
        assert c_compiler.cache_folder() == expected
