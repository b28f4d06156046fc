"""Ball evaluation: enclosures of known values, rigorous switches, index notation, and derivatives carried along."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from flint import arb, arb_series, ctx
from hypothesis import given
from hypothesis import strategies as st
from true_functions import FUNCTIONS as TRUE

from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Binary, Call, Name, Negate, Number, Tree
from symreg.language.parse import parse
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import AtKink, Undecided, sign, sign_or_hull
from symreg.verification.oracle.evaluate import Scope, compiled, evaluate
from symreg.verification.oracle.functions import FUNCTIONS as JUDGED
from symreg.verification.oracle.functions import SWITCHING
from symreg.verification.oracle.kinks import from_ordinal, ordinal
from symreg.verification.oracle.switches import reach, switches

POINTS = (-30.5, -2.25, -0.75, -1e-9, 1e-200, 0.5, 0.999, 3.0, 40.0)


def holds(enclosure: arb, value: mpmath.mpf, tolerance: float = 1e-25) -> bool:
    """Does the ball, widened by mpmath's own error, hold the value?"""
    slack = abs(value) * mpmath.mpf(tolerance) + mpmath.mpf(10) ** -250
    low, high = (mpmath.mpf(str(end.mid().str(80, radius=False))) for end in (enclosure.lower(), enclosure.upper()))
    return bool(low - slack <= value <= high + slack)


def test_every_smooth_function_of_the_language_has_a_ball_and_a_reference() -> None:
    elsewhere = {"min", "max", "where", "sum", "norm", "logaddexp"}
    switching = {"abs", "sqrt", "sign"}
    assert set(FUNCTIONS) - elsewhere == set(TRUE) == set(JUDGED) | switching
    assert switching == set(SWITCHING)


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_values_enclose_what_mpmath_finds(name: str) -> None:
    compared = 0
    with mpmath.workprec(1500), ctx.workprec(300):
        for x in POINTS:
            if x <= TRUE[name].least:
                continue
            found = evaluate(parse(f"{name}(w)"), {"w": x}, precision=300)
            assert holds(found, TRUE[name].value(mpmath.mpf(x))), (x, found)
            assert found.rel_accuracy_bits() > 200, (x, found)
            compared += 1
    assert compared >= 5


@pytest.mark.one_in(21)
@pytest.mark.parametrize("name", sorted(JUDGED))
def test_series_enclose_three_derivatives(name: str) -> None:
    compared = 0
    with mpmath.workprec(2000), ctx.workprec(300):
        for x in POINTS:
            if x <= TRUE[name].least or abs(x) < 1e-100:
                continue
            inner = arb_series([arb(x), 2, arb(1) / 4, arb(-1) / 8], series.ORDER)
            found = series.apply(name, inner)

            def composed(t: mpmath.mpf, at: float = x) -> mpmath.mpf:
                return TRUE[name].value(at + 2 * t + t * t / 4 - t**3 / 8)

            expected = mpmath.taylor(composed, 0, 3, singular=TRUE[name].is_open, h=mpmath.mpf(2) ** -300)
            for k in range(series.ORDER):
                assert holds(found[k], expected[k], 1e-20), (x, k)
            compared += 1
    assert compared >= 4


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("where(w < 0, -w, 2*w)", {"w": 0.0}, 0),
        ("where(w <= 1 and not w < -1, 7, 8)", {"w": -1.0}, 7),
        ("where(w > 1 or w == 0.5, 7, 8)", {"w": 0.5}, 7),
        ("abs(w) + sign(w)", {"w": -3.0}, 2),
        ("sign(w)", {"w": 0.0}, 0),
        ("min(w, 2, -w) + max(w, 1, 3)", {"w": 5.0}, 0),
        ("sqrt(w)", {"w": 0.0}, 0),
        ("w**0", {"w": 0.0}, 1),
        ("abs(w)**p", {"w": 0.0, "p": 1.5}, 0),
        ("w**p", {"w": -2.0, "p": 3.0}, -8),
        ("2**-3 * 8", {}, 1),
        ("logaddexp(w, w)", {"w": 0.0}, None),
        ("sum(w[i]**2, i)", {"w": [1.0, 2.0, 3.0]}, 14),
        ("sum((w[i+1] - w[i])**2, i)", {"w": [1.0, 2.0, 4.0]}, 5),
        ("sum(w[i-1]*w[i+1], i)", {"w": [1.0, 2.0, 3.0, 4.0]}, 11),
        ("sum(w[i+1], i)", {"w": [1.0]}, 0),
        ("sum((w[i] - sum(w[j], j)/n)**2, i)", {"w": [1.0, 2.0, 3.0]}, 2),
        ("sum(sum(A[i, j]*w[i]*w[j], j), i)", {"w": [1.0, 2.0], "A": [[1.0, 2.0], [3.0, 4.0]]}, 27),
        ("norm(w)", {"w": [3.0, 4.0]}, 5),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_switches_and_index_notation(text: str, values: dict[str, object], expected: int | None) -> None:
    found = evaluate(parse(text, known=list(values)), values, precision=200)
    if expected is None:
        assert found.overlaps(arb(2).log())
    else:
        assert found.contains(expected) and found.rad() < 1e-50


def test_an_undecided_switch_is_enclosed_from_both_sides() -> None:
    around = arb(0, 1)
    for text, low, high in [
        ("abs(w)", 0, 1),
        ("where(w < 0, 5, 7)", 5, 7),
        ("sign(w)", -1, 1),
        ("max(w, 0.5)", 0.5, 1),
        ("min(w, 0.5)", -1, 0.5),
    ]:
        found = evaluate(parse(text), {"w": around})
        assert found.contains(low) and found.contains(high), text


def test_a_rigorous_decision_is_not_guessed() -> None:
    for text in ("sign(w)", "where(w > 0, 1, 2)"):
        with pytest.raises(Undecided):
            evaluate(parse(text), {"w": arb(1e-30, 1e-29)}, decide=sign)
    with pytest.raises(AtKink):
        sign(arb_series([arb(0), 1], 4))
    assert evaluate(parse("abs(w)"), {"w": arb(1e-30, 1e-31)}, decide=sign) > 0


def test_an_even_power_is_never_negative() -> None:
    for exponent in (2, 4, 8):
        found = evaluate(parse(f"w**{exponent}"), {"w": arb(0.25, 1)})
        assert found.lower() > -1e-6  # a radius has 30 bits
        assert found.contains(0) and found.contains((arb(5) / 4) ** exponent)


@pytest.mark.parametrize("text", ["(w**2 - 1)**2", "(w**2 - 1)**3"])
def test_over_wide_balls_derivatives_keep_their_signs(text: str) -> None:
    wide = arb(4).union(arb(12))
    found = compiled(parse(text))(Scope({"w": arb_series([wide, arb(1)], 3)}, decide=sign))
    assert found[1] > 0 and found[2] > 0
    for at in (4, 7, 12):
        here = compiled(parse(text))(Scope({"w": arb_series([arb(at), arb(1)], 3)}, decide=sign))
        assert all(found[k].contains(here[k]) for k in range(3))


def test_numbers_are_exact() -> None:
    with ctx.workprec(53):
        tiny = Fraction(1) + Fraction(1, 2**200)
        assert (ball(tiny) - 1).is_exact() or ball(tiny).is_exact()
        assert ball(Fraction(1, 3)).rad() < 1e-15
    # A literal is the fraction that was written, at whatever precision is asked for.
    assert evaluate(parse("0.1 - w"), {"w": 0.1}, precision=400).overlaps(
        evaluate(parse("1/10 - w"), {"w": 0.1}, precision=800)
    )
    assert not evaluate(parse("0.1 - w"), {"w": 0.1}, precision=400).contains(0)


def test_what_is_not_finite_is_not_determined() -> None:
    for text, at in [("log(w)", -1.0), ("sqrt(w)", -1.0), ("1/w", 0.0), ("log(w)", 0.0)]:
        assert not evaluate(parse(text), {"w": at}).is_finite(), text


def test_reach_follows_the_range_rule() -> None:
    assert reach(parse("w[i+2] - w[i-1]", indices=("i",)), "i") == (-1, 2)
    assert reach(parse("w[i]", indices=("i",)), "i") == (0, 0)
    assert reach(parse("w[i-1]", indices=("i",)), "i") == (-1, -1), "the index may reach n, its subscript does not"


@pytest.mark.parametrize("text", [
    "sum((w[i+1] - 2*w[i] + w[i-1])**2*exp(-abs(w[i])), i)",
    "sum((w[i] - sum(w[k], k)/n)**2, i)",
    "sum(sum(w[i]*A[i,k]*w[k], k), i)",
    "sum(sum((w[i] - w[k])**2, k), i)",
    "norm(w)",
])  # fmt: skip
def test_a_long_sum_is_the_same_where_equal_weights_are_one_object(text: str) -> None:
    tree, length = parse(text), 70
    few = [ball(x) for x in (0.5, -1.25, 3.0, 0.1, -0.7)]
    shared = [few[k * k % 5] for k in range(length)]
    matrix = [[few[(3 * i + k) % 5] for k in range(length)] for i in range(length)]
    apart = [x + 0 for x in shared]
    found = [
        compiled(tree)(Scope({}, {"w": weights, "A": rows}, length, sign))
        for weights, rows in ((shared, matrix), (apart, [[x + 0 for x in row] for row in matrix]))
    ]
    assert found[0].overlaps(found[1]) and found[0].rad() < 1e-9


def test_switches_are_the_expressions_whose_sign_matters() -> None:
    tree = parse("where(abs(w) <= 1, max(w, 2, 3), sign(w + 1))")
    found = switches(tree)
    assert len(found) == 1 + 1 + 3 + 1 and Name("w") in found


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_ordinals_number_the_floats(x: float) -> None:
    assert from_ordinal(ordinal(x)) == x
    assert x == 0 or from_ordinal(ordinal(x) + 1) > x


LEAVES = st.one_of(
    st.just(Name("w")),
    st.fractions(min_value=0, max_value=8, max_denominator=64).map(Number),
)


def larger(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    smooth = sorted(set(JUDGED) - {"log", "log1p", "tan", "exp", "sinh", "cosh", "expm1"})
    return st.one_of(
        st.builds(Negate, inner),
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda f, x: Call(f, (x,)), st.sampled_from([*smooth, "abs", "sign"]), inner),
        st.builds(lambda f, x, y: Call(f, (x, y)), st.sampled_from(["min", "max", "logaddexp"]), inner, inner),
        st.builds(lambda x, k: Binary("**", x, Number(Fraction(k))), inner, st.integers(0, 4)),
    )


TREES = st.recursive(LEAVES, larger, max_leaves=8)


@given(TREES, st.floats(-4, 4))
def test_a_coarse_ball_encloses_a_fine_one(tree: Tree, at: float) -> None:
    coarse = evaluate(tree, {"w": at}, precision=40, decide=sign_or_hull)
    fine = evaluate(tree, {"w": at}, precision=2000, decide=sign_or_hull)
    if coarse.is_finite() and fine.is_finite():
        assert coarse.overlaps(fine)


@given(TREES, st.floats(-4, 4))
def test_a_series_carries_the_value_and_a_difference_agrees_with_its_slope(tree: Tree, at: float) -> None:
    code = compiled(tree)
    with ctx.workprec(600):
        try:
            point = code(Scope({"w": arb(at)}))
            h = arb((1, -150))
            around = code(Scope({"w": arb_series([arb(at) + arb(0, h), 1], series.ORDER)}))
            difference = (code(Scope({"w": arb(at) + h})) - code(Scope({"w": arb(at) - h}))) / (2 * h)
        except Undecided:
            return
        if not (point.is_finite() and difference.is_finite() and series.is_finite(around)):
            return
        assert series.constant(around).overlaps(point)
        # By the mean value theorem the difference quotient is a slope somewhere in the interval.
        assert series.slope(around).overlaps(difference)


def test_a_power_of_nan_is_nan() -> None:
    assert evaluate(parse("(w/c)**2"), {"w": 1.0, "c": 0.0}).is_nan()
