"""The worker: answers and errors arrive whole, and whatever a task does, its process group is gone when time is up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from symreg.application.worker import Bug, Notice, Phase, Progress, Worker, checked_timeout
from symreg.errors import Intractable, LanguageError, OutOfTime, SymregError
from symreg.expressions.tree import Binary, Name, Tree

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _tasks_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker("misbehaving_tasks") as made:
        yield made


def is_gone(process: int) -> bool:
    """Is there no such process, or only what is left of one that was killed?"""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_worker_answers_one_task_after_the_other(worker: Worker) -> None:
    deep: Tree = Name("w")
    for _ in range(200):
        deep = Binary("+", deep, Name("w"))
    for value in (1, "text", {"a": (1.5, None)}, "x" * 1_000_000, deep):
        assert worker.call("echo", value=value) == value


def test_an_error_arrives_as_it_was_raised_and_the_worker_goes_on(worker: Worker) -> None:
    with pytest.raises(LanguageError) as caught:
        worker.call("refuse")
    assert str(caught.value) == "mcp.toml:1:1: unknown name 'gama'\n    gama*w\n    ^"
    assert worker.call("echo", value=2) == 2


@pytest.mark.parametrize(
    ("task", "kind", "words"),
    [
        ("stumble", Bug, "ZeroDivisionError: division by zero"),
        ("leave", Bug, "SystemExit: 0"),
        ("recurse", Intractable, "recurse: the expression is nested too deeply for the calculus"),
        ("return_a_function", Bug, "pickle"),
        ("no_such_task", Bug, "no_such_task"),
        ("die", Bug, "the worker process ended unexpectedly (signal 6, SIGABRT)"),
        ("kill_oneself", Intractable, "killed from outside, as systems do when memory runs out"),
    ],
)
def test_whatever_a_task_raises_is_one_line(worker: Worker, task: str, kind: type[SymregError], words: str) -> None:
    with pytest.raises(kind) as caught:
        worker.call(task)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bug_carries_its_traceback_as_a_note(worker: Worker) -> None:
    with pytest.raises(Bug) as caught:
        worker.call("stumble")
    assert "misbehaving_tasks.py" in caught.value.__notes__[0]


def test_what_a_task_prints_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    with Worker("misbehaving_tasks") as worker:
        assert worker.call("print_much") == ""
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == "from the task\nfrom below\n"


def test_big_integer_code_is_killed_at_the_limit(worker: Worker) -> None:
    notices: list[Notice | None] = []
    start = time.monotonic()
    with pytest.raises(OutOfTime, match=r"not done within 1 s, the limit \(timeout\)$"):
        worker.call("think_in_big_numbers", timeout=1, watch=notices.append)
    assert time.monotonic() - start < 30  # the task alone would take minutes
    (phase,) = (notice for notice in notices if isinstance(notice, Phase))
    assert is_gone(int(phase.label))


def test_what_the_task_started_is_killed_with_it(worker: Worker) -> None:
    notices: list[Notice | None] = []
    with pytest.raises(OutOfTime):
        worker.call("start_a_sleeper", timeout=1, watch=notices.append)
    (phase,) = (notice for notice in notices if isinstance(notice, Phase))
    assert all(is_gone(int(process)) for process in phase.label.split())


def test_a_numeric_phase_has_no_limit(worker: Worker) -> None:
    notices: list[Notice | None] = []
    assert worker.call("measure_slowly", timeout=0.8, watch=notices.append, seconds=1.2) == "measured"
    assert Progress(1, 2) in notices
    assert None in notices  # the clock ticks for whoever shows progress


def test_a_symbolic_phase_after_it_has_one(worker: Worker) -> None:
    with pytest.raises(OutOfTime, match="thinking"):
        worker.call("return_to_symbols", timeout=0.8)


def test_a_new_symbolic_phase_has_only_what_is_left_of_the_limit(worker: Worker) -> None:
    with pytest.raises(OutOfTime, match="thinking of"):
        worker.call("turn_to_symbols_again_and_again", timeout=0.8)


def test_an_interrupt_leaves_nothing_behind() -> None:
    class Interrupted(Exception):
        pass

    pids: list[int] = []

    def interrupt(notice: Notice | None) -> None:
        if isinstance(notice, Phase):
            pids.extend(int(process) for process in notice.label.split())
            raise Interrupted

    with pytest.raises(Interrupted), Worker("misbehaving_tasks") as worker:
        worker.call("start_a_sleeper", watch=interrupt)
    assert len(pids) == 2
    assert all(is_gone(process) for process in pids)


def test_a_worker_dies_with_its_parent() -> None:
    script = """
import sys
from symreg.application.worker import Worker
with Worker("misbehaving_tasks") as worker:
    worker.call("start_a_sleeper", timeout=100, watch=lambda notice: notice and print(notice.label, flush=True))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parents[1] / "support")))}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids = [int(process) for process in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    assert all(is_gone(process) for process in pids)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), True, "3", 1e300])
def test_a_limit_is_a_positive_number(timeout: object) -> None:
    with pytest.raises(SymregError, match="write a positive number of seconds"):
        checked_timeout(timeout)  # type: ignore[arg-type]  # what somebody may pass all the same
