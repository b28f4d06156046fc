"""Does the cost of a sum grow with its length? Derives and emits sums of 1, 10 and 100 penalties."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from measure import Row, interleaved, shown

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import TARGETS, emit
from symreg.updates.assemble import updates

LENGTHS = (1, 10, 100)
LONGEST_SHARE = 1.5


def rows(rounds: int) -> Iterator[Row]:
    """Yield a row per length; the promise is that a term of the longest costs no more than one of the middle one."""
    seconds = interleaved({str(length): lambda n=length: derive_and_emit(n) for length in LENGTHS}, rounds)
    each = {length: statistics.median(seconds[str(length)]) / length for length in LENGTHS}
    for length in LENGTHS:
        is_last = length == LENGTHS[-1]
        yield Row(
            group="derive and emit a sum",
            subject=f"{length} terms" if length > 1 else "1 term",
            measured=shown(each[length] * length),
            against=f"{shown(each[length])} a term",
            figure=each[length] / each[LENGTHS[1]],
            promise=f"a term <= {LONGEST_SHARE:g}x one of {LENGTHS[1]}" if is_last else "",
            is_kept=each[length] <= LONGEST_SHARE * each[LENGTHS[1]] if is_last else None,
        )


def derive_and_emit(length: int) -> None:
    """Derive a sum of that many elementwise penalties of the catalogue and emit it for all targets."""
    objective = resolve(text_of(length))
    rule = resolve_rule("gradient_descent")
    derive(objective, rule)
    made = updates(objective, (rule,))
    for target in TARGETS:
        emit(objective, made, target)


def text_of(length: int) -> str:
    """Return a sum of terms that all differ: smooth penalties in turn, each with parameters of its own."""
    smooth = ("l2", "welsch", "cauchy", "log_cosh", "pseudo_huber", "quartic", "geman_mcclure")
    addends = []
    for index in range(length):
        name = smooth[index % len(smooth)]
        renamed = ", ".join(f"{p.name}={p.name}_{index}" for p in catalogue.penalty(name).parameters)
        addends.append(f"{name}({renamed})")
    return " + ".join(addends)
