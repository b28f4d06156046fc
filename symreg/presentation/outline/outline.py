"""The outline of a derivation: what it says, in which order and in which words, for every format to write in its way.

Takes a `Chain`; a sentence is prose with trees in it, so that each format sets the mathematics as its own.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from fractions import Fraction

from symreg.derivation.model import Chain, Direction, Knot, Step, StepBound
from symreg.derivation.prox_model import ProxChain
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Logic,
    Name,
    Negate,
    Subscript,
    Tree,
    number,
    substitute,
    walk,
)
from symreg.model.interval import Interval
from symreg.model.spec import Array, Parameter, Rule
from symreg.model.terms import Terms, told_apart
from symreg.objectives.resolve import Objective
from symreg.presentation.mathematics.notation import Notation, notation_of
from symreg.presentation.mathematics.paper import SETS
from symreg.presentation.mathematics.text import formula

Sentence = tuple[str | Tree, ...]

LONGEST_COMMAND = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """A parameter: where it may lie (None: anywhere), its default, and what it is."""

    name: Tree
    domain: Tree | None
    default: Tree
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """`left = right`, or `left <- right` for an assignment.

    Args:
        left: What is equal to, or is assigned to.
        rights: Forms of the right-hand side, each equal to the one before.
        is_assignment: Does the rule assign it?
        condition: Where it holds, or None for everywhere.
    """

    left: Tree
    rights: tuple[Tree, ...]
    is_assignment: bool = False
    condition: Tree | None = None

    @property
    def is_membership(self) -> bool:
        """Is the right-hand side a set, and the left one an element?"""
        return any(isinstance(n, Call) and n.function in SETS for right in self.rights for n in walk(right))

    def forms(self) -> tuple[Tree, ...]:
        """Return the right-hand sides that differ once they are written."""
        shown = {formula(right, Notation()).flat: right for right in reversed(self.rights)}
        return tuple(reversed(shown.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One numbered step."""

    number: int
    rule: Sentence
    equation: Equation
    why: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What holds of a subject: `w_j < 0` and a sentence on it; no subject for a sentence by itself."""

    subject: Tree | None = None
    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A headed list of remarks."""

    title: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A derivation of its own, numbered from 1: of the operator that the rule takes.

    Args:
        title: Its heading.
        entries: The steps.
        notation: In which they are written.
    """

    title: str
    entries: tuple[Entry, ...]
    notation: Notation


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A derivation, ready to be written.

    Args:
        name: Of the objective.
        title: One line of user text.
        rule: The rule's name; "" where none is derived.
        rule_title: One line of user text.
        references: Of the objective; user text.
        rule_reference: User text.
        parameters: The objective's.
        rule_parameters: The rule's.
        entries: The steps.
        sections: What follows from them.
        command: That checks the derivation, for a shell.
        formulas: Notation of what is written over the objective alone.
        assignments: Notation of the rule's step.
        parts: Derivations of their own that follow.
        check: What the command checks it against.
    """

    name: str
    title: str
    rule: str
    rule_title: str
    references: tuple[str, ...]
    rule_reference: str
    parameters: tuple[ParameterRow, ...]
    rule_parameters: tuple[ParameterRow, ...]
    entries: tuple[Entry, ...]
    sections: tuple[Section, ...]
    command: str
    formulas: Notation
    assignments: Notation
    parts: tuple[Part, ...] = ()
    check: str = "certified finite differences"

    def notation(self, equation: Equation) -> Notation:
        """Return the notation in which an equation is written."""
        return self.assignments if equation.is_assignment else self.formulas

    def of_part(self, part: Part) -> Outline:
        """Return the outline with a part's steps and notation in place of its own."""
        return replace(self, entries=part.entries, formulas=part.notation, sections=(), parts=())


def outline(chain: Chain | ProxChain) -> Outline:
    """Return the outline of a derivation."""
    return _of_prox(chain) if isinstance(chain, ProxChain) else _of_chain(chain)


def _of_prox(chain: ProxChain) -> Outline:
    part = _part(chain)
    return Outline(
        name=chain.objective.name,
        title=chain.objective.title,
        rule="",
        rule_title="",
        references=chain.objective.references,
        rule_reference="",
        parameters=_declared(chain.terms),
        rule_parameters=(),
        entries=part.entries,
        sections=_told(chain),
        command=_command(chain.objective),
        formulas=part.notation,
        assignments=part.notation,
        check="the exact minimiser",
    )


def _told(chain: ProxChain) -> tuple[Section, ...]:
    notes = tuple(Remark(sentence=prose(note)) for note in (*chain.notes, *chain.objective.notes))
    return (Section(title="Notes", remarks=notes),) if notes else ()


def _part(chain: ProxChain) -> Part:
    """Return the derivation of a proximal operator as a part."""
    entries = tuple(
        Entry(
            number=i,
            rule=(step.rule,),
            equation=Equation(left=step.before, rights=(step.after,), condition=step.condition),
            why=why,
        )
        for i, (step, why) in enumerate(zip(chain.steps, chain.whys, strict=True), start=1)
    )
    notation = notation_of(chain.terms, None, "R" if chain.is_radial else r"\varphi")[0]
    return Part(title="The proximal operator", entries=entries, notation=notation)


def _of_chain(chain: Chain) -> Outline:
    """Return the outline of a gradient's derivation, and of the operator's that its rule takes."""
    rule = chain.rule
    terms, _ = told_apart(chain.objective.terms, rule)
    told = [step.condition for step in chain.steps if step.condition is not None]
    formulas, assignments = notation_of(terms, rule, chain.proximal or "R")
    sections = (
        Section(title="Where pieces meet", remarks=tuple(_of_knot(k) for k in chain.knots if _at(k) not in told)),
        Section(title="What the penalty does to a weight", remarks=(*_of_directions(chain), *_of_bounds(chain.bounds))),
        Section(title="Notes", remarks=tuple(Remark(sentence=prose(note)) for note in _notes(chain))),
    )
    return Outline(
        name=chain.objective.name,
        title=chain.objective.title,
        rule=rule.name,
        rule_title=rule.title,
        references=chain.objective.references,
        rule_reference=rule.reference,
        parameters=_declared(terms),
        rule_parameters=tuple(map(_of_parameter, rule.parameters)),
        entries=tuple(_of_step(i, step, chain) for i, step in enumerate(_steps(chain), start=1)),
        sections=tuple(section for section in sections if section.remarks),
        command=_command(chain.objective, rule),
        formulas=formulas,
        assignments=assignments,
        parts=() if chain.operator is None else (_part(chain.operator),),
    )


def prose(text: str) -> Sentence:
    """Return a sentence of ours with the formulas in it as trees: `w_j`, `i = j+1`, `dL/dw_j`."""
    made: list[str | Tree] = []
    end = 0
    for match in _MATHEMATICS.finditer(text):
        made.extend((text[end : match.start()], _tree_of(match)))
        end = match.end()
    return tuple(part for part in (*made, text[end:]) if part != "")


_J = Subscript("j")
_WJ: Tree = Item("w", (_J,))
_ZERO: Tree = number(0)
_NAN: Tree = Constant("nan")

_MATHEMATICS = re.compile(
    r"(?P<defined>\bg_j = dL/dw_j\b)"
    r"|\bd(?P<of>[LROS])/dw_j\b"
    r"|(?<![\w^])(?P<array>[wgmv])_(?P<index>[ijkl])(?![\w^])"
    r"|(?<![\w^])(?P<left>[ijklm]) = (?P<right>[ijklm])(?P<shift>[+-]\d+)?(?![\w^])",
    re.ASCII,
)


def _tree_of(match: re.Match[str]) -> Tree:
    if match["defined"]:
        return Compare("==", Item("g", (_J,)), Call("d", (Name("L"),)))
    if match["of"]:
        return Call("d", (Name(match["of"]),))
    if match["array"]:
        return Item(match["array"], (Subscript(match["index"]),))
    shift = int(match["shift"] or 0)
    right: Tree = Name(match["right"])
    if shift:
        right = Binary("+" if shift > 0 else "-", right, number(abs(shift)))
    return Compare("==", Name(match["left"]), right)


def _declared(terms: Terms) -> tuple[ParameterRow, ...]:
    """Return the parameters, and an element of each array that is not any real number."""
    arrays = [array for array in terms.arrays if not array.domain.is_all]
    return (*map(_of_parameter, terms.parameters), *(_of_parameter(a.element, element(a)) for a in arrays))


def element(array: Array) -> Tree:
    """Return an element of an array: `c[i]`, `A[i, j]`."""
    return Item(array.name, tuple(Subscript(index) for index, _ in zip("ij", array.shape, strict=False)))


def _of_parameter(parameter: Parameter, name: Tree | None = None) -> ParameterRow:
    name = name or Name(parameter.name)
    return ParameterRow(
        name=name,
        domain=_allowed(name, parameter),
        default=number(Fraction(repr(float(parameter.default)))),
        doc=parameter.doc,
    )


def _allowed(name: Tree, parameter: Parameter) -> Tree | None:
    """Return the condition that a parameter is one that is taken: in its domain, and above another if it has to be."""
    own = membership(name, parameter.domain)
    if not parameter.above:
        return own
    above = Compare(">", name, Name(parameter.above))
    return above if own is None else Logic("and", (own, above))


def membership(subject: Tree, domain: Interval) -> Tree | None:
    """Return the condition that a number lies in a domain, or None where that is the whole line."""
    low = high = None
    if domain.low is not None:
        low = Compare(">=" if domain.low_closed else ">", subject, number(domain.low))
    if domain.high is not None:
        high = Compare("<=" if domain.high_closed else "<", subject, number(domain.high))
    if domain.low is None or high is None:
        return low or high
    return Logic("and", (Compare("<=" if domain.low_closed else "<", number(domain.low), subject), high))


def _steps(chain: Chain) -> tuple[Step, ...]:
    """Return the steps, and the gradient before it is used where no step has said what it is."""
    steps = chain.steps
    if not chain.smooth:
        return steps
    slope = _gradient(chain)
    if any(step.after == chain.gradient and step.rule == "simplify" for step in steps):
        return steps
    at = next((i for i, s in enumerate(steps) if s.target or s.before == slope), len(steps))
    if any(step.before == slope and step.after == chain.gradient and step.condition is None for step in steps):
        return steps
    return (*steps[:at], Step(rule="gradient", before=slope, after=chain.gradient), *steps[at:])


def _of_step(position: int, step: Step, chain: Chain) -> Entry:
    why = prose(step.why)
    if step.target:
        is_formal = any(isinstance(node, Call) and node.function == "d" for node in walk(step.before))
        rights = (step.before, step.after) if is_formal and step.before != step.after else (step.after,)
        left = _WJ if step.target == "w" else Name(step.target)
        equation = Equation(left=left, rights=rights, is_assignment=True, condition=step.condition)
    else:
        equation = Equation(left=step.before, rights=(step.after,), condition=step.condition)
        if step.rule == "simplify" and step.after == chain.gradient:
            slope = _gradient(chain)
            equation = Equation(left=slope, rights=(step.before, step.after), condition=step.condition)
            why = () if why == (slope,) else why
        for knot in chain.knots:
            if step.condition == _at(knot):
                why = _of_sides(knot)
    return Entry(number=position, rule=prose(step.rule), equation=equation, why=why)


def _gradient(chain: Chain) -> Tree:
    """Return the formal derivative of what a chain's gradient is of."""
    return Call("d", (Name(chain.smooth),))


def _at(knot: Knot) -> Tree:
    return Compare("==", _WJ, knot.position)


def _of_knot(knot: Knot) -> Remark:
    return Remark(subject=_at(knot), sentence=_of_sides(knot))


def _of_sides(knot: Knot) -> Sentence:
    """Return what the derivative is on either side of a knot, and what is made of it."""
    if not knot.is_kink:
        return ("the derivative is ", knot.left, " from either side")
    if _NAN in (knot.left, knot.right):
        side, known = ("right", knot.right) if knot.left == _NAN else ("left", knot.left)
        return (f"the domain ends here; from the {side} the derivative is ", known)
    sides: Sentence = (knot.left, " from the left, ", knot.right, " from the right; ")
    if knot.chosen == _ZERO and _ZERO not in (knot.left, knot.right):
        return (*sides, _ZERO, " lies between them")
    if knot.chosen in (knot.left, knot.right):
        return (*sides, knot.chosen, " is the one nearer to ", _ZERO)
    return (*sides, _ZERO, " if it lies between them, else the one nearer to ", _ZERO)


def _of_directions(chain: Chain) -> tuple[Remark, ...]:
    is_descent = chain.rule.name == "gradient_descent"
    step = "the step" if is_descent else "a gradient step on the penalty alone"
    slope = _gradient(chain)
    negative = [direction for direction in chain.directions if direction.side == "negative"]
    positive = [direction for direction in chain.directions if direction.side == "positive"]
    return tuple(
        Remark(subject=_region(direction), sentence=_of_direction(direction, step, slope))
        for direction in (*reversed(negative), *positive)
    )


def _region(direction: Direction) -> Tree:
    """Return where a direction holds, as a condition on the weight itself: `-c < w_j < 0`."""
    is_negative = direction.side == "negative"
    side = Compare("<" if is_negative else ">", _WJ, _ZERO)
    if direction.where is None:
        return side
    magnitude: Tree = Call("abs", (Name("w"),)) if is_negative else Name("w")
    ends = direction.where.operands if isinstance(direction.where, Logic) else (direction.where,)
    low: Tree = _ZERO
    high: Tree | None = None
    for end in ends:
        match end:
            case Compare(">", left, right) if left == magnitude:
                low = Negate(right) if is_negative else right
            case Compare("<", left, right) if left == magnitude:
                high = Negate(right) if is_negative else right
            case _:
                return Logic("and", (side, substitute(direction.where, {Name("w"): _WJ})))
    if high is None:
        return Compare("<" if is_negative else ">", _WJ, low)
    ordered = (high, low) if is_negative else (low, high)
    return Logic("and", (Compare("<", ordered[0], _WJ), Compare("<", _WJ, ordered[1])))


def _of_direction(direction: Direction, step: str, slope: Tree) -> Sentence:
    is_negative = direction.side == "negative"
    inward, outward = ("up", "down") if is_negative else ("down", "up")
    toward: Sentence = (f", so {step} moves ", _WJ, f" {inward}, toward the origin")
    away: Sentence = (f", so {step} moves ", _WJ, f" {outward}, away from the origin")
    match direction.sign:
        case "negative":
            said: Sentence = (Compare("<", slope, _ZERO), *(toward if is_negative else away))
        case "positive":
            said = (Compare(">", slope, _ZERO), *(away if is_negative else toward))
        case "nonpositive" | "nonnegative" as sign:
            compared = Compare("<=" if sign == "nonpositive" else ">=", slope, _ZERO)
            is_inward = is_negative == (sign == "nonpositive")
            said = (compared, *(toward if is_inward else away), ", or leaves it where it is")
        case "zero":
            said = (Compare("==", slope, _ZERO), f", so {step} leaves ", _WJ, " where it is")
        case "both":
            said = (slope, f" takes both signs: {step} moves ", _WJ, " toward the origin in some places, ")
            said = (*said, "away from it in others")
        case "undefined":
            said = ("the penalty is not defined here",)
        case _:
            said = ("the sign of ", slope, " was not decided for all parameter values")
    return said


def _of_bounds(bounds: tuple[StepBound, ...]) -> tuple[Remark, ...]:
    if not bounds:
        return ()
    said: list[str | Tree] = ['"small enough": ']
    for position, bound in enumerate(bounds):
        said.extend(("; " if position else "", f"{bound.claim} iff ", bound.condition))
    return (Remark(sentence=tuple(part for part in said if part != "")),)


def _notes(chain: Chain) -> tuple[str, ...]:
    notes = [*chain.notes, *(note for note in chain.objective.notes if note not in chain.notes)]
    trees = [term.tree for term in chain.objective.terms.terms]
    if any(isinstance(n, Item) and any(s.shift for s in n.subscripts) for tree in trees for n in walk(tree)):
        notes.append("A sum runs over every index for which all subscripts in it lie in 0, ..., n-1.")
    return tuple(notes)


def _command(objective: Objective, rule: Rule | None = None) -> str:
    text = objective.text
    is_shown = len(text) <= LONGEST_COMMAND and text.isprintable() and text.isascii()
    subject = _quoted(text) if is_shown else "OBJECTIVE"
    words = [*objective.options, *(() if rule is None else ("--rule", rule.name))]
    return " ".join(("symreg verify", subject, *map(_quoted, words)))


def _quoted(text: str) -> str:
    """Return text as one word of a shell, in double quotes where they are enough."""
    if shlex.quote(text) == text or any(c in text for c in "$\"\\`!'"):
        return shlex.quote(text)
    return f'"{text}"'
