"""What stands before `=`: the penalty's name, and the letter that it is a function of."""

from __future__ import annotations

from symreg.language.notation.tokens.token import Source, Token

_FORMAL = frozenset(("argmin", "arg"))


def argument_and_formula(tokens: list[Token], source: Source) -> tuple[str | None, list[Token]]:
    """Return the letter in `R(w) = ...`, if there is one, and the tokens of what it is.

    Raises:
        LanguageError: Two definitions, or something else than one before the sign.
    """
    places = _outermost(tokens, "=")
    if not places:
        return None, tokens
    if len(places) > 1:
        source.stop("a second '=' stands here; write one formula", tokens[places[1]].start)
    source.mark(tokens[places[0]].start)
    before, after = tokens[: places[0]], tokens[places[0] + 1 :]
    if not before or not after:
        source.stop("an operand is missing beside '='", tokens[places[0]].start)
    head = _head(before)
    if head is None:
        source.stop(
            "what stands before '=' is not the name of a penalty, as in R(w) = ...; write the formula alone, "
            "'==' to compare",
            before[0].start,
        )
    inner = before[head + 1 : -1]
    letters = [t.text for t in inner if t.kind == "name"]
    return (letters[0] if letters else None), after


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
    place = 1
    while place < len(tokens) and tokens[place].text in ("_", "^"):
        place += 1
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
