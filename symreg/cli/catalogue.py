"""`symreg catalogue`: what `generated/` holds, made in two child processes at a time."""

from __future__ import annotations

from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click

from symreg.cli import console
from symreg.cli.options import debug, refuse_together, timeout_type
from symreg.cli.outcomes import print_differences

if TYPE_CHECKING:
    from symreg.application.worker import Worker

PROCESSES = 2


@click.command()
@click.option("-o", "output", default="generated", show_default=True, metavar="DIR", help="Output folder.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 naming files that are stale, missing or extra.")
@click.option("--force", is_flag=True, help="Overwrite files that symreg did not write, or that were edited since.")
@click.option(
    "--timeout",
    type=timeout_type,
    metavar="SECONDS",
    default=60.0,
    help="Limit on symbolic work for one penalty.  [default: 60]",
)
@debug
def catalogue(output: str, check: bool, force: bool, timeout: float) -> int:
    """Emit the whole catalogue: NumPy, C and the derivations in LaTeX."""
    from symreg.application import emitted_files

    refuse_together(**{"--check": check, "--force": force})
    if output == "-":
        raise click.UsageError("-o -: the catalogue is written to a folder; name one", click.get_current_context())
    emitted_files.check_folder(output, is_to_be_written=not check)
    with console.Bar() as bar:
        files = catalogue_files(timeout, bar)
    if check:
        return print_differences(output, emitted_files.compare(output, files, is_whole=True))
    paths = emitted_files.write(output, files, force=force, is_whole=True)
    console.tell(f"{len(paths)} files are as the sources give them in {output}")
    return 0


def catalogue_files(timeout: float, bar: console.Bar) -> dict[str, str]:
    """Return what `generated/` holds, by path, in the catalogue's order.

    Raises:
        SymregError: As an entry raised it; the others are stopped.
    """
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    from symreg.application.worker import Phase, Progress, Worker
    from symreg.catalogue import penalties

    names = penalties()
    waiting: SimpleQueue[str] = SimpleQueue()
    for name in names:
        waiting.put(name)
    entries: dict[str, dict[str, str]] = {}

    def work(child: Worker) -> None:
        while True:
            try:
                name = waiting.get_nowait()
            except Empty:
                return
            entries[name] = child.call("write_catalogue_entry", timeout=timeout, name=name)

    bar(Phase("catalogue", is_symbolic=True))
    with ExitStack() as stack:
        children = [stack.enter_context(Worker()) for _ in range(PROCESSES)]
        pool = stack.enter_context(ThreadPoolExecutor(PROCESSES))
        jobs = {pool.submit(work, child) for child in children}
        try:
            while jobs:
                done, jobs = wait(jobs, timeout=0.1, return_when=FIRST_COMPLETED)
                for job in done:
                    job.result()
                bar(Progress(len(entries), len(names)))
        except BaseException:
            for child in children:
                child.kill()
            raise
    return {path: text for name in names for path, text in entries[name].items()}
