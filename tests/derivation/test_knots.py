"""Knots are where a penalty's one-sided derivatives are what the derivation says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import mpmath
import pytest
from derivation_points import ELEMENTWISE
from knotted import KNOTTED, derived, objective, phi, within
from tree_values import Values, value

from symreg.derivation.gradient import derive
from symreg.errors import NotDifferentiable
from symreg.expressions.tree import Binary, Call, Compare, Tree, walk
from symreg.model.terms import Terms
from symreg.objectives.rules import resolve_rule

pytestmark = pytest.mark.usefixtures("digits")


@pytest.mark.one_in(45)
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
