"""What is said of where a penalty moves a weight is the sign of its derivative there."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import pytest
from derivation_points import ELEMENTWISE
from explicit import draw
from knotted import CURVED, derived, phi, within
from tree_values import Values, value

from symreg.derivation.model import Direction
from symreg.expressions.tree import Compare, walk
from symreg.model.terms import Terms

pytestmark = pytest.mark.usefixtures("digits")

TAKES_BOTH = {
    "sine_squared": "periodic: the sign of the derivative changes without end",
    "lam*abs(w)/(c + abs(w)) - mu*w**2": "the zero is a root of a cubic",
}
NOT_DECIDED = {
    "lam*(w - c)**2": "c may have either sign",
    "lam*(w - c)**2/2": "c may have either sign",
    "where(w < c, (w - c)**2, 2*(w - c)**2)": "c may have either sign",
}
ALLOWED = {
    "negative": {-1}, "nonpositive": {-1, 0}, "zero": {0}, "nonnegative": {0, 1}, "positive": {1}, "both": {-1, 0, 1},
    "undecided": {-1, 0, 1},
}  # fmt: skip


@pytest.mark.one_in(8)
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


def slope_of(terms: Terms, w: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the central difference quotient of phi at a weight, a quarter of the digits wide."""
    width = abs(w) * mpmath.mpf(10) ** (-mpmath.mp.dps // 4)
    return (phi(terms, w + width, parameters) - phi(terms, w - width, parameters)) / (2 * width)
