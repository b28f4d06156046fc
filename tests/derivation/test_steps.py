"""Both sides of each step of a derivation are equal."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import mpmath
import pytest
from derivation_points import DIGITS, PENALTIES, chain_of, parameters_of, point_of
from explicit import draw
from tree_values import Values, value

from symreg.calculus.differentiation.step import Step
from symreg.derivation.gradient import derive
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Compare, Item, Tree, children, free_indices, walk
from symreg.language.specs.toml import read_rule
from symreg.model.terms import Terms
from symreg.objectives.resolve import resolve

pytestmark = pytest.mark.usefixtures("digits")

SUMS = (
    "l1 + 2*mcp",
    "huber + l1",
    "l2 + 0.5*l2",
    "elastic_net + first_difference",
    "exclusive_lasso + l_half + tikhonov",
    "lam*where(w > c, (w - c)**2, where(w < -c, (w + c)**2, 0))",
    "lam*max(abs(w) - c, 0)",
    "lam*sum(sum((w[i] - w[k])**2, k), i)",
    "lam*sum(where(w[i+1] > w[i], (w[i+1] - w[i])**2, 0), i)",
    "lam*sum(abs(w[i+1] - w[i])**p, i)/sum(w[i]**2, i)",
    "lam*tan(w/(1 + w**2))*sigmoid(w) - a*atan(w)*tanh(w) + cosh(w)**2/sinh(2 + w**2)",
    "lam*logaddexp(w, -w) + softplus(w)*expm1(-abs(w))",
    "log1p(w**2)*exp(-w) + cos(w)*w",
)
LONG = pytest.param("log1p(w**2)*exp(-w) + cos(w)*sign(w)*w**2", "gradient_descent", marks=pytest.mark.sweep)
WITH_RULES = [(name, "gradient_descent") for name in (*PENALTIES, *SUMS)] + [
    (name, rule) for rule in ("adam", "radam", "nadam", "lion") for name in ("log_sum", "capped_l1", "first_difference")
]


@pytest.mark.one_in(21)
@pytest.mark.parametrize(("objective", "rule"), [*WITH_RULES, LONG])
def test_both_sides_of_every_step_are_equal(objective: str, rule: str) -> None:
    chain, r, n = chain_of(objective, rule), random.Random(objective), 4
    terms = chain.objective.terms
    points = [point_of(terms, n, r) for _ in range(2)]
    own = parameters_of(chain.rule.parameters, r)
    losses = [mpmath.mpf(r.gauss(0, 1)) for _ in range(n)]
    states = {s.name: [draw(r) for _ in range(n)] if s.is_array else draw(r) for s in chain.rule.states}
    temporary = {s.target: draw(r) for s in chain.rule.steps if s.target not in states}
    compared = 0
    for step in chain.steps:
        if is_at_a_knot(step):
            assert step.after in [k.chosen for k in chain.knots if k.is_kink and k.position == step.condition.right]
            continue
        for at in points:
            for j in range(n):
                more = {**own, **temporary, **states, "t": mpmath.mpf(3), "O": both, "L": loss, "R": penalty(terms)}
                given = at.values(j, **more)
                given = Values(mpmath, given.scalars, {**given.arrays, **vectors(states), "g": losses}, given.indices)
                for here in every_index(step, given):
                    if step.condition is None or value(step.condition, here):
                        before, after = value(step.before, here), value(step.after, here)
                        assert agree(before, after, formal=holds_d(step)), (step, at, j, before, after)
                        compared += 1
    assert compared >= 8 * len(chain.update) + 30
    assert chain.steps[-1].after == chain.update[-1][1]


def is_at_a_knot(step: Step) -> bool:
    return isinstance(step.condition, Compare) and step.condition.operator == "=="


def vectors(states: Mapping[str, Any]) -> dict[str, Any]:
    return {name: x for name, x in states.items() if isinstance(x, list)}


def loss(given: Values) -> Any:
    """Return a loss with the gradient `g`."""
    return sum(g * w for g, w in zip(given.arrays["g"], given.arrays["w"], strict=True))


def penalty(terms: Terms) -> Any:
    """Return the penalty as a function of what names stand for, from the terms as they were written."""

    def whole(given: Values) -> Any:
        made = mpmath.mpf(0)
        for term in terms.terms:
            weights = given.arrays["w"] if term.is_elementwise else [None]
            scalars = [{**given.scalars, "w": w} for w in weights]
            parts = [value(term.tree, Values(mpmath, s, given.arrays, given.indices)) for s in scalars]
            made += mpmath.mpf(term.coefficient.numerator) / term.coefficient.denominator * sum(parts)
        return made

    return whole


def both(given: Values) -> Any:
    return loss(given) + given.scalars["R"](given)


def every_index(step: Step, given: Values) -> Iterator[Values]:
    """Yield what is given with each value of the index that is left free by a step under a sum."""
    free = sorted((free_indices(step.before) | free_indices(step.after)) - {"j"})
    places = [given.indices]
    for index in free:
        places = [{**at, index: i} for at in places for i in range(len(given.arrays["w"]))]
    for at in places:
        here = Values(mpmath, given.scalars, given.arrays, at)
        if all(is_in_range(tree, here) for tree in (step.before, step.after)):
            yield here


def is_in_range(tree: Tree, given: Values) -> bool:
    """Do all subscripts that are not bound by a sum or guarded lie in range?"""
    n = len(given.arrays["w"])
    match tree:
        case Item(_, subscripts):
            return all(0 <= given.indices[s.index] + s.shift < n for s in subscripts if s.index in given.indices)
        case Call("where", (Call("in_range", _) as guard, then, otherwise)):
            return is_in_range(then if value(guard, given) else otherwise, given)
    return all(is_in_range(child, given) for child in children(tree))


def holds_d(step: Step) -> bool:
    return any(isinstance(n, Call) and n.function == "d" for tree in (step.before, step.after) for n in walk(tree))


def agree(a: Any, b: Any, formal: bool) -> bool:
    """Are two values equal, to the digits of a difference quotient where a derivative is in them?"""
    digits = DIGITS // 4 if formal else DIGITS // 2
    return bool(abs(a - b) <= mpmath.mpf(10) ** -digits * (1 + abs(a) + abs(b)))


def test_an_index_has_no_parameter_s_name() -> None:
    """A sum over i of i*w_i^2 would be another sum."""
    penalty = next(step for step in chain_of("i*w**2 + abs(w)").steps if step.rule == "penalty")
    assert free_indices(penalty.after) == set() and "sum(i*w[k]**2" in to_text(penalty.after)


def test_a_parameter_is_not_taken_for_the_penalty() -> None:
    """R(w) is the penalty, and j the index of a weight, whatever the parameters are called."""
    chain = chain_of("R*w**2 + R_0*abs(w) + j*w**4")
    assert set(chain.objective.terms.names) == {"R_00", "R_0", "j_0"}
    assert chain.notes[0] == "R_00 is the parameter R, which means something else in a derivation"
    assert to_text(chain.gradient) == "2*R_00*w[j] + R_0*sign(w[j]) + 4*j_0*w[j]**3"


def test_a_rule_s_parameter_is_not_taken_for_the_penalty() -> None:
    """A step with a rate R holds R(w), the penalty, beside it."""
    text = '[rule]\nname = "own"\ntitle = ""\nsteps = ["w = w - R*g"]\n[params.R]\ndefault = 0.1\n'
    chain = derive(resolve("R_0*abs(w)"), read_rule(text, "own.toml"))
    assert [p.name for p in chain.rule.parameters] == ["R_00"]
    assert "R_00 is the parameter R, which means something else in a derivation" in chain.notes
