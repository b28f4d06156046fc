"""Emitted proximal operators of the whole catalogue: exact zeros, exact oddness, one result on both targets, refusals.

That the files compile without a word, are formatted and typed is tested with all else that is emitted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from derived import ELEMENTWISE, derived, emitted_prox

from symreg.expressions.arithmetic import ZERO
from symreg.objectives.resolve import resolve
from symreg.proximal.operator import Kink, Operator

NAMES = (*ELEMENTWISE, "l2_norm")
STEPS = (0.05, 1.0, 20.0)
TARGETS = ("numpy", "c")


def drawn(name: str, n: int = 400) -> Any:
    """Return numbers of all sizes, of either sign."""
    random = np.random.default_rng(sum(map(ord, name)))
    return random.normal(size=n) * 10.0 ** random.uniform(-4, 3, size=n)


def rests_at_zero(name: str) -> bool:
    """Is there an interval of v whose minimiser is 0?"""
    made = derived(resolve(name)).operator
    assert isinstance(made, Operator)
    return any(isinstance(case.place, Kink) and case.place.position == ZERO for case in made.cases)


ZERO_AT = {
    # v with the defaults and step = 1 on either side of where zeros end; lam = 0.1
    "atan": (0.0999999, 0.1000001),
    "berhu": (0.0999999, 0.1000001),
    "capped_l1": (0.0999999, 0.1000001),
    "elastic_net": (0.0999999, 0.1000001),
    "l1": (0.0999999, 0.1000001),
    "mcp": (0.0999999, 0.1000001),
    "scad": (0.0999999, 0.1000001),
    # The minimum beside 0 is first as good as 0 at v = 3/2*(s*lam)**(2/3), since u = 2/3*v there (Xu et al. 2012)
    "l_half": (1.5 * 0.1 ** (2 / 3) * (1 - 1e-7), 1.5 * 0.1 ** (2 / 3) * (1 + 1e-7)),
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ZERO_AT)
def test_zeros_end_where_they_should(name: str, target: str) -> None:
    assert rests_at_zero(name)
    within, beyond = ZERO_AT[name]
    fixed = {"elastic_net": {"lam2": 0.1}, "atan": {"gamma": 1.0}}.get(name, {})
    u = emitted_prox(resolve(name), target)(np.array([within, beyond, -within, -beyond]), step=1.0, **fixed)
    assert u[0] == u[2] == 0.0 and u[1] > 0.0 > u[3]


@pytest.mark.one_in(15)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_zeros_are_exact_and_signs_are_kept(name: str, target: str) -> None:
    """A minimiser that is 0 is stored as 0 with the sign of v, and prox(-v) is -prox(v) to the bit."""
    made, prox, v = derived(resolve(name)).operator, emitted_prox(resolve(name), target), drawn(name)
    assert isinstance(made, Operator)
    zeros = 0
    for step in STEPS:
        u = prox(v, step=step)
        assert np.all(np.isfinite(u))
        if made.is_even:
            np.testing.assert_array_equal(prox(-v, step=step), -u)
            np.testing.assert_array_equal(np.signbit(u), np.signbit(v))
        if name == "l2_norm":  # all are 0 together
            zeros += int(np.all(prox(v / np.linalg.norm(v) * 0.09 * step, step=step) == 0))
            continue
        zeros += int(np.sum(u == 0))
        order = np.argsort(v)
        assert np.all(np.diff(u[order]) >= -1e-12 * np.abs(u[order][1:]))
    assert (zeros > 0) == rests_at_zero(name)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", NAMES)
def test_both_targets_give_the_same(name: str) -> None:
    """Vector functions of the two differ by an ulp or so; where F is steep or flat this grows with its condition."""
    v, compared = drawn(name), 0
    for step in STEPS:
        in_numpy, in_c = (emitted_prox(resolve(name), target)(v, step=step) for target in TARGETS)
        near = np.abs(in_numpy - in_c) <= 8 * np.finfo(np.float64).eps * np.maximum(np.abs(in_c), np.abs(v))
        np.testing.assert_allclose(in_numpy, in_c, rtol=1e-9)
        compared += int(near.sum())
    assert compared >= 0.97 * v.size * len(STEPS)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["l1", "mcp", "cauchy", "l2_norm"])
def test_a_wrong_step_is_refused_before_anything_is_written(name: str, target: str) -> None:
    prox, v = emitted_prox(resolve(name), target), np.array([1.0, -2.0, 3.0])
    out = np.full(3, 7.0)
    for step in (0, 0.0, -1.0, math.nan, math.inf, -math.inf, 10**400):
        with pytest.raises(ValueError, match=r"step: must be finite and > 0"):
            prox(v, step=step, out=out)
    for step in (True, np.True_, "1", None, 1j, [1.0]):
        with pytest.raises(TypeError, match="step: expected a number"):
            prox(v, step=step, out=out)
    for step in (1, np.float32(1), np.int64(1), 1.0):
        np.testing.assert_array_equal(prox(v, step=step), prox(v, step=1.0))
    with pytest.raises(TypeError):
        prox(v, out=out)
    with pytest.raises(TypeError, match="v: expected"):
        prox([1.0], step=1.0)
    np.testing.assert_array_equal(out, 7.0)
    assert prox(np.empty(0), step=1.0).shape == (0,)


@pytest.mark.parametrize("name", ["mcp", "cauchy"])
def test_an_array_of_any_shape(name: str) -> None:
    v = drawn(name, 24)
    for target in TARGETS:
        prox = emitted_prox(resolve(name), target)
        made = prox(v.reshape(2, 3, 4), step=0.5)
        assert made.shape == (2, 3, 4)
        np.testing.assert_array_equal(made.reshape(-1), prox(v, step=0.5))
