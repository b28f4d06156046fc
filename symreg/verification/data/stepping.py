"""A rule's step on an objective with data: what each weight and state is after it, from the gradient of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
from flint import arb, ctx

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.split import split
from symreg.verification.data.exact import BITS, Exact
from symreg.verification.data.jets import widened
from symreg.verification.minimum.operators import counted, operator
from symreg.verification.minimum.steps import stepper
from symreg.verification.oracle.formats import FORMATS
from symreg.verification.oracle.series import Value

_SETTINGS = {"lr": 0.125}


def rule_parameters(rule: Rule, fixed: Mapping[str, float], number: int) -> dict[str, float]:
    """Return the parameters of a rule: its defaults, the learning rate of another size in every data set."""
    chosen = {p.name: p.default for p in rule.parameters}
    if "lr" in chosen:
        chosen["lr"] = _SETTINGS["lr"] * 2.0 ** -(number % 5)
    return chosen | {name: fixed[name] for name in chosen if name in fixed}


def after_step(
    exact: Exact, rule: Rule, own: Mapping[str, float], state: Mapping[str, Any] | None
) -> dict[str, list[arb | None]]:
    """Return each weight and each state after a step, a ball over all that is right; None where nothing is certain.

    Args:
        exact: The objective at the weights before the step.
        rule: Told apart from the objective.
        own: The rule's parameters.
        state: Before the step, as the function under test keeps it.
    """
    unit, sample = FORMATS[exact.dtype].unit, exact.sample
    smooth, taken = split(exact.terms, rule) if rule.uses_prox else (exact.terms, Terms(terms=()))
    part = Exact(exact.data, smooth, sample, exact.dtype)
    losses, slopes = exact.loss_gradient, part.penalty_slopes
    step, n = stepper(rule), len(sample.w)
    reach = sqrt(FORMATS[exact.dtype].greatest) / 1024
    found: dict[str, list[arb | None]] = {name: [] for name in ("w", *(s.name for s in rule.states))}
    with ctx.workprec(BITS):
        shared: dict[str, Value] = {name: widened(arb(x), unit) for name, x in own.items()}
        if rule.uses_t and state is not None:
            shared["t"] = arb(int(state["t"]) + 1)
        prox: Value = None
        for j, weight in enumerate(sample.w.tolist()):
            slope = slopes[j]
            if rule.uses_prox and (prox is None or sample.elements):
                prox = operator(counted(taken, n), sample.parameters_of(j))
            point = {**shared, "prox": prox, "w": widened(arb(weight), unit)}
            for one in rule.states:
                assert state is not None
                point[one.name] = widened(arb(float(np.broadcast_to(state[one.name], sample.w.shape)[j])), unit)
            after = None
            is_usable = losses is not None and abs(losses[j]) < reach  # its square has to be a number, too
            if losses is not None and is_usable and slope is not None and not (rule.uses_prox and taken.couple_weights):
                after = step({**point, "g_loss": losses[j], "g_penalty": slope})
            for name, results in found.items():
                results.append(None if after is None else after[name])
    return found
