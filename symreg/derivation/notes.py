"""What a reader of a gradient's derivation must know besides: conventions, assumptions, and what was renamed."""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.calculus.domains.notes import undefined_notes
from symreg.calculus.pieces.unlisted import notes_on_unlisted
from symreg.derivation.letters import letters_of
from symreg.expressions.tree import names
from symreg.model.clashes import notes_on_names
from symreg.model.objective import Objective
from symreg.model.spec import Rule


def notes_on(objective: Objective, rule: Rule, smooth: Analysis, prox: Analysis, of: str) -> tuple[str, ...]:
    """Return one sentence each, in the order in which they matter.

    Args:
        objective: With the notes that reading it left.
        rule: The rule, told apart from the objective.
        smooth: Of the part of which the rule takes the gradient.
        prox: Of the part of which it takes the proximal operator.
        of: What the first part is called; "" for nothing.
    """
    notes = [*objective.notes, *undefined_notes(objective.terms), *notes_on_names(rule, letters_of(objective))]
    targets = [assignment.target for assignment in rule.steps]
    after = rule.steps[targets.index("w") + 1 :] if "w" in targets else ()
    if of and any(names(assignment.expression) & {"g", "g_penalty"} for assignment in after):
        notes.append(f"d{of}/dw_j is of the weights before the step, also where it stands after w_j has changed")
    if any(knot.is_kink for knot in smooth.knots):
        notes.append("at a kink a step uses 0 if it lies between the one-sided derivatives, else the one nearer to 0")
    for addend in smooth.addends:
        name, domain = addend.term.name, addend.term.domain
        notes += notes_on_unlisted(addend.value, addend.term.parameters)
        if not domain.is_all:
            notes.append(f"{name} is +inf for a weight outside {domain}, its derivative undefined there")
    for term in prox.terms.terms:
        if not term.domain.is_all:
            notes.append(f"{term.name} is +inf for a weight outside {term.domain}, and so the operator never gives one")
    return tuple(dict.fromkeys(notes))
