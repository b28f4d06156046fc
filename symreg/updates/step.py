"""Steps of update rules as functions to emit: by the gradient alone, or by a proximal operator beside it."""

from __future__ import annotations

from collections.abc import Callable

from symreg.accuracy.rewrites.cancellation import one_beside
from symreg.calculus.analysis import Analysis
from symreg.claims.descent import LR
from symreg.claims.sentences import rate_of, step_notes, verdicts_on_step
from symreg.expressions.arithmetic import ONE, ZERO, plus
from symreg.expressions.tree import Binary, Name, Number, Tree, substitute, transform
from symreg.model.clashes import notes_on_names
from symreg.model.spec import Assignment, Rule
from symreg.proximal.split import split
from symreg.proximal.table_search import refuse_step_per_weight
from symreg.updates.forms import Forms
from symreg.updates.prox import FEW, radial_notes
from symreg.updates.update import Update


def gradient_step(rule: Rule, analysis: Analysis, forms: Forms) -> Update:
    """Return a step by the gradient of the whole penalty.

    Args:
        rule: Without `prox`; told apart from the objective.
        analysis: Of the objective's terms.
        forms: Of the same.
    """
    terms = split(analysis, rule).smooth  # all of them, or the rule is refused
    is_bounded = rate_of(rule) == LR and len(terms.terms) <= FEW
    claims = verdicts_on_step(analysis.of(terms)) if is_bounded else ()
    return Update(
        kind="step",
        name=f"{rule.name}_step",
        terms=terms,
        rule=rule,
        elementwise=forms.gradient,
        indexed=forms.indexed_gradient,
        of_norm=forms.norm_gradient,
        assignments=_assignments(rule, has_penalty=True),
        notes=(*forms.gradient_notes, *step_notes(claims), *_cancelling_notes(rule), *_notes_on_names(rule)),
        claims=claims,
    )


def proximal_step(
    rule: Rule,
    analysis: Analysis,
    forms_of: Callable[[Analysis], Forms],
    operator_of: Callable[[Analysis], Update],
) -> Update:
    """Return a step whose gradient is that of the terms that the operator does not take.

    Args:
        rule: With `prox`; told apart from the objective.
        analysis: Of the objective's terms.
        forms_of: Returns the accurate forms of some of the terms.
        operator_of: Returns the proximal operator of some of the terms, or raises why there is none.
    """
    smooth, prox = split(analysis, rule)
    forms = forms_of(analysis.of(smooth))
    taken = operator_of(analysis.of(prox)) if prox.terms else None
    if taken is not None and taken.operator is not None:
        refuse_step_per_weight(taken.operator, prox, rule)
    names = ", ".join(term.name for term in prox.terms)
    meaning = f"prox is the proximal operator of {names}" if names else "prox(v, s) is v: no term has a kink"
    return Update(
        kind="step",
        name=f"{rule.name}_step",
        terms=analysis.terms,
        rule=rule,
        elementwise=forms.gradient,
        indexed=forms.indexed_gradient,
        of_norm=forms.norm_gradient,
        assignments=_assignments(rule, has_penalty=bool(smooth.terms)),
        smooth=" + ".join(term.name for term in smooth.terms) if prox.terms else "",
        operator=None if taken is None else taken.operator,
        norm_operator=None if taken is None else taken.norm_operator,
        variation=None if taken is None else taken.variation,
        is_radial=taken is not None and taken.is_radial,
        is_least_at_zero=taken is None or taken.is_least_at_zero,
        notes=(
            *forms.gradient_notes,
            f"{meaning}.",
            *radial_notes(is_least_at_zero=taken is None or taken.is_least_at_zero),
            *(taken.notes if taken is not None and prox.couple_weights and not taken.is_radial else ()),
            *_cancelling_notes(rule),
            *_notes_on_names(rule),
        ),
    )


def _cancelling_notes(rule: Rule) -> tuple[str, ...]:
    return tuple(f"{cancellation.sentence}." for cancellation in rule.cancellations)


def _notes_on_names(rule: Rule) -> tuple[str, ...]:
    return tuple(f"{note}." for note in notes_on_names(rule))


def _assignments(rule: Rule, *, has_penalty: bool) -> tuple[Assignment, ...]:
    """Return a rule's assignments over the loss's gradient `g` and, if there is one, the penalty's."""
    penalty: Tree = Name("g_penalty") if has_penalty else ZERO
    given: dict[Tree, Tree] = {
        Name("g"): plus(Name("g"), penalty),
        Name("g_loss"): Name("g"),
        Name("g_penalty"): penalty,
    }
    return tuple(
        Assignment(target=step.target, expression=substitute(_keeping_digits(step.expression, rule), given))
        for step in rule.steps
    )


def _keeping_digits(tree: Tree, rule: Rule) -> Tree:
    """Return a rule's expression with `1 - beta**t` in the form that is accurate for a beta near 1."""
    nonnegative = {p.name for p in rule.parameters if p.domain.low is not None and p.domain.low >= 0}

    def change(node: Tree) -> Tree:
        match node:
            case Binary("-", one, Binary("**", Name(base), exponent)) if one == ONE and base in nonnegative:
                if not isinstance(exponent, Number):
                    return next(one_beside(node), node)
        return node

    return transform(tree, change)
