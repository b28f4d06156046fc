"""From an objective and rules to the updates that are emitted, each expression in an accurate form."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from symreg.calculus.analysis import Analysis, analyse
from symreg.calculus.border import border
from symreg.errors import Intractable, NotDifferentiable
from symreg.model.clashes import told_apart
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.updates.data import with_data
from symreg.updates.forms import accurate_forms
from symreg.updates.prox import derived_operator
from symreg.updates.step import gradient_step, proximal_step
from symreg.updates.update import Update


@border("the penalty's gradient")
def updates(objective: Objective, rules: Iterable[Rule] = (), analysis: Analysis | None = None) -> tuple[Update, ...]:
    """Return the updates to emit: the value, the gradient, the proximal operator if there is one, one step a rule.

    Args:
        objective: Whose they are; beside a loss over samples there are more, see `with_data`.
        rules: Of the steps; names of theirs that the objective has as well are told apart.
        analysis: Of the objective's terms, if there is one already.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle.
    """
    terms = objective.terms
    analysis = analysis or analyse(terms)
    forms_of, operator_of = cache(accurate_forms), cache(derived_operator)  # rules share them
    forms = forms_of(analysis)
    made = [
        Update(
            kind="value",
            name="value",
            terms=terms,
            elementwise=forms.value,
            indexed=forms.indexed_value,
            of_norm=forms.norm_value,
            notes=forms.value_notes,
        ),
        Update(
            kind="gradient",
            name="gradient",
            terms=terms,
            elementwise=forms.gradient,
            indexed=forms.indexed_gradient,
            of_norm=forms.norm_gradient,
            notes=forms.gradient_notes,
        ),
    ]
    with suppress(Intractable, NotDifferentiable):  # without an operator the rest is emitted all the same
        if terms.terms:
            made.append(operator_of(analysis))
    for rule in (told_apart(rule, objective.declarations) for rule in rules):
        if rule.uses_prox:
            made.append(proximal_step(rule, analysis, forms_of, operator_of))
        else:
            made.append(gradient_step(rule, analysis, forms))
    return tuple(made) if objective.data is None else with_data(objective.data, tuple(made), analysis)
