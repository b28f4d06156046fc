"""How a text in another notation was understood: the text of the language that it stands for."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.errors import LanguageError
from symreg.language.excerpt import fail_at


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
