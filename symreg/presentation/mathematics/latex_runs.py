"""Build runs of LaTeX with an upper bound of their width: symbols, brackets of the right size, lists, factors."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from symreg.expressions.functions import FUNCTIONS as LANGUAGE
from symreg.presentation.mathematics.layout import BETWEEN, INSTEAD, NEVER, WITHIN, Run, row
from symreg.presentation.mathematics.paper import numeral
from symreg.presentation.mathematics.precedence import ATOM, POWER, PRODUCT

FUNCTIONS = {row.name: row.latex for row in LANGUAGE.values() if row.latex}
"""The functions for which LaTeX has a name of its own."""

_SIZES = (("", 400), (r"\bigl", 460), (r"\Bigl", 600), (r"\biggl", 740), (r"\Biggl", 800))
MOST_DIGITS = 18
_TOKEN = re.compile(r"\\(?:mathrm|operatorname|text)\{[^{}]*\}|\\[A-Za-z]+|\\.|.", re.DOTALL)
_NARROW, _WIDE = "fijlrtI1,.;:'|()[]", "mwMW"


def piece(latex: str, width: int | None = None, height: int = 0) -> Run:
    """Return LaTeX that stays in one piece."""
    return Run(latex, ink(latex) if width is None else width, height=height)


def ink(latex: str) -> int:
    """Return an upper bound of the width of a symbol with scripts, or of text; not of fractions and the like."""
    total = 0
    for token in _TOKEN.findall(latex):
        if token[0] == "\\" and token.endswith("}"):
            total += sum(map(_letter, token[token.index("{") + 1 : -1].replace("\\", "")))
        elif token in ("{", "}", "_", "^", " ") or token[1:] in ("mathrm", "mathbf", "hat", "bar", "tilde"):
            continue
        elif token in FUNCTIONS.values():
            total += sum(map(_letter, token[1:]))
        elif token[0] == "\\":
            total += 860 if token[1:2].isupper() else 680
        else:
            total += _letter(token)
    return total


def _letter(letter: str) -> int:
    if letter in _NARROW:
        return 460
    return 1050 if letter in _WIDE else 860 if letter.isupper() else 620


def before(latex: str, width: int, run: Run) -> Run:
    """Return a run with LaTeX in front that is not parted from it."""
    if not latex:
        return run
    if not run.parts:
        return Run(latex + run.flat, width + run.width, height=run.height)
    return Run(latex + run.flat, width + run.width, (piece(latex, width), run), height=run.height)


def bracketed(
    run: Run, before: str = "", pair: tuple[str, str] = ("(", ")"), after: str = "", smallest: int = 0
) -> Run:
    """Return a run in brackets of its height; `before` and `after` are not parted from them."""
    left, right = pair
    size, width = _SIZES[min(max(run.height, smallest), len(_SIZES) - 1)]
    opening, closing = f"{before}{size}{left}", f"{size[:-1] + 'r' if size else ''}{right}{after}"
    width += 170 if before else 0
    parts = (piece(opening, width + ink(before)), run, piece(closing, width + ink(after)))
    whole = row(parts)
    height = max(run.height, 1)
    if run.height >= len(_SIZES):
        flat = f"{before}\\left{left}{run.flat}\\right{right}{after}"
        return Run(flat, whole.width + 800, whole.parts, NEVER, height)
    return replace(whole, height=height)


def bars(inner: Run) -> Run:
    """Return a run between the bars of an absolute value."""
    return row((piece(r"\lvert ", 290), inner, piece(r"\rvert", 290)))


def root(inner: Run) -> Run:
    """Return a square root; where it is too wide, a power of one half."""
    flat = f"\\sqrt{{{inner.flat}}}"
    return Run(flat, inner.width + 1000, (bracketed(inner, after="^{1/2}"),), INSTEAD, inner.height)


def listed(parts: list[Run], separator: str, breaks: int = BETWEEN) -> Run:
    """Return parts with a separator after each but the last, where a line may end."""
    width = ink(separator) + 200
    shown = [row((p, piece(separator, width))) if i < len(parts) - 1 else p for i, p in enumerate(parts)]
    return row(shown, breaks)


def beside(factors: list[Run]) -> Run:
    """Return factors one beside the other, with a dot or a thin space where they would be misread."""
    parts = []
    for position, factor in enumerate(factors):
        if position == 0:
            between, width = "", 0
        elif factor.flat[0].isdigit():
            between, width = r" \cdot ", 800
        elif _stands_apart(factors[position - 1].flat) or _stands_apart_before(factor.flat):
            between, width = r" \, ", 170
        else:
            between, width = " ", 0
        parts.append(before(between, width, factor))
    return row(parts, WITHIN)


def _stands_apart(latex: str) -> bool:
    """Does what ends here need a space after it: a function's bracket, an upright name, a bar, a choice?"""
    return latex.startswith((r"\operatorname", r"\mathrm", *FUNCTIONS.values())) or latex.endswith(
        (r"\rvert", r"\end{cases}")
    )


def _stands_apart_before(latex: str) -> bool:
    return latex.startswith((r"\frac{\partial", r"\begin", r"\mathrm"))


def digits(text: str) -> Run:
    """Return a number that may be broken after every few digits."""
    parts = [text[i : i + MOST_DIGITS] for i in range(0, len(text), MOST_DIGITS)]
    return row([piece(part, 620 * len(part)) for part in parts], WITHIN)


def number(value: Fraction) -> tuple[Run, int]:
    """Return a nonnegative number, and how tightly it binds."""
    text = numeral(value)
    if "/" in text:
        top, _, bottom = text.partition("/")
        if max(len(top), len(bottom)) <= MOST_DIGITS:
            return piece(f"\\frac{{{text.replace('/', '}{')}}}", 620 * max(len(top), len(bottom)) + 300, 2), PRODUCT
        return row((digits(top), before(" / ", 700, digits(bottom))), WITHIN), PRODUCT
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return digits(text), ATOM
    power = piece(f"10^{{{exponent}}}")
    if mantissa == "1":
        return power, POWER
    return row((digits(mantissa), before(r" \times ", 1250, power)), WITHIN), PRODUCT
