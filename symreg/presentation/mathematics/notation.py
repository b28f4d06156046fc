"""The names of a derivation as they are written: which stand for one number per weight, and each one's LaTeX symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from symreg.model.spec import Array, Parameter, Rule, varying_names
from symreg.model.terms import Terms

_GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
    omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_COMMANDS = {name: f"\\{name}" for name in (*_GREEK.split(), "varepsilon", "vartheta", "varphi", "ell")} | {
    "lam": r"\lambda",
    "lamb": r"\lambda",
    "eps": r"\varepsilon",
}
_ACCENTS = ("bar", "hat", "tilde")
_SYMBOL_COMMANDS = frozenset(_COMMANDS.values()) | {f"\\{a}" for a in (*_ACCENTS, "mathrm", "mathbf")}
_TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z0-9]|[{}_]", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notation:
    """How names are written.

    Args:
        symbols: LaTeX of a name that has a symbol of its own.
        varying: Names that stand for one number per weight, and are written with the weight's index.
        proximal: What `prox` is the operator of, as a subscript names it.
    """

    symbols: dict[str, str] = field(default_factory=dict)
    varying: frozenset[str] = frozenset()
    proximal: str = "R"

    def latex(self, name: str) -> str:
        """Return a name's LaTeX symbol, without an index."""
        return self.symbols.get(name) or latex_symbol(name)


def notation_of(terms: Terms, rule: Rule | None, proximal: str = "R") -> tuple[Notation, Notation]:
    """Return the notation of formulas, and of a rule's assignments, over terms that are told apart from the rule."""
    symbols: dict[str, str] = {}
    of_penalty: tuple[Parameter | Array, ...] = (*terms.parameters, *terms.arrays)
    of_rule = () if rule is None else rule.parameters
    for row in (*of_penalty, *of_rule):
        symbol = row.latex if is_symbol(row.latex) else latex_symbol(row.name)
        if symbol in symbols.values():
            owner = row.name.rpartition("_")[0]
            symbol = f"{symbol}_{{{_roman(owner)}}}" if owner and "_" not in symbol else _roman(row.name)
        symbols[row.name] = symbol
    # A bare `w` in a derivation is the whole vector, in norm(w): the weight of an assignment is written w[j].
    varying = varying_names(() if rule is None else rule.steps) - {"w"}
    return Notation(symbols, proximal=proximal), Notation(symbols, varying, proximal)


def latex_symbol(name: str) -> str:
    """Return a symbol for a name that came with none: `beta1` as beta with index 1, `grad_avg` upright."""
    if not _WORD.fullmatch(name):
        return r"\square"
    if name in _COMMANDS or len(name) == 1:
        return _COMMANDS.get(name, name)
    head, _, tail = name.partition("_")
    if tail in _ACCENTS and (head in _COMMANDS or len(head) == 1):
        return f"\\{tail}{{{_COMMANDS.get(head, head)}}}"
    match = re.fullmatch(r"([A-Za-z]+)_?(\d+)", name)
    if match:
        head, tail = match.groups()
    if tail and (head in _COMMANDS or len(head) == 1):
        below = tail if tail.isdecimal() or len(tail) == 1 else _COMMANDS.get(tail, _roman(tail))
        return f"{_COMMANDS.get(head, head)}_{below if len(below) == 1 else f'{{{below}}}'}"
    return _roman(name)


def with_index(symbol: str, index: str) -> str:
    """Return a symbol with an index, after the one that it may have."""
    base, _, below = symbol.partition("_")
    if not below:
        return f"{base}_{index if len(index) == 1 else f'{{{index}}}'}"
    inside = below[1:-1] if below.startswith("{") else below
    return f"{base}_{{{inside},{index}}}"


def is_symbol(latex: str) -> bool:
    """Is this text LaTeX that may be printed as it is: one symbol, built from the allowed commands?"""
    tokens = _TOKEN.findall(latex)
    if not latex or "".join(tokens) != latex or any(t[0] == "\\" and t not in _SYMBOL_COMMANDS for t in tokens):
        return False
    depth = 0
    for position, token in enumerate(tokens):
        depth += (token == "{") - (token == "}")
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        takes_braces = token[1:] in (*_ACCENTS, "mathrm", "mathbf")
        if depth < 0 or (takes_braces and following != "{") or (token == "_" and following in ("", "_", "}")):
            return False
    return depth == 0 and tokens[0] not in ("{", "_") and "{}" not in latex and latex.count("_") <= 1


def _roman(text: str) -> str:
    return "\\mathrm{" + text.replace("_", r"\_") + "}"
