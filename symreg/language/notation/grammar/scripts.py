"""What stands lowered or raised behind an operand and is no power.

Lowered: an index, a part of a name, the order of a norm, the base of a logarithm, a positive part's plus.
Raised: a label, or the mark of a transposed vector.
"""

from __future__ import annotations

from dataclasses import replace

from symreg.language.notation.formula import Node, Subscript, call, number
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.tokens.symbols import LETTERS
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
    texts = [token.text for token in script]
    inner = cursor.inside(script[2:] if len(script) > 2 and texts[0] in ("ell", "L") and texts[1] == "_" else script)
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


def with_base(cursor: Cursor, name: str, texts: list[str], at: int) -> str:
    """Return the function that a name with something below it is.

    Raises:
        LanguageError: It is none of the language's.
    """
    if name == "log" and texts in (["2"], ["10"]):
        return f"log{texts[0]}"
    if name == "log" and texts == ["e"]:
        return "log"
    if name == "min" and texts and texts[0] not in INDICES:
        cursor.source.fail(
            f"'min' over {texts[0]} says what is done with an objective; write what stands behind it alone", at
        )
    if name in ("max", "min"):
        word = "greatest" if name == "max" else "least"
        cursor.source.fail(f"the {word} over all weights is not in the language; it has sums, and norm(w)", at)
    cursor.source.fail(f"'{name}' has no subscript in the language", at)


def refuse_label(cursor: Cursor, raised: list[Token]) -> None:
    """Refuse what says which of several vectors is meant, as in `x^{(k)}` or `y^{obs}`: it raises to no power.

    Raises:
        LanguageError: It does.
    """
    texts = [token.text for token in raised]
    is_numbered = len(raised) == 3 and texts[0] == "(" and texts[2] == ")" and raised[1].kind in ("name", "number")
    is_word = cursor.is_latex and len(raised) == 1 and _is_word(raised[0])
    if is_numbered or is_word:
        shown = cursor.source.part(raised[0].start, raised[-1].end)
        cursor.source.fail(
            f"a raised '{shown}' is a label or an exponent; leave a label out, write an exponent as one letter without "
            "brackets",
            raised[0].start,
        )


def _is_word(token: Token) -> bool:
    return token.kind == "word" or (
        token.kind == "name" and len(token.text) > 1 and token.text not in LETTERS.values() and token.text != "inf"
    )


def takes_mark(cursor: Cursor) -> bool:
    """Take a raised T before another factor, `w^T w`, or in braces: w transposed; in LaTeX a raised H likewise."""
    tokens = cursor.tokens[cursor.place : cursor.place + 4]
    texts = [t.text for t in tokens]
    marks = ("T", "H") if cursor.is_latex else ("T",)
    if texts[0] == "{" and texts[1:3] in ([[mark, "}"] for mark in (*marks, "'")]):
        cursor.place += 3
        return True
    if texts[0] in marks and len(tokens) > 1 and (tokens[1].kind in ("name", "open") or texts[1] == "@"):
        cursor.place += 1
        return True
    return False
