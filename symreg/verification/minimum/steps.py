"""One step of an update rule in balls: its assignments as they were written, with the oracle's own gradient.

Takes a `Rule`, one weight with its gradients, states and parameters, and for `prox` the operator of what the rule takes
it of; hands on the new weight and states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flint import arb, ctx

from symreg.expressions.tree import names
from symreg.model.spec import Rule
from symreg.verification.minimum.minimiser import MinimiserUnknown
from symreg.verification.oracle.decisions import Undecided, sign
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.series import Value

_BITS = (192, 384, 768)

# From a point (`w`, `g_loss`, `g_penalty`, states, parameters, `t`, and an operator as `prox` if the rule takes one) to
# `w` and the states, None if undetermined.
Stepper: TypeAlias = "Callable[[Mapping[str, Value]], dict[str, arb] | None]"


def stepper(rule: Rule) -> Stepper:
    """Return one step of the rule as a function of a point.

    `g` is added up here; `t` counts from 1 in the assignments, so that the point holds the number of this step.
    """
    assignments = [(step.target, compiled(step.expression)) for step in rule.steps]
    outputs = ("w", *(state.name for state in rule.states))

    def attempt(point: Mapping[str, Value]) -> dict[str, arb] | None:
        known = dict(point)
        known["g"] = known["g_loss"] + known["g_penalty"]
        scope = Scope(known, decide=sign)
        try:
            for target, code in assignments:
                known[target] = code(scope)
        except MinimiserUnknown:
            raise
        except Undecided:
            return None
        after = {name: known[name] for name in outputs}
        return after if all(x.is_finite() for x in after.values()) else None

    def step(point: Mapping[str, Value]) -> dict[str, arb] | None:
        after = None
        for bits in _BITS:
            with ctx.workprec(bits):
                try:
                    after = attempt(point)
                except MinimiserUnknown:
                    return None
            if after is not None and all(x.rel_accuracy_bits() > 64 or x.is_zero() for x in after.values()):
                break
        return after

    return step


def influences(rule: Rule) -> dict[str, frozenset[str]]:
    """Return, for `w` and each state, the names that its new value is written in terms of (`g` as its two parts).

    In a rule with `prox` the penalty's gradient may have no terms, and is not counted.
    """
    parts = frozenset({"g_loss"} if rule.uses_prox else {"g_loss", "g_penalty"})
    after: dict[str, frozenset[str]] = {}

    def expanded(name: str) -> frozenset[str]:
        if name == "g":
            return parts
        return after.get(name, frozenset({name}))

    for step in rule.steps:
        after[step.target] = frozenset().union(*(expanded(name) for name in names(step.expression)))
    kept = ("w", *(state.name for state in rule.states))
    return {name: after.get(name, frozenset({name})) for name in kept}
