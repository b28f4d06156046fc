"""Formulas and parameters as labels of a plot: the LaTeX of derivations, as far as matplotlib's mathtext knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from matplotlib.mathtext import MathTextParser

from symreg.expressions.arithmetic import times, total
from symreg.expressions.tree import number
from symreg.model.terms import Terms
from symreg.presentation.mathematics.latex import inline
from symreg.presentation.mathematics.notation import Notation, notation_of

_IN_MATHTEXT = (
    (r"\\[lr]vert(?![a-z])", "|"),
    (r"\\[lr]Vert(?![a-z])", r"\\Vert "),
    (r"\\[bB]igg?[lr](?![a-z])", ""),
    (r"\\displaystyle ", ""),
    (r"\\operatorname\{", r"\\mathrm{"),
    (r"(?<=[\w}|)]) \\(?=(?:log|exp|sin|cos|tan|sinh|cosh|tanh|arctan|min|max)(?![a-z]))", r"\\,\\"),
)
"""Commands of amsmath that mathtext does not know, and what it has in their place."""
_WIDEST = 16_000
"""Thousandths of an em that a formula may take in a label."""


def label_of(name: str, terms: Terms, values: Mapping[str, float]) -> str:
    """Return a penalty's formula and the values of its parameters; the name in place of what would be too long.

    Args:
        name: Of the penalty.
        terms: Elementwise ones.
        values: Numbers of the parameters.
    """
    notation, _ = notation_of(terms, None)
    phi = inline(total([times(number(term.coefficient), term.tree) for term in terms.terms]), notation)
    written = mathtext(phi.flat) if phi.width <= _WIDEST else None
    return ",  ".join([written or plain(name), *settings_of(values, notation)])


def settings_of(values: Mapping[str, float], notation: Notation | None = None) -> list[str]:
    """Return each parameter with its number."""
    known = notation or Notation()
    return [
        mathtext(f"{known.latex(name)} = {numeral(value)}") or plain(f"{name} = {value:g}")
        for name, value in values.items()
    ]


def numeral(value: float) -> str:
    """Return a number as it is written in a formula, to four digits."""
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def mathtext(latex: str) -> str | None:
    """Return LaTeX mathematics as mathtext reads it; None if it does not, as of a formula by cases."""
    for command, instead in _IN_MATHTEXT:
        latex = re.sub(command, instead, latex)
    text = f"${latex}$"
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return None
    return text


def plain(text: str) -> str:
    """Return a text in which nothing is read as mathematics."""
    return text.replace("$", r"\$")
