"""What a trial for a root computes: derivatives over the functions that phi' holds, and how many trials it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from derived import ELEMENTWISE, derived, emitted_prox

from symreg.calculus.analysis import analyse
from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.expressions.arithmetic import W, rational
from symreg.expressions.tree import Binary, Call, Tree, walk
from symreg.objectives.resolve import resolve
from symreg.proximal.derive import operator
from symreg.proximal.operator import Iteration, MonotonePiece, Operator
from symreg.targets.emit import emit
from symreg.targets.loading.load import load_module

SUMS = ("log_cosh + l1", "welsch + l2(lam=mu)", "lam*abs(w)**1.37", "lam*exp(abs(w))")


def searched(text: str) -> list[tuple[MonotonePiece, Iteration]]:
    """Return the pieces of phi on which roots are iterated, and how."""
    found = operator(analyse(resolve(text).terms))
    if not isinstance(found, Operator):
        return []
    rows = [(case.place, case.iteration) for case in found.cases if case.when is None]
    return [(piece, how) for piece, how in rows if isinstance(piece, MonotonePiece) and how is not None]


def dear(tree: Tree) -> set[Tree]:
    """Return the functions and powers in a tree that hold the weight, but for roots, whole powers and their halves."""
    found: set[Tree] = set()
    for node in walk(tree):
        match node:
            case Call(function, _) if function not in ("abs", "sqrt") and W in walk(node):
                found.add(node)
            case Binary("**", base, exponent) if W in walk(base):
                power = rational(exponent)
                if power is None or power.denominator > 2:
                    found.add(node)
    return found


@pytest.mark.one_in(4)
@pytest.mark.parametrize("text", [*ELEMENTWISE, *SUMS])
def test_the_derivatives_of_a_trial_are_those_of_phi(text: str) -> None:
    parameters = resolve(text).terms.parameters
    compared = 0
    for piece, how in searched(text):
        for row in samples(parameters):
            low = 0 if piece.low is None else evaluate(piece.low, row)
            for factor in ("0.13", "0.9", "2.3"):
                u = low + TINY.context.mpf(factor)
                if piece.high is not None and u >= evaluate(piece.high, row):
                    continue
                at = {**row, W: u}
                pairs = [
                    (how.curvature, piece.curvature, 1),
                    (how.third, piece.third, u if how.in_logarithm else 1),
                ]
                for made, given, weight in pairs:
                    if made is not None:
                        right = weight * evaluate(given, at)
                        assert abs(evaluate(made, at) - right) <= 1e-20 * (abs(right) + 1e-20), (text, u)
                        compared += 1
    assert compared or not searched(text)


FUNCTIONS = {
    # How many functions that are dear a trial computes; sine and cosine are two
    "lp": 1,
    "log_cosh": 1,
    "etp": 1,
    "welsch": 1,
    "entropy": 1,
    "sine_squared": 2,
    "lam*abs(w)**1.37": 1,
    "log_cosh + l1": 1,
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_one_function_does_for_all_derivatives(text: str) -> None:
    for piece, how in searched(text):
        assert how.third is not None
        used = dear(piece.slope) | dear(how.curvature) | dear(how.third)
        assert len(used) == FUNCTIONS[text], used


ROUNDS = {
    "lp": 4,
    "sine_squared": 5,
    "log_cosh": 5,
    "entropy": 5,
    "etp": 4,
    "welsch": 4,
    "pseudo_huber": 6,
    "cauchy": 7,
}


@pytest.mark.parametrize("text", ROUNDS)
def test_few_trials_are_enough(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For 128 numbers together, over seven orders of magnitude and steps."""
    objective = resolve(text)
    (source,) = emit(objective, (derived(objective),), "numpy").values()
    module = load_module(text, source)
    given, rounds = module._newtons, list[int]()

    def counted(*arguments: Any) -> Any:
        rounds.append(arguments[-1] + 1)
        return given(*arguments)

    monkeypatch.setattr(module, "_newtons", counted)
    v = np.abs(np.random.default_rng(0).normal(size=128))
    for scale in (1e-3, 1.0, 1e3):
        for step in (0.01, 0.5, 0.9, 50.0):
            module.prox(v * scale, step=step, **{p.name: p.default for p in objective.terms.parameters})
    assert len(rounds) >= 12
    assert max(rounds) <= ROUNDS[text]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("fineness", [10**6, 10**9])
def test_what_is_fine_beside_the_weight_is_found(fineness: int, target: str) -> None:
    """The slope of a pseudo-Huber penalty of 1/fineness about w = 1 turns within that of 1."""
    text = f"sqrt(1 + ({fineness}*(w - 1))**2)/{fineness}**2"
    prox = emitted_prox(resolve(text), target)
    random = np.random.default_rng(0)
    v = 1 + np.concatenate([random.normal(size=500) * scale / fineness for scale in (0.01, 0.3, 1, 3, 30, 1e4)])
    u = prox(v, step=1.0)
    apart = u - 1
    residual = apart * (1 + 1 / np.sqrt(1 + (fineness * apart) ** 2)) - (v - 1)
    assert np.all(np.abs(residual) <= 1e-15)


@pytest.mark.one_in(9)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize(
    "text",
    [
        "lam*(1 - exp(-w**2)) + mu*w**2",
        "lam*w**2/(1 + w**2) + mu*w**2 + nu*log(1 + w**2)",
        "lam*(sqrt(1 + w**2) - 1)*exp(-abs(w)) + mu*w**2",
        "lam*tanh(1e3*w)**2 + mu*w**2",
    ],
)
def test_trials_are_numbers_far_out(text: str, target: str) -> None:
    """phi'' over one denominator is infinity over infinity there, and only halving would be left."""
    objective = resolve(text)
    v = np.array([1e20, 1e75, -1e120])
    values = {p.name: 0.5 for p in objective.terms.parameters}
    found = emitted_prox(objective, target)(v, step=3.0, **values)
    assert np.max(np.abs(found / (v / (1 + 2 * 3.0 * 0.5)) - 1)) <= 1e-15


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("text", ["lam*abs(w)**1.5", "lam*max(0, w)**2 + log_sum"])
def test_the_largest_float_has_a_proximal_point(text: str, target: str) -> None:
    """The discriminant of a quadratic equation overflows there."""
    objective = resolve(text)
    largest = np.finfo(np.float64).max
    values = {p.name: 0.5 for p in objective.terms.parameters}
    found = emitted_prox(objective, target)(np.array([largest, -largest]), step=3.0, **values)
    assert np.all(np.isfinite(found)) and found[0] > 1e140 and found[1] < -1e140
