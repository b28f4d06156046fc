"""Every enclosure that the judge relies on, of random formulas, against high-precision values from mpmath.

A ball that does not hold the value is the worst fault that this project can have: all verdicts rest on them. A few
hundred formulas are tried always, ten thousand in the long sweep.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import arb, arb_series, ctx, fmpq
from random_trees import PARAMETERS, Undefined, known, random_tree, taylor, value

from symreg.expressions.tree import Binary, Call, Name, Number, Tree, names
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms
from symreg.verification.minimum import boxes
from symreg.verification.minimum.growth import growth
from symreg.verification.minimum.minimiser import NoMinimum, minimisers
from symreg.verification.minimum.piecewise import MIDDLE, SIZES, PiecewisePhi, piecewise
from symreg.verification.oracle import derivatives, kinks, series
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Undecided, sign, sign_or_hull
from symreg.verification.oracle.derivatives import OracleDisagrees
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.functions import FUNCTIONS, SWITCHING, Taylor
from symreg.verification.oracle.kinks import every_kink
from symreg.verification.oracle.slopes import slopes
from symreg.verification.oracle.switches import switches

ALWAYS, SWEEP = 150, 10_000
FOR_A_MISTAKE = 1200  # random formulas, of which the first that shows it ends the search
_PLACES = 3  # looked at in each ball


def exactly(x: arb) -> Any:
    """Return the middle of a ball as a number of mpmath, without rounding."""
    mantissa, exponent = x.mid().man_exp()
    with mpmath.workprec(4000):
        return mpmath.mpf((int(mantissa), int(exponent)))


def misses(enclosure: arb, exact: Any, slack: Any) -> bool:
    """Does a finite ball not hold a number that is known up to a slack?"""
    if not enclosure.is_finite():
        return False
    with mpmath.workprec(4000):
        radius = exactly(arb(enclosure.rad()))
        return bool(abs(exact - exactly(enclosure)) > radius + slack)


def weights(draw: random.Random) -> tuple[float, float]:
    """Return the ends of an interval of weights: a point, a narrow one, a wide one, one about zero or very far out."""
    scale = 2.0 ** draw.choice([0, 0, 1, 3, 3, -10, 20, 60, -200, 200])
    at = draw.choice([-1, 1]) * scale * (1 + draw.random())
    if draw.random() < 0.15:
        return at, at
    if draw.random() < 0.3:
        return (0.0, at) if at > 0 else (at, 0.0)
    other = at * (1 + 2.0 ** draw.choice([-60, -40, -20, -6, -2, 0, 0, 3, 8]))
    return min(at, other), max(at, other)


def places(draw: random.Random, low: float, high: float) -> Iterator[Any]:
    """Yield weights inside an interval, ends nearly among them."""
    with mpmath.workprec(600):
        a, b = mpmath.mpf(low), mpmath.mpf(high)
        for _ in range(_PLACES if low < high else 1):
            part = draw.choice([mpmath.ldexp(1, -150), 1 - mpmath.ldexp(1, -150), draw.random(), draw.random() ** 8])
            yield a + (b - a) * part


def exact_taylor(tree: Tree, at: Any) -> list[tuple[Any, Any]] | None:
    """Return the exact Taylor coefficients with their slacks; None where there are none."""
    try:
        return taylor(lambda w: value(tree, w, PARAMETERS), at)
    except (Undefined, OverflowError, ZeroDivisionError):
        return None


def exact_value(tree: Tree, at: Any) -> tuple[Any, Any] | None:
    """Return the exact value with its slack; None where there is none."""
    try:
        return known(lambda w: value(tree, w, PARAMETERS), mpmath.mpf(at) if isinstance(at, float) else at)
    except (Undefined, OverflowError, ZeroDivisionError):
        return None


def around(low: float, high: float) -> arb:
    return arb(low) if low == high else arb(low).union(arb(high))


def values_of_balls(tree: Tree, draw: random.Random) -> int:
    """Hold the ball of the value, both sides enclosed where a switch is undecided, against values in it."""
    low, high = weights(draw)
    with ctx.workprec(draw.choice([53, 64, 160, 400])):
        scope = Scope({**{n: ball(x) for n, x in PARAMETERS.items()}, "w": around(low, high)}, decide=sign_or_hull)
        found = compiled(tree)(scope)
    compared = 0
    for at in places(draw, low, high) if found.is_finite() else ():
        exact = exact_value(tree, at)
        if exact is not None:
            assert not misses(found, *exact), f"{tree}\nover [{low!r}, {high!r}] is {found}, at {at} {exact[0]}"
            compared += 1
    return compared


def derivatives_of_series(tree: Tree, draw: random.Random) -> int:
    """Hold Taylor coefficients over a ball, all switches decided, against derivatives in it."""
    low, high = weights(draw)
    order = draw.choice([3, series.ORDER])
    with ctx.workprec(draw.choice([53, 64, 160, 400])):
        given = {n: ball(x) for n, x in PARAMETERS.items()}
        try:
            found = compiled(tree)(Scope({**given, "w": arb_series([around(low, high), 1], order)}, decide=sign))
        except Undecided:
            return 0
        balls = [series.constant(found), *(series.derivative(found, k) for k in range(1, order))]
    compared = 0
    for at in places(draw, low, high) if any(one.is_finite() for one in balls) else ():
        exact = exact_taylor(tree, at)
        if exact is None:
            continue
        for k, (one, (right, slack)) in enumerate(zip(balls, exact, strict=False)):
            assert not misses(one, right, slack), f"{tree}\n{k = } over [{low!r}, {high!r}] is {one}, at {at} {right}"
            compared += one.is_finite()
    return compared


def term(tree: Tree) -> Terms:
    declared = tuple(Parameter(name=n, domain=WORDS["real"], default=x) for n, x in PARAMETERS.items())
    made = Term(name="own", coefficient=Fraction(1), tree=tree, domain=WORDS["real"], parameters=declared, arrays=())
    return Terms(terms=(made,))


def slopes_of_the_oracle(tree: Tree, draw: random.Random) -> int:
    """Hold the reference of a gradient, and at a kink both one-sided slopes, against differences on either side."""
    at = draw.choice([0.0, 0.0, 1.0, -1.0, 2.0, weights(draw)[0]])
    found = slopes(term(tree), PARAMETERS)([at], 0)
    if found is None or found.value.is_nan():
        return 0
    sides = [exact_taylor(tree, mpmath.mpf(at) + side * mpmath.ldexp(abs(at) or 1, -190)) for side in (-1, 1)]
    if None in sides:
        return 0
    right = sorted((one[1] for one in sides if one is not None), key=lambda pair: pair[0])
    for one, (exact, slack) in zip((found.low, found.high), right, strict=True):
        # The difference is taken a little beside the kink.
        near = slack + abs(exact) * mpmath.mpf(2) ** -20 + mpmath.mpf(2) ** -40
        assert not misses(one, exact, near), f"{tree}\nslope at {at!r} is {one}, beside it {exact}"
        if abs(exact) < mpmath.mpf(2) ** 60:
            assert one.is_finite(), f"{tree}\nslope at {at!r} is {one}, beside it {exact}"
    return 1


def boxes_of_phi(tree: Tree, draw: random.Random) -> int:
    """Hold what boxes say of phi, phi' and phi'' against all three at places in them."""
    whole = piecewise(term(tree).terms, PARAMETERS)
    if not whole.is_whole:
        return 0
    compared = 0
    for _ in range(3):
        side = draw.choice([-1, 1])
        box = draw.choice(whole.band(draw.choice([MIDDLE, MIDDLE, draw.randrange(len(SIZES) - 1)]), side) or (None,))
        for _ in range(draw.randrange(6)):
            if box is not None and box.is_splittable:
                box = draw.choice(box.halved())
        if box is None or box.low == box.high:
            continue
        first, last = math.nextafter(box.piece.low, math.inf), math.nextafter(box.piece.high, -math.inf)
        for at in places(draw, box.low, box.high):
            if not first <= at <= last:
                continue  # past a breakpoint that is no float the piece's own formula is followed, which is not phi
            exact = exact_taylor(tree, at)
            if exact is None:
                continue
            for low, high, (right, slack), scale in (
                (box.least, arb.pos_inf(), exact[0], 1),
                (*map(arb, box.slope), exact[1], 1),
                (*map(arb, box.curvature), exact[2], 2),
            ):
                if low.is_nan() or high.is_nan():
                    continue
                with mpmath.workprec(4000):
                    is_held = (not low.is_finite() or exactly(low) <= scale * (right + slack)) and (
                        not high.is_finite() or scale * (right - slack) <= exactly(high)
                    )
                assert is_held, f"{tree}\n{box}\nat {at}: {scale * right}"
                compared += low.is_finite()
    return compared


def bounds_of_growth(tree: Tree, draw: random.Random) -> int:
    """Hold bounds for all large, or all small, weights against values there."""
    threshold, side = 2.0 ** draw.choice([2, 18, 64]), draw.choice([-1, 1])
    toward_zero = draw.random() < 0.5
    with ctx.workprec(64):
        found = growth(term(tree).terms, PARAMETERS, side, threshold, toward_zero=toward_zero)
    compared = 0
    for _ in range(_PLACES):
        t = mpmath.mpf(threshold) * draw.choice([1, 1 + draw.random(), 2.0 ** draw.randrange(40)])
        with mpmath.workprec(2000):
            at = side * (1 / t if toward_zero else t)
        exact = exact_value(tree, at)
        if exact is None:
            continue
        for bound, sense in ((found.lower, 1), (found.upper, -1)):
            if bound.factor.is_finite():
                with ctx.workprec(4000):
                    limit = (arb(sense) * bound.factor * arb(t_of(t)) ** arb(rational(bound.exponent))).lower()
                right, slack = exact
                with mpmath.workprec(4000):
                    assert exactly(limit) <= sense * right + slack, (
                        f"{tree}\n{found}\nfrom {threshold} on, {side = }, {toward_zero = }; at {t} {right}"
                    )
                compared += 1
    return compared


def t_of(t: Any) -> arb:
    sign_, mantissa, exponent, _ = t._mpf_
    return arb((-int(mantissa) if sign_ else int(mantissa), int(exponent)))


def rational(x: Fraction) -> Any:
    return fmpq(x.numerator, x.denominator)


def signs_of_switches(tree: Tree, draw: random.Random) -> int:
    """Hold the list of kinks against the signs of all switches at many weights: between two signs there is a kink."""
    made = term(tree).terms
    found = every_kink(made, PARAMETERS)
    if found is None:
        return 0
    knots = [(k.below, k.above) for k in found] + [(0.0, 0.0)]
    scattered = [draw.choice([-1, 1]) * 2.0 ** (draw.gauss(0, 4)) for _ in range(60)]
    at = sorted([*scattered, *(s * 10.0**k for s in (-1, 1) for k in range(-300, 301, 60))])
    compared = 0
    for switch in switches(tree):
        before = None
        for w in at if "w" in names(switch) else ():
            found_here = exact_value(switch, w)
            exact = found_here[0] if found_here else None
            if before is not None and exact is not None and exact * before[1] < 0:
                assert any(before[0] <= below and above <= w for below, above in knots), (
                    f"{tree}\nno kink from {before[0]!r} to {w!r}: {found}"
                )
                compared += 1
            before = (w, exact) if exact else None
    return compared


def costs_of_minimisers(tree: Tree, draw: random.Random) -> int:
    """Hold the least cost that the oracle of proximal operators finds against the cost at many weights."""
    made = term(tree)
    if any(exact_value(tree, w) is None for w in (-50.0, -1.0, 0.0, 1.0, 50.0)):
        return 0
    whole = piecewise(made.terms, PARAMETERS)
    if not whole.is_whole or any(point.is_jump for point in whole.breakpoints):
        return 0
    one = minimisers(made, PARAMETERS, whole)
    compared = 0
    for _ in range(2):
        v, s = draw.choice([0.0, draw.gauss(0, 3), draw.gauss(0, 300)]), 2.0 ** draw.randrange(-8, 6)

        def cost(u: Any, v: float = v, s: float = s) -> Any:
            found = exact_value(tree, u)
            with mpmath.workprec(1200):
                return None if found is None else s * found[0] + (u - mpmath.mpf(v)) ** 2 / 2

        tried = [v, 0.0, *(v + draw.gauss(0, 2) ** 3 for _ in range(40)), *(draw.gauss(0, 8) for _ in range(40))]
        try:
            found = one(v, s)
        except NoMinimum:
            far = [c for u in (-1e250, 1e250) if (c := cost(u)) is not None]
            assert not far or min(far) < -1e200, f"{tree}\nat {v = }, {s = }"
            continue
        if found is None:
            continue
        least = cost(exactly(found.value))
        if least is None:
            continue
        with mpmath.workprec(1200):
            slack = mpmath.ldexp(abs(least) + v**2, -160) + mpmath.ldexp(1, -900)
            for u in tried:
                other = cost(u)
                assert other is None or least <= other + slack, (
                    f"{tree}\nat {v = }, {s = }: {found.value} costs {least}, {u!r} {other}"
                )
        compared += 1
    return compared


Hunt = Callable[[Tree, random.Random], int]


def kinked(seed: str, depth: int) -> Tree:
    """Return a formula that has kinks more often than not."""
    one, other = (random_tree(f"{seed} {k}", depth) for k in range(2))
    draw = random.Random(seed)
    turned = Call(
        "abs",
        (
            Binary(
                "-",
                Name("w"),
                Number(Fraction(draw.choice([0, 0, 1]))),
            ),
        ),
    )
    return draw.choice([Binary("+", turned, one), Call("min", (one, other)), Call("max", (turned, one))])


# How many formulas are tried always, how they are made, and how deep they are.
HUNTS: dict[str, tuple[Hunt, int, Callable[[str, int], Tree], int]] = {
    "values": (values_of_balls, ALWAYS, random_tree, 4),
    "derivatives": (derivatives_of_series, ALWAYS, random_tree, 4),
    "slopes": (slopes_of_the_oracle, ALWAYS, random_tree, 4),
    "growth": (bounds_of_growth, ALWAYS, random_tree, 4),
    "boxes": (boxes_of_phi, ALWAYS // 3, random_tree, 2),
    "kinks": (signs_of_switches, ALWAYS // 6, kinked, 2),
    "minimisers": (costs_of_minimisers, ALWAYS // 3, kinked, 1),
}


def hunt(kind: str, count: int) -> int:
    """Return how many enclosures held a value, of as many random formulas."""
    held = 0
    look, _, make, depth = HUNTS[kind]
    for seed in range(count):
        tree = make(f"{kind} {seed}", depth)
        if "w" in names(tree):
            held += look(tree, random.Random(seed))
    return held


@pytest.mark.one_in(8)
@pytest.mark.parametrize("kind", HUNTS)
def test_no_enclosure_misses_its_value(kind: str) -> None:
    count = HUNTS[kind][1]
    assert hunt(kind, count) > count // 3


@pytest.mark.sweep
@pytest.mark.parametrize("kind", HUNTS)
def test_no_enclosure_of_many_misses_its_value(kind: str) -> None:
    assert hunt(kind, SWEEP) > SWEEP // 3


def passes_for_a_constant(patch: pytest.MonkeyPatch) -> None:
    """A quotient by a ball about zero is a NaN without derivatives, and nobody asks for a value beside a derivative."""
    patch.setattr(series, "undetermined", lambda *operands: arb.nan())
    patch.setattr(series, "derivative", lambda x, k: x[k] if isinstance(x, arb_series) else arb(0))


def forgets_a_radius(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(FUNCTIONS, "atan", replace(FUNCTIONS["atan"], ball=lambda x: x.mid().atan()))


def doubles_a_slope(patch: pytest.MonkeyPatch) -> None:
    right = FUNCTIONS["sinh"]

    def doubled(x: arb) -> Taylor:
        value, slope, *rest = right.taylor(x)
        return (value, slope * 2, *rest)

    patch.setitem(FUNCTIONS, "sinh", replace(right, taylor=doubled))


def takes_one_side_for_both(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(derivatives, "sign_of_the_germ", lambda x: 1)


def takes_what_is_negative_for_its_size(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(SWITCHING, "abs", lambda reader, f: f)


def takes_the_middle_of_a_box(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(boxes, "outward", lambda x: (float(x.mid()), float(x.mid())))


def loses_a_root(patch: pytest.MonkeyPatch) -> None:
    right = kinks._roots
    patch.setattr(kinks, "_roots", lambda *given: (right(*given)[0][1:], True))


def bounds_phi_from_above(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PiecewisePhi, "least", lambda self: arb(1))


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    ("kind", "breaks"),
    [
        ("values", forgets_a_radius),
        ("derivatives", passes_for_a_constant),
        ("derivatives", doubles_a_slope),
        ("slopes", takes_one_side_for_both),
        ("growth", takes_what_is_negative_for_its_size),
        ("boxes", takes_the_middle_of_a_box),
        ("kinks", loses_a_root),
        ("minimisers", bounds_phi_from_above),
    ],
)
def test_what_is_no_enclosure_is_found(kind: str, breaks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch)
    with pytest.raises((AssertionError, OracleDisagrees)):
        hunt(kind, FOR_A_MISTAKE)
