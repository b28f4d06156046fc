"""Tokens of plain text: ASCII as it is typed, and the characters outside ASCII that formulas are typed with."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping

from symreg.language.notation.tokens.symbols import (
    BARS,
    BRACKETS,
    CHARACTERS,
    COMMANDS,
    FRACTIONS,
    OPERATORS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
)
from symreg.language.notation.tokens.token import Kind, Source, Token

NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*", re.ASCII)
_MODULE = re.compile(
    r"(?:np|numpy|torch|tf|tensorflow|math|jnp|jax|cp|cvxpy|sp|scipy|sympy|onp|F|K)\."
    r"(?:(?:linalg|math|nn|functional|special|numpy|lax|scipy)\.)*(?=[A-Za-z])",
    re.ASCII,
)
_OPERATOR = re.compile(r"\*\*|<=|>=|==|!=|:=|[-+*/^_<>=,;@]|\.(?=[A-Za-z])")
_SIGNS = {"**": "^", ":=": "="}
_WORDS = {"lambda": "lam"}
_FIRST_STYLED, _LAST_STYLED = "\N{MATHEMATICAL BOLD CAPITAL A}", "\N{MATHEMATICAL MONOSPACE DIGIT NINE}"
"""Letters as they are copied from a page that was set in italics or in bold."""
_LOGIC = frozenset(("and", "or", "not"))
_SPACE = re.compile(r"(?:[ \t\r\n\f\v]|(?P<foreign>#[^\n]*|[\u00a0\u2002-\u200a\u202f\u3000]))+")
_TRANSPOSED = re.compile(r"(?:(?<=[^\W\d_])|(?<=\)))'(?=\s*\*?\s*[^\W\d_(][^']*$)")
_SIGN_OF_A_SUM = re.compile(r"sum(?=_|\s+[A-Za-z|(\d])", re.ASCII)


def plain_tokens(source: Source, kept: re.Pattern[str]) -> list[Token]:
    """Return the tokens of a text without LaTeX.

    Args:
        source: What was typed.
        kept: Matches what stays as it is: paths, penalties with renamed parameters.

    Raises:
        Ungrammatical: A character that stands in no formula.
    """
    text, tokens, position, after_space = source.text, [], 0, False
    while position < len(text):
        space = _SPACE.match(text, position)
        if space is not None:
            if space["foreign"]:
                source.mark(position)
            position, after_space = space.end(), True
            continue
        more = _at(source, position, kept, after_space)
        tokens += more
        position, after_space = more[-1].end, False
    return tokens


def _at(source: Source, position: int, kept: re.Pattern[str], after_space: bool) -> list[Token]:
    """Return the tokens at a position; the last one ends where reading goes on."""
    text = source.text

    def token(kind: Kind, match: re.Match[str], shown: str | None = None) -> list[Token]:
        shown = match.group() if shown is None else shown
        return [Token(kind=kind, text=shown, start=position, end=match.end(), after_space=after_space)]

    if match := kept.match(text, position):
        return token("kept", match)
    if match := NUMBER.match(text, position):
        return token("number", match)
    if match := _SIGN_OF_A_SUM.match(text, position):
        source.mark(position)
        return token("command", match)
    module = _MODULE.match(text, position)
    if match := _NAME.match(text, module.end() if module else position):
        name = match.group()
        if module or name in _WORDS:
            source.mark(position)
        elif keyword.iskeyword(name) and name not in _LOGIC:
            source.stop(f"'{name}' is a word of Python's", position)
        return token("operator" if name in _LOGIC else "name", match, _WORDS.get(name))
    if match := _OPERATOR.match(text, position):
        sign = match.group()
        if sign in ("^", "@", "."):
            source.mark(position)
        return token("operator", match, _SIGNS.get(sign))
    if match := _TRANSPOSED.match(text, position):
        source.mark(position)
        return token("operator", match)
    return symbol_tokens(source, position, after_space)


def symbol_tokens(source: Source, position: int, after_space: bool) -> list[Token]:
    """Return the tokens that one symbol, or a run of raised or lowered ones, stands for.

    Raises:
        Ungrammatical: It stands in no formula.
    """
    text, character = source.text, source.text[position]

    def token(kind: Kind, shown: str, end: int = position + 1) -> Token:
        return Token(kind=kind, text=shown, start=position, end=end, after_space=after_space)

    if character in "([{":
        return [token("open", character)]
    if character in ")]}":
        return [token("close", character)]
    source.mark(position)
    tables: tuple[tuple[Kind, Mapping[str, str]], ...] = (("operator", OPERATORS), ("command", COMMANDS), ("bar", BARS))
    for kind, table in tables:
        if character in table:
            return [token(kind, table[character])]
    if character in CHARACTERS or _FIRST_STYLED <= character <= _LAST_STYLED:
        return [_letter(text, position, after_space)]
    if character in BRACKETS:
        return [token("open" if BRACKETS[character] == "<" else "close", "<")]
    if character in FRACTIONS:
        above, _, below = FRACTIONS[character].partition("\N{FRACTION SLASH}")
        group = [[token("open", "{"), token("number", number), token("close", "}")] for number in (above, below)]
        return [token("command", "frac"), *group[0], *group[1]]
    for mark, scripts in (("^", SUPERSCRIPTS), ("_", SUBSCRIPTS)):
        if character in scripts:
            return _script(text, position, mark, scripts, after_space)
    spelt = character.encode("unicode_escape").decode()
    if not character.isascii():
        source.stop(f"character '{spelt}' is not ASCII text", position)
    source.stop(f"character '{spelt}' stands in no notation that is read", position)


def _letter(text: str, position: int, after_space: bool) -> Token:
    """Return the name that a letter outside ASCII is, with the digits behind it; bold and italic ones are letters too.

    Raises:
        Ungrammatical: It is a styled digit.
    """
    letter, end = text[position], position + 1
    plain = unicodedata.normalize("NFKC", letter) if letter >= _FIRST_STYLED else letter
    while end < len(text) and text[end] in "0123456789":
        end += 1
    if not (plain in CHARACTERS or (plain.isascii() and plain.isalpha())):
        Source(text).stop(f"character '{letter.encode('unicode_escape').decode()}' is not ASCII text", position)
    name = CHARACTERS.get(plain, plain) + text[position + 1 : end]
    is_bold = "BOLD" in unicodedata.name(letter, "")
    return Token(kind="name", text=name, start=position, end=end, after_space=after_space, is_bold=is_bold)


def _script(text: str, position: int, mark: str, scripts: dict[str, str], after_space: bool) -> list[Token]:
    """Return the tokens of a run of raised or lowered characters."""
    tokens = [Token(kind="operator", text=mark, start=position, end=position, after_space=after_space)]
    end = position
    while end < len(text) and text[end] in scripts:
        end += 1
    plain = "".join(scripts[c] for c in text[position:end])
    if plain == "T":
        return [Token(kind="operator", text="T", start=position, end=end)]
    tokens.append(Token(kind="open", text="{", start=position, end=position))
    for match in re.finditer(r"\d+|[A-Za-z]|[-+()]", plain):
        shown = match.group()
        kind: Kind = "number" if shown.isdigit() else "name" if shown.isalpha() else "operator"
        kind = "open" if shown == "(" else "close" if shown == ")" else kind
        start = position + match.start()
        tokens.append(Token(kind=kind, text=shown, start=start, end=start + len(shown)))
    return [*tokens, Token(kind="close", text="}", start=end, end=end)]
