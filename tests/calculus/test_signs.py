"""Sign tables against values at random points, in 120 digits; zeros against balls; what is not decided stays open."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from flint import arb, ctx, fmpq

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.balls import compiled
from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.evaluation.intervals import ranged
from symreg.calculus.pieces.pieces import Pieces, half
from symreg.calculus.signs.isolation import bisected
from symreg.calculus.signs.symbolic_sign import sign_of
from symreg.calculus.signs.table import Run, is_closed, sign_table
from symreg.calculus.signs.zeros import zeros
from symreg.calculus.symbolic.prove import is_proved
from symreg.expressions.arithmetic import W, times
from symreg.expressions.text import to_text
from symreg.expressions.tree import Compare, Name, Number, Tree, number
from symreg.language.parse import parse
from symreg.model.interval import Interval
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve

ELEMENTWISE = tuple(name for name in catalogue.penalties() if not resolve(name).terms.indexed)
SUMS = (
    "cauchy + l1(lam=mu)",
    "mcp + l2(lam=mu)",
    "tukey + l2(lam=mu)",
    "log_cosh + l2",
    "scad + l1(lam=mu)",
    "welsch + l1",
    "l_half + l2(lam=mu)",
    "entropy + l2(lam=mu)",
    "log_sum + l2(lam=mu)",
    "l1 + l2 + quartic(lam=q)",
)
EXPRESSIONS = (
    "lam*(sqrt(1 + w**2) - log(1 + w**2)/4)",
    "lam*(w*atan(w) - w**4/10)",
    "lam*(w**3/3 - a**2*w)",
    "lam*(abs(w) - c)**2",
    "lam*(w**5 - w**2)",
    "lam*(log(1 + exp(w)) + exp(-w)/3)",
    "lam*(w**6 - 3*w**4 + w)",
    "lam*(exp(w/c) - w/c)",
    "lam*(w**2 - c**2)**2*w**2",
)
DERIVATIVES = ("slope", "curvature", "third")

NOT_DECIDED = {
    ("sine_squared", "slope"): "infinitely many zeros",
    ("sine_squared", "curvature"): "infinitely many zeros",
    ("sine_squared", "third"): "infinitely many zeros",
    ("mcp + l2(lam=mu)", "curvature"): "its sign is that of 2*mu*gamma - 1",
    ("tukey + l2(lam=mu)", "curvature"): "whether it is negative somewhere hangs on mu*c**2/lam",
    ("log_sum + l2(lam=mu)", "curvature"): "hangs on mu*eps**2/lam",
    ("entropy + l2(lam=mu)", "slope"): "its zero is a Lambert W of mu/lam",
}


@cache
def right_half(text: str) -> tuple[Pieces, tuple[Parameter, ...]]:
    objective = resolve(text)
    made = analyse(objective.terms).continuous_pieces()
    return half(made) if made.is_even else made, objective.terms.parameters


def between(low: Tree | None, high: Tree | None, row: Any, random: Random) -> Any:
    share = evaluate(number(Fraction(random.choice((0.5, 1e-6, 1 - 1e-6, random.random())))), {})
    a, b = (None if end is None else evaluate(end, row) for end in (low, high))
    if a is not None and b is not None:
        return a + (b - a) * share
    far = share * 10 ** random.randint(-4, 3)
    return a + far if a is not None else b - far if b is not None else random.choice((-1, 1)) * far


def check_runs(tree: Tree, runs: tuple[Run, ...], parameters: tuple[Parameter, ...], random: Random) -> int:
    compared = 0
    for row in samples(parameters):
        for run in runs:
            for _ in range(4):
                w = between(run.low, run.high, row, random)
                value = evaluate(tree, {**row, W: w})
                sign = (value > 0) - (value < 0)
                assert sign == run.sign or (not run.is_strict and sign == 0), (to_text(tree), float(w), float(value))
                compared += 1
    return compared


@pytest.mark.one_in(8)
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS, *EXPRESSIONS])
def test_each_run_has_its_sign_and_ends_at_zeros(text: str, derivative: str) -> None:
    made, parameters = right_half(text)
    random, compared, undecided = Random(text), 0, False
    for piece in made.pieces:
        tree = getattr(piece, derivative)
        runs = sign_table(tree, piece.low, piece.high, parameters)
        if runs is None:
            undecided = True
            continue
        assert (runs[0].low, runs[-1].high) == (piece.low, piece.high)
        compared += check_runs(tree, runs, parameters, random)
        for before, after in pairwise(runs):
            assert before.high == after.low and before.high is not None
            for row in samples(parameters):
                at = evaluate(before.high, row)
                scale = max(abs(evaluate(tree, {**row, W: at * f})) for f in (Fraction(9, 10), Fraction(11, 10)))
                assert abs(evaluate(tree, {**row, W: at})) <= scale * (1e-90 if is_closed(before.high) else 1e-50)
    assert undecided == ((text, derivative) in NOT_DECIDED)
    assert undecided or compared >= 28


def test_a_wrong_sign_is_seen() -> None:
    made, parameters = right_half("cauchy")
    (piece,) = made.pieces
    runs = sign_table(piece.curvature, piece.low, piece.high, parameters)
    assert runs is not None and len(runs) == 2
    moved = times(number(Fraction(999, 1000)), Name("c"))
    wrong = (Run(sign=1, low=runs[0].low, high=moved, method=""), Run(sign=-1, low=moved, high=None, method=""))
    with pytest.raises(AssertionError):
        check_runs(piece.curvature, wrong, parameters, Random(1))


@pytest.mark.parametrize(
    ("text", "low", "high", "right"),
    [
        ("w**3 - w - 1", None, None, ["1.3247179572447460259609088544780973407344040569017333645340"]),
        ("(w - 1)**2*(w + 3)", None, None, ["-3", "1"]),
        ("exp(w) - 3*w", "0", None, ["0.6190612867359451121523269940", "1.5121345516578424738967396780"]),
        ("exp(2*w) - 3*exp(w) + 2", None, None, ["0", "log(2)"]),
        ("w**(3/2) - w - 1", "0", None, ["2.1478990357047873540262149649"]),
        ("1 - 3*w**2", "0", "1", ["sqrt(3)/3"]),
        ("1 - 3*w**2", "0", "1/2", []),
        ("w**2 - w", "0", "1", []),
        ("cosh(w) - 2 + w", None, None, ["-2.0851860141732456789949713661", "0.7252637249208063520148500620"]),
        ("w*exp(-w**2) - 1/10", "0", None, ["0.1010258483156851973675632156", "1.6796306104284499406749203388"]),
        ("1/(1 + w**2) - w*exp(-w)", "0", None, ["1.3677691342138251112876168582", "4.6655061418993553773704991716"]),
        ("sinh(w)/cosh(w)**3", "0", None, []),
    ],
)
def test_zeros_are_all_there(text: str, low: str | None, high: str | None, right: list[str]) -> None:
    ends = [None if end is None else parse(end) for end in (low, high)]
    found = zeros(parse(text), *ends)
    assert found is not None
    assert len(found.at) == len(right)
    for zero, expected in zip(found.at, right, strict=True):
        assert to_text(zero).startswith(expected)
        if isinstance(zero, Number) and zero.value.denominator > 1:
            with ctx.workprec(400):
                value = compiled(parse(text))
                width = Fraction(1, 10**50)
                signs = [value({"w": arb(exact(zero.value + side * width))}) for side in (-1, 1)]
                assert (signs[0] < 0 and signs[1] > 0) or (signs[0] > 0 and signs[1] < 0)


def exact(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


@pytest.mark.parametrize("text", ["cos(w)", "w - w"])
def test_what_has_no_list_of_zeros_is_left_open(text: str) -> None:
    assert zeros(parse(text), None, None) is None


@pytest.mark.parametrize(
    "text", ["exp(w) - 3*w", "w**2 - 1/(1 + w**2)", "tanh(w)*w - log(1 + w)", "(w - 2)**3*sqrt(w)"]
)
def test_ranges_hold_every_value(text: str) -> None:
    tree, random = parse(text), Random(text)
    enclose, value = ranged(tree), compiled(tree)
    for _ in range(200):
        a = 10 ** random.uniform(-6, 2)
        b = a * (1 + random.random() ** 3)
        low, high = enclose((arb(a), arb(b)))
        for _ in range(5):
            found = value({"w": arb(random.uniform(a, b))})
            assert not found < low and not found > high


def test_the_far_end_of_a_bounded_domain_counts() -> None:
    p = Parameter(name="p", domain=Interval(low=Fraction(1), high=Fraction(2), high_closed=True), default=1.5)
    assert sign_of(parse("p - 2"), (p,)) == "nonpositive"
    open_end = Parameter(name="p", domain=Interval(low=Fraction(1), high=Fraction(2)), default=1.5)
    assert sign_of(parse("p - 2"), (open_end,)) == "negative"
    assert sign_of(parse("p - 1"), (p,)) == "positive"


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        ("a**2 + b**2 >= 2*a*b", True),
        ("a**2 + b**2 > 2*a*b", False),
        ("sqrt(a**2 + 1) > a", True),
        ("exp(a) > 1 + a", False),
        ("exp(a) >= 1 + a", True),
        ("log(1 + a) <= a", True),
        ("a/(a + b) < 1", True),
        ("a**(1/2) >= 0", True),
        ("tanh(a) < a", True),
        ("tanh(a) > a", False),
        ("atan(a) < pi/2 + 1/1000000", True),
        ("a**b > 0", True),
    ],
)
def test_what_z3_proves(claim: str, truth: bool) -> None:
    positive = Interval(low=Fraction(0))
    known = tuple(Parameter(name=name, domain=positive, default=1.0) for name in "ab")
    operator = next(op for op in ("<=", ">=", "<", ">") if op in claim)
    left, right = claim.split(f" {operator} ")
    assert is_proved(Compare(operator, parse(left), parse(right)), known) == truth


@pytest.mark.parametrize(("text", "exact"), [
    ("exp(w) - 2", lambda: arb(2).log()),
    ("(w**2 - 2)*exp(-w)", lambda: arb(2).sqrt()),
    ("w**3 - 2", lambda: arb(2).root(3)),
    ("atan(w) - 1", lambda: arb(1).tan()),
    ("(w - 1/3)**3 + (w - 1/3)/10**9", lambda: arb(1) / 3),
])  # fmt: skip
def test_a_zero_is_narrowed_to_a_hundred_digits(text: str, exact: Callable[[], arb]) -> None:
    found = bisected(parse(text), number(0), None)
    assert found is not None and len(found) == 1
    with ctx.workprec(440):
        assert found[0].overlaps(exact()) and found[0].rad() < 1e-115
