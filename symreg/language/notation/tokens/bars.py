"""Which bars open and which close: `|w|`, `||w| - c|`, `|w||x|`; what can be read in two ways is asked back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symreg.language.notation.functions import KNOWN
from symreg.language.notation.tokens.token import Source, Token
from symreg.language.notation.words import words

MOST_BARS = 32
_MOST_TRIALS = 2_000
_PREFIXES = frozenset(words("+ - * / ^ _ < <= > >= == != = , ; and or not & \\\\"))


def with_directions(tokens: list[Token], source: Source) -> list[Token]:
    """Return the tokens with every bar as an opening or a closing bracket, `|` of a magnitude or `||` of a norm.

    A bar where an operand is wanted opens. One behind an operand closes what is open, or begins another factor; every
    way in which all bars match is tried, and two ways are a question.

    Raises:
        LanguageError: There are two ways.
        Ungrammatical: There is none.
    """
    places = [place for place, token in enumerate(tokens) if token.kind == "bar"]
    if not places:
        return tokens
    if len(places) > MOST_BARS:
        source.fail(f"more than {MOST_BARS} bars; write abs(x) for |x|", tokens[places[0]].start)
    readings: list[list[Token]] = []
    for reading in _readings(tokens, source, tokens[places[0]].start):
        if reading not in readings:
            readings.append(reading)
        if len(readings) > 1:
            first, second = (_shown(r, source) for r in readings)
            shown = f" as {first} or as {second}" if len(first) + len(second) < 160 else " in two ways"
            source.fail(f"the bars match{shown}; write abs(x) for |x|", tokens[places[0]].start)
    if not readings:
        around = zip(tokens, tokens[1:], tokens[2:], strict=False)
        if any((one.kind, dot.text, other.kind) == ("bar", "*", "bar") for one, dot, other in around):
            source.fail("a dot between bars stands for any vector; write w for it", tokens[places[0]].start)
        source.stop("this bar has no other one to match; write abs(x) for |x|", tokens[places[0]].start)
    return readings[0]


def _readings(tokens: list[Token], source: Source, at: int) -> Iterator[list[Token]]:
    """Yield the tokens of each way in which all brackets match, by a search over the bars from left to right."""
    trials = 0
    stack: list[tuple[int, list[Token], tuple[int, ...]]] = [(0, [], ())]
    while stack:
        place, before, opened = stack.pop()
        trials += 1
        if trials > _MOST_TRIALS:
            source.fail("too many bars to match; write abs(x) for |x|", at)
        end = next((p for p in range(place, len(tokens)) if tokens[p].kind == "bar"), len(tokens))
        done = before + tokens[place:end]
        still_open = _after_brackets(done, len(before), opened)
        if still_open is None:
            continue
        if end == len(tokens):
            if not still_open:
                yield done
            continue
        for width, bar in _bars_at(tokens, end):
            is_after_operand = _is_operand_end(done)
            opening = still_open[-1] if still_open else None
            is_pair = is_after_operand and opening is not None and done[opening].text == bar.text
            if is_pair and not _is_doubled(done, opening or 0, bar):
                stack.append((end + width, [*done, replace(bar, kind="close")], still_open[:-1]))
            if not is_after_operand or _begins_operand(tokens, end + width):
                stack.append((end + width, [*done, replace(bar, kind="open")], (*still_open, len(done))))


def _after_brackets(done: list[Token], start: int, opened: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return which brackets are open after all tokens, of those before a start; None if one closes a bar's."""
    for place in range(start, len(done)):
        token = done[place]
        if token.kind == "open":
            opened = (*opened, place)
        elif token.kind == "close":
            if not opened or ("|" in done[opened[-1]].text) != ("|" in token.text):
                return None
            opened = opened[:-1]
    return opened


def _bars_at(tokens: list[Token], place: int) -> Iterator[tuple[int, Token]]:
    """Yield the bar at a place, and with its neighbour the bar of a norm; how many tokens each takes."""
    token = tokens[place]
    yield 1, token
    follower = tokens[place + 1] if place + 1 < len(tokens) else None
    is_pair = follower is not None and follower.kind == "bar" and token.text == follower.text == "|"
    if follower is not None and is_pair and follower.start == token.end:
        yield 2, replace(token, text="||", end=follower.end)


def _is_operand_end(done: list[Token]) -> bool:
    """Does an operand end here?"""
    if not done:
        return False
    last = done[-1]
    if (last.kind == "name" and last.text in KNOWN) or _ends_limits(done):
        return False
    return last.kind in ("number", "name", "close", "kept") or (last.kind == "operator" and last.text not in _PREFIXES)


def _ends_limits(done: list[Token]) -> bool:
    """Do the limits of a sum end here, which have its first addend behind them?"""
    place = len(done)
    while place >= 2:
        if done[place - 1].text == "}":
            depth = 0
            while place > 0:
                place -= 1
                depth += (done[place].text == "}") - (done[place].text == "{")
                if depth == 0:
                    break
        else:
            place -= 1
        if place == 0 or done[place - 1].text not in ("_", "^"):
            return False
        place -= 1
        if place and done[place - 1].kind == "command" and done[place - 1].text == "sum":
            return True
    return False


def _begins_operand(tokens: list[Token], place: int) -> bool:
    """May an operand begin here: no sign of an operation or a closing bracket?"""
    if place >= len(tokens):
        return False
    token = tokens[place]
    return token.kind not in ("close", "end") and not (token.kind == "operator" and token.text != "-")


def _is_doubled(done: list[Token], start: int, bar: Token) -> bool:
    """Would a bar close the magnitude of a magnitude, `||w||`, which is a norm?"""
    outer, inner, last = done[start], done[start + 1], done[-1]
    are_bars = inner.kind == "open" and last.kind == "close" and inner.text == last.text == bar.text == "|"
    if not (are_bars and inner.start == outer.end and bar.start == last.end):
        return False
    depth = 0
    for place, token in enumerate(done[start + 1 :], start + 1):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0:
            return place == len(done) - 1
    return False


def _shown(reading: list[Token], source: Source) -> str:
    """Return what was typed with functions in place of bars."""
    shown = ""
    end = 0
    for token in reading:
        gap = " " if token.start > end and shown and source.text[end : token.start].isspace() else ""
        end = token.end
        if token.text in ("|", "||") and token.kind in ("open", "close"):
            name = "abs(" if token.text == "|" else "norm("
            times = "*" if token.kind == "open" and shown and (shown[-1].isalnum() or shown[-1] == ")") else ""
            shown += gap + (times + name if token.kind == "open" else ")")
        else:
            times = "*" if shown.endswith(")") and token.kind in ("name", "number") else ""
            shown += gap + times + source.part(token.start, token.end)
    return shown
