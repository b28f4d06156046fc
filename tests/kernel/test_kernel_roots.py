"""Roots as both targets find them: hard equations, odd inputs, the edges of blocks, and random penalties.

The hard equations are operators made by hand, of one piece without a closed form: nothing but the finder is tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from derived import derived, emitted_prox
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_values import Values, value

from symreg.expressions.tree import number
from symreg.language.parse import parse
from symreg.model.interval import Interval
from symreg.objectives.resolve import resolve
from symreg.proximal.operator import Case, MonotonePiece, Operator
from symreg.targets.loading.load import load
from symreg.updates.update import Update

TARGETS = ("numpy", "c")
EPS = np.finfo(np.float64).eps


# Hard equations: u + step*slope(u) = v


def _mirrored(slope: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda u: mpmath.sign(u) * slope(abs(u))


EQUATIONS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    # Newton's method by itself goes back and forth between the two flat sides.
    "steep in the middle": ("1e6*atan(1e6*w)", "1e12/(1 + 1e12*w**2)", lambda u: 10**6 * mpmath.atan(10**6 * u)),
    "steep off the middle": (
        "1e3*atan(1e3*(w - 3))",
        "1e6/(1 + 1e6*(w - 3)**2)",
        lambda u: 1000 * mpmath.atan(1000 * (u - 3)),
    ),
    "of degree 63": ("w**63", "63*w**62", lambda u: u**63),
    "a root of infinite slope at 0": (
        "sign(w)*abs(w)**(1/50)",
        "abs(w)**(-49/50)/50",
        _mirrored(lambda u: u ** (mpmath.mpf(1) / 50)),
    ),
    "exponential": ("exp(w)", "exp(w)", mpmath.exp),
    "exponential of a large multiple": ("exp(300*w)", "300*exp(300*w)", lambda u: mpmath.exp(300 * u)),
    "nearly a jump": (
        "1e3*tanh(1e5*(w - 1))",
        "1e8*(1 - tanh(1e5*(w - 1))**2)",
        lambda u: 1000 * mpmath.tanh(10**5 * (u - 1)),
    ),
    "flat for a long way": ("max(w - 1e6, 0)**3", "3*max(w - 1e6, 0)**2", lambda u: max(u - 10**6, 0) ** 3),
}
V = np.array(
    [-1e12, -3e4, -7.5, -1.0, -1e-3, -1e-9, 1e-12, 1e-6, 0.25, 1.0, 2.9999, 3.0, 4.0, 88.0, 1e5, 2e6, 1e9, 1e12]
)


@cache
def by_hand(name: str, *, is_radial: bool, target: str) -> Callable[..., Any]:
    """Return the function emitted from an operator of one piece, all of the line, that starts at v."""
    slope, curvature, _ = EQUATIONS[name]
    piece = MonotonePiece(
        low=None,
        high=None,
        value=number(0),
        slope=parse(slope),
        curvature=parse(curvature),
        third=number(0),
        trend=0,
        may_fall=False,
    )
    case = Case(place=piece, low=None, high=None, formula=None)
    made = Operator(cases=(case,), gaps=(), is_even=False, domain=Interval())
    objective = resolve("norm(w)" if is_radial else "abs(w)", name="by_hand")
    update = Update(kind="prox", name="prox", terms=objective.terms, operator=made, is_radial=is_radial)
    function: Callable[..., Any] = load(objective, (update,), target).prox
    return function


def assert_root(u: float, v: float, step: float, slope: Callable[[Any], Any], within: float = 16 * EPS) -> None:
    """Check that u + step*slope(u) = v, as nearly as rounding lets it be, or that the root is within a part of u."""
    with mpmath.workdps(60):
        exact, given = mpmath.mpf(u), mpmath.mpf(v)
        pull = step * slope(exact)
        if abs(exact + pull - given) <= 8 * EPS * (abs(exact) + abs(pull) + abs(given)):
            return
        room = within * abs(exact) + mpmath.mpf(10) ** -300
        below, above = (end + step * slope(end) - given for end in (exact - room, exact + room))
        assert below <= 0 <= above, (u, v, step)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", EQUATIONS)
def test_a_hard_equation_is_solved_for_each_element(name: str, target: str) -> None:
    for step in (1e-6, 1.0, 1e4):
        for v, u in zip(V, by_hand(name, is_radial=False, target=target)(V, step=step), strict=True):
            assert_root(u, v, step, EQUATIONS[name][2])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", EQUATIONS)
def test_a_hard_equation_is_solved_for_a_scalar(name: str, target: str) -> None:
    """The proximal point of a norm is one root, found to 1e-9 and then by one more step of Newton's method."""
    for step in (1e-6, 1.0, 1e4):
        for v in V[V > 0]:
            (u,) = by_hand(name, is_radial=True, target=target)(np.array([v]), step=step)
            assert_root(u, v, step, EQUATIONS[name][2], within=1e-12)


# Steep and flat penalties, derived

NASTY = {
    "lam*abs(w)**(11/10)": lambda u: mpmath.mpf(11) / 10 * u ** (mpmath.mpf(1) / 10),
    "lam*abs(w)**(19/10)": lambda u: mpmath.mpf(19) / 10 * u ** (mpmath.mpf(9) / 10),
    "lam*exp(abs(w))": mpmath.exp,
    "lam*w**6": lambda u: 6 * u**5,
    "lam*abs(w)**(1/10)": lambda u: u ** (mpmath.mpf(-9) / 10) / 10,
    "lam*abs(w)**(9/10)": lambda u: u ** (mpmath.mpf(-1) / 10) * mpmath.mpf(9) / 10,
}
"""phi'/lam on u > 0."""


@pytest.mark.one_in(6)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", NASTY)
def test_steep_and_flat_penalties(text: str, target: str) -> None:
    prox, compared = emitted_prox(resolve(text), target), 0
    v = np.array([1e-12, 1e-5, 0.03, 0.7, 1.0, 2.5, 40.0, 1e3, 1e8])
    for lam, step in ((0.1, 1.0), (3.0, 0.01), (1.0, 1e3), (1e-6, 1e-2)):
        made = prox(v, step=step, lam=lam)
        np.testing.assert_array_equal(prox(-v, step=step, lam=lam), -made)
        for x, u in zip(v, made, strict=True):
            assert 0 <= u <= x
            if u > 0:
                assert_root(u, x, step * lam, NASTY[text])
                compared += 1
    assert compared >= 12


@pytest.mark.parametrize("target", TARGETS)
def test_a_slope_that_is_infinite_elsewhere_than_at_0(target: str) -> None:
    """Where a trial stands on such a place, Newton's method would not leave it."""
    prox = emitted_prox(resolve("lam*abs(w - 1)**(3/2)"), target)
    v = np.array([-3.0, 0.0, 0.9, 1.0, 1.1, 2.0, 5.0])
    for x, u in zip(v, prox(v, step=1.0, lam=1.0), strict=True):
        assert_root(u, x, 1.0, lambda u: mpmath.mpf(1.5) * mpmath.sign(u - 1) * mpmath.sqrt(abs(u - 1)))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", TARGETS)
def test_an_infinite_slope_at_an_end_that_the_minimiser_never_reaches(target: str) -> None:
    prox = emitted_prox(resolve("entropy + l2"), target)
    v = np.array([-600.0, -30.0, -1.0, -1e-9, 0.0, 1e-9, 0.5, 3.0, 1e8])
    for lam, step in ((0.1, 10.0), (5.0, 0.3), (5.0, 100.0)):
        for x, u in zip(v, prox(v, step=step, lam=lam), strict=True):
            assert u > 0
            assert_root(u, x, step * lam, lambda u: mpmath.log(u) + 1 + 2 * u)


# Odd inputs

ITERATED = ("cauchy", "lp", "quartic", "log_barrier", "entropy", "l_half", "log_cosh", "mcp", "sine_squared", "tukey")
SUBNORMAL = 5e-324


@pytest.mark.one_in(6)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ITERATED)
def test_odd_inputs(name: str, target: str) -> None:
    prox, made = emitted_prox(resolve(name), target), derived(resolve(name)).operator
    assert made is not None
    far = 1e150 if name == "sine_squared" else math.inf  # nobody knows at which place of its period infinity is
    v = np.array([math.nan, 1.0, -math.nan, 0.0, -0.0, SUBNORMAL, -SUBNORMAL, 1e-310, far, -far, 2.0])
    u = prox(v, step=0.7)
    np.testing.assert_array_equal(np.isnan(u), np.isnan(v))
    np.testing.assert_allclose(u[[1, 10]], [prox(np.array([x]), step=0.7)[0] for x in (1.0, 2.0)], rtol=4 * EPS)
    if made.is_even:
        np.testing.assert_array_equal(np.signbit(u), np.signbit(np.where(np.isnan(v), u, v)))
        np.testing.assert_array_equal(prox(-v, step=0.7), -u)
        assert np.all(np.abs(u[3:8]) <= 1e-300)
    ascending = u[np.argsort(v, kind="stable")][:9]
    assert np.all(ascending[:-1] <= ascending[1:] + 2 * EPS * np.abs(ascending[1:]) + 1e-300)
    for odd in (math.nan, 0.0, -0.0, SUBNORMAL):
        (alone,) = prox(np.array([odd]), step=0.7)
        assert math.isnan(alone) == math.isnan(odd)


# Blocks

EDGES = {"numpy": (131_071, 131_072, 131_073), "c": (127, 128, 129, 257)}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("target", TARGETS)
def test_edges_of_blocks(target: str, dtype: str) -> None:
    """An element is what it is alone, wherever it stands; `out` may be v; what lies behind is not touched."""
    prox = emitted_prox(resolve("cauchy"), target, dtype)
    few = np.random.default_rng(1).normal(size=40).astype(dtype) * 3
    alone = np.array([prox(few[k : k + 1], step=0.9)[0] for k in range(few.size)])
    for n in EDGES[target]:
        v = np.resize(few, n)
        np.testing.assert_allclose(prox(v, step=0.9), np.resize(alone, n), rtol=4 * np.finfo(dtype).eps)
        wide = np.concatenate([v, np.full(3, 7.0, dtype)])
        assert prox(wide[:n], step=0.9, out=wide[:n]) is not None
        np.testing.assert_array_equal(wide[:n], prox(v, step=0.9))
        np.testing.assert_array_equal(wide[n:], 7.0)
    strided = np.repeat(few, 2)[::2]
    np.testing.assert_array_equal(prox(strided, step=0.9), prox(few, step=0.9))
    with pytest.raises(ValueError, match="out: must not share memory with v"):
        prox(wide[1:], step=0.9, out=wide[:-1])


@pytest.mark.parametrize("name", ["cauchy", "lp", "log_barrier", "mcp"])
@pytest.mark.parametrize("target", TARGETS)
def test_single_precision_is_double_precision_rounded(name: str, target: str) -> None:
    v = np.random.default_rng(2).uniform(0.01, 4.0, 200).astype(np.float32)
    single = emitted_prox(resolve(name), target, "float32")(v, step=0.4)
    double = emitted_prox(resolve(name), target)(v.astype(np.float64), step=0.4)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double.astype(np.float32), rtol=np.finfo(np.float32).eps)


# Random penalties

RANDOM = (
    "lam*abs(w) + mu*w**4", "lam*sqrt(w**2 + 1) + mu*abs(w)", "lam*log(1 + abs(w)) + mu*max(w, 0)", "lam*abs(w - 1)",
    "lam*sqrt(abs(w)) + mu*w**2", "lam*min(abs(w), 1) + mu*w**2", "lam*max(1 - w, 0)**2 + mu*w", "lam*exp(w)",
    "lam*abs(w)**(3/2) + mu*max(w, 0)", "lam*atan(abs(w))", "lam*where(w > 0, w**2, -w)",
    "lam*min((w - 1)**2, (w + 1)**2)",
)  # fmt: skip
"""Penalties of many shapes."""


@pytest.mark.one_in(6)
@pytest.mark.parametrize("text", RANDOM)
@settings(max_examples=6)
@given(
    lam=st.floats(1e-3, 30),
    mu=st.floats(1e-3, 3),
    step=st.floats(1e-2, 30),
    seed=st.integers(0, 1000),
)
def test_an_operator_is_monotone_and_beats_random_candidates(
    text: str, lam: float, mu: float, step: float, seed: int
) -> None:
    objective = resolve(text)
    prox = emitted_prox(objective)
    known = {p.name: {"lam": lam, "mu": mu}[p.name] for p in objective.terms.parameters}
    random = np.random.default_rng(seed)
    v = np.sort(np.concatenate([random.normal(size=12) * 3, [0.0, 0.5, 1.0, -1.0, 12.0]]))
    u = prox(v, step=step, **known)
    assert np.all(np.diff(u) >= -1e-12 * np.abs(u[1:]))
    (term,) = objective.terms.terms

    def cost(u: float, v: float) -> float:
        return step * float(value(term.tree, Values(math, {"w": u, **known}))) + 0.5 * (u - v) ** 2

    for x, best in zip(v, u, strict=True):
        least = cost(float(best), float(x))
        near = best + random.normal(size=25) * 10.0 ** random.uniform(-6, 0, 25)
        for other in (*near, *random.normal(size=25) * 4):
            assert least <= cost(float(other), float(x)) + 1e-13 * (1 + abs(least))
