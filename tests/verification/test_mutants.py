"""The judge is judged: mutants of what is emitted, from the whole catalogue, are all caught.

A mutant is an update with one mistake, emitted and loaded as any other. Those that are no mistake, because nothing or
next to nothing changes, are listed with a reason.
"""

from __future__ import annotations

import itertools

import pytest
from judged_mutants import (
    CASES,
    IDS,
    NO_MISTAKE,
    OF_PENALTY,
    OF_RULE,
    POINTS,
    SWEEP_POINTS,
    chosen,
    excuse,
    pool,
    survivors,
    viable,
)
from mutants import Mutant

from symreg import catalogue

pytestmark = pytest.mark.usefixtures("remembered")


SAMPLED = 143  # mutants of trees that every run looks at, in float64


def sample(penalty: str, rule: str) -> list[tuple[str, Mutant]]:
    return chosen(pool(penalty, rule), OF_RULE if rule else OF_PENALTY)


@pytest.mark.one_in(60)
@pytest.mark.parametrize(("penalty", "rule"), CASES, ids=IDS)
def test_mutants_are_caught(penalty: str, rule: str) -> None:
    found = sample(penalty, rule)
    passed, count = survivors(penalty, rule, found, "float64", POINTS)
    assert not passed
    assert count == len(found)


@pytest.mark.sweep
def test_that_many_mutants_are_judged() -> None:
    found = [one for penalty, rule in CASES for one in sample(penalty, rule)]
    assert len(found) == SAMPLED
    assert len({(of, mutant.kind, mutant.text) for of, mutant in found}) == SAMPLED
    kinds = {mutant.kind for _, mutant in found}
    assert kinds >= {"factor", "drop", "sign", "branch", "guard", "index", "kink", "late", "name", "order", "skip"}


@pytest.mark.one_in(18)
@pytest.mark.parametrize("penalty", catalogue.penalties())
def test_mutants_in_single_precision_are_caught(penalty: str) -> None:
    # The whole gradient, as no factor on a part of it is sure to matter that much.
    factors = ((of, m) for of, m in pool(penalty, "", "float32") if of.endswith("gradient") and m.kind == "factor")
    found = itertools.islice(viable(factors), 1)
    passed, count = survivors(penalty, "", found, "float32", POINTS)
    assert (passed, count) == ([], 1)


THROUGH_C = {
    ("mcp", ""): 4,
    ("first_difference", ""): 3,
    ("huber", "adam"): 3,
    ("huber", "lion"): 2,
}


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("penalty", "rule"), THROUGH_C)
def test_mutants_are_caught_through_c(penalty: str, rule: str) -> None:
    found = chosen([(of, m) for of, m in pool(penalty, rule) if m.kind != "index"], THROUGH_C[penalty, rule])
    passed, count = survivors(penalty, rule, found, "float64", POINTS, "c")
    assert (passed, count) == ([], THROUGH_C[penalty, rule])


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("penalty", "rule"), [("huber", ""), ("variance", ""), ("huber", "yogi")])
def test_what_is_no_mistake_passes(penalty: str, rule: str) -> None:
    excused = list(viable((of, m) for of, m in pool(penalty, rule) if excuse(of, m) is not None))
    passed, count = survivors(penalty, rule, excused, "float64", POINTS)
    assert passed == excused
    assert count == len(excused) >= 1


@pytest.mark.sweep
@pytest.mark.parametrize(("penalty", "rule"), CASES, ids=IDS)
def test_exactly_the_mistakes_are_caught(penalty: str, rule: str) -> None:
    found = list(viable(pool(penalty, rule)))
    passed, count = survivors(penalty, rule, found, "float64", POINTS)
    passed, _ = survivors(penalty, rule, passed, "float64", SWEEP_POINTS)
    excused = [(of, m) for of, m in found if excuse(of, m) is not None]
    assert [(of, m.kind, m.text) for of, m in passed] == [(of, m.kind, m.text) for of, m in excused]
    assert count > 10


@pytest.mark.sweep
def test_every_excuse_is_in_use() -> None:
    used = {excuse(of, m) for penalty, rule in CASES for of, m in viable(pool(penalty, rule))}
    assert used - {None} == set(NO_MISTAKE)
