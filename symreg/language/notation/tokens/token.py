"""The tokens that plain text and LaTeX have in common, and how reading them fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NoReturn

from symreg.errors import LanguageError
from symreg.language.excerpt import fail_at

Kind = Literal["number", "name", "operator", "open", "close", "bar", "command", "word", "kept", "end"]

LONGEST_QUOTE = 40
INDICES = frozenset("ijkl")
"""Letters that are taken for an index wherever they stand in a subscript; others where a sum binds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of a text.

    Args:
        kind: `number`, `name` (of a parameter, the weight or a function), `operator`, `open` and `close` (of brackets),
            `bar` (of which it is not known yet whether it opens or closes), `command` (a fraction, a root, a sum, the
            rows of a choice), `word` (of a condition, as in "otherwise"), `kept` (what stays as it is), `end`.
        text: What it is, whatever alphabet it was written in.
        start: Where it begins in what was typed.
        end: Where it ends.
        after_space: Does white space, or a space of LaTeX's, stand before it?
        is_bold: Is it printed bold, as vectors are?
        is_apart: Does a wide space stand before it, as before what is no part of the formula?
    """

    kind: Kind
    text: str
    start: int
    end: int
    after_space: bool = False
    is_bold: bool = False
    is_apart: bool = False


class Ungrammatical(LanguageError):
    """A text that is no formula in any notation: what the language itself says of it may be clearer."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was typed, for messages.

    Args:
        text: All of it.
        foreign: Where something stands that the language's own notation has not.
    """

    text: str
    foreign: list[int] = field(default_factory=list)

    def mark(self, position: int) -> None:
        """Say that what stands at a position is of another notation than the language's."""
        self.foreign.append(position)

    def fail(self, message: str, position: int) -> NoReturn:
        """Refuse what is understood but not in the language, or ask which of two readings is meant.

        Raises:
            LanguageError: Always.
        """
        fail_at(message, self.text, position)

    def stop(self, message: str, position: int) -> NoReturn:
        """Refuse what is not understood.

        Raises:
            Ungrammatical: Always.
        """
        try:
            fail_at(message, self.text, position)
        except LanguageError as error:
            raise Ungrammatical(
                *error.args[:1], source=error.source, text=error.text, line=error.line, column=error.column
            ) from None

    def quoted(self, start: int, end: int) -> str:
        """Return a part of what was typed, in quotes; of a long one a word for it."""
        shown = self.part(start, max(end, start + 1))
        return f"'{shown}'" if 0 < len(shown) <= LONGEST_QUOTE else "this"

    def part(self, start: int, end: int) -> str:
        """Return a part of what was typed as it may stand in a message."""
        return "".join(c if c.isprintable() else "?" for c in " ".join(self.text[start:end].split()))
