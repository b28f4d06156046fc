"""What stands lowered behind an operand: an index, a part of a name, the order of a norm, a positive part's plus."""

from __future__ import annotations

from dataclasses import replace

from symreg.language.notation.formula import Node, Subscript, call, number
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.tokens.token import INDICES, Token


def with_subscript(cursor: Cursor, node: Node, script: list[Token], at: int) -> Node:
    """Return an operand with what stands lowered behind it.

    Args:
        cursor: Behind the script.
        node: The operand; of a power that stands first, as in `w^2_i`, the base takes the script.
        script: Tokens of the script.
        at: Where it stands.

    Raises:
        LanguageError: A single weight, groups of weights, or a norm that is not in the language.
        Ungrammatical: It is not understood.
    """
    if node.kind == "binary" and node.text == "**":
        base, exponent = node.parts
        return node.over(with_subscript(cursor, base, script, at), exponent)
    texts = [token.text for token in script]
    if texts == ["+"]:
        return call("max", node, number(0, node), at=replace(node, end=cursor.end))
    if node.kind == "norm" and len(node.parts) == 1:
        return replace(node, parts=(*node.parts, _order(cursor, script, at)), end=cursor.end)
    if node.kind == "name" and not node.letter:
        return _named(cursor, node, script, at)
    if node.kind == "call" and node.text == "abs" and texts in (["1"], ["2"], ["p"]):
        cursor.source.fail(f"a norm is written with two bars, as in ||w||_{texts[0]}; abs is of one weight", at)
    cursor.source.stop("what is lowered here is not read", at)


def _order(cursor: Cursor, script: list[Token], at: int) -> Node:
    """Return the order of a norm."""
    if any(token.text in (",", ";") for token in script):
        cursor.source.fail("a norm over groups of weights is not in the language; norm(w) is the norm of all", at)
    words = "".join(token.text for token in script)
    if words in ("*", "TV", "tv", "op", "nuc"):
        cursor.source.fail(f"the norm '{words}' is not in the language; it has those of order 1, 2 and p", at)
    inner = cursor.inside(script)
    order = cursor.expression(inner)
    if inner.next.kind != "end":
        cursor.source.fail("this norm is not in the language; it has those of order 1, 2 and p", at)
    return order


def _named(cursor: Cursor, node: Node, script: list[Token], at: int) -> Node:
    """Return a name with a subscript: an element of an array, or a longer name."""
    subscripts = read_subscripts(script, frozenset(cursor.bound))
    if subscripts:
        return replace(node, kind="item", subscripts=tuple(subscripts), end=cursor.end)
    texts = [token.text for token in script]
    if script and all(token.kind in ("name", "number", "word") and token.text.isalnum() for token in script):
        joined = "".join(texts)
        text = f"{node.text}{joined}" if joined.isdigit() else f"{node.text}_{joined}"
        return replace(node, text=text, letter=node.text, end=cursor.end)
    if script and all(t.kind in ("name", "number") or t.text in "+-,=<>" for t in script):
        cursor.source.fail("a subscript is an index with a constant shift, as in w_{i+1}", at)
    cursor.source.stop("what is lowered here is not read", at)


def read_subscripts(script: list[Token], bound: frozenset[str]) -> list[Subscript]:
    """Return the subscripts that tokens write, `i`, `i+1`, `i,j` or `ij`; none if they write something else."""
    subscripts: list[Subscript] = []
    place = 0
    while place < len(script):
        token = script[place]
        if token.text == "," and subscripts:
            place += 1
            continue
        if token.kind != "name":
            return []
        if token.text in INDICES | bound:
            letters = [token.text]
        elif set(token.text) <= INDICES:
            letters = list(token.text)
        else:
            return []
        subscripts += [Subscript(index=letter) for letter in letters]
        place += 1
        if place + 1 < len(script) and script[place].text in "+-" and script[place + 1].text.isdecimal():
            sign = -1 if script[place].text == "-" else 1
            subscripts[-1] = replace(subscripts[-1], shift=sign * int(script[place + 1].text[:4]))
            place += 2
    return subscripts
