"""A derivation ends at SymPy's derivative of the penalty, and its update is the rule with that derivative in it.

SymPy differentiates the penalty written out over `w0, w1, ...`, away from kinks: there it is right on every entry.
"""

from __future__ import annotations

import random

import mpmath
import pytest
from derivation_points import PENALTIES, chain_of, is_close, parameters_of, point_of, spec
from explicit import draw, explicit
from tree_values import Values, value

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.model.terms import told_apart
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

pytestmark = pytest.mark.usefixtures("digits")

SIZES = (1, 2, 3, 5)
RULES = ("gradient_descent", "adam", "lion")
"""One without a state, one in which the penalty's gradient goes through the state, one in which it stands apart."""


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", PENALTIES)
def test_the_gradient_is_sympy_s_of_the_penalty_written_out(name: str, n: int) -> None:
    file, chain, r = spec(name), chain_of(name), random.Random(f"{name} {n}")
    arrays = {array: len(row["shape"]) for array, row in file.get("arrays", {}).items()}
    theirs = explicit(file["penalty"]["expr"], n, arrays).gradient()
    compared = 0
    for _ in range(8):
        at = point_of(chain.objective.terms, n, r)
        for j, wanted in enumerate(theirs(at.weights, at.parameters, at.arrays)):
            made = value(chain.gradient, at.values(j))
            assert is_close(made, wanted), (at, j)
            compared += wanted != 0
    assert compared or name in FLAT_AT.get(n, ())


FLAT_AT = {1: ("first_difference", "second_difference", "variance"), 2: ("second_difference",)}
"""Penalties that do not depend on so few weights: every derivative is 0."""


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", PENALTIES)
def test_the_update_is_the_rule_with_sympy_s_gradient_in_it(name: str, rule: str) -> None:
    check_update(name, rule, n=3)


@pytest.mark.parametrize("rule", catalogue.rules())
@pytest.mark.parametrize("name", ["elastic_net", "second_difference"])
def test_every_rule_takes_the_gradient_where_it_says(name: str, rule: str) -> None:
    check_update(name, rule, n=4)


WITH_A_KINK = ("elastic_net",)
"""Of the penalties with which every rule is looked at, those that a proximal operator takes."""


def check_update(name: str, rule_name: str, n: int) -> None:
    """Compare a chain's update with the rule's assignments, run in order on SymPy's gradient; every target too.

    Of a rule that takes the proximal operator of the penalty, some other function stands for the operator.
    """
    file, chain, r = spec(name), chain_of(name, rule_name), random.Random(f"{name} {rule_name}")
    rule = chain.rule
    terms, renamed = told_apart(chain.objective.terms, rule)
    arrays = {array: len(row["shape"]) for array, row in file.get("arrays", {}).items()}
    theirs = explicit(file["penalty"]["expr"], n, arrays).gradient()
    assert [target for target, _ in chain.update] == [step.target for step in rule.steps]
    is_taken = rule.uses_prox and name in WITH_A_KINK
    prox = {"prox": (lambda v, s: v / (1 + s)) if is_taken else (lambda v, s: v)}
    moved = 0
    for t in range(1, 5):
        at = point_of(chain.objective.terms, n, r)
        own = parameters_of(rule.parameters, r)
        states = {s.name: [draw(r) for _ in range(n)] if s.is_array else draw(r) for s in rule.states}
        losses = [mpmath.mpf(r.gauss(0, 1)) for _ in range(n)]
        slopes = [0] * n if is_taken else theirs(at.weights, at.parameters, at.arrays)
        for j in range(n):
            here = {s.name: states[s.name][j] if s.is_array else states[s.name] for s in rule.states}
            known = {**prox, **own, **here, "w": at.weights[j], "t": mpmath.mpf(t)}
            known |= {"g_loss": losses[j], "g_penalty": slopes[j], "g": losses[j] + slopes[j]}
            seen = at.values(j)
            scalars = {renamed.get(p, p): x for p, x in seen.scalars.items()} | own | prox | {"t": mpmath.mpf(t)}
            scalars |= {s.name: states[s.name] for s in rule.states if not s.is_array}
            vectors = {renamed.get(a, a): x for a, x in seen.arrays.items()} | {"g": losses}
            vectors |= {s.name: list(states[s.name]) for s in rule.states if s.is_array}
            for step, (target, expression) in zip(rule.steps, chain.update, strict=True):
                known[target] = value(step.expression, Values(mpmath, known))
                made = value(expression, Values(mpmath, scalars, vectors, {"j": j}))
                assert is_close(made, known[target], scale=abs(at.weights[j])), (target, j)
                if target in vectors:
                    vectors[target] = [made if i == j else x for i, x in enumerate(vectors[target])]
                else:
                    scalars[target] = made
                moved += target == "w" and made != at.weights[j]
    assert moved >= 4
    assert {p.name for p in terms.parameters}.isdisjoint(p.name for p in rule.parameters)


RULE = """
[rule]
name = "late"
title = "Remember the gradient after the step"
steps = [{steps}]
[state]
m = 0
[params.lr]
domain = "positive"
default = 0.1
"""


@pytest.mark.parametrize(
    ("steps", "is_noted"),
    [
        ('"w = w - lr*m", "m = g"', True),
        ('"w = w - lr*m", "m = g_penalty + m"', True),
        ('"w = w - lr*(m + g)", "m = g_loss"', False),
        ('"m = g", "w = w - lr*m"', False),
    ],
)
def test_a_gradient_used_after_the_weight_has_moved_is_said_to_be_the_old_one(steps: str, is_noted: bool) -> None:
    notes = derive(resolve("l2"), resolve_rule(RULE.format(steps=steps))).notes
    assert any("before the step" in note for note in notes) is is_noted
