"""Parse text of the language into a tree: Python's grammar, our own walk over it, nothing ever executed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NoReturn

from symreg.expressions.tree import Binary, Tree
from symreg.language.addend import Addend
from symreg.language.excerpt import Excerpted, fail_in
from symreg.language.limits import split_addends
from symreg.language.walk import walk_addend

_IN_PENALTY = frozenset({"w", "n"})
_IN_RULE = frozenset({"w", "g", "g_loss", "g_penalty", "t"})
_IN_LOSS = frozenset({"z", "y"})


def parse(
    text: str,
    *,
    source: str | Excerpted = "expression",
    indices: Collection[str] = (),
    in_rule: bool = False,
    in_loss: bool = False,
    known: Collection[str] | None = None,
) -> Tree:
    """Return the tree of an expression.

    Args:
        text: In the language's notation; at most 128 addends of 2,000 characters.
        source: What messages call the text, or where it stands in a file.
        indices: Indices that may occur free (`j` in a printed gradient).
        in_rule: Is it a rule's assignment: elementwise, over `w`, `g`, `g_loss`, `g_penalty`, `t` and names in `known`?
        in_loss: Is it a loss: elementwise, over the prediction `z` and the label `y`?
        known: Names of the parameters and arrays there are; None takes every other name for a parameter.

    Raises:
        LanguageError: What is wrong, the column, and what would be right.
    """
    addends = parse_addends(text, source=source, indices=indices, in_rule=in_rule, in_loss=in_loss, known=known)
    return fold(addends)


def parse_addends(
    text: str,
    *,
    source: str | Excerpted = "expression",
    indices: Collection[str] = (),
    in_rule: bool = False,
    in_loss: bool = False,
    known: Collection[str] | None = None,
) -> list[tuple[str, Tree]]:
    """Return the sign ("" for the first, `+`, `-`) and the tree of each top-level addend; see `parse`."""
    place = source if isinstance(source, Excerpted) else Excerpted(source=source)
    allowed = (_IN_RULE if in_rule else _IN_LOSS if in_loss else _IN_PENALTY) | frozenset(known or ())

    def fail(message: str, position: int) -> NoReturn:
        fail_in(place, message, text, position)

    addends: list[tuple[str, Tree]] = []
    for start, end, sign in split_addends(text, fail):
        part = text[start:end]
        padding = len(part) - len(part.lstrip())
        addend = Addend(
            text=text,
            offset=start + padding,
            place=place,
            in_rule=in_rule,
            in_loss=in_loss,
            names=allowed,
            is_open=known is None,
            bound=list(indices),
        )
        addends.append((sign, walk_addend(addend, part.strip())))
    return addends


def fold(addends: Iterable[tuple[str, Tree]]) -> Tree:
    """Return the sum of signed addends, associated to the left; the first one's sign is its own."""
    (_, total), *others = addends
    for sign, tree in others:
        total = Binary(sign, total, tree)
    return total
