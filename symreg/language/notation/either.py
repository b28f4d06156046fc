"""Read a text in the language, and where the language refuses it as the one that it stands for in another notation.

The other notations are imported when there is something to read in one: most texts are in the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from symreg.errors import LanguageError, SpecError, UnknownName
from symreg.expressions.text import LONGEST_MENTION
from symreg.language.notation.reading import Reading

LONGEST_TEXT = 8_000
"""Characters of a text in another notation than the language's."""

_NOTHING = re.compile(r"(?!)")
_FOREIGN = re.compile(r"[\\|]|[^\x00-\x7f]")
_Read = TypeVar("_Read")


def read_either(
    typed: str, read: Callable[[str], _Read], kept: re.Pattern[str] = _NOTHING
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
    from symreg.language.notation.translation import Ungrammatical, in_another_notation

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
    from symreg.language.notation.translation import in_another_notation

    try:
        text = in_another_notation(typed).text if len(typed) <= LONGEST_TEXT else ""
        read(text)
    except (LanguageError, SpecError):
        return None
    return text if len(text) <= LONGEST_MENTION else None
