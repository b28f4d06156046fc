"""Read a text in any notation that is known, as the text of the language that it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from symreg.errors import LanguageError, SpecError, UnknownName
from symreg.expressions.text import LONGEST_MENTION
from symreg.language.excerpt import fail_at
from symreg.language.limits import DEEPEST
from symreg.language.notation.definition import Equation, equation
from symreg.language.notation.formula import Node, printed
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.grammar.expression import expression, product
from symreg.language.notation.meaning.meaning import in_the_language
from symreg.language.notation.meaning.whole import with_one_form
from symreg.language.notation.tokens.bars import with_directions
from symreg.language.notation.tokens.latex import latex_tokens
from symreg.language.notation.tokens.plain import plain_tokens
from symreg.language.notation.tokens.token import Source, Token, Ungrammatical

LONGEST_TEXT = 8_000
"""Characters of a text in another notation than the language's."""

_NO_NAME = (
    "what stands before '=' is not the name of a penalty, as in R(w) = ...; write the formula alone, '==' to compare"
)
_BEHIND = (
    "what stands behind the formula is not read; a parameter's domain is declared by --param, as in "
    "--param 'a: (2, inf) = 3.7'"
)
NOTHING = re.compile(r"(?!)")
_FOREIGN = re.compile(r"[\\|]|[^\x00-\x7f]")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text in the language, and where each of its characters comes from.

    Args:
        typed: The text as it was typed.
        text: The text in the language.
        origins: For each character of `text`, where in `typed` stands what it is for.
    """

    typed: str
    text: str
    origins: tuple[int, ...]

    @property
    def note(self) -> str:
        """What to tell whoever typed it."""
        return f"read as: {self.text}"

    def placed(self, error: LanguageError) -> LanguageError:
        """Return an error in the language's text as one in what was typed."""
        if error.text != self.text:
            return error
        try:
            fail_at(error.message, self.typed, self.origins[min(error.column, len(self.origins)) - 1], error.source)
        except LanguageError as placed:
            return placed


def read_either(
    typed: str, read: Callable[[str], _Read], kept: re.Pattern[str] = NOTHING
) -> tuple[_Read, Reading | None]:
    """Return what a reader of the language makes of a text, or of the text that it stands for in another notation.

    What is in the language is never read in another way.

    Args:
        typed: The text.
        read: Reads the language.
        kept: Matches the parts of a text that stay as they are, whatever they are.

    Returns:
        What was read, and how the text was understood, None if it is in the language as it stands.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where in what was typed, and what would be right.
    """
    try:
        return read(typed), None
    except (LanguageError, SpecError, UnknownName) as error:
        reading = _reading_after(error, typed, kept)
    try:
        return read(reading.text), reading
    except LanguageError as error:
        raise reading.placed(error) from None


def _reading_after(error: Exception, typed: str, kept: re.Pattern[str]) -> Reading:
    """Return the reading of a text that the language refuses; where there is none, the clearer error of the two."""
    if len(typed) > LONGEST_TEXT:
        raise error
    try:
        return in_another_notation(typed, kept)
    except Ungrammatical as other:
        if _FOREIGN.search(typed) is None:
            raise error from None
        raise LanguageError(
            other.message, source=other.source, text=other.text, line=other.line, column=other.column
        ) from None


def text_in_the_language(typed: str, read: Callable[[str], object]) -> str | None:
    """Return the text in the language that another notation stands for, if a reader takes it and it is short.

    Args:
        typed: What the reader refused.
        read: Reads the language; raises one of symreg's errors for what is not in it.
    """
    try:
        text = in_another_notation(typed).text if len(typed) <= LONGEST_TEXT else ""
        read(text)
    except (LanguageError, SpecError):
        return None
    return text if len(text) <= LONGEST_MENTION else None


def in_another_notation(typed: str, kept: re.Pattern[str] = NOTHING) -> Reading:
    """Return the reading of a text as it is typed or as papers print it.

    Args:
        typed: Plain text, with symbols of Unicode, or LaTeX.
        kept: Matches what stays as it is.

    Raises:
        LanguageError: It can be read in two ways, or is understood and not in the language.
        Ungrammatical: It is not understood.
    """
    source = Source(typed)
    try:
        return _read(source, kept)
    except RecursionError:
        source.stop(f"nested more than {DEEPEST} deep", 0)


def _read(source: Source, kept: re.Pattern[str]) -> Reading:
    is_latex = "\\" in source.text
    tokens = latex_tokens(source) if is_latex else plain_tokens(source, kept)
    meant = _meant_by(equation(tokens, source), source, is_latex)
    if not source.foreign:
        source.stop("this is not in the language", 0)
    pieces = printed(meant)
    return Reading(
        typed=source.text,
        text="".join(piece.text for piece in pieces),
        origins=tuple(piece.at for piece in pieces for _ in piece.text),
    )


def _meant_by(written: Equation, source: Source, is_latex: bool) -> Node:
    """Return what a formula means, or several that are said to be the same.

    Raises:
        LanguageError: The sides of `=` mean different things, or the first is neither a formula nor a penalty's name.
    """
    meant: list[Node] = []
    for side in written.sides:
        cursor = _cursor(side, source, is_latex)
        try:
            node = _whole(cursor)
            meant.append(
                in_the_language(
                    node,
                    source,
                    argument=written.argument,
                    counts=cursor.counts,
                    is_latex=is_latex,
                    read_formula=_formula,
                )
            )
            of_no_parameter = next(
                (said for said in cursor.positive if said.text not in meant[-1].names() - {"w"}), None
            )
            if of_no_parameter is not None:
                source.fail(_BEHIND, of_no_parameter.start)
        except Ungrammatical:
            if written.is_named or meant or len(written.sides) == 1:
                raise
            source.stop(_NO_NAME, side[0].start)
    if not written.is_named and any("w" not in node.names() for node in meant) and len(meant) > 1:
        source.stop(_NO_NAME, written.sides[0][0].start)
    differing = next((node for node in meant if with_one_form(node) != with_one_form(meant[0])), None)
    if differing is not None:
        first, other = ("".join(piece.text for piece in printed(node)) for node in (meant[0], differing))
        shown = f"as {first} and as {other}" if len(first + other) < LONGEST_MENTION else "differently"
        source.fail(f"the sides of '=' are read {shown}; write one of them", written.sign)
    return meant[0]


def _formula(text: str) -> Node:
    """Return the formula that a text of the language is."""
    source = Source(text)
    return _whole(_cursor(plain_tokens(source, NOTHING), source, is_latex=False))


def _cursor(tokens: list[Token], source: Source, is_latex: bool) -> Cursor:
    end = len(source.text)
    directed = with_directions(tokens, source)
    last = Token(kind="end", text="", start=end, end=end)
    return Cursor(source=source, tokens=[*directed, last], is_latex=is_latex, expression=expression, product=product)


def _take_positive(cursor: Cursor) -> None:
    """Take `, a > 0, b > 0` behind a formula, which parameters are anyway, and remember what is said of what."""
    while cursor.meets("operator", ",", ";") and cursor.tokens[cursor.place + 1].kind == "name":
        start = cursor.place
        cursor.take()
        said = expression(cursor)
        subject, least = said.parts if said.kind == "compare" and said.text == ">" else (said, said)
        if (subject.kind, least.kind, least.text) != ("name", "number", "0"):
            cursor.place = start
            return
        cursor.positive.append(subject)
        cursor.source.mark(subject.start)


def _whole(cursor: Cursor) -> Node:
    node = expression(cursor)
    _take_positive(cursor)
    while cursor.meets("operator", ",", ";", ".") and cursor.tokens[cursor.place + 1].kind == "end":
        cursor.take()
    if cursor.meets("operator", ",", ";"):
        refuse = cursor.source.fail if cursor.source.foreign else cursor.source.stop
        refuse(_BEHIND, cursor.next.start)
    if cursor.next.kind != "end":
        cursor.missing()
    return node
