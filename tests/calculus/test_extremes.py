"""Infima and suprema against values all over the pieces, and against the closed forms of the literature."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.pieces.pieces import Pieces, half
from symreg.calculus.signs.extremes import extremes
from symreg.calculus.signs.limits import limit_at
from symreg.expressions.arithmetic import W
from symreg.expressions.text import to_text
from symreg.language.parse import parse
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve

ELEMENTWISE = tuple(name for name in catalogue.penalties() if not resolve(name).terms.indexed)
SUMS = ("mcp + l2(lam=mu)", "tukey + l2(lam=mu)", "welsch + l2(lam=mu)", "log_sum + l2", "l1 + log_cosh")
PAIRS = (("value", "slope"), ("slope", "curvature"), ("curvature", "third"))

NOT_DECIDED = {
    ("lp", "curvature"): "infinite at 0 but for p = 2",
    ("welsch + l2(lam=mu)", "slope"): "its turning points hang on mu*c**2/lam",
    ("tukey + l2(lam=mu)", "slope"): "the same",
    ("mcp + l2(lam=mu)", "slope"): "rises or falls as 2*mu*gamma > 1 or not",
    ("log_sum + l2", "slope"): "rises or falls as 2*eps**2 > 1 or not",
}


@cache
def right_half(text: str) -> tuple[Pieces, tuple[Parameter, ...]]:
    objective = resolve(text)
    made = analyse(objective.terms).continuous_pieces()
    return half(made) if made.is_even else made, objective.terms.parameters


@pytest.mark.one_in(18)
@pytest.mark.parametrize(("tree", "derivative"), PAIRS)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS])
def test_no_value_lies_beyond_and_some_come_near(text: str, tree: str, derivative: str) -> None:
    made, parameters = right_half(text)
    random, undecided = Random(text), False
    for piece in made.pieces:
        function = getattr(piece, tree)
        found = extremes(function, piece.low, piece.high, parameters, getattr(piece, derivative))
        if found is None:
            undecided = True
            continue
        least, most = found
        for row in samples(parameters):
            low, high = evaluate(least.value, row), evaluate(most.value, row)
            values = []
            for k in range(60):
                a, b = (None if end is None else evaluate(end, row) for end in (piece.low, piece.high))
                s = evaluate(parse("10"), {}) ** (random.uniform(-1, 1) * k / 6)
                w = a + s if a is not None and b is None else b - s if a is None and b is not None else s
                w = (a + s * b) / (1 + s) if a is not None and b is not None else w
                values.append(evaluate(function, {**row, W: w}))
            slack = 1e-60 * sum(abs(end) for end in (low, high) if abs(end) < float("inf"))
            assert all(low - slack <= value <= high + slack for value in values if value == value)
            for extreme in found:
                if extreme.attained != "as a limit" and extreme.at is not None:
                    here = evaluate(function, {**row, W: evaluate(extreme.at, row)})
                    assert abs(here - evaluate(extreme.value, row)) <= 1e-90 * (1 + abs(here))
    assert undecided == ((text, tree) in NOT_DECIDED)


@pytest.mark.parametrize(
    ("text", "least", "attained"),
    [
        ("mcp", "-1/gamma", "on an interval"),
        ("cauchy", "-lam/(4*c**2)", "at a point"),
        ("geman_mcclure", "-lam/(2*c**2)", "at a point"),
        ("welsch", "-4*lam*exp(-3/2)/c**2", "at a point"),
        ("tukey", "-24*lam/(5*c**2)", "at a point"),
        ("double_well", "-4*lam", "as a limit"),
        ("log_sum", "-lam/eps**2", "as a limit"),
        ("atan", "-9*lam/(8*sqrt(3)*gamma**2)", "at a point"),
        ("l_half", "-inf", "as a limit"),
        ("sine_squared", "-2*pi**2*lam/q**2", "at a point"),
    ],
)
def test_the_least_curvature_is_that_of_the_literature(text: str, least: str, attained: str) -> None:
    made, parameters = right_half(text)
    piece = made.pieces[0]
    found = extremes(piece.curvature, piece.low, piece.high, parameters, piece.third)
    assert found is not None
    assert found[0].attained == attained
    if least == "-inf":
        assert to_text(found[0].value) == least
        return
    for row in samples(parameters):
        assert abs(evaluate(found[0].value, row) - evaluate(parse(least), row)) <= 1e-90 * abs(
            evaluate(parse(least), row)
        )


@pytest.mark.parametrize(
    ("text", "end", "side", "right"),
    [
        ("w*exp(-w)", None, -1, "0"),
        ("log(1 + w)", None, -1, "inf"),
        ("(1 - exp(-a*w))/w", "0", 1, "a"),
        ("w*log(w)", "0", 1, "0"),
        ("sin(w)", None, -1, "nan"),
        ("a*w**b - w", "0", 1, "0"),
        ("a*w**b", None, -1, "inf"),
        ("w**(-b)", "0", 1, "inf"),
        ("sin(1/w)", "0", 1, "nan"),
        ("atan(w)", None, 1, "-pi/2"),
        ("2*exp(-w**2)*(a + b*exp(w**2) - 2*a*w**2)", None, -1, "2*b"),  # SymPy gives none
    ],
)
def test_limits(text: str, end: str | None, side: int, right: str) -> None:
    parameters = tuple(resolve("w**2*a*b").terms.parameters)
    found = limit_at(parse(text), None if end is None else parse(end), side, parameters)
    assert to_text(found) == right
