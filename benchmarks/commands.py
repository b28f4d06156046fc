"""The command line: how long it takes to start, with a whole objective, to write the catalogue, and to verify it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from measure import PATIENT, Case, Row, at_most, interleaved, shown

import symreg

POINTS = 2000
OBJECTIVE = "mean(logistic) + l2"


def start_cases(rounds: int) -> dict[str, Case]:
    """Return the one case of starting the command line."""
    return {"commands": partial(start_rows, rounds)}


def objective_cases(points: int, runs: int) -> dict[str, Case]:
    """Return the cases of one objective with a loss: derived, generated with a rule, and verified at so many points."""
    limits = {
        ("derive",): 2.0,
        ("generate", "--rule", "gradient_descent", "-o"): 3.0,
        ("verify", "--rule", "gradient_descent", "--target", "all", "--points", str(points)): 60.0,
    }
    return {
        f"symreg {command} {OBJECTIVE!r}": partial(objective_rows, command, arguments, limit, runs)
        for (command, *arguments), limit in limits.items()
    }


def catalogue_cases(runs: int) -> dict[str, Case]:
    """Return the one case of writing the catalogue, that many times."""
    return {"symreg catalogue": partial(catalogue_rows, runs)}


def verify_cases(
    penalties: tuple[str, ...], rules: tuple[str, ...], points: int, limit: float | None
) -> dict[str, Case]:
    """Return the one case of verifying these penalties with these rules; without a limit nothing is promised."""
    return {"symreg verify": partial(verify_rows, penalties, rules, points, limit)}


def start_rows(rounds: int) -> Iterator[Row]:
    """Yield the rows of `symreg --help` and `symreg derive l2` beside `python -c "import sympy"`."""
    seconds = interleaved(
        {
            "symreg --help": lambda: run("-m", "symreg", "--help"),
            "symreg derive l2": lambda: run("-m", "symreg", "derive", "l2", "--timeout", str(PATIENT)),
            'python -c "import sympy"': lambda: run("-c", "import sympy"),
        },
        rounds,
    )
    yield at_most(2.0, "start", seconds, "symreg derive l2", 'python -c "import sympy"')
    yield within(0.15, "start", "symreg --help", statistics.median(seconds["symreg --help"]))


def objective_rows(command: str, arguments: list[str], limit: float, runs: int) -> Iterator[Row]:
    """Yield the row of a command on the objective: the median of some runs."""
    seconds = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            given = [*arguments, *([folder] if arguments[-1:] == ["-o"] else []), "--timeout", str(PATIENT)]
            seconds.append(timed(lambda given=given: run("-m", "symreg", command, OBJECTIVE, *given)))
    at = f" at {arguments[-1]} points, both targets" if command == "verify" else ""
    yield within(limit, OBJECTIVE, f"symreg {command}{at}", statistics.median(seconds))


def catalogue_rows(runs: int) -> Iterator[Row]:
    """Yield the row of `symreg catalogue` into an empty folder: the median of some runs."""
    seconds = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(
                timed(lambda folder=folder: run("-m", "symreg", "catalogue", "--timeout", str(PATIENT), "-o", folder))
            )
    yield within(60.0, "catalogue", "symreg catalogue, from nothing", statistics.median(seconds))


def verify_rows(penalties: tuple[str, ...], rules: tuple[str, ...], points: int, limit: float | None) -> Iterator[Row]:
    """Yield the row of verifying penalties on both targets, two commands at a time."""
    named = [part for rule in rules for part in ("--rule", rule)]
    results: list[dict[str, object]] = []

    def verify(name: str) -> None:
        command = (
            "-m",
            "symreg",
            "verify",
            name,
            *named,
            "--timeout",
            str(PATIENT),
            "--target",
            "all",
            "--points",
            str(points),
            "--json",
        )
        results.append(json.loads(run(*command, may_fail=True)))

    def verify_all() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(verify, penalties))

    took = timed(verify_all)
    checks = [check for result in results for check in result["checks"]]
    passed = sum(check["verdict"] == "pass" for check in checks)
    subject = f"{len(results)} penalties x {len(rules)} rules, {points:,} points: {passed} of {len(checks)} checks pass"
    yield within(limit, "verify", subject, took)


def within(limit: float | None, group: str, subject: str, seconds: float) -> Row:
    """Return a row on the promise that something takes less than `limit` seconds; None promises nothing."""
    return Row(
        group=group,
        subject=subject,
        measured=shown(seconds),
        figure=seconds,
        promise="" if limit is None else f"< {limit:g} s",
        is_kept=None if limit is None else seconds < limit,
    )


def run(*arguments: str, may_fail: bool = False) -> str:
    """Return what this Python prints when it is started with these arguments, with the symreg that runs here."""
    checkout = str(Path(symreg.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([checkout, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not (may_fail and done.returncode == 1):
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
