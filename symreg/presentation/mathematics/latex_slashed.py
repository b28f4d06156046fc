"""Trees as LaTeX on one line: quotients with a slash, as they stand in an exponent or in a line of prose."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from symreg.expressions.tree import Binary, Negate, Number, Tree, walk
from symreg.presentation.mathematics.latex_runs import beside, piece
from symreg.presentation.mathematics.layout import Run
from symreg.presentation.mathematics.notation import Notation
from symreg.presentation.mathematics.paper import addends, fraction, numeral
from symreg.presentation.mathematics.precedence import ANY, ATOM, POWER, PRODUCT, SIGN, SUM

Parts = Callable[[Tree, Notation], tuple[Run, int]]
"""The printer of everything else: a node as LaTeX, and how tightly it binds."""
WIDEST_EXPONENT = 5000
_MOST_NODES = 16
"""Of an exponent: trying one form after the other must not double the work at every level of a tower."""


def exponent_of(tree: Tree, notation: Notation, parts: Parts) -> Run | None:
    """Return a tree as it stands in an exponent, quotients with a slash, or None if it is too much for one."""
    if next(islice(walk(tree), _MOST_NODES, None), None) is not None:
        return None
    run = slashed(tree, ANY, notation, parts)
    return run if run is not None and run.width <= WIDEST_EXPONENT else None


def slashed(tree: Tree, least: int, notation: Notation, parts: Parts) -> Run | None:
    """Return a tree with its quotients on one line, in brackets if it binds less tightly than `least`.

    None: something in it is too tall for a line.
    """
    match tree:
        case Number(value) if "/" in numeral(value):
            run: Run | None = piece(numeral(value))
            level = PRODUCT
        case Negate() | Binary("+" | "-"):
            run, level = _joined_slashed(tree, notation, parts), SUM if len(addends(tree)) > 1 else SIGN
        case Binary("*" | "/"):
            ((is_negative, product),) = addends(tree)
            run = _joined_slashed(tree, notation, parts) if is_negative else _quotient_slashed(product, notation, parts)
            level = SIGN if is_negative else PRODUCT
        case Binary("**", base, exponent):
            low, high = slashed(base, ATOM, notation, parts), slashed(exponent, ANY, notation, parts)
            run = None if low is None or high is None else piece(low.flat + raised(high), low.width + high.width)
            level = POWER
        case _:
            run, level = parts(tree, notation)
            run = run if run.height <= 1 else None
    if run is None or level >= least:
        return run
    return piece(f"({run.flat})", run.width + 800)


def _joined_slashed(tree: Tree, notation: Notation, parts: Parts) -> Run | None:
    latex = ""
    width = 0
    for position, (is_negative, term) in enumerate(addends(tree)):
        shown = slashed(term, SIGN, notation, parts)
        if shown is None:
            return None
        sign = "-" if is_negative else "+" if position else ""
        latex += (f" {sign} " if position else sign) + shown.flat
        width += shown.width + (1250 if sign else 0)
    return piece(latex, width)


def _quotient_slashed(tree: Tree, notation: Notation, parts: Parts) -> Run | None:
    above, below, after = fraction(tree)
    shown = [
        slashed(factor, POWER if len(above) + len(after) > 1 else PRODUCT, notation, parts) for factor in above + after
    ]
    under = [slashed(factor, POWER, notation, parts) for factor in below]
    if None in shown or None in under:
        return None
    top, bottom = beside([s for s in shown if s]), beside([s for s in under if s])
    if not below:
        return top
    flat = f"({bottom.flat})" if len(below) > 1 else bottom.flat
    return piece(f"{top.flat}/{flat}", top.width + bottom.width + 1300)


def raised(above: Run) -> str:
    """Return an exponent as it follows its base."""
    return f"^{{{above.flat}}}" if len(above.flat) > 1 else f"^{above.flat}"
