"""What SymPy and mpmath raise, or hand back, inside the calculus costs the part that asked, and never the gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import pytest
import sympy
from derived import emitted_prox

from symreg.calculus.border import Unforeseen, border
from symreg.calculus.evaluation.high_precision import evaluate
from symreg.calculus.signs.symbolic_limit import limit
from symreg.calculus.signs.zeros import zeros
from symreg.claims.decide import properties
from symreg.errors import Intractable, NotDifferentiable, SymregError
from symreg.expressions.arithmetic import NAN, ZERO, W
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve
from symreg.targets.loading.load import load
from symreg.updates import prox as prox_module
from symreg.updates.assemble import updates

TARGETS = ("numpy", "c")


def raises_anything(*_: object, **__: object) -> NoReturn:
    raise TypeError("Invalid comparison of non-real zoo")


def test_an_error_inside_the_border_names_the_part_and_what_was_raised() -> None:
    message = r"the claim 'even' was not derived: TypeError: Invalid .* zoo"
    with pytest.raises(Unforeseen, match=message) as told, border("the claim 'even'"):
        raises_anything()
    assert isinstance(told.value.__cause__, TypeError) and isinstance(told.value, Intractable)


@pytest.mark.parametrize("error", [NotDifferentiable("a jump"), Intractable("too long"), MemoryError()])
def test_what_is_raised_on_purpose_passes_the_border(error: Exception) -> None:
    with pytest.raises(type(error)) as told, border("a part"):
        raise error
    assert told.value is error


def test_without_an_operator_the_gradient_is_still_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prox_module, "with_exponents", raises_anything)
    made = {update.kind: update for update in updates(resolve("0.123*abs(w)"))}
    assert set(made) == {"value", "gradient"}
    assert evaluate(made["gradient"].elementwise or NAN, {W: evaluate(ZERO, {}) - 2}) == pytest.approx(-0.123)


def test_a_limit_that_sympy_cannot_take_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sympy, "limit", raises_anything)
    assert limit(parse("sin(w)/w"), ZERO, 1, ()) == NAN


@pytest.mark.parametrize("text", ["sqrt(w)", "exp(sqrt(w))", "abs(w**(3/2))", "cosh(log(w))", "max(log(w), 1)"])
def test_what_is_complex_on_the_way_has_no_value(text: str) -> None:
    assert math.isnan(evaluate(parse(text), {W: evaluate(ZERO, {}) - 2}))


def test_zeros_of_exponentials_with_rates_of_many_digits_are_listed() -> None:
    found = zeros(parse("exp(106*w) - 3*exp(53*w) + 2"), None, None)
    assert found is not None
    assert [float(evaluate(at, {})) for at in found.at] == pytest.approx([0.0, math.log(2) / 53])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


ONCE_CRASHED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    # the penalty, and its derivative by hand
    "lam*abs(w)/(1 + w**2)": (
        lambda w: np.abs(w) / (1 + w**2),
        lambda w: np.sign(w) * (1 - w**2) / (1 + w**2) ** 2,
    ),
    "1 - exp(-abs(w)**(3/2))": (
        lambda w: 1 - np.exp(-(np.abs(w) ** 1.5)),
        lambda w: 1.5 * np.sign(w) * np.sqrt(np.abs(w)) * np.exp(-(np.abs(w) ** 1.5)),
    ),
    "max(sigmoid(softplus(w)), 0)": (
        lambda w: sigmoid(np.log1p(np.exp(w))),
        lambda w: sigmoid(w) * sigmoid(np.log1p(np.exp(w))) * sigmoid(-np.log1p(np.exp(w))),
    ),
    "logaddexp(3*w, -50*w)": (
        lambda w: np.logaddexp(3 * w, -50 * w),
        lambda w: 3 * sigmoid(53 * w) - 50 * sigmoid(-53 * w),
    ),
}
WEIGHTS = np.array([-2.5, -1.0, -0.3, -1e-3, 0.0, 1e-3, 0.2, 0.9, 1.5, 3.0])


@pytest.mark.one_in(9)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", ONCE_CRASHED)
def test_value_and_gradient_of_what_once_crashed(text: str, target: str) -> None:
    objective = resolve(text)
    value, slope = ONCE_CRASHED[text]
    for dtype, room in (("float64", 1e-13), ("float32", 2e-6)):
        made = load(objective, updates(objective), target, dtype)
        weights = WEIGHTS.astype(dtype)
        exact = weights.astype(float)
        assert made.value(weights) == pytest.approx(float(np.sum(value(exact))), rel=room)
        assert made.gradient(weights) == pytest.approx(slope(exact), rel=room, abs=room)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", [text for text in ONCE_CRASHED if "3/2" not in text])
def test_the_operator_of_what_once_crashed_is_the_minimiser_on_a_grid(text: str, target: str) -> None:
    value, _ = ONCE_CRASHED[text]
    grid = np.linspace(-10.0, 10.0, 50_001)
    points = np.array([-3.0, -0.7, 0.15, 1.1, 4.0])
    for step in (0.3, 1.0):
        u = emitted_prox(resolve(text), target)(points, step=step)
        for v, at in zip(points, u, strict=True):
            least = np.min(step * value(grid) + (grid - v) ** 2 / 2)
            assert step * value(at) + (at - v) ** 2 / 2 <= least + 1e-9


@pytest.mark.one_in(4)
@pytest.mark.parametrize("text", ONCE_CRASHED)
def test_every_claim_about_what_once_crashed_is_answered(text: str) -> None:
    assert len(properties(resolve(text)).verdicts) == len(properties(resolve("l2")).verdicts)


GROUPS: dict[str, Callable[[int], float]] = {
    "lam*sqrt(n)*norm(w)": lambda n: math.sqrt(n),
    "n*norm(w)": lambda n: n,
    "norm(w)/n": lambda n: 1 / n,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", GROUPS)
def test_the_number_of_weights_may_stand_beside_a_norm(text: str, target: str) -> None:
    objective = resolve(text)
    for dtype, room in (("float64", 1e-14), ("float32", 1e-6)):
        made = load(objective, updates(objective, ()), target, dtype)
        for w in (np.array([3.0, -4.0]), np.array([1.0, 2.0, -2.0]), np.array([-0.5])):
            size, factor = np.linalg.norm(w), GROUPS[text](len(w))
            given = w.astype(dtype)
            assert made.value(given) == pytest.approx(factor * size, rel=room)
            assert made.gradient(given) == pytest.approx(factor * w / size, rel=room)
            for step in (0.1, 2.0):  # block soft thresholding
                assert made.prox(given, step=step) == pytest.approx(max(0.0, 1 - step * factor / size) * w, rel=room)


def test_a_penalty_without_a_value_anywhere_is_refused_on_purpose() -> None:
    with pytest.raises(SymregError) as told:
        updates(resolve("log(-1 - w**2)"))
    assert not isinstance(told.value, Unforeseen)
