"""Split an exponent's domain where powers change their nature, decide each case by itself, and join the answers.

`abs(w)**q` is flat at 0 for q > 1, has a kink for q = 1 and a cusp below; its curvature is bounded from q = 2 on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.shape import FOR_SOME
from symreg.claims.verdict import Verdict
from symreg.expressions.arithmetic import ZERO, has_w, minus, where
from symreg.expressions.tree import Binary, Compare, Logic, Name, Tree, number, substitute, walk
from symreg.model.interval import Interval, inside
from symreg.model.spec import Parameter
from symreg.model.terms import Terms, at_numbers

CRITICAL = (Fraction(0), Fraction(1), Fraction(2))
"""Exponents at which a power, its slope or its curvature changes between 0, finite and infinite at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One part of the exponent's domain: an open interval, or one point at which the number stands in its place."""

    domain: Interval
    terms: Terms
    point: Fraction | None = None


def exponent_of(terms: Terms) -> Parameter | None:
    """Return the one parameter that is an exponent of something with the weight in it, if it can be critical."""
    found = {
        node.right.name
        for term in terms.elementwise
        for node in walk(term.tree)
        if isinstance(node, Binary) and node.operator == "**" and has_w(node.left) and isinstance(node.right, Name)
    }
    if len(found) != 1:
        return None
    (parameter,) = (p for p in terms.parameters if p.name in found)
    return parameter if any(value in parameter.domain for value in CRITICAL) else None


def cases(terms: Terms, exponent: Parameter) -> tuple[Case, ...]:
    """Return the parts of the exponent's domain between the critical values, and these, ascending."""
    domain = exponent.domain
    marks = [value for value in CRITICAL if value in domain]
    made: list[Case] = []
    lows = [domain.low, *marks]
    for low, high in zip(lows, [*marks, domain.high], strict=True):
        if low is None or low != high:
            part = Interval(
                low=low,
                high=high,
                low_closed=domain.low_closed and low == domain.low and low not in marks,
                high_closed=domain.high_closed and high == domain.high and high not in marks,
            )
            made.append(Case(domain=part, terms=_with(terms, replace(exponent, domain=part, default=inside(part)))))
        if high in marks:
            point = Interval(low=high, high=high, low_closed=True, high_closed=True)
            made.append(Case(domain=point, terms=_at(terms, exponent.name, high), point=high))
    return tuple(made)


def joined(exponent: Parameter, split: Sequence[Case], verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on one claim from those on the cases."""
    verdicts = [_named(verdict, exponent.name, case.point) for verdict, case in zip(verdicts, split, strict=True)]
    first = verdicts[0]
    if all(_told(verdict) == _told(first) for verdict in verdicts):
        return first
    if any(verdict.verdict == "undecided" for verdict in verdicts):
        return Verdict(claim=first.claim, verdict="undecided", said=("in a case of the exponent",))
    sampled = next((v for v in verdicts if v.verdict == "refuted" and v.method == FOR_SOME), None)
    if sampled is not None:
        return sampled  # in its case the claim may hold for other parameters: no condition on the exponent is exact
    rows = list(zip(split, verdicts, strict=True))
    holding = [(case, verdict) for case, verdict in rows if verdict.verdict != "refuted"]
    witness = next((verdict.witness for _, verdict in rows if verdict.witness is not None), None)
    method = max((verdict.method for verdict in verdicts), key=len)
    if not holding:
        return replace(first, witness=witness, method=method)
    value = _by_case(exponent, [(case, v.value) for case, v in holding if v.value is not None])
    condition = _condition(exponent, rows)
    return Verdict(
        claim=first.claim,
        verdict="proved" if condition is None else "conditional",
        holds_iff=condition,
        symbol=holding[0][1].symbol,
        value=value,
        witness=None if condition is None else witness,
        method=method,
        said=next((v.said for _, v in rows if v.verdict == "refuted"), holding[0][1].said),
    )


def _told(verdict: Verdict) -> Verdict:
    return replace(verdict, witness=None, method="", said=())


def _named(verdict: Verdict, name: str, point: Fraction | None) -> Verdict:
    """Return a verdict on a case of one point with the exponent among the witness's numbers."""
    if point is None or verdict.witness is None:
        return verdict
    return replace(verdict, witness=replace(verdict.witness, at=(*verdict.witness.at, (name, point))))


def _condition(exponent: Parameter, rows: Sequence[tuple[Case, Verdict]]) -> Tree | None:
    """Return where the claim holds: neighbours with one answer as one interval."""
    parts: list[Tree] = []

    def key(row: tuple[Case, Verdict]) -> tuple[bool, Tree | None]:
        return row[1].verdict != "refuted", row[1].holds_iff

    for (is_so, condition), group in groupby(rows, key=key):
        found = [case.domain for case, _ in group]
        if not is_so:
            continue
        limits = _limits(exponent, found[0], found[-1]) + ([] if condition is None else [condition])
        if not limits:
            return None
        parts.append(limits[0] if len(limits) == 1 else Logic("and", tuple(limits)))
    return parts[0] if len(parts) == 1 else Logic("or", tuple(parts))


def _limits(exponent: Parameter, first: Interval, last: Interval) -> list[Tree]:
    name, domain = Name(exponent.name), exponent.domain
    if first.low is not None and first.low == last.high and domain.low != domain.high:
        return [Compare("==", name, number(first.low))]
    limits: list[Tree] = []
    if first.low is not None and (first.low != domain.low or first.low_closed != domain.low_closed):
        limits.append(Compare(">=" if first.low_closed else ">", name, number(first.low)))
    if last.high is not None and (last.high != domain.high or last.high_closed != domain.high_closed):
        limits.append(Compare("<=" if last.high_closed else "<", name, number(last.high)))
    return limits


def _by_case(exponent: Parameter, rows: list[tuple[Case, Tree]]) -> Tree | None:
    """Return the value as a choice on the exponent, or the one value that all cases have."""
    spread = [value for case, value in rows if case.point is None]
    rows = [(case, value) for case, value in rows if not _is_at(case, value, exponent, spread)]
    if not rows:
        return None
    made = rows[-1][1]
    for case, value in reversed(rows[:-1]):
        limits = _limits(exponent, case.domain, case.domain)
        made = where(limits[0] if len(limits) == 1 else Logic("and", tuple(limits)), value, made)
    return made


def _is_at(case: Case, value: Tree, exponent: Parameter, spread: list[Tree]) -> bool:
    """Is the value at a point the one that an interval's value has there, so that it need not be told apart?"""
    if case.point is None:
        return False
    known = tuple(p for p in case.terms.parameters if p.name != exponent.name)
    at: dict[Tree, Tree] = {Name(exponent.name): number(case.point)}
    return any(simplify(minus(value, substitute(other, at)), known) == ZERO for other in spread)


def _with(terms: Terms, parameter: Parameter) -> Terms:
    return Terms(
        terms=tuple(
            replace(t, parameters=tuple(parameter if p.name == parameter.name else p for p in t.parameters))
            for t in terms.terms
        )
    )


def _at(terms: Terms, name: str, value: Fraction) -> Terms:
    return Terms(terms=tuple(at_numbers(t, {name: value}) for t in terms.terms))
