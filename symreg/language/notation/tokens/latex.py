"""Tokens of LaTeX, which pylatexenc takes apart; no macro is expanded, and an unknown one is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import NamedTuple

from symreg.language.limits import DEEPEST
from symreg.language.notation.functions import KNOWN
from symreg.language.notation.tokens.commands import (
    BOLD,
    CHOICES,
    FONTS,
    LATEX_BARS,
    LATEX_CLOSING,
    LATEX_COMMANDS,
    LATEX_OPENING,
    LATEX_OPERATORS,
    PROSE,
    ROMAN,
    SIZES,
    SPACES,
    WIDE_SPACES,
    WRAPPERS,
)
from symreg.language.notation.tokens.plain import NUMBER, symbol_tokens
from symreg.language.notation.tokens.symbols import LETTERS
from symreg.language.notation.tokens.token import INDICES, Kind, Source, Token
from symreg.language.notation.words import words

_NAMES = KNOWN | set(LETTERS.values()) | {"lambda", "epsilon"}
_COMPARISONS = ("<=", ">=", "==", "!=", "<", ">", ":=")
_WORD = re.compile(r"(?:[A-Za-z]|\\_)+[A-Za-z0-9]*(?:\\?_[A-Za-z0-9]+)*", re.ASCII)
CONDITION_WORDS = frozenset(words("if for when where otherwise else elsewhere and or"))
_INDICATORS = frozenset(("1", "I"))
_ROW_SPACE = re.compile(r"\*?\s*(?:\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in)\s*\])?")
_ENDS = re.compile(r"[\s.$}\]]*(?:$|\\end|\\\\|\\\]|\\\)|\\label)")
_GOES_ON = re.compile(r"\s*(?:&|[-+*/=]|\\end|\\(?:quad|qquad|cdot|times)\b|$)")


def latex_tokens(source: Source) -> list[Token]:
    """Return the tokens of a text in LaTeX.

    Raises:
        LanguageError: A command that is not read, with its place.
        Ungrammatical: A character that stands in no formula.
    """
    source.mark(source.text.find("\\"))
    return list(_Reader(source).tokens(0, len(source.text)))


class _Raw(NamedTuple):
    """A token as pylatexenc gives it: its kind and name there, where it begins, and where the space behind it ends."""

    kind: str
    name: str
    start: int
    end: int
    is_after_space: bool


class _Reader:
    """The state of reading one text."""

    def __init__(self, source: Source) -> None:
        from pylatexenc.latexwalker import LatexWalker
        from pylatexenc.macrospec import LatexContextDb

        self.source = source
        self._walker = LatexWalker(source.text, latex_context=LatexContextDb(), tolerant_parsing=False)
        self._state = self._walker.make_parsing_state()
        self._rows = 0
        self._depth = 0
        self._side: Kind | None = None
        self._is_spaced = self._is_apart = False

    def tokens(self, position: int, end: int) -> Iterator[Token]:
        """Yield the tokens between two positions."""
        self._depth += 1
        if self._depth > DEEPEST:
            self.source.stop(f"nested more than {DEEPEST} deep", position)
        while (raw := self._next(position, end)) is not None:
            self._is_spaced = self._is_spaced or raw.is_after_space
            position = raw.end
            match raw.kind:
                case "macro":
                    position = yield from self._macro(raw, end)
                case "begin_environment" | "end_environment":
                    position = yield from self._environment(raw, end)
                case "brace_open" | "brace_close":
                    kind: Kind = "open" if raw.kind == "brace_open" else "close"
                    yield self._token(kind, "{" if kind == "open" else "}", raw.start, position)
                case "char":
                    position = yield from self._character(raw, end)
                case _:  # a comment, or the start or end of mathematics
                    self._is_spaced = True
        self._is_spaced, self._depth = False, self._depth - 1

    def _next(self, position: int, end: int) -> _Raw | None:
        from pylatexenc.latexwalker import LatexWalkerEndOfStream, LatexWalkerParseError

        if position >= end:
            return None
        try:
            raw = self._walker.get_token(position, parsing_state=self._state)
        except LatexWalkerEndOfStream:
            if self.source.text[position:end].strip():
                self.source.stop("a command of LaTeX ends too early", position)
            return None
        except LatexWalkerParseError:
            self.source.stop("an environment of LaTeX needs its name in braces", position)
        if raw.pos >= end:
            return None
        return _Raw(str(raw.tok), str(raw.arg), int(raw.pos), int(raw.pos + raw.len), bool(raw.pre_space))

    def _token(self, kind: Kind, text: str, start: int, end: int) -> Token:
        token = Token(kind=kind, text=text, start=start, end=end, after_space=self._is_spaced, is_apart=self._is_apart)
        self._is_spaced, self._is_apart, self._side = False, False, None
        return token

    def _character(self, raw: _Raw, end: int) -> Generator[Token, None, int]:
        text, start = self.source.text, raw.start
        character = text[start]
        if character.isspace() or character == "~":
            self._is_spaced = True
            return raw.end
        if self._side is not None and character in "|.":
            yield self._token(self._side, character, start, start + 1)
            return start + 1
        if match := NUMBER.match(text, start, end):
            number = match.group().rstrip(".") or match.group()
            yield self._token("number", number, start, start + len(number))
            return start + len(number)
        if character.isascii() and character.isalpha():
            return (yield from self._letters(start, end))
        sign = next((s for s in _COMPARISONS if text.startswith(s, start)), None)
        if sign is not None or character in "-+*/^_=,;'@":
            shown = sign or ("^" if text.startswith("**", start) else character)
            length = 2 if text.startswith("**", start) else len(shown)
            yield self._token("operator", "=" if shown == ":=" else shown, start, start + length)
            return start + length
        if character == "&":
            if self._rows:
                yield self._token("operator", "&", start, start + 1)
            return start + 1
        if character in ".:!":
            if _ENDS.match(text, start + 1, end):
                return start + 1
            self.source.stop(f"'{character}' stands in no notation that is read", start)
        side, is_apart = self._side, self._is_apart
        first, *rest = symbol_tokens(self.source, start, self._is_spaced)
        self._is_spaced, self._is_apart, self._side = False, False, None
        more = [replace(first, is_apart=is_apart), *rest]
        yield from (replace(t, kind=side) if side and t.kind == "bar" else t for t in more)
        return max(more[-1].end, start + 1)

    def _letters(self, start: int, end: int) -> Generator[Token, None, int]:
        """Yield a name of one letter, or a longer one that is known."""
        match = re.compile(r"[A-Za-z]+", re.ASCII).match(self.source.text, start, end)
        letters = match.group() if match else ""
        if len(letters) > 1 and letters not in _NAMES and (set(letters) <= INDICES or letters[:-1].isupper()):
            letters = letters[0]  # indices of an array, or a matrix before the weights
        is_script = self.source.text[:start].endswith("_{") and self.source.text[start + len(letters) : end][:1] == "}"
        if len(letters) > 1 and letters not in _NAMES and not is_script:
            self.source.fail(
                f"{self.source.quoted(start, start + len(letters))} is a product in LaTeX, {' '.join(letters[:4])}"
                f"{' ...' if len(letters) > 4 else ''}, or one name; write spaces, or \\mathrm{{...}}",
                start,
            )
        name = LETTERS.get(letters, letters) if len(letters) > 1 else letters
        yield self._token("name", name, start, start + len(letters))
        return start + len(letters)

    def _environment(self, raw: _Raw, end: int) -> Generator[Token, None, int]:
        name, position = raw.name, raw.end
        is_start = raw.kind == "begin_environment"
        if name in CHOICES:
            self._rows += 1 if is_start else -1
            if is_start and name == "array":
                position = self._argument(position, end)[1]
            yield self._token("command", "rows" if is_start else "end rows", raw.start, position)
        elif name.rstrip("*") not in WRAPPERS:
            self.source.fail(f"the environment '{name[:40]}' is not read; write the formula alone", raw.start)
        else:
            self._is_spaced = True
        return position

    def _macro(self, raw: _Raw, end: int) -> Generator[Token, None, int]:
        name, start, position = raw.name, raw.start, raw.end
        after = start + 1 + len(name)
        if name in ("left", "right") or name in SIZES:
            self._side = "open" if name[-1] == "l" or name == "left" else None
            self._side = "close" if name == "right" or (name in SIZES and name[-1] == "r") else self._side
        elif name in LATEX_BARS:
            yield self._token(self._side or "bar", LATEX_BARS[name], start, after)
        elif name in LATEX_OPENING or name in LATEX_CLOSING:
            kind: Kind = "open" if name in LATEX_OPENING else "close"
            bracket = LATEX_OPENING.get(name) or LATEX_CLOSING[name]
            yield self._token(kind, "<" if bracket == ">" else bracket, start, after)
        elif name in SPACES:
            self._is_spaced, self._is_apart = True, self._is_apart or name in WIDE_SPACES
        elif name == "\\":
            position = yield from self._line_end(start, position)
        elif name in ROMAN:
            return (yield from self._roman(name, position, end))
        elif name in BOLD or name in FONTS:
            return (yield from self._in_a_font(name, start, position, end))
        elif name in ("label", "tag", "color", "hspace"):
            position = self._argument(position, end)[1]
        elif name in LATEX_OPERATORS:
            yield self._token("operator", LATEX_OPERATORS[name], start, after)
        elif name in LATEX_COMMANDS:
            yield self._token("command", LATEX_COMMANDS[name], start, after)
        elif name == "infty" or name in LETTERS or name in KNOWN:
            yield self._token("name", "inf" if name == "infty" else LETTERS.get(name, name), start, after)
        else:
            shown = name if name.isascii() and name.isprintable() else "..."
            self.source.fail(f"the command '\\{shown[:40]}' is not read", start)
        return position

    def _line_end(self, start: int, position: int) -> Generator[Token, None, int]:
        """Yield the end of a row of a choice; elsewhere a formula may go on in the next line."""
        match = _ROW_SPACE.match(self.source.text, position)
        position = match.end() if match else position
        if self._rows:
            yield self._token("operator", "\\\\", start, position)
        elif not _GOES_ON.match(self.source.text, position):
            self.source.fail("a second line begins here; write one formula", start)
        self._is_spaced = True
        return position

    def _argument(self, position: int, end: int) -> tuple[tuple[int, int], int]:
        """Return where the argument of a command begins and ends, and where reading goes on after it."""
        text = self.source.text
        while position < end and text[position].isspace():
            position += 1
        if position >= end:
            self.source.stop("a command of LaTeX ends too early", max(end - 1, 0))
        if text[position] != "{":
            match = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL).match(text, position, end)
            after = match.end() if match else position
            return (position, after), after
        depth, at = 0, position
        while at < end:
            if text[at] == "\\":
                at += 1
            elif text[at] in "{}":
                depth += 1 if text[at] == "{" else -1
                if depth == 0:
                    return (position + 1, at), at + 1
            at += 1
        self.source.stop("this '{' is never closed", position)

    def _roman(self, macro: str, position: int, end: int) -> Generator[Token, None, int]:
        """Yield an upright name, or the words between the conditions of a choice."""
        text = self.source.text
        position += macro == "operatorname" and text.startswith("*", position)
        (start, stop), after = self._argument(position, end)
        for piece, is_formula, at in _pieces(text, start, stop):
            if is_formula:
                yield from self.tokens(at, at + len(piece))
                continue
            for match in re.finditer(r"[^\s~,.;:]+", piece.replace("\\ ", "  ").replace("\\,", "  ")):
                word, first = match.group(), at + match.start()
                if word.lower() in CONDITION_WORDS:
                    yield self._token("word", word.lower(), first, first + len(word))
                elif macro in PROSE and (piece.strip() != word or piece != word):
                    self.source.fail(f"{self.source.quoted(first, first + len(word))} is not read", first)
                elif NUMBER.fullmatch(word):
                    yield self._token("number", word, first, first + len(word))
                elif _WORD.fullmatch(word):
                    yield self._token("name", word.replace("\\", ""), first, first + len(word))
                else:
                    self.source.fail(f"{self.source.quoted(first, first + len(word))} is not read", first)
        self._is_spaced = self._is_spaced or macro != "operatorname"
        return after

    def _in_a_font(self, macro: str, start: int, position: int, end: int) -> Generator[Token, None, int]:
        """Yield what stands in the argument of a font; bold letters are vectors, a bold 1 is an indicator."""
        (first, stop), after = self._argument(position, end)
        inner = self.source.text[first:stop].strip()
        if inner in _INDICATORS and macro in ("mathbf", "mathbb", "mathds", "bm", "boldsymbol"):
            yield self._token("name", "indicator", start, after)
        elif macro in ("mathbb", "mathds"):
            self.source.fail("a set or an expectation is not read; write the formula of one weight", start)
        else:
            for token in self.tokens(first, stop):
                yield replace(token, is_bold=True) if macro in BOLD else token
        return after


def _pieces(text: str, start: int, stop: int) -> Iterator[tuple[str, bool, int]]:
    """Yield the pieces of words between dollar signs, which are formulas, and around them."""
    at = start
    for position, piece in enumerate(text[start:stop].split("$")):
        yield piece, position % 2 == 1, at
        at += len(piece) + 1
