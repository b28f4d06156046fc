"""What a function answers to all calls of a check; where it fails, at how many of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, TypeVar

from symreg.verification.cases.calling import CallFailed, Subject
from symreg.verification.checks.evidence import Evidence
from symreg.verification.comparison.failure import Failure
from symreg.verification.comparison.tally import Tally

Case = TypeVar("Case")
Answer = TypeVar("Answer")


def answers(
    tally: Tally,
    subject: Subject,
    evidence: Evidence,
    cases: Sequence[Case],
    call: Callable[[Case], Answer],
    place: Callable[[Case], tuple[Mapping[str, Any], float]],
) -> list[Answer] | None:
    """Return the answer to each call; None if one failed, which is recorded.

    Of somebody's own function all calls are made, and those that fail are counted.

    Args:
        tally: Of the check.
        subject: What is called.
        evidence: Where to look.
        cases: One a call.
        call: Makes it.
        place: Returns where it is, by name, and how instructive it is as a failure; lower is more.
    """
    given: list[Answer] = []
    first: Failure | None = None
    failed = made = 0
    for case in cases:
        made += 1
        try:
            given.append(call(case))
        except CallFailed as error:
            failed += 1
            if first is None:
                at, rank = place(case)
                first = Failure(at=at, note=str(error), rank=rank)
            if subject.is_emitted or evidence.enough < inf:
                break
    if first is None:
        return given
    if not subject.is_emitted and made > 1:
        how_often = "at every call" if failed == made else f"at {failed:,} of {made:,} calls"
        first = Failure(at=first.at, note=f"{first.note}; so {how_often}", rank=first.rank)
    tally.fail(first)
    return None
