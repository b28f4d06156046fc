"""Scaled forms against the trees that they are from, and which parameters they lose."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import pytest

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.pieces.pieces import Pieces, half
from symreg.calculus.signs.nondimensional import Scaled, scaled
from symreg.expressions.arithmetic import W
from symreg.expressions.text import to_text
from symreg.expressions.tree import Name, Tree, number
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve

ELEMENTWISE = tuple(name for name in catalogue.penalties() if not resolve(name).terms.indexed)
OTHERS = (
    "mcp + l2(lam=mu)",
    "scad + l1(lam=mu)",
    "tukey + l2(lam=mu)",
    "cauchy + l1(lam=mu)",
    "huber + l1",
    "l1 + l2 + huber(delta=d, lam=m) + cauchy(lam=q)",
    "lam*max(abs(w) - d, 0)**2",
    "lam*abs(exp(w) - a)",
    "lam*abs(w)*(1 + abs(w))/(a + abs(w))",
    "lam*abs(w)**q/(a**2 + w**2)",
    "lam*sqrt(a*b)*log(1 + w**2/(a*b))",
)


@cache
def right_half(text: str) -> tuple[Pieces, tuple[Parameter, ...]]:
    objective = resolve(text)
    made = analyse(objective.terms).continuous_pieces()
    return half(made) if made.is_even else made, objective.terms.parameters


def of(text: str, derivative: str = "slope") -> tuple[Scaled, list[Tree], list[Tree | None]]:
    """Scale one derivative of all pieces of the right half together; their trees and upper ends beside it."""
    made, parameters = right_half(text)
    trees, ends = [getattr(piece, derivative) for piece in made.pieces], [piece.high for piece in made.pieces]
    return scaled(trees, parameters, lengths=ends), trees, ends


@pytest.mark.one_in(32)
@pytest.mark.parametrize("derivative", ["slope", "curvature", "third", "value"])
@pytest.mark.parametrize("text", [*ELEMENTWISE, *OTHERS])
def test_a_scaled_tree_times_its_prefactor_is_the_tree(text: str, derivative: str) -> None:
    form, trees, ends = of(text, derivative)
    for row in samples(right_half(text)[1])[:5]:
        groups = {Name(g.parameter.name): evaluate(g.value, row) for g in form.groups}
        k, c = evaluate(form.prefactor, row), evaluate(form.scale, row)
        assert c > 0
        for x in (Fraction(1, 1000), Fraction(3, 7), Fraction(41, 10)):
            w = evaluate(number(x), {})
            for tree, reduced in zip(trees, form.reduced, strict=True):
                right = evaluate(tree, {**row, W: w})
                if right != right:
                    continue
                found = k * evaluate(reduced, {**groups, W: w / c})
                assert abs(found - right) <= 1e-90 * abs(right), (to_text(tree), x)
        for end, length in zip(ends, form.lengths, strict=True):
            assert (end is None) == (length is None)
            if end is not None and length is not None:
                found, right = c * evaluate(length, groups), evaluate(end, row)
                assert abs(found - right) <= 1e-90 * abs(right)


def test_nearly_every_penalty_loses_all_parameters() -> None:
    left = {name: [g.parameter.name for g in of(name)[0].groups] for name in ELEMENTWISE}
    assert {name: names for name, names in left.items() if names} == {"lp": ["p"], "scad": ["a"]}


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("mcp + l2(lam=mu)", {"mu": "gamma*mu"}),
        ("tukey + l2(lam=mu)", {"mu": "mu*c**2/lam"}),
        ("cauchy + l1(lam=mu)", {"mu": "c*mu/lam"}),
        ("lam*abs(exp(w) - a)", {"a": "a"}),
        ("huber + l1", {"delta": "delta"}),
    ],
)
def test_the_groups_that_are_left(text: str, groups: dict[str, str]) -> None:
    form, *_ = of(text)
    assert {g.parameter.name: to_text(g.value) for g in form.groups} == groups


def test_parameters_of_no_half_line_are_numbers() -> None:
    form, *_ = of("scad")
    assert to_text(form.scale) == "lam"
    assert [to_text(x) for x in form.lengths if x is not None] == ["1", "a"]
