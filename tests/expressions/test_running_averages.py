"""Running averages whose difference cancels are told as that, and the spelling that is advised is right."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import symreg
from symreg import catalogue
from symreg.objectives.rules import resolve_rule

CENTRED = ("v = beta*v + (1 - beta)*g**2", "a = beta*a + (1 - beta)*g", "w = w - lr*g/(sqrt(v - a**2) + eps)")
VARIANCE = ("v = beta*(v + (1 - beta)*(g - a)**2)", "a = beta*a + (1 - beta)*g", "w = w - lr*g/(sqrt(v) + eps)")
ADVICE = "write v = beta*(v + (1 - beta)*(g - a)**2) before a is assigned, and v for the difference"


def text_of(steps: tuple[str, ...], states: str = "va") -> str:
    """Return a rule's text with the parameters that its steps name."""
    domains = {"lr": ("positive", 0.01), "beta": ("[0, 1)", 0.9), "eps": ("positive", 1e-8)}
    used = {name: row for name, row in domains.items() if name in " ".join(steps)}
    return "\n".join([
        "[rule]", 'name = "chosen"', 'title = "Chosen"', 'reference = "none"', 'doc = "A rule."',
        f"steps = [{', '.join(f'{chr(34)}{step}{chr(34)}' for step in steps)}]",
        "[state]", *(f"{name} = 0" for name in states),
        *(f'[params.{name}]\ndomain = "{domain}"\ndefault = {default}' for name, (domain, default) in used.items()),
    ])  # fmt: skip


def step(divisor: str) -> tuple[str, ...]:
    return (*CENTRED[:2], f"w = w - lr*g/{divisor}")


# Steps, and what is said of them: the advice or None, and whether it is a root that becomes NaN.
ROWS: dict[str, tuple[tuple[str, ...], str | None, bool]] = {
    "as in the textbooks": (CENTRED, ADVICE, True),
    "as a power": (step("((v - a**2)**(1/2) + eps)"), ADVICE, True),
    "eps under the root": (step("sqrt(v - a*a + eps)"), ADVICE, False),
    "a divisor": (step("(v - a**2 + eps)"), ADVICE, False),
    "by another name": ((*CENTRED[:2], "d = v - a**2", "w = w - lr*g/(sqrt(d) + eps)"), ADVICE, True),
    "scaled": (step("(sqrt(v/2 - (a/2)**2) + eps)"), "let a state hold the difference itself", True),
    "the variance itself": (VARIANCE, None, False),
    "a factor": (step("eps*(v - a**2)"), None, False),
    "clipped": (step("(sqrt(max(v - a**2, 0)) + eps)"), None, False),
    "a sum": (step("(sqrt(v + a**2) + eps)"), None, False),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_said_of_a_rule(name: str) -> None:
    steps, said, is_root = ROWS[name]
    found = resolve_rule(text_of(steps)).cancellations
    assert len(found) == (said is not None)
    for one in found:
        assert said is not None and said in one.sentence and "cancels where the gradient is steady" in one.sentence
        assert one.is_root == is_root


@pytest.mark.parametrize("name", catalogue.rules())
def test_no_rule_of_the_catalogue_cancels(name: str) -> None:
    assert resolve_rule(name).cancellations == ()


def test_the_advised_spelling_is_the_same_number() -> None:
    beta, v, a, variance = Fraction(9, 10), Fraction(0), Fraction(0), Fraction(0)
    for g in (Fraction(3), Fraction(-1, 2), Fraction(7, 3), Fraction(7, 3), Fraction(0)):
        variance = beta * (variance + (1 - beta) * (g - a) ** 2)
        v, a = beta * v + (1 - beta) * g**2, beta * a + (1 - beta) * g
        assert variance == v - a**2


def test_the_textbook_form_is_nan_in_the_end_and_the_advised_one_is_not() -> None:
    for steps, is_nan in ((CENTRED, True), (VARIANCE, False)):
        module = symreg.load("l1", symreg.rule(text_of(steps)), target="numpy", dtype="float64", judge=False)
        w = np.array([0.5])
        state, g = module.chosen_state(w), np.array([1.0])
        for _ in range(600):
            module.chosen_step(w, g, state, lr=0.01, beta=0.9, eps=1e-8, lam=0.1)
        assert bool(np.isnan(w[0])) == is_nan


@pytest.mark.sweep
def test_the_judge_says_so_and_the_emitted_file_too() -> None:
    rule = symreg.rule(text_of(CENTRED))
    report = symreg.verify("l1", rule, target="numpy", points=20)
    steps = [check for check in report.checks if check.kind == "step"]
    assert [check.verdict for check in steps] == ["wrong", "wrong"]
    assert all(ADVICE in check.note for check in steps)
    assert "v - a**2 cancels" in " ".join(str(report).split())
    (text,) = (str(text) for name, text in symreg.generate("l1", rule, judge=False).items() if name.endswith(".py"))
    assert ADVICE in " ".join(text.split())
    better = symreg.verify("l1", symreg.rule(text_of(VARIANCE)), target="numpy", points=100)
    assert better.passed, better
