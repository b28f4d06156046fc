"""Does the cost of a sum grow with its length? Derives and emits sums of penalties, each in a process of its own.

    python benchmarks/growth.py LENGTH      prints the seconds that one takes

Each has a process of its own because results are kept in a process: a second derivation in it takes a sixtieth.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial

from commands import run
from measure import Case, Row, shown

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import TARGETS, emit
from symreg.updates.assemble import updates

LENGTHS = (1, 10, 100)
QUICK = (1, 4)
LONGEST_SHARE = 1.5


def cases(lengths: tuple[int, ...], rounds: int) -> dict[str, Case]:
    """Return the one case of sums of these lengths, from the shortest to the longest."""
    return {"sums": partial(rows, lengths, rounds)}


def rows(lengths: tuple[int, ...], rounds: int) -> Iterator[Row]:
    """Yield a row per length; of 100 terms, each must cost no more than `LONGEST_SHARE` times one of 10."""
    each: dict[int, float] = {}
    for length in lengths:
        seconds = statistics.median(float(run(__file__, str(length))) for _ in range(rounds))
        each[length] = seconds / length
        share = each[length] / each.get(10, each[lengths[0]])
        is_promised = length == 100
        yield Row(
            group="derive and emit a sum",
            subject=f"{length} terms" if length > 1 else "1 term",
            measured=shown(seconds),
            against=f"{shown(each[length])} a term",
            figure=share,
            promise=f"a term <= {LONGEST_SHARE:g}x one of 10" if is_promised else "",
            is_kept=share <= LONGEST_SHARE if is_promised else None,
        )


def derive_and_emit(length: int) -> None:
    """Derive a sum of that many elementwise penalties of the catalogue and emit it for all targets."""
    objective = resolve(text_of(length))
    rule = resolve_rule("gradient_descent")
    derive(objective, rule)
    functions = updates(objective, (rule,))
    for target in TARGETS:
        emit(objective, functions, target)


def text_of(length: int) -> str:
    """Return a sum of terms that all differ: smooth penalties in turn, each with parameters of its own."""
    smooth = ("l2", "welsch", "cauchy", "log_cosh", "pseudo_huber", "quartic", "geman_mcclure")
    addends = []
    for index in range(length):
        name = smooth[index % len(smooth)]
        renamed = ", ".join(f"{p.name}={p.name}_{index}" for p in catalogue.penalty(name).parameters)
        addends.append(f"{name}({renamed})")
    return " + ".join(addends)


if __name__ == "__main__":
    start = time.process_time()
    derive_and_emit(int(sys.argv[1]))
    print(time.process_time() - start)
