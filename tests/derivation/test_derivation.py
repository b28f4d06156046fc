"""Derivations are right: each step is an equality, the last one is SymPy's derivative, and the conclusions follow.

SymPy differentiates the penalty written out over `w0, w1, ...`, away from kinks: there it is right on every entry.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import mpmath
import pytest
from explicit import draw, explicit
from tree_values import Values, value

from symreg import catalogue
from symreg.calculus.differentiation.step import Step
from symreg.derivation.gradient import derive
from symreg.derivation.model import Chain, Direction
from symreg.errors import NotDifferentiable
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Compare, Item, Tree, children, free_indices, walk
from symreg.model.interval import Interval, parse_interval
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Terms, told_apart
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

PENALTIES = catalogue.penalties()
ELEMENTWISE = [name for name in PENALTIES if not resolve(name).terms.indexed]
DIGITS = 60
SIZES = (1, 2, 3, 5)
RULES = ("gradient_descent", "adam", "lion")
"""One without a state, one in which the penalty's gradient goes through the state, one in which it stands apart."""


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


@cache
def chain_of(objective: str, rule: str = "gradient_descent") -> Chain:
    return derive(resolve(objective), resolve_rule(rule))


@cache
def spec(name: str) -> dict[str, Any]:
    """Return a penalty's file as it is written."""
    return tomllib.loads((files("symreg.catalogue") / "penalties" / f"{name}.toml").read_text())


@dataclass(frozen=True)
class Point:
    """Weights, and what every other name stands for."""

    weights: Sequence[Any]
    parameters: Mapping[str, Any]
    arrays: Mapping[str, Any]

    def values(self, j: int, **more: Any) -> Values:
        arrays = {"w": self.weights, **self.arrays}
        return Values(mpmath, {**self.parameters, "n": mpmath.mpf(len(self.weights)), **more}, arrays, {"j": j})


def parameters_of(declared: Iterable[Parameter], r: random.Random) -> dict[str, Any]:
    """Return values inside the domains, spread over magnitudes from the near end."""
    return {p.name: inside(p.domain, draw(r, -1.5, 1), r) for p in declared}


def inside(domain: Interval, size: Any, r: random.Random) -> Any:
    """Return a number that is so far from an end of a domain; between two ends any number, without ends of any sign."""
    low, high = (
        None if end is None else mpmath.mpf(end.numerator) / end.denominator for end in (domain.low, domain.high)
    )
    if low is not None and high is not None:
        return low + (high - low) * mpmath.mpf(r.uniform(0.01, 0.99))
    if low is not None:
        return low + size
    return high - size if high is not None else size * r.choice((-1, 1))


def point_of(terms: Terms, n: int, r: random.Random) -> Point:
    is_positive = any(term.domain.low == 0 for term in terms.terms)
    weights = [draw(r) * (1 if is_positive else r.choice((-1, 1))) for _ in range(n)]
    arrays = {a.name: [[mpmath.mpf(r.gauss(0, 1)) for _ in range(n)] for _ in range(n)] for a in terms.arrays}
    return Point(weights, parameters_of(terms.parameters, r), arrays)


def is_close(a: Any, b: Any, scale: Any = 0) -> bool:
    return bool(abs(a - b) <= mpmath.mpf(10) ** (-DIGITS // 2) * (abs(a) + abs(b) + scale) or a == b)


# The last step


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


# Each step


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


@pytest.mark.parametrize(("objective", "rule"), [*WITH_RULES, LONG])
def test_both_sides_of_every_step_are_equal(objective: str, rule: str) -> None:
    chain, r, n = chain_of(objective, rule), random.Random(objective), 4
    terms, _ = told_apart(chain.objective.terms, chain.rule)
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


# What the update does to a weight


def objective(text: str, **domains: str) -> Objective:
    """Return an objective whose parameters have the domains given; the others are as the text has them."""
    return resolve(
        text, parameters=[Parameter(name=p, domain=parse_interval(d), default=1.0) for p, d in domains.items()]
    )


CURVED: dict[str, dict[str, str]] = {
    "l1 + 2*mcp": {},
    "huber + l1": {},
    "huber + mcp + scad": {},
    "capped_l1 + 0.1*l2": {},
    "lam*max(abs(w) - c, 0)": {},
    "lam*max(abs(w) - c, 0)**2": {"c": "[0, inf)"},
    "lam*(w - c)**2": {"c": "real"},
    "lam*(w - c)**4 + 1": {"c": "(-inf, 0)"},
    "lam*(w - c)**2/2": {"c": "(-1, 2)"},
    "abs(w - 10)**3": {},
    "abs(w - 10)*(w - 10)": {},
    "abs(w - 10)**3 + abs(w)": {},
    "where(w < c, (w - c)**2, 2*(w - c)**2)": {"c": "real"},
    "where(w == c, 0, (w - c)**2 - c*w + c**2)": {},
    "lam*where(w > c, (w - c)**2, where(w < -c, (w + c)**2, 0))": {},
    "lam*(w**2 - a**2)**2": {},
    "lam*w*log(w**2)/2": {},
    "exp(w) - 2*w": {},
    "lam*abs(w)/(c + abs(w)) - mu*w**2": {},
    "lam*log(cosh(w - 1))": {},
    "lam*w**3": {},
    "sign(w)*w**2": {},
    "lam*abs(w)*w - mu*w": {},
    "lam*w**2*(w - 1)": {},
    "lam*(exp(-w) + w)": {},
    "sqrt(1 + (w - c)**2)": {},
    "a*w**2/(1 + w)": {},
}
TAKES_BOTH = {
    "sine_squared": "periodic: the sign of the derivative changes without end",
    "lam*abs(w)/(c + abs(w)) - mu*w**2": "the zero is a root of a cubic",
}
NOT_DECIDED = {
    "lam*(w - c)**2": "c may have either sign",
    "lam*(w - c)**2/2": "c may have either sign",
    "where(w < c, (w - c)**2, 2*(w - c)**2)": "c may have either sign",
}


@cache
def derived(text: str) -> Chain:
    """Return the derivation of a text whose parameters have the domains that the tables give them."""
    return derive(objective(text, **KNOTTED.get(text, {})), resolve_rule("gradient_descent"))


ALLOWED = {
    "negative": {-1}, "nonpositive": {-1, 0}, "zero": {0}, "nonnegative": {0, 1}, "positive": {1}, "both": {-1, 0, 1},
    "undecided": {-1, 0, 1},
}  # fmt: skip


@pytest.mark.parametrize("text", [*ELEMENTWISE, *CURVED])
def test_directions_are_the_signs_of_the_derivative(text: str) -> None:
    chain, r = derived(text), random.Random(text)
    made, directions = chain.objective, chain.directions
    seen: dict[int, set[int]] = {i: set() for i in range(len(directions))}
    with mpmath.workdps(400):
        for _ in range(6):
            parameters = {p.name: within(p.domain, r) for p in made.terms.parameters}
            for w in weights_beside(directions, made.terms, parameters, r):
                (i,) = (i for i, d in enumerate(directions) if is_on(d, w, parameters))
                seen[i].add(int(mpmath.sign(slope_of(made.terms, w, parameters))))
    for direction, signs in zip(directions, seen.values(), strict=True):
        assert signs and signs <= ALLOWED[direction.sign], direction
        assert direction.sign != "both" or signs >= {-1, 1}, direction
    assert any(d.sign == "both" for d in directions) is (text in TAKES_BOTH)
    assert any(d.sign == "undecided" for d in directions) is (text in NOT_DECIDED)


def within(domain: Interval, r: random.Random) -> Any:
    """Return a number inside a domain, of moderate size: no exponential of it vanishes to the digits in force."""
    return inside(domain, draw(r, -0.5, 0.7), r)


def weights_beside(
    directions: Sequence[Direction], terms: Terms, parameters: Mapping[str, Any], r: random.Random
) -> list[Any]:
    """Return weights of the domain on both sides: of all sizes, and close to where a direction ends."""
    magnitudes = [draw(r, -2, 0.8) for _ in range(6)]
    for direction in directions:
        nodes = walk(direction.where) if direction.where is not None else ()
        ends = [value(n.right, Values(mpmath, parameters)) for n in nodes if isinstance(n, Compare)]
        magnitudes += [end * (1 + side * mpmath.mpf(10) ** -6) for end in ends for side in (-1, 1)]
    is_positive = any(term.domain.low == 0 for term in terms.terms)
    return [side * m for m in magnitudes for side in ((1,) if is_positive else (-1, 1))]


def is_on(direction: Direction, w: Any, parameters: Mapping[str, Any]) -> bool:
    is_side = (w > 0) == (direction.side == "positive")
    return is_side and (direction.where is None or value(direction.where, Values(mpmath, {**parameters, "w": w})))


def phi(terms: Terms, w: Any, parameters: Mapping[str, Any]) -> Any:
    given = Values(mpmath, {**parameters, "w": w})
    return sum(
        mpmath.mpf(t.coefficient.numerator) / t.coefficient.denominator * value(t.tree, given) for t in terms.terms
    )


def slope_of(terms: Terms, w: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the central difference quotient of phi at a weight, a quarter of the digits wide."""
    width = abs(w) * mpmath.mpf(10) ** (-mpmath.mp.dps // 4)
    return (phi(terms, w + width, parameters) - phi(terms, w - width, parameters)) / (2 * width)


# Bounds on the step


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


def moved(chain: Chain, w: Any, parameters: Mapping[str, Any]) -> Any:
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


# Knots


KNOTTED: dict[str, dict[str, str]] = {
    **CURVED,
    "huber + 0.5*huber(delta=d)": {},
    "l1 + nonnegativity": {},
    "l1 + l_half": {},
    "l1 + 0.25*lp + berhu": {},
    "capped_l1 + l1(lam=mu)": {},
    "lam*min(abs(w + c), abs(w), abs(w - c))": {},
    "abs(abs(w) - c)": {},
    "abs(abs(abs(w) - 3*a) - a)": {},
    "min(abs(w), abs(w - c), 1)": {},
    "max(w, 0) - a*min(w, 0)": {},
    "lam*max(a*w, (a - 1)*w)": {"a": "[0, 1]"},
    "abs(w**2 - c)": {"c": "real"},
    "abs(w) - 2*max(w - c, 0) + abs(w + c)/3": {},
    "where(w > a, abs(w - a), where(w < -b, 2*abs(w + b), 0))": {},
    "where(0 < w and w <= c, w, where(w > c, c + (w - c)**2, 0))": {},
    "where(w < a or w > b, abs(w - a)*abs(w - b), 0)": {"a": "(-inf, 0)", "b": "positive"},
    "abs(w)*(1 + a*sign(w))": {"a": "(-1, 1)"},
    "abs(exp(w) - c)": {},
    "max(log(1 + abs(w)/c) - 1, 0)": {},
    "abs(w)**p": {"p": "(0, 3)"},
    "lam*abs(w)**p": {},
    "c*abs(w)": {"c": "real"},
    "sqrt(abs(w - c)) + abs(w)": {},
    "where(w > 0, a*w, b*w)": {"a": "real", "b": "real"},
    "where(w > c, 2*w, w + c) + w": {"c": "real"},
    "abs(w) + where(w <= c, w**2, c**2)": {"c": "real"},
    "abs(tanh(w) - c)": {"c": "(-1, 1)"},
    "max(abs(w) - c, abs(w)/2)": {"c": "[0, inf)"},
}


@pytest.mark.parametrize("text", [*ELEMENTWISE, *KNOTTED])
def test_knots_are_where_the_one_sided_derivatives_are_what_is_said(text: str) -> None:
    chain, r = derived(text), random.Random(text)
    made = chain.objective
    kinked: set[int] = set()
    with mpmath.workdps(220):
        for _ in range(6):
            parameters = {p.name: within(p.domain, r) for p in made.terms.parameters}
            given = Values(mpmath, parameters)
            places: list[Any] = []
            for i, knot in enumerate(chain.knots):
                position = real(knot.position, given)
                if position is None:
                    continue
                places.append(position)
                sides = [one_sided(made.terms, position, parameters, side) for side in (-1, 1)]
                for told, found in zip((knot.left, knot.right), sides, strict=True):
                    assert is_same(value(told, given), found), (knot, parameters, found)
                chosen = value(knot.chosen, given)
                assert is_same(chosen, choice(*sides)), (knot, parameters, sides)
                at_knot = Values(mpmath, {**parameters}, {"w": [position]}, {"j": 0})
                assert is_same(value(chain.gradient, at_knot), choice(*sides)), (knot, parameters)
                kinked |= {i} if not is_same(*sides) else set()
            for candidate in switched(made.terms, parameters):
                is_told = any(abs(candidate - place) < mpmath.mpf(10) ** -50 for place in places)
                sides = [one_sided(made.terms, candidate, parameters, side) for side in (-1, 1)]
                assert is_told or is_same(*sides), (candidate, parameters)
    assert kinked == {i for i, knot in enumerate(chain.knots) if knot.is_kink}


def real(tree: Tree, given: Values) -> Any:
    """Return a value if it is a real number, else None."""
    try:
        made = value(tree, given)
    except (ValueError, ZeroDivisionError):
        return None
    return None if isinstance(made, mpmath.mpc) or not mpmath.isfinite(made) else made


def choice(left: Any, right: Any) -> Any:
    """Return 0 if it lies between two slopes, else the one of smaller magnitude."""
    return mpmath.mpf(0) if left * right <= 0 else min(left, right, key=abs)


def is_same(left: Any, right: Any) -> bool:
    if mpmath.isinf(left) or mpmath.isinf(right):
        return bool(left == right)
    return bool(abs(left - right) <= mpmath.mpf(10) ** -30 * (1 + abs(left)))


def one_sided(terms: Terms, w: Any, parameters: Mapping[str, Any], side: int) -> Any:
    """Return phi's derivative from one side: what difference quotients tend to, which may be an infinity.

    As the width falls from 10**-35 to 10**-70 and 10**-105, a quotient closes in on a finite limit a by the same
    factor each time, a + c*q and a + c*q**2, be it slowly as for abs(w)**1.01; or it grows by one.
    """
    here, quotients = phi(terms, w, parameters), []
    for digits in (35, 70, 105):
        width = side * (abs(w) or 1) * mpmath.mpf(10) ** -digits
        quotients.append((phi(terms, w + width, parameters) - here) / width)
    first, second = quotients[1] - quotients[0], quotients[2] - quotients[1]
    if abs(second) <= mpmath.mpf(10) ** -50 * (1 + abs(quotients[2])):
        return quotients[2]
    if abs(second) > abs(first):
        return mpmath.sign(quotients[2]) * mpmath.inf
    return quotients[2] + second * second / (first - second)


def switched(terms: Terms, parameters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield weights at which something that a formula switches on changes its sign, found by bisection."""
    grid = [side * mpmath.mpf(10) ** (mpmath.mpf(k) / 10) for side in (-1, 1) for k in range(-25, 26)]
    if any(term.domain.low == 0 for term in terms.terms):
        grid = [w for w in grid if w > 0]
    grid.sort()
    for switch in dict.fromkeys(s for term in terms.terms for s in switches(term.tree)):
        signs = [sign_at(switch, w, parameters) for w in grid]
        for a, b, before, after in zip(grid, grid[1:], signs, signs[1:], strict=False):
            if before * after < 0:
                yield crossing(switch, a, b, before, parameters)


def switches(tree: Tree) -> Iterator[Tree]:
    for node in walk(tree):
        match node:
            case Compare(_, left, right) | Call("min" | "max", (left, right)):
                yield Binary("-", left, right)
            case Call("min" | "max", (left, middle, right)):
                yield from (Binary("-", a, b) for a, b in ((left, middle), (left, right), (middle, right)))
            case Call("abs" | "sign", (argument,)):
                yield argument


def sign_at(tree: Tree, w: Any, parameters: Mapping[str, Any]) -> int:
    return int(mpmath.sign(value(tree, Values(mpmath, {**parameters, "w": w}))))


def crossing(tree: Tree, low: Any, high: Any, before: int, parameters: Mapping[str, Any]) -> Any:
    """Return where a sign changes between two weights, to 60 digits; 0 exactly if it is there."""
    if low < 0 < high and sign_at(tree, mpmath.mpf(0), parameters) == 0:
        return mpmath.mpf(0)
    for _ in range(220):
        middle = (low + high) / 2
        low, high = (middle, high) if sign_at(tree, middle, parameters) == before else (low, middle)
    return high


@pytest.mark.parametrize(
    ("text", "domains"), [("min(abs(w), abs(w - c))", {"c": "real"}), ("abs(abs(abs(w) - a) - b)", {})]
)
def test_pieces_that_meet_in_a_way_that_hangs_on_the_parameters_are_refused(text: str, domains: dict[str, str]) -> None:
    with pytest.raises(NotDifferentiable, match="depends on the parameters"):
        derive(objective(text, **domains), resolve_rule("gradient_descent"))
