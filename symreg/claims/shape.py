"""Claims about the shape of phi: even, nonnegative, continuous, differentiable, positively homogeneous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from symreg.calculus.analysis import Analysis
from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.conditions import Truth, all_of, is_at_least_zero
from symreg.calculus.signs.extremes import extremes
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.verdict import PHI_OF_W, Verdict, Witness, Words
from symreg.claims.witness import Row, parameter_rows, refuting, weights_between
from symreg.expressions.arithmetic import (
    INFINITY,
    NAN,
    ONE,
    ZERO,
    W,
    call,
    has_w,
    minus,
    negative,
    over,
    plus,
    power,
    rational,
    times,
)
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Compare, Name, Tree, names, number, substitute


def even(analysis: Analysis) -> Verdict:
    """phi(-w) = phi(w)."""
    claim = "even"
    if analysis.whole.is_even:
        return Verdict(claim=claim, verdict="proved", method="structure")
    low, high = analysis.ends
    if (low is None) != (high is None) or (
        low is not None and high is not None and _is_nonzero(plus(low, high), analysis)
    ):
        said = (f"{_region(analysis)} is not symmetric",)
        return Verdict(claim=claim, verdict="refuted", method="domain", said=said)
    mirrored = substitute(analysis.value, {W: negative(Name("w"))})
    witness = refuting(
        mirrored,
        "==",
        analysis.value,
        _everywhere(analysis),
        meaning=(Compare("==", call("phi", negative(W)), PHI_OF_W),),
    )
    if witness is not None:
        return Verdict(claim=claim, verdict="refuted", witness=witness, method=FOR_SOME)
    if all(knot.jump == ZERO for knot in analysis.whole.knots) and _is_mirror_image(analysis):
        return Verdict(claim=claim, verdict="proved", method="piece by piece")
    return Verdict(claim=claim, verdict="undecided")


def _is_nonzero(number: Tree, analysis: Analysis) -> bool:
    """Is a number not 0 for all parameters; of ends that are parameters, not 0 for some?"""
    if sign_for_all(number, analysis.parameters) in ("positive", "negative"):
        return True
    if not set(names(number)) & set(analysis.whole.domain.names) or simplify(number, analysis.parameters) == ZERO:
        return False
    return any(abs(evaluate(number, row)) > TINY for row in samples(analysis.parameters))


def _region(analysis: Analysis) -> str:
    """Return where phi has a value, in words: the domain, or what the formula leaves of it."""
    domain, ends = analysis.whole.domain, analysis.ends
    if ends == (domain.lower, domain.upper):
        return f"the domain {domain}"
    low, high = ("-inf" if ends[0] is None else to_text(ends[0])), ("inf" if ends[1] is None else to_text(ends[1]))
    return f"the domain ({low}, {high})"


def _is_mirror_image(analysis: Analysis) -> bool:
    """Is each piece the mirror image of the one on the other side?"""
    found = analysis.whole.pieces
    for piece, other in zip(found, reversed(found), strict=True):
        difference = minus(piece.value, substitute(other.value, {W: negative(W)}))
        ends = (piece.low is None, piece.high is None) == (other.high is None, other.low is None)
        if not ends or simplify(difference, analysis.parameters) != ZERO:
            return False
        if (
            piece.low is not None
            and simplify(minus(piece.low, negative(other.high or ZERO)), analysis.parameters) != ZERO
        ):
            return False
    return True


def nonnegative(analysis: Analysis) -> Verdict:
    """phi(w) >= 0 for every weight of the domain."""
    claim = "nonnegative"
    if bounds(analysis.value, {p.name: p for p in analysis.parameters})[0] >= 0:
        return Verdict(claim=claim, verdict="proved", method="structure")
    truths: list[Truth | None] = []
    methods: list[str] = []
    for piece in analysis.active.pieces:
        if sign_between(piece.value, piece.low, piece.high, analysis.parameters) in NONNEGATIVE:
            truths.append(True)
            continue
        found = extremes(piece.value, piece.low, piece.high, analysis.parameters, piece.slope)
        truths.append(None if found is None else is_at_least_zero(found[0].value, analysis.parameters))
        methods += [] if found is None else [found[0].method]
    known = all_of((truth for truth in truths if truth is not None), analysis.parameters)
    truth = None if None in truths and known is not False else known
    if truth is True:
        return Verdict(claim=claim, verdict="proved", method=told(methods))
    rows = _everywhere(analysis, None if truth is None or truth is False else truth)
    witness = refuting(analysis.value, ">=", ZERO, rows, meaning=(Compare(">=", PHI_OF_W, ZERO),))
    return settled(claim, truth, witness, told(methods))


def settled(claim: str, truth: Truth | None, witness: Witness | None, method: str) -> Verdict:
    """Return the verdict on a claim that is not true for all parameters, of which a witness was looked for.

    Args:
        claim: Its name.
        truth: Where it holds: nowhere (False), where the condition does, or None where that is not known.
        witness: Parameters and weights at which it fails; without them nothing is refuted.
        method: How the truth was found.
    """
    if witness is None:
        return Verdict(claim=claim, verdict="undecided")
    if truth is None:
        return Verdict(claim=claim, verdict="refuted", witness=witness, method=FOR_SOME)
    if isinstance(truth, bool):
        return Verdict(claim=claim, verdict="refuted", witness=witness, method=method)
    return Verdict(claim=claim, verdict="conditional", holds_iff=truth, witness=witness, method=method)


FOR_SOME = "balls"
"""The method of what is refuted at the witness's parameters, and may hold for others."""


def continuous(analysis: Analysis) -> Verdict:
    """phi has no jump within its domain."""
    claim = "continuous"
    jumps = [knot for knot in analysis.whole.knots if knot.jump != ZERO]
    if not jumps:
        return Verdict(claim=claim, verdict="proved", method="piece by piece")
    for knot in jumps:
        for row in parameter_rows(analysis.parameters):
            meaning = ("the value jumps by ", ZERO, " at ", Compare("==", W, knot.position))
            witness = refuting(knot.jump, "==", ZERO, [row], meaning=meaning)
            if witness is not None:
                return Verdict(claim=claim, verdict="refuted", witness=witness, method=FOR_SOME)
    return Verdict(claim=claim, verdict="undecided")


def differentiable(analysis: Analysis) -> Verdict:
    """phi has a derivative at every weight of its domain; else each knot is named with its one-sided slopes."""
    claim = "differentiable"
    if any(knot.jump != ZERO for knot in analysis.whole.knots):
        verdict = continuous(analysis)
        return Verdict(claim=claim, verdict=verdict.verdict, witness=verdict.witness, method=verdict.method)
    for end, side, slope in _slopes_at_ends(analysis):
        if slope == NAN:
            return Verdict(claim=claim, verdict="undecided")
        if not _are_finite(slope):
            of_end = ("at the end ", Compare("==", W, end), " of the domain the slope is ", slope)
            witness = _cusp(analysis, end, side)
            return Verdict(claim=claim, verdict="refuted", witness=witness, method="limit", said=of_end)
    kinks = [j for j in analysis.whole.knots if j.kind != "smooth" or not _are_finite(j.left, j.right)]
    if not kinks:
        return Verdict(claim=claim, verdict="proved", method="piece by piece")
    said: Words = ()
    for kink in kinks:
        sides = (" the slope is ", kink.left, " from the left, ", kink.right, " from the right")
        said = (*said, *(("; ",) if said else ()), "at ", Compare("==", W, kink.position), *sides)
    truths = [_meet(knot.left, knot.right, analysis) for knot in kinks]
    if None in truths:
        return Verdict(claim=claim, verdict="undecided", said=said)
    truth = all_of((truth for truth in truths if truth is not None), analysis.parameters)
    if not isinstance(truth, bool):
        return Verdict(claim=claim, verdict="conditional", holds_iff=truth, method="piece by piece", said=said)
    assert truth is False
    for knot in kinks:
        if not _are_finite(knot.left, knot.right):
            witness = _cusp(analysis, knot.position)
            return Verdict(claim=claim, verdict="refuted", witness=witness, method="piece by piece", said=said)
        witness = refuting(
            knot.left,
            "==",
            knot.right,
            parameter_rows(analysis.parameters),
            meaning=("the slopes from both sides are equal",),
        )
        if witness is not None:
            return Verdict(claim=claim, verdict="refuted", witness=witness, method="piece by piece", said=said)
    return Verdict(claim=claim, verdict="undecided", said=said)


def _slopes_at_ends(analysis: Analysis) -> Iterator[tuple[Tree, int, Tree]]:
    """Yield the ends that belong to the domain, where it lies from there, and the slope there; nan if unknown."""
    first, last, domain = analysis.whole.pieces[0], analysis.whole.pieces[-1], analysis.whole.domain
    if first.low is not None and domain.lower is not None and domain.low_closed:
        yield first.low, 1, limit_at(first.slope, first.low, 1, analysis.parameters)
    if last.high is not None and domain.upper is not None and domain.high_closed:
        yield last.high, -1, limit_at(last.slope, last.high, -1, analysis.parameters)


def _cusp(analysis: Analysis, knot: Tree, side: int = 1) -> Witness | None:
    """Return a weight beside a knot with an infinite slope, and the quotient of differences there."""
    at = rational(knot)
    if at is None:
        return None
    rise = minus(analysis.value, substitute(analysis.value, {W: knot}))
    quotient = call("abs", over(rise, minus(W, knot)))
    near = [at + side * Fraction(1, 10**k) for k in (9, 20, 60, 200)]
    rows = ({**row, "w": weight} for row in parameter_rows(analysis.parameters) for weight in near)
    formal = over(call("abs", minus(PHI_OF_W, call("phi", knot))), call("abs", minus(W, knot)))
    bound = number(10**6)
    return refuting(quotient, "<=", bound, rows, meaning=(Compare("<=", formal, bound),))


def _are_finite(*slopes: Tree) -> bool:
    return not any(slope in (INFINITY, negative(INFINITY), NAN) for slope in slopes)


def _meet(left: Tree, right: Tree, analysis: Analysis) -> Truth | None:
    """Return where two one-sided slopes are finite and equal; None where that is not decided."""
    match left, right:
        case Call("where", (condition, a, b)), Call("where", (other, c, d)) if condition == other:
            first, second = _meet(a, c, analysis), _meet(b, d, analysis)
            if first is None or second is None or not isinstance(condition, Compare):
                return None
            if (first, second) == (True, False):
                return condition
            return first if first == second and isinstance(first, bool) else None
    if NAN in (left, right):
        return None
    if not _are_finite(left, right):
        return False
    sign = sign_for_all(minus(left, right), analysis.parameters)
    if sign in ("zero", "positive", "negative"):
        return sign == "zero"
    found = is_at_least_zero(minus(left, right), analysis.parameters)  # exact, and without what is never 0
    return replace(found, operator="==") if isinstance(found, Compare) else None


def homogeneous(analysis: Analysis) -> Verdict:
    """phi(a*w) = a**d*phi(w) for every a > 0, by Euler's theorem: w*phi'(w) = d*phi(w)."""
    claim = "positively homogeneous"
    if any(end is not None and _is_nonzero(end, analysis) for end in analysis.ends):
        return Verdict(claim=claim, verdict="refuted", method="domain", said=(f"{_region(analysis)} is no cone",))
    if any(end not in (None, ZERO) for end in analysis.ends):
        return Verdict(claim=claim, verdict="undecided")
    degrees: dict[Tree, None] = {}
    for piece in analysis.active.pieces:
        if piece.value != ZERO:
            degrees[simplify(over(times(W, piece.slope), piece.value), analysis.parameters)] = None
    (degree, *others) = degrees or {ONE: None}
    knots = analysis.whole.knots
    if not others and not has_w(degree) and all((k.position, k.jump) == (ZERO, ZERO) for k in knots):
        return Verdict(claim=claim, verdict="proved", symbol="degree", value=degree, method="Euler's theorem")
    for row in parameter_rows(analysis.parameters):
        for a in _weights(analysis, row):
            # With the degree that the first two weights would need, a third one fails.
            scaled = [substitute(analysis.value, {W: times(number(factor), Name("w"))}) for factor in (1, 2, 4)]
            first, second, third = scaled
            of_two, of_four = (call("phi", times(number(factor), W)) for factor in (2, 4))
            meaning = (Compare("==", power(of_two, number(2)), times(PHI_OF_W, of_four)),)
            found = refuting(times(second, second), "==", times(first, third), [{**row, "w": a}], meaning=meaning)
            if found is not None:
                return Verdict(claim=claim, verdict="refuted", witness=found, method=FOR_SOME)
    return Verdict(claim=claim, verdict="undecided")


def told(methods: list[str]) -> str:
    """Return how a claim on all pieces was decided: by what needs most trust."""
    balls = [method for method in methods if method.startswith("balls")]
    return balls[0] if balls else "sign table"


def _everywhere(analysis: Analysis, condition: Tree | None = None) -> Iterator[Row]:
    """Yield parameters and weights on every piece; parameters at which a condition fails, if there is one."""
    for row in parameter_rows(analysis.parameters, condition):
        for weight in _weights(analysis, row):
            yield {**row, "w": weight}


def _weights(analysis: Analysis, row: Row) -> Iterator[Fraction]:
    for piece in analysis.whole.pieces:
        yield from weights_between(piece.low, piece.high, row)
