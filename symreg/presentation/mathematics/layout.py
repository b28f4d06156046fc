"""Lay out a formula: a `Run` is what a printer makes of a tree, `broken` gives it back as lines of bounded width.

Widths are the printer's: characters in text, thousandths of an em in LaTeX. Nothing here knows either notation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

NEVER, WITHIN, BETWEEN, EACH, INSTEAD = range(5)

_CHAINS = (WITHIN, BETWEEN, EACH)
_STEP = 4


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a formula, and what stands in its place where it is too wide for one line.

    Args:
        flat: The piece on one line.
        width: Of `flat`.
        parts: In its place where `flat` does not fit; empty if it cannot be broken.
        breaks: May a line end between two parts? `NEVER` (unless nothing else helps), `WITHIN` (a part that can be
            broken itself is, first: the factors of a product), `BETWEEN` (here first: the terms of a sum), `EACH`
            (here, and then everywhere: the pieces of a choice); `INSTEAD`: the parts are another form, for where no
            line is wide enough for `flat` (a fraction as a product).
        height: How tall it is, for the size of brackets around it: 0 a letter, 1 a power, 2 a fraction, 3 more.
    """

    flat: str
    width: int
    parts: tuple[Run, ...] = ()
    breaks: int = NEVER
    height: int = 0


class Line(NamedTuple):
    """One line of a broken formula."""

    indent: int
    text: str


def row(parts: Iterable[Run], breaks: int = NEVER) -> Run:
    """Return parts written one after the other."""
    written = tuple(part for part in parts if part.flat)
    if len(written) == 1:
        return written[0]
    return Run(
        "".join(part.flat for part in written),
        sum(part.width for part in written),
        written,
        breaks,
        max((part.height for part in written), default=0),
    )


def broken(run: Run, width: int, *, indent: int = 0, step: int = 0, deepest: int | None = None) -> tuple[Line, ...]:
    """Return the run as lines no wider than `width`, as long as no single piece is.

    Args:
        run: The formula.
        width: Of a line, its indent included.
        indent: Of the first line.
        step: A continuation line is indented by this much more than the line it continues; 0 aligns it with the
            start of the sum or product that it continues, if that is not beyond `deepest`.
        deepest: No line is indented by more than this (a third of the width if it is None).
    """
    writer = _Writer(width, step, width // 3 if deepest is None else deepest, indent)
    writer.put(run, indent, 0)
    return writer.finished()


@dataclass(slots=True)
class _Writer:
    """The lines so far, and the one that is being filled."""

    width: int
    step: int
    deepest: int
    indent: int
    column: int = 0
    text: str = ""
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.column = self.indent

    def put(self, run: Run, indent: int, after: int) -> None:
        """Write a run, after which `after` more should fit on its last line."""
        if self.column + run.width + (after if run.parts else 0) <= self.width:
            self.write(run)
        elif not run.parts or (run.breaks == INSTEAD and indent + run.width + after <= self.width):
            if self.text and self.column > indent:
                self.end_line(indent)
            self.write(run)
        else:
            self.put_parts(run, indent, after)

    def put_parts(self, run: Run, indent: int, after: int) -> None:
        inner = self.hang(indent) if run.breaks in _CHAINS else indent
        for position, part in enumerate(run.parts):
            following = after if position == len(run.parts) - 1 else 0
            if run.breaks == NEVER:
                following = self.heads(run.parts[position + 1 :], after)
            elif position and self.is_better_below(part, run.breaks, inner, following):
                self.end_line(inner)
            self.put(part, inner, following)

    def is_better_below(self, part: Run, breaks: int, indent: int, after: int) -> bool:
        """Should the line end before this part?"""
        room = self.width - self.column
        if breaks == EACH:
            return self.column > indent
        if part.width + after <= room or not self.text or self.column <= indent:
            return False
        can_break = self.can_break(part)
        if self.head(part) + (0 if can_break else after) > room:
            return True
        fits_below = indent + part.width + after <= self.width
        return fits_below and (breaks == BETWEEN or not can_break or 2 * room < part.width)

    def can_break(self, run: Run) -> bool:
        """Can a line end somewhere inside without tearing apart what belongs together?"""
        if run.breaks == INSTEAD and run.width <= self.width - self.deepest:
            return False
        return (run.breaks in _CHAINS and len(run.parts) > 1) or any(map(self.can_break, run.parts))

    def head(self, run: Run) -> int:
        """Return the width up to the first place where a line can end."""
        if not self.can_break(run):
            return run.width
        return self.head(run.parts[0]) if run.breaks in _CHAINS else self.heads(run.parts, 0)

    def heads(self, parts: tuple[Run, ...], after: int) -> int:
        total = 0
        for part in parts:
            total += self.head(part)
            if self.can_break(part):
                return total
        return total + after

    def hang(self, indent: int) -> int:
        """Return the indent of the lines that continue what starts here."""
        if not self.step and self.column <= self.deepest:
            return self.column
        return min(indent + (self.step or _STEP), max(self.deepest, indent))

    def write(self, run: Run) -> None:
        if not self.text:
            text = run.flat.lstrip(" ")
            self.column += run.width - (len(run.flat) - len(text))
            self.text = text
        else:
            self.text += run.flat
            self.column += run.width

    def end_line(self, indent: int) -> None:
        self.lines.append(Line(self.indent, self.text.rstrip(" ")))
        self.indent = self.column = indent
        self.text = ""

    def finished(self) -> tuple[Line, ...]:
        self.end_line(0)
        return tuple(self.lines)
