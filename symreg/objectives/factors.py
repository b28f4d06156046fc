"""The coefficient of an addend, `C*sum(hinge)`, `l1/2`: numbers and new positive parameters around its core."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from symreg.errors import SpecError
from symreg.expressions.arithmetic import ONE, over, times
from symreg.expressions.decompose import addends
from symreg.expressions.functions import CONSTANTS, FUNCTIONS
from symreg.expressions.text import to_text
from symreg.expressions.tree import Name, Tree, names
from symreg.language.inline import assumed
from symreg.language.parse import fold
from symreg.model.coefficient import checked_coefficient
from symreg.model.lifts import changed
from symreg.model.names import check_identifier, mentioned
from symreg.model.spec import Array, Parameter, Penalty
from symreg.objectives.patterns import PATH, top_level

_NUMBER = re.compile(r"\s*[\d.]+(?:[eE][+-]?\d+)?\s*", re.ASCII)
_NAME = re.compile(r"\s*[A-Za-z]\w*\s*", re.ASCII)
_EXPONENT = re.compile(r"(?<=[\d.])[eE][+-]\d+")
_BRACKETS = re.compile(r"\s*\((.*)\)\s*", re.DOTALL)
_OF_LANGUAGE = {"w", "n", *CONSTANTS, *FUNCTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factored:
    """An addend's text taken apart.

    Args:
        coefficient: The numbers in it, one exact number.
        factor: The other names in it, a product or quotient; 1 where there are none.
        rest: What they multiply.
        at: Where that starts in the addend's text.
    """

    coefficient: Fraction = Fraction(1)
    factor: Tree = ONE
    rest: str
    at: int = 0


def factored(text: str, is_core: Callable[[str], bool]) -> Factored:
    """Return a core with what it is multiplied and divided by; a text that is nothing of that kind is its own core.

    Args:
        text: An addend.
        is_core: Is a text a penalty or a loss, by name, as a file, or as a call?

    Raises:
        SpecError: The coefficient is no positive number, or a name in it is reserved.
    """
    split = list(_factors(text, "*", 0))
    pieces, signs, starts = [f.text for f in split], [f.sign for f in split], [f.start for f in split]
    cores = [k for k, piece in enumerate(pieces) if is_core(piece.strip())]
    if not cores:  # a name beside numbers can be nothing else
        cores = [k for k, piece in enumerate(pieces) if not _NUMBER.fullmatch(piece)]
        cores = [k for k in cores if _NAME.fullmatch(pieces[k]) and pieces[k].strip() not in _OF_LANGUAGE]
    is_alone = len(pieces) == 1 and not (starts[0] > 0 and is_core(pieces[0].strip()))  # no core in brackets either
    if is_alone or len(cores) != 1 or signs[cores[0]] == "/":
        return Factored(rest=text)
    coefficient, factor = Fraction(1), ONE
    for k, (sign, piece) in enumerate(zip(signs, pieces, strict=True)):
        if k in cores:
            continue
        if _NUMBER.fullmatch(piece):
            coefficient = coefficient * _number(piece.strip(), sign)
        elif _NAME.fullmatch(piece) and piece.strip() not in _OF_LANGUAGE:
            name = Name(check_identifier(piece.strip(), "coefficient"))
            factor = times(factor, name) if sign == "*" else over(factor, name)
        else:
            return Factored(rest=text)
    (core,) = cores
    padding = len(pieces[core]) - len(pieces[core].lstrip())
    return Factored(
        coefficient=checked_coefficient(coefficient),
        factor=factor,
        rest=pieces[core].strip(),
        at=starts[core] + padding,
    )


class _Factor(NamedTuple):
    """A factor of an addend: `sign` is the operator before it, `start` where it begins in the addend's text."""

    sign: str
    text: str
    start: int


def _factors(text: str, sign: str, start: int) -> Iterator[_Factor]:
    """Yield the factors of a product, those of products in brackets among them: `(1/2)*mean(hinge)` has three."""
    cuts = top_level(PATH.sub(_same_length, text), "*/")
    begins = [0, *(cut + 1 for cut in cuts)]
    signs = ["*", *(text[cut] for cut in cuts)]
    for own, begin, end in zip(signs, begins, [*cuts, len(text)], strict=True):
        piece = text[begin:end]
        outward = own if sign == "*" else {"*": "/", "/": "*"}[own]
        inside = _BRACKETS.fullmatch(piece)
        if inside is not None and not top_level(_EXPONENT.sub(_same_length, inside[1]), "+-,"):
            yield from _factors(inside[1], outward, start + begin + inside.start(1))
        else:
            yield _Factor(outward, piece, start + begin)


def _same_length(match: re.Match[str]) -> str:
    return "p" * len(match.group())


def _number(text: str, sign: str) -> Fraction:
    try:
        return Fraction(text) if sign == "*" else 1 / Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise SpecError(f"{mentioned(text, 'coefficient')} is not a number such as 2, 0.5 or 1/3") from None


def factor_parameters(factor: Tree, declared: Iterable[Parameter | Array]) -> tuple[Parameter, ...]:
    """Return the parameters that a factor is of, positive ones.

    Raises:
        SpecError: One is declared otherwise.
    """
    known = {p.name: p for p in declared if isinstance(p, Parameter)}
    new = (replace(assumed(name), is_assumed=False, doc="coefficient") for name in _in_order(factor))
    parameters = tuple(known.get(parameter.name, parameter) for parameter in new)
    for parameter in parameters:
        low = parameter.domain.low
        if low is None or low < 0 or 0.0 in parameter.domain:
            raise SpecError(f"'{parameter.name}' is a coefficient, and so positive; its domain is {parameter.domain}")
    return parameters


def with_factor(penalty: Penalty, factor: Tree, parameters: tuple[Parameter, ...]) -> Penalty:
    """Return a penalty with each of its addends multiplied.

    Raises:
        SpecError: A name in the factor is one of the penalty's own parameters.
    """
    if factor == ONE:
        return penalty
    require_new(factor, penalty.parameters, penalty.name)
    if penalty.lift is not None:
        lift = changed(penalty.lift, lambda phi: _times_each(factor, phi), lambda domain: domain)
        return replace(
            penalty,
            title=f"{to_text(factor)}*{penalty.title or penalty.name}",
            expression=lift.written,
            lift=lift,
            parameters=(*parameters, *penalty.parameters),
        )
    return replace(
        penalty,
        title=f"{to_text(factor)}*{penalty.title or penalty.name}",
        expression=_times_each(factor, penalty.expression),
        parameters=(*parameters, *penalty.parameters),
    )


def _times_each(factor: Tree, tree: Tree) -> Tree:
    """Return a tree with each of its addends multiplied."""
    parts = [("-" if sign < 0 else "+", times(factor, part)) for sign, part in addends(tree)]
    return fold([("", parts[0][1]), *parts[1:]])


def require_new(factor: Tree, parameters: Iterable[Parameter], owner: str) -> None:
    """Refuse a coefficient that is one of the parameters of what it multiplies."""
    own = {p.name for p in parameters}
    for name in _in_order(factor):
        if name in own:
            raise SpecError(
                f"{name}*{owner}: '{name}' is a parameter of {owner} already; write a new name, as in mu*{owner}, "
                f"or {owner}({name}=mu)"
            )


def _in_order(factor: Tree) -> list[str]:
    """Return the names in a factor, each once, as they are written."""
    words = re.findall(r"[A-Za-z]\w*", to_text(factor), re.ASCII)
    return [name for name in dict.fromkeys(words) if name in names(factor)]
