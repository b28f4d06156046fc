"""Emitted C, called as its headers say: status codes, and nothing touched beyond an array."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from c_calls import DOMAIN, NULL, OK, OVERLAP, Call
from c_headers import Argument, declared
from emitted import INDEXED, PENALTIES, RULES, default, needs_gcc, parameters_of, run, written

from symreg.model.interval import Interval

SIZES = (0, 1, 2, 3, 7, 1023, 1024, 1025)


def outside(domain: Interval) -> Iterator[float]:
    """Yield numbers that a parameter must not be."""
    yield from (float("nan"), float("inf"), float("-inf"))
    for end, is_in, sign in ((domain.low, domain.low_closed, -1.0), (domain.high, domain.high_closed, 1.0)):
        if end is not None:
            yield float(end) + sign
            if not is_in:
                yield float(end)


@pytest.mark.one_in(45)
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
    return f"{at_one} * n" if at_two == 2 * at_one else str(at_one)


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


@pytest.mark.one_in(9)
@needs_gcc
@pytest.mark.parametrize("penalty", ["mcp", *INDEXED])
def test_no_read_or_write_beyond_an_array(penalty: str, tmp_path: Path) -> None:
    under_sanitizers(tmp_path, (penalty,), ("gradient_descent", "nesterov", "adam"))


@needs_gcc
@pytest.mark.sweep
@pytest.mark.parametrize("penalty", PENALTIES)
def test_no_read_or_write_beyond_an_array_anywhere(penalty: str, tmp_path: Path) -> None:
    under_sanitizers(tmp_path, (penalty,), RULES)
