"""A derivation ends at SymPy's derivative of the penalty, and its update is the rule with that derivative in it.

SymPy differentiates the penalty written out over `w0, w1, ...`, away from kinks: there it is right on every entry.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import pytest
from derivation_points import PENALTIES, Point, chain_of, is_close, parameters_of, point_of, spec
from explicit import draw, explicit
from tree_values import Values, value

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.derivation.model import GradientDerivation
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

pytestmark = pytest.mark.usefixtures("digits")

SIZES = (1, 2, 3, 5)
RULES = ("gradient_descent", "adam", "lion")
"""One without a state, one in which the penalty's gradient goes through the state, one in which it stands apart."""


@pytest.mark.one_in(8)
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


FLAT_AT = {1: ("first_difference", "second_difference", "total_variation", "variance"), 2: ("second_difference",)}
"""Penalties that do not depend on so few weights: every derivative is 0."""


@pytest.mark.one_in(12)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", PENALTIES)
def test_the_update_is_the_rule_with_sympy_s_gradient_in_it(name: str, rule: str) -> None:
    check_update(name, rule, n=3)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("rule", catalogue.rules())
@pytest.mark.parametrize("name", ["elastic_net", "second_difference"])
def test_every_rule_takes_the_gradient_where_it_says(name: str, rule: str) -> None:
    check_update(name, rule, n=4)


WITH_A_KINK = ("elastic_net",)
"""Of the penalties with which every rule is looked at, those that a proximal operator takes."""


def check_update(name: str, rule_name: str, n: int) -> None:
    """Compare a derivation's update with the rule's assignments, run in order on SymPy's gradient; every target too.

    Of a rule that takes the proximal operator of the penalty, some other function stands for the operator.
    """
    file, derivation, r = spec(name), chain_of(name, rule_name), random.Random(f"{name} {rule_name}")
    rule, objective = derivation.rule, derivation.objective
    arrays = {array: len(row["shape"]) for array, row in file.get("arrays", {}).items()}
    gradient = explicit(file["penalty"]["expr"], n, arrays).gradient()
    is_taken = rule.uses_prox and name in WITH_A_KINK
    moves = 0
    for t in range(1, 5):
        at = point_of(objective.terms, n, r)
        moment = Moment(
            at=at,
            t=mpmath.mpf(t),
            own=parameters_of(rule.parameters, r),
            states={s.name: [draw(r) for _ in range(n)] if s.is_array else draw(r) for s in rule.states},
            losses=[mpmath.mpf(r.gauss(0, 1)) for _ in range(n)],
            slopes=[0] * n if is_taken else gradient(at.weights, at.parameters, at.arrays),
            prox=(lambda v, s: v / (1 + s)) if is_taken else (lambda v, s: v),
        )
        for j in range(n):
            right, derived = by_the_rule(rule, moment, j), by_the_derivation(derivation, moment, j)
            for (target, exact), (derived_target, result) in zip(right, derived, strict=True):
                assert derived_target == target
                assert is_close(result, exact, scale=abs(at.weights[j])), (target, j)
                moves += target == "w" and result != at.weights[j]
    assert moves >= 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a step is taken.

    Args:
        at: Weights, and the parameters and arrays of the penalty.
        t: Steps taken, from 1.
        own: The rule's parameters.
        states: The rule's state before the step; a list where it has one number for each weight.
        losses: The loss's gradient.
        slopes: The penalty's gradient; zeros where the proximal operator takes the penalty.
        prox: What stands for the operator.
    """

    at: Point
    t: Any
    own: Mapping[str, Any]
    states: Mapping[str, Any]
    losses: Sequence[Any]
    slopes: Sequence[Any]
    prox: Callable[[Any, Any], Any]


def by_the_rule(rule: Rule, moment: Moment, j: int) -> list[tuple[str, Any]]:
    """Return what each of the rule's assignments gives for weight j, with its target."""
    states = {name: state[j] if isinstance(state, list) else state for name, state in moment.states.items()}
    known = {**moment.own, **states, "prox": moment.prox, "w": moment.at.weights[j], "t": moment.t}
    loss, slope = moment.losses[j], moment.slopes[j]
    known |= {"g_loss": loss, "g_penalty": slope, "g": loss + slope}
    results = []
    for step in rule.steps:
        known[step.target] = value(step.expression, Values(mpmath, known))
        results.append((step.target, known[step.target]))
    return results


def by_the_derivation(derivation: GradientDerivation, moment: Moment, j: int) -> list[tuple[str, Any]]:
    """Return what each line of the derivation's update gives for weight j, with its target."""
    seen = moment.at.values(j)
    own = {**moment.own, **{name: state for name, state in moment.states.items() if not isinstance(state, list)}}
    assert own.keys().isdisjoint(seen.scalars)
    scalars = {**seen.scalars, **own, "prox": moment.prox, "t": moment.t}
    vectors = {**seen.arrays, "g": moment.losses}
    vectors |= {name: list(state) for name, state in moment.states.items() if isinstance(state, list)}
    results = []
    for target, expression in derivation.update:
        result = value(expression, Values(mpmath, scalars, vectors, {"j": j}))
        results.append((target, result))
        if target in vectors:
            vectors[target] = [result if i == j else number for i, number in enumerate(vectors[target])]
        else:
            scalars[target] = result
    return results


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
