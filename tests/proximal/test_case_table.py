"""Operators as data, against a table written by hand: where the minimiser can be, where it rests, what it leaps over.

What a piece says of phi is compared with phi as it was written, by differences in 120 digits.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from derived import ELEMENTWISE, emitted_prox, operator_of

from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.errors import Intractable, NotDifferentiable, SymregError
from symreg.expressions.arithmetic import W, call, times, total
from symreg.expressions.tree import Name, Tree, number, substitute
from symreg.language.parse import parse
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Terms, rename
from symreg.objectives.resolve import resolve
from symreg.proximal.derive import operator
from symreg.proximal.operator import STEP, Kink, MonotonePiece, Operator, V
from symreg.updates.assemble import updates
from symreg.updates.prox import derived_operator

SECONDS = 3.0
"""For one derivation, of the processor; a third is promised on a machine that does nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An operator as somebody with a pencil finds it.

    Args:
        places: Of the cases, parted by `;`, and by `|` at a gap: a number where the minimiser rests, `low..high` for a
            piece. Of an even phi those from 0 up.
        gaps: `turn`, where the curvature is least; `kink`, where phi' jumps down; `lost`, a piece of constant
            curvature; followed by where it is, parted by `;`.
        is_even: Of phi.
        period: Of phi.
        searched: Has it pieces whose equation is of a degree above 2 or has no degree?
        why: What the table rests on.
    """

    places: str
    gaps: str = ""
    is_even: bool = True
    period: str | None = None
    searched: bool = False
    why: str


SHAPES = {
    "atan": Shape(
        places="0; 0..gamma/sqrt(3) | gamma/sqrt(3)..inf",
        gaps="turn gamma/sqrt(3)",
        searched=True,
        why="phi'' ~ -2*w/(gamma**2 + w**2)**2 falls until gamma**2 = 3*w**2; F is a cubic over a quadratic",
    ),
    "berhu": Shape(places="0; 0..M; M..inf", why="|w|, then a parabola with the same slope at M"),
    "capped_l1": Shape(places="0; 0..theta | theta..inf", gaps="kink theta", why="the slope drops from lam to 0"),
    "cauchy": Shape(
        places="0..sqrt(3)*c | sqrt(3)*c..inf",
        gaps="turn sqrt(3)*c",
        searched=True,
        why="phi'' ~ (c**2 - w**2)/(c**2 + w**2)**2 is least where w**2 = 3*c**2",
    ),
    "charbonnier": Shape(places="0..inf", searched=True, why="convex and smooth; F = v is of degree 4"),
    "double_well": Shape(places="0..inf", searched=True, why="phi'' ~ 3*w**2 - 1 rises from a negative number"),
    "elastic_net": Shape(places="0; 0..inf", why="a kink at 0 and one parabola"),
    "entropy": Shape(places="0..inf", is_even=False, searched=True, why="convex where it is; Lambert's W solves it"),
    "etp": Shape(places="0 | 0..inf", gaps="turn 0", searched=True, why="phi'' ~ -exp(-gamma*w) is least at 0"),
    "fair": Shape(places="0..inf", why="convex and smooth; phi' = lam*c*w/(c + w) gives a quadratic"),
    "geman_mcclure": Shape(
        places="0..c | c..inf", gaps="turn c", searched=True, why="phi'' ~ (c**2 - 3*w**2)/(c**2 + w**2)**3"
    ),
    "huber": Shape(places="0..delta; delta..inf", why="a parabola, then a line with the same slope"),
    "l1": Shape(places="0; 0..inf", why="the soft threshold"),
    "l2": Shape(places="0..inf", why="one parabola"),
    "l_half": Shape(places="0 | 0..inf", gaps="turn 0", searched=True, why="phi' is infinite at 0; r = sqrt(u): cubic"),
    "log_barrier": Shape(places="0..inf", is_even=False, why="u - s*lam/u = v is quadratic"),
    "log_cosh": Shape(places="0..inf", searched=True, why="convex and smooth, with tanh"),
    "log_sum": Shape(places="0 | 0..inf", gaps="turn 0", why="phi'' ~ -1/(eps + w)**2 is least at 0; a quadratic"),
    "lp": Shape(places="0..inf", searched=True, why="convex, differentiable at 0 as p > 1; no degree"),
    "mcp": Shape(places="0 | gamma*lam..inf", gaps="lost 0", why="phi'' = -1/gamma up to gamma*lam: firm or hard"),
    "nonnegativity": Shape(places="-inf..0; 0..inf", is_even=False, why="a parabola and a line that meet smoothly"),
    "pseudo_huber": Shape(places="0..inf", searched=True, why="as charbonnier"),
    "quartic": Shape(places="0..inf", searched=True, why="convex; a cubic"),
    "scad": Shape(places="0; 0..lam | a*lam..inf", gaps="lost lam", why="phi'' = -1/(a - 1) between lam and a*lam"),
    "sine_squared": Shape(
        places="0..q/2", period="q", searched=True, why="phi'' ~ cos(2*pi*w/q) falls on half a period, then mirrored"
    ),
    "tukey": Shape(
        places="0..c*sqrt(3/5) | c*sqrt(3/5)..c; c..inf",
        gaps="turn c*sqrt(3/5)",
        searched=True,
        why="phi'' ~ (1 - x**2)*(1 - 5*x**2), x = w/c, is least where x**2 = 3/5, and 0 from c on",
    ),
    "welsch": Shape(
        places="0..c*sqrt(3/2) | c*sqrt(3/2)..inf",
        gaps="turn c*sqrt(3/2)",
        searched=True,
        why="phi'' ~ (1 - 2*x**2)*exp(-x**2), x = w/c, is least where x**2 = 3/2",
    ),
    # Penalties of nobody's catalogue
    "lam*abs(w) + mu*w**4": Shape(places="0; 0..inf", searched=True, why="a kink at 0, then a rising curvature"),
    "lam*max(w, 0)": Shape(places="-inf..0; 0; 0..inf", is_even=False, why="a convex kink: it rests at 0"),
    "lam*abs(w - c)": Shape(places="-inf..c; c; c..inf", is_even=False, why="it rests at c"),
    "lam*abs(abs(w) - c)": Shape(places="0..c; c; c..inf", why="a convex kink at c, a concave one at 0, mirrored"),
    "-lam*abs(w)": Shape(places="0..inf", why="a concave kink at 0: pushed away from it"),
    "lam*min((w - 1)**2, (w + 1)**2)": Shape(places="0..inf", why="two parabolas, each the mirror image of the other"),
    "lam*min((w - 1)**2, (w + 2)**2)": Shape(
        places="-inf..-1/2 | -1/2..inf", gaps="kink -1/2", is_even=False, why="two parabolas, the lower one"
    ),
    "lam*exp(w)": Shape(places="-inf..inf", is_even=False, searched=True, why="convex and smooth"),
    "lam*abs(w)**(1/10)": Shape(places="0 | 0..inf", gaps="turn 0", searched=True, why="as l_half"),
    "lam*norm(w)": Shape(places="0; 0..inf", why="of the norm it is the soft threshold"),
}
NAMES = (*ELEMENTWISE, *(text for text in SHAPES if text not in ELEMENTWISE))


def test_the_table_is_of_the_whole_catalogue() -> None:
    assert set(ELEMENTWISE) <= set(SHAPES) and len(ELEMENTWISE) >= 27


@pytest.mark.one_in(18)
@pytest.mark.parametrize("text", NAMES)
def test_an_operator_is_what_mathematics_says(text: str) -> None:
    shape, made, parameters = SHAPES[text], operator_of(text), resolve(text).terms.parameters
    assert made.is_even == shape.is_even
    for values in samples(parameters):
        found = [[ends(case.place, values) for case in cases] for cases in made.between_gaps]
        assert_equal(found, [[place(text, values) for text in row.split(";")] for row in shape.places.split("|")])
        gaps = [("lost" if gap.lost else "kink" if gap.is_kink else "turn", gap.position) for gap in made.gaps]
        expected = [row.split() for row in shape.gaps.split(";") if row]
        assert [kind for kind, _ in gaps] == [kind for kind, _ in expected]
        assert_equal([[(evaluate(p, values),)] for _, p in gaps], [[place(text, values)] for _, text in expected])
        assert (made.period is None) == (shape.period is None)
        if made.period is not None and shape.period is not None:
            assert_equal([[(evaluate(made.period, values),)]], [[place(shape.period, values)]])
    assert any(case.is_root for case in made.cases if case.when is None) == shape.searched


def ends(item: Kink | MonotonePiece, values: Any) -> tuple[Any, ...]:
    """Return the ends of a case's place as numbers: one for a kink, two for a piece."""
    if isinstance(item, Kink):
        return (evaluate(item.position, values),)
    return (
        -TINY.context.inf if item.low is None else evaluate(item.low, values),
        TINY.context.inf if item.high is None else evaluate(item.high, values),
    )


def place(text: str, values: Any) -> tuple[Any, ...]:
    """Return the ends of a place of the table as numbers."""
    infinite = {"inf": TINY.context.inf, "-inf": -TINY.context.inf}
    return tuple(infinite[end] if end in infinite else evaluate(parse(end), values) for end in text.strip().split(".."))


def assert_equal(made: list[list[tuple[Any, ...]]], expected: list[list[tuple[Any, ...]]]) -> None:
    assert [[len(item) for item in row] for row in made] == [[len(item) for item in row] for row in expected]
    for a, b in zip(flat(made), flat(expected), strict=True):
        assert a == b or abs(a - b) <= TINY * abs(b)


def flat(rows: list[list[tuple[Any, ...]]]) -> Iterator[Any]:
    for row in rows:
        for item in row:
            yield from item


# What a piece says of phi, and a case of v


@pytest.mark.one_in(8)
@pytest.mark.parametrize("text", NAMES)
def test_a_piece_says_what_is_true_of_phi_as_it_was_written(text: str) -> None:
    made, terms = operator_of(text), resolve(text).terms
    radius = {call("norm", W): call("abs", W)}
    whole = total([times(number(t.coefficient), substitute(t.tree, radius)) for t in terms.terms])
    random, compared = Random(text), 0
    for known in samples((*terms.parameters, STEPS)):
        for piece, formula in pieces_of(made):
            places = sorted(within(piece, known, random) for _ in range(3))
            curvatures = []
            for u in places:
                at = {**known, W: u}
                slope, curvature = differences(whole, at)
                assert close(evaluate(piece.value, at), evaluate(whole, at))
                assert close(evaluate(piece.slope, at), slope, "1e-25")
                assert close(evaluate(piece.curvature, at), curvature, "1e-15")
                assert piece.may_fall or curvature >= -TINY
                assert piece.slope_sign * slope >= -TINY
                if piece.least_curvature is not None:
                    assert curvature >= evaluate(piece.least_curvature, known) - TINY
                if formula is not None and 1 + known[STEP] * curvature > TINY:
                    v = u + known[STEP] * slope
                    assert close(evaluate(formula, {**known, V: v}), u, "1e-20")
                curvatures.append(curvature)
                compared += 1
            assert all(piece.trend * (b - a) >= -TINY for a, b in itertools.pairwise(curvatures))
            assert piece.trend or close(curvatures[0], curvatures[-1], "1e-15")
    assert compared >= 21


STEPS = Parameter(name="step", domain=resolve("l1").terms.parameters[0].domain, default=1.0)


def pieces_of(made: Operator) -> Iterator[tuple[MonotonePiece, Tree | None]]:
    """Yield the pieces of phi, each with the formula of its case."""
    for case in made.cases:
        if isinstance(case.place, MonotonePiece):
            yield case.place, case.formula


def within(piece: MonotonePiece, values: Any, random: Random) -> Any:
    """Return a random weight inside a piece."""
    low, high = ends(piece, values)
    part = TINY.context.mpf(random.uniform(0.01, 0.99))
    if TINY.context.isinf(low) and TINY.context.isinf(high):
        return 4 * part - 2
    if TINY.context.isinf(high):
        return low + part / (1 - part)
    return high - part / (1 - part) if TINY.context.isinf(low) else low + part * (high - low)


def differences(tree: Tree, at: Any) -> tuple[Any, Any]:
    """Return a tree's first and second derivative by w, by central differences."""
    h = TINY * TINY.context.mpf("1e-5") * (1 + abs(at[W]))
    below, middle, above = (evaluate(tree, {**at, W: at[W] + k * h}) for k in (-1, 0, 1))
    return (above - below) / (2 * h), (above - 2 * middle + below) / h**2


def close(a: Any, b: Any, digits: str = "1e-60") -> bool:
    return bool(abs(a - b) <= TINY.context.mpf(digits) * (1 + abs(b)))


# Time, and names


@pytest.mark.one_in(36)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_derivation_takes_no_time_and_rests_on_no_name(name: str) -> None:
    """Under other names, and 0.7 times as strong, it is the operator of a step 0.7 times as long."""
    objective = resolve(name)
    names = {p.name: f"{chr(ord('z') - k)}_{p.name[::-1]}" for k, p in enumerate(objective.terms.parameters)}
    terms = rename(objective.terms, names)
    changed = Terms(
        terms=tuple(replace(t, name="other", coefficient=t.coefficient * Fraction(7, 10)) for t in terms.terms)
    )
    start = time.thread_time()
    operator(analyse(changed))
    assert time.thread_time() - start < SECONDS
    other = Objective(name="other", title="", terms=changed, text="other")
    compared = 0
    for seed, values in enumerate(samples(objective.terms.parameters)):
        numbers = {p.name: float(values[Name(p.name)]) for p in objective.terms.parameters}
        random = np.random.default_rng(seed)
        v = random.normal(size=300) * 10.0 ** random.uniform(-2, 2, size=300)
        step = float(10.0 ** random.uniform(-2, 2))
        u = emitted_prox(objective)(v, step=0.7 * step, **numbers)
        renamed = emitted_prox(other)(v, step=step, **{names[key]: value for key, value in numbers.items()})
        equal = np.abs(u - renamed) <= 1e-11 * np.abs(u)
        compared += int(equal.sum())
        assert np.all(equal | (np.abs(u - renamed) <= 1e-5 * np.abs(u))), v[~equal]  # where F is flat, digits are lost
    assert compared >= 0.98 * 300 * len(samples(objective.terms.parameters))


# Exponents


@pytest.mark.parametrize("exponent", ["1.01", "(101/100)", "0.57", "2.37"])
def test_a_number_of_many_digits_is_an_exponent_as_a_parameter_is(exponent: str) -> None:
    """Its operator satisfies u + s*phi'(u) = v, or it is 0 where no such u is better."""
    p = float(Fraction(exponent.strip("()")))
    prox = emitted_prox(resolve(f"lam*abs(w)**{exponent}"))
    v = np.linspace(-7, 7, 1001)
    for step, lam in ((0.3, 0.7), (4.0, 1.9)):
        u = prox(v, step=step, lam=lam)
        size, at = np.abs(u[u != 0]), np.abs(v[u != 0])
        assert np.all(np.abs(size + step * lam * p * size ** (p - 1) - at) <= 1e-13 * (1 + at))
        taken, other = (
            step * lam * np.abs(x) ** p + (x - v) ** 2 / 2 for x in (u, np.where(u == 0, 1e-3 * v, 0.999 * u))
        )
        assert np.all(taken <= other + 1e-14 * (1 + v**2))
        assert (u != 0).sum() > 100


# Refusals

REFUSED = {
    "first_difference": "multiples of the absolute difference",
    "second_difference": "sums over single weights and for functions of norm",
    "tikhonov": "sums over single weights and for functions of norm",
    "variance": "sums over single weights and for functions of norm",
    "exclusive_lasso": "sums over single weights and for functions of norm",
    "l1 + l2_norm": "sums over single weights and for functions of norm",
    "lam*sum(w[i], i)**2": "sums over single weights and for functions of norm",
    "-w**4": "no minimum for any step",
    "lam*w**3": "no minimum for any step",
    "-lam*exp(w)": "no minimum for any step",
    "lam*log(abs(w))": "the penalty is infinite at w = 0",
    "lam*(1 + w**2)**0.37": "a root of too high a degree",
    "welsch + sine_squared(lam=mu)": "sine_squared bends down again and again, or without end",
    "lam*abs(w)**p": "whether phi' jumps up or down at w = 0 depends on the parameters",
    "lam*sin(w)": "was not decided",
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_operator_is_refused_in_a_line(text: str) -> None:
    with pytest.raises((Intractable, NotDifferentiable), match=re.escape(REFUSED[text])) as caught:
        derived_operator(analyse(resolve(text).terms))
    (line,) = str(caught.value).splitlines()
    assert line.isprintable() and len(line) < 400
    assert isinstance(caught.value, SymregError) and caught.value.exit_code == 2


@pytest.mark.one_in(2)
@pytest.mark.parametrize("text", ["log_barrier + quartic(lam=mu)", "log_cosh + quartic(lam=mu)"])
def test_a_convex_sum_of_curved_terms_has_no_gap(text: str) -> None:
    """Whatever its curvature does; where a barrier is among the terms, two roots of its derivative are not real."""
    made = operator_of(text)
    assert not made.gaps
    assert not any(piece.may_fall for piece, _ in pieces_of(made))


def test_an_operator_that_holds_up_to_a_step_says_so() -> None:
    """`-lam*w**2 + (w - v)**2/(2*step)` has a minimum if `2*lam*step < 1`."""
    prox = emitted_prox(resolve("-lam*w**2"))
    v = np.array([-3.0, 0.0, 1.0])
    np.testing.assert_allclose(prox(v, step=0.4, lam=1.0), 5 * v, rtol=1e-14)
    for step in (0.5, 0.6, 40.0):
        with pytest.raises(ValueError, match="step: the cost has no minimum unless"):
            prox(v, step=step, lam=1.0)


@pytest.mark.parametrize("text", ["-w**4", "first_difference"])
def test_what_has_no_operator_has_a_gradient(text: str) -> None:
    assert [update.name for update in updates(resolve(text))] == ["value", "gradient"]
