"""What is emitted for the whole catalogue: clean to compilers and linters, the same bytes everywhere, safe to call.

C functions are called as their headers declare them: the declarations are read here, not taken from what printed them.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import numpy as np
import pytest

from symreg import catalogue, templates
from symreg.application.command_tasks import CATALOGUE_RULES
from symreg.model.interval import Interval
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.proximal.split import fits
from symreg.targets.c import file as c_file
from symreg.targets.emit import emit
from symreg.targets.loading import c_compiler
from symreg.targets.loading.load import load_module
from symreg.targets.numpy import file as numpy_file
from symreg.targets.signature import STEP
from symreg.updates.assemble import updates
from symreg.updates.update import Update

PENALTIES, RULES = catalogue.penalties(), catalogue.rules()
SUMS = ("mcp + scad", "welsch + cauchy")
"""Whose operators are found in ways of their own."""
INDEXED = ("exclusive_lasso", "first_difference", "l2_norm", "second_difference", "tikhonov", "variance")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Werror")
DIALECTS = {"c99": ("-std=c99",), "c11": ("-std=c11",), "c++17": ("-x", "c++", "-std=c++17")}
SIZES = (0, 1, 2, 3, 7, 1023, 1024, 1025)
BLOCK_EDGES = (131_071, 131_072, 131_073, 320_000)
OK, NULL, DOMAIN, OVERLAP = range(4)

needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on PATH")


@cache
def made(penalty: str, rules: tuple[str, ...] = RULES) -> tuple[Update, ...]:
    objective, chosen = resolve(penalty), [resolve_rule(rule) for rule in rules]
    return updates(objective, tuple(rule for rule in chosen if not rule.uses_prox or fits(objective.terms, rule)))


@cache
def emitted(penalty: str, rules: tuple[str, ...] = RULES) -> dict[str, str]:
    objective, functions = resolve(penalty), made(penalty, rules)
    return {path: text for target in ("numpy", "c") for path, text in emit(objective, functions, target).items()}


def written(folder: Path, penalties: tuple[str, ...], rules: tuple[str, ...] = RULES) -> Path:
    """Write all files of penalties into one folder."""
    folder.mkdir(exist_ok=True)
    for penalty in penalties:
        for path, text in emitted(penalty, rules).items():
            (folder / Path(path).name).write_text(text, encoding="utf-8")
    return folder


def run(*command: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def assert_clean(*command: str, cwd: Path) -> None:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every penalty and some sums with every rule, in one folder."""
    return written(tmp_path_factory.mktemp("emitted") / "all", (*PENALTIES, *SUMS))


# Compilers


@needs_gcc
@pytest.mark.parametrize("dialect", DIALECTS)
def test_gcc_has_nothing_to_say(dialect: str, everything: Path) -> None:
    sources = sorted(path.name for path in everything.glob("*.c"))
    assert len(sources) == len((*PENALTIES, *SUMS)) >= 35
    assert_clean("gcc", *DIALECTS[dialect], *WARNINGS, "-fsyntax-only", *sources, cwd=everything)


@needs_gcc
@pytest.mark.parametrize("penalty", ["mcp", "first_difference", "second_difference", "variance", "tikhonov", "welsch"])
def test_gcc_has_nothing_to_say_of_how_values_flow(penalty: str, tmp_path: Path) -> None:
    folder = written(tmp_path, (penalty,), CATALOGUE_RULES)
    assert_clean("gcc", "-std=c11", "-O2", *WARNINGS, "-c", f"{penalty}.c", "-o", os.devnull, cwd=folder)


@needs_gcc
@pytest.mark.sweep
@pytest.mark.parametrize(("penalty", "dialect"), list(itertools.product(PENALTIES, DIALECTS)))
def test_gcc_has_nothing_to_say_of_how_values_flow_anywhere(penalty: str, dialect: str, everything: Path) -> None:
    assert_clean("gcc", *DIALECTS[dialect], "-O2", *WARNINGS, "-c", f"{penalty}.c", "-o", os.devnull, cwd=everything)


@needs_gcc
def test_a_build_with_vector_math_is_clean_too(everything: Path) -> None:
    flags = (*c_compiler.ACCURATE, *c_compiler.SHARED, c_compiler.VECTOR_MATH, *WARNINGS)
    assert_clean("gcc", *flags, "-fsyntax-only", *(f"{penalty}.c" for penalty in PENALTIES), cwd=everything)


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


# Linters


@pytest.mark.parametrize("width", [88, 120])
def test_python_is_formatted_as_ruff_would(width: int, everything: Path) -> None:
    arguments = ("ruff", "format", "--check", "--diff", "--isolated", "--line-length", str(width), ".")
    assert_clean(sys.executable, "-m", *arguments, cwd=everything)


def test_python_is_clean_to_ruff(everything: Path) -> None:
    assert_clean(sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", ".", cwd=everything)


@pytest.mark.parametrize(
    "penalties", [("mcp", "second_difference", "tikhonov"), pytest.param(PENALTIES, marks=pytest.mark.sweep)], ids=len
)
def test_python_is_clean_to_mypy(penalties: tuple[str, ...], tmp_path: Path) -> None:
    folder = written(tmp_path / "made", penalties, CATALOGUE_RULES if len(penalties) < len(PENALTIES) else RULES)
    modules = [f"{penalty}.py" for penalty in penalties]
    assert_clean(sys.executable, "-m", "mypy", "--cache-dir", os.devnull, *modules, cwd=folder)


# The same bytes everywhere

EMIT = """
import hashlib, sys
from symreg.proximal.split import fits
from symreg.updates.assemble import updates
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
made = hashlib.sha256()
for text in sys.argv[1:]:
    objective = resolve(text)
    functions = updates(objective, (resolve_rule("adamw"), resolve_rule("nadam")))
    for target in ("numpy", "c"):
        for path, source in sorted(emit(objective, functions, target).items()):
            made.update(f"{path}\\0{source}\\0".encode())
print(made.hexdigest())
"""


def test_every_hash_seed_folder_and_locale_gives_the_same_bytes(tmp_path: Path) -> None:
    objectives = ("scad", "welsch", "second_difference", "exclusive_lasso", "tikhonov", "l1 + 0.5*l2 + log_sum")
    digests = {
        run(sys.executable, "-c", EMIT, *objectives, cwd=cwd, **environment).stdout
        for cwd, environment in (
            (tmp_path, {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"}),
            (Path("/"), {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu", "COLUMNS": "40"}),
            (Path.home(), {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"}),
        )
    }
    assert len(digests) == 1
    assert re.fullmatch(r"[0-9a-f]{64}\n", digests.pop())


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_head_of_a_file(penalty: str) -> None:
    for path, text in emitted(penalty).items():
        head = text.partition("import numpy" if path.endswith(".py") else "#i")[0]
        assert "R(w)" in head and "=" in head
        assert "Code generated by symreg. DO NOT EDIT." in head
        assert re.search(r"SHA-256 of specs and templates: [0-9a-f]{64}\n", head)
        assert "SPDX-License-Identifier: 0BSD" in head
        told = " ".join(line.removeprefix(" * ") for line in head.splitlines())
        target = path.partition("/")[0]
        assert f"Regenerate: symreg generate {penalty} " in told and f"--target {target}" in told
        for place in {str(Path.cwd()), str(Path.home()), str(Path(catalogue.__file__).parents[2])} - {"/"}:
            assert place not in text
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", text), "a date"
        assert text.isascii() and "\t" not in text and "\r" not in text and text.endswith("\n")
        assert max(map(len, text.splitlines())) <= (88 if path.endswith(".py") else 100) or "Regenerate" in text


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["mcp", "first_difference"])
def test_the_command_in_the_head_writes_the_file_again(penalty: str, tmp_path: Path) -> None:
    for path, text in emitted(penalty, CATALOGUE_RULES).items():
        (line,) = [line for line in text.splitlines() if "Regenerate: " in line]
        words = shlex.split(line.partition("Regenerate: ")[2])
        done = run(sys.executable, "-m", *words, "-o", str(tmp_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / path).read_text(encoding="utf-8") == text


# Templates

Rendered = list[tuple[str, Mapping[str, Any]]]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Rendered:
    """What is handed to the templates from here on."""
    made: Rendered = []

    def render(template: str, values: Mapping[str, Any]) -> str:
        made.append((template, values))
        return templates.render(template, values)

    for target in (c_file, numpy_file):
        monkeypatch.setattr(target, "render", render)
    return made


def objects(value: object) -> Iterator[object]:
    """Yield everything in a value that is not a plain string, number, boolean, list or dict."""
    if type(value) is dict:
        yield from (key for key in value if type(key) is not str)
        value = list(value.values())
    if type(value) is list:
        for each in value:
            yield from objects(each)
    elif type(value) not in (str, int, float, bool):
        yield value


def test_templates_see_only_plain_data(rendered: Rendered) -> None:
    for penalty in PENALTIES:
        emitted.__wrapped__(penalty)
    assert len(rendered) == 3 * len(PENALTIES)
    for template, values in rendered:
        assert not list(objects(dict(values))), template


def test_a_name_that_a_template_is_not_given_is_an_error(rendered: Rendered) -> None:
    functions = made("second_difference", ("adamw", "lion"))
    for some in (functions, functions[1:]):
        for target in ("numpy", "c"):
            emit(resolve("second_difference"), some, target)
    for folder in ("numpy", "c"):
        of_folder = [(template, dict(values)) for template, values in rendered if template.startswith(folder)]
        needed = set()
        for template, values in of_folder:
            for name in values:
                try:
                    templates.render(template, {key: value for key, value in values.items() if key != name})
                except jinja2.UndefinedError:
                    needed.add(name)
        assert needed == {name for _, values in of_folder for name in values}, "given, and used by nothing"


# C, called as its headers say


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument as the header declares and describes it."""

    name: str
    type: str
    is_pointer: bool
    is_const: bool
    doc: str = ""

    def size(self, n: int) -> int:
        """Return how many numbers it points to."""
        if "n x n" in self.doc:
            return n * n
        scratch = re.match(r"(\d+) \* n numbers", self.doc)
        if scratch:
            return int(scratch[1]) * n
        return n if re.match(r"n (weights|numbers)", self.doc) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A function as the header declares it."""

    name: str
    returns: str
    arguments: tuple[Argument, ...]

    @property
    def pointers(self) -> tuple[Argument, ...]:
        return tuple(argument for argument in self.arguments if argument.is_pointer)

    @property
    def parameters(self) -> tuple[Argument, ...]:
        return tuple(a for a in self.arguments if not a.is_pointer and a.name != "n")

    @property
    def is_value(self) -> bool:
        return self.returns == "double"


@cache
def declared(penalty: str, rules: tuple[str, ...] = CATALOGUE_RULES) -> tuple[Declared, ...]:
    """Return what a header declares."""
    text = emitted(penalty, rules)[f"c/{penalty}.h"]
    made, docs = [], {}
    for comment, returns, name, arguments in re.findall(r"/\*((?:(?!\*/).)*)\*/\n(\w+) (\w+)\(([^)]*)\);", text, re.S):
        if "same with arrays in single" not in comment:
            rows = re.findall(r"^ \*   (\w+)  +(.*)$", comment, re.M)
            docs = dict(rows)
        found = []
        for argument in arguments.split(","):
            words = re.fullmatch(r"\s*(const )?(\w+) (\*?)(\w+)", argument)
            assert words, argument
            const, kind, star, label = words.groups()
            found.append(
                Argument(name=label, type=kind, is_pointer=bool(star), is_const=bool(const), doc=docs.get(label, ""))
            )
        made.append(Declared(name=name, returns=returns, arguments=tuple(found)))
    assert len(made) == 2 * (2 + has_prox(penalty) + len(rules))
    return tuple(made)


def has_prox(penalty: str) -> bool:
    """Is it a sum over single weights, or a function of their norm?"""
    return penalty == "l2_norm" or penalty not in INDEXED


KINDS: dict[str, Any] = {"double": ctypes.c_double, "float": ctypes.c_float, "size_t": ctypes.c_size_t}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Every penalty with the committed rules, as one library."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    folder = written(tmp_path_factory.mktemp("library") / "c", PENALTIES, CATALOGUE_RULES)
    sources = [f"{penalty}.c" for penalty in PENALTIES]
    assert_clean("gcc", "-std=c99", "-fPIC", "-shared", *sources, "-o", "all.so", "-lm", cwd=folder)
    return ctypes.CDLL(str(folder / "all.so"))


def parameters_of(penalty: str, function: str, rules: tuple[str, ...] = CATALOGUE_RULES) -> dict[str, Parameter]:
    """Return the parameters of a C function by name."""
    (update,) = [u for u in made(penalty, rules) if function.startswith(f"{penalty}_{u.name}_f")]
    own = (STEP,) if update.kind == "prox" else update.rule.parameters if update.rule else ()
    return {p.name: p for p in (*update.terms.parameters, *own)}


def outside(domain: Interval) -> Iterator[float]:
    """Yield numbers that a parameter must not be."""
    yield from (float("nan"), float("inf"), float("-inf"))
    for end, is_in, sign in ((domain.low, domain.low_closed, -1.0), (domain.high, domain.high_closed, 1.0)):
        if end is not None:
            yield float(end) + sign
            if not is_in:
                yield float(end)


def default(parameter: Parameter) -> float:
    """Return a parameter's default; 0.7 for the step of a proximal operator, which has none."""
    return 0.7 if parameter is STEP else parameter.default


class Call:
    """A call of a C function with arrays of its own, any of which may be put out of place."""

    def __init__(self, library: ctypes.CDLL, function: Declared, n: int, known: Mapping[str, Parameter]) -> None:
        self.function, self.n, self.library = function, n, library
        rng = np.random.default_rng(5)
        dtypes = {"double": np.float64, "float": np.float32}
        self.arrays = {a.name: rng.uniform(0.5, 1.5, a.size(n)).astype(dtypes[a.type]) for a in function.pointers}
        self.numbers = {a.name: default(known[a.name]) for a in function.parameters}
        self.places: dict[str, int | None] = {name: array.ctypes.data for name, array in self.arrays.items()}

    def __call__(self) -> Any:
        called = self.library[self.function.name]
        called.restype = ctypes.c_double if self.function.is_value else ctypes.c_int
        called.argtypes = [ctypes.c_void_p if a.is_pointer else KINDS[a.type] for a in self.function.arguments]
        given = {"n": self.n, **self.places, **self.numbers}
        return called(*(given[a.name] for a in self.function.arguments))

    def refused(self, code: int) -> None:
        """Check that the call is refused, and that it has touched nothing."""
        before = {name: array.tobytes() for name, array in self.arrays.items()}
        result = self()
        assert np.isnan(result) if self.function.is_value else result == code
        assert before == {name: array.tobytes() for name, array in self.arrays.items()}


@pytest.mark.parametrize("penalty", PENALTIES)
def test_status_codes(penalty: str, library: ctypes.CDLL) -> None:
    refusals = 0
    for function in declared(penalty):
        known = parameters_of(penalty, function.name)
        call = Call(library, function, 5, known)
        good_places, good_numbers = dict(call.places), dict(call.numbers)
        assert np.isfinite(call()) if function.is_value else call() == OK
        for pointer in function.pointers:
            call.places = {**good_places, pointer.name: None}
            call.refused(NULL)
            refusals += 1
        call.places = good_places
        for name in good_numbers:
            for number in outside(known[name].domain):
                call.numbers = {**good_numbers, name: number}
                call.refused(DOMAIN)
                refusals += 1
        call.numbers = good_numbers
        read = function.pointers[0].name
        may_alias = f"may be {read}" in "".join(a.doc for a in function.pointers)
        for one, other in itertools.permutations(function.pointers, 2):
            if one.is_const or function.is_value:
                continue
            size = call.arrays[other.name].itemsize
            for offset in (0, size, -size):
                call.places = {**good_places, one.name: call.arrays[other.name].ctypes.data + offset}
                is_beside = offset and (offset < 0) != (offset > 0) and not _overlaps(call, one.name, other.name)
                if (offset == 0 and may_alias and {one.name, other.name} == {read, "out"}) or is_beside:
                    continue
                call.refused(OVERLAP)
                refusals += 1
        call.places = good_places
        if function.is_value:
            empty = Call(library, function, 0, known)
            empty.places = dict.fromkeys(empty.places)
            assert empty() == 0.0
        else:
            empty = Call(library, function, 0, known)
            kept = [a.name for a in function.pointers if a.size(0) == 1]
            empty.places = {name: place if name in kept else None for name, place in empty.places.items()}
            assert empty() == OK
            empty.places = dict.fromkeys(empty.places)
            assert empty() == OK
    assert refusals > 100


def _overlaps(call: Call, one: str, other: str) -> bool:
    start, there = call.places[one], call.places[other]
    assert start is not None and there is not None
    return start < there + call.arrays[other].nbytes and there < start + call.arrays[one].nbytes


DRIVER = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
{includes}
static double *doubles(size_t size) {{
    double *made = (double *)malloc(size * sizeof(double) + (size == 0));
    for (size_t k = 0; k < size; ++k) made[k] = 0.5 + 0.001 * (double)(k % 997);
    return made;
}}
static float *floats(size_t size) {{
    float *made = (float *)malloc(size * sizeof(float) + (size == 0));
    for (size_t k = 0; k < size; ++k) made[k] = 0.5f + 0.001f * (float)(k % 997);
    return made;
}}
int main(void) {{
    static const size_t sizes[] = {{{sizes}}};
    int calls = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {{
        const size_t n = sizes[s];
{calls}
    }}
    printf("%d\\n", calls);
    return 0;
}}
"""


def driver(penalties: tuple[str, ...], rules: tuple[str, ...], sizes: tuple[int, ...]) -> tuple[str, int]:
    """Return a program that calls every function with arrays of the declared sizes, and how often it calls."""
    calls = []
    for penalty in penalties:
        for function in declared(penalty, rules):
            known = parameters_of(penalty, function.name, rules)
            lines, given = [], []
            for argument in function.arguments:
                if argument.is_pointer:
                    size = {"n x n": "n * n"}.get(argument.doc[:5]) or _size_text(argument)
                    lines.append(f"{argument.type} *{argument.name} = {argument.type}s({size});")
                given.append(
                    argument.name
                    if argument.is_pointer or argument.name == "n"
                    else repr(default(known[argument.name]))
                )
            call = f"{function.name}({', '.join(given)})"
            wrong = f"{call} != {call}" if function.is_value else f"{call} != 0"
            lines.append(f'if ({wrong}) {{ printf("{function.name} at %zu\\n", n); return 1; }}')
            lines += [f"free({argument.name});" for argument in function.pointers]
            calls.append(f"        {{ {' '.join(lines)} ++calls; }}")
    includes = "\n".join(f'#include "{penalty}.h"' for penalty in penalties)
    text = DRIVER.format(includes=includes, sizes=", ".join(map(str, sizes)), calls="\n".join(calls))
    return text, len(calls) * len(sizes)


def _size_text(argument: Argument) -> str:
    at_one, at_two = argument.size(1), argument.size(2)
    return f"{at_one} * n" if at_two == 2 * at_one else "1"


def under_sanitizers(folder: Path, penalties: tuple[str, ...], rules: tuple[str, ...]) -> None:
    written(folder, penalties, rules)
    text, expected = driver(penalties, rules, SIZES)
    (folder / "driver.c").write_text(text, encoding="utf-8")
    sanitizers = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    sources = [f"{penalty}.c" for penalty in penalties]
    done = run("gcc", "-std=c11", *sanitizers, "driver.c", *sources, "-o", "driver", "-lm", cwd=folder)
    if "cannot find" in done.stderr and "san" in done.stderr:
        pytest.skip("gcc has no sanitizers here")
    assert done.returncode == 0, done.stderr[:3000]
    done = run("./driver", cwd=folder, ASAN_OPTIONS="detect_leaks=0")
    assert done.returncode == 0, (done.stdout + done.stderr)[:3000]
    assert int(done.stdout) == expected


@needs_gcc
@pytest.mark.parametrize("penalty", ["mcp", *INDEXED])
def test_no_read_or_write_beyond_an_array(penalty: str, tmp_path: Path) -> None:
    under_sanitizers(tmp_path, (penalty,), ("gradient_descent", "nesterov", "adam"))


@needs_gcc
@pytest.mark.sweep
@pytest.mark.parametrize("penalty", PENALTIES)
def test_no_read_or_write_beyond_an_array_anywhere(penalty: str, tmp_path: Path) -> None:
    under_sanitizers(tmp_path, (penalty,), RULES)


# NumPy


@cache
def module(penalty: str) -> ModuleType:
    return load_module(penalty, emitted(penalty, CATALOGUE_RULES)[f"numpy/{penalty}.py"])


def extra(penalty: str, n: int, dtype: Any = np.float64) -> dict[str, Any]:
    shapes = [array.name for array in resolve(penalty).terms.arrays]
    return {name: np.random.default_rng(3).normal(size=(n, n)).astype(dtype) for name in shapes}


def weights(n: int, dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0.1, 2.0, n).astype(dtype)


def stepped(penalty: str, rule: str, w: Any, g: Any, **named: Any) -> tuple[Any, dict[str, Any]]:
    functions, w = module(penalty), w.copy()
    state = getattr(functions, f"{rule}_state", lambda _: None)(w)
    for _ in range(2):
        getattr(functions, f"{rule}_step")(w, g, *(() if state is None else (state,)), **named)
    return w, state or {}


@pytest.mark.parametrize("penalty", PENALTIES)
def test_single_precision_stays_single(penalty: str) -> None:
    functions, w, g = module(penalty), weights(9, np.float32), weights(9, np.float32, 1)
    arrays = extra(penalty, 9, np.float32)
    assert type(functions.value(w, **arrays)) is float
    assert functions.gradient(w, **arrays).dtype == np.float32
    for rule in CATALOGUE_RULES:
        moved, state = stepped(penalty, rule, w, g, **arrays)
        assert moved.dtype == np.float32
        for name, value in state.items():
            assert type(value) is float or value.dtype == np.float32, name


@pytest.mark.parametrize("penalty", PENALTIES)
def test_strided_inputs_and_out_in_place(penalty: str) -> None:
    functions, wide = module(penalty), weights(2 * 33)
    w, arrays = wide[::2], extra(penalty, 33)
    expected = functions.gradient(w.copy(), **arrays)
    assert functions.value(w, **arrays) == functions.value(w.copy(), **arrays)
    np.testing.assert_array_equal(functions.gradient(w, **arrays), expected)
    np.testing.assert_array_equal(functions.gradient(w[::-1], **arrays), functions.gradient(w[::-1].copy(), **arrays))
    for rule in CATALOGUE_RULES:
        for there, beside in zip(
            stepped(penalty, rule, w, wide[1::2], **arrays), stepped(penalty, rule, w, wide[1::2].copy(), **arrays),
            strict=True,
        ):  # fmt: skip
            np.testing.assert_equal(there, beside)
    out = w.copy()
    if "may be w" in (functions.gradient.__doc__ or ""):
        assert functions.gradient(out, out=out, **arrays) is out
        np.testing.assert_array_equal(out, expected)
    else:
        assert penalty in INDEXED
        with pytest.raises(ValueError, match="out: must not share memory with w"):
            functions.gradient(out, out=out, **arrays)
        np.testing.assert_array_equal(out, w)


TOO_LARGE = {"tikhonov": "its matrix has n*n elements"}


@pytest.mark.parametrize("penalty", [penalty for penalty in PENALTIES if penalty not in TOO_LARGE])
def test_block_edges(penalty: str, library: ctypes.CDLL) -> None:
    """At the edges of blocks, elements are what they are among few, and both targets agree on all of them."""
    functions = module(penalty)
    known = {p.name: p for p in resolve(penalty).terms.parameters}
    by_name = {function.name: function for function in declared(penalty)}
    for n in BLOCK_EDGES:
        w = weights(n)
        gradient, value = functions.gradient(w), functions.value(w)
        call = Call(library, by_name[f"{penalty}_gradient_f64"], n, known)
        call.arrays["w"][:] = w
        assert call() == OK
        np.testing.assert_allclose(gradient, call.arrays["out"], rtol=1e-11, atol=1e-11)
        in_c = Call(library, by_name[f"{penalty}_value_f64"], n, known)
        in_c.arrays["w"][:] = w
        assert value == pytest.approx(in_c(), rel=1e-13)
        if penalty in INDEXED and not penalty.endswith("difference"):
            continue
        for k in {3, 1023, 1024, 131_068, 131_071, 131_072, 131_073, 262_143, 262_144, n - 4}:
            if k <= n - 4:
                few = functions.gradient(w[k - 3 : k + 4])
                assert gradient[k] == pytest.approx(few[3], rel=1e-13)


@pytest.mark.parametrize("penalty", [penalty for penalty in PENALTIES if penalty not in TOO_LARGE])
def test_no_allocation_grows(penalty: str) -> None:
    functions = module(penalty)

    def peak(n: int, function: str) -> int:
        w, g = weights(n), weights(n, seed=1)
        if function == "gradient":
            arguments: tuple[Any, ...] = (w,)
            named: dict[str, Any] = {"out": np.empty(n)}
        else:
            arguments, named = (w,), {}
        if function.endswith("_step"):
            state = getattr(functions, function.replace("_step", "_state"), lambda _: None)(w)
            arguments = (w, g) if state is None else (w, g, state)
        called = getattr(functions, function)
        called(*arguments, **named)
        tracemalloc.start()
        try:
            called(*arguments, **named)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    for function in ("value", "gradient", "gradient_descent_step", "adam_step"):
        small, large = peak(320_000, function), peak(960_000, function)
        assert large <= small + 10_000, f"{function}: {small} bytes at 320,000 weights, {large} at 960,000"


def test_the_digest_tells_specs_and_targets_apart() -> None:
    texts = [text for penalty in PENALTIES for text in emitted(penalty).values()]
    digests = {re.findall(r"templates: ([0-9a-f]{64})", text)[0] for text in texts}
    assert len(digests) == 2 * len(PENALTIES), "one for each penalty and target"
