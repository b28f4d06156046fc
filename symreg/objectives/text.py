"""Read an objective as it is written: 'l1 + 0.5*own.toml + lam*abs(w)', addend by addend."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NoReturn

from symreg import catalogue
from symreg.errors import SpecError, UnknownName
from symreg.expressions.arithmetic import ONE
from symreg.expressions.functions import CONSTANTS, FUNCTIONS
from symreg.expressions.tree import Negate, Tree, arrays, names
from symreg.language.excerpt import Excerpted, fail_at
from symreg.language.inline import inline_penalty
from symreg.language.limits import Fail, split_addends
from symreg.language.parse import fold, parse_addends
from symreg.model.loss import DataTerm
from symreg.model.names import printable
from symreg.model.spec import Array, Parameter, Penalty
from symreg.objectives.arguments import with_arguments
from symreg.objectives.factors import Factored, factor_parameters, factored, with_factor
from symreg.objectives.files import is_file, read_penalty_file
from symreg.objectives.losses import LossText, data_term, is_surely_loss, loss_text, note_of_mean
from symreg.objectives.notes import EXPRESSION, names_of_loss, notes_on_coefficients, notes_on_sharing
from symreg.objectives.patterns import CALL, EQUALS, FILE, PATH, top_level
from symreg.objectives.samples import is_over_samples
from symreg.objectives.structures import CALLS, structure, structured

_LOSS_WITHIN = re.compile(r"(?<!\w)(?P<reduction>mean|sum)\s*\(\s*(?P<name>[A-Za-z]\w*)\s*[()]", re.ASCII)

Declared = tuple[Parameter | Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An objective's text, read.

    Args:
        addends: Penalties with their coefficients; those that are expressions form one, the last.
        constants: Names that stand by themselves in the expression, and nowhere else in it.
        homonyms: Undeclared parameters of the expression that are called as penalties are.
        data: The loss over the samples, if there is one.
        factors: Names of parameters that the text brings along: those of coefficients and of a loss written out.
        notes: How it was understood.
    """

    addends: tuple[tuple[Fraction, Penalty], ...]
    constants: tuple[str, ...] = ()
    homonyms: tuple[str, ...] = ()
    data: DataTerm | None = None
    factors: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """An addend of an objective's text: `start` is where its own text begins in the whole."""

    start: int
    text: str
    sign: str
    factored: Factored

    @property
    def rest(self) -> str:
        """Its text without the coefficient, if it is a penalty or a loss."""
        return self.factored.rest

    @property
    def loss(self) -> LossText | None:
        """What it says of a loss, if it is one."""
        return loss_text(self.rest)

    @property
    def coefficients(self) -> list[str]:
        """The names in its coefficient."""
        return sorted(names(self.factored.factor))

    @property
    def call(self) -> re.Match[str] | None:
        """The match of a name that stands for a penalty, whether there is one or not."""
        return None if self.file else _penalty_call(self.rest)

    @property
    def file(self) -> re.Match[str] | None:
        """The match of the path of a spec file."""
        return FILE.fullmatch(self.rest)

    @property
    def structure(self) -> tuple[str, str] | None:
        """The word of a structure, as in `group(l1)`, and what stands in its brackets."""
        return structure(self.rest)

    @property
    def is_bare(self) -> bool:
        """Is it a name that no penalty has, by itself or with a number: perhaps a constant?"""
        is_alone = self.call is not None and self.call["arguments"] is None and self.loss is None
        return is_alone and catalogue.penalty_name(self.rest) is None

    @property
    def is_penalty(self) -> bool:
        is_named = self.call is not None or self.file is not None
        return not self.is_bare and self.loss is None and (is_named or self.structure is not None)

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
    return re.compile(rf"{CALLS}|{PATH.pattern}(?:\s*\([^()]*\))?|(?<!\w)(?:{names})(?![\w(\[])")


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
    if text.strip().endswith(".toml") and (" + " not in text or is_file(text.strip())) and loss_text(text) is None:
        alone = factored(text.strip(), _is_core)
        if alone.factor == ONE:
            return _Read(addends=((alone.coefficient, read_penalty_file(Path(alone.rest))),))

    def fail(message: str, position: int) -> NoReturn:
        fail_at(message, text, position)

    parts = _parts(text, fail)
    losses = [part for part in parts if part.loss is not None]
    parts = [part for part in parts if part.loss is None]
    data, notes = _data(losses, text, declared, fail)
    trees = _expressions(parts, text, fail, has_loss=data is not None) if parts else {}
    addends: list[tuple[Fraction, Penalty]] = []
    inner: list[_Read] = []
    of_penalties: set[str] = set()

    def penalties_in_brackets(inside: str) -> tuple[tuple[Fraction, Penalty], ...]:
        inner.append(read_addends(inside, declared))
        if inner[-1].data is not None or any(is_over_samples(penalty) for _, penalty in inner[-1].addends):
            raise SpecError(f"{inside}: a loss stands outside the brackets, an addend of its own beside the penalty")
        return inner[-1].addends

    for part in parts:
        if part.is_penalty:
            if part.sign == "-":
                fail("a penalty's coefficient is positive; subtracting one is not a penalty", part.start)
            factor = part.factored.factor
            own = factor_parameters(factor, declared)
            inside: tuple[tuple[Fraction, Penalty], ...]
            if part.structure is None:
                inside = ((Fraction(1), part.penalty()),)
            else:
                inside = structured(*part.structure, penalties_in_brackets, declared)
            of_penalties.update(p.name for _, penalty in inside for p in penalty.parameters)
            for coefficient, penalty in inside:
                addends.append((part.factored.coefficient * coefficient, with_factor(penalty, factor, own)))
    if trees:
        expressions = [(part.sign or "+", trees[part.start]) for part in parts if part.start in trees]
        addends.append((Fraction(1), _inline(expressions, declared)))
        of_penalties.update(p.name for p in addends[-1][1].parameters)
    homonyms = [name for tree in trees.values() for name in sorted(names(tree)) if name in _named()]
    for part in parts:
        if part.is_penalty and part.call is not None and part.call["name"] in homonyms:
            fail(f"'{part.call['name']}' is a penalty here and a parameter in another addend; rename that", part.start)
    declared_names = {p.name for p in declared}
    elsewhere = declared_names.union(*(names(trees[p.start]) for p in parts if p.start in trees and not p.is_bare))
    return _Read(
        addends=tuple(addends),
        constants=_each_once(
            (p.rest for p in parts if p.is_bare and p.rest not in elsewhere), *(read.constants for read in inner)
        ),
        homonyms=_each_once(
            (name for name in homonyms if name not in declared_names), *(read.homonyms for read in inner)
        ),
        data=data,
        factors=_of_inline_loss(data).union(
            *(part.coefficients for part in (*parts, *losses)), *(read.factors for read in inner)
        ),
        notes=_each_once(
            notes,
            notes_on_sharing(data, of_penalties),
            notes_on_coefficients(
                [name for name in _coefficients([*parts, *losses]) if name not in declared_names],
                of_penalties | names_of_loss(data),
            ),
            *(read.notes for read in inner),
        ),
    )


def _each_once(*lists: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))


@cache
def _named() -> frozenset[str]:
    return frozenset((*catalogue.penalties(), *catalogue.losses()))


def holds_loss(text: str) -> bool:
    """Does one of the addends name a loss, or hold a prediction or a label?"""
    cuts = top_level(text, "+-")
    pieces = (text[a:b] for a, b in zip([0, *(cut + 1 for cut in cuts)], [*cuts, len(text)], strict=True))
    found = (loss_text(factored(piece.strip(), _is_core).rest) for piece in pieces)
    return any(loss is not None and is_surely_loss(loss) for loss in found)


def _coefficients(parts: list[_Part]) -> tuple[str, ...]:
    """Return the names of coefficients, each once, in the order of the text."""
    return _each_once(*(part.coefficients for part in sorted(parts, key=lambda part: part.start)))


def _of_inline_loss(data: DataTerm | None) -> frozenset[str]:
    """Return the parameters of a loss that is an expression."""
    return names_of_loss(data) if data is not None and data.loss.source == EXPRESSION else frozenset()


def _data(losses: list[_Part], text: str, declared: Declared, fail: Fail) -> tuple[DataTerm | None, tuple[str, ...]]:
    """Return the loss of an objective with what to tell of it."""
    if len(losses) > 1:
        fail("a second loss; an objective has one, and a sum of losses is a loss of its own", losses[1].start)
    for part in losses:
        found = part.loss
        assert found is not None
        if part.sign == "-":
            fail("a loss's coefficient is positive; subtracting one is not a loss", part.start)
        data = data_term(found, part.factored, text, part.start, declared)
        return data, ((note_of_mean(found, data.loss),) if found.is_bare else ())
    return None, ()


def _expressions(parts: list[_Part], text: str, fail: Fail, *, has_loss: bool) -> dict[int, Tree]:
    """Return the trees of the addends that are no penalties, by where these start."""
    trees: dict[int, Tree] = {}
    for part in parts:
        if not (part.is_penalty or part.is_bare):
            _refuse_arguments_without_names(part, fail)
            _refuse_loss_within(part, fail)
            place = Excerpted(whole=text, offset=part.start)
            ((_, tree),) = parse_addends(part.text, source=place)
            if "w" not in names(tree) | arrays(tree):
                _refuse_penalty_names(tree, place)
            trees[part.start] = tree
    names_alone = [part for part in parts if part.is_bare]
    if not any("w" in names(tree) | arrays(tree) for tree in trees.values()):
        for part in names_alone:
            raise UnknownName(_no_penalty(part.rest, len(parts)))
        if trees and (has_loss or len(trees) < len(parts)):
            fail("a constant beside a penalty changes nothing; leave it out, or write w in it", min(trees))
    for part in names_alone:
        ((_, tree),) = parse_addends(part.text, source=Excerpted(whole=text, offset=part.start))
        trees[part.start] = tree
    return trees


def _parts(text: str, fail: Fail) -> list[_Part]:
    """Return the addends' texts, each with its sign, and with its coefficient if it may be a penalty."""
    masked = PATH.sub(lambda match: "p" * len(match.group()), text)
    for call in (CALLS, CALL):
        masked = re.sub(call, lambda match: EQUALS.sub(",", match.group()), masked)
    parts: list[_Part] = []
    for start, end, sign in split_addends(masked, fail):
        whole = text[start:end]
        stripped = whole.strip()
        at = start + len(whole) - len(whole.lstrip())
        parts.append(_Part(start=at, text=stripped, sign=sign, factored=factored(stripped, _is_core)))
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
    match = CALL.fullmatch(text)
    if match is None or (match["arguments"] is not None and not EQUALS.search(match["arguments"])):
        return None
    name = match["name"]
    is_of_language = name in {"w", "n", *CONSTANTS, *FUNCTIONS, *keyword.kwlist}
    return match if name in catalogue.penalties() or not is_of_language else None


def _refuse_arguments_without_names(part: _Part, fail: Fail) -> None:
    match = CALL.fullmatch(part.rest)
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
        kind = "penalty" if catalogue.penalty_name(name) else "loss" if catalogue.loss_name(name) else None
        if kind is not None:
            at = re.compile(rf"\b{name}\b").search(whole, place.offset)
            fail_at(
                f"'{name}' is a {kind}; its coefficient is a number or a new name, as in 0.5*{name} or mu*{name}",
                whole,
                at.start() if at else place.offset,
            )


def _refuse_loss_within(part: _Part, fail: Fail) -> None:
    """Refuse a mean or sum over samples that is more than multiplied by a coefficient."""
    for match in _LOSS_WITHIN.finditer(part.text):
        if catalogue.loss_name(match["name"]):
            if part.text.startswith("-"):
                fail("a loss's coefficient is positive; subtracting one is not a loss", part.start)
            fail(
                f"{match['reduction']}({match['name']}) is an addend of its own, with a coefficient such as 0.5 or C",
                part.start + match.start(),
            )


def _is_core(text: str) -> bool:
    """Is a factor a penalty or a loss, or a name that can be nothing else for want of other names?"""
    if loss_text(text) is not None or FILE.fullmatch(text) or structure(text) is not None:
        return True
    call = _penalty_call(text)
    return call is not None and (call["arguments"] is not None or catalogue.penalty_name(call["name"]) is not None)
