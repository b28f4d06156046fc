"""Pieces against the trees that they are from: values and slopes at random points, in 120 digits by another route."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.pieces.pieces import Pieces, half
from symreg.calculus.signs.roots import switches
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import W, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, number
from symreg.model.interval import Interval
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve

ELEMENTWISE = tuple(name for name in catalogue.penalties() if not resolve(name).terms.indexed)
SUMS = (
    "l1 + l2",
    "l1 + 0.5*l2(lam=mu)",
    "mcp + l2(lam=mu)",
    "huber + l1",
    "scad + l1(lam=mu)",
    "capped_l1 + l2",
    "l1 + entropy",
    "log_barrier + l2(lam=mu)",
    "tukey + l2(lam=mu)",
    "cauchy + l1(lam=mu)",
    "nonnegativity + l1",
    "l_half + l2",
    "log_sum + l2(lam=mu)",
    "welsch + l1(lam=mu)",
    "scad + l2(lam=mu) + l1(lam=nu)",
)
EXPRESSIONS = (
    "lam*max(abs(w) - d, 0)**2",
    "lam*max(w, 0)",
    "lam*max(1 - w, 0)**2",
    "lam*softplus(w)",
    "lam*abs(exp(w) - a)",
    "lam*abs(w)*(1 + abs(w))/(a + abs(w))",
    "lam*sqrt(w**2)",
    "(w**2)**(3/4)",
    "lam*abs(w)**3 + abs(w)",
    "lam*abs(w)*log(1 + abs(w))",
    "lam*abs(abs(w) - c)",
    "lam*where(a*w > 0, w, -2*w)",
    "lam*logaddexp(w, -w)",
    "max(w, 2*w, -a*w)",
    "lam*(w - c)**2*abs(w - c)",
    "lam*min(abs(w - c), abs(w + c))",
    "lam*where(abs(w) <= c, w**2, where(abs(w) <= 2*c, 2*c*abs(w) - c**2, 3*c**2))",
)


@cache
def split(objective: Objective) -> Pieces:
    return analyse(objective.terms).continuous_pieces()


@pytest.mark.one_in(6)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS, *EXPRESSIONS])
def test_pieces_are_what_they_are_from(text: str) -> None:
    objective = resolve(text)
    made = split(objective)
    whole = total([times(number(t.coefficient), t.tree) for t in objective.terms.elementwise])
    random, compared = Random(text), 0
    for row in samples(objective.terms.parameters):
        for piece in made.pieces:
            assert not switches(piece.value)
            for _ in range(3):
                w = place(piece.low, piece.high, row, random)
                at = {**row, W: w}
                expected = evaluate(whole, at)
                assert abs(evaluate(piece.value, at) - expected) <= 1e-80 * (1 + abs(expected)), (text, w)
                h = abs(w) * TINY_STEP
                for lower, upper in (("value", "slope"), ("slope", "curvature"), ("curvature", "third")):
                    below, above = (evaluate(getattr(piece, lower), {**row, W: w + side * h}) for side in (-1, 1))
                    here = evaluate(getattr(piece, upper), at)
                    assert abs((above - below) / (2 * h) - here) <= 1e-30 * (abs(here) + abs(below / w) + 1e-60)
                compared += 1
    assert compared >= 3 * 7


TINY_STEP = evaluate(number(Fraction(1, 10**40)), {})


def place(low: Tree | None, high: Tree | None, row: Any, random: Random) -> Any:
    """Return a weight between two ends, near one of them often."""
    share = evaluate(number(Fraction(random.choice((0.4375, 1e-3, 0.999, random.random())))), {})
    a, b = (None if end is None else evaluate(end, row) for end in (low, high))
    if a is not None and b is not None:
        return a + (b - a) * share
    far = share * 10 ** random.randint(-3, 2)
    return a + far if a is not None else b - far if b is not None else random.choice((-1, 1)) * far


@pytest.mark.one_in(7)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS, *EXPRESSIONS])
def test_pieces_cover_the_domain_in_order_and_meet_at_their_joints(text: str) -> None:
    objective = resolve(text)
    made = split(objective)
    row = samples(objective.terms.parameters)[0]
    assert len(made.knots) == len(made.pieces) - 1
    for before, knot, after in zip(made.pieces, made.knots, made.pieces[1:], strict=False):
        assert before.high is not None and after.low == knot.position
        assert abs(evaluate(before.high, row) - evaluate(knot.position, row)) < 1e-80
    ends = [evaluate(knot.position, row) for knot in made.knots]
    assert ends == sorted(ends)
    domain = objective.terms.elementwise[0].domain
    if len(objective.terms.elementwise) == 1:
        assert made.domain == domain


@pytest.mark.one_in(3)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS, *EXPRESSIONS])
def test_joints_have_the_slopes_of_their_sides(text: str) -> None:
    objective = resolve(text)
    made = split(objective)
    for knot, before, after in zip(made.knots, made.pieces, made.pieces[1:], strict=False):
        assert knot.jump == number(0)
        for row in samples(objective.terms.parameters):
            at = evaluate(knot.position, row)
            for piece, side, said in ((before, -1, knot.left), (after, 1, knot.right)):
                near, nearer = (
                    evaluate(piece.slope, {**row, W: at + side * (abs(at) or 1) * h}) for h in (TINY_STEP, TINY_STEP**2)
                )
                slope = evaluate(said, row)
                if abs(slope) == float("inf"):
                    assert near * slope > 1e5 and nearer * slope > 1e5 * abs(near)
                else:
                    assert abs(near - slope) <= 1e-8 * (1 + abs(slope)) or abs(nearer - slope) < 0.999 * abs(
                        near - slope
                    )
            left, right = evaluate(knot.left, row), evaluate(knot.right, row)
            order = {"smooth": left == right or abs(left - right) < 1e-80, "convex kink": left < right}
            assert {**order, "concave kink": left > right, "undecided": True}[knot.kind]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mcp", ["smooth", "convex kink", "smooth"]),
        ("capped_l1", ["concave kink", "convex kink", "concave kink"]),
        ("l2", []),
        ("nonnegativity", ["smooth"]),
        ("lam*abs(w)**q", ["undecided"]),
        ("lp", ["smooth"]),
        ("l_half", ["convex kink"]),
        ("lam*min(w, 0)", ["concave kink"]),
        ("scad + l1", ["smooth", "smooth", "convex kink", "smooth", "smooth"]),
    ],
)
def test_the_kind_of_each_joint(text: str, kinds: list[str]) -> None:
    assert [knot.kind for knot in split(resolve(text)).knots] == kinds


@pytest.mark.one_in(3)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS, *EXPRESSIONS])
def test_what_is_said_to_be_even_is(text: str) -> None:
    made = split(resolve(text))
    if not made.is_even:
        return
    right = half(made)
    assert right.pieces[0].low == number(0)
    assert right.domain.low == 0
    assert len(right.knots) == len(right.pieces) - 1
    assert right.pieces[1:] == made.pieces[len(made.pieces) - len(right.pieces) + 1 :]
    assert [j.position for j in right.knots] == [piece.low for piece in right.pieces[1:]]


def test_evenness_is_seen_where_there_is_some_and_nowhere_else() -> None:
    odd_ones = {name for name in ELEMENTWISE if not split(resolve(name)).is_even}
    assert odd_ones == {"entropy", "log_barrier", "nonnegativity"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mcp + huber", "which of the knots w = delta and w = gamma*lam"),
        ("mcp + mcp(lam=b, gamma=c)", "which of the knots"),
        ("lam*where((a - b)*w > 0, w, -w)", "whether (a - b)*w is positive"),
        ("lam*tan(w)", "whether cos(w) can be 0"),
        ("lam*where(a > b, w, -w)", "whether a - b is positive"),
    ],
)
def test_what_depends_on_the_parameters_is_refused(text: str, words: str) -> None:
    with pytest.raises(Intractable, match=r".*") as caught:
        split(resolve(text))
    assert words in str(caught.value)


def test_domains_settle_the_order() -> None:
    declared = (
        Parameter(name="a", domain=Interval(low=Fraction(0), high=Fraction(1)), default=0.5),
        Parameter(name="b", domain=Interval(low=Fraction(1), low_closed=True), default=2.0),
    )
    made = split(resolve("abs(abs(w) - a) + abs(abs(w) - b)", parameters=declared))
    assert [to_text(knot.position) for knot in made.knots] == ["-b", "-a", "0", "a", "b"]


@pytest.mark.parametrize("text", ["lam*where(w > 1, w, 0)", "lam/w", "lam*w**2*log(w**2)"])
def test_a_jump_is_refused_unless_asked_for(text: str) -> None:
    objective = resolve(text)
    with pytest.raises(NotDifferentiable):
        split(objective)
    made = analyse(objective.terms).ordered_pieces()
    assert made.knots[0].jump != number(0)
