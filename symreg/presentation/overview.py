"""An objective or a rule on one screen: its formula, what was derived, the claims that matter, what to ask next."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable
from dataclasses import replace

from symreg.claims.verdict import Verdict, Verdicts
from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.expressions.tree import Call, Item, Name, Subscript, Tree, names, substitute
from symreg.model.interval import decimal
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.presentation.escaping import plain
from symreg.presentation.mathematics.notation import Notation, notation_of
from symreg.presentation.outline.command import command_line
from symreg.presentation.outline.document import Equation, Sentence
from symreg.presentation.outline.outline import outline
from symreg.presentation.outline.prose import parameter_row
from symreg.presentation.outline.proximal import proximal_part
from symreg.presentation.text import WIDTH, definitions, equation_lines, heading, sentence_lines, titled
from symreg.presentation.verdicts import sentences, verdict_notation

COLUMN = 12
_CLAIMS = (
    "convex", "weakly convex", "gradient Lipschitz", "shrinks toward the origin", "sparse", "unbiased",
    "continuous thresholding",
)  # fmt: skip
"""Those that decide which algorithm may be used, and what it does to weights."""

_FORMULAS = (("loss",), ("prediction",), ("penalty",), ("loss of a sample",), ("slopes",))


def overview(
    gradient: GradientDerivation, operator: ProximalDerivation | str, verdicts: Verdicts, docs: tuple[str, ...] = ()
) -> str:
    """Return an objective on one screen, as text: ASCII, a newline at the end.

    Args:
        gradient: Of its penalty, or of all of it where its loss is written out.
        operator: Of its penalty, or why there is none.
        verdicts: On its penalty, or on all of it.
        docs: What to know of the conventions, a paragraph each.
    """
    document, objective = outline(gradient), gradient.objective
    formulas = [entry.equation for entry in document.entries if entry.rule in _FORMULAS]
    slopes = [] if gradient.data is None else [Equation(left=Call("d", (Name("L"),)), rights=(gradient.data.slope,))]
    if gradient.objective.terms.terms:
        slopes.append(Equation(left=Call("d", (Name("R"),)), rights=(gradient.gradient,)))
    blocks = [
        heading(replace(document, rule="", rule_reference="")),
        row("formula", [line for e in formulas for line in equation_lines(e, document.formulas, COLUMN)]),
        row("derivative", [line for e in slopes for line in equation_lines(e, document.formulas, COLUMN)]),
        row("operator", wrapped(operator) if isinstance(operator, str) else _operator_lines(operator)),
        row("claims", claim_lines(verdicts, verdict_notation(verdicts))),
        *(row("note", wrapped(plain(doc))) for doc in docs),
    ]
    asked = {"derive": (), "analyse": (), "generate": ("--target", "c"), "verify": ()}
    commands = [command_line(verb, objective, options) for verb, options in asked.items()]
    if not isinstance(operator, str):
        commands.insert(1, command_line("derive", objective, ("--prox",)))
    return page([*blocks, row("next", [" " * COLUMN + command for command in commands])])


def rule_overview(rule: Rule) -> str:
    """Return an update rule on one screen, as text."""
    _, notation = notation_of(Terms(terms=()), rule)
    title = f"{rule.name} - {plain(rule.title)}" if rule.title not in ("", rule.name) else rule.name
    meanings = _meanings(rule)
    first = [f"{state.name}{'_j' * state.is_array} = {decimal(state.initial)}" for state in rule.states]
    meanings += [f"{', '.join(first)} before the first step"] if first else []
    penalty = "l1" if rule.uses_prox else "l2"
    named = shlex.quote(rule.command_name)
    commands = [f"symreg {verb} {penalty} --rule {named}" for verb in ("derive", "generate", "verify")]
    blocks = [
        [
            *titled(title, tuple(map(parameter_row, rule.parameters)), notation),
            *textwrap.wrap(plain(rule.reference), WIDTH, initial_indent="   ", subsequent_indent="   "),
            "",
        ],
        row("step", _step_lines(rule, notation)),
        row("where", [line for meaning in meanings for line in wrapped(meaning)]),
        *([row("note", wrapped(plain(rule.doc)))] if rule.doc else ()),
        row("next", [" " * COLUMN + command for command in commands]),
    ]
    return page(blocks)


def _meanings(rule: Rule) -> list[str]:
    """Return what the names in a rule's assignments stand for that are no parameters of its own."""
    used = frozenset().union(*(names(step.expression) for step in rule.steps))
    smooth, kinked = ("S", "P") if rule.uses_prox and used & {"g", "g_penalty"} else ("R", "R")
    rows = {
        "g": f"g_j = dL/dw_j + d{smooth}/dw_j",
        "g_loss": "g_loss_j = dL/dw_j",
        "g_penalty": f"g_penalty_j = d{smooth}/dw_j",
        "t": "t counts the steps, from 1",
    }
    told = [words for name, words in rows.items() if name in used]
    if rule.uses_prox:
        told.append(f"prox(v, s) = argmin_u s*{kinked}(u) + (u - v)^2/2")
    if smooth == "S":
        told.append("P are the terms of the penalty that have a kink, S the others")
    return told


def _step_lines(rule: Rule, notation: Notation) -> list[str]:
    weight: Tree = Item("w", (Subscript("j"),))
    lines: list[str] = []
    for step in rule.steps:
        left = weight if step.target == "w" else Name(step.target)
        right = substitute(step.expression, {Name("w"): weight})
        lines += equation_lines(Equation(left=left, rights=(right,), is_assignment=True), notation, COLUMN)
    return lines


def _operator_lines(operator: ProximalDerivation) -> list[str]:
    """Return the closed forms of an operator by the ranges of its step, or the minimum that it is."""
    part = proximal_part(operator)
    results = [entry.equation for entry in part.entries if entry.rule == ("result",)]
    results += definitions(operator)
    minimum = [entry.equation for entry in part.entries if entry.rule == ("proximal operator",)]
    lines = [line for equation in results or minimum for line in equation_lines(equation, part.formulas, COLUMN)]
    if not results:
        lines += wrapped("(no closed form: emitted code searches for the minimum)")
    if operator.is_radial:
        u, r = operator.letters.weight, operator.letters.point
        lines += wrapped(f"({r} = norm(v), {u} = norm(prox(v, s)); prox(v, s) points as v does)")
    return lines


def claim_lines(verdicts: Verdicts, notation: Notation, claims: tuple[str, ...] = _CLAIMS) -> list[str]:
    """Return some verdicts as lines that begin at the column."""
    chosen = [verdict for verdict in verdicts.verdicts if verdict.claim in claims]
    if any(verdict.claim == "convex" and verdict.verdict == "proved" for verdict in chosen):
        chosen = [verdict for verdict in chosen if verdict.claim != "weakly convex"]
    first = max(len(verdict.claim) for verdict in chosen) + 2
    second = max(len(verdict.verdict) for verdict in chosen) + 2
    lines: list[str] = []
    for verdict in chosen:
        head = f"{' ' * COLUMN}{verdict.claim:<{first}}{verdict.verdict:<{second}}"
        said = sentence_lines(_said(verdict, verdicts), notation, WIDTH - len(head)) or [""]
        lines += [(head if position == 0 else " " * len(head)) + line for position, line in enumerate(said)]
    return lines


def _said(verdict: Verdict, verdicts: Verdicts) -> tuple[Sentence, ...]:
    """Return the condition and the constant of a verdict, else a word on it; what refutes one is for `analyse`."""
    is_told = verdict.holds_iff is not None or verdict.value is not None
    short = replace(verdict, witness=None, method="", said=() if is_told else verdict.said)
    return sentences(short, verdicts.objective, verdicts.loss)


def row(label: str, lines: list[str]) -> list[str]:
    """Return lines that begin at the column, with a label before the first."""
    first, *rest = lines
    return [f"{label:<{COLUMN}}{first[COLUMN:]}", *rest]


def wrapped(words: str) -> list[str]:
    """Return words as lines that begin at the column."""
    indent = " " * COLUMN
    return textwrap.wrap(words, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def page(blocks: Iterable[list[str]]) -> str:
    """Return blocks of lines as text."""
    return "\n".join(line.rstrip() for block in blocks for line in block) + "\n"
