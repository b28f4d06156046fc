"""Say where a penalty's formula has no value, and which domain to add."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symreg.calculus.domains.gaps import Gaps, gaps
from symreg.calculus.domains.natural_domain import components, open_domain
from symreg.expressions.arithmetic import ZERO
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, names
from symreg.model.domain import Domain, end_text
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms


def undefined_notes(terms: Terms, left_out: Sequence[Gaps] | None = None) -> tuple[str, ...]:
    """Return a sentence for each term whose formula is not defined everywhere: where not, and what to add.

    Args:
        terms: The terms.
        left_out: Of each term, where it has no value, if that is known already.
    """
    each = zip(terms.terms, map(gaps, terms.terms) if left_out is None else left_out, strict=True)
    return tuple(dict.fromkeys(_note(term, of_term, _shortly(term)) for term, of_term in each if of_term))


def undefined_note(value: Tree, domain: Domain, parameters: tuple[Parameter, ...]) -> str:
    """Return such a sentence for the value of one weight, "" where none is known to be due."""
    used = names(value).union(domain.names)
    term = Term(
        name="phi",
        coefficient=Fraction(1),
        tree=value,
        domain=domain,
        parameters=tuple(p for p in parameters if p.name in used),
    )
    left_out = gaps(term)
    return _note(term, left_out, "the formula") if left_out else ""


_LONGEST = 60


def _shortly(term: Term) -> str:
    """Return a term's formula if it is short, else its name: never a part of it."""
    text = to_text(term.tree)
    return text if len(text) <= _LONGEST else term.name


def _note(term: Term, left_out: Gaps, subject: str) -> str:
    """Return where a formula, called `subject`, has no value, and what to do about it."""
    parts = [f"for {_interval(*region)}" for region in left_out.regions]
    parts += [f"at w = {to_text(point)}" for point in left_out.points]
    parts += [f"where {_shown(condition)}" for condition in left_out.conditions]
    where = " and ".join(parts)
    domain = None if left_out.conditions else open_domain(term, left_out)
    advice = "add a domain that leaves such weights out"
    if domain is not None:
        advice = f"add domain = '({end_text(domain.lower, '-inf')}, {end_text(domain.upper, 'inf')})'"
    if not left_out.conditions and not components(term, left_out):
        advice = "no interval of weights is left"
    return f"{subject} is not defined {where}; {advice}"


def _interval(low: Tree | None, high: Tree | None) -> str:
    if low is None or high is None:
        return f"w < {to_text(high)}" if high is not None else f"w > {to_text(low or ZERO)}"
    return f"{to_text(low)} < w < {to_text(high)}"


def _shown(condition: Tree) -> str:
    return to_text(condition).replace(" == ", " = ")
