"""The state of a walk over one addend: what may stand in it, and what was met so far."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import NoReturn

from symreg.language.excerpt import Excerpted, fail_in
from symreg.language.limits import DEEPEST, MOST_NODES


@dataclass(slots=True)
class Addend:
    """One addend of a text while it is walked.

    Args:
        text: The whole text.
        offset: Where the addend starts in it.
        place: Where the text stands, for messages.
        in_rule: Is it a rule's assignment?
        in_loss: Is it a loss, over `z` and `y`?
        names: Names that may stand in it.
        is_open: May other names stand in it as well, as parameters?
        bound: Indices that are bound where the walk is.
        nodes: Counted so far; see `limits`.
        switches: Counted so far.
        in_prox: Is the walk within the arguments of `prox`?
        uses: For each open sum, the indices that have subscripted something in it.
        bare: The first `w` without a subscript.
        indexed: The first sum, norm or subscript.
    """

    text: str
    offset: int
    place: Excerpted
    in_rule: bool
    in_loss: bool
    names: frozenset[str]
    is_open: bool
    bound: list[str]
    nodes: int = 0
    switches: int = 0
    in_prox: bool = False
    uses: list[set[str]] = field(default_factory=list)
    bare: ast.Name | None = None
    indexed: ast.expr | None = None


def refuse(addend: Addend, message: str, node: ast.AST, *, to_paste: str = "") -> NoReturn:
    """Raise the error at a node of the addend; `to_paste` are lines that would put it right.

    Raises:
        LanguageError: Always.
    """
    at = addend.offset + getattr(node, "col_offset", 0)
    fail_in(addend.place, message, addend.text, at, to_paste=to_paste)


def count(addend: Addend, node: ast.AST, depth: int) -> None:
    """Count a node.

    Raises:
        LanguageError: It is one too many, or too deep.
    """
    addend.nodes += 1
    if addend.nodes > MOST_NODES:
        refuse(addend, f"more than {MOST_NODES} nodes in one term", node)
    if depth > DEEPEST:
        refuse(addend, f"nested more than {DEEPEST} deep", node)
