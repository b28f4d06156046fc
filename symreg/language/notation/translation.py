"""Turn a text as it is typed, or as papers print it, into text of the language: tokens, grammar, meaning."""

from __future__ import annotations

import re

from symreg.expressions.text import LONGEST_MENTION
from symreg.language.limits import DEEPEST
from symreg.language.notation.definition import Equation, equation
from symreg.language.notation.formula import Node, printed
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.grammar.expression import expression, product
from symreg.language.notation.meaning.meaning import in_the_language
from symreg.language.notation.meaning.whole import with_one_form
from symreg.language.notation.reading import Reading
from symreg.language.notation.tokens.bars import with_directions
from symreg.language.notation.tokens.latex import latex_tokens
from symreg.language.notation.tokens.plain import plain_tokens
from symreg.language.notation.tokens.token import Source, Token, Ungrammatical

__all__ = ["Ungrammatical", "in_another_notation"]

_NO_NAME = (
    "what stands before '=' is not the name of a penalty, as in R(w) = ...; write the formula alone, '==' to compare"
)
_BEHIND = (
    "what stands behind the formula is not read; a parameter's domain is declared by --param, as in "
    "--param 'a: (2, inf) = 3.7'"
)
_NOTHING = re.compile(r"(?!)")


def in_another_notation(typed: str, kept: re.Pattern[str] = _NOTHING) -> Reading:
    """Return the reading of a text as it is typed or as papers print it.

    Args:
        typed: Plain text, with symbols of Unicode, or LaTeX.
        kept: Matches what stays as it is.

    Raises:
        LanguageError: It can be read in two ways, or is understood and not in the language.
        Ungrammatical: It is not understood.
    """
    source = Source(typed)
    try:
        return _read(source, kept)
    except RecursionError:
        source.stop(f"nested more than {DEEPEST} deep", 0)


def _read(source: Source, kept: re.Pattern[str]) -> Reading:
    is_latex = "\\" in source.text
    tokens = latex_tokens(source) if is_latex else plain_tokens(source, kept)
    meant = _meant_by(equation(tokens, source), source, is_latex)
    if not source.foreign:
        source.stop("this is not in the language", 0)
    pieces = printed(meant)
    return Reading(
        typed=source.text,
        text="".join(piece.text for piece in pieces),
        origins=tuple(piece.at for piece in pieces for _ in piece.text),
    )


def _meant_by(written: Equation, source: Source, is_latex: bool) -> Node:
    """Return what a formula means, or several that are said to be the same.

    Raises:
        LanguageError: The sides of `=` mean different things, or the first is neither a formula nor a penalty's name.
    """
    meant: list[Node] = []
    for side in written.sides:
        cursor = _cursor(side, source, is_latex)
        try:
            node = _whole(cursor)
            meant.append(
                in_the_language(
                    node,
                    source,
                    argument=written.argument,
                    counts=cursor.counts,
                    is_latex=is_latex,
                    read_formula=_formula,
                )
            )
            of_no_parameter = next(
                (said for said in cursor.positive if said.text not in meant[-1].names() - {"w"}), None
            )
            if of_no_parameter is not None:
                source.fail(_BEHIND, of_no_parameter.start)
        except Ungrammatical:
            if written.is_named or meant or len(written.sides) == 1:
                raise
            source.stop(_NO_NAME, side[0].start)
    if not written.is_named and any("w" not in node.names() for node in meant) and len(meant) > 1:
        source.stop(_NO_NAME, written.sides[0][0].start)
    differing = next((node for node in meant if with_one_form(node) != with_one_form(meant[0])), None)
    if differing is not None:
        first, other = ("".join(piece.text for piece in printed(node)) for node in (meant[0], differing))
        shown = f"as {first} and as {other}" if len(first + other) < LONGEST_MENTION else "differently"
        source.fail(f"the sides of '=' are read {shown}; write one of them", written.sign)
    return meant[0]


def _formula(text: str) -> Node:
    """Return the formula that a text of the language is."""
    source = Source(text)
    return _whole(_cursor(plain_tokens(source, _NOTHING), source, is_latex=False))


def _cursor(tokens: list[Token], source: Source, is_latex: bool) -> Cursor:
    end = len(source.text)
    directed = with_directions(tokens, source)
    last = Token(kind="end", text="", start=end, end=end)
    return Cursor(source=source, tokens=[*directed, last], is_latex=is_latex, expression=expression, product=product)


def _take_positive(cursor: Cursor) -> None:
    """Take `, a > 0, b > 0` behind a formula, which parameters are anyway, and remember what is said of what."""
    while cursor.meets("operator", ",", ";") and cursor.tokens[cursor.place + 1].kind == "name":
        start = cursor.place
        cursor.take()
        said = expression(cursor)
        subject, least = said.parts if said.kind == "compare" and said.text == ">" else (said, said)
        if (subject.kind, least.kind, least.text) != ("name", "number", "0"):
            cursor.place = start
            return
        cursor.positive.append(subject)
        cursor.source.mark(subject.start)


def _whole(cursor: Cursor) -> Node:
    node = expression(cursor)
    _take_positive(cursor)
    while cursor.meets("operator", ",", ";", ".") and cursor.tokens[cursor.place + 1].kind == "end":
        cursor.take()
    if cursor.meets("operator", ",", ";"):
        refuse = cursor.source.fail if cursor.source.foreign else cursor.source.stop
        refuse(_BEHIND, cursor.next.start)
    if cursor.next.kind != "end":
        cursor.missing()
    return node
