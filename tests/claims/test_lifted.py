"""What is proved of penalties over groups and over differences follows from phi, and from nothing else."""

from __future__ import annotations

import pytest

from symreg.application.confront import confront_verdicts
from symreg.calculus.analysis import analyse
from symreg.claims.decide import proofs_of_convexity, properties
from symreg.objectives.resolve import resolve

EXPECTED = {
    ("group(l1)", "convex"): "proved",
    ("group(l1)", "positively homogeneous"): "proved",
    ("group(l2)", "differentiable"): "proved",
    ("group(mcp)", "convex"): "refuted",
    ("group(mcp)", "continuous thresholding"): "conditional",
    ("l1 + group(l1)", "convex"): "proved",
    ("l1 + group(mcp(lam=mu))", "convex"): "refuted",
    ("group(lam*log(1 + w))", "nonnegative"): "proved",
    ("difference(huber)", "convex"): "proved",
    ("difference(huber)", "differentiable"): "proved",
    ("difference(mcp)", "nonnegative"): "proved",
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("text", "claim"), EXPECTED)
def test_claims_follow_from_phi(text: str, claim: str) -> None:
    verdicts = properties(resolve(text))
    assert verdicts[claim].verdict == EXPECTED[text, claim]
    confront_verdicts(verdicts)


def test_constants_say_what_they_are_of() -> None:
    verdicts = properties(resolve("group(mcp)"))
    assert "for groups times the greatest" in verdicts["weakly convex"].note
    assert "for groups with step*" in verdicts["continuous thresholding"].note
    assert any("weights are positive" in note for note in verdicts.notes)


def test_nothing_is_taken_for_convex_because_of_groups() -> None:
    assert proofs_of_convexity(analyse(resolve("group(mcp)").terms)) == ()
