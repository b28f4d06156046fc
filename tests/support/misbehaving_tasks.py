"""Tasks for the worker's tests: they hang, start processes, print, raise and die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

from symreg.application.worker import Phase, Progress, Tell
from symreg.errors import LanguageError


def echo(tell: Tell, *, value: Any) -> Any:
    return value


def think_in_big_numbers(tell: Tell) -> int:
    """Spend minutes in one operation of the interpreter, where no signal handler runs and no thread gets a turn."""
    tell(Phase(str(os.getpid()), is_symbolic=True))
    return len(str(9**9**8))


def start_a_sleeper(tell: Tell) -> None:
    sleeper = subprocess.Popen(["sleep", "300"])
    tell(Phase(f"{os.getpid()} {sleeper.pid}", is_symbolic=True))
    time.sleep(300)


def measure_slowly(tell: Tell, *, seconds: float) -> str:
    tell(Phase("measuring", is_symbolic=False))
    tell(Progress(1, 2))
    time.sleep(seconds)
    return "measured"


def return_to_symbols(tell: Tell) -> None:
    tell(Phase("measuring", is_symbolic=False))
    tell(Phase("thinking", is_symbolic=True))
    time.sleep(300)


def turn_to_symbols_again_and_again(tell: Tell) -> None:
    for number in range(1000):
        tell(Phase(f"thinking of {number}", is_symbolic=True))
        time.sleep(0.05)


def kill_oneself(tell: Tell) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def print_much(tell: Tell) -> str:
    print("from the task")
    os.write(1, b"from below\n")
    return sys.stdin.read()


def refuse(tell: Tell) -> None:
    raise LanguageError("unknown name 'gama'", source="mcp.toml", text="gama*w", line=1, column=1)


def stumble(tell: Tell) -> None:
    raise ZeroDivisionError("division\nby zero")


def leave(tell: Tell) -> None:
    raise SystemExit(0)


def die(tell: Tell) -> None:
    os.abort()


def recurse(tell: Tell) -> int:
    return recurse(tell) + 1


def return_a_function(tell: Tell) -> Any:
    return lambda: None


TASKS = {
    task.__name__: task
    for task in (
        echo,
        think_in_big_numbers,
        start_a_sleeper,
        measure_slowly,
        return_to_symbols,
        turn_to_symbols_again_and_again,
        kill_oneself,
        print_much,
        refuse,
        stumble,
        leave,
        die,
        recurse,
        return_a_function,
    )
}
