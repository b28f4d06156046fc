"""Whatever people type is right or refused: hundreds of objectives, from text to judged code, and plain arithmetic."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from objective_texts import EVERYTHING, REFUSED, Written
from sweeping_tasks import Outcome

from symreg.application.worker import Notice, Worker
from symreg.errors import OutOfTime, SymregError

SECONDS = 120.0
"""For one objective, on a busy machine."""

HARMLESS = ("right", "refused", "not found right", "late")
SAMPLE = EVERYTHING[::300]


@pytest.fixture
def _findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "support")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))


def outcomes(written: tuple[Written, ...], targets: tuple[str, ...]) -> Iterator[tuple[Written, Outcome]]:
    """Yield what becomes of each objective; one that takes too long ends its process, not the sweep."""
    child: Worker | None = None
    for row in written:
        child = child or Worker("sweeping_tasks")
        deadline = time.monotonic() + SECONDS

        def watch(notice: Notice | None, child: Worker = child, deadline: float = deadline) -> None:
            if time.monotonic() > deadline:
                child.kill()

        try:
            given = {"text": row.text, "domain": row.domain, "params": row.params, "targets": targets}
            yield row, child.call("examine", timeout=60, watch=watch, **given)
        except (OutOfTime, SymregError) as error:
            is_late = isinstance(error, OutOfTime) or time.monotonic() > deadline
            yield row, Outcome("late" if is_late else "crash", str(error))
            child = None
    if child is not None:
        with child:
            pass


def _complaints(found: list[tuple[Written, Outcome]]) -> list[str]:
    return [f"{row}: {o.kind}: {o.detail}" for row, o in found if o.kind not in HARMLESS]


@pytest.mark.usefixtures("_findable")
def test_a_sample_of_what_people_type_is_right_or_refused() -> None:
    found = list(outcomes(SAMPLE, ("numpy",)))
    assert not _complaints(found)
    kinds = Counter(o.kind for _, o in found)
    assert kinds["right"] > 0.7 * len(found), kinds
    assert sum(o.compared for _, o in found) > 20 * len(found)


@pytest.mark.sweep
@pytest.mark.usefixtures("_findable")
def test_whatever_people_type_is_right_or_refused() -> None:
    found = list(outcomes(EVERYTHING, ("numpy", "c")))
    for row, o in found:
        if o.kind != "right":
            print(f"{o.kind}: {row}: {o.detail} {o.suspicion}")
    print(Counter(o.kind for _, o in found))
    assert len(found) >= 300
    assert not _complaints(found)
    refused = {row for row, o in found if o.kind == "refused"}
    assert set(REFUSED) <= refused
