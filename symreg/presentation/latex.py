"""Write a derivation as a LaTeX article: it compiles with amsmath and geometry alone, no line runs over the margin."""

from __future__ import annotations

import re

from symreg.presentation.display import in_prose, in_title, inline_mathematics, lines_of
from symreg.presentation.escaping import escape, escape_typed
from symreg.presentation.mathematics.latex import inline
from symreg.presentation.mathematics.notation import Notation
from symreg.presentation.outline.document import Entry, Outline, ParameterRow, Part, Section
from symreg.templates import render

_MATHEMATICS = "${}$"
_WIDEST_SUBJECT = 14_000


def latex(document: Outline) -> str:
    """Return a derivation as a complete LaTeX document."""
    return render(
        "latex/derivation.tex",
        {
            "regenerate": regenerate(document, "--format latex"),
            "name": escape(document.name),
            "title": in_title(document.title, escape, "${}$"),
            "references": [escape(reference) for reference in document.references],
            "parameters": [_parameter(row, document.formulas) for row in document.parameters],
            "rule": escape(document.rule),
            "rule_title": escape(document.rule_title),
            "rule_reference": escape(document.rule_reference),
            "rule_parameters": [_parameter(row, document.formulas) for row in document.rule_parameters],
            "steps": [_step(entry, document) for entry in document.entries],
            "sections": [_section(section, document) for section in document.sections],
            "parts": [_part(part, document.of_part(part)) for part in document.parts],
            "command": escape_typed(document.command),
            "check": document.check,
        },
    )


def regenerate(document: Outline, *options: str) -> str:
    """Return the command that writes a derivation, for a comment: nothing that TeX could read as more than that."""
    shown = " ".join((document.command.replace("symreg verify", "symreg derive", 1), *document.options, *options))
    return shown if re.fullmatch(r"[A-Za-z0-9 _.,+*/()=<>\[\]\"'-]*", shown) else "symreg derive --format latex"


def _part(part: Part, document: Outline) -> dict[str, object]:
    return {
        "title": escape(part.title),
        "parameters": [_parameter(row, part.formulas) for row in part.parameters],
        "reference": escape(part.reference),
        "steps": [_step(entry, document) for entry in part.entries],
        "sections": [_section(section, document) for section in part.sections],
    }


def _parameter(row: ParameterRow, notation: Notation) -> str:
    name, default = inline(row.name, notation), inline(row.default, notation)
    domain = None if row.domain is None else inline(row.domain, notation)
    shown = inline_mathematics(domain or name, _MATHEMATICS) + ("" if domain else " real")
    doc = f": {escape(row.doc)}" if row.doc else ""
    return f"{shown} (default {inline_mathematics(default, _MATHEMATICS)}){doc}"


def _step(entry: Entry, document: Outline) -> dict[str, object]:
    lines = lines_of(entry.equation, document.notation(entry.equation))
    return {
        "number": str(entry.number),
        "rule": in_prose(entry.rule, document.formulas, escape, _MATHEMATICS),
        "why": in_prose(entry.why, document.formulas, escape, _MATHEMATICS),
        "lines": [f"{left} & {right}".lstrip() for left, right in lines],
    }


def _section(section: Section, document: Outline) -> dict[str, object]:
    """Return facts, whose subjects stand in a column of their own, and sentences without a subject."""
    facts = [(inline(r.subject, document.formulas), r) for r in section.remarks if r.subject is not None]
    widest = max((subject.width for subject, _ in facts if subject.width <= _WIDEST_SUBJECT), default=1_000)
    shown = []
    for subject, remark in facts:
        sentence = in_prose(remark.sentence, document.formulas, escape, _MATHEMATICS)
        if subject.width <= _WIDEST_SUBJECT:
            shown.append({"subject": f"${subject.flat}$", "sentence": sentence})
        else:
            above = inline_mathematics(subject, _MATHEMATICS)
            shown.append({"subject": "", "sentence": f"{above}: {sentence}"})
    return {
        "title": escape(section.title),
        "width": f"{widest / 1_000:.1f}em",
        "facts": shown,
        "sentences": [
            in_prose(r.sentence, document.formulas, escape, _MATHEMATICS) for r in section.remarks if r.subject is None
        ],
    }
