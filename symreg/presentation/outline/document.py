"""The outline's nouns: sections, equations, remarks and sentences, of no format yet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symreg.expressions.tree import Call, Tree, walk
from symreg.presentation.mathematics.notation import Notation
from symreg.presentation.mathematics.paper import SETS
from symreg.presentation.mathematics.text import formula

Sentence = tuple[str | Tree, ...]
NOTES = "Notes"
"""The title of the section of what a reader must know besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """A parameter: where it may lie (None: anywhere), its default, and what it is."""

    name: Tree
    domain: Tree | None
    default: Tree
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """`left = right`, `left <- right` for an assignment, or `left <= right` for a bound.

    Args:
        left: What is equal to, or is assigned to.
        rights: Forms of the right-hand side, each equal to the one before.
        is_assignment: Does the rule assign it?
        condition: Where it holds, or None for everywhere.
        is_bound: Is the left-hand side no greater than the right one?
    """

    left: Tree
    rights: tuple[Tree, ...]
    is_assignment: bool = False
    condition: Tree | None = None
    is_bound: bool = False

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
    """One numbered step.

    Args:
        number: From 1.
        rule: What is done.
        equation: What it gives.
        why: It holds.
        label: What a paper may refer to it as, such as `gradient`; "" for a step on the way.
    """

    number: int
    rule: Sentence
    equation: Equation
    why: Sentence
    label: str = ""


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
    """A derivation of its own, numbered from 1: of a proximal operator, or of the step of one more rule.

    Args:
        title: Its heading.
        entries: The steps.
        formulas: Notation in which they are written.
        assignments: Notation of a rule's step.
        parameters: Of a rule.
        reference: Of a rule; user text.
        sections: What follows from the steps.
    """

    title: str
    entries: tuple[Entry, ...]
    formulas: Notation
    assignments: Notation
    parameters: tuple[ParameterRow, ...] = ()
    reference: str = ""
    sections: tuple[Section, ...] = ()


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
        options: Of the command that derives all of this, besides objective and rules.
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
    options: tuple[str, ...] = ()
    check: str = "certified finite differences"

    def notation(self, equation: Equation) -> Notation:
        """Return the notation in which an equation is written."""
        return self.assignments if equation.is_assignment else self.formulas

    def of_part(self, part: Part) -> Outline:
        """Return the outline with a part's steps, sections and notation in place of its own."""
        return replace(
            self,
            entries=part.entries,
            formulas=part.formulas,
            assignments=part.assignments,
            sections=part.sections,
            parts=(),
        )
