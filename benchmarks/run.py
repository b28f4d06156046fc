"""Run the benchmarks and print one table: what was promised, what was measured here, and whether it was kept.

    python benchmarks/run.py [--only NAME]... [--quick] [--json]

Contenders are timed in turn, A B C A B C, in one process that is bound to one core, by the time that the process has
the core, so that others at work on the machine count as little as can be; a ratio is the median of the ratios of single
rounds. Commands are timed by the clock on the wall. A promise that is not kept is reported as it is, with exit code 1.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import click
from measure import Row
from rich.console import Console
from rich.table import Table

from symreg.errors import SymregError

ONE_THREAD = {
    **dict.fromkeys(
        (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "NUMEXPR_NUM_THREADS",
            "NUMEXPR_MAX_THREADS",
            "NUMBA_NUM_THREADS",
        ),
        "1",
    ),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}

PEERS = ("numpy", "numexpr", "numba", "skglm", "torch", "jax", "sympy")


def steps(quick: bool) -> Iterator[Row]:
    """C steps: l2 with gradient_descent, adamw, lion."""
    import steps

    with one_core():
        yield from steps.rows(1_000_000 if quick else 10_000_000, 5 if quick else 21)


def gradients(quick: bool) -> Iterator[Row]:
    """C gradients with vector math: welsch, cauchy, log_cosh."""
    with one_core():
        import gradients

        yield from gradients.rows(1_000_000 if quick else 10_000_000, 3 if quick else 11)


def proximal(quick: bool) -> Iterator[Row]:
    """C proximal operators."""
    with one_core():
        import proximal

        yield from proximal.rows(1_000_000 if quick else 10_000_000, 3 if quick else 11)


def numpy_target(quick: bool) -> Iterator[Row]:
    """The NumPy target: speed and allocation."""
    import numpy_target

    with one_core():
        yield from numpy_target.rows(1_000_000 if quick else 10_000_000, 5 if quick else 21)


def start(quick: bool) -> Iterator[Row]:
    """Start of the command line."""
    import commands

    yield from commands.start_rows(3 if quick else 11)


def growth(quick: bool) -> Iterator[Row]:
    """Cost of sums of 1, 10 and 100 terms."""
    import growth

    yield from growth.rows(1 if quick else 3)


def catalogue(quick: bool) -> Iterator[Row]:
    """`symreg catalogue` from nothing."""
    import commands

    yield from commands.catalogue_rows()


def verify(quick: bool) -> Iterator[Row]:
    """`symreg verify` of the whole catalogue."""
    import commands

    yield from commands.verify_rows(50 if quick else commands.POINTS)


BENCHMARKS: dict[str, Callable[[bool], Iterator[Row]]] = {
    function.__name__: function
    for function in (steps, gradients, proximal, numpy_target, start, growth, catalogue, verify)
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="Run this one; may be given again.")
@click.option("--quick", is_flag=True, help="Smaller arrays, fewer rounds and points: a check that it all runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows and the machine as data.")
def main(only: tuple[str, ...], quick: bool, as_json: bool) -> None:
    """Measure every figure that symreg promises, on this machine."""
    os.environ.update(ONE_THREAD)  # NumPy and the others read these when they are imported: from here on
    console, errors = Console(), Console(stderr=True)
    rows: list[Row] = []
    for name in only or BENCHMARKS:
        with errors.status(f"{name}: {BENCHMARKS[name].__doc__}"):
            rows.extend(measured(name, quick))
    facts = machine()
    if as_json:
        data = {"schema_version": 1, "quick": quick, "machine": facts, "rows": [asdict(row) for row in rows]}
        click.echo(json.dumps(data, indent=2))
    else:
        for what, told in facts.items():
            console.print(f"[bold]{what}[/]: {told}", highlight=False)
        console.print(table(rows))
    missed = [row for row in rows if row.is_kept is False]
    if missed:
        errors.print(f"{len(missed)} of {sum(row.is_kept is not None for row in rows)} promises missed")
    sys.exit(1 if missed else 0)


def measured(name: str, quick: bool) -> Iterator[Row]:
    """Yield a benchmark's rows; what goes wrong is a row too, so that the others are still run."""
    try:
        yield from BENCHMARKS[name](quick)
    except (SymregError, RuntimeError, AssertionError) as error:
        told = str(error).strip().splitlines() or [type(error).__name__]
        yield Row(group=name, subject=told[0], measured="", figure=math.nan, promise="runs", is_kept=False)


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    from symreg.targets.loading import c_compiler

    compiler = c_compiler.find_compiler()
    return {
        "processor": f"{c_compiler.processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "compiler": compiler.version,
        "flags": shlex.join((*compiler.flags, *compiler.libraries)),
        "packages": ", ".join(f"{name} {found}" for name in PEERS if (found := installed(name))),
    }


def installed(package: str) -> str | None:
    """Return a package's version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def table(rows: list[Row]) -> Table:
    """Return the rows as a table."""
    made = Table("", "what", "took", "against", "figure", "promise", "", box=None, pad_edge=False)
    group = None
    for row in rows:
        verdict = {True: "[green]kept[/]", False: "[red]missed[/]", None: ""}[row.is_kept]
        first = "" if row.group == group else row.group
        made.add_row(first, row.subject, row.measured, row.against, f"{row.figure:.2f}", row.promise, verdict)
        group = row.group
    return made


@contextmanager
def one_core() -> Iterator[None]:
    """Bind this process, and the threads that it starts from now on, to one core where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


if __name__ == "__main__":
    main()
