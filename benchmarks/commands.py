"""The command line: how long it takes to start, to write the catalogue, and to verify all of it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from measure import Row, at_most, interleaved, shown

from symreg import catalogue
from symreg.application.command_tasks import CATALOGUE_RULES

POINTS = 2000


def start_rows(rounds: int) -> Iterator[Row]:
    """Yield the rows of `symreg --help` and `symreg derive l2` beside `python -c "import sympy"`."""
    seconds = interleaved(
        {
            "symreg --help": lambda: run("-m", "symreg", "--help"),
            "symreg derive l2": lambda: run("-m", "symreg", "derive", "l2"),
            'python -c "import sympy"': lambda: run("-c", "import sympy"),
        },
        rounds,
    )
    yield at_most(2.0, "start", seconds, "symreg derive l2", 'python -c "import sympy"')
    yield within(0.15, "start", "symreg --help", statistics.median(seconds["symreg --help"]))


def catalogue_rows() -> Iterator[Row]:
    """Yield the row of `symreg catalogue` into an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        took = timed(lambda: run("-m", "symreg", "catalogue", "-o", folder))
    yield within(60.0, "catalogue", "symreg catalogue, from nothing", took)


def verify_rows(points: int) -> Iterator[Row]:
    """Yield the row of verifying every penalty with the committed rules on both targets, two commands at a time."""
    rules = [part for rule in CATALOGUE_RULES for part in ("--rule", rule)]
    results: list[dict[str, object]] = []

    def verify(name: str) -> None:
        command = ("-m", "symreg", "verify", name, *rules, "--target", "all", "--points", str(points), "--json")
        results.append(json.loads(run(*command, may_fail=True)))

    def verify_all() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(verify, catalogue.penalties()))

    took = timed(verify_all)
    checks = [check for result in results for check in result["checks"]]
    passed = sum(check["verdict"] == "pass" for check in checks)
    subject = f"verify {len(results)} penalties x {len(CATALOGUE_RULES)} rules, {points:,} points"
    row = within(300.0, "verify", f"{subject}: {passed} of {len(checks)} checks pass", took)
    yield row


def within(limit: float, group: str, subject: str, seconds: float) -> Row:
    """Return a row on the promise that something takes less than `limit` seconds."""
    return Row(
        group=group,
        subject=subject,
        measured=shown(seconds),
        figure=seconds,
        promise=f"< {limit:g} s",
        is_kept=seconds < limit,
    )


def run(*arguments: str, may_fail: bool = False) -> str:
    """Return what this Python prints when it is started with these arguments."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0 and not (may_fail and done.returncode == 1):
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
