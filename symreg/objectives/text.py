"""Read an objective as it is written: 'l1 + 0.5*own.toml + lam*abs(w)', addend by addend."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NoReturn

from symreg import catalogue
from symreg.errors import SpecError, UnknownName
from symreg.expressions.functions import CONSTANTS, FUNCTIONS
from symreg.expressions.tree import Negate, Tree, arrays, names
from symreg.language.excerpt import Excerpted, fail_at
from symreg.language.inline import inline_penalty
from symreg.language.limits import Fail, split_addends
from symreg.language.parse import fold, parse_addends
from symreg.model.coefficient import checked_coefficient
from symreg.model.names import mentioned, printable
from symreg.model.spec import Array, Parameter, Penalty
from symreg.objectives.arguments import with_arguments
from symreg.objectives.files import is_file, read_penalty_file
from symreg.objectives.structures import CALLS, structure, structured

Declared = tuple[Parameter | Array, ...]

_PATH = re.compile(r"(?<![^\s*+(),=])[^\s*+(),=]*\.toml(?!\w)")

_FILE = re.compile(rf"(?P<path>{_PATH.pattern})\s*(?:\((?P<arguments>[^()]*)\))?\s*")

_COEFFICIENT = re.compile(r"\s*(?P<number>[\d.]+(?:[eE][+-]?\d+)?(?:/[\d.]+)?)\s*\*\s*", re.ASCII)

_CALL = re.compile(r"(?P<name>[A-Za-z]\w*)\s*(?:\((?P<arguments>[^()]*)\))?\s*", re.ASCII)

_EQUALS = re.compile(r"(?<![<>=!])=(?!=)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An objective's text, read.

    Args:
        addends: Penalties with their coefficients; those that are expressions form one, the last.
        constants: Names that stand by themselves in the expression, and nowhere else in it.
        homonyms: Undeclared parameters of the expression that are called as penalties are.
    """

    addends: tuple[tuple[Fraction, Penalty], ...]
    constants: tuple[str, ...] = ()
    homonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """An addend of an objective's text: `start` is where its own text begins in the whole."""

    start: int
    text: str
    sign: str
    coefficient: Fraction
    rest: str

    @property
    def call(self) -> re.Match[str] | None:
        """The match of a name that stands for a penalty, whether there is one or not."""
        return None if self.file else _penalty_call(self.rest)

    @property
    def file(self) -> re.Match[str] | None:
        """The match of the path of a spec file."""
        return _FILE.fullmatch(self.rest)

    @property
    def structure(self) -> tuple[str, str] | None:
        """The word of a structure, as in `group(l1)`, and what stands in its brackets."""
        return structure(self.rest)

    @property
    def is_bare(self) -> bool:
        """Is it a name that no penalty has, by itself or with a number: perhaps a constant?"""
        is_alone = self.call is not None and self.call["arguments"] is None
        return is_alone and catalogue.penalty_name(self.rest) is None

    @property
    def is_penalty(self) -> bool:
        is_named = self.call is not None or self.file is not None
        return not self.is_bare and (is_named or self.structure is not None)

    def penalty(self) -> Penalty:
        if self.file is not None:
            penalty, arguments = read_penalty_file(Path(self.file["path"])), self.file["arguments"]
        else:
            assert self.call is not None
            penalty, arguments = catalogue.penalty(self.call["name"]), self.call["arguments"]
        return penalty if arguments is None else with_arguments(penalty, arguments)


@cache
def kept() -> re.Pattern[str]:
    """Return what matches the parts of a text that are the same in every notation: names of penalties, and paths."""
    names = "|".join(sorted(catalogue.penalties(), key=len, reverse=True))
    return re.compile(rf"{CALLS}|{_PATH.pattern}(?:\s*\([^()]*\))?|(?<!\w)(?:{names})(?![\w(\[])")


def read_addends(text: str, declared: Declared) -> _Read:
    """Return the addends of an objective's text.

    A name by itself is a penalty's; one that no penalty has is a constant where there is an expression of the weights
    for it to be a part of.

    Args:
        text: As `symreg.objective` takes it.
        declared: Parameters and arrays of the expressions in it.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where, and what would be right.
    """
    if text.strip().endswith(".toml") and (" + " not in text or is_file(text.strip())):
        coefficient, rest = _coefficient(text.strip())
        return _Read(addends=((coefficient, read_penalty_file(Path(rest))),))

    def fail(message: str, position: int) -> NoReturn:
        fail_at(message, text, position)

    parts = _parts(text, fail)
    trees = _expressions(parts, text, fail)
    addends: list[tuple[Fraction, Penalty]] = []
    for part in parts:
        if part.is_penalty:
            if part.sign == "-":
                fail("a penalty's coefficient is positive; subtracting one is not a penalty", part.start)
            if part.structure is None:
                addends.append((part.coefficient, part.penalty()))
                continue
            inside = structured(*part.structure, lambda inner: read_addends(inner, declared).addends, declared)
            addends.extend((part.coefficient * coefficient, penalty) for coefficient, penalty in inside)
    if trees:
        expressions = [(part.sign or "+", trees[part.start]) for part in parts if part.start in trees]
        addends.append((Fraction(1), _inline(expressions, declared)))
    homonyms = [name for tree in trees.values() for name in sorted(names(tree)) if name in catalogue.penalties()]
    for part in parts:
        if part.is_penalty and part.call is not None and part.call["name"] in homonyms:
            fail(f"'{part.call['name']}' is a penalty here and a parameter in another addend; rename that", part.start)
    declared_names = {p.name for p in declared}
    elsewhere = declared_names.union(*(names(trees[p.start]) for p in parts if p.start in trees and not p.is_bare))
    return _Read(
        addends=tuple(addends),
        constants=tuple(dict.fromkeys(p.rest for p in parts if p.is_bare and p.rest not in elsewhere)),
        homonyms=tuple(dict.fromkeys(name for name in homonyms if name not in declared_names)),
    )


def _expressions(parts: list[_Part], text: str, fail: Fail) -> dict[int, Tree]:
    """Return the trees of the addends that are no penalties, by where these start."""
    trees: dict[int, Tree] = {}
    for part in parts:
        if not (part.is_penalty or part.is_bare):
            _refuse_arguments_without_names(part, fail)
            place = Excerpted(whole=text, offset=part.start)
            ((_, tree),) = parse_addends(part.text, source=place)
            if "w" not in names(tree) | arrays(tree):
                _refuse_penalty_names(tree, place)
            trees[part.start] = tree
    names_alone = [part for part in parts if part.is_bare]
    if not any("w" in names(tree) | arrays(tree) for tree in trees.values()):
        for part in names_alone:
            raise UnknownName(_no_penalty(part.rest, len(parts)))
        if trees and len(trees) < len(parts):
            fail("a constant beside a penalty changes nothing; leave it out, or write w in it", min(trees))
    for part in names_alone:
        ((_, tree),) = parse_addends(part.text, source=Excerpted(whole=text, offset=part.start))
        trees[part.start] = tree
    return trees


def _parts(text: str, fail: Fail) -> list[_Part]:
    """Return the addends' texts, each with its sign, and with its coefficient if it may be a penalty."""
    masked = _PATH.sub(lambda match: "p" * len(match.group()), text)
    masked = _CALL.sub(lambda match: _EQUALS.sub(",", match.group()), masked)
    parts: list[_Part] = []
    for start, end, sign in split_addends(masked, fail):
        whole = text[start:end]
        stripped = whole.strip()
        coefficient, rest = _coefficient(stripped)
        at = start + len(whole) - len(whole.lstrip())
        parts.append(_Part(start=at, text=stripped, sign=sign, coefficient=coefficient, rest=rest))
    return parts


def _no_penalty(name: str, addends: int) -> str:
    """Return what is wrong with a name by itself where no expression of the weights is there for it to be in."""
    near = catalogue.what_else_penalty(name)
    if catalogue.rule_name(name):
        return f"no penalty is called '{printable(name)}'{near}"
    beside = f"; a constant stands in an expression of w, as in abs(w) + {name}" if addends > 1 else ""
    alone = "" if near or beside else f"; a parameter stands in an expression of w, as in {name}*abs(w)"
    return f"no penalty is called '{printable(name)}'{beside}{alone}{near}"


def _inline(expressions: list[tuple[str, Tree]], declared: Declared) -> Penalty:
    (sign, first), *others = expressions
    tree = fold([("", Negate(first) if sign == "-" else first), *others])
    used = names(tree) | arrays(tree)
    return inline_penalty(
        tree,
        declared=[p for p in declared if isinstance(p, Parameter) and p.name in used],
        arrays=[a for a in declared if isinstance(a, Array) and a.name in used],
    )


def _penalty_call(text: str) -> re.Match[str] | None:
    """Match a name alone or with `(old=new)` or `(old=0.3)` that stands for a penalty, whether there is one or not."""
    match = _CALL.fullmatch(text)
    if match is None or (match["arguments"] is not None and not _EQUALS.search(match["arguments"])):
        return None
    name = match["name"]
    is_of_language = name in {"w", "n", *CONSTANTS, *FUNCTIONS, *keyword.kwlist}
    return match if name in catalogue.penalties() or not is_of_language else None


def _refuse_arguments_without_names(part: _Part, fail: Fail) -> None:
    match = _CALL.fullmatch(part.rest)
    if match is not None and match["name"] not in FUNCTIONS and catalogue.penalty_name(match["name"]):
        name = match["name"]
        first = catalogue.penalty(name).parameters[0]
        fail(
            f"'{name}' is a penalty of all weights: write it alone, or a parameter by its name, as in "
            f"{name}({first.name}={first.default:g})",
            part.start,
        )


def _refuse_penalty_names(tree: Tree, place: Excerpted) -> None:
    whole = place.whole or ""
    for name in sorted(names(tree)):
        if catalogue.penalty_name(name):
            at = re.compile(rf"\b{name}\b").search(whole, place.offset)
            fail_at(
                f"'{name}' is a penalty; its coefficient is a number, as in 0.5*{name}, and other names are parameters",
                whole,
                at.start() if at else place.offset,
            )


def _coefficient(part: str) -> tuple[Fraction, str]:
    match = _COEFFICIENT.match(part)
    if match is None:
        return Fraction(1), part
    rest = part[match.end() :]
    if not _FILE.fullmatch(rest) and _penalty_call(rest) is None and structure(rest) is None:
        return Fraction(1), part
    try:
        value = Fraction(match["number"]) if "/" not in match["number"] else _quotient(match["number"])
    except (ValueError, ZeroDivisionError):
        raise SpecError(f"{mentioned(match['number'], 'coefficient')} is not a number such as 2, 0.5 or 1/3") from None
    return checked_coefficient(value), rest


def _quotient(text: str) -> Fraction:
    numerator, denominator = text.split("/")
    return Fraction(numerator) / Fraction(denominator)
