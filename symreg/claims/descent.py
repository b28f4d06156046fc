"""Claims about where a step on the penalty leads: coercive, toward the origin, and up to which step size."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symreg.calculus.analysis import Analysis
from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.signs.conditions import Truth, all_of, is_at_least_zero
from symreg.calculus.signs.extremes import Extreme, beyond, extremes
from symreg.calculus.signs.limits import grouped, limit_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.table import simplified
from symreg.calculus.symbolic.prove import is_proved
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.shape import settled, told
from symreg.claims.verdict import PHI, PHI_OF_W, SLOPE_OF_W, Verdict, Witness, Words
from symreg.claims.witness import Row, parameter_rows, refuting, weights_between
from symreg.expressions.arithmetic import INFINITY, NAN, ONE, ZERO, W, call, negative, over, plus, times
from symreg.expressions.tree import Call, Compare, Logic, Name, Tree, number, substitute

LR = Name("lr")
"""The learning rate of the gradient step that the claims are about."""


def coercive(analysis: Analysis) -> Verdict:
    """phi(w) runs to infinity as |w| does (within its domain)."""
    claim = "coercive"
    outer = ((analysis.active.pieces[0], 1), (analysis.active.pieces[-1], -1))
    ends = [(piece, side) for piece, side in outer if (piece.low if side > 0 else piece.high) is None]
    limits = [limit_at(piece.value, None, side, analysis.parameters) for piece, side in ends]
    if all(value == INFINITY for value in limits):
        return Verdict(claim=claim, verdict="proved", method="limits")
    for (piece, side), value in zip(ends, limits, strict=True):
        if value not in (INFINITY, NAN):
            witness = _bounded(analysis, piece, side, value)
            if witness is not None:
                end = INFINITY if side < 0 else negative(INFINITY)
                said = (PHI, " runs to ", value, " as ", W, " runs to ", end)
                return Verdict(claim=claim, verdict="refuted", witness=witness, method="limits", said=said)
    truths = [
        True if value == INFINITY else _grows(p, side, analysis) for (p, side), value in zip(ends, limits, strict=True)
    ]
    if None not in truths:
        return _coercive_where(
            claim, all_of((truth for truth in truths if truth is not None), analysis.parameters), analysis
        )
    wave = _is_bounded(analysis)
    if wave is not None:
        witness = refuting(
            analysis.value, ">", plus(wave, ONE), _far(analysis, -1), meaning=(Compare(">", PHI_OF_W, plus(ONE, wave)),)
        )
        return Verdict(claim=claim, verdict="refuted", witness=witness, method="sign table", said=(PHI, " is bounded"))
    return Verdict(claim=claim, verdict="undecided")


def _grows(piece: Piece, side: int, analysis: Analysis) -> Truth | None:
    """Return for which parameters phi runs to infinity at a far end: parts that do so have factors that may be 0.

    None where a factor may have either sign, or what a part runs to is not known.
    """
    conditions: list[Tree] = []
    for scalar, moving in grouped(piece.value, analysis.parameters):
        limit = limit_at(moving, None, side, analysis.parameters)
        if limit == NAN:
            return None
        if limit not in (INFINITY, negative(INFINITY)):
            continue
        factor = simplified(scalar if limit == INFINITY else negative(scalar), analysis.parameters)
        if is_at_least_zero(factor, analysis.parameters) is not True:
            return None
        positive = is_at_least_zero(factor, analysis.parameters, strictly=True)
        if positive is True:
            return True
        conditions += [] if isinstance(positive, bool) else [positive]
    if not conditions:
        return False
    either = conditions[0] if len(conditions) == 1 else Logic("or", tuple(conditions))
    return True if is_proved(either, analysis.parameters) else either


def _coercive_where(claim: str, truth: Truth, analysis: Analysis) -> Verdict:
    if truth is True:
        return Verdict(claim=claim, verdict="proved", method="limits")
    rows = [row for side in (-1, 1) for row in _far(analysis, side, None if truth is False else truth)]
    here = plus(ONE, substitute(analysis.value, {W: ONE}))
    witness = refuting(
        analysis.value, ">", here, rows, meaning=(Compare(">", PHI_OF_W, plus(ONE, call("phi", ONE))), *_FAR)
    )
    return settled(claim, truth, witness, "limits")


def _is_bounded(analysis: Analysis) -> Tree | None:
    """Return the supremum of phi on the outermost piece if it is finite."""
    piece = analysis.active.pieces[-1]
    found = extremes(piece.value, piece.low, piece.high, analysis.parameters, piece.slope)
    return None if found is None or found[1].value in (INFINITY, NAN) else found[1].value


def _bounded(analysis: Analysis, piece: Piece, side: int, value: Tree) -> Witness | None:
    bound = plus(value, ONE) if value != negative(INFINITY) else ZERO
    return refuting(analysis.value, ">", bound, _far(analysis, side), meaning=(Compare(">", PHI_OF_W, bound), *_FAR))


_FAR = (" for a far ", W)


def _far(analysis: Analysis, side: int, condition: Tree | None = None) -> Iterator[Row]:
    for row in parameter_rows(analysis.parameters, condition):
        for size in (10**6, 10**12, 10**20):
            yield {**row, "w": Fraction(-side * size)}


def toward_origin(analysis: Analysis) -> Verdict:
    """w*phi'(w) >= 0: a gradient step on the penalty moves a weight of either sign toward the origin, or not at all."""
    claim = "shrinks toward the origin"
    truths: list[Truth | None] = []
    methods: list[str] = []
    for side, piece, runs in analysis.slope_signs:
        if runs is not None:
            truths.append(all(run.sign * side >= 0 for run in runs))
            methods += [run.method for run in runs]
            continue
        slope = simplify(times(number(side), piece.slope), analysis.parameters)
        found = extremes(slope, piece.low, piece.high, analysis.parameters)
        truths.append(None if found is None else is_at_least_zero(found[0].value, analysis.parameters))
    known = all_of((truth for truth in truths if truth is not None), analysis.parameters)
    truth = None if None in truths and known is not False else known
    if truth is True:
        is_strict = _is_strict(analysis)
        said: Words = ("strictly, at every ", W, " but ", ZERO) if is_strict else ("or leaves it where it is",)
        return Verdict(claim=claim, verdict="proved", method=told(methods), said=said)
    return settled(claim, truth, _away(analysis, None if truth is None or truth is False else truth), told(methods))


def _is_strict(analysis: Analysis) -> bool:
    """Has phi' the weight's sign at every weight but 0?"""
    runs = [(side, found) for side, _, found in analysis.slope_signs]
    is_strict = all(found and len(found) == 1 and found[0].is_strict and found[0].sign == side for side, found in runs)
    sides = [s for knot in analysis.whole.knots if knot.position != ZERO for s in (knot.left, knot.right)]
    return is_strict and all(sign_for_all(slope, analysis.parameters) in ("positive", "negative") for slope in sides)


def _away(analysis: Analysis, condition: Tree | None) -> Witness | None:
    """Return a weight that the step moves away from the origin."""
    for _, piece, _ in analysis.slope_signs:
        product = times(W, piece.slope)
        rows = (
            {**row, "w": weight}
            for row in parameter_rows(analysis.parameters, condition)
            for weight in weights_between(piece.low, piece.high, row)
        )
        witness = refuting(product, ">=", ZERO, rows, meaning=(Compare(">=", times(W, SLOPE_OF_W), ZERO),))
        if witness is not None:
            return witness
    return None


def no_overshoot(analysis: Analysis) -> Verdict:
    """w - lr*phi'(w) never has the other sign than w, for the lr of `holds_iff` and no other."""
    return _largest_step("step without overshoot", analysis, Fraction(1))


def contraction(analysis: Analysis) -> Verdict:
    """|w - lr*phi'(w)| < |w| wherever phi'(w) is not 0, for the lr of `holds_iff` and no other."""
    return _largest_step("step that contracts", analysis, Fraction(2))


def _largest_step(claim: str, analysis: Analysis, factor: Fraction) -> Verdict:
    """Return lr <= factor/sup(phi'(w)/w): strict for contraction, where the supremum is attained."""
    away = toward_origin(analysis)
    if factor == 2 and away.verdict in ("refuted", "conditional"):
        return Verdict(
            claim=claim,
            verdict="refuted",
            witness=away.witness,
            method=away.method,
            said=("some weights move away from the origin at every step size",),
        )
    if away.verdict != "proved" and factor == 2:
        return Verdict(claim=claim, verdict="undecided")
    if _jumps_at_zero(analysis):
        return _no_step(claim, analysis, factor, "slopes at 0")
    top: Extreme | None = None
    for _, found in analysis.ratios:
        if found is None:
            return Verdict(claim=claim, verdict="undecided")
        top = found[1] if top is None else beyond(1, top, found[1], analysis.parameters)
    assert top is not None
    if top.value == INFINITY:
        return _no_step(claim, analysis, factor, told([top.method]))
    sign = is_at_least_zero(top.value, analysis.parameters, strictly=True)
    if sign is False:
        return Verdict(claim=claim, verdict="proved", method=told([top.method]), said=("for every step size",))
    if sign is not True:
        return Verdict(claim=claim, verdict="undecided")
    bound = simplified(over(number(factor), top.value), analysis.parameters)
    if isinstance(top.value, Call) and top.value.function == "max":
        return Verdict(claim=claim, verdict="undecided", said=("which bound is tighter depends on the parameters",))
    is_reached = top.attained != "as a limit" or any(
        knot.position == top.at and knot.position != ZERO and knot.kind == "smooth" for knot in analysis.whole.knots
    )
    is_strict = factor == 2 and is_reached
    return Verdict(
        claim=claim,
        verdict="conditional",
        holds_iff=Compare("<" if is_strict else "<=", LR, bound),
        symbol="lr",
        value=bound,
        method=told([top.method]),
    )


def _jumps_at_zero(analysis: Analysis) -> bool:
    """Does phi' stay away from 0 beside 0, on the side of the weight's sign? Then phi'(w)/w has no upper bound."""
    slopes = analysis.slopes_at_zero()
    if slopes is None or NAN in slopes:
        return False
    turned = (slopes[1], negative(slopes[0]))
    return any(slope == INFINITY or sign_for_all(slope, analysis.parameters) == "positive" for slope in turned)


def _no_step(claim: str, analysis: Analysis, factor: Fraction, method: str) -> Verdict:
    said = ("for no step size: ", over(SLOPE_OF_W, W), " has no upper bound")
    witness = _overshooting(analysis, factor)
    return Verdict(claim=claim, verdict="refuted", witness=witness, method=method, said=said)


def _overshooting(analysis: Analysis, factor: Fraction) -> Witness | None:
    """Return a weight that a step of lr = 1e-6 takes across the origin, or farther than it was."""
    rate = number(Fraction(1, 10**6))
    for _, found in analysis.sides:
        for piece in found:
            ratio = over(times(rate, piece.slope), W)
            rows = (
                {**row, "w": weight}
                for row in parameter_rows(analysis.parameters)
                for weight in _small_and_large(piece, row)
            )
            meaning = (Compare("<=", over(times(LR, SLOPE_OF_W), W), number(factor)), " for ", Compare("==", LR, rate))
            witness = refuting(ratio, "<=", number(factor), rows, meaning=meaning)
            if witness is not None:
                return witness
    return None


def _small_and_large(piece: Piece, row: Row) -> Iterator[Fraction]:
    side = 1 if piece.low == ZERO or (piece.low is not None and piece.high is None) else -1
    if piece.low == ZERO or piece.high == ZERO:
        yield from (side * Fraction(1, 10**k) for k in (6, 9, 12, 20, 30))
    if piece.low is None or piece.high is None:
        yield from (side * Fraction(10**k) for k in (4, 6, 12, 20, 30))
    del row
