"""The objective: text such as `"l1 + 0.5*l2(lam=mu)"` resolved into terms over weights, parameters and arrays."""

from __future__ import annotations

import keyword
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from symreg import catalogue
from symreg.errors import SpecError, UnknownName
from symreg.expressions.functions import CONSTANTS, FUNCTIONS
from symreg.expressions.tree import (
    Binary,
    Item,
    Name,
    Negate,
    Subscript,
    Sum,
    Tree,
    arrays,
    is_elementwise,
    names,
    substitute,
)
from symreg.language.inline import assumed, inline_penalty
from symreg.language.limits import Fail, split_addends
from symreg.language.parse import Excerpted, fail_at, fold, parse_addends
from symreg.language.toml import LARGEST_FILE, is_plain, read_penalty, read_rule
from symreg.model.domain import meet, parse_domain
from symreg.model.interval import inside, intersection
from symreg.model.names import check_identifier, check_stem, did_you_mean, mentioned, printable
from symreg.model.ordering import asked_of
from symreg.model.spec import Array, Parameter, Penalty, PenaltySum, Rule, checked_coefficient
from symreg.model.terms import Term, Terms, rename

LONGEST_STEM = 64

Declared = tuple[Parameter | Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A regularised objective O(w) = L(w) + R(w), of which R is written here.

    Args:
        name: Stem of emitted files: the spec's name, sums joined by `_`, `penalty` for an inline expression.
        title: One line of text.
        terms: The addends of R, named and renamed.
        text: The objective as its user wrote it (for the "regenerate with" line).
        references: Of the specs that it is from.
        notes: What was assumed, one line each (undeclared parameters taken as positive).
        declared: Parameters and arrays that were declared beside the text.
        domain: Of the weights, as it was given beside the text; "" where none was.
    """

    name: str
    title: str
    terms: Terms
    text: str
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    declared: tuple[Parameter | Array, ...] = ()
    domain: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """What stands beside the text in a command: the declarations of parameters, and the domain."""
        words = [word for p in self.declared for word in ("--param", _declaration(p))]
        return (*words, *(("--domain", self.domain) if self.domain else ()))


def _declaration(declared: Parameter | Array) -> str:
    """Return what declares a parameter or an array, as in `c: (0, inf) = 2.0` or `c[n]: [0, inf) = 1.0`."""
    shape = f"[{', '.join(declared.shape)}]" if isinstance(declared, Array) else ""
    return f"{declared.name}{shape}: {declared.domain} = {declared.default!r}"


def resolve(
    source: str | Path | Penalty | PenaltySum | Objective,
    *,
    parameters: Iterable[Parameter | Array] = (),
    name: str | None = None,
    domain: str | None = None,
) -> Objective:
    """Return the objective that a text, a path or a penalty names.

    Args:
        source: A catalogue name, the path of a spec file, an expression, or a sum of these.
        parameters: Declarations for the parameters and arrays of inline expressions.
        name: A stem to use in place of the one made from the names.
        domain: Where each weight lies besides, such as `(0, inf)`; an expression by itself is on the whole line.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where, and what would be right.
    """
    declared = tuple(parameters)
    inline: set[str] = set()
    match source:
        case Objective():
            made = source
        case PenaltySum():
            made = _combined(source.addends, " + ".join(_weighted(c, p.name) for c, p in source.addends))
        case Penalty():
            made = _combined(((Fraction(1), source),), source.name)
        case Path():
            made = _combined(((Fraction(1), read_penalty_file(source)),), source.name)
        case str():
            read = _addends(source, declared)
            own = [penalty for _, penalty in read.addends if penalty.source == "expression"]
            inline = {p.name for penalty in own for p in penalty.parameters}
            inline |= {a.name for penalty in own for a in penalty.arrays}
            made = _combined(read.addends, source)
            told = (*map(_of_constant, read.constants), *map(_of_homonym, read.homonyms))
            made = replace(made, notes=(*told, *made.notes))
        case _:
            raise SpecError(f"an objective is text, a path or a penalty, not of type {type(source).__name__}")
    inner = set(made.terms.names)
    made = replace(made, declared=(*made.declared, *declared))
    made = made if domain is None else within(made, domain)
    _check_declared([p.name for p in declared], inline | (set(made.terms.names) - inner), made.terms.names)
    return made if name is None else replace(made, name=check_stem(name, "name"))


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
        both = meet(term.domain, wanted)
        if both is None:
            raise SpecError(f"domain {domain} holds no point of {term.name}'s, {term.domain}")
        if both.lower is not None and both.lower == both.upper and not both.names:
            raise SpecError(f"domain {domain} leaves {term.name} a single point; write an interval of weights")
        own = {p.name for p in term.parameters}
        terms.append(replace(term, domain=both, parameters=(*term.parameters, *(p for p in ends if p.name not in own))))
    notes = tuple(_of_assumed(p) for p in ends if p.is_assumed and p.name not in known)
    made = _unified(Terms(terms=tuple(terms)))
    return replace(objective, terms=made, notes=(*objective.notes, *notes), domain=" ".join(domain.split()))


def _of_constant(name: str) -> str:
    meant = did_you_mean(name, catalogue.penalties())
    return f"{name} stands by itself: a constant of the expression, not the name of a penalty{meant}"


def _of_homonym(name: str) -> str:
    return f"{name} is a parameter here, beside an expression of the weights, not the penalty of that name"


def _check_declared(declared: list[str], inline: set[str], known: list[str]) -> None:
    """Refuse what declares nothing: no parameter, one that a penalty's own spec declares, or one declared before."""
    for k, name in enumerate(declared):
        if name not in known:
            raise UnknownName(f"the objective has no parameter '{name}'{did_you_mean(name, known)}")
        if name not in inline:
            raise SpecError(f"'{name}' is declared by its penalty; only parameters of an expression can be declared")
        if name in declared[:k]:
            raise SpecError(f"'{name}' is declared twice")


def resolve_rule(source: str | Path | Rule) -> Rule:
    """Return the update rule that a catalogue name, a path or the text of a spec file names; see `resolve`."""
    if isinstance(source, Rule):
        return source
    if isinstance(source, str) and "\n" in source:
        return read_rule(source, "rule")
    if isinstance(source, Path) or (isinstance(source, str) and source.endswith(".toml")):
        path = Path(source)
        return read_rule(_read(path), printable(path.name))
    if not isinstance(source, str):
        raise SpecError(f"a rule is a name, a path or a spec file's text, not of type {type(source).__name__}")
    return catalogue.rule(source)


def read_penalty_file(path: Path) -> Penalty:
    """Return the penalty of a spec file; the messages name the file."""
    return read_penalty(_read(path), printable(path.name))


_PATH = re.compile(r"(?<![^\s*+(),=])[^\s*+(),=]*\.toml(?!\w)")
_COEFFICIENT = re.compile(r"\s*(?P<number>[\d.]+(?:[eE][+-]?\d+)?(?:/[\d.]+)?)\s*\*\s*", re.ASCII)
_CALL = re.compile(r"(?P<name>[A-Za-z]\w*)\s*(?:\((?P<renamed>[^()]*)\))?\s*", re.ASCII)
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
        return None if _PATH.fullmatch(self.rest) else _penalty_call(self.rest)

    @property
    def is_bare(self) -> bool:
        """Is it a name that no penalty has, by itself or with a number: perhaps a constant?"""
        return self.call is not None and self.call["renamed"] is None and self.rest not in catalogue.penalties()

    @property
    def is_penalty(self) -> bool:
        return not self.is_bare and (self.call is not None or _PATH.fullmatch(self.rest) is not None)

    def penalty(self) -> Penalty:
        if self.call is None:
            return read_penalty_file(Path(self.rest))
        return _renamed(catalogue.penalty(self.call["name"]), self.call["renamed"])


def _addends(text: str, declared: Declared) -> _Read:
    """Return the addends of an objective's text.

    A name by itself is a penalty's; one that no penalty has is a constant where there is an expression of the weights
    for it to be a part of.
    """
    if text.strip().endswith(".toml") and (" + " not in text or _is_file(text.strip())):
        coefficient, rest = _coefficient(text.strip())
        return _Read(addends=((coefficient, read_penalty_file(Path(rest))),))

    def fail(message: str, position: int) -> NoReturn:
        fail_at(message, text, position)

    parts = _parts(text, fail)
    trees: dict[int, Tree] = {}
    for part in parts:
        if not (part.is_penalty or part.is_bare):
            place = Excerpted(whole=text, offset=part.start)
            ((_, tree),) = parse_addends(part.text, source=place)
            if "w" not in names(tree) | arrays(tree):
                _refuse_penalty_names(tree, place)
            trees[part.start] = tree
    has_weights = any("w" in names(tree) | arrays(tree) for tree in trees.values())
    alone = [part for part in parts if part.is_bare]
    if not has_weights:
        for part in alone:
            raise UnknownName(_no_penalty(part.rest, len(parts)))
        if trees and len(trees) < len(parts):
            fail("a constant beside a penalty changes nothing; leave it out, or write w in it", min(trees))
    for part in alone:
        ((_, tree),) = parse_addends(part.text, source=Excerpted(whole=text, offset=part.start))
        trees[part.start] = tree
    made: list[tuple[Fraction, Penalty]] = []
    for part in (part for part in parts if part.is_penalty):
        if part.sign == "-":
            fail("a penalty's coefficient is positive; subtracting one is not a penalty", part.start)
        made.append((part.coefficient, part.penalty()))
    if trees:
        made.append(
            (Fraction(1), _inline([(p.sign or "+", trees[p.start]) for p in parts if p.start in trees], declared))
        )
    homonyms = [name for tree in trees.values() for name in sorted(names(tree)) if name in catalogue.penalties()]
    for part in parts:
        if part.is_penalty and part.call is not None and part.call["name"] in homonyms:
            fail(f"'{part.call['name']}' is a penalty here and a parameter in another addend; rename that", part.start)
    known = {p.name for p in declared}.union(
        *(names(trees[p.start]) for p in parts if p.start in trees and p not in alone)
    )
    return _Read(
        addends=tuple(made),
        constants=tuple(dict.fromkeys(p.rest for p in alone if p.rest not in known)),
        homonyms=tuple(dict.fromkeys(name for name in homonyms if name not in {p.name for p in declared})),
    )


def _parts(text: str, fail: Fail) -> list[_Part]:
    """Return the addends' texts, each with its sign, and with its coefficient if it may be a penalty."""
    masked = _PATH.sub(lambda match: "p" * len(match.group()), text)
    masked = _CALL.sub(lambda match: _EQUALS.sub(",", match.group()), masked)
    made: list[_Part] = []
    for start, end, sign in split_addends(masked, fail):
        whole = text[start:end]
        part = whole.strip()
        coefficient, rest = _coefficient(part)
        at = start + len(whole) - len(whole.lstrip())
        made.append(_Part(start=at, text=part, sign=sign, coefficient=coefficient, rest=rest))
    return made


def _no_penalty(name: str, addends: int) -> str:
    """Return what is wrong with a name by itself where no expression of the weights is there for it to be in."""
    near = did_you_mean(name, catalogue.penalties())
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
    """Match a name alone or with `(old=new)` that stands for a penalty, whether there is one or not."""
    match = _CALL.fullmatch(text)
    if match is None or (match["renamed"] is not None and not _EQUALS.search(match["renamed"])):
        return None
    name = match["name"]
    is_of_language = name in {"w", "n", *CONSTANTS, *FUNCTIONS, *keyword.kwlist}
    return match if name in catalogue.penalties() or not is_of_language else None


def _refuse_penalty_names(tree: Tree, place: Excerpted) -> None:
    whole = place.whole or ""
    for name in sorted(names(tree)):
        if name in catalogue.penalties():
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
    if not _PATH.fullmatch(rest) and _penalty_call(rest) is None:
        return Fraction(1), part
    try:
        value = Fraction(match["number"]) if "/" not in match["number"] else _quotient(match["number"])
    except (ValueError, ZeroDivisionError):
        raise SpecError(f"{mentioned(match['number'], 'coefficient')} is not a number such as 2, 0.5 or 1/3") from None
    return checked_coefficient(value), rest


def _quotient(text: str) -> Fraction:
    numerator, denominator = text.split("/")
    return Fraction(numerator) / Fraction(denominator)


def _renamed(penalty: Penalty, text: str | None) -> Penalty:
    """Return a penalty with parameters renamed as `old=new, ...` says."""
    if text is None:
        return penalty
    new_names: dict[str, str] = {}
    known = [p.name for p in penalty.parameters] + [a.name for a in penalty.arrays]
    for pair in text.split(","):
        old, _, new = (piece.strip() for piece in pair.partition("="))
        if old not in known:
            raise UnknownName(f"{penalty.name} has no {mentioned(old, 'parameter')}{did_you_mean(old, known)}")
        if old in new_names:
            raise SpecError(f"{penalty.name}: '{old}' is renamed twice")
        new_names[old] = check_identifier(new, f"{penalty.name}({old}=...)")
    after = [new_names.get(name, name) for name in known]
    if len(set(after)) != len(after):
        raise SpecError(f"{penalty.name}: two parameters would have the name '{max(after, key=after.count)}'")
    (term,) = rename(Terms(terms=(_term(penalty, penalty.name, Fraction(1), penalty.expression),)), new_names).terms
    return replace(penalty, expression=term.tree, domain=term.domain, parameters=term.parameters, arrays=term.arrays)


def _combined(addends: Iterable[tuple[Fraction, Penalty]], text: str) -> Objective:
    """Return the objective of penalties with coefficients."""
    rows = tuple(addends)
    terms: list[Term] = []
    for coefficient, penalty in rows:
        terms.extend(_terms(penalty, coefficient, {term.name for term in terms}))
    stems = list(dict.fromkeys(penalty.name for _, penalty in rows))
    while len("_".join(stems)) > LONGEST_STEM:
        kept = len(stems) - (2 if stems[-1].startswith("and_") else 1)
        stems = [*stems[:kept], f"and_{len(rows) - kept}_more"]
    titles = [_weighted(c, p.title or p.name) for c, p in rows]
    unified = _unified(Terms(terms=tuple(terms)))
    return Objective(
        name="_".join(stems),
        title=" + ".join(titles) if len(titles) <= 4 else f"sum of {len(titles)} penalties",
        terms=unified,
        text=_plain(text, " + ".join(_weighted(c, p.name) for c, p in rows)),
        references=tuple(dict.fromkeys(p.reference for _, p in rows if p.reference)),
        notes=tuple(_of_assumed(p) for p in unified.parameters if p.is_assumed),
    )


def _of_assumed(parameter: Parameter) -> str:
    name = parameter.name
    return f"{name} is taken as positive; declare another domain with --param '{name}: real = 1'"


def _terms(penalty: Penalty, coefficient: Fraction, taken: set[str]) -> list[Term]:
    """Return a penalty's terms: its elementwise addends together, each one in index notation by itself."""
    elementwise: list[tuple[str, Tree]] = []
    indexed: list[Tree] = []
    for sign, addend in _flat(penalty.expression):
        tree = _over_weights(addend)
        if is_elementwise(tree):
            elementwise.append((sign, tree))
        else:
            indexed.append(Negate(tree) if sign == "-" else tree)
    trees = indexed
    if indexed and not any(names(tree) & {"w"} for _, tree in elementwise):
        indexed[0] = fold([("", indexed[0]), *elementwise])  # a number beside sums is no function of each weight
    elif elementwise:
        (sign, first), *others = elementwise
        trees = [fold([("", Negate(first) if sign == "-" else first), *others]), *indexed]
    made: list[Term] = []
    for tree in trees:
        name, count = penalty.name, 1
        while name in taken:
            count += 1
            name = f"{penalty.name}_{count}"
        taken.add(name)
        made.append(_term(penalty, name, coefficient, tree))
    return made


def _over_weights(tree: Tree) -> Tree:
    """Return an addend that holds the number of weights, and so is no function of one of them alone, as a sum."""
    if not (is_elementwise(tree) and {"w", "n"} <= names(tree)):
        return tree
    index = next(letter for letter in "ijklm" if letter not in names(tree))
    return Sum(substitute(tree, {Name("w"): Item("w", (Subscript(index),))}), index)


def _flat(tree: Tree) -> list[tuple[str, Tree]]:
    addends: list[tuple[str, Tree]] = []
    while isinstance(tree, Binary) and tree.operator in "+-":
        addends.append((tree.operator, tree.right))
        tree = tree.left
    return [("+", tree), *reversed(addends)]


def _term(penalty: Penalty, name: str, coefficient: Fraction, tree: Tree) -> Term:
    used, subscripted = names(tree).union(penalty.domain.names), arrays(tree)
    return Term(
        name=name,
        coefficient=coefficient,
        tree=tree,
        domain=penalty.domain,
        parameters=tuple(p for p in penalty.parameters if p.name in used),
        arrays=tuple(a for a in penalty.arrays if a.name in subscripted),
    )


def _unified(terms: Terms) -> Terms:
    """Return terms in which parameters and arrays of one name are one, in the domain that all of them allow."""
    shared: dict[str, Parameter] = {}
    shapes = {a.name: a.shape for term in terms.terms for a in term.arrays}
    elements: dict[str, Parameter] = {}
    for term in terms.terms:
        for array in term.arrays:
            if shapes[array.name] != array.shape:
                raise SpecError(f"the terms need '{array.name}' in two shapes; rename one, as in tikhonov(A=B)")
            elements[array.name] = _narrowed(elements.get(array.name, array.element), array.element)
        for parameter in term.parameters:
            if parameter.name in shapes:
                raise SpecError(f"'{parameter.name}' is a parameter of one term and an array of another; rename one")
            shared[parameter.name] = _narrowed(shared.get(parameter.name, parameter), parameter)
    for domain in dict.fromkeys(term.domain for term in terms.terms):
        shared = {p.name: p for p in asked_of(domain, tuple(shared.values()), "the terms")}

    def of_array(array: Array) -> Array:
        one = elements[array.name]
        return replace(array, domain=one.domain, default=one.default)

    return Terms(
        terms=tuple(
            replace(
                term,
                parameters=tuple(shared[p.name] for p in term.parameters),
                arrays=tuple(map(of_array, term.arrays)),
            )
            for term in terms.terms
        )
    )


def _narrowed(one: Parameter, other: Parameter) -> Parameter:
    domain = intersection(one.domain, other.domain)
    if domain is None:
        raise SpecError(
            f"the terms share '{one.name}' but no value of it suits both; rename one, as in l1({one.name}=mu)"
        )
    default = next((p.default for p in (one, other) if p.default in domain), inside(domain))
    return replace(
        one,
        domain=domain,
        default=default,
        is_assumed=one.is_assumed and other.is_assumed,
        is_chosen=default not in (p.default for p in (one, other) if not p.is_chosen),
        above=one.above or other.above,
    )


def _plain(text: str, otherwise: str) -> str:
    """Return the objective as its user wrote it, on one line, if that may stand in a comment of what is emitted."""
    flat = " ".join(text.split())
    return flat if is_plain(flat) else otherwise


def _weighted(coefficient: Fraction, name: str) -> str:
    if coefficient == 1:
        return name
    value = float(coefficient)
    return (
        f"{value:g}*{name}"
        if Fraction(repr(value)) == coefficient and f"{value:g}" == repr(value).removesuffix(".0")
        else f"{coefficient}*{name}"
    )


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> str:
    """Return the text of a spec file: a regular file of UTF-8 within the size limit."""
    shown = printable(str(path), 120)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SpecError(f"{shown}: not a file")
        if status.st_size > LARGEST_FILE:
            raise SpecError(f"{shown}: {status.st_size} bytes; a spec file has at most {LARGEST_FILE}")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnknownName(f"there is no file {shown}") from None
    except UnicodeDecodeError:
        raise SpecError(f"{shown}: not UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise SpecError(f"{shown}: {reason.lower()}") from None
