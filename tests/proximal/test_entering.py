"""Each term of an objective enters a rule's step exactly once: through its gradient or through the operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.derivation.gradient import derive
from symreg.errors import Intractable, SpecError
from symreg.language.specs.toml import read_rule
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.presentation import Derivation
from symreg.proximal.entering import takes_gradient
from symreg.proximal.split import split
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.verification.cases.split import moves_by_gradient
from symreg.verification.cases.split import split as judged


def rule(*steps: str, state: str = "") -> Rule:
    """Return a rule with the parameter lr."""
    quoted = ", ".join(f'"{step}"' for step in steps)
    return read_rule(f'[rule]\nname = "own"\nsteps = [{quoted}]\n[state]\n{state}\n[params.lr]\n', "own.toml")


WITH_DECAY = read_rule(
    """
    [rule]
    name = "own"
    steps = ["w = w - lr*g_loss - decay*g_penalty"]
    [params.lr]
    [params.decay]
    domain = "nonnegative"
    default = 0
    """,
    "own.toml",
)
TAKEN: dict[str, tuple[Rule, list[str], list[str]]] = {
    # of l1 + l2: what goes into the gradient, and what the operator takes
    "the operator alone": (rule("w = prox(w - lr*g_loss, lr)"), [], ["l1", "l2"]),
    "g and the operator": (rule("w = prox(w - lr*g, lr)"), ["l2"], ["l1"]),
    "g_penalty and the operator": (rule("w = prox(w - lr*g_loss, lr) - lr*g_penalty"), ["l2"], ["l1"]),
    "g twice": (rule("v = v + g**2", "w = w - lr*g/(1 + sqrt(v))", state="v = 0"), ["l1", "l2"], []),
    "g_penalty twice": (rule("w = w - lr*g_loss - lr*g_penalty/(1 + abs(g_penalty))"), ["l1", "l2"], []),
    "g_penalty through a state": (rule("w = w - lr*m", "m = m/2 + g_penalty", state="m = 0"), ["l1", "l2"], []),
    "g only as a scale, and g_penalty": (
        rule("v = v + g**2", "w = w - lr*(g_loss/sqrt(1 + v) + g_penalty)", state="v = 0"),
        ["l1", "l2"],
        [],
    ),
    "g only as a scale, and the operator": (
        rule("v = v + g**2", "w = prox(w - lr*g_loss/sqrt(v), lr)", state="v = 0"),
        [],
        ["l1", "l2"],
    ),
    "the same operator twice": (rule("x_0 = prox(w - lr*g, lr)", "w = x_0 + (x_0 - w)/2"), ["l2"], ["l1"]),
    "the operator in either branch": (
        rule("w = where(t > 5, prox(w - lr*g, lr), prox(w - lr*g, lr/2))"),
        ["l2"],
        ["l1"],
    ),
    "the operator, or no step at all": (rule("w = where(t > 5, prox(w - lr*g, lr), w)"), ["l2"], ["l1"]),
    "g in a condition that positive weights meet": (
        rule("h = where(g > 0 or w > 0, h, 2*h)", "w = w - lr*h", state="h = 1"),
        ["l1", "l2"],
        [],
    ),
    "the sign of g_penalty": (rule("w = w - lr*g_loss - lr*sign(g_penalty)"), ["l1", "l2"], []),
    "g_penalty times a parameter that is 0 unless it is given": (WITH_DECAY, ["l1", "l2"], []),
}


@pytest.mark.parametrize(("spec", "smooth", "prox"), TAKEN.values(), ids=TAKEN)
def test_every_term_enters_once(spec: Rule, smooth: list[str], prox: list[str]) -> None:
    terms = resolve("l1 + l2").terms
    made = split(analyse(terms), spec)
    assert ([t.name for t in made.smooth.terms], [t.name for t in made.prox.terms]) == (smooth, prox)
    assert judged(terms, spec) == (made.smooth, made.prox), "the judge, by itself, comes to the same"


@pytest.mark.parametrize("name", catalogue.rules())
def test_the_judge_agrees_about_the_catalogue(name: str) -> None:
    spec = catalogue.rule(name)
    assert takes_gradient(spec) == moves_by_gradient(spec)
    for text in ("l1 + l2", "huber", "mcp"):
        made = split(analyse(resolve(text).terms), spec)
        assert judged(resolve(text).terms, spec) == (made.smooth, made.prox)


REFUSED = {
    "no penalty at all": (rule("w = w - lr*g_loss"), "the penalty does not enter the step"),
    "g only as a scale": (
        rule("v = v + g**2", "w = w - lr*g_loss/sqrt(1 + v)", state="v = 0"),
        "the penalty does not enter the step",
    ),
    "g and g_penalty": (rule("w = w - lr*g - lr*g_penalty"), "enters the step twice, in g and in g_penalty"),
    "two operators, one after the other": (
        rule("w = prox(w - lr*g, lr)", "w = prox(w, lr)"),
        "the operator is taken twice in one step",
    ),
    "two operators, the same as they are written": (
        rule("w = prox(w, lr) - lr*g", "w = prox(w, lr)"),
        "the operator is taken twice in one step",
    ),
    "two operators side by side": (
        rule("w = prox(w - lr*g, lr) + prox(w, lr) - w"),
        "the operator is taken twice in one step",
    ),
    "the operator in one branch": (
        rule("w = where(t > 5, prox(w - lr*g, lr), w - lr*g)"),
        "there are steps in which the operator is not taken",
    ),
}


@pytest.mark.parametrize(("spec", "said"), REFUSED.values(), ids=REFUSED)
def test_a_step_without_the_penalty_or_with_it_twice_is_refused(spec: Rule, said: str) -> None:
    objective = resolve("l2")
    for ask in (lambda: updates(objective, (spec,)), lambda: derive(objective, spec)):
        with pytest.raises(SpecError, match=said):
            ask()


def soft(v: Any, threshold: float) -> Any:
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0.0)


DECAYS = {
    # the minimiser of lr*R(u) + (u - v)**2/2, by hand, lam = 0.5, mu = 0.25
    "lam*w**2": lambda v, lr: v / (1 + 2 * lr * 0.5),
    "lam*abs(w) + mu*w**2": lambda v, lr: soft(v, lr * 0.5) / (1 + 2 * lr * 0.25),
    "l1 + l2(lam=mu)": lambda v, lr: soft(v, lr * 0.5) / (1 + 2 * lr * 0.25),
    "lam*norm(w)**2": lambda v, lr: v / (1 + 2 * lr * 0.5),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("text", DECAYS)
def test_a_step_of_the_operator_alone_is_proximal_weight_decay(text: str, target: str) -> None:
    spec, objective = TAKEN["the operator alone"][0], resolve(text)
    functions = updates(objective, (spec,))
    given = {"lam": 0.5, "mu": 0.25} if "mu" in text else {"lam": 0.5}
    for dtype, room in (("float64", 1e-14), ("float32", 1e-6)):
        step = load(objective, functions, target, dtype).own_step
        w, g = (np.array(x, dtype) for x in ([3.0, -0.5, 0.125, 0.0], [1.0, -2.0, 0.5, 0.25]))
        right = DECAYS[text](w.astype(float) - 0.25 * g.astype(float), 0.25)
        step(w, g, lr=0.25, **given)
        assert w == pytest.approx(right, rel=room)


def test_a_derivation_says_that_the_operator_takes_all_of_a_smooth_penalty() -> None:
    told = Derivation(derive(resolve("l2"), TAKEN["the operator alone"][0]))
    assert (told.chain.smooth, told.chain.proximal) == ("", "R")
    assert "(of R, all of it)" in told.text() and "w_j <- prox(w_j - lr*g_j, lr)" in told.text()


def test_without_an_operator_of_the_whole_penalty_it_is_refused() -> None:
    with pytest.raises(Intractable, match="own takes the proximal operator of the whole penalty"):
        updates(resolve("second_difference"), (TAKEN["the operator alone"][0],))
