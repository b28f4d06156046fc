"""Write a derivation as a LaTeX article: it compiles with amsmath and geometry alone, no line runs over the margin."""

from __future__ import annotations

import re

from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.presentation.display import in_prose, inline_mathematics, lines_of
from symreg.presentation.mathematics.latex import inline
from symreg.presentation.mathematics.notation import Notation
from symreg.presentation.outline.document import Entry, Outline, ParameterRow, Section
from symreg.presentation.outline.outline import outline
from symreg.templates import render

_MATHEMATICS = "${}$"
_LONGEST_WORD = 24
_WIDEST_SUBJECT = 14_000

_ESCAPED = {
    **{c: f"\\{c}" for c in "$&#%_"},
    **{c: f"\\ascii{{{ord(c)}}}" for c in "\\^~`{}"},
    **{c: f"${c}$" for c in "<>|"},
}
"""`\\ascii` sets a character by its code in the typewriter font, which has all of ASCII: no font beyond TeX's own."""
_TYPED = {c: f"\\ascii{{{ord(c)}}}" for c in "\\^~`{}$&#%_"} | {"'": r"\ascii{13}"}


def latex(chain: GradientDerivation | ProximalDerivation) -> str:
    """Return a derivation as a complete LaTeX document."""
    document = outline(chain)
    return render(
        "latex/derivation.tex",
        {
            "regenerate": _regenerate(document.command, is_prox=not document.rule),
            "name": escape(document.name),
            "title": escape(document.title),
            "references": [escape(reference) for reference in document.references],
            "parameters": [_parameter(row, document.formulas) for row in document.parameters],
            "rule": escape(document.rule),
            "rule_title": escape(document.rule_title),
            "rule_reference": escape(document.rule_reference),
            "rule_parameters": [_parameter(row, document.formulas) for row in document.rule_parameters],
            "steps": [_step(entry, document) for entry in document.entries],
            "sections": [_section(section, document) for section in document.sections],
            "parts": [
                {"title": escape(part.title), "steps": [_step(entry, document.of_part(part)) for entry in part.entries]}
                for part in document.parts
            ],
            "command": escape_typed(document.command),
            "check": document.check,
        },
    )


def escape(text: str) -> str:
    """Return user text as LaTeX that prints it as it is; long words may be broken anywhere."""
    parts = _printable(text).split('"')
    quoted = "".join(("``" if i % 2 else "''") * (i > 0) + _escaped(part, _ESCAPED) for i, part in enumerate(parts))
    return quoted.replace("--", "-{}-").replace("--", "-{}-")


def escape_typed(text: str) -> str:
    """Return text for a typewriter font."""
    return _escaped(_printable(text), _TYPED)


def _escaped(text: str, table: dict[str, str]) -> str:
    return " ".join(_escaped_word(word, table) for word in text.split(" "))


def _printable(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _escaped_word(word: str, table: dict[str, str]) -> str:
    shown = [table.get(c, c) for c in word]
    if len(word) <= _LONGEST_WORD:
        return "".join(shown)
    half = _LONGEST_WORD // 2
    return r"\allowbreak{}".join("".join(shown[i : i + half]) for i in range(0, len(shown), half))


def _regenerate(command: str, *, is_prox: bool) -> str:
    """Return the command that writes the document, for a comment: nothing that TeX could read as more than that."""
    shown = command.replace("symreg verify", "symreg derive", 1) + " --prox" * is_prox + " --format latex"
    return shown if re.fullmatch(r"[A-Za-z0-9 _.,+*/()=<>\[\]\"'-]*", shown) else "symreg derive --format latex"


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
