"""What a formula means in the language: its weight is w, its functions are the language's, its sums have an index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symreg.expressions.functions import FUNCTIONS
from symreg.language.notation.formula import Node, binary, call
from symreg.language.notation.functions import MEANINGS, NAMES, Meaning
from symreg.language.notation.meaning.elementwise import collapsed, with_bare_weights
from symreg.language.notation.meaning.letters import weight_letter
from symreg.language.notation.meaning.whole import of_whole_vector, over_an_index
from symreg.language.notation.tokens.token import Source
from symreg.model.names import RESERVED

_DOMAIN = (
    "a value of infinity says where the weights may lie; leave it out and give --domain, as in --domain '(0, inf)'"
)
_OWN_LETTERS = ("g", "t", "v")
"""Letters of symreg's for a gradient, a count of steps and a point, by which papers also call parameters."""


def in_the_language(
    node: Node,
    source: Source,
    *,
    argument: str | None,
    counts: set[str],
    is_latex: bool,
    read_formula: Callable[[str], Node],
) -> Node:
    """Return a formula that holds only what the language has, as far as it can be said in it.

    Args:
        node: As it was read.
        source: What was typed.
        argument: What the formula is said to be a function of, or None.
        counts: Letters for the number of weights.
        is_latex: Was it LaTeX, where `e` is no parameter?
        read_formula: Reads the text of a function's meaning.

    Raises:
        LanguageError: What has no place in the language, and what to write instead.
    """
    letter = weight_letter(node, argument, source)
    node = _counted(node, counts - {letter}, source)
    if letter is not None:
        node = node.changed(lambda part: _with_weight(part, letter, source))
    node = node.changed(_with_free_name)
    node = node.changed(lambda part: _power(part, is_latex, source))
    node = node.changed(lambda part: _function(part, source, read_formula))
    node = node.changed(lambda part: _exponential(of_whole_vector(part, source), source))
    for part in node.walk():
        if part.kind == "keyword":
            source.fail("a function takes its arguments by position", part.start)
        if part.kind == "transposed":
            source.fail("a transposed vector stands for an inner product, as in w^T w", part.start)
        if part.kind == "name" and part.text == "inf":
            source.fail(_DOMAIN, part.start)
        if part.kind == "name" and part.text == "e" and is_latex:
            source.fail("'e' is Euler's number, exp(1), or a parameter; write \\exp(1), or another letter", part.start)
    taken = frozenset(part.text for part in node.walk() if part.kind == "sum") | node.names()
    node = node.changed(lambda part: over_an_index(part, taken))
    return collapsed(with_bare_weights(_with_usable_indices(node), source))


def _with_usable_indices(node: Node) -> Node:
    """Return a formula in which no index has a name that the language has reserved, such as t."""
    letters = {part.text for part in node.walk() if part.kind == "sum"}
    taken = letters | node.names()
    free = (letter for letter in "ijklmopqrs" if letter not in taken)
    renamed = {letter: next(free, letter) for letter in sorted(letters & RESERVED)}

    def change(part: Node) -> Node:
        subscripts = tuple(replace(s, index=renamed.get(s.index, s.index)) for s in part.subscripts)
        text = renamed.get(part.text, part.text) if part.kind == "sum" else part.text
        return replace(part, text=text, subscripts=subscripts) if part.kind in ("sum", "item") else part

    return node.changed(change) if renamed else node


def _counted(node: Node, counts: set[str], source: Source) -> Node:
    """Return a formula in which the letter for the number of weights is n."""
    others = sorted(counts - {"n"})
    used = [part for part in node.walk() if part.kind == "name" and part.text in others]
    if not used:
        return node
    exponents = [part.parts[1] for part in node.walk() if part.kind == "binary" and part.text == "**"]
    exponents += [part.parts[1] for part in node.walk() if part.kind == "norm" and len(part.parts) > 1]
    raised = {name for exponent in exponents for name in exponent.names()}
    if len(counts) > 1 or raised & set(others):
        letter = used[0].text
        source.fail(
            f"'{letter}' stands for the number of weights here and for something else; take another letter",
            used[0].start,
        )
    return node.changed(lambda part: replace(part, text="n") if part.kind == "name" and part.text in others else part)


def _with_weight(part: Node, letter: str, source: Source) -> Node:
    """Return a part in which the weight is called w."""
    if part.kind not in ("name", "item"):
        return part
    if part.letter == letter:
        source.fail("one weight by its number is not in the language; a penalty is of all weights alike", part.start)
    if part.text == letter:
        return replace(part, text="w")
    if part.text == "w":
        source.fail(f"the weight is {letter} here, and w another letter; call that differently", part.start)
    return part


def _with_free_name(part: Node) -> Node:
    """Return a parameter under a name that it may have, where its letter is one of symreg's own."""
    return replace(part, text=f"{part.text}_0") if part.kind == "name" and part.text in _OWN_LETTERS else part


def _power(part: Node, is_latex: bool, source: Source) -> Node:
    """Return a power of Euler's number as an exponential, where e is no parameter."""
    match part.kind, part.parts:
        case "binary", (Node(kind="name", text="e"), exponent) if part.text == "**":
            if not is_latex and "w" not in exponent.names():
                return part
            source.mark(part.start)
            return call("exp", exponent, at=part)
        case _:
            return part


def _exponential(part: Node, source: Source) -> Node:
    """Return a number to a power that varies with the weights as an exponential."""
    if part.kind == "binary" and part.text == "**":
        base, exponent = part.parts
        if "w" in exponent.names() and "w" not in base.names():
            source.mark(part.start)
            return call("exp", binary("*", exponent, call("log", base, at=base)), at=part)
    return part


def _function(part: Node, source: Source, read_formula: Callable[[str], Node]) -> Node:
    """Return a function under its name in the language, or as the formula that the language has for it."""
    if part.kind != "call" or part.text in FUNCTIONS:
        return part
    if part.text in NAMES.keys() | MEANINGS.keys():
        source.mark(part.start)
    if part.text in NAMES and part.text != "Piecewise":
        return replace(part, text=NAMES[part.text])
    rows = MEANINGS.get(part.text, ())
    if not rows:
        return part
    meaning = next((row for row in rows if len(row.arguments) == len(part.parts)), None)
    if meaning is None or any(argument.kind == "keyword" for argument in part.parts):
        wanted = ", ".join(rows[0].arguments)
        source.fail(f"write {part.text}({wanted}), which is {rows[0].formula}", part.start)
    return _substituted(meaning, part, read_formula)


def _substituted(meaning: Meaning, part: Node, read_formula: Callable[[str], Node]) -> Node:
    """Return the formula of a function with its arguments put in; all of it stands where the function does."""
    values = dict(zip(meaning.arguments, part.parts, strict=True))

    def put_in(node: Node) -> Node:
        if node.kind == "name" and node.text in values:
            return values[node.text]
        return replace(node, start=part.start, end=part.end)

    return read_formula(meaning.formula).changed(put_in)
