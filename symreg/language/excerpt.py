"""Where an error stands in a text, and in the file that the text is a part of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from symreg.errors import LanguageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpted:
    """A text that stands inside another one, for messages: the whole, its name, and where the text starts in it."""

    source: str = "expression"
    whole: str | None = None
    offset: int = 0


def fail_in(place: Excerpted, message: str, text: str, position: int, *, to_paste: str = "") -> NoReturn:
    """Raise the error at a position of a text that stands in a place.

    Args:
        place: Where the text stands.
        message: What is wrong and what would be right.
        text: The text.
        position: In it.
        to_paste: Lines that would put it right.

    Raises:
        LanguageError: Always.
    """
    whole = text if place.whole is None else place.whole
    at = min(position, max(len(text) - 1, 0)) + place.offset
    fail_at(message, whole, at, place.source, to_paste=to_paste)


def fail_at(message: str, text: str, position: int, source: str = "expression", *, to_paste: str = "") -> NoReturn:
    """Raise the error at a position of a text; see `fail_in`.

    Raises:
        LanguageError: Always.
    """
    at = min(position, max(len(text) - 1, 0))
    line_start = text.rfind("\n", 0, at) + 1
    line = text.count("\n", 0, at) + 1
    raise LanguageError(message, source=source, text=text, line=line, column=at - line_start + 1, to_paste=to_paste)
