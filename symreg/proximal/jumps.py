"""Jumps of the operator: gaps over which F falls, and the v at which two minima are equally good."""

from __future__ import annotations

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.roots import roots
from symreg.calculus.symbolic.simplify import tidy
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import ONE, W, minus, over, plus, times
from symreg.expressions.tree import Tree, number, substitute
from symreg.model.spec import Parameter
from symreg.proximal.cells import Fall, Token
from symreg.proximal.closed_forms import OWN_PARAMETERS
from symreg.proximal.operator import STEP, Cell, Dip, Rest, Segment


def parted(tokens: list[Token]) -> tuple[tuple[Segment, ...], tuple[Dip, ...]]:
    """Return the segments in which F rises and the dips between them.

    A cell of constant negative curvature that alone parts two segments belongs to the dip; several, and those beside a
    concave kink, are segments of their own.
    """
    segments: list[list[Rest | Cell]] = [[]]
    dips: list[Dip] = []
    waiting: list[Token] = []

    def settle() -> None:
        lost = [token for token in waiting if isinstance(token, Cell)]
        falls = [token for token in waiting if isinstance(token, Fall)]
        waiting.clear()
        if len(lost) == 1 and not falls and lost[0].low is not None and segments[-1]:
            dips.append(Dip(position=lost[0].low, cell=lost[0]))
            segments.append([])
            return
        for cell in lost:
            if segments[-1]:
                assert cell.low is not None
                dips.append(Dip(position=cell.low, is_kink=True))
                segments.append([])
            segments[-1].append(cell)
        if lost or (falls and segments[-1]):
            end = lost[-1].high if lost else falls[0].position
            assert end is not None
            dips.append(Dip(position=end, is_kink=bool(lost) or any(fall.is_kink for fall in falls)))
            segments.append([])

    for token in tokens:
        if isinstance(token, Fall) or _may_be_lost(token):
            waiting.append(token)
            continue
        if waiting:
            settle()
        segments[-1].append(token)
    return tuple(map(tuple, segments)), tuple(dips)


def jump_between(dip: Dip, before: Segment, after: Segment, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return where the minimum jumps from a resting place into a cell, if that is a root that can be listed.

    With v = F(u) the difference of the two costs is a function of u alone, which rises with u.
    """
    if len(before) > 1 or len(after) > 1 or not isinstance(before[0], Rest) or not isinstance(after[0], Cell):
        return None
    rest, cell = before[0], after[0]
    force = plus(W, times(STEP, cell.slope))
    chord = times(minus(W, rest.position), minus(force, over(plus(W, rest.position), number(2))))
    known = (*parameters, *OWN_PARAMETERS)
    difference = tidy(plus(times(STEP, minus(rest.value, cell.value)), chord), known)
    try:
        found = [u for u in roots(difference) if _is_jump(u, difference, dip, cell, known)]
    except NotDifferentiable:
        return None
    return tidy(substitute(force, {W: found[0]}), known) if found else None


def _is_jump(u: Tree, difference: Tree, dip: Dip, cell: Cell, known: tuple[Parameter, ...]) -> bool:
    """Is a root of the difference in the cell, where F rises, at all samples at which F falls in the dip?"""
    compared = 0
    for values in samples(known):
        rise = plus(ONE, times(STEP, cell.curvature))
        fall = None if dip.cell is None else plus(ONE, times(STEP, dip.cell.curvature))
        if fall is not None and evaluate(fall, values) > 0:
            continue
        if fall is None and not dip.is_kink and cell.least is not None:
            return False  # whether F falls depends on the step
        at, low = evaluate(u, values), evaluate(cell.low, values) if cell.low is not None else None
        there = {**values, W: at}
        if not (at == at and low is not None and at >= low and evaluate(rise, there) > 0):
            return False
        if not abs(evaluate(difference, there)) <= TINY * (1 + at * at):
            return False
        compared += 1
    return compared > 0


def _may_be_lost(token: Token) -> bool:
    """Is it a cell that F may fall on from end to end? One without an end is there whenever there is a minimum."""
    return (
        isinstance(token, Cell)
        and token.turns
        and token.bends == 0
        and token.low is not None
        and token.high is not None
    )
