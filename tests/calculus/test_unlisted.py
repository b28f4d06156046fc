"""A switch whose roots cannot be listed: the gradient is emitted, with what is chosen at its kinks; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import mpmath
import numpy as np
import plainly
import pytest

from symreg.calculus.analysis import analyse
from symreg.calculus.signs.roots import Unlisted, knots_of
from symreg.claims.decide import properties
from symreg.derivation.gradient import derive
from symreg.errors import NotDifferentiable
from symreg.language.parse import parse
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.updates.prox import derived_operator
from symreg.updates.update import Update

mp = mpmath.MPContext()
mp.dps = 40
WEIGHTS = (-7.5, -2.25, -0.6, -0.1, 0.3, 0.85, 1.4, 2.1, 5.5)

UNLISTED: dict[str, Callable[[Any], Any]] = {
    "max(sin(w), 0)": lambda w: max(mp.sin(w), 0),
    "abs(cos(w))": lambda w: abs(mp.cos(w)),
    "3*w + abs(sin(w))": lambda w: 3 * w + abs(mp.sin(w)),
    "sqrt(abs(sin(w)))": lambda w: mp.sqrt(abs(mp.sin(w))),
    "max(exp(w), w**2)": lambda w: max(mp.exp(w), w**2),
    "where(exp(w) > w**2, exp(w), w**2)": lambda w: max(mp.exp(w), w**2),
    "min(w**3 - w, 1)**2": lambda w: min(w**3 - w, 1) ** 2,
    "max(w**3 - w - 1, 0)**2": lambda w: max(w**3 - w - 1, 0) ** 2,
    "abs(w)*abs(w + exp(w))": lambda w: abs(w) * abs(w + mp.exp(w)),
    "sin(w)*sign(sin(w))": lambda w: abs(mp.sin(w)),
    "max(sin(w), cos(w), 0)": lambda w: max(mp.sin(w), mp.cos(w), 0),
    "max(abs(w)**1.5 + w**2 - 1, 0)": lambda w: max(abs(w) ** mp.mpf(1.5) + w**2 - 1, 0),
}
AT_ZERO = {
    # the derivatives on either side of 0, by hand, of which one is chosen there
    "max(sin(w), 0)": 0.0,  # 0 and 1
    "3*w + abs(sin(w))": 2.0,  # 2 and 4
    "sqrt(abs(sin(w)))": 0.0,  # -inf and inf
    "sin(w)*sign(sin(w))": 0.0,  # -1 and 1
}


@cache
def emitted(text: str) -> tuple[Objective, tuple[Update, ...]]:
    objective = resolve(text)
    return objective, updates(objective)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("text", UNLISTED)
def test_the_gradient_needs_no_list(text: str, target: str) -> None:
    objective, functions = emitted(text)
    phi = UNLISTED[text]
    for dtype, room in (("float64", 1e-12), ("float32", 1e-4)):
        made = load(objective, functions, target, dtype)
        weights = np.array(WEIGHTS, dtype)
        exact = [mp.diff(phi, mp.mpf(float(w)), h=mp.mpf(10) ** -15) for w in weights]
        assert made.gradient(weights) == pytest.approx([float(x) for x in exact], rel=room, abs=room)
        assert made.value(weights) == pytest.approx(float(sum(phi(mp.mpf(float(w))) for w in weights)), rel=room)


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("text", AT_ZERO)
def test_at_a_kink_that_is_not_listed_the_gradient_is_the_chosen_one(text: str, target: str) -> None:
    objective, functions = emitted(text)
    made = load(objective, functions, target, "float64")
    assert made.gradient(np.array([0.0])) == AT_ZERO[text]


@pytest.mark.parametrize("text", ["max(sin(w), 0)", "max(exp(w), w**2)"])
def test_the_operator_and_the_claims_are_what_is_refused(text: str) -> None:
    objective, functions = emitted(text)
    assert [update.kind for update in functions] == ["value", "gradient"]
    with pytest.raises(Unlisted, match="has no roots that can be listed"):
        derived_operator(analyse(objective.terms))
    verdicts = {verdict.claim: verdict.verdict for verdict in properties(objective).verdicts}
    assert verdicts["convex"] == "undecided"
    told = Derivation(derive(objective, resolve_rule("gradient_descent"))).text()
    assert "= 0 the penalty may have a kink" in " ".join(told.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("where(exp(w) > w**2, 1, 0)", "the value jumps where exp(w) = w**2: 0, 0, 1 before, at and after it"),
        ("sign(sin(w))", "the value jumps where sin(w) = 0"),
        ("where(sin(w) > 0, w, 0)", "the value jumps where sin(w) = 0"),
        ("where(exp(w) + w**2 > 100*w, w, 2*w)", "the value jumps where exp(w) + w**2 = 100*w"),
        ("where(exp(w) - w**2 > -1e30, w, 0)", "whether the value jumps where exp(w) - w**2 = -1e30 was not decided"),
    ],
)
def test_a_jump_at_a_switch_without_listed_roots_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotDifferentiable) as told:
        updates(resolve(text))
    assert said in str(told.value)


POSITIVE = (
    "softplus(w)", "exp(w) + w**2", "logaddexp(w, 1)", "logaddexp(w, 0)", "log(1 + exp(w))", "log(exp(w) + 1)",
    "2 + sin(w)", "1 + exp(w)*softplus(w)", "softplus(w) + sigmoid(w)**3", "cosh(w) + sin(w)/2", "2 - sigmoid(w)",
    "log1p(softplus(w))", "exp(w)/logaddexp(w, 2)",
)  # fmt: skip


@pytest.mark.parametrize("text", POSITIVE)
def test_what_is_positive_by_its_shape_is_no_switch(text: str) -> None:
    assert knots_of(parse(f"abs({text})"), ()) == knots_of(parse(f"sign(-({text}))"), ()) == ()
    assert all(plainly.value(text, [float(w)], {}) > 0 for w in np.linspace(-30, 30, 61))


@pytest.mark.parametrize("text", ["sin(w)", "exp(w) - 1", "sigmoid(w) - 1/2", "logaddexp(w, -1)", "1 + 2*sin(w)"])
def test_what_may_be_zero_is_a_switch(text: str) -> None:
    with suppress(Unlisted):
        assert knots_of(parse(f"abs({text})"), ())
