"""Tables of symbols: letters, operators and brackets, as Unicode has them and as commands of LaTeX."""

from __future__ import annotations

import unicodedata

from symreg.language.notation.words import words

GREEK = words(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_VARIANTS = {
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "varrho": "rho",
    "varsigma": "sigma",
    "varkappa": "kappa",
}
_SHORT = {"lambda": "lam", "epsilon": "eps"}
"""Letters whose whole names are a word of Python's or longer than what everybody writes."""
LETTERS = (
    {name: _SHORT.get(name, name) for name in GREEK}
    | {variant: _SHORT.get(name, name) for variant, name in _VARIANTS.items()}
    | {"ell": "ell"}
)
"""The name in the language of each letter that LaTeX has a command for."""


def _greek_character(name: str) -> str:
    size = "SMALL" if name[0].islower() else "CAPITAL"
    spelled = {"lambda": "LAMDA", "Lambda": "LAMDA"}.get(name, name.upper())
    return unicodedata.lookup(f"GREEK {size} LETTER {spelled}")


CHARACTERS = {_greek_character(name): LETTERS[name] for name in GREEK} | {
    "\N{GREEK THETA SYMBOL}": "theta",
    "\N{GREEK PHI SYMBOL}": "phi",
    "\N{GREEK LUNATE EPSILON SYMBOL}": "eps",
    "\N{GREEK SMALL LETTER FINAL SIGMA}": "sigma",
    "\N{MICRO SIGN}": "mu",
    "\N{SCRIPT SMALL L}": "ell",
    "\N{INFINITY}": "inf",
}
"""The name of each letter outside ASCII; capital sigma is the sign of a sum, see `COMMANDS`."""
del CHARACTERS["\N{GREEK CAPITAL LETTER SIGMA}"]

OPERATORS = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{DOT OPERATOR}": "*",
    "\N{ASTERISK OPERATOR}": "*",
    "\N{BULLET}": "*",
    "\N{CIRCLED DOT OPERATOR}": "*",
    "\N{DIVISION SIGN}": "/",
    "\N{DIVISION SLASH}": "/",
    "\N{FRACTION SLASH}": "/",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{LESS-THAN OR SLANTED EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{GREATER-THAN OR SLANTED EQUAL TO}": ">=",
    "\N{NOT EQUAL TO}": "!=",
    "\N{LOGICAL AND}": "and",
    "\N{LOGICAL OR}": "or",
    "\N{NOT SIGN}": "not",
    "\N{COLON EQUALS}": "=",
    "\N{IDENTICAL TO}": "=",
    "\N{PRIME}": "'",
}
COMMANDS = {
    "\N{N-ARY SUMMATION}": "sum",
    "\N{GREEK CAPITAL LETTER SIGMA}": "sum",
    "\N{SQUARE ROOT}": "sqrt",
    "\N{CUBE ROOT}": "cbrt",
}
BARS = {"|": "|", "\N{DIVIDES}": "|", "\N{DOUBLE VERTICAL LINE}": "||", "\N{PARALLEL TO}": "||"}
BRACKETS = {
    "\N{MATHEMATICAL LEFT ANGLE BRACKET}": "<",
    "\N{MATHEMATICAL RIGHT ANGLE BRACKET}": ">",
    "\N{LEFT-POINTING ANGLE BRACKET}": "<",
    "\N{RIGHT-POINTING ANGLE BRACKET}": ">",
}
FRACTIONS = {chr(c): unicodedata.normalize("NFKC", chr(c)) for c in (*range(0xBC, 0xBF), *range(0x2150, 0x215F))}
"""One half and the like, as two numbers with a fraction slash between."""


def _scripts(names: dict[str, str], prefix: str) -> dict[str, str]:
    scripts: dict[str, str] = {}
    for plain, name in names.items():
        try:
            scripts[unicodedata.lookup(f"{prefix} {name}")] = plain
        except KeyError:
            continue
    return scripts


_DIGITS = dict(zip("0123456789", words("ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE"), strict=True))
_SIGNS = {"+": "PLUS SIGN", "-": "MINUS", "(": "LEFT PARENTHESIS", ")": "RIGHT PARENTHESIS"}
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_SMALL = {letter: f"LATIN SMALL LETTER {letter.upper()}" for letter in _ALPHABET}
_LOWERED = {letter: f"SMALL LETTER {letter.upper()}" for letter in _ALPHABET}
_MODIFIERS = {letter: f"LETTER SMALL {letter.upper()}" for letter in _ALPHABET} | {"T": "LETTER CAPITAL T"}
SUPERSCRIPTS = (
    _scripts(_DIGITS | _SIGNS, "SUPERSCRIPT") | _scripts(_SMALL, "SUPERSCRIPT") | _scripts(_MODIFIERS, "MODIFIER")
)
SUBSCRIPTS = _scripts(_DIGITS | _SIGNS, "SUBSCRIPT") | _scripts(_LOWERED, "LATIN SUBSCRIPT")
