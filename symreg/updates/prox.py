"""The proximal operator as a function to emit: of single weights, or of their norm."""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.calculus.border import border
from symreg.calculus.radial import radial_profiles
from symreg.claims.sentences import formula_of, prox_notes, verdicts_on_operator
from symreg.expressions.text import to_text
from symreg.proximal.derive import operator, with_exponents
from symreg.proximal.differences import has_differences, operators_of_differences
from symreg.proximal.groups import operators_of_groups
from symreg.proximal.operator import AnyOperator, Operator
from symreg.proximal.sums import is_least_at_zero
from symreg.proximal.table_search import refuse_per_weight
from symreg.updates.operator_cases import operator_cases
from symreg.updates.update import Update

FEW = 4
"""Of more terms than this nothing is proved on the way: the time would grow faster than their number."""


@border("the proximal operator")
def derived_operator(analysis: Analysis) -> Update:
    """Return the proximal operator of a whole penalty.

    Raises:
        Intractable, NotDifferentiable: Why there is none.
    """
    terms = analysis.terms
    if terms.grouped:
        return _of_groups(analysis)
    if has_differences(terms):
        return _of_differences(analysis)
    if not terms.indexed:
        formula = formula_of(analysis) if len(terms.terms) <= FEW else None
        derived = with_exponents(analysis)
        refuse_per_weight(derived.restored, terms.per_weight)
        return Update(
            kind="prox",
            name="prox",
            terms=terms,
            operator=derived.restored,
            notes=prox_notes(formula),
            claims=verdicts_on_operator(formula),
            cases=operator_cases(derived, formula) if len(terms.terms) <= FEW else (),
        )
    profile = analysis.of(radial_profiles(terms))
    least_at_zero = is_least_at_zero(profile)
    return Update(
        kind="prox",
        name="prox",
        terms=terms,
        operator=operator(profile),
        is_radial=True,
        is_least_at_zero=least_at_zero,
        notes=radial_notes(is_least_at_zero=least_at_zero),
    )


def _of_differences(analysis: Analysis) -> Update:
    strength, after = operators_of_differences(analysis)
    method = "The taut string: exact, in a time that grows as n (Davies and Kovac 2001; Condat 2013; Johnson 2013)."
    reach = "Numbers 1e25 times smaller than others of the same vector are lost beside them."
    then = "Then each number becomes its own proximal point (Friedman et al. 2007)."
    return Update(
        kind="prox",
        name="prox",
        terms=analysis.terms,
        operator=after,
        variation=strength,
        notes=(method, reach) if after is None else (method, then, reach),
    )


def _of_groups(analysis: Analysis) -> Update:
    of_each, of_norm = operators_of_groups(analysis)
    return Update(
        kind="prox",
        name="prox",
        terms=analysis.terms,
        operator=of_each,
        norm_operator=of_norm,
        notes=group_notes(of_each, of_norm),
    )


def group_notes(of_each: AnyOperator | None, of_norm: AnyOperator) -> tuple[str, ...]:
    """Return what an operator over groups does, as sentences."""
    direction = "Each group keeps its direction, and its norm becomes the proximal point of that."
    first = [] if of_each is None else ["Each number first becomes its own proximal point."]
    needs = of_norm.needs if isinstance(of_norm, Operator) else None
    missing = (
        [] if needs is None else [f"A group for whose step times c[g] {to_text(needs)} does not hold becomes NaN."]
    )
    return (*first, direction, *missing)


def radial_notes(*, is_least_at_zero: bool) -> tuple[str, ...]:
    """Return which of many minimisers an operator of the norm takes, where there may be many."""
    if is_least_at_zero:
        return ()
    return ("Where all numbers are 0 every point of the best norm is right: the one whose weights are alike is taken.",)
