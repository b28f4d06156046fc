"""Which letter of a formula is the weight: `w`, or the one that its own notation singles out; else it is asked."""

from __future__ import annotations

from symreg.language.notation.formula import Node
from symreg.language.notation.tokens.symbols import LETTERS
from symreg.language.notation.tokens.token import Source
from symreg.language.notation.words import words

_LETTERS_OF_WEIGHTS = frozenset(words("w W beta theta x u z omega"))
_WORDS_FOR_WEIGHTS = frozenset(words("weight weights coef params"))
_NO_LETTERS = frozenset(("n", "pi", "e", "inf"))


def weight_letter(node: Node, argument: str | None, source: Source) -> str | None:
    """Return the letter of the weight.

    In this order: the argument of what the formula defines, `R(x) = ...`; `w`, unless another letter of weights has an
    index beside it; the only letter with an index, in a norm or transposed; the only bold letter; the only one between
    bars, where a positive parameter never stands alone; the only letter.

    Args:
        node: The formula.
        argument: What it is said to be a function of, or None.
        source: What was typed.

    Returns:
        The letter; None if names and numbers stand by themselves, which are no formula.

    Raises:
        LanguageError: It is not clear which one.
    """
    if argument is not None and any(part.kind == "name" and part.text == argument for part in addends(node)):
        return argument
    formulas = [addend for addend in addends(node) if not _is_bare(addend)]
    if not formulas:
        return None
    names = {part.letter or part.text for f in formulas for part in f.walk() if part.kind in ("name", "item")}
    names -= _NO_LETTERS | _indices(node)
    if argument in names:
        return argument
    vectors = frozenset().union(*(_vectors(f) for f in formulas))
    if "w" in node.names() and not (vectors - {"w"}) & _LETTERS_OF_WEIGHTS:
        return "w"
    bold = {part.text for f in formulas for part in f.walk() if part.is_bold}
    is_curved = any(_is_curved(part) for f in formulas for part in f.walk())
    alone = names if is_curved and len(names) == 1 and argument is None else set()
    between_bars = {part.parts[0].text for f in formulas for part in f.walk() if _is_magnitude_of_a_name(part)}
    candidates = vectors | _multiplied(formulas) or bold or between_bars or alone
    if len(candidates) == 1 and "w" not in names - candidates and candidates <= _letters(names):
        source.mark(node.start)
        return next(iter(candidates))
    refuse = source.fail if source.foreign else source.stop
    refuse(_question(names), node.start)


def _indices(node: Node) -> frozenset[str]:
    """Return the letters that are an index somewhere in a formula, and no parameters."""
    letters = {s.index for part in node.walk() for s in part.subscripts}
    letters |= {part.text for part in node.walk() if part.kind == "sum"}
    sums = (part.parts[1] for part in node.walk() if part.text == "sum" and part.kind == "call" and len(part.parts) > 1)
    return frozenset(letters | {index.text for index in sums if index.kind == "name"})


def _multiplied(formulas: list[Node]) -> frozenset[str]:
    """Return the vectors that a transposed vector is multiplied by, each as likely the weight as that one."""
    products = [part for formula in formulas for part in formula.walk() if part.text == "dot" and len(part.parts) == 2]
    return frozenset(
        right.text
        for _, right in (part.parts for part in products)
        if right.kind == "name" and not right.text.isupper()
    )


def _question(names: set[str]) -> str:
    """Return what to ask where it is not clear which name is the weight."""
    match sorted(names):
        case []:
            return "there is no weight in this formula; write w for it"
        case [name]:
            return f"'{name}' is one name, and no letter for a weight; write w for it, and '*' for a product"
        case several:
            likely = min(names & _LETTERS_OF_WEIGHTS or names)
            return (
                f"it is not clear which of {', '.join(several[:8])} is the weight; "
                f"write w for it, or what the formula is of, as in R({likely}) = ..."
            )


def addends(node: Node) -> list[Node]:
    """Return the addends of a sum, without their signs."""
    if node.kind == "binary" and node.text in ("+", "-"):
        return [addend for part in node.parts for addend in addends(part)]
    return addends(node.parts[0]) if node.kind == "negate" else [node]


def _is_bare(addend: Node) -> bool:
    """Is an addend a name or a penalty, with or without a number before it?"""
    if addend.kind == "binary" and addend.text == "*" and addend.parts[0].kind == "number":
        addend = addend.parts[1]
    return addend.kind in ("kept", "number") or (addend.kind == "name" and not addend.is_bold)


def _letters(names: set[str]) -> set[str]:
    """Return the names that are one letter, or a word for weights; `Aw` and `aw` may be products."""
    return {name for name in names if len(name) == 1 or name in LETTERS.values() or name in _WORDS_FOR_WEIGHTS}


def _is_curved(node: Node) -> bool:
    """Is it a function or a power, which a constant has no need of?"""
    return node.kind == "norm" or node.text == "**" or (node.kind == "call" and node.text != "sum")


def _is_magnitude_of_a_name(node: Node) -> bool:
    return (
        node.kind == "call" and node.text in ("abs", "fabs") and len(node.parts) == 1 and node.parts[0].kind == "name"
    )


def _vectors(node: Node) -> frozenset[str]:
    """Return the letters that stand where only a vector does."""
    letters: set[str] = set()
    for part in node.walk():
        is_vector = part.text in _LETTERS_OF_WEIGHTS or not part.text.isupper()
        if part.kind == "item" and len(part.subscripts) == 1 and is_vector:
            letters.add(part.text)
        is_whole = part.kind in ("norm", "transposed") or (part.kind == "call" and part.text in ("dot", "norm"))
        if is_whole and part.parts and part.parts[0].kind == "name":
            letters.add(part.parts[0].text)
    if not letters:
        letters = {part.text for part in node.walk() if part.kind == "item" and len(part.subscripts) == 2}
    return frozenset(letters)
