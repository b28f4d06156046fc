"""Claims about curvature: convex, weakly convex with the best rho, strongly convex, gradient Lipschitz."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from symreg.calculus.analysis import Analysis
from symreg.calculus.evaluation.high_precision import evaluate
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.ratio import negated
from symreg.calculus.signs.conditions import Truth, all_of, is_at_least_zero
from symreg.calculus.signs.extremes import beyond
from symreg.calculus.signs.sign import sign_between
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.calculus.signs.table import simplified
from symreg.claims.shape import settled, told
from symreg.claims.verdict import CURVATURE, PHI, Verdict, Witness, Words
from symreg.claims.witness import Row, parameter_rows, refuting, weights_between
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, call, minus, negative, over, plus, power, times
from symreg.expressions.tree import Compare, Name, Tree, number, substitute

U, V = Name("u"), Name("v")


def convex(analysis: Analysis) -> Verdict:
    """phi lies below its chords."""
    claim = "convex"
    truth, methods = _is_convex(analysis, strictly=False)
    if truth is True:
        return Verdict(claim=claim, verdict="proved", method=told(methods))
    meant = None if truth is None or truth is False else truth
    return settled(claim, truth, _above_its_chord(analysis, ZERO, meant), told(methods))


def weakly_convex(analysis: Analysis) -> Verdict:
    """phi(w) + rho/2*w**2 is convex; rho is the least such number."""
    claim = "weakly convex"
    if has_jumps(analysis):
        return _refuted_for_every_rho(claim, analysis, "phi jumps")
    kinks = [_opens_upward(knot, analysis) for knot in analysis.whole.knots]
    if any(kink is False for kink in kinks):
        return _refuted_for_every_rho(claim, analysis, "a concave kink")
    least = analysis.least_curvature
    if least is None or any(kink is not True for kink in kinks):
        return Verdict(claim=claim, verdict="undecided")
    if least.value == negative(INFINITY):
        return _refuted_for_every_rho(claim, analysis, CURVATURE, " has no lower bound")
    truth = is_at_least_zero(least.value, analysis.parameters)
    depth = simplified(negative(least.value), analysis.parameters)
    rho = ZERO if truth is True else depth if truth is False else call("max", ZERO, depth)
    is_attained = rho != ZERO and least.attained == "on an interval"
    said: Words = (Compare("==", CURVATURE, negative(rho)), " on an interval") if is_attained else ()
    return Verdict(claim=claim, verdict="proved", symbol="rho", value=rho, method=told([least.method]), said=said)


def strongly_convex(analysis: Analysis) -> Verdict:
    """phi(w) - mu/2*w**2 is convex for a mu > 0; mu is the greatest such number."""
    claim = "strongly convex"
    if has_jumps(analysis):
        witness = _flatter_than(analysis, Fraction(1, 10**6), None)
        return Verdict(claim=claim, verdict="refuted", witness=witness, method="piece by piece", said=(PHI, " jumps"))
    least = analysis.least_curvature
    kinks = [_opens_upward(knot, analysis) for knot in analysis.whole.knots]
    if any(kink is None for kink in kinks) or least is None:
        return Verdict(claim=claim, verdict="undecided")
    if least.value == negative(INFINITY):
        truth: Truth = False
    else:
        bound = is_at_least_zero(least.value, analysis.parameters, strictly=True)
        truth = all_of([*(kink for kink in kinks if kink is not None), bound], analysis.parameters)
    if truth is False:
        witness = _flatter_than(analysis, Fraction(1, 10**6), None)
        return Verdict(
            claim=claim,
            verdict="refuted",
            witness=witness,
            method=told([least.method]),
            said=("a concave kink",)
            if any(kink is False for kink in kinks)
            else ("the infimum of ", CURVATURE, " is ", least.value),
        )
    if truth is True:
        return Verdict(claim=claim, verdict="proved", symbol="mu", value=least.value, method=told([least.method]))
    witness = _flatter_than(analysis, Fraction(1, 10**6), truth)
    return Verdict(
        claim=claim,
        verdict="conditional",
        holds_iff=truth,
        symbol="mu",
        value=least.value,
        witness=witness,
        method=told([least.method]),
    )


def lipschitz(analysis: Analysis) -> Verdict:
    """|phi'(u) - phi'(v)| <= L*|u - v|; L is the least such number."""
    claim = "gradient Lipschitz"
    for knot in analysis.whole.knots:
        if knot.jump != ZERO or knot.kind in ("convex kink", "concave kink"):
            said = ("the gradient jumps at ", Compare("==", W, knot.position))
            return Verdict(
                claim=claim,
                verdict="refuted",
                method="piece by piece",
                said=said,
                witness=_steeper_than(analysis, 10**6),
            )
        if knot.kind == "undecided":
            return Verdict(claim=claim, verdict="undecided")
    least, most = analysis.least_curvature, analysis.greatest_curvature
    if least is None or most is None:
        return Verdict(claim=claim, verdict="undecided")
    if INFINITY in (most.value, negative(least.value)) or negative(INFINITY) == least.value:
        return Verdict(
            claim=claim,
            verdict="refuted",
            method=told([most.method]),
            said=(CURVATURE, " is not bounded"),
            witness=_steeper_than(analysis, 10**6),
        )
    size = beyond(1, most, negated(least, analysis.parameters), analysis.parameters)
    return Verdict(claim=claim, verdict="proved", symbol="L", value=size.value, method=told([size.method]))


def has_jumps(analysis: Analysis) -> bool:
    """Does phi itself jump somewhere?"""
    return any(knot.jump != ZERO for knot in analysis.whole.knots)


def _is_convex(analysis: Analysis, *, strictly: bool) -> tuple[Truth | None, list[str]]:
    """Return where phi is convex, None if that is not decided, and the methods."""
    if has_jumps(analysis):
        return False, []
    truths: list[Truth | None] = [_opens_upward(knot, analysis) for knot in analysis.whole.knots]
    methods: list[str] = []
    for pair, piece in zip(analysis.curvature, analysis.active.pieces, strict=True):
        if pair is None:
            sign = sign_between(piece.curvature, piece.low, piece.high, analysis.parameters)
            truths.append(True if sign in NONNEGATIVE and not strictly else None)
            methods += ["factors"] if truths[-1] else []
        elif pair[0].value == negative(INFINITY):
            truths.append(False)
        else:
            truths.append(is_at_least_zero(pair[0].value, analysis.parameters, strictly=strictly))
            methods.append(pair[0].method)
    known = all_of((truth for truth in truths if truth is not None), analysis.parameters)
    return (None if None in truths and known is not False else known), methods


def _opens_upward(knot: Knot, analysis: Analysis) -> Truth | None:
    """Return where the slope from the right of a knot is not below the one from the left."""
    if knot.kind in ("smooth", "convex kink"):
        return True
    if knot.kind == "concave kink":
        return False
    if any(slope in (NAN, INFINITY, negative(INFINITY)) for slope in (knot.left, knot.right)):
        return None
    return is_at_least_zero(minus(knot.right, knot.left), analysis.parameters)


def _phi(analysis: Analysis, place: Tree) -> Tree:
    return substitute(analysis.value, {W: place})


_MIDDLE = over(plus(U, V), number(2))


def _above_its_chord(analysis: Analysis, rho: Tree, condition: Tree | None) -> Witness | None:
    """Return two weights at whose middle phi + rho/2*w**2 lies above its chord."""
    chord = over(plus(_phi(analysis, U), _phi(analysis, V)), number(2))
    slack = times(over(rho, number(8)), power(minus(U, V), number(2)))
    meaning = (Compare("<=", call("phi", _MIDDLE), plus(_CHORD, slack)),)
    return refuting(
        _phi(analysis, _MIDDLE), "<=", plus(chord, slack), weight_pairs(analysis, condition), meaning=meaning
    )


_CHORD = over(plus(call("phi", U), call("phi", V)), number(2))


def _refuted_for_every_rho(claim: str, analysis: Analysis, *why: str | Tree) -> Verdict:
    witness = _above_its_chord(analysis, number(10**6), None)
    said = ("for no constant: ", *why)
    return Verdict(claim=claim, verdict="refuted", witness=witness, method="piece by piece", said=said)


def _flatter_than(analysis: Analysis, mu: Fraction, condition: Tree | None) -> Witness | None:
    """Return two weights between which phi - mu/2*w**2 lies above its chord."""
    chord = over(plus(_phi(analysis, U), _phi(analysis, V)), number(2))
    gain = times(over(number(mu), number(8)), power(minus(U, V), number(2)))
    meaning = (Compare("<=", call("phi", _MIDDLE), minus(_CHORD, gain)),)
    return refuting(
        _phi(analysis, _MIDDLE), "<=", minus(chord, gain), weight_pairs(analysis, condition), meaning=meaning
    )


def _steeper_than(analysis: Analysis, bound: int) -> Witness | None:
    """Return two weights between which the slope changes by more than a bound times their distance."""
    rise = call("abs", minus(call("dphi", V), call("dphi", U)))
    meaning = (Compare("<=", rise, times(number(bound), call("abs", minus(V, U)))),)
    for row in parameter_rows(analysis.parameters):
        for first, second, u, v in _close(analysis, row):
            change = minus(substitute(second.slope, {W: V}), substitute(first.slope, {W: U}))
            left, right = call("abs", change), times(number(bound), call("abs", minus(V, U)))
            witness = refuting(left, "<=", right, [{**row, "u": u, "v": v}], meaning=meaning)
            if witness is not None:
                return witness
    return None


def _close(analysis: Analysis, row: Row) -> Iterator[tuple[Piece, Piece, Fraction, Fraction]]:
    """Yield two weights close to each other and the pieces that they lie on: across knots, and near ends."""
    found = analysis.whole.pieces
    for before, after in pairwise(found):
        for knot, gap in _gaps(after.low, row):
            yield before, after, knot - gap, knot + gap
            yield before, after, knot - gap, knot + 3 * gap
            yield before, after, knot - 3 * gap, knot + gap
    for piece in found:
        for end, side in ((piece.low, 1), (piece.high, -1)):
            for knot, gap in _gaps(end, row):
                yield piece, piece, knot + side * gap, knot + 2 * side * gap
            for far in (10**3, 10**6, 10**12) if end is None else ():
                yield piece, piece, Fraction(-side * far), Fraction(-side * (far + 1))


def _gaps(knot: Tree | None, row: Row) -> Iterator[tuple[Fraction, Fraction]]:
    """Yield a knot to fifty digits, and smaller and smaller distances from it."""
    if knot is None:
        return
    at = evaluate(knot, {Name(name): evaluate(number(value), {}) for name, value in row.items()})
    if at == at and abs(at) < float("inf"):
        place = Fraction(str(at.context.nstr(at, 50)))
        for digits in (3, 6, 9, 15, 30):
            yield place, (abs(place) or 1) / Fraction(10) ** digits


def weight_pairs(analysis: Analysis, condition: Tree | None) -> Iterator[Row]:
    """Yield parameters and two weights: on both sides of a knot, at one, near ends, and all over each piece."""
    for row in parameter_rows(analysis.parameters, condition):
        for _, _, u, v in _close(analysis, row):
            yield {**row, "u": u, "v": v}
        for after in analysis.whole.pieces[1:]:
            for knot, gap in _gaps(after.low, row):
                yield from ({**row, "u": knot, "v": knot + side * gap} for side in (-1, 1))
        for piece in analysis.whole.pieces:
            inner = list(weights_between(piece.low, piece.high, row))
            yield from ({**row, "u": u, "v": v} for k, u in enumerate(inner) for v in inner[k + 1 :])
