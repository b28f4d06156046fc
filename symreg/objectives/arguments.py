"""What stands in the brackets behind a penalty, `scad(lam=mu, a=3.7)`: new names, and numbers that stay for good."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from symreg.errors import SpecError, UnknownName
from symreg.expressions.text import to_text
from symreg.expressions.tree import number
from symreg.language.intervals import parse_number
from symreg.language.parse import parse
from symreg.model.loss import Loss
from symreg.model.names import check_identifier, did_you_mean, mentioned
from symreg.model.ordering import asked_of, require_order
from symreg.model.spec import Parameter, Penalty
from symreg.model.terms import Term, Terms, at_numbers, rename
from symreg.objectives.combine import make_term
from symreg.objectives.per_weight import with_each

_LEAST = Fraction(1, 10**300)

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OF_EACH = re.compile(r"([A-Za-z_]\w*)\s*\[\s*n\s*\]", re.ASCII)


def with_loss_arguments(loss: Loss, text: str) -> Loss:
    """Return a loss with some of its parameters under new names, or fixed at numbers; see `with_arguments`."""
    as_penalty = Penalty(
        name=loss.name,
        title=loss.title,
        expression=loss.expression,
        domain=loss.prediction,
        parameters=loss.parameters,
    )
    changed = with_arguments(as_penalty, text, of_loss=True)
    return replace(
        loss,
        title=changed.title,
        expression=changed.expression,
        prediction=changed.domain,
        parameters=changed.parameters,
    )


def with_arguments(penalty: Penalty, text: str, *, of_loss: bool = False) -> Penalty:
    """Return a penalty with some of its parameters under new names, or fixed at numbers.

    Args:
        penalty: As its spec has it.
        text: What stands in the brackets: `old=new, parameter=number, ...`; a number is `0.3`, `1e-3` or `1/3`, and
            `new[n]` a name of which each weight has an element of its own.
        of_loss: Is its expression a loss's, over z and y?

    Returns:
        The penalty without the parameters that have a number; its title tells them.

    Raises:
        SpecError, UnknownName: There is no such parameter, a number is outside its domain, or two names are one.
    """
    new_names: dict[str, str] = {}
    numbers: dict[str, Fraction] = {}
    parameters = {p.name: p for p in penalty.parameters}
    known = [*parameters, *(a.name for a in penalty.arrays)]
    of_each: list[str] = []
    for pair in text.split(","):
        old, _, new = (piece.strip() for piece in pair.partition("="))
        if old not in known:
            raise UnknownName(f"{penalty.name} has no {mentioned(old, 'parameter')}{did_you_mean(old, known)}")
        if old in new_names or old in numbers:
            raise SpecError(f"{penalty.name}: '{old}' stands there twice")
        if each := _OF_EACH.fullmatch(new):
            if old not in parameters:
                raise SpecError(f"{penalty.name}: '{old}' is an array; write another name for it, as in {old}=B")
            if of_loss:
                raise SpecError(f"{penalty.name}: {mentioned(new, 'no loss takes')}: a sample has no weight of its own")
            of_each.append(old)
            new = each[1]
        if not new or _NAME.fullmatch(new):
            new_names[old] = check_identifier(new, f"{penalty.name}({old}=...)")
        elif old in parameters:
            numbers[old] = _number_for(parameters[old], new, penalty.name)
        else:
            raise SpecError(f"{penalty.name}: '{old}' is an array; write another name for it, as in {old}=B")
    penalty = with_each(penalty, of_each)
    term = make_term(penalty, penalty.name, Fraction(1), penalty.expression)
    if numbers:
        term = _with_numbers(term, numbers, of_loss=of_loss)
        told = ", ".join(f"{name} = {to_text(number(value))}" for name, value in numbers.items())
        penalty = replace(penalty, title=f"{penalty.title or penalty.name} with {told}")
    after = [new_names.get(name, name) for name in known if name not in numbers]
    if len(set(after)) != len(after):
        raise SpecError(f"{penalty.name}: two parameters would have the name '{max(after, key=after.count)}'")
    (term,) = rename(Terms(terms=(term,)), new_names).terms
    chosen = {new for old, new in new_names.items() if new != old}  # their symbols are the user's, not the spec's
    return replace(
        penalty,
        expression=term.tree,
        domain=term.domain,
        parameters=tuple(replace(p, latex="") if p.name in chosen else p for p in term.parameters),
        arrays=tuple(replace(a, latex="") if a.name in chosen else a for a in term.arrays),
    )


def _number_for(parameter: Parameter, text: str, penalty: str) -> Fraction:
    """Return the number that a text gives to a parameter, exact."""
    try:
        numerator, *denominator = text.split("/", 1)
        for part in (numerator, *denominator):
            parse_number(part)
        value = Fraction(numerator) / Fraction(*denominator) if denominator else Fraction(numerator)
    except (SpecError, ZeroDivisionError):
        raise SpecError(
            f"{penalty}({parameter.name}=...): {mentioned(text, 'there is')}; write a number such as 0.3 or 1/3, "
            "or a new name"
        ) from None
    if value != 0 and not _LEAST <= abs(value) <= 1 / _LEAST:
        raise SpecError(f"{penalty}: {parameter.name} = {text} is beyond double precision")
    if value not in parameter.domain or float(value) not in parameter.domain:
        raise SpecError(f"{penalty}: {parameter.name} = {text} is outside its domain {parameter.domain}")
    return value


def _with_numbers(term: Term, numbers: dict[str, Fraction], *, of_loss: bool) -> Term:
    """Return a term with numbers in place of some parameters, once the language has looked at what comes of it."""
    require_order(term.parameters, {name: float(value) for name, value in numbers.items()})
    fixed = at_numbers(term, numbers)
    left = asked_of(fixed.domain, fixed.parameters, term.name)
    known = [p.name for p in left] + [a.name for a in fixed.arrays]
    told = ", ".join(f"{name} = {float(value):g}" for name, value in numbers.items())
    source = f"{term.name} with {told}"
    tree = parse(to_text(fixed.tree), source=source, known=known, in_loss=of_loss)
    return replace(fixed, parameters=left, tree=tree)
