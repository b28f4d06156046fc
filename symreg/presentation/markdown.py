r"""Write a derivation as Markdown with mathematics: as GitHub renders it, or a notebook.

GitHub's mathematics knows no `\operatorname`, `\phantom` and `\mbox`; in a notebook only `$` begins mathematics.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from symreg.presentation.display import Aligned, in_prose, in_title, inline_mathematics, lines_of
from symreg.presentation.mathematics.latex import inline
from symreg.presentation.outline.document import Outline, ParameterRow, Section, Sentence


class Dialect(NamedTuple):
    """How mathematics is written in a dialect of Markdown: within a line, and as a block, with `{}` for it."""

    within: str
    block: str


GITHUB = Dialect("$`{}`$", "```math\n{}\n```")
NOTEBOOK = Dialect("${}$", "$$\n{}\n$$")

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~$&]")
_LINK = re.compile(r"@(?=\w)|:(?=//|\w+:)|(?<=www)\.", re.ASCII | re.IGNORECASE)
_MARK = re.compile(r"^(\s*\d*)([.)+=-])", re.ASCII)


def markdown(document: Outline, dialect: Dialect = GITHUB) -> str:
    """Return a derivation as Markdown."""
    title = f"# {escape(document.name)}" + (
        f": {in_title(document.title, escape, dialect.within)}" if document.title else ""
    )
    rule = ""
    if document.rule:
        rule_title = f", {escape(document.rule_title)}" if document.rule_title else ""
        rule = f"Update rule: **{escape(document.rule)}**{rule_title}"
    blocks = [
        title,
        _listed([_parameter(row, document, dialect) for row in document.parameters]),
        *(escape(reference) for reference in document.references),
        rule,
        _listed([_parameter(row, document, dialect) for row in document.rule_parameters]),
        escape(document.rule_reference),
        "## Derivation",
    ]
    blocks.extend(_entries(document, dialect))
    blocks.extend(_sections(document, dialect))
    for part in document.parts:
        within = document.of_part(part)
        rows = _listed([_parameter(row, within, dialect) for row in part.parameters])
        blocks.extend((f"## {escape(part.title)}", rows, escape(part.reference), *_entries(within, dialect)))
        blocks.extend(_sections(within, dialect))
    blocks.append(f"To check it against {document.check}:\n\n{_typed(document.command)}")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _sections(document: Outline, dialect: Dialect) -> list[str]:
    titled = ((f"## {escape(s.title)}", _section(s, document, dialect)) for s in document.sections)
    return [block for pair in titled for block in pair]


def _entries(document: Outline, dialect: Dialect) -> list[str]:
    blocks = []
    for entry in document.entries:
        why = f": {_sentence(entry.why, document, dialect)}" if entry.why else ""
        blocks.append(f"**{entry.number}. {_sentence(entry.rule, document, dialect)}**{why}")
        blocks.append(_block(lines_of(entry.equation, document.notation(entry.equation)), dialect))
    return blocks


def result(document: Outline) -> str:
    """Return the gradient's and the update's last lines as one piece of mathematics, for where only that fits.

    Of a proximal operator: its closed forms, or the minimum that it is.
    """
    if not document.rule:
        results = [e.equation for e in document.entries if e.rule in (("result",), ("proximal operator",))]
        lines = [f"{left} & {right}" for e in results[1:] or results for left, right in lines_of(e, document.formulas)]
        return allowed(r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}")
    last = {entry.equation.left: entry.equation for entry in document.entries if entry.equation.is_assignment}
    lines = [f"{left} & {right}" for e in last.values() for left, right in lines_of(e, document.assignments)]
    return allowed(r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}")


def escape(text: str) -> str:
    """Return user text that Markdown shows as it is."""
    shown = "".join(c if " " <= c <= "~" else "?" for c in text)
    shown = _SPECIAL.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), shown)
    return _MARK.sub(r"\1\\\2", _LINK.sub(lambda match: f"{match[0]}<!-- -->", shown))


_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def _sentence(sentence: Sentence, document: Outline, dialect: Dialect) -> str:
    return allowed(in_prose(sentence, document.formulas, escape, dialect.within))


def _block(lines: tuple[Aligned, ...], dialect: Dialect) -> str:
    if len(lines) == 1:
        ((left, right),) = lines
        shown = f"{left} {right}".strip()
    else:
        shown = "\\begin{aligned}\n" + " \\\\\n".join(f"{left} & {right}" for left, right in lines) + "\n\\end{aligned}"
    return dialect.block.replace("{}", allowed(shown))


def allowed(mathematics: str) -> str:
    """Return mathematics in the macros that GitHub knows."""
    return re.sub(r"\\operatorname\{(\w+)\}", r"\\mathop{\\mathrm{\1}}", mathematics)


def _parameter(row: ParameterRow, document: Outline, dialect: Dialect) -> str:
    shown = inline_mathematics(inline(row.domain or row.name, document.formulas), dialect.within)
    default = inline_mathematics(inline(row.default, document.formulas), dialect.within)
    real = "" if row.domain else " real"
    return f"{shown}{real} (default {default})" + (f": {escape(row.doc)}" if row.doc else "")


def _section(section: Section, document: Outline, dialect: Dialect) -> str:
    rows = []
    for remark in section.remarks:
        subject = ""
        if remark.subject is not None:
            subject = inline_mathematics(inline(remark.subject, document.formulas), dialect.within) + ": "
        rows.append(subject + _sentence(remark.sentence, document, dialect))
    return _listed(rows)


def _listed(rows: list[str]) -> str:
    return "\n".join(f"- {row}" for row in rows)


def _typed(command: str) -> str:
    """Return a command as a block of code, fenced by more backticks than stand in it."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", command))])
    return f"{fence}sh\n{command}\n{fence}"
