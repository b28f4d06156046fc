"""Set an equation as the lines of amsmath's `align*`, none wider than the page; and prose with mathematics in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from symreg.presentation.mathematics.latex import formula, inline
from symreg.presentation.mathematics.latex_runs import piece
from symreg.presentation.mathematics.layout import BETWEEN, Line, Run, broken, row
from symreg.presentation.mathematics.notation import Notation, latex_symbol
from symreg.presentation.outline.document import Equation, Sentence

WIDTH = 42_000
"""Of a line, in thousandths of an em: 45.5 em between margins of 25 mm on A4 paper, less the indent of displays."""

_FIXED = re.compile(r"\b(?P<name>[A-Za-z]\w*) = (?P<number>-?\d+(?:\.\d+)?(?:/\d+)?)(?![\w.])", re.ASCII)
_STEP, _DEEPEST = 2_000, 10_000
_RELATION = 1_400
_WIDEST_LEFT = 16_000
WIDEST_INLINE = 14_000
"""Of a piece of mathematics in a sentence, beyond which the line may end within it."""


class Aligned(NamedTuple):
    """One line of a display; the lines' right parts begin below each other."""

    left: str
    right: str


def lines_of(equation: Equation, notation: Notation, width: int = WIDTH) -> tuple[Aligned, ...]:
    """Return the lines of an equation, aligned at its sign."""
    sign = r"\leftarrow" if equation.is_assignment else r"\in" if equation.is_membership else "="
    sign = r"\le" if equation.is_bound else sign
    left = formula(equation.left, notation)
    rights = [formula(right, notation) for right in equation.forms()]
    widest = max(right.width for right in rights)
    lines: list[Aligned] = []
    start, more, room = left.flat, "", width - left.width - _RELATION
    is_too_wide = left.width + _RELATION + widest > width
    if is_too_wide and (left.width > _WIDEST_LEFT or _is_better_below(rights, room, width - 1_000 - _RELATION)):
        lines.extend(Aligned("", line) for line in _indented(broken_lines(left, width)))
        start, more, room = "", r"\quad ", width - 1_000 - _RELATION
    for position, right in enumerate(rights):
        first, *rest = _indented(broken_lines(right, room))
        lines.append(Aligned("" if position else start, f"{more}{'=' if position else sign} {first}"))
        lines.extend(Aligned("", more + line) for line in rest)
    if equation.condition is not None:
        after = row((piece(r"\text{for } ", 2_000), inline(equation.condition, notation)))
        if len(broken_lines(rights[-1], room)) == 1 and rights[-1].width + 2_000 + after.width <= room:
            lines[-1] = Aligned(lines[-1].left, rf"{lines[-1].right} \qquad {after.flat}")
        else:
            lines.extend(Aligned("", rf"{more}\qquad {line}") for line in _indented(broken_lines(after, room - 2_000)))
    return tuple(lines)


def _is_better_below(rights: list[Run], room: int, room_below: int) -> bool:
    """Is there a right-hand side that would be torn apart beside the left one, and not in a line of its own?"""
    return any(
        room < right.width <= room_below
        and not (right.breaks == BETWEEN and all(part.width <= room for part in right.parts))
        for right in rights
    )


def broken_lines(run: Run, width: int) -> tuple[Line, ...]:
    """Return a formula as lines no wider than `width`."""
    if run.width <= width:
        return (Line(0, run.flat),)
    return broken(run, width, step=_STEP, deepest=min(_DEEPEST, width // 3))


def in_prose(
    sentence: Sentence,
    notation: Notation,
    escape: Callable[[str], str],
    mathematics: str,
    widest: int = WIDEST_INLINE,
) -> str:
    """Return a sentence with its text escaped and its trees as inline mathematics.

    Args:
        sentence: Prose and trees.
        notation: For the trees.
        escape: Makes text safe in the format.
        mathematics: How the format writes inline mathematics, with `{}` for it.
        widest: Of a piece of mathematics.
    """
    return "".join(
        escape(part) if isinstance(part, str) else inline_mathematics(inline(part, notation), mathematics, widest)
        for part in sentence
    )


def in_title(title: str, escape: Callable[[str], str], mathematics: str) -> str:
    """Return a title as text, in which a parameter with its number, `lam = 0.3`, is a formula.

    Args:
        title: One line of user text.
        escape: Quotes what is text.
        mathematics: How a formula is enclosed, with `{}` for it.
    """
    pieces: list[str] = []
    end = 0
    for match in _FIXED.finditer(title):
        shown = f"{latex_symbol(match['name'])} = {match['number']}"
        pieces += [escape(title[end : match.start()]), mathematics.replace("{}", shown)]
        end = match.end()
    return "".join([*pieces, escape(title[end:])])


def inline_mathematics(run: Run, mathematics: str, widest: int = WIDEST_INLINE) -> str:
    """Return a formula for a line of prose; a long one in pieces between which the line may end."""
    if run.width <= widest:
        return mathematics.replace("{}", run.flat)
    pieces = broken(run, widest)
    return " ".join(
        mathematics.replace("{}", _continued(line.text) if i else line.text) for i, line in enumerate(pieces)
    )


def _indented(lines: tuple[Line, ...]) -> list[str]:
    shown = []
    for position, (indent, text) in enumerate(lines):
        shown.append(text if position == 0 else f"{_space(indent)}{_continued(text)}")
    return shown


def _space(width: int) -> str:
    """Return so much space at the beginning of a line."""
    ems = max(1, round(width / 1_000))
    return {1: r"\quad ", 2: r"\qquad "}.get(ems, f"\\hspace{{{ems}em}} ")


def _continued(text: str) -> str:
    """Return a line that continues another: an operator in front keeps the space of an operator."""
    text = text.strip()
    return "{} " + text if text.startswith(("+", "-", "=", "<", ">", r"\le", r"\ge", "^")) else text
