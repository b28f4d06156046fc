"""Which terms the operator of a rule takes: those with a kink, and those whose domain has an end."""

from __future__ import annotations

import pytest

from symreg.calculus.analysis import analyse
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.proximal.split import split

TAKEN = {
    "box(0, 1)": ["box"],
    "box(l2, -1, 1)": ["box_l2"],
    "nonnegative(l1) + l2": ["nonnegative_l1"],
    "box(l2, -1, 1) + huber": ["box_l2"],
    "group(box(l2, 0, 1))": ["group_box_l2"],
    "group(l2)": [],
    "l2 + log_barrier": [],
}


@pytest.mark.parametrize(("text", "taken"), TAKEN.items())
def test_a_term_on_a_box_goes_to_the_operator(text: str, taken: list[str]) -> None:
    parted = split(analyse(resolve(text).terms), resolve_rule("proximal_gradient"))
    assert [term.name for term in parted.prox.terms] == taken
