"""What a loop computes, as on paper, in the names of the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from symreg.expressions.text import to_text
from symreg.expressions.tree import Name, Tree, substitute
from symreg.kernel import Let, Store
from symreg.kernel.ir import Statement
from symreg.targets.c.layout import LONGEST_LINE

_TEMPORARY = re.compile(r"t\d+")


def is_temporary(name: str) -> bool:
    """Is a number part of an expression, and not named after what it is?"""
    return _TEMPORARY.fullmatch(name) is not None


def formula_of(body: Iterable[Statement], known: Mapping[Tree, Tree], index: str, room: int) -> str:
    """Return the formulas of what a loop of several statements writes, or that of the weights if all are too long.

    Args:
        body: The statements.
        known: What temporaries before the loop stand for.
        index: Of the loop, as it is written.
        room: What a line has besides.

    Returns:
        One line of them; "" where the one statement says it, or where that of the weights is too long, too.
    """
    body = list(body)
    values = dict(known)
    texts: dict[str, str] = {}
    for statement in body:
        if isinstance(statement, Let) and is_temporary(statement.name):
            values[Name(statement.name)] = substitute(statement.value, values)
        elif isinstance(statement, Store):
            texts[statement.array] = f"{statement.array}[{index}] = {to_text(substitute(statement.value, values))}"
    if len(body) < 2:
        return ""
    longest = LONGEST_LINE - room - len("/*  */")
    return next((text for text in ("; ".join(texts.values()), texts.get("w", "")) if len(text) <= longest), "")
