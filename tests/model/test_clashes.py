"""A rule's names beside an objective that has them as well."""

from symreg.expressions.text import to_text
from symreg.model.clashes import notes_on_names, told_apart
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

RULE = """
[rule]
name = "{name}"
steps = ["low = {own} + m", "m = low + g", "w = w - lr*m*{own}"]
[state]
m = 0
[params.lr]
domain = "positive"
default = 0.1
[params.{own}]
domain = "positive"
default = 1
"""


def rule(name: str = "mine", own: str = "eps") -> Rule:
    return resolve_rule(RULE.format(name=name, own=own))


def beside(text: str, chosen: Rule) -> Rule:
    return told_apart(chosen, resolve(text).terms)


def test_a_rule_without_a_name_of_the_objective_s_is_left_alone() -> None:
    chosen = rule()
    assert beside("l1", chosen) is chosen
    assert notes_on_names(chosen) == ()


def test_a_parameter_a_state_and_a_local_name_each_get_the_rule_s_name_in_front() -> None:
    apart = beside("eps*abs(w) + m*w**2 + low*w**4", rule())
    assert [p.name for p in apart.parameters] == ["lr", "mine_eps"]
    assert [s.name for s in apart.states] == ["mine_m"]
    assert [(step.target, to_text(step.expression)) for step in apart.steps] == [
        ("mine_low", "mine_eps + mine_m"),
        ("mine_m", "mine_low + g"),
        ("w", "w - lr*mine_m*mine_eps"),
    ]
    assert notes_on_names(apart) == (
        "mine_eps is mine's own eps; eps is the penalty's",
        "mine_low is mine's own low; low is the penalty's",
        "mine_m is mine's own m; m is the penalty's",
    )


def test_a_rule_that_was_told_apart_stays_as_it_is() -> None:
    apart = beside("log_sum", rule())
    assert beside("log_sum", apart) is apart


def test_a_declared_array_keeps_its_name_too() -> None:
    apart = beside("tikhonov", rule(own="A"))
    assert [p.name for p in apart.parameters] == ["lr", "mine_A"]


def test_the_new_name_is_nobody_else_s_and_no_word_of_c() -> None:
    assert [p.name for p in beside("eps*abs(w) + mine_eps*w**2", rule()).parameters] == ["lr", "mine_eps_own"]
    assert [p.name for p in beside("E*abs(w)", rule(name="M", own="E")).parameters] == ["lr", "M_E_own"]  # of math.h
