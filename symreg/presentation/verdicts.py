"""Write verdicts as a table of text, as LaTeX, Markdown or JSON: claim, verdict, and what stands behind it."""

from __future__ import annotations

import json
import textwrap
from fractions import Fraction
from typing import Any

from symreg.calculus.domains.conditions import condition_of
from symreg.calculus.loss_profile import LossProfile, Y, Z
from symreg.claims.verdict import PHI, PHI_OF_W, Verdict, Verdicts, Witness
from symreg.derivation.loss_model import LOSS
from symreg.expressions.arithmetic import W, call, plus, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Compare, Item, Name, Negate, Subscript, Sum, Tree, number, substitute
from symreg.model.objective import Objective
from symreg.model.terms import Term
from symreg.presentation.display import in_prose, in_title, lines_of
from symreg.presentation.escaping import escape as escape_latex
from symreg.presentation.escaping import plain
from symreg.presentation.markdown import GITHUB, Dialect, allowed, escape
from symreg.presentation.mathematics.notation import Notation, latex_symbol, notation_of
from symreg.presentation.meanings import meaning_of
from symreg.presentation.outline.document import Equation, Sentence
from symreg.presentation.outline.prose import declared_rows
from symreg.presentation.text import WIDTH, sentence_lines
from symreg.presentation.to_json import of_loss
from symreg.templates import render

SCHEMA_VERSION = 1
_BESIDE = ("lr", "step")
"""Bounds that the condition already names."""


def text(analysis: Verdicts) -> str:
    """Return the verdicts as a table: ASCII, no line wider than 80 characters, a newline at the end."""
    objective, loss, notation = analysis.objective, analysis.loss, verdict_notation(analysis)
    title = f"{objective.name} - {plain(objective.title)}" if objective.title != objective.name else objective.name
    first = max(len(v.claim) for v in analysis.verdicts) + 2
    second = max(len(v.verdict) for v in analysis.verdicts) + 2
    lines = [*textwrap.wrap(title, WIDTH, subsequent_indent="   ")]
    lines += [f"   {line}" for row in _declared(analysis) for line in sentence_lines([row], notation, WIDTH - 3)]
    lines.append("")
    for verdict in analysis.verdicts:
        said = [sentence_lines([s], notation, WIDTH - first - second) for s in sentences(verdict, objective, loss)]
        wrapped = [line for lines_of_one in said for line in lines_of_one] or [""]
        head = f"{verdict.claim:<{first}}{verdict.verdict:<{second}}"
        lines += [(head if k == 0 else " " * len(head)) + line for k, line in enumerate(wrapped)]
    counts = {word: sum(v.verdict == word for v in analysis.verdicts) for word in _WORDS}
    lines += ["", ", ".join(f"{count} {word}" for word, count in counts.items() if count)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


_WORDS = ("proved", "conditional", "refuted", "undecided")


def sentences(verdict: Verdict, objective: Objective, loss: LossProfile | None = None) -> tuple[Sentence, ...]:
    """Return what stands behind a verdict: its condition, its constant, what to know, and what refutes it.

    Args:
        verdict: On a claim.
        objective: Whose parameters are no letters of constants.
        loss: Where it is of a loss: the weight is told as what that is a function of.
    """
    parts: list[Sentence] = []
    if verdict.holds_iff is not None:
        parts.append(("iff ", verdict.holds_iff))
    if verdict.value is not None and verdict.symbol not in _BESIDE:
        parts.append(_constant(verdict.symbol, verdict.value, objective))
    if verdict.said:
        parts.append(verdict.said)
    if verdict.witness is not None:
        parts.append(_witness_sentence(verdict.witness))
    if verdict.method.startswith("balls for"):
        parts.append((f"({verdict.method})",))
    return tuple(parts) if loss is None else tuple(_at_sample(part, loss) for part in parts)


def _at_sample(sentence: Sentence, loss: LossProfile) -> Sentence:
    return tuple(part if isinstance(part, str) else loss.at_sample(part) for part in sentence)


def _constant(symbol: str, value: Tree, objective: Objective) -> Sentence:
    """Return a claim's constant, by its letter unless that is a parameter's."""
    if symbol in objective.names:
        return ("with the constant ", value)
    return (Compare("==", Name(symbol), value),) if symbol in _LETTERS else (f"{symbol} = ", value)


_LETTERS = {"rho": r"\rho", "mu": r"\mu", "L": "L", "G": "G", "lr": r"\eta", "step": "s"}
"""What constants and steps are called in mathematics."""


def markdown(analysis: Verdicts, dialect: Dialect = GITHUB) -> str:
    """Return the verdicts as a table in Markdown."""
    objective, notation = analysis.objective, verdict_notation(analysis)

    def shown(sentence: Sentence) -> str:
        return allowed(in_prose(sentence, notation, escape, dialect.within)).replace("|", r"\|")

    rows = ["| claim | verdict | |", "| --- | --- | --- |"]
    for verdict in analysis.verdicts:
        said = "; ".join(map(shown, sentences(verdict, objective, analysis.loss)))
        rows.append(f"| {verdict.claim} | {verdict.verdict} | {said} |")
    title = f"# {escape(objective.name)}" + (
        f": {in_title(objective.title, escape, dialect.within)}" if objective.title else ""
    )
    parameters = [f"- {shown(row)}" for row in _declared(analysis)]
    return "\n".join([title, "", *parameters, "", *rows]) + "\n"


def latex(analysis: Verdicts) -> str:
    """Return the verdicts as a complete LaTeX document."""
    objective, notation = analysis.objective, verdict_notation(analysis)

    def shown(*parts: Sentence) -> str:
        return "; ".join(in_prose(sentence, notation, escape_latex, "${}$") for sentence in parts)

    return render(
        "latex/properties.tex",
        {
            "name": escape_latex(objective.name),
            "title": in_title(objective.title, escape_latex, "${}$"),
            "parameters": [shown(row) for row in _parameters(analysis)],
            "opening": shown(_opening(analysis)),
            "lines": [f"{left} & {right}".lstrip() for left, right in lines_of(_formula(analysis), notation)],
            "weights": shown(*_weights(analysis)),
            "rows": [
                {
                    "claim": escape_latex(v.claim),
                    "verdict": v.verdict,
                    "meaning": shown(meaning_of(v.claim, objective.terms.names)),
                    "said": shown(*sentences(v, objective, analysis.loss)),
                }
                for v in analysis.verdicts
            ],
        },
    )


def _opening(analysis: Verdicts) -> Sentence:
    """Return what the formula is of."""
    if analysis.loss is not None:
        return (Compare("==", LOSS, call("phi", analysis.loss.argument)), ", where")
    if analysis.objective.data is not None:
        return ("With predictions ", Compare("==", Name("z"), times(Name("X"), W)), ":")
    if analysis.objective.terms.couple_weights:
        return ("Of the whole vector, or of one weight ", W, " as ", PHI_OF_W, ", the others fixed:")
    over_weights = Sum(call("phi", Item("w", (Subscript("i"),))), "i")
    return (Compare("==", Name("R"), over_weights), ", where")


def _formula(analysis: Verdicts) -> Equation:
    """Return what the penalty is: of one weight, or of the vector where a term is in index notation; or the loss."""
    if analysis.loss is not None:
        return Equation(left=LOSS, rights=(analysis.loss.loss.expression,))
    objective = analysis.objective
    if objective.data is not None:
        whole = _objective_equation(objective)
        return Equation(left=whole.left, rights=(whole.right,))
    if not objective.terms.couple_weights:
        return Equation(left=PHI_OF_W, rights=(total([_weighted(term) for term in objective.terms.elementwise]),))
    return Equation(left=Name("R"), rights=(_penalty(objective),))


def _penalty(objective: Objective) -> Tree:
    """Return R over all weights."""
    own = total([_weighted(term) for term in objective.terms.elementwise])
    summed = [Sum(substitute(own, {W: Item("w", (Subscript("i"),))}), "i")] if objective.terms.elementwise else []
    return total([*summed, *(_weighted(t) for t in objective.terms.terms if not t.is_elementwise)])


def _weighted(term: Term) -> Tree:
    return times(number(term.coefficient), term.tree)


def _weights(analysis: Verdicts) -> list[Sentence]:
    """Return where a weight lies; of a loss, where the label and the prediction do."""
    if analysis.loss is not None:
        loss = analysis.loss.loss
        rows: tuple[tuple[Tree, str], ...] = ((Y, loss.labels.condition("y")), (Z, loss.prediction.condition("z")))
        return [(name, text[1:]) for name, text in rows]
    domains = dict.fromkeys(term.domain for term in analysis.objective.terms.terms)
    ends = [end for end in map(condition_of, domains) if end is not None]
    return [(end,) for end in ends] or [("all real ", W)]


def to_json(analysis: Verdicts) -> str:
    """Return the verdicts as JSON; expressions are text of the language over `w`, `u` and `v`.

    Of a loss `w` stands for its `argument`, over `z` and `y`.
    """
    return json.dumps(data(analysis), indent=2) + "\n"


def data(analysis: Verdicts) -> dict[str, Any]:
    """Return the verdicts as lists, dicts and strings."""
    return {
        "schema_version": SCHEMA_VERSION,
        **(
            {"objective": {"name": analysis.objective.name, "text": analysis.objective.text}}
            if analysis.loss is None
            else {"loss": of_loss(analysis.loss)}
        ),
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


def _witness_sentence(witness: Witness) -> Sentence:
    """Return a witness as a sentence: where, what would have to hold, and the two sides."""
    weights = [pair for pair in witness.at if pair[0] in ("w", "u", "v")]
    others = [pair for pair in witness.at if pair not in weights]
    where: Sentence = ()
    for name, value in (*weights, *others):
        where = (*where, ", " if where else "at ", Compare("==", Name(name), _number(value)))
    sides = f": {witness.left_value} against {witness.right_value}"
    return (*where, *((": ",) if where else ()), "not ", *witness.relation, sides)


def _number(value: Fraction) -> Tree:
    """Return an exact number: as a decimal where it has a short one, else as a fraction."""
    size = number(abs(value))
    return Negate(size) if value < 0 else size


def _declared(analysis: Verdicts) -> list[Sentence]:
    """Return what a loss is, or a loss over samples, and what the parameters may be."""
    of_data = [] if analysis.objective.data is None else _of_whole(analysis.objective)
    return [*of_data, *(() if analysis.loss is None else _of_loss(analysis.loss)), *_parameters(analysis)]


def _parameters(analysis: Verdicts) -> list[Sentence]:
    """Return what the parameters may be, and the elements of arrays that are not any real number."""
    rows = [row for row in declared_rows(analysis.objective.declarations) if analysis.loss is None or row.name != Y]
    return [(row.domain,) if row.domain else (row.name, " real") for row in rows]


def _of_whole(objective: Objective) -> list[Sentence]:
    """Return what a whole objective is."""
    data = objective.data
    assert data is not None
    of_sample: Sentence = (Compare("==", LOSS, data.loss.expression), f" for {data.loss.labels.condition('y')}")
    of_penalty: list[Sentence] = [(Compare("==", Name("R"), _penalty(objective)),)] if objective.terms.terms else []
    return [(_objective_equation(objective),), of_sample, *of_penalty]


def _objective_equation(objective: Objective) -> Compare:
    """Return O as the sum over the samples and R."""
    assert objective.data is not None
    k = (Subscript("k"),)
    whole = times(objective.data.scale, Sum(call("loss", Item("z", k), Item("y", k)), "k"))
    return Compare("==", Name("O"), plus(whole, Name("R")) if objective.terms.terms else whole)


def _of_loss(profile: LossProfile) -> list[Sentence]:
    """Return what a loss is, and what is said of it."""
    loss = profile.loss
    where = "" if loss.prediction.is_all else f" and {loss.prediction.condition('z')}"
    said = "for each label" if profile.of == "prediction" else "and so for every label"
    return [
        (Compare("==", LOSS, loss.expression), f" for {loss.labels.condition('y')}{where}"),
        (Compare("==", LOSS, call("phi", profile.argument)), ": what holds of ", PHI, f" holds of the loss, {said}"),
    ]


def verdict_notation(analysis: Verdicts) -> Notation:
    """Return the notation of an objective, with the letters of constants that are no parameters."""
    notation = notation_of(analysis.objective.declarations, None)[0]
    taken = set(notation.symbols.values())
    letters = {name: symbol if symbol not in taken else latex_symbol(name) for name, symbol in _LETTERS.items()}
    return Notation(letters | notation.symbols, proximal=r"\varphi")
