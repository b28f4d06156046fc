"""The names of a derivation as they are written: which stand for one number per weight, and each one's LaTeX symbol."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
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
        variable: What a formal derivative is by: a weight, or the prediction of a loss.
    """

    symbols: dict[str, str] = field(default_factory=dict)
    varying: frozenset[str] = frozenset()
    proximal: str = "R"
    variable: str = "w_j"

    def latex(self, name: str) -> str:
        """Return a name's LaTeX symbol, without an index."""
        return self.symbols.get(name) or latex_symbol(name)


def notation_of(
    terms: Terms, rule: Rule | None, proximal: str = "R", letters: Collection[str] = ()
) -> tuple[Notation, Notation]:
    """Return the notation of formulas, and of a rule's assignments, over terms that are told apart from the rule.

    No two names have one symbol. The letters that a user chose come first, then those of specs, then the rule's.

    Args:
        terms: Whose names are written.
        rule: Whose names are, too.
        proximal: What `prox` is the operator of.
        letters: Names that stand for something else.
    """
    rows: list[Parameter | Array] = [*terms.parameters, *terms.arrays]
    rows.sort(key=lambda row: is_symbol(row.latex))
    own = {row.name: row.latex for row in rows}
    if rule is not None:
        assigned = (*(state.name for state in rule.states), *(step.target for step in rule.steps))
        of_rule = {p.name: p.latex for p in rule.parameters} | dict.fromkeys(assigned, "")
        own.update((name, latex) for name, latex in of_rule.items() if name not in own and name != "w")
    symbols: dict[str, str] = {}
    taken = {_look(symbol) for symbol in (*_OF_WEIGHTS, *letters)}
    for name, latex in own.items():
        symbols[name] = next(s for s in _candidates(name, latex, rule) if _look(s) not in taken)
        taken.add(_look(symbols[name]))
    # A bare `w` in a derivation is the whole vector, in norm(w): the weight of an assignment is written w[j].
    varying = varying_names(() if rule is None else rule.steps) - {"w"}
    return Notation(symbols, proximal=proximal), Notation(symbols, varying, proximal)


_OF_WEIGHTS = ("w", "g", "i", "j", r"\varphi")
"""What stands for the weights, the loss's gradient, an index and the penalty of one weight."""


def _candidates(name: str, latex: str, rule: Rule | None) -> Iterator[str]:
    """Yield symbols for a name: its own, one with the rule's name, one made from the name, and the name itself."""
    symbol = latex if is_symbol(latex) else ""
    if rule is not None and name.startswith(f"{rule.name}_"):
        base, below = _split(symbol or latex_symbol(name.removeprefix(f"{rule.name}_")))
        yield f"{base}_{{{below}{',' if below else ''}{_roman(rule.name)}}}"
    yield symbol or latex_symbol(name)
    yield latex_symbol(name)
    upright = _roman(name)
    while True:
        yield upright
        upright = f"\\bar{{{upright}}}"


def _look(symbol: str) -> str:
    """Return what a symbol looks like, whatever its braces: `x_1` and `x_{1}` are one."""
    return re.sub(r"[{}]", "", symbol)


def latex_symbol(name: str) -> str:
    """Return a symbol for a name that came with none: `beta1` as beta with index 1, `grad_avg` upright."""
    if not _WORD.fullmatch(name):
        return r"\square"
    if name in _COMMANDS or len(name) == 1:
        return _COMMANDS.get(name, name)
    head, _, tail = name.partition("_")
    if tail in _ACCENTS and (head in _COMMANDS or len(head) == 1):
        return f"\\{tail}{{{_COMMANDS.get(head, head)}}}"
    numbered = re.fullmatch(r"([A-Za-z]+)_?(\d+)", name)
    if numbered:
        head, tail = numbered.groups()
    if tail and (numbered or head in _COMMANDS or len(head) == 1):
        base = _COMMANDS.get(head, head if len(head) == 1 else _roman(head))
        below = tail if tail.isdecimal() or len(tail) == 1 else _COMMANDS.get(tail, _roman(tail))
        return f"{base}_{below if len(below) == 1 else f'{{{below}}}'}"
    return _roman(name)


def with_index(symbol: str, index: str) -> str:
    """Return a symbol with an index, after the one that it may have."""
    base, below = _split(symbol)
    if not below:
        return f"{base}_{index if len(index) == 1 else f'{{{index}}}'}"
    return f"{base}_{{{below},{index}}}"


def _split(symbol: str) -> tuple[str, str]:
    """Return a symbol without its index, and the index; an underscore within an upright name begins none."""
    base, _, below = symbol.replace(r"\_", "\0").partition("_")
    inside = below[1:-1] if below.startswith("{") else below
    return base.replace("\0", r"\_"), inside.replace("\0", r"\_")


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
