"""Gaps of the operator: over which weights F falls, and the v at which the minima on both sides are equally good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.roots import roots
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import ONE, ZERO, W, minus, over, plus, times
from symreg.expressions.tree import Compare, Tree, number, substitute
from symreg.model.spec import Parameter
from symreg.proximal.cases import Entry, Fall
from symreg.proximal.operator import STEP, Case, Gap, Kink, MonotonePiece, Operator
from symreg.proximal.solving.points import OWN_PARAMETERS


def cases_and_gaps(entries: Sequence[Entry]) -> tuple[tuple[Case, ...], tuple[Gap, ...]]:
    """Return the cases, and the gaps between them at which F may fall.

    A piece of constant negative curvature that alone parts two cases is lost at its gap for long steps; where there are
    several, and beside a concave kink, each is there whenever it has a minimum, with a gap on either side.
    """
    cases: list[Case] = []
    gaps: list[Gap] = []
    waiting: list[Entry] = []
    first = 0  # of the cases behind the last gap

    def open_gap(position: Tree, *, is_kink: bool = False, lost: Case | None = None) -> None:
        nonlocal first
        gaps.append(Gap(index=len(cases), position=position, is_kink=is_kink, lost=lost))
        if lost is not None:
            cases.append(lost)
        first = len(cases)

    def settle() -> None:
        falling = [entry for entry in waiting if isinstance(entry, Case)]
        falls = [entry for entry in waiting if isinstance(entry, Fall)]
        waiting.clear()
        if len(falling) == 1 and not falls and len(cases) > first:
            piece = _piece(falling[0])
            if piece.low is not None:
                rises = Compare(">", plus(ONE, times(STEP, piece.curvature)), ZERO)
                open_gap(piece.low, lost=replace(falling[0], when=rises))
                return
        for case in falling:
            low = _piece(case).low
            if len(cases) > first and low is not None:
                open_gap(low, is_kink=True)
            cases.append(case)
        if falling or (falls and len(cases) > first):
            end = _piece(falling[-1]).high if falling else falls[0].position
            assert end is not None
            open_gap(end, is_kink=bool(falling) or any(fall.is_kink for fall in falls))

    for entry in entries:
        if isinstance(entry, Fall) or _falls_all_over(entry):
            waiting.append(entry)
            continue
        if waiting:
            settle()
        cases.append(entry)
    return tuple(cases), tuple(gaps)


def with_jumps(operator: Operator, parameters: tuple[Parameter, ...]) -> Operator:
    """Return an operator with those of its jumps that have a closed form."""
    beside = pairwise(operator.between_gaps)
    gaps = (
        replace(gap, jump=_jump(gap, before, after, parameters))
        for gap, (before, after) in zip(operator.gaps, beside, strict=True)
    )
    return replace(operator, gaps=tuple(gaps))


def _jump(
    gap: Gap, before: tuple[Case, ...], after: tuple[Case, ...], parameters: tuple[Parameter, ...]
) -> Tree | None:
    """Return where the minimum jumps from a kink into a piece, if that is a root that can be listed.

    With v = F(u) the difference of the two costs is a function of u alone, which rises with u.
    """
    if len(before) > 1 or len(after) > 1:
        return None
    kink, piece = before[0].place, after[0].place
    if not isinstance(kink, Kink) or not isinstance(piece, MonotonePiece):
        return None
    v = plus(W, times(STEP, piece.slope))
    chord = times(minus(W, kink.position), minus(v, over(plus(W, kink.position), number(2))))
    known = (*parameters, *OWN_PARAMETERS)
    difference = simplify(plus(times(STEP, minus(kink.value, piece.value)), chord), known)
    try:
        candidates = roots(difference)
    except NotDifferentiable:
        return None
    met = next((u for u in candidates if _is_met(u, difference, gap, piece, known)), None)
    return None if met is None else simplify(substitute(v, {W: met}), known)


def _is_met(u: Tree, difference: Tree, gap: Gap, piece: MonotonePiece, known: tuple[Parameter, ...]) -> bool:
    """Is a root of the difference in the piece, where F rises, at all samples at which F falls in the gap?"""
    if gap.lost is None and not gap.is_kink and piece.least_curvature is not None:
        return False  # whether F falls depends on the step
    compared = 0
    rise = plus(ONE, times(STEP, piece.curvature))
    fall = None if gap.lost is None else plus(ONE, times(STEP, _piece(gap.lost).curvature))
    for values in samples(known):
        if fall is not None and evaluate(fall, values) > 0:
            continue
        weight, low = evaluate(u, values), None if piece.low is None else evaluate(piece.low, values)
        there = {**values, W: weight}
        if not (weight == weight and low is not None and weight >= low and evaluate(rise, there) > 0):
            return False
        if not abs(evaluate(difference, there)) <= TINY * (1 + weight * weight):
            return False
        compared += 1
    return compared > 0


def _piece(case: Case) -> MonotonePiece:
    assert isinstance(case.place, MonotonePiece)
    return case.place


def _falls_all_over(case: Case) -> bool:
    """Is it a piece on which F may fall from end to end? One without an end is there whenever there is a minimum."""
    piece = case.place
    if not isinstance(piece, MonotonePiece) or not piece.may_fall or piece.trend != 0:
        return False
    return piece.low is not None and piece.high is not None
