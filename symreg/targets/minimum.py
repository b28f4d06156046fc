"""For which steps the cost of a proximal operator has a minimum: the condition that is checked, and what is told of it.

The cost step*phi(u) + (u - v)**2/2 of a penalty that falls without bound has a minimum for small steps only.
"""

from __future__ import annotations

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Logic, Name, Tree, names, number, substitute, walk
from symreg.model.spec import ProxCall, Rule
from symreg.proximal.operator import Operator
from symreg.targets.signature import STEP
from symreg.updates.update import Update

_STEP = Name(STEP.name)


def checked_condition(update: Update) -> Tree | None:
    """Return the condition on the step that all weights share without which there is no minimum; None without one.

    It is over the arguments of the function: parameters, and states as they are before the step.
    """
    operator, rule = update.operator, update.rule
    if not isinstance(operator, Operator) or operator.needs is None:
        return None
    if rule is None:
        return operator.needs
    # Before the step `t` is one less than in its assignments.
    return _of_shared_steps(operator.needs, rule, Binary("+", Name("t"), number(1)))


def refused_argument(update: Update) -> str:
    """Return the name of the argument that breaks the condition: `step`, or the rule's parameter; "" without one."""
    condition, rule = checked_condition(update), update.rule
    if condition is None or rule is None:
        return STEP.name if condition is not None else ""
    used = names(condition)
    return next((p.name for p in rule.parameters if p.name in used), "t")


def notes_on_minimum(update: Update) -> tuple[str, ...]:
    """Return what is told of steps for which there is no minimum, as sentences."""
    operator, rule = update.operator, update.rule
    if not isinstance(operator, Operator) or operator.needs is None:
        return ()
    shared = operator.needs if rule is None else _of_shared_steps(operator.needs, rule, Name("t"))
    notes = [] if shared is None else [f"The cost has a minimum only if {to_text(shared)}; other steps are refused."]
    own_steps = [call.step for call in rule.prox_calls if call.is_step_per_weight] if rule else []
    for condition in dict.fromkeys(substitute(operator.needs, {_STEP: step}) for step in own_steps):
        notes.append(f"A weight for which {to_text(condition)} does not hold becomes NaN: its cost has no minimum.")
    return tuple(notes)


def _of_shared_steps(needs: Tree, rule: Rule, t: Tree) -> Tree | None:
    """Return what an operator needs of the steps that all weights of a rule share; None where there are none.

    It is over the rule's parameters, its states before the step, and `t`.
    """
    steps = [_shared_step(rule, call, t) for call in rule.prox_calls if not call.is_step_per_weight]
    conditions = tuple(dict.fromkeys(substitute(needs, {_STEP: step}) for step in steps))
    return None if not conditions else conditions[0] if len(conditions) == 1 else Logic("and", conditions)


def _shared_step(rule: Rule, call: ProxCall, t: Tree) -> Tree:
    """Return the step of a call over what a rule is given: values that it assigned before are put in."""
    known: dict[Tree, Tree] = {Name("t"): t}
    for assignment in rule.steps:
        if any(node == call.tree for node in walk(assignment.expression)):
            break
        known[Name(assignment.target)] = substitute(assignment.expression, known)
    return substitute(call.step, known)
