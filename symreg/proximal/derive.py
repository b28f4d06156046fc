"""Derive the proximal operator of an elementwise penalty: where F(u) = u + s*phi'(u) rises, and what lies between.

The pieces of phi are cut where its curvature stops rising or falling. In each of these cells F turns at most once,
whatever s is, and the minimiser lies where F rises. Neighbouring cells in which it does form a segment.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from symreg.calculus.symbolic.exponents import Exponents, named, restored_all
from symreg.errors import Intractable, NotDifferentiable
from symreg.model.terms import Terms
from symreg.proximal.cells import NoMinimum, find_cells, needs_of
from symreg.proximal.jumps import jump_between, parted
from symreg.proximal.operator import Mixed, Operator, Unordered
from symreg.proximal.sorted_knots import unordered
from symreg.proximal.sums import absorbed
from symreg.proximal.table_search import addends_of, mixed


@lru_cache(maxsize=64)
def operator(terms: Terms) -> Operator | Unordered | Mixed:
    """Return the proximal operator of the sum of the elementwise terms, for all parameters in their domains.

    Where the order of its knots, or where F turns, depends on the parameters, that is left to be found once they are
    known.

    Raises:
        Intractable: Knots or stationary points whose order depends on the parameters, or that were not enclosed.
        NotDifferentiable: A switch whose roots cannot be listed, or a jump in value.
    """
    found, _, exponents = with_exponents(terms)
    return restored_all(found, exponents) if exponents else found


@lru_cache(maxsize=64)
def with_exponents(terms: Terms) -> tuple[Operator | Unordered | Mixed, Terms, Exponents]:
    """Return the operator over names for exponents of great denominator; the terms over them, and what they stand for.

    Raises:
        Intractable, NotDifferentiable: As `operator` does.
    """
    apart, exponents = named(terms)
    if exponents:
        with suppress(Intractable, NotDifferentiable):
            return _operator(apart), apart, exponents
    return _operator(terms), terms, {}


def _operator(terms: Terms) -> Operator | Unordered | Mixed:
    try:
        found = find_cells(terms)
    except NoMinimum:
        raise
    except Intractable as reason:
        return _unordered(terms, reason)
    needs = needs_of(found.tokens, terms.parameters)
    segments, dips = parted(found.tokens)
    dips = tuple(
        replace(dip, jump=jump_between(dip, *beside, terms.parameters))
        for dip, beside in zip(dips, pairwise(segments), strict=True)
    )
    return Operator(
        segments=segments,
        dips=dips,
        is_even=found.whole.is_even,
        domain=found.whole.domain,
        needs=needs,
        period=found.period,
    )


def _unordered(terms: Terms, reason: Intractable) -> Operator | Unordered | Mixed:
    with suppress(Intractable):
        return unordered(terms)
    apart = Terms(terms=tuple(part for term in terms.elementwise for part in addends_of(term)))
    if len(apart.terms) > 1:
        with suppress(Intractable):
            return absorbed(apart, _operator)
    try:
        return mixed(terms)
    except (Intractable, NotDifferentiable) as other:
        raise (other if len(terms.elementwise) > 1 else reason) from None
