"""The domain that a formula leaves: the interval of weights on which it has a value, around 0 if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from symreg.calculus.domains.gaps import Gaps, Region
from symreg.calculus.evaluation.high_precision import Values, evaluate, samples
from symreg.expressions.arithmetic import ZERO, rational
from symreg.expressions.tree import Name, Negate, Tree, names, number
from symreg.model.domain import Domain, between
from symreg.model.interval import Interval
from symreg.model.terms import Term, Terms


def natural_domain(term: Term, left_out: Gaps) -> Interval | None:
    """Return the domain to add to a term whose formula has a value on one interval of weights, with ends in numbers.

    Args:
        term: With the formula.
        left_out: Where it has no value.
    """
    if not left_out.regions or left_out.points or left_out.conditions or len(components(term, left_out)) > 1:
        return None
    domain = open_domain(term, left_out)
    return domain if isinstance(domain, Interval) else None


def on_natural_domains(terms: Terms, left_out: Sequence[Gaps]) -> Terms:
    """Return terms in which each that has a natural domain has it: what is said of them is said of that.

    Args:
        terms: The terms.
        left_out: Of each, where its formula has no value.
    """
    pairs = zip(terms.terms, left_out, strict=True)
    domains = ((term, None if term.lift else natural_domain(term, of_term)) for term, of_term in pairs)
    return Terms(terms=tuple(term if d is None else replace(term, domain=d) for term, d in domains))


def open_domain(term: Term, left_out: Gaps) -> Domain | None:
    """Return an open interval on which a formula has a value, the one around 0 if there is one.

    Of an irrational end three digits further inward; None where there is none, or an end is more than a parameter.

    Args:
        term: With the formula.
        left_out: Where it has no value.
    """
    row = samples(term.parameters)[0]
    intervals = components(term, left_out)
    if not intervals:
        return None

    def lies(end: Tree | None, side: int) -> bool:
        return end is None or bool(side * evaluate(end, row) > 0)

    around = [(low, high) for low, high in intervals if lies(low, -1) and lies(high, 1)]
    above = [(low, high) for low, high in intervals if low is not None and not lies(low, -1)]
    low, high = (around or above or intervals[::-1])[0]
    known = {p.name for p in term.parameters}
    if not all(end is None or not names(end) or _is_parameter(end, known) for end in (low, high)):
        return None
    return between(_inward(low, 1), _inward(high, -1), low_closed=False, high_closed=False)


def _is_parameter(end: Tree, known: set[str]) -> bool:
    """Is an end a parameter, or minus one?"""
    match end:
        case Name(name) | Negate(Name(name)):
            return name in known
        case _:
            return False


def _inward(end: Tree | None, side: int) -> Tree | None:
    """Return an end that is a parameter or rational as it is, another one rounded to three digits towards a side."""
    if end is None or names(end):
        return end
    exact = rational(end)
    if exact is not None:
        return number(exact)
    value = float(evaluate(end, {}))
    places = 2 - int(f"{abs(value):e}".partition("e")[2])
    steps = ceil(value * 10.0**places) if side > 0 else floor(value * 10.0**places)
    return number(steps / Fraction(10) ** places)


def components(term: Term, left_out: Gaps) -> list[Region]:
    """Return the intervals within the domain on which a formula has a value, ascending."""
    taken: list[Region] = sorted(
        [*left_out.regions, *((point, point) for point in left_out.points)],
        key=lambda region: _place(region, samples(term.parameters)[0]),
    )
    low, high = term.domain.lower, term.domain.upper
    intervals: list[Region] = []
    start: Tree | None = low
    is_open = True
    for first, last in taken:
        if first is not None and (start is None or first != start):
            intervals.append((start, first))
        start, is_open = last, last is not None
    if is_open and (start is None or start != high):
        intervals.append((start, high))
    return intervals


def _place(region: Region, row: Values) -> Any:
    low, high = region
    return evaluate(low, row) if low is not None else evaluate(high if high is not None else ZERO, row) - 1
