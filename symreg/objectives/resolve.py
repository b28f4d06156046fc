"""The objective: text such as `"l1 + 0.5*l2(lam=mu)"` resolved into terms over weights, parameters and arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from symreg.errors import SpecError, UnknownName
from symreg.language.inline import assumed
from symreg.language.intervals import parse_domain
from symreg.language.notation.either import read_either
from symreg.model.domain import meet
from symreg.model.loss import DataTerm, Loss
from symreg.model.names import check_stem, did_you_mean
from symreg.model.objective import Objective
from symreg.model.spec import Array, Parameter, Penalty, PenaltySum
from symreg.model.terms import Term, Terms
from symreg.objectives.combine import combined, note_on_assumed, with_unified_parameters
from symreg.objectives.files import read_loss_file, read_penalty_file
from symreg.objectives.losses import is_loss_file
from symreg.objectives.notes import note_of_constant, note_of_homonym
from symreg.objectives.spelling import EXPRESSION, spelling_of
from symreg.objectives.text import holds_loss, kept, read_addends


def resolve(
    source: str | Path | Penalty | PenaltySum | Loss | Objective,
    *,
    parameters: Iterable[Parameter | Array] = (),
    name: str | None = None,
    domain: str | None = None,
) -> Objective:
    """Return the objective that a text, a path or a penalty names.

    Args:
        source: A catalogue name, the path of a spec file, an expression, or a sum of these; a loss stands for its mean.
        parameters: Declarations for the parameters and arrays of inline expressions.
        name: A stem to use in place of the one made from the names.
        domain: Where each weight lies besides, such as `(0, inf)`; an expression by itself is on the whole line.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where, and what would be right.
    """
    declared = tuple(parameters)
    inline: set[str] = set()
    of_samples: list[str] = []
    match source:
        case Objective():
            objective = source
        case Loss():
            objective = combined((), f"mean({source.path or source.name})", DataTerm(loss=source, reduction="mean"))
        case PenaltySum():
            objective = _of_penalties(source.addends)
        case Penalty():
            objective = _of_penalties(((Fraction(1), source),))
        case Path():
            if is_loss_file(str(source)):
                return resolve(read_loss_file(source), parameters=declared, name=name, domain=domain)
            objective = _of_penalties(((Fraction(1), read_penalty_file(source)),))
        case str():
            read_language = partial(read_addends, declared=declared)
            read, reading = (
                (read_language(source), None) if holds_loss(source) else read_either(source, read_language, kept())
            )
            written = [penalty for _, penalty in read.addends if penalty.source == EXPRESSION]
            inline = {p.name for penalty in written for p in penalty.parameters}
            inline |= {a.name for penalty in written for a in penalty.arrays}
            of_samples = [a.name for penalty in written for a in penalty.arrays if "m" in a.shape]
            ends = {(p.name, p.default, p.doc) for p in declared}
            used = {(p.name, p.default, p.doc) for _, penalty in read.addends for p in penalty.parameters}
            inline |= {name for name, *_ in ends & used}
            inline |= read.factors
            if read.data is not None and "m" in inline - {p.name for p in declared}:
                raise SpecError("m is the number of samples beside a loss: mean(LOSS) divides by it; rename it")
            objective = combined(read.addends, source if reading is None else reading.text, read.data)
            notes = (*read.notes, *map(note_of_constant, read.constants), *map(note_of_homonym, read.homonyms))
            as_read = () if reading is None else (reading.note,)
            objective = replace(objective, notes=(*as_read, *notes, *objective.notes))
        case _:
            raise SpecError(f"an objective is text, a path or a penalty, not of type {type(source).__name__}")
    before = set(objective.names)
    objective = replace(objective, declared=(*objective.declared, *declared))
    objective = objective if domain is None else within(objective, domain)
    known = [*objective.names, *of_samples]
    _check_declared([p.name for p in declared], inline | (set(objective.names) - before), known)
    return objective if name is None else replace(objective, name=check_stem(name, "name"), is_named=True)


def _of_penalties(addends: tuple[tuple[Fraction, Penalty], ...]) -> Objective:
    """Return the objective of penalties that were made in Python, with the text that would have made them."""
    spelling = spelling_of(addends)
    objective = combined(addends, spelling.text)
    return replace(objective, declared=spelling.declared, domain=spelling.domain, is_named=spelling.is_named)


def within(objective: Objective, domain: str) -> Objective:
    """Return an objective whose weights lie in a domain as well, such as `(0, inf)`, or `[lo, hi]`.

    A parameter that is an end and that no term has is taken as positive, unless it was declared beside the text.

    Raises:
        SpecError: It is no domain, or not even an interval of it is in the objective's.
    """
    wanted = parse_domain(domain)
    declared = {p.name: p for p in objective.declared if isinstance(p, Parameter)}
    known = {p.name: p for p in objective.terms.parameters}
    ends = tuple(known.get(name) or declared.get(name) or assumed(name) for name in wanted.names)
    terms: list[Term] = []
    for term in objective.terms.terms:
        common = meet(term.domain, wanted)
        if common is None:
            raise SpecError(f"domain {domain} holds no point of {term.name}'s, {term.domain}")
        if common.lower is not None and common.lower == common.upper and not common.names:
            raise SpecError(f"domain {domain} leaves {term.name} a single point; write an interval of weights")
        named = {p.name for p in term.parameters}
        added = [p for p in ends if p.name not in named]
        terms.append(replace(term, domain=common, parameters=(*term.parameters, *added)))
    unified = with_unified_parameters(Terms(terms=tuple(terms)))
    assumptions = note_on_assumed(unified.parameters)
    return replace(objective, terms=unified, assumptions=assumptions, domain=" ".join(domain.split()))


def _check_declared(declared: list[str], inline: set[str], known: list[str]) -> None:
    """Refuse what declares nothing: no parameter, one that a penalty's own spec declares, or one declared before."""
    for k, name in enumerate(declared):
        if name not in known:
            raise UnknownName(f"the objective has no parameter '{name}'{did_you_mean(name, known)}")
        if name not in inline:
            raise SpecError(f"'{name}' is declared by its penalty; only parameters of an expression can be declared")
        if name in declared[:k]:
            raise SpecError(f"'{name}' is declared twice")
