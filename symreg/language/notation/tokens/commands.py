"""Tables of the commands of LaTeX that are read."""

from __future__ import annotations

from symreg.language.notation.words import words

LATEX_OPERATORS = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "odot": "*",
    "circ": "*",
    "div": "/",
    "le": "<=",
    "leq": "<=",
    "leqslant": "<=",
    "ge": ">=",
    "geq": ">=",
    "geqslant": ">=",
    "lt": "<",
    "gt": ">",
    "ne": "!=",
    "neq": "!=",
    "land": "and",
    "lor": "or",
    "neg": "not",
    "lnot": "not",
    "coloneqq": "=",
    "triangleq": "=",
    "equiv": "=",
    "doteq": "=",
    "top": "T",
    "intercal": "T",
    "prime": "'",
    "in": "in",
}
LATEX_COMMANDS = {
    "frac": "frac",
    "dfrac": "frac",
    "tfrac": "frac",
    "cfrac": "frac",
    "nicefrac": "frac",
    "sfrac": "frac",
    "sqrt": "sqrt",
    "sum": "sum",
}
LATEX_OPENING = {
    "lvert": "|",
    "lVert": "||",
    "langle": "<",
    "lbrace": "\\{",
    "{": "\\{",
    "lbrack": "[",
    "lparen": "(",
}
LATEX_CLOSING = {
    "rvert": "|",
    "rVert": "||",
    "rangle": "<",
    "rbrace": "\\}",
    "}": "\\}",
    "rbrack": "]",
    "rparen": ")",
}
LATEX_BARS = {"|": "||", "Vert": "||", "vert": "|", "mid": "|"}
WIDE_SPACES = frozenset(words("quad qquad hfill"))
SPACES = frozenset(
    words(
        ", ; : ! > / quad qquad enspace enskip thinspace medspace thickspace negthinspace space nobreakspace limits "
        "nolimits displaystyle textstyle scriptstyle nonumber notag strut mathstrut allowbreak hfill"
    )
) | {" ", "\n", "\t"}
SIZES = frozenset(f"{size}{side}" for size in words("big Big bigg Bigg") for side in ("", "l", "r", "m"))
FONTS = frozenset(words("mathit mathcal mathsf mathtt mathfrak mathscr mathbb mathds mathnormal ensuremath"))
BOLD = frozenset(words("mathbf boldsymbol bm vec bold mathbfit symbf pmb"))
ROMAN = frozenset(words("mathrm operatorname text textrm textit textnormal mbox mathop textup rm"))
PROSE = ROMAN - frozenset(words("mathrm operatorname mathop rm"))
"""Those that words are set in, besides names."""
WRAPPERS = frozenset(words("equation align aligned gather gathered multline split displaymath math eqnarray"))
"""Environments that say nothing of what stands in them."""
CHOICES = frozenset(words("cases dcases array"))
