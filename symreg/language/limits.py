"""The limits of a text: what is checked on its characters, before Python's own parser sees any of it."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable
from typing import NoReturn

LONGEST_TERM = 2_000
DEEPEST = 40
MOST_NODES = 500
MOST_POWERS = 16
MOST_TERMS = 128
LARGEST_EXPONENT = 64
LARGEST_SHIFT = 64
MOST_ARGUMENTS = 6
MOST_SWITCHES = 24

Fail = Callable[[str, int], NoReturn]

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<number>(?:\d[\w.]*|\.\d[\w.]*)(?:(?<=[eE])[+-]\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\*\*|<=|>=|==|[-+*/<>()\[\],])",
    re.ASCII,
)
_NUMBER = re.compile(r"(?!0\d+$)(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_PRODUCT = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]+(?:_\w+)?)", re.ASCII)
_BEFORE_AN_OPERAND = frozenset(
    ("", "+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "and", "or", "not", "(", "[", ",")
)
_AFTER_AN_OPERAND = _BEFORE_AN_OPERAND - {"", "+", "-", "not", "(", "["} | {")", "]"}
_WORDS = {
    "if": "write where(condition, a, b) for a choice",
    "else": "write where(condition, a, b) for a choice",
    "is": "write '==' to compare",
    "for": "a sum is written sum(w[i]**2, i)",
    "in": "a sum is written sum(w[i]**2, i)",
    "lambda": "write 'lam'",
}
_HINTS = {
    "^": "write '**' for a power",
    "|": "write abs(x) for |x|",
    "=": "write '==' to compare",
    "!": "there is no factorial; '!=' is written 'not a == b'",
    "&": "write 'and'",
    "%": "there is no remainder in the language",
    "{": "write round brackets",
    "}": "write round brackets",
    "'": "there are no strings in the language",
    '"': "there are no strings in the language",
    ";": "one expression only",
    ":": "one expression only",
    "@": "write sum(...) for a product of arrays",
    ".": "a name has no dots",
    "\N{MINUS SIGN}": "write '-'",
    "\N{MULTIPLICATION SIGN}": "write '*'",
    "\N{MIDDLE DOT}": "write '*'",
    "\N{DOT OPERATOR}": "write '*'",
    "\N{SUPERSCRIPT TWO}": "write '**2'",
    "\N{LESS-THAN OR EQUAL TO}": "write '<='",
    "\N{GREATER-THAN OR EQUAL TO}": "write '>='",
    "\N{SQUARE ROOT}": "write sqrt(x)",
    "\N{GREEK SMALL LETTER LAMDA}": "write 'lam'",
}


def split_addends(text: str, fail: Fail) -> list[tuple[int, int, str]]:
    """Check the text's characters and brackets, and return its top-level addends.

    Returns:
        For each addend: where it starts and ends, and the sign before it (`+`, `-`, or "" for the first).
    """
    if not text.strip():
        fail("there is no expression", 0)
    if len(text) > LONGEST_TERM * MOST_TERMS:
        fail(f"{len(text)} characters; at most {LONGEST_TERM} a term and {MOST_TERMS} terms", 0)
    addends: list[tuple[int, int, str]] = []
    open_at: list[tuple[str, int]] = []
    start, sign, position, signs, powers = 0, "", 0, 0, 0
    before, last = "", 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            _refuse_character(text, position, fail)
        kind, token = match.lastgroup, match.group()
        if kind != "space":
            is_operand_end = before not in _BEFORE_AN_OPERAND
            if kind == "number":
                _check_number(token, position, fail)
            if kind == "name" and keyword.iskeyword(token) and token not in ("and", "or", "not"):
                fail(f"'{token}' is a word of Python's; {_WORDS.get(token, 'it is not in the language')}", position)
            if token in (")", "]"):
                _close(open_at, token, position, fail)
            if not is_operand_end and token in _AFTER_AN_OPERAND and (before, token) != ("(", ")"):
                fail(f"an operand is missing before '{token}'", position)
            if kind in ("number", "name") and is_operand_end and token not in ("and", "or"):
                fail(f"an operator is missing before {_named(token)}; write '*' to multiply", position)
            signs = signs + 1 if token in ("+", "-", "not") and not is_operand_end else 0
            powers += token == "**"
            if signs > DEEPEST or len(open_at) > DEEPEST:
                fail(f"nested more than {DEEPEST} deep", position)
            if powers > MOST_POWERS:
                fail(f"more than {MOST_POWERS} powers in one term", position)
            if token in "([":
                open_at.append((token, position))
            elif token in "+-" and is_operand_end and not open_at:
                addends.append((start, position, sign))
                start, sign, powers = match.end(), token, 0
            before, last = token, position
        position = match.end()
        if position - start > LONGEST_TERM:
            fail(f"a term of more than {LONGEST_TERM} characters", start)
        if len(addends) >= MOST_TERMS:
            fail(f"more than {MOST_TERMS} terms", start)
    if open_at:
        fail(f"this '{open_at[-1][0]}' is never closed", open_at[-1][1])
    if before in _BEFORE_AN_OPERAND:
        fail(f"an operand is missing after '{before}'", last)
    return [*addends, (start, len(text), sign)]


def _refuse_character(text: str, position: int, fail: Fail) -> NoReturn:
    character = text[position]
    if text.startswith("!=", position):
        fail("there is no '!='; write 'not a == b'", position)
    hint = f"; {_HINTS[character]}" if character in _HINTS else ""
    if not character.isascii() or not character.isprintable():
        fail(f"character '{character.encode('unicode_escape').decode()}' is not ASCII text{hint}", position)
    fail(f"{character!r} is not in the language{hint}", position)


def _check_number(token: str, position: int, fail: Fail) -> None:
    if _NUMBER.fullmatch(token) is None:
        product = _PRODUCT.fullmatch(token) if len(token) <= DEEPEST else None
        if product is not None:
            fail(f"{token!r} is not a number; write {product[1]}*{product[2]}", position)
        fail(f"{_named(token)} is not a number such as 2, 0.5 or 1e-3", position)
    if len(token) > DEEPEST:
        fail(f"a number of more than {DEEPEST} characters", position)
    value = float(token)
    if not math.isfinite(value) or (value == 0.0 and any(c in "123456789" for c in re.split("[eE]", token)[0])):
        fail(f"the number {token} is beyond double precision", position)


def _named(token: str) -> str:
    """Return a token in quotes; a long one is where the caret stands."""
    return f"'{token}'" if len(token) <= DEEPEST else f"these {len(token)} characters"


def _close(open_at: list[tuple[str, int]], token: str, position: int, fail: Fail) -> None:
    wanted = "(" if token == ")" else "["
    if not open_at:
        fail(f"this '{token}' closes nothing", position)
    if open_at[-1][0] != wanted:
        fail(f"this '{token}' closes a '{open_at[-1][0]}'", position)
    open_at.pop()
