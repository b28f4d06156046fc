"""Penalties that are made of others: `group(l1(lam=b))`, `difference(huber)`, `box(l1, lo, hi)`, `nonnegative(mcp)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from math import sqrt

from symreg.errors import SpecError
from symreg.expressions.tree import is_elementwise, names, number
from symreg.language.inline import assumed
from symreg.language.intervals import parse_domain, parse_number
from symreg.model.domain import Domain, meet
from symreg.model.interval import REAL, WORDS, Interval, intersection
from symreg.model.lifts import STARTS, WEIGHTS, Difference, Group, Lift
from symreg.model.names import mentioned
from symreg.model.objective import Objective
from symreg.model.ordering import asked_of
from symreg.model.spec import Array, Parameter, Penalty
from symreg.model.terms import Term, Terms

Addend = tuple[Fraction, Penalty]
"""A penalty with its coefficient."""
Declared = tuple[Parameter | Array, ...]
Read = Callable[[str], tuple[Addend, ...]]
"""Reads what stands in the brackets, as any objective is read."""

_STRUCTURE = re.compile(r"(group|difference|box|nonnegative)\s*\((.*)\)\s*", re.ASCII | re.DOTALL)

_INSIDE = r"[\w\s*+,.=/\[\]-]"
_OF_EACH = re.compile(r"([A-Za-z_]\w*)\s*\[\s*n\s*\]", re.ASCII)
"""A name that has an element for each weight."""
CALLS = rf"(?<!\w)(?:group|difference|box|nonnegative)\s*\((?:{_INSIDE}|\((?:{_INSIDE}|\({_INSIDE}*\))*\))*\)"
"""Matches one within a longer text."""


def structure(text: str) -> tuple[str, str] | None:
    """Return the word of a structure, and what stands in its brackets; None for any other text."""
    match = _STRUCTURE.fullmatch(text)
    if match is None or not _closes_at_the_end(match[2]):
        return None
    return match[1], match[2]


def structured(word: str, inside: str, read: Read, declared: Declared) -> tuple[Addend, ...]:
    """Return the addends of a penalty that is made of others.

    Args:
        word: `group`, `difference`, `box` or `nonnegative`.
        inside: What stands in its brackets.
        read: Reads the penalty in it.
        declared: Parameters that may be ends of a box.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong in it; or it has no meaning, and why.
    """
    arguments = list(_arguments(inside))
    if word in ("group", "difference"):
        if len(arguments) != 1 or not arguments[0]:
            raise SpecError(f"{word}(...) takes one penalty, as in {word}(l1)")
        return tuple((c, _lifted(word, penalty)) for c, penalty in read(arguments[0]))
    if word == "nonnegative":
        if len(arguments) != 1:
            raise SpecError("nonnegative(...) takes one penalty, as in nonnegative(l1), or none")
        return _within(word, arguments[0], WORDS["nonnegative"], read, declared)
    if len(arguments) not in (2, 3) or not all(arguments):
        raise SpecError(
            "box(...) takes a penalty and two ends, as in box(l1, 0, 1), or two ends alone, as in box(0, 1)"
        )
    *penalty, low, high = arguments
    low, high = _named(low, "lo"), _named(high, "hi")
    of_each = {match[1]: end for end in (high, low) if (match := _OF_EACH.search(end))}
    domain = _between(*(_OF_EACH.sub(r"\1", end) for end in (low, high)))
    return _within(word, penalty[0] if penalty else "", domain, read, _with_elements(of_each, declared))


def _named(text: str, name: str) -> str:
    """Return an end without its keyword, `lo = 0` or `hi = 1`."""
    before, equals, after = (piece.strip() for piece in text.partition("="))
    if not equals:
        return before
    if before != name or not after:
        raise SpecError(f"box(..., {text}): the ends are lo and hi, in this order, as in box(l1, lo=0, hi=1)")
    return after


def _with_elements(of_each: Mapping[str, str], declared: Declared) -> Declared:
    """Return the declarations, and those of ends that have an element for each weight.

    Args:
        of_each: How each of them is written, by its name. One that nobody declared is any number, behind a minus sign a
            positive one.
        declared: Parameters and arrays.

    Raises:
        SpecError: A name is declared as one number.
    """
    rows: dict[str, Parameter | Array] = {p.name: p for p in declared}
    for name, written in of_each.items():
        match rows.get(name):
            case None:
                rows[name] = replace(
                    assumed(name), domain=WORDS["positive"] if written.startswith("-") else REAL, shape=("n",)
                )
            case Array(shape=("n",)) as array:
                rows[name] = replace(array.element, shape=("n",))
            case _:
                raise SpecError(f"'{name}' is one number, and {name}[n] one for each weight")
    return tuple(rows.values())


def _lifted(word: str, penalty: Penalty) -> Penalty:
    """Return a penalty of one number, put over groups or differences."""
    shown = f"{word}({penalty.name})"
    if penalty.lift is not None:
        raise SpecError(f"{shown}: {word} takes a penalty of one number, and {penalty.name} is one of many weights")
    if not is_elementwise(penalty.expression) or "n" in names(penalty.expression) or penalty.arrays:
        raise SpecError(
            f"{shown}: {word} takes a penalty of one number phi(w), and {penalty.name} holds sums or arrays"
        )
    if "w" not in names(penalty.expression):
        raise SpecError(f"{shown}: what stands in the brackets holds no w")
    of_each = next((p.name for p in penalty.parameters if p.shape), None)
    if of_each:
        instead = {
            "group": "a group has one norm; how much each group counts is the argument c of every function",
            "difference": f"a difference has two; write sum({of_each}[i]*..., i) with w[i + 1] - w[i] in it",
        }
        raise SpecError(f"{shown}: {of_each}[n] is one number for each weight, and {instead[word]}")
    lift: Lift
    if word == "group":
        if not isinstance(penalty.domain, Interval) or Fraction(0) not in penalty.domain:
            raise SpecError(f"{shown}: a group's norm may be 0, and the domain {penalty.domain} need not hold 0")
        norms = intersection(penalty.domain, WORDS["nonnegative"])
        assert norms is not None
        lift = Group(phi=penalty.expression, domain=norms)
    else:
        if not penalty.domain.is_all:
            raise SpecError(
                f"{shown}: a difference may be any number, and the domain of {penalty.name} is {penalty.domain}"
            )
        lift = Difference(phi=penalty.expression, domain=penalty.domain)
    return replace(
        penalty,
        name=f"{word}_{penalty.name}",
        title=f"{penalty.title or penalty.name}, over {word}s",
        expression=lift.written,
        domain=REAL,
        aliases=(),
        lift=lift,
    )


def _within(word: str, text: str, domain: Domain, read: Read, declared: Declared) -> tuple[Addend, ...]:
    """Return penalties on a smaller domain of the weights; without any, the constraint alone."""
    if not text:
        return ((Fraction(1), _constraint(word, domain, declared)),)
    addends = read(text)
    own = [addend for addend in addends if addend[1].lift is None and is_elementwise(addend[1].expression)]
    others = [addend for addend in addends if addend not in own]
    made = [(c, _narrowed(word, penalty, domain, declared)) for c, penalty in own]
    if not made:  # what is no sum over single weights keeps its form, and the weights have the domain beside it
        made = [(Fraction(1), _constraint(word, domain, declared))]
    return (*made, *others)


def _constraint(word: str, domain: Domain, declared: Declared) -> Penalty:
    return Penalty(
        name=word,
        title=f"Constraint w in {domain}",
        expression=number(0),
        domain=domain,
        parameters=_ends(domain, (), declared, word),
    )


def _narrowed(word: str, penalty: Penalty, domain: Domain, declared: Declared) -> Penalty:
    common = meet(penalty.domain, domain)
    if common is None:
        raise SpecError(f"{word}({penalty.name}, ...): {domain} holds no point of its domain {penalty.domain}")
    if common.lower is not None and common.lower == common.upper:
        raise SpecError(f"{word}({penalty.name}, ...): {domain} leaves it a single point; write an interval of weights")
    return replace(
        penalty,
        name=f"{word}_{penalty.name}",
        title=f"{penalty.title or penalty.name} with w in {common}",
        domain=common,
        parameters=_ends(common, penalty.parameters, declared, penalty.name),
        aliases=(),
    )


def _ends(domain: Domain, own: tuple[Parameter, ...], declared: Declared, name: str) -> tuple[Parameter, ...]:
    """Return a penalty's parameters with those that are ends of its domain; one that nobody declared is positive."""
    known = {p.name: p for p in declared if isinstance(p, Parameter)}
    present = {p.name for p in own}
    for p in own:
        if p.name in domain.names and p.name in known and known[p.name].shape != p.shape:
            raise SpecError(f"'{p.name}' is one number, and {p.name}[n] one for each weight")
    added = [known.get(end) or assumed(end) for end in domain.names if end not in present]
    return asked_of(domain, (*own, *added), name)


def _between(low: str, high: str) -> Domain:
    opening = "(" if low.endswith("inf") else "["
    closing = ")" if high.endswith("inf") else "]"
    domain = parse_domain(f"{opening}{low}, {high}{closing}")
    if domain.lower is not None and domain.lower == domain.upper:
        raise SpecError(f"box(..., {low}, {high}) is a single point; write an interval of weights")
    return domain


def _arguments(text: str) -> Iterator[str]:
    """Yield what stands between the commas that are in no brackets of their own."""
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _closes_at_the_end(inside: str) -> bool:
    """Are the brackets within a text closed within it, so that the one before it is closed behind it?"""
    depth = 0
    for character in inside:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def with_common_arguments(addends: tuple[Addend, ...], beside: Collection[str] = ()) -> tuple[Addend, ...]:
    """Return addends whose groups are weighted by an array of one name, which no parameter has.

    Args:
        addends: Penalties with their coefficients.
        beside: Names of the loss's parameters.

    Raises:
        SpecError: A parameter is called as what says which weights are a group.
    """
    if not any(isinstance(penalty.lift, Group) for _, penalty in addends):
        return addends
    taken = {*beside, *(p.name for _, penalty in addends for p in penalty.parameters)}
    taken |= {a.name for _, penalty in addends for a in penalty.arrays}
    if STARTS in taken:
        raise SpecError(f"'{STARTS}' says which weights are a group; call the parameter of that name otherwise")
    weights = WEIGHTS
    while weights in taken:
        weights = f"group_{weights}"
    return tuple((c, _with_weights(penalty, weights)) for c, penalty in addends)


_SIZES = re.compile(r"\s*(\d{1,6})\s*(?::\s*([0-9.eE+-]+)\s*)?", re.ASCII)
_MOST_WEIGHTS = 10_000


def with_sizes(objective: Objective, text: str) -> Objective:
    """Return an objective whose groups have sizes, and weights, for a judge that is to look at these alone.

    Args:
        objective: With a penalty over groups, or over differences.
        text: Sizes such as `3,3,2`, each with a weight behind it or none: `3:1,3:1,2:0.5`; the root of the size is its
            weight unless given. For differences the number of weights.

    Raises:
        SpecError: It has no groups and no differences, or the text is none.
    """
    lifts = [term.lift for term in objective.terms.terms if term.lift is not None]
    if not lifts:
        raise SpecError(f"groups {text}: {objective.name} is no penalty over groups; write group(l1), say")
    sizes, weights = _sizes_and_weights(text)
    if objective.terms.groups is None and len(sizes) > 1:
        raise SpecError(f"groups {text}: {objective.name} has no groups; write the number of weights, {sum(sizes)}")

    def with_own(term: Term) -> Term:
        match term.lift:
            case Group() as group:
                return replace(term, lift=replace(group, sizes=sizes, strengths=weights))
            case Difference() as difference:
                return replace(term, lift=replace(difference, count=sum(sizes)))
            case None:
                return term

    return replace(objective, terms=Terms(terms=tuple(map(with_own, objective.terms.terms))))


def group_sizes(text: str) -> tuple[int, ...]:
    """Return the sizes of groups in a text such as `3,3,2`, or with weights that are not looked at, `3:1,3:1,2:0.5`.

    Raises:
        SpecError: It is none.
    """
    return _sizes_and_weights(text)[0]


def _sizes_and_weights(text: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    rows = [_SIZES.fullmatch(part) for part in text.split(",")]
    if None in rows:
        raise SpecError(f"{mentioned(text, 'groups')}: write sizes such as 3,3,2, or with their weights 3:1,3:1,2:0.5")
    sizes = tuple(int(row[1]) for row in rows if row is not None)
    if not 0 < sum(sizes) <= _MOST_WEIGHTS:
        raise SpecError(f"{mentioned(text, 'groups')}: of {sum(sizes)} weights; write 1 to {_MOST_WEIGHTS}")
    weights = tuple(parse_number(row[2]) if row[2] else sqrt(int(row[1])) for row in rows if row is not None)
    if any(weight < 0 for weight in weights):
        raise SpecError(f"{mentioned(text, 'groups')}: a weight is a number >= 0")
    return sizes, weights


def _with_weights(penalty: Penalty, weights: str) -> Penalty:
    if not isinstance(penalty.lift, Group):
        return penalty
    lift = replace(penalty.lift, weights=weights)
    return replace(penalty, lift=lift, expression=lift.written)
