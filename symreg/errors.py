"""Every error that a user of symreg can meet; each is one line that says what, where and what would be right."""

from __future__ import annotations


class SymregError(Exception):
    """Base of all errors that symreg raises on purpose; `exit_code` is what the command line returns for it."""

    exit_code = 2


class LanguageError(SymregError):
    """Text that is not in the language: where it stands, what is wrong, and the line itself with a caret.

    Args:
        message: What is wrong and what would be right.
        source: File name, or `expression` for text given inline.
        text: The whole text in which the error stands, or None if there is none to show.
        line: Line from 1.
        column: Column from 1.
        to_paste: Lines that would put it right, as they would stand in the file; "" for none.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str = "expression",
        text: str | None = None,
        line: int = 1,
        column: int = 1,
        to_paste: str = "",
    ) -> None:
        self.message, self.source, self.text, self.line, self.column = message, source, text, line, column
        self.to_paste = to_paste
        super().__init__(message, source, text, line, column)

    def __str__(self) -> str:
        parts = [f"{self.source}:{self.line}:{self.column}: {self.message}"]
        if self.text is not None:
            parts.append(excerpt(self.text, self.line, self.column))
        if self.to_paste:
            parts.append(f"\n{self.to_paste}")
        return "\n".join(parts)


class SpecError(SymregError):
    """A spec file or a spec made in Python that does not hold together; names the table and the key."""


class UnknownName(SymregError):
    """A penalty, rule, file or parameter that does not exist; proposes the nearest that does."""


class NotDifferentiable(SymregError):
    """A jump in value, or a switch whose position cannot be listed; names the knot or the condition."""


class Intractable(SymregError):
    """An expression that this calculus does not handle, with the limit or the shape that it met."""


class WrongCode(SymregError):
    """Code that the judge found wrong, or could not judge where people use it: it is not handed over.

    Args:
        name: The objective's.
        report: The judge's report on what is wrong, and what may help; several lines.
    """

    exit_code = 1

    def __init__(self, name: str, report: str) -> None:
        self.name, self.report = name, report
        super().__init__(name, report)

    def __str__(self) -> str:
        return f"{self.name}: the emitted code did not pass the judge and is held back\n\n{self.report}"


class OutputError(SymregError):
    """A file that may not be written: not ours, edited since, outside the output folder or not writable."""


class ToolMissing(SymregError):
    """A compiler or an optional package that is not there; names what to install."""

    exit_code = 3


class OutOfTime(SymregError):
    """Symbolic work that did not end within its limit and was killed."""

    exit_code = 3


def excerpt(text: str, line: int, column: int, width: int = 76) -> str:
    """Return the line of `text` that holds the error with a caret below it.

    Of a long line the part around the column is shown; `...` stands where it goes on.
    """
    lines = text.split("\n")
    shown = "".join(c if c.isprintable() else "?" for c in lines[min(line, len(lines)) - 1].rstrip("\r"))
    start = max(0, min(column - 1 - width // 2, len(shown) - width))
    before, after = "..." * (start > 0), "..." * (start + width < len(shown))
    window = before + shown[start + len(before) : start + width - len(after)] + after
    return f"    {window}\n    {' ' * (column - 1 - start)}^"
