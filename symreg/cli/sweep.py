"""The whole catalogue's output, made in two child processes at a time."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import Empty, SimpleQueue

from symreg.application.worker import Phase, Progress, Worker
from symreg.catalogue import penalties
from symreg.cli.console import Bar

PROCESSES = 2


def catalogue_sources(timeout: float | None, bar: Bar) -> dict[str, str]:
    """Return what `generated/` holds, by path, in the catalogue's order.

    Raises:
        SymregError: As an entry raised it; the others are stopped.
    """
    names = penalties()
    waiting: SimpleQueue[str] = SimpleQueue()
    for name in names:
        waiting.put(name)
    made: dict[str, dict[str, str]] = {}

    def work(child: Worker) -> None:
        while True:
            try:
                name = waiting.get_nowait()
            except Empty:
                return
            made[name] = child.call("write_catalogue_entry", timeout=timeout, name=name)

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
                bar(Progress(len(made), len(names)))
        except BaseException:
            for child in children:
                child.kill()
            raise
    return {path: text for name in names for path, text in made[name].items()}
