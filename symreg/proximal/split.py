"""Split an objective for a rule with a proximal operator: it takes terms with a kink or an end, the rest go into `g`.

Takes terms and a rule; hands on the terms whose gradient is part of `g`, and those whose operator the rule takes. Where
the rule takes no gradient of the penalty, the operator takes every term: each one enters a step exactly once. A term is
differentiable if it has a finite derivative at every weight of its domain for all values of its parameters; one whose
domain has an end that belongs to it, as a box has, goes to the operator all the same, which keeps the weights inside.
"""

from __future__ import annotations

from typing import NamedTuple

from symreg.calculus.analysis import Analysis
from symreg.calculus.radial import radial_profile
from symreg.errors import Intractable, NotDifferentiable
from symreg.model.lifts import Group
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.proximal.entering import takes_gradient


class Split(NamedTuple):
    """What a rule does with the terms of a penalty.

    Args:
        smooth: Those whose gradient is in `g` (all of them for a rule without `prox`).
        prox: Those that the proximal operator takes; where there are none, `prox(v, s)` is v.
    """

    smooth: Terms
    prox: Terms


def split(analysis: Analysis, rule: Rule) -> Split:
    """Return the terms whose gradient a rule uses, and those whose proximal operator it takes.

    Args:
        analysis: Of the terms, under the names that they have in the rule's step, or in the objective.
        rule: If it uses no `prox`, everything goes into `g`.

    Raises:
        SpecError: The rule leaves the penalty out, or takes it twice.
        Intractable: What the operator would have to take has none that is derived here; names the terms.
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
    """
    has_gradient = takes_gradient(rule)
    if not rule.uses_prox:
        return Split(analysis.terms, Terms(terms=()))
    smooth = [part for part in analysis.alone if has_gradient and part.is_differentiable and not _ends(part)]
    parted = Split(
        smooth=Terms(terms=tuple(part.terms.terms[0] for part in smooth)),
        prox=Terms(terms=tuple(part.terms.terms[0] for part in analysis.alone if part not in smooth)),
    )
    if any(term.lift for term in parted.prox.terms):
        _refuse_without_joint_operator(analysis.of(parted.prox), rule)
    else:
        _refuse_without_operator(parted.prox, rule)
    return parted


def _ends(part: Analysis) -> bool:
    """Has a term's domain an end that belongs to it? A gradient step would cross that, and an operator projects."""
    (term,) = part.terms.terms
    if isinstance(term.lift, Group):
        return term.lift.domain.high_closed
    return term.domain.low_closed or term.domain.high_closed


def fits(analysis: Analysis, rule: Rule) -> bool:
    """Is there an operator of what the rule has to take, and anything to take, if it uses one?"""
    try:
        return not rule.uses_prox or bool(split(analysis, rule).prox.terms)
    except (Intractable, NotDifferentiable):
        return False


def _refuse_without_joint_operator(prox: Analysis, rule: Rule) -> None:
    """Check that terms over groups or differences, and those beside, have an operator for the steps of a rule."""
    if any(prox_call.is_step_per_weight for prox_call in rule.prox_calls):
        names = ", ".join(term.name for term in prox.terms.terms if term.lift)
        raise Intractable(
            f"{names}: {rule.name} has a step of its own for each weight, and the operator has one for several weights "
            "together; take a rule with one step for all, such as proximal_gradient"
        )
    from symreg.proximal.differences import has_differences, operators_of_differences  # most rules do without these
    from symreg.proximal.groups import operators_of_groups

    if prox.terms.grouped:
        operators_of_groups(prox)
    elif has_differences(prox.terms):
        operators_of_differences(prox)
    else:
        _refuse_without_operator(prox.terms, rule)


def _refuse_without_operator(prox: Terms, rule: Rule) -> None:
    """Check that the terms have an operator: all of them elementwise, or all functions of the norm alone."""
    indexed = prox.indexed
    if not indexed:
        return
    names = ", ".join(term.name for term in indexed)
    what = "what is not differentiable everywhere" if takes_gradient(rule) else "the whole penalty"
    told = f"{names}: {rule.name} takes the proximal operator of {what}"
    if any(radial_profile(term) is None for term in indexed):
        raise Intractable(
            f"{told}, which is there for sums over the single weights, the total variation and functions of norm(w) "
            "only; take a rule without prox, such as gradient_descent"
        )
    if prox.elementwise:
        others = ", ".join(term.name for term in prox.elementwise)
        raise Intractable(
            f"{told}, and of a function of norm(w) beside one of the single weights ({others}) there is none; "
            "leave one of them out, or take a rule without prox, such as gradient_descent"
        )
    if any(prox_call.is_step_per_weight for prox_call in rule.prox_calls):
        raise Intractable(
            f"{told}, and of a function of norm(w) there is none with a step of its own for each weight; "
            "take a rule with one step for all, such as proximal_gradient"
        )
