"""The benchmarks' frame: rows come one by one, no row is lost to an error, and what there is no time for is named."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("run")


def rows_of(run: ModuleType, monkeypatch: pytest.MonkeyPatch, cases: dict[str, Any], seconds: float) -> Iterator[Any]:
    """Yield the rows of a benchmark that has these cases, and so much time."""
    monkeypatch.setitem(run.BENCHMARKS, "ours", lambda quick: cases)
    rows: Iterator[Any] = run.measured("ours", True, time.monotonic() + seconds)
    return rows


def test_a_row_is_there_before_the_next_is_measured(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []

    def case(name: str) -> Iterator[Any]:
        measured.append(name)
        yield run.Row(group="ours", subject=name, measured="1 s", figure=1.0)

    rows = rows_of(run, monkeypatch, {name: lambda name=name: case(name) for name in "ab"}, math.inf)
    assert next(rows).subject == "a" and measured == ["a"]
    assert next(rows).subject == "b" and measured == ["a", "b"]


def test_what_there_is_no_time_for_is_named(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(rows_of(run, monkeypatch, {"a": lambda: pytest.fail("begun"), "b": lambda: pytest.fail("begun")}, -1))
    assert [(row.subject, row.is_kept) for row in rows] == [("no time for a, b", None)]


def test_an_error_is_a_promise_missed_and_the_others_are_measured(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> Iterator[Any]:
        raise RuntimeError("it went wrong\nin two lines")
        yield

    def works() -> Iterator[Any]:
        yield run.Row(group="ours", subject="works", measured="1 s", figure=1.0, is_kept=True)

    rows = list(rows_of(run, monkeypatch, {"fails": fails, "works": works}, math.inf))
    assert [(row.subject, row.is_kept) for row in rows] == [("fails: it went wrong", False), ("works", True)]


def test_every_benchmark_has_cases_but_the_one_that_takes_too_long(run: ModuleType) -> None:
    quick = {name: set(cases(True)) for name, cases in run.BENCHMARKS.items()}
    assert {name for name, cases in quick.items() if not cases} == {"catalogue"}
