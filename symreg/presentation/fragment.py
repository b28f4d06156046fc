r"""Write a derivation as LaTeX for a paper to `\input`: it needs amsmath alone, defines nothing, and has labels.

Each line fits a column of the width that is asked for; a result is a numbered equation, every step on the way is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symreg.errors import SpecError
from symreg.expressions.tree import Call, Tree, walk
from symreg.presentation.bibliography import cited
from symreg.presentation.display import WIDEST_INLINE, in_prose, in_title, inline_mathematics, lines_of
from symreg.presentation.escaping import escape_bare, plain
from symreg.presentation.latex import regenerate
from symreg.presentation.mathematics.latex import inline
from symreg.presentation.mathematics.notation import Notation
from symreg.presentation.mathematics.text import formula
from symreg.presentation.outline.document import NOTES, Entry, Outline, ParameterRow, Remark, Section, Sentence
from symreg.templates import render

_POINTS = {"pt": 1.0, "bp": 72.27 / 72, "pc": 12.0, "mm": 72.27 / 25.4, "cm": 72.27 / 2.54, "in": 72.27, "em": 10.0}
_LENGTH = re.compile(r"\s*(?P<number>\d+(?:\.\d*)?)\s*(?P<unit>[a-z]{2})?\s*", re.ASCII)
_NARROWEST, _WIDEST = 120, 1_000
_MATHEMATICS = "${}$"


def line_width(text: str) -> int:
    """Return a length such as `252pt`, `8.8cm` or `25em` in thousandths of an em, in type of 10 points.

    Raises:
        SpecError: It is none, or one that no formula fits into.
    """
    match = _LENGTH.fullmatch(text)
    if match is None or (match["unit"] or "pt") not in _POINTS:
        raise SpecError(f"width '{text[:40]}': write a length, such as 252pt, 8.8cm, 3.5in or 25em")
    points = float(match["number"]) * _POINTS[match["unit"] or "pt"]
    if not _NARROWEST <= points <= _WIDEST:
        raise SpecError(f"width '{text[:40]}': write a length from {_NARROWEST}pt to {_WIDEST}pt")
    return round(points * 100)


def references_of(document: Outline) -> tuple[str, ...]:
    """Return the references of the objective and of the rules, each once."""
    every = (*document.references, document.rule_reference, *(part.reference for part in document.parts))
    return tuple(dict.fromkeys(reference for reference in every if reference))


def fragment(document: Outline, width: str, *, cites: bool) -> str:
    """Return a derivation as LaTeX for a paper.

    Args:
        document: The derivation.
        width: Of a line.
        cites: Are references cited by their keys? Else they are written out.
    """
    writer = _Writer(document.name, line_width(width), cites)
    blocks = writer.rule_and_penalty(document)
    for part in document.parts:
        title = part.title.partition(" - ")[2] or part.title
        references = (part.reference,) if part.reference else ()
        blocks.append(writer.heading(title, part.parameters, references, part.formulas))
        blocks += writer.steps(part.entries, document.of_part(part))
        blocks += writer.facts(part.sections, part.formulas)
    sections = [*document.sections, *(section for part in document.parts for section in part.sections)]
    return render(
        "latex/fragment.tex",
        {
            "regenerate": regenerate(document, *_options(document, width, cites)),
            "labels": writer.labels,
            "notes": [_plain(remark.sentence) for s in sections if s.title == NOTES for remark in s.remarks],
            "blocks": blocks,
        },
    )


def _options(document: Outline, width: str, cites: bool) -> list[str]:
    name = () if document.name in document.command.split() else (f"--name {document.name}",)
    return ["--format latex --fragment", f"--width {width}", *name, *(("--bib FILE",) if cites else ())]


def _plain(sentence: Sentence) -> str:
    return plain("".join(part if isinstance(part, str) else formula(part, Notation()).flat for part in sentence))


class _Writer:
    """Writes blocks: a text each, with the lines of the equation that follows and the label that it has."""

    def __init__(self, name: str, width: int, cites: bool) -> None:
        self.name, self.width, self.cites = name, width, cites
        self.labels: list[str] = []

    def rule_and_penalty(self, document: Outline) -> list[dict[str, object]]:
        """Return the blocks of the gradient, and of the first rule's step with it."""
        entries = document.entries
        first = next((i for i, e in enumerate(entries) if e.equation.is_assignment), len(entries))
        title, formulas = document.title or document.name, document.formulas
        blocks = [self.heading(title, document.parameters, document.references, formulas)]
        blocks += self.steps(entries[:first], document)
        if document.rule:
            references = (document.rule_reference,) if document.rule_reference else ()
            title = document.rule_title or document.rule
            blocks.append(self.heading(title, document.rule_parameters, references, document.assignments))
        return [*blocks, *self.steps(entries[first:], document), *self.facts(document.sections, formulas)]

    def heading(
        self, title: str, parameters: tuple[ParameterRow, ...], references: tuple[str, ...], notation: Notation
    ) -> dict[str, object]:
        """Return what is derived, where it is from, and where its parameters lie."""
        shown = [
            inline_mathematics(inline(row.domain or row.name, notation), _MATHEMATICS, self.widest)
            + ("" if row.domain else " real")
            for row in parameters
        ]
        where = f", with {' and '.join(filter(None, (', '.join(shown[:-1]), *shown[-1:])))}" if shown else ""
        sources = ", ".join(cited(r) if self.cites else escape_bare(r) for r in references)
        cite = f"~{sources}" if self.cites else f" ({sources})"
        return _block(
            f"\\textbf{{{in_title(title, escape_bare, _MATHEMATICS)}}}{cite if sources else ''}{where}.",
            is_heading=True,
        )

    def steps(self, entries: tuple[Entry, ...], document: Outline) -> list[dict[str, object]]:
        """Return the blocks of steps; a result that is one of several of its kind is numbered."""
        return [self.step(entry, document) for entry in entries]

    def step(self, entry: Entry, document: Outline) -> dict[str, object]:
        """Return a step: what is done, why, and the equation."""
        rule = self.prose(entry.rule, document.formulas)
        why = self.prose(entry.why, document.formulas).rstrip(".")
        equation = entry.equation
        gradient = f"eq:{self.name}-gradient"
        is_long = equation.is_assignment and len(equation.rights) > 1 and _has_choice(equation.rights[-1])
        if is_long and gradient in self.labels:  # the choice stands there, and is too much for the middle of a line
            equation, why = replace(equation, rights=equation.rights[:1]), f"with \\eqref{{{gradient}}}"
        lines = lines_of(equation, document.notation(equation), self.width)
        label = self.label(entry.label) if entry.label else ""
        return _block(
            f"\\emph{{{rule[:1].upper()}{rule[1:]}}}" + (f": {why}." if why else ":"),
            lines=[f"{left} & {right}".lstrip() for left, right in lines],
            label=label,
        )

    def label(self, what: str) -> str:
        """Return a label that no equation has yet."""
        label, count = f"eq:{self.name}-{what}", 1
        while label in self.labels:
            count += 1
            label = f"eq:{self.name}-{what}-{count}"
        self.labels.append(label)
        return label

    def facts(self, sections: tuple[Section, ...], notation: Notation) -> list[dict[str, object]]:
        """Return what follows from the steps as a paragraph for each section; notes are no part of a paper."""
        return [
            _block(" ".join(self.fact(remark, notation) for remark in section.remarks))
            for section in sections
            if section.title != NOTES
        ]

    def fact(self, remark: Remark, notation: Notation) -> str:
        """Return a remark as a sentence."""
        said = self.prose(remark.sentence, notation)
        if remark.subject is None:
            return f"{said}."
        subject = inline_mathematics(inline(remark.subject, notation), _MATHEMATICS, self.widest)
        return f"For {subject}: {said}."

    def prose(self, sentence: Sentence, notation: Notation) -> str:
        """Return a sentence, in which no piece of mathematics is too wide for the column."""
        return in_prose(sentence, notation, escape_bare, _MATHEMATICS, self.widest)

    @property
    def widest(self) -> int:
        """How wide a piece of mathematics in a sentence may be."""
        return min(WIDEST_INLINE, self.width * 3 // 5)


def _has_choice(tree: Tree) -> bool:
    return any(isinstance(node, Call) and node.function == "where" for node in walk(tree))


def _block(text: str, *, lines: Sequence[str] = (), label: str = "", is_heading: bool = False) -> dict[str, object]:
    return {"text": text, "lines": list(lines), "label": label, "is_heading": is_heading}
