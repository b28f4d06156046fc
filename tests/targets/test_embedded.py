"""Emitted C on a small processor: single precision that is single, little stack, little code, and what it links."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from emitted import PENALTIES, SUMS, WARNINGS, assert_clean, made, needs_gcc

from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.options import DtypeChoice, Options
from symreg.updates.assemble import updates
from symreg.updates.kinds import Kind

RULES = ("adam", "momentum", "proximal_gradient", "proximal_adam")
SAMPLE = ("l1", "mcp", "log_sum", "welsch", "l2_norm")
UPDATING: tuple[Kind, ...] = ("gradient", "prox", "step")
CORTEX_M4F = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
needs_arm = pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="no arm-none-eabi-gcc on PATH")
every_penalty = pytest.mark.parametrize(
    "penalty", [*SAMPLE, *(pytest.param(p, marks=pytest.mark.sweep) for p in PENALTIES if p not in SAMPLE)]
)


@cache
def sources(penalty: str, options: Options) -> dict[str, str]:
    return emit(resolve(penalty), made(penalty, RULES), "c", options)


def written(folder: Path, penalty: str, dtype: DtypeChoice, kinds: tuple[Kind, ...]) -> Path:
    """Write the files of a penalty, and return the path of its source."""
    files = sources(penalty, Options(dtype=dtype, kinds=kinds))
    for path, text in files.items():
        (folder / Path(path).name).write_text(text, encoding="utf-8")
    return folder / next(Path(path).name for path in files if path.endswith(".c"))


def compiled(source: Path, compiler: str, *flags: str) -> Path:
    """Compile a source beside it, with its graph of calls, and return the object."""
    result = source.with_suffix(".o")
    command = (compiler, "-std=c99", *flags, "-fcallgraph-info=su", "-c", source.name, "-o", result.name)
    assert_clean(*command, cwd=source.parent)
    return result


def frames(result: Path) -> dict[str, int]:
    """Return the bytes of stack of each function's own frame."""
    nodes = re.findall(r'node: \{ title: "([^"]*)" label: "[^"]*\\n(\d+) bytes', result.with_suffix(".ci").read_text())
    return {name: int(size) for name, size in nodes}


def deepest(result: Path) -> int:
    """Return the bytes of stack of the deepest call, what is called in the file included."""
    own = frames(result)
    calls = re.findall(r'sourcename: "([^"]*)" targetname: "([^"]*)"', result.with_suffix(".ci").read_text())

    def below(name: str) -> int:
        return own.get(name, 0) + max((below(target) for source, target in calls if source == name), default=0)

    return max(map(below, own))


def undefined(result: Path, nm: str = "nm") -> set[str]:
    listed = subprocess.run([nm, "-u", result], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in listed.splitlines()}


@pytest.mark.one_in(3)
@needs_arm
@every_penalty
def test_single_precision_asks_for_no_arithmetic_in_double(penalty: str, tmp_path: Path) -> None:
    source = written(tmp_path, penalty, "float32", ("value", *UPDATING))
    strict = ("-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wfloat-conversion", "-Werror")
    result = compiled(source, "arm-none-eabi-gcc", *CORTEX_M4F, *strict, "-Os")
    wide = {name for name in undefined(result, "arm-none-eabi-nm") if re.match(r"__aeabi_(d|f2d|u?[il]2d)", name)}
    assert not wide
    assert all(name.endswith("f") or name in ("memset", "memcpy") for name in undefined(result, "arm-none-eabi-nm"))


@needs_arm
def test_the_operator_of_l1_is_short(tmp_path: Path) -> None:
    result = compiled(written(tmp_path, "l1", "float32", ("prox",)), "arm-none-eabi-gcc", *CORTEX_M4F, "-Os")
    sizes = subprocess.run(["arm-none-eabi-size", result], capture_output=True, text=True, check=True).stdout
    assert int(sizes.splitlines()[1].split()[0]) < 200, sizes


@needs_gcc
@every_penalty
def test_nothing_is_converted_in_single_precision(penalty: str, tmp_path: Path) -> None:
    source = written(tmp_path, penalty, "float32", ("value", *UPDATING))
    assert "double" not in re.sub(r"/\*.*?\*/|^#.*$|^double \w+\(double.*$", "", source.read_text(), flags=re.S | re.M)
    assert_clean("gcc", "-std=c99", *WARNINGS, "-Wfloat-conversion", "-fsyntax-only", source.name, cwd=tmp_path)


@pytest.mark.one_in(3)
@needs_gcc
@every_penalty
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_frame_is_above_512_bytes(penalty: str, dtype: DtypeChoice, tmp_path: Path) -> None:
    result = compiled(written(tmp_path, penalty, dtype, UPDATING), "gcc", "-O2")
    large = {name: size for name, size in frames(result).items() if size > 512}
    assert not large


@needs_gcc
def test_no_frame_of_a_step_that_reads_ahead_is_either(tmp_path: Path) -> None:
    objective = resolve("second_difference")
    functions = updates(objective, map(resolve_rule, ("radam", "nadam")))
    for path, text in emit(objective, functions, "c", Options(kinds=UPDATING)).items():
        (tmp_path / Path(path).name).write_text(text, encoding="utf-8")
    assert max(frames(compiled(tmp_path / "second_difference.c", "gcc", "-O2")).values()) <= 512


@pytest.mark.one_in(3)
@needs_gcc
@every_penalty
@pytest.mark.parametrize("flag", ["-O2", "-Os"])
def test_the_header_s_bound_on_the_stack_holds(penalty: str, flag: str, tmp_path: Path) -> None:
    source = written(tmp_path, penalty, "float64", ("value", *UPDATING))
    assert stated_stack(source) / 5 < deepest(compiled(source, "gcc", flag)) < stated_stack(source)


@needs_gcc
@pytest.mark.parametrize("penalty", [pytest.param(SUMS[0], marks=pytest.mark.sweep), SUMS[1]])
def test_it_holds_for_sums_too(penalty: str, tmp_path: Path) -> None:
    source = written(tmp_path, penalty, "float64", ("value", *UPDATING))
    assert deepest(compiled(source, "gcc", "-O2")) < stated_stack(source)


def stated_stack(source: Path) -> int:
    header = re.sub(r"\n \* +", " ", source.with_suffix(".h").read_text())
    (stated,) = re.findall(r"Stack: less than ([\d,]+) bytes a call", header)
    return int(stated.replace(",", ""))


@pytest.mark.one_in(3)
@needs_gcc
@every_penalty
@pytest.mark.parametrize("kinds", [("gradient",), ("prox",), ("value", *UPDATING)])
def test_the_header_says_what_is_linked(penalty: str, kinds: tuple[Kind, ...], tmp_path: Path) -> None:
    source = written(tmp_path, penalty, "float64", kinds)
    needed = undefined(compiled(source, "gcc", "-O2")) - {"memset", "memcpy"}
    header = source.with_suffix(".h").read_text()
    assert ("Link with -lm" in header) == bool(needed), needed
    assert ("Calls no library" in header) == (not needed)
