"""Bounds on the step follow from the update, and hold exactly where the weight keeps its sign and shrinks."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import mpmath
import pytest
from derivation_points import ELEMENTWISE, chain_of, is_close, parameters_of
from explicit import draw
from tree_values import Values, value

from symreg import catalogue
from symreg.derivation.model import GradientDerivation
from symreg.expressions.text import to_text
from symreg.objectives.rules import resolve_rule

pytestmark = pytest.mark.usefixtures("digits")

LINEAR = {
    "l2": ("lam*lr <= 1/2", "lam*lr < 1"),
    "3*lam*w**2": ("lam*lr <= 1/6", "lam*lr < 1/3"),
    "3*tau*w**2": ("lr*tau <= 1/6", "lr*tau < 1/3"),
    "l2 + 0.5*l2": ("lam*lr <= 1/3", "lam*lr < 2/3"),
    "0.25*l2(lam=mu)": ("lr*mu <= 2", "lr*mu < 4"),
    "lam*w**2/2 + mu*w**2/2": ("lr*(lam + mu) <= 1", "lr*(lam + mu) < 2"),
    "lam*w**2/(2*c)": ("lam*lr/c <= 1", "lam*lr/c < 2"),
    "lam*abs(w)**2": ("lam*lr <= 1/2", "lam*lr < 1"),
}


@pytest.mark.parametrize("text", LINEAR)
def test_bounds_on_the_step_follow_from_the_update(text: str) -> None:
    chain = chain_of(text)
    assert [to_text(bound.condition) for bound in chain.bounds] == list(LINEAR[text])
    assert [bound.claim for bound in chain.bounds] == ["no overshoot", "contraction"]


@pytest.mark.parametrize("text", [*ELEMENTWISE, *(text for text in LINEAR if text not in ELEMENTWISE)])
def test_bounds_hold_exactly_where_the_weight_keeps_its_sign_and_shrinks(text: str) -> None:
    """Of an update that is not linear: within the bound for every weight, beyond it not for all of them."""
    chain, r = chain_of(text), random.Random(text)
    parameters = [*chain.objective.terms.parameters, *chain.rule.parameters]
    seen = set()
    is_linear = True
    for _ in range(100):
        drawn = parameters_of(parameters, r)
        is_positive = any(term.domain.low == 0 for term in chain.objective.terms.terms)
        w = draw(r) if is_positive else draw(r) * r.choice((-1, 1))
        after = moved(chain, w, drawn)
        factor = 2 if is_positive else -2
        is_linear &= is_close(moved(chain, factor * w, drawn), factor * after)
        truths = {"no overshoot": after * w >= 0, "contraction": abs(after) < abs(w) or after == w}
        for bound in chain.bounds:
            is_within = value(bound.condition, Values(mpmath, drawn))
            assert truths[bound.claim] or not is_within, (bound, drawn)
            seen.add((bound.claim, is_within, truths[bound.claim]))
    assert chain.bounds or not is_linear
    if is_linear:
        assert seen == {(claim, truth, truth) for claim in ("no overshoot", "contraction") for truth in (True, False)}
    elif chain.bounds:
        assert {(is_within, truth) for _, is_within, truth in seen} >= {(True, True), (False, False)}


BENT = {
    "huber": ("lr <= 1/lam", "lr < 2/lam"),
    "cauchy": ("lr <= c**2/(2*lam)", "lr <= c**2/lam"),
    "entropy": ("lr <= 1/lam",),
    "l1": (),
    "double_well": (),
}


@pytest.mark.parametrize("text", BENT)
def test_bounds_on_the_step_of_what_is_no_square(text: str) -> None:
    assert tuple(to_text(bound.condition) for bound in chain_of(text).bounds) == BENT[text]


def moved(chain: GradientDerivation, w: Any, parameters: Mapping[str, Any]) -> Any:
    """Return a weight after a step on the penalty alone."""
    ((_, expression),) = chain.update
    return value(expression, Values(mpmath, parameters, {"w": [w], "g": [mpmath.mpf(0)]}, {"j": 0}))


def test_no_bound_is_claimed_for_a_rule_that_remembers() -> None:
    with_state = [rule for rule in catalogue.rules() if resolve_rule(rule).states]
    assert set(catalogue.rules()) - set(with_state) == {"gradient_descent", "proximal_gradient"}
    assert [chain_of("l2", rule).bounds for rule in with_state] == [()] * len(with_state)


@pytest.mark.parametrize(
    ("text", "factor"), [("l2", "2*lam*lr"), ("3*lam*w**2", "6*lam*lr"), ("l2 + 0.5*l2", "3*lam*lr")]
)
def test_the_update_of_a_square_is_weight_decay(text: str, factor: str) -> None:
    ((_, update),) = chain_of(text).update
    assert to_text(update) == f"(1 - {factor})*w[j] - lr*g[j]"
