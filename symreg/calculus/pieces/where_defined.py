"""Cut pieces to those on which phi has a value: `log(1 - w)` has none from w = 1 on."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.evaluation.spans import middle
from symreg.calculus.pieces.pieces import Piece, Pieces
from symreg.errors import Intractable
from symreg.expressions.arithmetic import W, numeric
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, number
from symreg.model.domain import between
from symreg.model.spec import Parameter


def where_defined(whole: Pieces, value: Tree, parameters: tuple[Parameter, ...]) -> Pieces:
    """Return the pieces on which phi has a value, and the domain that is left.

    What would turn a root's or a logarithm's argument negative is a knot: all over a piece, and for all parameters,
    there is a value or there is none.

    Args:
        whole: All pieces of phi.
        value: phi as it was written, over the bare `w`.
        parameters: With their domains.

    Raises:
        Intractable: There is none between two pieces, or it was not decided.
    """
    kept = [k for k, piece in enumerate(whole.pieces) if _has_value(value, piece, parameters)]
    if len(kept) == len(whole.pieces):
        return whole
    if not kept or kept[-1] - kept[0] >= len(kept):
        raise Intractable("phi has a value on separate intervals only; give it a domain")
    first, last = kept[0], kept[-1]
    pieces = whole.pieces[first : last + 1]
    lower, low_closed = _end(pieces[0].low, first > 0, whole.domain.low_closed, value, parameters)
    is_cut = last + 1 < len(whole.pieces)
    upper, high_closed = _end(pieces[-1].high, is_cut, whole.domain.high_closed, value, parameters)
    domain = between(lower, upper, low_closed=low_closed, high_closed=high_closed)
    return replace(whole, pieces=pieces, knots=whole.knots[first:last], domain=domain)


def _has_value(value: Tree, piece: Piece, parameters: tuple[Parameter, ...]) -> bool:
    at = middle(piece.low, piece.high)
    values = [evaluate(value, {**row, W: evaluate(at, row)}) for row in samples(parameters)]
    answers = {bool(x == x) for x in values}
    if len(answers) > 1:
        raise Intractable(f"whether phi has a value at w = {to_text(at)} was not decided")
    return answers == {True}


def _end(
    end: Tree | None, is_cut: bool, is_closed: bool, value: Tree, parameters: tuple[Parameter, ...]
) -> tuple[Tree | None, bool]:
    """Return an end and whether phi has a finite value there; None for one of the formula that is no number."""
    if not is_cut or end is None:
        return end, is_closed
    exact = numeric(end)
    if exact is None:
        return None, False
    values = [evaluate(value, {**row, W: evaluate(end, row)}) for row in samples(parameters)]
    return number(exact), all(abs(x) < float("inf") for x in values)
