"""What stands before `=`: the penalty's name, and the letter that it is a function of."""

from __future__ import annotations

from typing import NamedTuple

from symreg.language.notation.tokens.token import Source, Token

_FORMAL = frozenset(("argmin", "arg"))


class Equation(NamedTuple):
    """What stands on the sides of `=`.

    Args:
        argument: The letter in `R(w) = ...`, None where there is none.
        sides: The tokens of each side that is a formula; one, unless the text says that several are the same.
        is_named: Does the name of a penalty stand first?
        sign: Where the first `=` stands.
    """

    argument: str | None
    sides: list[list[Token]]
    is_named: bool
    sign: int


def equation(tokens: list[Token], source: Source) -> Equation:
    """Return the formulas that a text says to be the same, `R(w) = ...` or `||w||_1 = ...`, often one alone.

    Raises:
        Ungrammatical: Nothing stands beside the sign.
    """
    places = _outermost(tokens, "=")
    if not places:
        return Equation(None, [tokens], is_named=False, sign=0)
    source.mark(tokens[places[0]].start)
    starts, ends = [0, *(place + 1 for place in places)], [*places, len(tokens)]
    sides = [tokens[start:end] for start, end in zip(starts, ends, strict=True)]
    empty = next((k for k, side in enumerate(sides) if not side), None)
    if empty is not None:
        source.stop("an operand is missing beside '='", tokens[places[max(empty - 1, 0)]].start)
    head, sign = _head(sides[0]), tokens[places[0]].start
    if head is None:
        return Equation(None, sides, is_named=False, sign=sign)
    letters = [token.text for token in sides[0][head + 1 : -1] if token.kind == "name"]
    return Equation(letters[0] if letters else None, sides[1:], is_named=True, sign=sign)


def _outermost(tokens: list[Token], sign: str) -> list[int]:
    """Return where a sign stands outside of all brackets and choices."""
    places: list[int] = []
    depth = 0
    for place, token in enumerate(tokens):
        is_rows = token.kind == "command" and token.text in ("rows", "end rows")
        depth += token.kind == "open" or (is_rows and token.text == "rows")
        depth -= token.kind == "close" or (is_rows and token.text == "end rows")
        if token.kind == "operator" and token.text == sign and depth == 0:
            places.append(place)
    return places


def _head(tokens: list[Token]) -> int | None:
    """Return where the brackets of `R(w)`, `p_\\lambda(|t|)` or `R` begin, its end if it has none; else None."""
    if tokens[0].kind != "name" or tokens[0].text in (*_FORMAL, "w"):
        return None
    is_vector = tokens[0].is_bold and all(token.text != "(" for token in tokens)
    if is_vector:
        return None
    place = 1
    while place < len(tokens) and tokens[place].text in ("_", "^"):
        place += 1
        if [token.text for token in tokens[place + 2 : place + 4]] in (["+", "1"], ["-", "1"]):
            return None  # the next of a sequence, x_{k+1} = ...
        if place < len(tokens) and tokens[place].text == "{":
            depth = 0
            while place < len(tokens):
                depth += (tokens[place].text == "{") - (tokens[place].text == "}")
                place += 1
                if depth == 0:
                    break
        else:
            place += 1
    if place >= len(tokens):
        return len(tokens)
    is_call = tokens[place].text == "(" and tokens[-1].text == ")" and tokens[-1].kind == "close"
    return place if is_call and all(t.kind != "operator" or t.text in ",;_^" for t in tokens[place:]) else None
