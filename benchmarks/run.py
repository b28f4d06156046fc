"""Run the benchmarks and print one table: what was promised, what was measured here, and whether it was kept.

    python benchmarks/run.py [--only NAME]... [--quick] [--seconds N] [--json]

Contenders are timed in turn, A B C A B C, in one process that is bound to one core, by the time that the process has
the core, so that others at work on the machine count as little as can be; a time is the median of 11 or 21 rounds, a
ratio the median of the ratios of single rounds. Commands are timed by the clock on the wall. A promise that is not kept
is reported as it is, with exit code 1.

The symreg that is measured is the one that Python imports, and the table's first lines say which: to measure another
checkout, run its own `benchmarks/run.py` with PYTHONPATH set to it.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from measure import Case, Row
from rich.console import Console
from rich.text import Text

import symreg
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

CHOICES_OF_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""What would have NumPy's products run other code than that for this processor."""

PEERS = ("numpy", "numexpr", "numba", "scipy", "scikit-learn", "skglm", "torch", "jax", "sympy")


QUICK_SECONDS = 70.0
START = time.monotonic()


def steps(quick: bool) -> dict[str, Case]:
    """C steps: l2 with gradient_descent, adamw, lion."""
    import steps

    return steps.cases(1_000_000 if quick else 10_000_000, 5 if quick else 21)


def gradients(quick: bool) -> dict[str, Case]:
    """C gradients with vector math: welsch, cauchy, log_cosh."""
    import gradients

    return gradients.cases(1_000_000 if quick else 10_000_000, 3 if quick else 11)


def proximal(quick: bool) -> dict[str, Case]:
    """C proximal operators; three of them with --quick."""
    import proximal

    cases = proximal.cases(1_000_000 if quick else 10_000_000, 3 if quick else 11)
    return {name: cases[name] for name in proximal.QUICK} if quick else cases


def numpy_target(quick: bool) -> dict[str, Case]:
    """The NumPy target: speed and allocation."""
    import numpy_target

    return numpy_target.cases(1_000_000 if quick else 10_000_000, 5 if quick else 21)


def data(quick: bool) -> dict[str, Case]:
    """Gradients over samples, shape by shape and layout by layout, of both targets; lasso by FISTA; growth."""
    import data

    return data.cases(quick=quick, rounds=3 if quick else 11)


def start(quick: bool) -> dict[str, Case]:
    """Start of the command line."""
    import commands

    return commands.start_cases(3 if quick else 11)


def objective(quick: bool) -> dict[str, Case]:
    """`symreg derive`, `generate` and `verify` of one objective with a loss; at 30 points with --quick."""
    import commands

    return commands.objective_cases(30, 1) if quick else commands.objective_cases(300, 3)


def growth(quick: bool) -> dict[str, Case]:
    """Cost of sums of 1, 10 and 100 terms; of 1 and 4 with --quick."""
    import growth

    return growth.cases(growth.QUICK, 3) if quick else growth.cases(growth.LENGTHS, 3)


def verify(quick: bool) -> dict[str, Case]:
    """`symreg verify` of the whole catalogue, once; of two penalties with --quick."""
    import commands

    from symreg import catalogue
    from symreg.application.tasks.sources import CATALOGUE_RULES

    if quick:
        return commands.verify_cases(("l2", "mcp"), ("gradient_descent",), 50, None)
    return commands.verify_cases(catalogue.penalties(), CATALOGUE_RULES, commands.POINTS, 300.0)


def catalogue(quick: bool) -> dict[str, Case]:
    """`symreg catalogue` from nothing, three times; left out of --quick, as it takes a minute."""
    import commands

    return {} if quick else commands.catalogue_cases(3)


BENCHMARKS: dict[str, Callable[[bool], dict[str, Case]]] = {
    function.__name__: function
    for function in (steps, gradients, proximal, numpy_target, data, start, objective, growth, verify, catalogue)
}
ON_ONE_CORE = ("steps", "gradients", "proximal", "numpy_target", "data")


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="Run this one; may be given again.")
@click.option(
    "--quick",
    is_flag=True,
    help="Smaller arrays, fewer rounds, penalties and points: a check that it all runs, not a measurement. Ends in two "
    "minutes on a busy machine too: what there is no time for is named.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help=f"Begin nothing after so many seconds; {QUICK_SECONDS:g} with --quick, else no limit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all as data, at the end; rows go to stderr.")
def main(only: tuple[str, ...], quick: bool, seconds: float | None, as_json: bool) -> None:
    """Measure every figure that symreg promises, on this machine.

    Each row is printed as soon as it is measured: the median of 11 or 21 rounds of each contender, of 3 with --quick
    (5 for what is fast); only `symreg verify` of the whole catalogue is timed once. The whole takes about half an hour.
    """
    os.environ.update(ONE_THREAD)  # NumPy and the others read these when they are imported: from here on
    for name in CHOICES_OF_KERNELS:
        os.environ.pop(name, None)
    facts = machine()
    out = Printer(console=Console(stderr=as_json, width=150, highlight=False))
    for what, told in facts.items():
        out.console.print(f"[bold]{what}[/]: {told}", soft_wrap=True)
    limit = seconds or (QUICK_SECONDS if quick else math.inf)
    end = START + limit
    rows: list[Row] = []
    names = only or tuple(BENCHMARKS)
    for position, name in enumerate(names):
        # What one benchmark leaves of its share, those after it have.
        share = (end - time.monotonic()) / (len(names) - position)
        rows.extend(out.shown(measured(name, quick, time.monotonic() + share)))
    if as_json:
        data = {"schema_version": 1, "quick": quick, "machine": facts, "rows": [asdict(row) for row in rows]}
        click.echo(json.dumps(data, indent=2))
    missed = [row for row in rows if row.is_kept is False]
    if missed:
        click.echo(f"{len(missed)} of {sum(row.is_kept is not None for row in rows)} promises missed", err=True)
    sys.exit(1 if missed else 0)


def measured(name: str, quick: bool, end: float) -> Iterator[Row]:
    """Yield a benchmark's rows until its time is up; what is left out is a row too, and so is what goes wrong."""
    told, left = BENCHMARKS[name].__doc__ or "", []
    with one_core() if name in ON_ONE_CORE else nullcontext():
        cases = BENCHMARKS[name](quick)
        if not cases:
            yield Row(group=name, subject=told, measured="", figure=math.nan)
        for case, measure in cases.items():
            if time.monotonic() > end:
                left.append(case)
                continue
            try:
                yield from measure()
            except (SymregError, RuntimeError, AssertionError) as error:
                first, *_ = str(error).strip().splitlines() or [type(error).__name__]
                yield Row(
                    group=name, subject=f"{case}: {first}", measured="", figure=math.nan, promise="runs", is_kept=False
                )
    if left:
        yield Row(group=name, subject=f"no time for {', '.join(left)}", measured="", figure=math.nan)


@dataclass(kw_only=True, slots=True)
class Printer:
    """Prints rows as they come, below a line for each group.

    Args:
        console: Where to.
        group: The group of the last row.
    """

    console: Console
    group: str = field(default="", init=False)

    def shown(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield rows, each when it is printed."""
        for row in rows:
            if row.group != self.group:
                self.console.print(Text(row.group, style="bold"))
                self.group = row.group
            figure = "" if math.isnan(row.figure) else f"{row.figure:.2f}"
            line = f"  {row.subject:<32} {row.measured:>12}  {row.against:<36} {figure:>8}  {row.promise:<22} "
            verdict = {True: Text("kept", "green"), False: Text("missed", "red"), None: Text()}[row.is_kept]
            told = Text.assemble(line, verdict)
            told.rstrip()
            self.console.print(told, soft_wrap=True)
            yield row


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    from symreg.targets.loading import c_compiler

    compiler = c_compiler.find_compiler()
    return {
        "symreg": str(Path(symreg.__file__).parent),
        "processor": f"{c_compiler.processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "compiler": compiler.version,
        "flags": shlex.join((*compiler.flags, *compiler.libraries)),
        "products": kernels(),
        "packages": ", ".join(f"{name} {found}" for name in PEERS if (found := installed(name))),
    }


def kernels() -> str:
    """Return the library, and the code in it, with which NumPy multiplies matrices."""
    try:
        import numpy as np  # noqa: F401  the library is there once NumPy is
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown: threadpoolctl tells it"
    libraries = [row for row in threadpool_info() if row["user_api"] == "blas"]
    return ", ".join(f"{b['internal_api']} {b['version']} for {b.get('architecture', '?')}" for b in libraries)


def installed(package: str) -> str | None:
    """Return a package's version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


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
