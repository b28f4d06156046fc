"""Write a derivation as text that reads well at 80 columns: numbered steps, rule, equation, why."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from symreg.derivation.loss_model import LossDerivation
from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.expressions.tree import Call, Name, Tree
from symreg.presentation.escaping import plain
from symreg.presentation.mathematics.layout import Run, broken, row
from symreg.presentation.mathematics.notation import Notation
from symreg.presentation.mathematics.paper import cases, on_paper
from symreg.presentation.mathematics.text import condition_after, formula, piece
from symreg.presentation.outline.document import Entry, Equation, Outline, ParameterRow, Remark, Section, Sentence
from symreg.presentation.outline.outline import outline

WIDTH = 80
_MARGIN = 3
_WIDEST_RULE = 22
_MOST_BESIDE = 2
_STEP = 4
_FARTHEST = 48
"""No line of a formula begins farther to the right."""
_TIE = "\x00"
"""Stands for a space inside a formula while a sentence is wrapped."""
_ARGUMENT = re.compile(r"--\w+ \"[^\"]{1,60}\"|(?:--\w+ )?'[^']*'")
"""Of a command: an option and its value, and what stands in single quotes: no line ends in there."""
_QUOTED = re.compile(r"(?:domain = )?'[^']{1,40}'")


def text(document: Outline) -> str:
    """Return a derivation as text: ASCII, no line wider than 80 characters, a newline at the end."""
    blocks = [heading(document), *_entries(document)]
    blocks += _sections(document)
    for part in document.parts:
        within = document.of_part(part)
        title = titled(plain(part.title), part.parameters, part.formulas)
        blocks.append(["", *title, *_wrapped(plain(part.reference), indent=_MARGIN)])
        blocks += [[""]] * bool(part.parameters)
        blocks += [*_entries(within), *_sections(within)]
    blocks.append(["", *_check(document.command, document.check)])
    return "\n".join(line.rstrip() for block in blocks for line in block) + "\n"


def results(chain: GradientDerivation | ProximalDerivation | LossDerivation) -> list[str]:
    """Return what was derived, a line each: the gradient and the rule's assignments, or the operator's closed forms."""
    document = outline(chain)
    if isinstance(chain, LossDerivation):
        shown = [entry.equation for entry in document.entries if entry.rule == ("result",)]
    elif isinstance(chain, ProximalDerivation):
        named = [entry.equation for entry in document.entries if entry.rule == ("result",)]
        shown = named or [entry.equation for entry in document.entries if entry.rule == ("proximal operator",)]
        shown += definitions(chain)
    else:
        equations = [entry.equation for entry in document.entries]
        slope = [Equation(left=Call("d", (Name(chain.smooth),)), rights=(chain.gradient,))] if chain.smooth else []
        if chain.data is not None:
            slope.insert(0, Equation(left=Call("d", (Name("L"),)), rights=(chain.data.slope,)))
        shown = [*slope, *{equation.left: equation for equation in equations if equation.is_assignment}.values()]
    return [_on_one_line(equation, document) for equation in shown]


def definitions(chain: ProximalDerivation) -> list[Equation]:
    """Return what the names stand for that occur in an operator's closed forms."""
    pairs = dict.fromkeys(pair for case in chain.cases for pair in case.definitions)
    return [Equation(left=Name(name), rights=(tree,)) for name, tree in pairs]


def _on_one_line(equation: Equation, document: Outline) -> str:
    notation = document.notation(equation)
    sign = "<-" if equation.is_assignment else "="
    condition = "" if equation.condition is None else f" for {formula(equation.condition, notation).flat}"
    left, right = (formula(tree, notation).flat for tree in (equation.left, equation.rights[-1]))
    return f"{left} {sign} {right}{condition}"


def _entries(document: Outline) -> list[list[str]]:
    """Return the lines of each step, the equations in one column."""
    number = len(str(len(document.entries))) + 2
    widths = [min(len(sentence_text(entry.rule, document.formulas)), _WIDEST_RULE) for entry in document.entries]
    column = number + max(widths, default=0) + 2
    return [_entry(entry, document, number, column) for entry in document.entries]


def _sections(document: Outline) -> list[list[str]]:
    return [["", *_section(section, document)] for section in document.sections]


def heading(document: Outline) -> list[str]:
    title = document.name
    if document.title not in ("", document.name):
        title += f" - {plain(document.title)}"
    rule = f"with {document.rule}" + (f" - {plain(document.rule_title)}" if document.rule_title else "")
    lines = [
        *titled(title, document.parameters, document.formulas),
        *(line for reference in document.references for line in _wrapped(plain(reference), indent=_MARGIN)),
        *(titled(rule, document.rule_parameters, document.formulas) if document.rule else ()),
        *_wrapped(plain(document.rule_reference), indent=_MARGIN),
    ]
    return [*lines, ""]


def titled(title: str, parameters: tuple[ParameterRow, ...], notation: Notation) -> list[str]:
    """Return a title with the parameters beside it where there is room, else below it."""
    shown = [_parameter(row, notation) for row in parameters]
    beside = ", ".join(shown)
    if len(title) + 4 + len(beside) <= WIDTH:
        return [title + beside.rjust(WIDTH - len(title))]
    documented = [f"{line}: {plain(row.doc)}" if row.doc else line for line, row in zip(shown, parameters, strict=True)]
    below = [line for row in documented for line in _wrapped(row, indent=_MARGIN, more=4)]
    return [*_wrapped(title, indent=0, more=_MARGIN), *below]


def _parameter(row: ParameterRow, notation: Notation) -> str:
    name = formula(row.name, notation).flat
    domain = f"{name} real" if row.domain is None else formula(row.domain, notation).flat
    return f"{domain} (default {formula(row.default, notation).flat})"


def _entry(entry: Entry, document: Outline, margin: int, column: int) -> list[str]:
    """Return the lines of one step: number and rule on the left; equation and why on the right, or beneath."""
    notation = document.notation(entry.equation)
    why = sentence_text(entry.why, notation)
    lines = equation_lines(entry.equation, notation, column)
    label = textwrap.wrap(sentence_text(entry.rule, notation), column - margin - 2) or [""]
    if len(lines) > _MOST_BESIDE:
        below = equation_lines(entry.equation, notation, 2 * _MARGIN)
        lines = [*([""] * len(label)), *below] if len(below) <= len(lines) else lines
    if why:
        if len(lines) == 1 and len(lines[0]) + 4 + len(why) <= WIDTH:
            lines = [f"{lines[0]}    {why.replace(_TIE, ' ')}"]
        else:
            indent = min(len(line) - len(line.lstrip()) for line in lines if line)
            lines = [*lines, *_wrapped(f"({why})", indent=indent)]
    lines.extend([""] * (len(label) - len(lines)))
    label = [f"{entry.number if i == 0 else '':<{margin}}{line}" for i, line in enumerate(label)]
    for i, line in enumerate(label):
        lines[i] = line + lines[i][len(line) :] if lines[i] else line
    return lines


def equation_lines(equation: Equation, notation: Notation, column: int) -> list[str]:
    """Return an equation as lines that begin at a column."""
    lines: list[str] = []
    left = formula(equation.left, notation)
    sign = " <- " if equation.is_assignment else " in " if equation.is_membership else " = "
    sign = " <= " if equation.is_bound else sign
    rights = equation.forms()
    for position, right in enumerate(rights):
        condition = equation.condition if position == len(rights) - 1 else None
        if position == 0:
            lines += _equal(left, sign, right, condition, notation, column)
        else:
            below = column + left.width + len(sign) - 2
            lines += _equal(piece(""), "= ", right, condition, notation, below if below < _FARTHEST else column + 2)
    return lines


def _equal(left: Run, sign: str, right: Tree, condition: Tree | None, notation: Notation, column: int) -> list[str]:
    """Return `left sign right` as lines that begin at a column."""
    after = "" if condition is None else f"   for {formula(condition, notation).flat}"
    start = column + left.width + len(sign)
    shown = formula(right, notation)
    pieces = _braced(right, notation, start)
    if pieces:
        lines = [" " * column + left.flat + sign + pieces[0], *(" " * start + line for line in pieces[1:])]
    elif left.flat and start > _FARTHEST and start + shown.width > WIDTH:
        lines = [*_lines(left, column), *_equal(piece(""), sign.lstrip(), right, None, notation, column + 2)]
    else:
        lines = _lines(row((piece(left.flat + sign), shown)), column)
    if after and len(lines) == 1 and len(lines[0]) + len(after) <= WIDTH:
        return [lines[0] + after]
    return [*lines, *_wrapped(after.strip(), indent=column + 2)] if after else lines


def _braced(tree: Tree, notation: Notation, column: int) -> list[str]:
    """Return the pieces of a `where` one below the other, or nothing if it is none or they do not fit."""
    tree = on_paper(tree)
    if not (isinstance(tree, Call) and tree.function == "where"):
        return []
    rows = [(formula(value, notation).flat, condition_after(where, notation)) for value, where in cases(tree)]
    widest = max(len(value) for value, _ in rows)
    lines = [f"{{ {value:<{widest}}   {where}" for value, where in rows]
    return lines if all(column + len(line) <= WIDTH for line in lines) else []


def _lines(run: Run, column: int) -> list[str]:
    """Return a formula as lines: aligned, or indented where that takes much less room; cut where neither fits."""
    layouts = [
        [" " * indent + text for indent, text in broken(run, WIDTH, indent=column, step=step, deepest=deepest)]
        for step, deepest in ((0, _FARTHEST), (_STEP, max(column, WIDTH // 4)))
    ]
    aligned, indented = layouts
    fitting = [lines for lines in layouts if all(len(line) <= WIDTH for line in lines)]
    if len(fitting) == 2:
        return aligned if 4 * len(indented) >= 3 * len(aligned) else indented
    if fitting:
        return fitting[0]
    return [part for line in indented for part in _wrapped(line.strip(), indent=column)]


def _section(section: Section, document: Outline) -> list[str]:
    subjects = ["" if r.subject is None else formula(r.subject, document.formulas).flat for r in section.remarks]
    number = len(str(len(document.entries))) + 2
    column = number + max((len(s) + 3 for s in subjects if s and len(s) <= 2 * _WIDEST_RULE), default=0)
    lines = [section.title]
    bullet = "" if any(subjects) else "- "
    for subject, remark in zip(subjects, section.remarks, strict=True):
        lines.extend(_remark(subject or bullet, remark, document, column))
    return lines


def _remark(subject: str, remark: Remark, document: Outline, column: int) -> list[str]:
    sentence = sentence_text(remark.sentence, document.formulas)
    if remark.subject is None:
        return _wrapped(subject + sentence, indent=_MARGIN, more=2)
    if _MARGIN + len(subject) + 3 <= column:
        first, *rest = _wrapped(sentence, indent=column)
        return [" " * _MARGIN + subject + first[_MARGIN + len(subject) :], *rest]
    return [*_wrapped(subject, indent=_MARGIN, more=2), *_wrapped(sentence, indent=min(column, 2 * _MARGIN))]


def _check(command: str, against: str) -> list[str]:
    line = f"Check it against {against}: {command}"
    if len(line) <= WIDTH:
        return [line]
    lines = [f"Check it against {against}:"]
    if _MARGIN + len(command) <= WIDTH:
        return [*lines, " " * _MARGIN + command]
    before, option, rule = command.rpartition(" --rule ")
    whole = _ARGUMENT.sub(lambda match: match[0].replace(" ", _TIE), before)
    wrapped = textwrap.wrap(whole, WIDTH - _MARGIN - 4, break_long_words=False, break_on_hyphens=False)
    parts = [*(part.replace(_TIE, " ") for part in wrapped), (option + rule).strip()]
    return [*lines, *(" " * _MARGIN + part for part in _continued([part for part in parts if part]))]


def _continued(parts: list[str]) -> list[str]:
    """Return the parts of a command as lines that a shell reads as one."""
    return [*(f"{part} \\" for part in parts[:-1]), parts[-1]]


def sentence_lines(sentences: Iterable[Sentence], notation: Notation, width: int) -> list[str]:
    """Return sentences with a semicolon between them as lines; none ends inside a short formula or quotation."""
    whole = "; ".join(sentence_text(sentence, notation) for sentence in sentences)
    return [line.replace(_TIE, " ") for line in textwrap.wrap(whole, width, break_on_hyphens=False)]


def sentence_text(sentence: Sentence, notation: Notation) -> str:
    """Return a sentence to be wrapped, in which no line may end inside a short formula or quotation."""
    line = ""
    for part in sentence:
        if isinstance(part, str):
            line += _QUOTED.sub(lambda match: match[0].replace(" ", _TIE), plain(part))
        else:
            shown = formula(part, notation).flat
            line += shown.replace(" ", _TIE) if len(shown) <= WIDTH // 2 else shown
    return line


def _wrapped(line: str, *, indent: int, more: int = 0) -> list[str]:
    first, rest = " " * indent, " " * (indent + more)
    lines = textwrap.wrap(line, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.replace(_TIE, " ") for line in lines]
