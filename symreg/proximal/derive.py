"""Derive the proximal operator of an elementwise penalty: the cases of v, and the gaps at which the minimiser jumps.

The pieces of phi are cut where its curvature stops rising or falling. On each of these F(u) = u + s*phi'(u) turns at
most once, whatever s is, and the minimiser lies where F rises.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from symreg.calculus.analysis import Analysis
from symreg.calculus.symbolic.exponents import Exponents, named, restored_all
from symreg.errors import Intractable, NotDifferentiable
from symreg.model.terms import Terms
from symreg.proximal.cases import entries_of
from symreg.proximal.ends import NoMinimum
from symreg.proximal.existence import needs_of
from symreg.proximal.jumps import cases_and_gaps, with_jumps
from symreg.proximal.operator import AnyOperator, Operator
from symreg.proximal.solving.sorted_knots import piecewise_quadratic
from symreg.proximal.sums import without_abs_and_square
from symreg.proximal.table_search import addends_of, table_search


class DerivedOperator(NamedTuple):
    """An operator and its phi, over names for the exponents of great denominator that phi holds.

    Args:
        operator: By cases, or what is searched once the parameters are known.
        phi: What it is of.
        exponents: What the names stand for.
    """

    operator: AnyOperator
    phi: Analysis
    exponents: Exponents

    @property
    def restored(self) -> AnyOperator:
        """The operator with the exponents as they were written."""
        return restored_all(self.operator, self.exponents) if self.exponents else self.operator


def operator(analysis: Analysis) -> AnyOperator:
    """Return the proximal operator of the sum of the elementwise terms, for all parameters in their domains.

    Where the order of its knots, or where F turns, depends on the parameters, that is left to be found once they are
    known.

    Raises:
        Intractable: Knots or stationary points whose order depends on the parameters, or that were not enclosed.
        NotDifferentiable: A switch whose roots cannot be listed, or a jump in value.
    """
    return with_exponents(analysis).restored


def with_exponents(analysis: Analysis) -> DerivedOperator:
    """Return the operator over names for exponents of great denominator; phi over them, and what they stand for.

    Raises:
        Intractable, NotDifferentiable: As `operator` does.
    """
    apart, exponents = named(analysis.terms)
    if exponents:
        with suppress(Intractable, NotDifferentiable):
            return DerivedOperator(_operator(analysis.of(apart)), analysis.of(apart), exponents)
    return DerivedOperator(_operator(analysis), analysis, {})


def _operator(analysis: Analysis) -> AnyOperator:
    try:
        table = entries_of(analysis)
    except NoMinimum:
        raise
    except Intractable as reason:
        return _without_cases(analysis, reason)
    needs = needs_of(table.entries, analysis.parameters)
    cases, gaps = cases_and_gaps(table.entries)
    derived = Operator(
        cases=cases,
        gaps=gaps,
        is_even=table.whole.is_even,
        domain=table.whole.domain,
        needs=needs,
        period=table.period,
    )
    return with_jumps(derived, analysis.parameters)


def _without_cases(analysis: Analysis, reason: Intractable) -> AnyOperator:
    """Return the operator of a sum whose cases depend on the parameters.

    Args:
        analysis: Of the sum.
        reason: Why there are no cases for all parameters; it is raised where nothing else helps.
    """
    terms = analysis.terms
    with suppress(Intractable):
        return piecewise_quadratic(terms)
    apart = Terms(terms=tuple(part for term in terms.elementwise for part in addends_of(term)))
    if len(apart.terms) > 1:
        with suppress(Intractable):
            return without_abs_and_square(analysis.of(apart), _operator)
    try:
        return table_search(analysis)
    except (Intractable, NotDifferentiable) as other:
        raise (other if len(terms.elementwise) > 1 else reason) from None
