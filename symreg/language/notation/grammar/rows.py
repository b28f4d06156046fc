r"""Read a choice, `\begin{cases} ... \end{cases}`: values and where they hold, the last one everywhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from symreg.language.notation.formula import Node, call, printed
from symreg.language.notation.grammar.cursor import Cursor

_ELSEWHERE = ("otherwise", "else", "elsewhere")
_BEFORE_A_CONDITION = ("if", "for", "when", "where")
_LESS = ("<", "<=")


class Row(NamedTuple):
    """A value and its condition, None for everywhere else."""

    value: Node
    condition: Node | None


def choice(cursor: Cursor) -> Node:
    """Read the rows of a choice.

    Raises:
        LanguageError: The rows do not say what holds everywhere.
        Ungrammatical: They are no rows.
    """
    begin = cursor.take()
    rows: list[Row] = []
    while not cursor.meets("command", "end rows"):
        rows.append(_row(cursor))
        if not cursor.takes("operator", "\\\\"):
            break
    if not cursor.takes("command", "end rows"):
        cursor.missing()
    place = Node(kind="name", start=begin.start, end=cursor.end)
    if len(rows) < 2 or any(row.condition is None for row in rows[:-1]):
        cursor.source.fail("a choice has two rows or more, and only the last may hold 'otherwise'", begin.start)
    if rows[-1].condition is not None and not _cover_everything(rows):
        cursor.source.fail("the rows leave open what holds elsewhere; write 'otherwise' in the last one", begin.start)
    node = rows[-1].value
    for value, condition in reversed(rows[:-1]):
        if condition is not None:
            node = call("where", condition, value, node, at=place)
    return node


def _row(cursor: Cursor) -> Row:
    value = cursor.expression(cursor)
    cursor.takes("operator", ",", ";")
    cursor.takes("operator", "&")
    cursor.takes("operator", ",")
    if cursor.takes("word", *_ELSEWHERE) or cursor.meets("command", "end rows") or cursor.meets("operator", "\\\\"):
        condition = None
    else:
        cursor.takes("word", *_BEFORE_A_CONDITION)
        cursor.takes("operator", "&")
        condition = _condition(cursor)
    while cursor.meets("operator", ",", ";", "&"):
        cursor.take()
    return Row(value, condition)


def _condition(cursor: Cursor) -> Node:
    """Read a condition, in which `=` compares."""
    for place in range(cursor.place, len(cursor.tokens)):
        token = cursor.tokens[place]
        if token.kind in ("word", "command") or token.text in ("\\\\", "&"):
            break
        if token.text == "=":
            cursor.tokens[place] = replace(token, text="==")
    condition = cursor.expression(cursor)
    if condition.kind not in ("compare", "logic"):
        cursor.source.stop("a condition is wanted here, such as |w| \\le c", condition.start)
    return condition


class _Side(NamedTuple):
    """A condition on one expression: above a bound, below one, or both."""

    subject: Node
    lower: Node | None
    upper: Node | None


def _cover_everything(rows: list[Row]) -> bool:
    """Do intervals of one expression lie end to end, from below everything to above everything?

    Whether an end belongs to an interval does not matter for a continuous penalty, and others are refused later.
    """
    options = [_sides(row.condition) for row in rows if row.condition is not None]
    for subject in [side.subject for side in options[0]]:
        sides = [next((side for side in of_row if side.subject == subject), None) for of_row in options]
        known = [side for side in sides if side is not None]
        if len(known) == len(rows) and _lie_end_to_end(known):
            return True
    return False


def _lie_end_to_end(sides: list[_Side]) -> bool:
    lowers = [_bound(side.lower) for side in sides if side.lower is not None and not _is_below_everything(side)]
    uppers = [_bound(side.upper) for side in sides if side.upper is not None]
    return len(lowers) == len(uppers) == len(sides) - 1 and all(lowers.count(bound) == 1 for bound in uppers)


def _bound(node: Node) -> tuple[str, ...]:
    """Return the factors of a bound in one order, as papers write a*lam in one row and lam*a in the next."""
    if node.kind == "binary" and node.text == "*":
        return tuple(sorted(factor for part in node.parts for factor in _bound(part)))
    return ("".join(piece.text for piece in printed(node)),)


def _is_below_everything(side: _Side) -> bool:
    """Is the lower bound left out, or zero below a magnitude?"""
    bound, subject = side.lower, side.subject
    is_zero = bound is not None and bound.kind == "number" and float(bound.text) == 0
    return bound is None or (is_zero and subject.kind == "call" and subject.text == "abs")


def _sides(condition: Node) -> list[_Side]:
    """Return a condition as an interval of each expression that it may be one of."""
    match condition.kind, condition.parts:
        case "compare", (left, right) if condition.text != "==":
            return (
                [_Side(left, None, right), _Side(right, left, None)]
                if condition.text in _LESS
                else [_Side(left, right, None), _Side(right, None, left)]
            )
        case "logic", (first, second) if condition.text == "and":
            return [
                _Side(one.subject, one.lower or other.lower, one.upper or other.upper)
                for one in _sides(first)
                for other in _sides(second)
                if one.subject == other.subject
                and (one.lower is None) != (other.lower is None)
                and (one.upper is None) != (other.upper is None)
            ]
        case _:
            return []
