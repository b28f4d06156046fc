r"""Read the sign of a sum, `\sum_{i=1}^n`, `sum_i`: its index, its limits, and the product that stands behind it."""

from __future__ import annotations

from symreg.language.notation.formula import Node
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.tokens.token import INDICES, Token

_ADVICE = "a sum runs over every index for which all subscripts exist; write \\sum_i, or \\sum_{i=1}^n"


def summed(cursor: Cursor) -> Node:
    """Read a sum, of which all addends that exist are taken: the limits may say so, and may not say otherwise.

    Raises:
        LanguageError: Limits that leave weights out, or more than one index where that is not clear.
    """
    sign = cursor.take()
    below: list[Token] = []
    above: list[Token] = []
    while cursor.meets("operator", "_", "^"):
        if cursor.take().text == "_":
            below = cursor.script()
        else:
            above = cursor.script()
    indices = _indices(cursor, below, sign)
    lower = _after_equals(below)
    cursor.bound.extend(indices)
    body = cursor.product(cursor)
    del cursor.bound[len(cursor.bound) - len(indices) :]
    if not indices:
        return Node(kind="total", parts=(body,), start=sign.start, end=cursor.end)
    if lower or above:
        _check_range(cursor, indices[0], lower, above, body, sign)
    node = body
    for index in reversed(indices):
        node = Node(kind="sum", text=index, parts=(node,), start=sign.start, end=cursor.end)
    return node


def _indices(cursor: Cursor, below: list[Token], sign: Token) -> list[str]:
    """Return the indices that stand below the sign."""
    place = next((k for k, token in enumerate(below) if token.text in ("=", "==")), len(below))
    written = [token for token in below[:place] if token.text != ","]
    letters: list[str] = []
    for token in written:
        if token.kind != "name" or not (len(token.text) == 1 or set(token.text) <= INDICES):
            cursor.source.fail(_ADVICE, sign.start)
        letters += [token.text] if len(token.text) == 1 else list(token.text)
    if len(set(letters)) != len(letters) or (place < len(below) and len(letters) != 1):
        cursor.source.fail(_ADVICE, sign.start)
    taken = next((letter for letter in letters if letter in cursor.bound), None)
    if taken is not None:
        cursor.source.fail(f"the index '{taken}' is already in use; take another letter", sign.start)
    return letters


def _after_equals(below: list[Token]) -> list[Token]:
    place = next((k for k, token in enumerate(below) if token.text in ("=", "==")), len(below))
    return below[place + 1 :]


def _check_range(cursor: Cursor, index: str, lower: list[Token], above: list[Token], body: Node, sign: Token) -> None:
    """Require that the limits are those within which all subscripts exist, for weights that begin at 1 or at 0."""
    shifts = [s.shift for node in body.walk() for s in node.subscripts if s.index == index]
    least, greatest = min(shifts, default=0), max(shifts, default=0)
    first = int(lower[0].text[:6]) if len(lower) == 1 and lower[0].text.isdecimal() else None
    count, shift = _upper(above)
    if not lower and above and count is not None:
        first = 1 - least
    if first is None or (above and count is None):
        cursor.source.fail(_ADVICE, sign.start)
    if first + least not in (0, 1) or (above and shift + greatest != first + least - 1):
        cursor.source.fail(
            f"these limits leave out weights, or reach beyond them; {_ADVICE[0].lower()}{_ADVICE[1:]}", sign.start
        )
    if count is not None:
        cursor.counts.add(count)


def _upper(above: list[Token]) -> tuple[str | None, int]:
    """Return the letter of an upper limit and what is added to it."""
    if not above or above[0].kind != "name":
        return None, 0
    if len(above) == 1:
        return above[0].text, 0
    if len(above) == 3 and above[1].text in "+-" and above[2].text.isdecimal():
        return above[0].text, int(above[2].text[:6]) * (-1 if above[1].text == "-" else 1)
    return None, 0
