"""User text in LaTeX: printed as it is, whatever is in it."""

from __future__ import annotations

_LONGEST_WORD = 24

_ESCAPED = {
    **{c: f"\\{c}" for c in "$&#%_"},
    **{c: f"\\ascii{{{ord(c)}}}" for c in "\\^~`{}"},
    **{c: f"${c}$" for c in "<>|"},
}
"""`\\ascii` sets a character by its code in the typewriter font, which has all of ASCII: no font beyond TeX's own."""
_TYPED = {c: f"\\ascii{{{ord(c)}}}" for c in "\\^~`{}$&#%_"} | {"'": r"\ascii{13}"}
_BARE = _ESCAPED | {c: f"{{\\ttfamily\\char{ord(c)}}}" for c in "\\^~`{}"}
"""What a document that does not define `\\ascii` has for the same."""


def escape(text: str) -> str:
    """Return user text as LaTeX that prints it as it is; long words may be broken anywhere."""
    return _quoted(text, _ESCAPED)


def escape_bare(text: str) -> str:
    """Return user text as LaTeX that prints it as it is in any document."""
    return _quoted(text, _BARE)


def escape_typed(text: str) -> str:
    """Return text for a typewriter font."""
    return _escaped(plain(text), _TYPED)


def _quoted(text: str, table: dict[str, str]) -> str:
    parts = plain(text).split('"')
    quoted = "".join(("``" if i % 2 else "''") * (i > 0) + _escaped(part, table) for i, part in enumerate(parts))
    return quoted.replace("--", "-{}-").replace("--", "-{}-")


def _escaped(text: str, table: dict[str, str]) -> str:
    return " ".join(_escaped_word(word, table) for word in text.split(" "))


def plain(text: str) -> str:
    """Return user text as printable ASCII on one line."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _escaped_word(word: str, table: dict[str, str]) -> str:
    shown = [table.get(c, c) for c in word]
    if len(word) <= _LONGEST_WORD:
        return "".join(shown)
    half = _LONGEST_WORD // 2
    return r"\allowbreak{}".join("".join(shown[i : i + half]) for i in range(0, len(shown), half))
