"""Derive the proximal operator of an elementwise penalty: the cases of v, and the gaps at which the minimiser jumps.

The pieces of phi are cut where its curvature stops rising or falling. On each of these F(u) = u + s*phi'(u) turns at
most once, whatever s is, and the minimiser lies where F rises.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from symreg.calculus.symbolic.exponents import Exponents, named, restored_all
from symreg.errors import Intractable, NotDifferentiable
from symreg.model.terms import Terms
from symreg.proximal.cases import entries_of
from symreg.proximal.ends import NoMinimum
from symreg.proximal.existence import needs_of
from symreg.proximal.jumps import cases_and_gaps, with_jumps
from symreg.proximal.operator import AnyOperator, Operator
from symreg.proximal.sorted_knots import piecewise_quadratic
from symreg.proximal.sums import without_abs_and_square
from symreg.proximal.table_search import addends_of, table_search


@lru_cache(maxsize=64)
def operator(terms: Terms) -> AnyOperator:
    """Return the proximal operator of the sum of the elementwise terms, for all parameters in their domains.

    Where the order of its knots, or where F turns, depends on the parameters, that is left to be found once they are
    known.

    Raises:
        Intractable: Knots or stationary points whose order depends on the parameters, or that were not enclosed.
        NotDifferentiable: A switch whose roots cannot be listed, or a jump in value.
    """
    derived, _, exponents = with_exponents(terms)
    return restored_all(derived, exponents) if exponents else derived


@lru_cache(maxsize=64)
def with_exponents(terms: Terms) -> tuple[AnyOperator, Terms, Exponents]:
    """Return the operator over names for exponents of great denominator; the terms over them, and what they stand for.

    Raises:
        Intractable, NotDifferentiable: As `operator` does.
    """
    apart, exponents = named(terms)
    if exponents:
        with suppress(Intractable, NotDifferentiable):
            return _operator(apart), apart, exponents
    return _operator(terms), terms, {}


def _operator(terms: Terms) -> AnyOperator:
    try:
        table = entries_of(terms)
    except NoMinimum:
        raise
    except Intractable as reason:
        return _without_cases(terms, reason)
    needs = needs_of(table.entries, terms.parameters)
    cases, gaps = cases_and_gaps(table.entries)
    derived = Operator(
        cases=cases,
        gaps=gaps,
        is_even=table.whole.is_even,
        domain=table.whole.domain,
        needs=needs,
        period=table.period,
    )
    return with_jumps(derived, terms.parameters)


def _without_cases(terms: Terms, reason: Intractable) -> AnyOperator:
    """Return the operator of a sum whose cases depend on the parameters.

    Args:
        terms: Of the sum.
        reason: Why there are no cases for all parameters; it is raised where nothing else helps.
    """
    with suppress(Intractable):
        return piecewise_quadratic(terms)
    apart = Terms(terms=tuple(part for term in terms.elementwise for part in addends_of(term)))
    if len(apart.terms) > 1:
        with suppress(Intractable):
            return without_abs_and_square(apart, _operator)
    try:
        return table_search(terms)
    except (Intractable, NotDifferentiable) as other:
        raise (other if len(terms.elementwise) > 1 else reason) from None
