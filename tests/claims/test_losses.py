"""Claims about losses against what the literature says of them; numbers are confronted as those of penalties are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import symreg
from symreg.application.confront import confront_verdicts
from symreg.claims.composed.losses import curvature_bound, loss_properties, slope_bound
from symreg.claims.verdict import Verdict, Verdicts
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, number
from symreg.verification.claims import Contradicted

NOT_CONVEX = ("cauchy_loss", "focal", "tukey_loss")
BOUNDS = {  # sup |l'|, sup |l''|; None: there is none
    "absolute_error": ("1", None),
    "asymmetric_squared_error": (None, "max(2*tau, 2 - 2*tau)"),
    "binary_cross_entropy": ("1", "1/4"),
    "cauchy_loss": ("c/2", "1"),
    "exponential_loss": (None, None),
    "gamma_loss": (None, None),
    "hinge": ("1", None),
    "huber_loss": ("delta", "1"),
    "log_cosh_loss": ("1", "1"),
    "logistic": ("1", "1/4"),
    "modified_huber": ("4", "2"),
    "poisson": (None, None),
    "probit": (None, "1"),
    "pseudo_huber_loss": ("delta", "1"),
    "quantile": ("max(1 - tau, tau)", None),
    "squared_error": (None, "2"),
    "squared_hinge": (None, "2"),
    "tukey_loss": ("16*c*sqrt(5)/125", "1"),
}
FALLING = ("exponential_loss", "focal", "hinge", "logistic", "modified_huber", "probit", "squared_hinge")


def text(tree: Tree | None) -> str | None:
    return None if tree is None else to_text(tree)


@cache
def verdicts_on(name: str) -> Verdicts:
    return loss_properties(symreg.loss(name))


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", symreg.losses())
def test_what_is_known_of_a_loss_is_proved_and_stands_up_to_numbers(name: str) -> None:
    verdicts = verdicts_on(name)
    confront_verdicts(verdicts)
    assert (verdicts["convex"].verdict == "proved") == (name not in NOT_CONVEX)
    assert verdicts["convex"].verdict != "undecided"
    falls = verdicts["monotone"].note == "phi never rises"
    assert falls == (name in FALLING) and verdicts["monotone"].verdict == ("proved" if falls else "refuted")


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", BOUNDS)
def test_slopes_and_curvatures_have_the_known_bounds(name: str) -> None:
    for bound, known in zip((slope_bound, curvature_bound), BOUNDS[name], strict=True):
        found = bound(symreg.loss(name))
        assert text(found) == known


def test_labels_are_looked_at_one_by_one_where_they_are_few() -> None:
    mine = symreg.loss("mine", "where(y >= 1, 2, 1)*log(1 + exp((1 - 2*y)*z))", label="{0, 1}")
    verdicts = loss_properties(mine)
    confront_verdicts(verdicts)
    assert verdicts["convex"].verdict == "proved" and len(verdicts.parts) == 2
    assert text(verdicts["gradient Lipschitz"].value) == "1/2"
    assert text(curvature_bound(mine)) == "1/2" and text(slope_bound(mine)) == "2"
    turned = loss_properties(symreg.loss("turned", "y*z**2 + z", label="{-1, 0.5, 1}"))
    assert turned["convex"].verdict == "refuted" and turned["convex"].note == "for y = -1"


def test_a_bound_is_over_all_labels_of_an_interval() -> None:
    assert text(curvature_bound(symreg.loss("p", "(1 + y**2)*log(1 + exp(z))", label="[-2, 1]"))) == "5/4"
    assert curvature_bound(symreg.loss("p", "y**2*log(1 + exp(z))")) is None
    assert text(curvature_bound(symreg.loss("p", "c*(z - y)**2/2", c="positive"))) == "c"


@pytest.mark.parametrize(
    ("claim", "true", "wrong"), [("bounded slope", "logistic", "squared_hinge"), ("monotone", "hinge", "squared_error")]
)
def test_a_wrong_verdict_on_a_loss_is_contradicted(claim: str, true: str, wrong: str) -> None:
    verdicts = verdicts_on(true)
    others = verdicts_on(wrong).objective.terms
    with pytest.raises(Contradicted, match=claim):
        confront_verdicts(replace(verdicts, parts=((others, (verdicts[claim],)),)))


@pytest.mark.parametrize(
    ("formula", "is_monotone"),
    [
        ("where(z < y, 1, 0)", None),
        ("where(z < y, 1, z - y)", False),
        ("where(z - y < 0, y - z, 3/2 - (z - y))", False),
        ("where(z == y, 0, 1)", False),
        ("sqrt(abs(z - y))", False),
    ],
)
def test_a_jump_is_steeper_than_any_slope_and_may_turn_back(formula: str, is_monotone: bool | None) -> None:
    verdicts = loss_properties(symreg.loss("mine", formula))
    confront_verdicts(verdicts)
    assert verdicts["bounded slope"].verdict == "refuted"
    assert verdicts["monotone"].verdict == ("undecided" if is_monotone is None else "refuted")


@pytest.mark.parametrize("claim", ["monotone", "bounded slope"])
def test_values_contradict_what_slopes_beside_a_jump_do_not(claim: str) -> None:
    verdicts = loss_properties(symreg.loss("mine", "where(z < y, 1, z - y)"))
    wrong = Verdict(claim=claim, verdict="proved", symbol="G", value=number(1), method="sign table")
    with pytest.raises(Contradicted, match=f"'{claim}' is proved"):
        confront_verdicts(replace(verdicts, parts=((verdicts.objective.terms, (wrong,)),)))


def test_why_nothing_is_decided_is_told_of_the_loss() -> None:
    verdict = loss_properties(symreg.loss("mine", "max(0, abs(z - y) - y/2)", label="[0, 2]"))["convex"]
    assert verdict.verdict == "undecided" and "(z - y)" in verdict.note and "(w" not in verdict.note
