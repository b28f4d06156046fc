"""Emitted operators against the least cost on a grid that is drawn closer and closer: no formula of the compiler's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import pytest
from derived import derived, emitted_prox

import symreg
from symreg.errors import Intractable
from symreg.objectives.resolve import resolve

LARGEST = 1.7976931348623157e308


@dataclass(frozen=True)
class Row:
    """A penalty as text and by hand.

    Args:
        text: In the language.
        phi: The same of an array of long doubles, NaN or infinite outside its domain, and of parameters by name.
        parameters: Values that differ from 1.
        kinks: Weights that a grid has to hold.
        domain: Of the weight.
        low: Its lower end.
        high: Its upper end.
        is_of_kind: Is it one more of a kind, for the long sweep alone?
    """

    text: str
    phi: Callable[..., Any]
    parameters: dict[str, float] = field(default_factory=dict)
    kinks: tuple[float, ...] = (0.0,)
    domain: str = "(-inf, inf)"
    low: float = -inf
    high: float = inf
    is_of_kind: bool = False


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


ROWS = (
    # a power between 1 and 2 inside something concave: phi'' is infinite at 0, and negative farther out
    Row("log(1 + abs(w)**(3/2))", lambda w: np.log1p(abs(w) ** 1.5)),
    Row("abs(w)**(3/2)/(1 + abs(w)**(3/2))", lambda w: abs(w) ** 1.5 / (1 + abs(w) ** 1.5)),
    Row("atan(abs(w)**(3/2))", lambda w: np.arctan(abs(w) ** 1.5), is_of_kind=True),
    Row("1 - exp(-abs(w)**(3/2))", lambda w: 1 - np.exp(-(abs(w) ** 1.5))),
    Row("abs(w)**1.5*exp(-abs(w))", lambda w: abs(w) ** 1.5 * np.exp(-abs(w)), is_of_kind=True),
    # phi'' turns several times
    Row("exp(-w**2)", lambda w: np.exp(-(w**2))),
    Row("w**2*exp(-w**2)", lambda w: w**2 * np.exp(-(w**2))),
    Row("w/(1 + w**2)", lambda w: w / (1 + w**2), is_of_kind=True),
    Row("-lam*exp(-(w - c)**2)", lambda w, lam, c: -lam * np.exp(-((w - c) ** 2)), {"lam": 3.0, "c": 3.0}),
    # where it turns depends on the parameters
    Row(
        "a*abs(w) - log(1 + k*exp(-d*abs(w)))",
        lambda w, a, k, d: a * abs(w) - np.log1p(k * np.exp(-d * abs(w))),
        {"a": 0.7, "k": 5.0, "d": 2.0},
    ),
    Row("sigmoid(k*(abs(w) - b))", lambda w, k, b: sigmoid(k * (abs(w) - b)), {"k": 4.0, "b": 1.5}),
    Row(
        "lam*log(1 + (abs(w) - b)**2)",
        lambda w, lam, b: lam * np.log1p((abs(w) - b) ** 2),
        {"lam": 2.0, "b": 1.5},
        is_of_kind=True,
    ),
    # infinite slopes, parabolas under min, equally good minimisers
    Row("sqrt(max(w, 0))", lambda w: np.sqrt(np.maximum(w, 0))),
    Row("-sqrt(w)", lambda w: -np.sqrt(w), domain="[0, inf)", low=0.0),
    Row(
        "sqrt(1 - w**2)",
        lambda w: np.sqrt(1 - w**2),
        kinks=(-1.0, 1.0),
        domain="[-1, 1]",
        low=-1.0,
        high=1.0,
        is_of_kind=True,
    ),
    Row("min(abs(w), abs(w - 1))", lambda w: np.minimum(abs(w), abs(w - 1)), kinks=(0.0, 0.5, 1.0)),
    Row("min(w**2, (w - 2)**2 + 1)", lambda w: np.minimum(w**2, (w - 2) ** 2 + 1), kinks=(1.25,), is_of_kind=True),
    Row("lam*w**2 - 2*lam*c*abs(w)", lambda w, lam, c: lam * w**2 - 2 * lam * c * abs(w), {"lam": 0.5, "c": 2.0}),
    # open ends of a domain
    Row("-log(sigmoid(w))", lambda w: np.logaddexp(0, -w)),
    Row("-log(w) - log(1 - w)", lambda w: -np.log(w) - np.log(1 - w), kinks=(), domain="(0, 1)", low=0.0, high=1.0),
    Row("-log(1 - w**2)", lambda w: -np.log(1 - w**2), domain="(-1, 1)", low=-1.0, high=1.0),
    Row("-log(w + 1)", lambda w: -np.log(w + 1), domain="(-1, inf)", low=-1.0),
)
TARGETS = ("numpy", "c")


STEPS = (0.0623, 0.116, 0.943, 2.4, 6.69)


@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=[pytest.mark.sweep] * (row.is_of_kind or place % 3 > 0), id=row.text)
        for place, row in enumerate(ROWS)
    ],
)
def test_no_weight_costs_less_than_the_emitted_one(row: Row) -> None:
    random, compared, grid = np.random.default_rng(7), 0, grid_of(row)
    for step in STEPS:
        v = random.choice([-1, 1], 24) * 10.0 ** random.uniform(-3, 1.4, 24)
        least = [found(row, grid, x, step) for x in v]
        for target in TARGETS:
            for x, u, (low, at) in zip(v, emitted(row, target)(v, step=step), least, strict=True):
                assert row.low <= u <= row.high
                excess = cost(row.phi(np.longdouble(u), **row.parameters), np.longdouble(u), x, step) - low
                assert excess <= 1e-15 * (1 + x * x), f"{target}: prox({x!r}, step={step}) = {u!r}, right: {at}"
                compared += 1
    assert compared == 2 * 24 * len(STEPS)


def emitted(row: Row, target: str) -> Callable[..., Any]:
    prox = emitted_prox(resolve(symreg.penalty("trial", row.text, domain=row.domain)), target)
    return lambda v, step: prox(v, step=step, **row.parameters)


def grid_of(row: Row) -> tuple[Any, Any]:
    """Return weights of all sizes, and the penalty there."""
    sizes = 10.0 ** np.linspace(-9, 1.6, 300)
    grid = np.concatenate([np.linspace(-40, 40, 2001), sizes, -sizes, row.kinks])
    grid = np.unique(np.clip(grid, row.low, row.high)).astype(np.longdouble)
    with np.errstate(all="ignore"):
        return grid, row.phi(grid, **row.parameters)


def cost(phi: Any, u: Any, v: float, step: float) -> Any:
    made = step * phi + (u - np.longdouble(v)) ** 2 / 2
    return np.where(np.isnan(made), np.longdouble(inf), made)


def found(row: Row, coarse: tuple[Any, Any], v: float, step: float) -> tuple[Any, Any]:
    """Return the least cost and where it is: on a grid, then around its best minima on finer and finer ones."""
    grid, phi = coarse
    here = cost(phi, grid, v, step)
    ends = np.concatenate([[inf], here, [inf]])
    minima = np.flatnonzero((here <= ends[:-2]) & (here <= ends[2:]))
    best = (np.longdouble(inf), np.longdouble(0))
    for k in minima[np.argsort(here[minima])][:3]:
        fine = grid[max(k - 1, 0) : k + 2]
        for _ in range(9):
            fine = np.sort(np.append(np.linspace(fine[0], fine[-1], 24), fine))
            with np.errstate(all="ignore"):
                at = cost(row.phi(fine, **row.parameters), fine, v, step)
            middle = int(np.argmin(at))
            best = min(best, (at[middle], fine[middle]))
            fine = fine[max(middle - 1, 0) : middle + 2]
    return best


@pytest.mark.one_in(12)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("text", "v", "step", "right"),
    [
        ("log(1 + abs(w)**(3/2))", 0.2, 0.116, 0.1384319),
        ("w**2*exp(-w**2)", -1.02684, 0.850439, -1.3174349),
        ("log(1 + abs(w)**1.5)", 3e-107, 1.0, 4e-214),  # (2*v/3)**2, as the logarithm is abs(w)**1.5 there
        ("log(1 + abs(w)**1.5)", -3e-20, 2.0, -1e-40),
        ("exp(-w**2)", 0.028080979977195386, 0.9427752113962903, 0.8180165),
        ("abs(w)**(3/2)/(1 + abs(w)**(3/2))", 3.5097635398487164, 6.690045723619695, 3.0807220),
    ],
)
def test_values_from_a_grid(text: str, v: float, step: float, right: float, target: str) -> None:
    u = emitted_prox(resolve(text), target)(np.array([v]), step=step)
    np.testing.assert_allclose(u, [right], rtol=1e-6)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", [row for row in ROWS if "log" in row.text and row.low > -inf], ids=lambda row: row.text)
def test_the_largest_numbers_stay_in_the_domain(row: Row, target: str) -> None:
    v = np.array([-LARGEST, -1e300, -1e160, -1e100])
    u = emitted(row, target)(v, step=1.0)
    assert np.all((u >= row.low) & (u <= row.low + 1e-15))


@pytest.mark.parametrize("target", TARGETS)
def test_a_root_beside_a_pole_is_no_half_of_its_bracket(target: str) -> None:
    """There 1 - u is s/v, but for a share of some u/v: `v = u + 2*s*u/((1 - u)*(1 + u))`."""
    (row,) = (row for row in ROWS if row.text == "-log(1 - w**2)")
    v = np.array([1e5, 1e8, 1e10])
    np.testing.assert_allclose(v * (1 - emitted(row, target)(v, step=1.0)), 1.0, rtol=2e-4)


RADIAL = {
    # text -> the best norm for v = 0 and step 1, by hand
    "(norm(w) - 1)**2": 2 / 3,  # of u**2/2 + (u - 1)**2
    "(sum(w[i]**2, i) - 1)**2": np.sqrt(3) / 2,  # of u**2/2 + (u**2 - 1)**2
    "abs(norm(w) - 1)": 1.0,
    "norm(w)**2 - norm(w)": 1 / 3,
    "-norm(w)": 1.0,
    "-log(norm(w))": 1.0,
    "norm(w) - 2*sqrt(norm(w))": 0.46557123187676803,  # u + 1 = 1/sqrt(u)
    "norm(w)": 0.0,
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", RADIAL)
def test_the_shortest_vectors_go_to_the_best_norm(text: str, target: str) -> None:
    prox, right = emitted_prox(resolve(text), target), RADIAL[text]
    for v in ([0.0], [0.0, 0.0, 0.0], [1e-200, 0.0], [0.0, -5e-324], [1e-170, -1e-170]):
        u = prox(np.array(v), step=1.0)
        np.testing.assert_allclose(np.linalg.norm(u), right, rtol=1e-12)
        if any(v):
            np.testing.assert_allclose(u, np.array(v) / max(map(abs, v)) * right / np.sqrt(np.count_nonzero(v)))
    for n in (1, 4):
        np.testing.assert_allclose(prox(np.zeros(n), step=1.0), right / np.sqrt(n), rtol=1e-12)  # all alike


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", TARGETS)
def test_a_step_leaves_zero_where_a_norm_is_wanted(target: str) -> None:
    functions = symreg.load("(norm(w) - 1)**2", ("proximal_gradient",), target, judge=False, timeout=60)
    w = np.zeros(4)
    functions.proximal_gradient_step(w, np.zeros(4), lr=1.0)
    np.testing.assert_allclose(w, 1 / 3)
    w = np.array([0.0, 3.0])
    functions.proximal_gradient_step(w, np.array([0.0, np.nan]), lr=1.0)
    assert np.all(np.isnan(w))


@pytest.mark.parametrize(
    ("text", "domain", "v", "right"),
    [
        ("sqrt(w)", "(0, inf)", -0.5, 0.0),
        ("lam*abs(w)", "(0, inf)", 0.05, 0.0),
        ("lam*abs(w)", "(0, inf)", 3.0, 2.0),
        ("w**2", "(1, 3)", 0.1, 1.0),
        ("w**2", "(1, 3)", 20.0, 3.0),
    ],
)
def test_an_open_end_stands_for_the_costs_that_run_to_it(text: str, domain: str, v: float, right: float) -> None:
    prox = emitted_prox(resolve(text, domain=domain))
    given = {} if "lam" not in text else {"lam": 1.0}
    np.testing.assert_allclose(prox(np.array([v]), step=1.0, **given), [right], rtol=1e-15)


@pytest.mark.parametrize("text", ["lam*log(w)", "l1 + log(c*w)"])
def test_no_operator_is_derived_where_the_cost_falls_without_bound(text: str) -> None:
    with pytest.raises(Intractable, match="falls without bound toward w = 0"):
        derived(resolve(text, domain="(0, inf)"))
