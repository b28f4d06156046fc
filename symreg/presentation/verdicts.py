"""Write verdicts as a table of text, as LaTeX, Markdown or JSON: claim, verdict, and what stands behind it."""

from __future__ import annotations

import json
import textwrap
from fractions import Fraction
from typing import Any

from symreg.claims.verdict import Verdict, Verdicts, Witness
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree
from symreg.model.interval import Interval
from symreg.model.objective import Objective
from symreg.presentation.display import in_prose
from symreg.presentation.escaping import escape as escape_latex
from symreg.presentation.escaping import plain
from symreg.presentation.markdown import GITHUB, Dialect, escape
from symreg.presentation.mathematics.notation import Notation, notation_of
from symreg.presentation.mathematics.text import formula
from symreg.presentation.outline.document import Sentence
from symreg.presentation.outline.prose import element
from symreg.presentation.text import WIDTH
from symreg.templates import render

SCHEMA_VERSION = 1
_BESIDE = ("lr", "step")
"""Bounds that the condition already names."""


def text(analysis: Verdicts) -> str:
    """Return the verdicts as a table: ASCII, no line wider than 80 characters, a newline at the end."""
    objective, notation = analysis.objective, _notation(analysis)
    title = f"{objective.name} - {plain(objective.title)}" if objective.title != objective.name else objective.name
    first = max(len(v.claim) for v in analysis.verdicts) + 2
    second = max(len(v.verdict) for v in analysis.verdicts) + 2
    lines = [*textwrap.wrap(title, WIDTH, subsequent_indent="   ")]
    lines += [f"   {row}" for row in _declared(objective)]
    lines.append("")
    for verdict in analysis.verdicts:
        said = [_in_text(sentence, notation) for sentence in sentences(verdict)]
        wrapped = [line for one in said for line in textwrap.wrap(one, WIDTH - first - second)] or [""]
        head = f"{verdict.claim:<{first}}{verdict.verdict:<{second}}"
        lines += [(head if k == 0 else " " * len(head)) + line for k, line in enumerate(wrapped)]
    counts = {word: sum(v.verdict == word for v in analysis.verdicts) for word in _WORDS}
    lines += ["", ", ".join(f"{count} {word}" for word, count in counts.items() if count)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


_WORDS = ("proved", "conditional", "refuted", "undecided")


def sentences(verdict: Verdict) -> tuple[Sentence, ...]:
    """Return what stands behind a verdict: its condition, its constant, what to know, and what refutes it."""
    parts: list[Sentence] = []
    if verdict.holds_iff is not None:
        parts.append(("iff ", verdict.holds_iff))
    if verdict.value is not None and verdict.symbol not in _BESIDE:
        parts.append((f"{verdict.symbol} = ", verdict.value))
    if verdict.note:
        parts.append((verdict.note,))
    if verdict.witness is not None:
        parts.append((_witness_sentence(verdict.witness),))
    if verdict.method.startswith("balls for"):
        parts.append((f"({verdict.method})",))
    return tuple(parts)


def markdown(analysis: Verdicts, dialect: Dialect = GITHUB) -> str:
    """Return the verdicts as a table in Markdown."""
    objective, notation = analysis.objective, _notation(analysis)
    rows = ["| claim | verdict | |", "| --- | --- | --- |"]
    for verdict in analysis.verdicts:
        said = "; ".join(in_prose(s, notation, escape, dialect.within) for s in sentences(verdict))
        rows.append(f"| {verdict.claim} | {verdict.verdict} | {said.replace('|', chr(92) + '|')} |")
    title = f"# {escape(objective.name)}" + (f": {escape(objective.title)}" if objective.title else "")
    parameters = [f"- {escape(row)}" for row in _declared(objective)]
    return "\n".join([title, "", *parameters, "", *rows]) + "\n"


def latex(analysis: Verdicts) -> str:
    """Return the verdicts as a complete LaTeX document."""
    objective, notation = analysis.objective, _notation(analysis)

    def said(verdict: Verdict) -> str:
        return "; ".join(in_prose(s, notation, escape_latex, "${}$") for s in sentences(verdict))

    return render(
        "latex/properties.tex",
        {
            "name": escape_latex(objective.name),
            "title": escape_latex(objective.title),
            "parameters": [escape_latex(row) for row in _declared(objective)],
            "rows": [
                {"claim": escape_latex(v.claim), "verdict": v.verdict, "said": said(v)} for v in analysis.verdicts
            ],
        },
    )


def to_json(analysis: Verdicts) -> str:
    """Return the verdicts as JSON; expressions are text of the language over `w`, `u` and `v`."""
    return json.dumps(data(analysis), indent=2) + "\n"


def data(analysis: Verdicts) -> dict[str, Any]:
    """Return the verdicts as lists, dicts and strings."""
    return {
        "schema_version": SCHEMA_VERSION,
        "objective": {"name": analysis.objective.name, "text": analysis.objective.text},
        "verdicts": [
            {
                "claim": verdict.claim,
                "verdict": verdict.verdict,
                "holds_iff": _optional(verdict.holds_iff),
                "symbol": verdict.symbol,
                "value": _optional(verdict.value),
                "witness": None if verdict.witness is None else _of_witness(verdict.witness),
                "method": verdict.method,
                "note": verdict.note,
            }
            for verdict in analysis.verdicts
        ],
        "notes": list(analysis.notes),
    }


def _of_witness(witness: Witness) -> dict[str, Any]:
    return {
        "at": {name: str(value) for name, value in witness.at},
        "claims": f"{to_text(witness.left)} {witness.operator} {to_text(witness.right)}",
        "left": witness.left_value,
        "right": witness.right_value,
        "meaning": witness.meaning,
    }


def _optional(tree: Tree | None) -> str | None:
    return None if tree is None else to_text(tree)


def _witness_sentence(witness: Witness) -> str:
    """Return a witness as a sentence: where, what would have to hold, and the two sides."""
    weights = [pair for pair in witness.at if pair[0] in ("w", "u", "v")]
    others = [pair for pair in witness.at if pair not in weights]
    where = ", ".join(f"{name} = {decimal(value)}" for name, value in (*weights, *others))
    at = f"at {where}: " if where else ""
    return f"{at}not {witness.meaning}: {witness.left_value} against {witness.right_value}"


def decimal(value: Fraction) -> str:
    """Return an exact number as a short decimal where it is one, else as a fraction."""
    shown = f"{float(value):.12g}"
    return shown if Fraction(shown) == value else str(value)


def _declared(objective: Objective) -> list[str]:
    """Return what the parameters may be, and the elements of arrays that are not any real number."""
    arrays = [array for array in objective.terms.arrays if not array.domain.is_all]
    parameters = [_in_words(p.name, p.domain, p.above) for p in objective.terms.parameters]
    return [*parameters, *(_in_words(to_text(element(array)), array.domain) for array in arrays)]


def _in_words(name: str, domain: Interval, above: str = "") -> str:
    if above:
        return f"{name} > {above}" if domain.is_all else f"{_in_words(name, domain)}, {name} > {above}"
    words = {"real": f"{name} real", "positive": f"{name} > 0", "nonnegative": f"{name} >= 0"}
    return words.get(str(domain), f"{name} in {domain}")


def _in_text(sentence: Sentence, notation: Notation) -> str:
    return "".join(part if isinstance(part, str) else formula(part, notation).flat for part in sentence)


def _notation(analysis: Verdicts) -> Notation:
    return notation_of(analysis.objective.terms, None)[0]
