"""Where reading is in a list of tokens, and what it knows by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from symreg.language.limits import DEEPEST
from symreg.language.notation.formula import Node
from symreg.language.notation.tokens.token import Kind, Source, Token

CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "|": "|", "||": "||", "<": "<", ".": "."}


@dataclass(slots=True, kw_only=True)
class Cursor:
    """The state of reading one formula.

    Args:
        source: What was typed.
        tokens: All of it; the last one is of kind `end`.
        is_latex: Is it LaTeX, in which `2(w)` and `w[i]` are products and a number may be one digit of a longer one?
        expression: Reads an expression, conditions included; see `expression`.
        product: Reads a product.
        place: Of the next token.
        bound: Indices of the sums that are open.
        counts: Letters that stand for the number of weights, as the upper end of a sum.
        positive: Parameters that are said to be positive behind the formula.
        depth: Of nesting.
        known: What brackets hold that were looked into already, and where reading goes on behind them, by their place.
    """

    source: Source
    tokens: list[Token]
    is_latex: bool
    expression: Callable[[Cursor], Node]
    product: Callable[[Cursor], Node]
    place: int = 0
    bound: list[str] = field(default_factory=list)
    counts: set[str] = field(default_factory=set)
    positive: list[Node] = field(default_factory=list)
    depth: int = 0
    known: dict[int, tuple[list[Node], int]] = field(default_factory=dict)

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.place]

    @property
    def end(self) -> int:
        """Where what was read so far ends."""
        return self.tokens[self.place - 1].end if self.place else 0

    def take(self) -> Token:
        """Return the next token and go on."""
        token = self.next
        self.place += token.kind != "end"
        return token

    def meets(self, kind: Kind, *texts: str) -> bool:
        """Is the next token of a kind, and one of some texts?"""
        return self.next.kind == kind and (not texts or self.next.text in texts)

    def takes(self, kind: Kind, *texts: str) -> bool:
        """Is it so? Then go on."""
        is_met = self.meets(kind, *texts)
        self.place += is_met
        return is_met

    def close(self, opening: Token) -> Token:
        """Take the bracket that closes another one.

        Raises:
            Ungrammatical: Something else stands there.
        """
        if self.meets("close", CLOSING[opening.text]):
            return self.take()
        if self.next.kind == "end":
            self.source.stop(f"this '{_shown(opening)}' is never closed", opening.start)
        self.missing()

    def missing(self) -> NoReturn:
        """Refuse the next token, which continues nothing.

        Raises:
            Ungrammatical: Always.
        """
        token = self.next
        if token.kind == "end":
            self.source.stop("the formula ends too early", max(len(self.source.text.rstrip()) - 1, 0))
        self.source.stop(f"{self.source.quoted(token.start, token.end)} continues nothing that is read", token.start)

    def deeper(self) -> None:
        """Count one level of nesting more.

        Raises:
            Ungrammatical: It is one too many.
        """
        self.depth += 1
        if self.depth > 2 * DEEPEST:
            self.source.stop(f"nested more than {DEEPEST} deep", self.next.start)

    def group(self, opening: Token) -> list[Token]:
        """Take and return the tokens up to the bracket that closes an opened one, which is taken too."""
        depth, start = 1, self.place
        while self.next.kind != "end":
            token = self.take()
            depth += (token.kind == "open") - (token.kind == "close")
            if depth == 0:
                return self.tokens[start : self.place - 1]
        self.source.stop(f"this '{_shown(opening)}' is never closed", opening.start)

    def script(self) -> list[Token]:
        """Take and return the tokens that stand raised or lowered: a group in braces, or one token."""
        if self.meets("open", "{") or (self.meets("open", "(") and not self.is_latex):
            return self.group(self.take())
        if self.next.kind in ("number", "name", "operator"):
            return [self.first_digit() if self.meets("number") else self.take()]
        self.missing()

    def first_digit(self) -> Token:
        """Take a number; in LaTeX without braces only its first digit."""
        token = self.next
        if not self.is_latex or len(token.text) == 1:
            return self.take()
        digit = replace(token, text=token.text[0], end=token.start + 1)
        rest = replace(token, text=token.text[1:], start=token.start + 1, after_space=False)
        self.tokens[self.place : self.place + 1] = [digit, rest]
        self.known.clear()
        return self.take()

    def inside(self, tokens: list[Token]) -> Cursor:
        """Return a cursor over some of the tokens, such as those of a script."""
        at = tokens[-1].end if tokens else self.end
        return replace(self, tokens=[*tokens, Token(kind="end", text="", start=at, end=at)], place=0, known={})


def _shown(opening: Token) -> str:
    return {"\\{": "\\{", "<": "\\langle", "||": "||"}.get(opening.text, opening.text)
