"""Derive an objective under a rule: the whole chain of steps from O = L + R to the simplified update."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.analysis import Analysis, analyse
from symreg.calculus.border import Unforeseen, border
from symreg.calculus.differentiation.differentiate import elementwise_over_j
from symreg.calculus.differentiation.step import Step
from symreg.calculus.domains.conditions import condition_of
from symreg.calculus.pieces.jumps import refuse_jumps
from symreg.calculus.pieces.knot import Knot
from symreg.claims.sentences import bounds_of_step
from symreg.claims.verdict import StepBound
from symreg.derivation.data import derive_data
from symreg.derivation.directions import directions
from symreg.derivation.groups import gradient_of_groups, steps_of_groups
from symreg.derivation.letters import OF_DATA, rule_without_letters, without_letters
from symreg.derivation.model import Direction, GradientDerivation, ProximalDerivation
from symreg.derivation.notes import notes_on
from symreg.derivation.opening import opening, weight_index
from symreg.derivation.rule import Update, derivative_name, update_steps
from symreg.derivation.step_bounds import step_bounds
from symreg.derivation.whole import with_data
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import WJ, ZERO, call, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Compare, Logic, Name, Tree
from symreg.model.clashes import told_apart
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.proximal.split import split

_FEW = 2
"""Of more terms than this the operator is derived by itself only: a rule's derivation should not wait for it."""


@border("the penalty's gradient")
def derive(objective: Objective, rule: Rule, analysis: Analysis | None = None) -> GradientDerivation:
    """Return the derivation of an objective's gradient and of one update rule with it.

    If the rule takes a proximal operator, the gradient is that of the terms which the operator leaves.

    Args:
        objective: L + R.
        rule: Whose step the gradient is put into; names of its own that the objective has as well are told apart.
        analysis: Of the objective's terms, if there is one already.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle, or a term without the operator that it needs.
    """
    objective, renamed = without_letters(objective)
    terms, rule = objective.terms, told_apart(rule, objective.declarations, () if objective.data is None else OF_DATA)
    rule, renamed_in_rule = rule_without_letters(rule, objective.names)
    whole = (analysis or analyse(terms)).of(terms)
    smooth, prox = (whole.of(part) for part in split(whole, rule))
    refuse_jumps(terms.indexed, terms.parameters)
    of = "" if not smooth.terms.terms else "S" if prox.terms.terms else "R"
    taken = "" if not prox.terms.terms else "P" if smooth.terms.terms else "R"
    data = None if objective.data is None else derive_data(objective.data, weight_index(objective))
    gradient = _gradient(smooth)
    slope = call("d", Name(of)) if of else ZERO
    is_indexed = smooth.terms.couple_weights
    assigned, update = update_steps(rule, terms, slope, gradient, is_indexed=is_indexed, is_taken=bool(taken))
    is_plain = not is_indexed and not taken
    operator = _operator_of(objective, prox)
    chain = GradientDerivation(
        objective=objective,
        rule=rule,
        steps=(),
        gradient=gradient,
        update=update,
        smooth=of,
        proximal=taken,
        knots=smooth.knots,
        directions=_directions(smooth) if is_plain and of else (),
        bounds=_bounds(rule, update, smooth) if is_plain and data is None else (),
        notes=(*renamed, *renamed_in_rule, *notes_on(objective, rule, smooth, prox, of)),
        operator=operator,
    )
    of_penalty = _gradient_steps(smooth, gradient, slope)
    began = opening(objective, whole, smooth, prox, rule, of, taken, data)
    if data is None:
        return replace(chain, steps=(*began, *of_penalty, *assigned))
    return with_data(chain, data, whole, smooth, (*began, *of_penalty), assigned)


def _operator_of(objective: Objective, prox: Analysis) -> ProximalDerivation | None:
    """Return the derivation of the operator that a rule takes, None where there is none to be read in due time."""
    if not 0 < len(prox.terms.terms) <= _FEW:
        return None
    from symreg.derivation.proximal.derive import derive_prox  # a room of its own, which most rules do without

    try:
        return derive_prox(objective, prox)
    except (Intractable, NotDifferentiable):
        return None


def _directions(smooth: Analysis) -> tuple[Direction, ...]:
    """Return what a step does to a weight of either sign; nothing where that cannot be looked at."""
    try:
        with border("what the penalty does to a weight"):
            return directions(smooth)
    except Unforeseen:
        return ()


def _bounds(rule: Rule, update: Update, smooth: Analysis) -> tuple[StepBound, ...]:
    """Return the bounds on the step: as the update shows them where it is linear, else those of the claims."""
    return step_bounds(rule, update, smooth.parameters) or bounds_of_step(rule, smooth)


def _gradient(smooth: Analysis) -> Tree:
    """Return dR/dw_j, simplified."""
    elementwise = [elementwise_over_j(smooth.gradient)] if smooth.addends else []
    return total([*elementwise, *(addend.simplified for addend in smooth.indexed), *gradient_of_groups(smooth)])


def _gradient_steps(smooth: Analysis, gradient: Tree, slope: Tree) -> list[Step]:
    """Return the rules of differentiation, each on each expression once, and what is made of their results."""
    steps = list(dict.fromkeys(step for part in (*smooth.addends, *smooth.indexed) for step in part.steps))
    summed = total([*(elementwise_over_j(a.gradient) for a in smooth.addends), *(a.gradient for a in smooth.indexed)])
    if smooth.terms.grouped:
        steps += steps_of_groups(smooth)
        summed = total([summed, *gradient_of_groups(smooth)]) if smooth.addends or smooth.indexed else gradient
    if summed != gradient:
        why = derivative_name(slope)
        steps.append(Step(rule="simplify", before=summed, after=gradient, why=why, condition=_domain(smooth)))
    return steps + [_at_knot(knot, slope) for knot in smooth.knots if knot.is_kink]


def _domain(smooth: Analysis) -> Tree | None:
    """Return the condition that the weight lies in the domains, or None if it always does."""
    ends = [
        end
        for end in (condition_of(domain) for domain in dict.fromkeys(addend.term.domain for addend in smooth.addends))
        if end is not None
    ]
    made = None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))
    return None if made is None else elementwise_over_j(made)


def _at_knot(knot: Knot, slope: Tree) -> Step:
    left, right, chosen = (to_text(side) for side in (knot.left, knot.right, knot.chosen))
    reason = "0 lies between them" if chosen == "0" else "0 if it lies between them, else the one nearer to 0"
    return Step(
        rule="one-sided derivatives",
        before=slope,
        after=knot.chosen,
        why=f"{left} from the left, {right} from the right; {reason}",
        condition=Compare("==", WJ, knot.position),
    )
