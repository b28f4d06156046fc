"""A child process that can be killed, with all that it started, when its time is up; it runs the tasks of a module.

A thread cannot be killed, and a signal handler does not run inside big-integer code; a process group always can.
Requests and answers are pickles of symreg's own frozen data, over pipes that only the two processes hold.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pickle
import selectors
import signal
import struct
import subprocess
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from symreg.errors import Intractable, OutOfTime, SymregError

TIME_LIMIT = 10.0
"""Seconds that symbolic work on one objective may take."""

_TICK = 0.1
_STACK = 256 << 20  # bytes; SymPy recurses once per level of an expression
_LENGTH = struct.Struct(">Q")


class Phase(NamedTuple):
    """What a task turns to; the time limit holds for symbolic phases only."""

    label: str
    is_symbolic: bool


class Progress(NamedTuple):
    """How much of its phase a task has done."""

    done: int
    total: int


Notice = Phase | Progress
Tell = Callable[[Notice], None]


class Bug(SymregError):
    """An error that symreg did not expect to meet: a mistake of its own; a note holds the traceback."""

    exit_code = 70


def call(task: str, /, *, timeout: float | None = None, **arguments: object) -> Any:
    """Return what one task returns, run in a process of its own; see `Worker.call`."""
    with Worker() as worker:
        return worker.call(task, timeout=timeout, watch=None, **arguments)


class Worker:
    """A child process that runs one task after the other; leaving the `with` block ends it and its group."""

    def __init__(self, tasks: str = "symreg.application.tasks.table") -> None:
        """Start the process; `tasks` is a module whose `TASKS` holds functions by name, each taking a `Tell` first."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "symreg.application.worker", tasks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
        self._received = bytearray()
        self._is_idle = True

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def call(
        self,
        task: str,
        /,
        *,
        timeout: float | None = None,
        watch: Callable[[Notice | None], None] | None = None,
        **arguments: object,
    ) -> Any:
        """Return what a task returns.

        Args:
            task: Its name in `TASKS`.
            timeout: Seconds that symbolic work may take until a numeric phase or the end, the process's start included;
                None for `TIME_LIMIT`.
            watch: Called with each notice of the task, and with None about ten times a second.
            arguments: Of the task.

        Raises:
            SymregError: As the task raised it.
            OutOfTime: A symbolic phase did not end in time; the process group is dead.
            Intractable: The process was killed from outside.
            Bug: Any other error of the task's, or the end of the process.
        """
        limit = checked_timeout(timeout)
        phase = Phase(_subject(arguments), is_symbolic=True)
        deadline = time.monotonic() + limit
        self._send((task, arguments))
        self._is_idle = False
        while True:
            tick = time.monotonic() + _TICK
            answer = self._receive(min(deadline, tick) if phase.is_symbolic else tick)
            if answer is not None:
                kind, value = answer
                self._is_idle = kind != "notice"
                if kind == "result":
                    return value
                if kind == "error":
                    raise _unpacked(value)
                if isinstance(value, Phase):
                    if not phase.is_symbolic:
                        deadline = time.monotonic() + limit
                    phase = value
            elif phase.is_symbolic and time.monotonic() >= deadline:
                self._end()
                raise OutOfTime(f"{phase.label}: not done within {limit:g} s, the limit (timeout)")
            if watch is not None:
                watch(None if answer is None else answer[1])

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        packed = pickle.dumps(message)
        try:
            self._process.stdin.write(_LENGTH.pack(len(packed)) + packed)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._death() from None

    def _receive(self, deadline: float) -> tuple[str, Any] | None:
        """Return the next answer, or None at the deadline."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while (packed := _taken_frame(self._received)) is None:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                chunk = os.read(self._process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise self._death()
                self._received += chunk
        answer: tuple[str, Any] = pickle.loads(packed)
        return answer

    def _death(self) -> SymregError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._end()
        code = self._process.returncode
        if code == -signal.SIGKILL:
            return Intractable("the worker process was killed from outside, as systems do when memory runs out")
        how = f"signal {-code}, {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Bug(f"the worker process ended unexpectedly ({how})")

    def kill(self) -> None:
        """Kill the process and everything in its group; a call that another thread waits for fails."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _end(self) -> None:
        """Let an idle process end by itself; kill one that works."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        if self._is_idle:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        if self._process.returncode is None:
            self.kill()
            self._process.wait()
        self._process.stdout.close()


def _subject(arguments: Mapping[str, object]) -> str:
    """Return the name of what a task is about, which is told before the task itself can tell it."""
    named = (getattr(arguments.get(kind), "name", None) for kind in ("objective", "loss"))
    return next((name for name in named if isinstance(name, str)), "symbolic work")


def checked_timeout(timeout: float | None) -> float:
    """Return the limit on symbolic work in seconds, `TIME_LIMIT` for None.

    Raises:
        SymregError: Not a positive, finite number.
    """
    if timeout is None:
        return TIME_LIMIT
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < 1e9:
        raise SymregError(f"timeout {timeout!r:.40}: write a positive number of seconds")
    return float(timeout)


def main() -> None:
    """Run the tasks that arrive on standard input until it ends, and write their answers to standard output.

    The tasks run in a thread with a large stack while this one listens, so that a working process dies with its
    parent. What a task itself prints goes to standard error.
    """
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    waiting: Queue[bytes] = Queue()
    sys.setrecursionlimit(20_000)
    threading.stack_size(_STACK)
    threading.Thread(target=_serve, args=(waiting, answers, sys.argv[1]), daemon=True).start()
    received = bytearray()
    while chunk := requests.read1(1 << 16):
        received += chunk
        while (packed := _taken_frame(received)) is not None:
            waiting.put(packed)
    if waiting.unfinished_tasks and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    atexit._run_exitfuncs()  # and nothing else of an orderly end: taking SymPy down costs a quarter of a short command
    os._exit(0)


def _serve(waiting: Queue[bytes], answers: BinaryIO, tasks: str) -> None:
    def send(kind: str, value: object) -> None:
        packed = pickle.dumps((kind, value))
        if kind != "notice":
            waiting.task_done()
        answers.write(_LENGTH.pack(len(packed)) + packed)
        answers.flush()

    while True:
        task = "request"
        try:
            task, arguments = pickle.loads(waiting.get())
            run = importlib.import_module(tasks).TASKS[task]
            send("result", run(lambda notice: send("notice", notice), **arguments))
        except SymregError as error:
            send("error", _packed(error, note=traceback.format_exc() if error.__cause__ else ""))
        except RecursionError:
            send("error", _packed(Intractable(f"{task}: the expression is nested too deeply for the calculus")))
        except MemoryError:
            send("error", _packed(Intractable(f"{task}: the expression needs more memory than there is")))
        except BaseException as error:  # a task may run somebody's own function, which may raise anything
            last = traceback.format_exception_only(error)[-1].strip()
            send("error", _packed(Bug(" ".join(last.split())), note=traceback.format_exc()))


def _packed(error: SymregError, note: str = "") -> tuple[type[SymregError], tuple[Any, ...], dict[str, Any]]:
    """Take an error apart: pickle alone would call its class with `args`, without the keyword-only arguments."""
    if note:
        error.add_note(note)
    return type(error), error.args, dict(vars(error))


def _unpacked(packed: tuple[type[SymregError], tuple[Any, ...], dict[str, Any]]) -> SymregError:
    kind, arguments, attributes = packed
    error = kind.__new__(kind, *arguments)
    vars(error).update(attributes)
    return error


def _taken_frame(received: bytearray) -> bytes | None:
    """Remove the first whole message from what was received and return it, or None if there is none yet."""
    if len(received) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(received)
    end = _LENGTH.size + length
    if len(received) < end:
        return None
    message = bytes(received[_LENGTH.size : end])
    del received[:end]
    return message


def _environment() -> dict[str, str]:
    """Return the environment in which the child finds this very package, from a checkout too."""
    root = str(Path(__file__).resolve().parents[2])
    environment = dict(os.environ)
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
    return environment


if __name__ == "__main__":
    from symreg.application import worker

    worker.main()
