"""Claims about phi' itself, which those about losses are made of: of one sign, and of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

from symreg.calculus.analysis import Analysis
from symreg.calculus.evaluation.high_precision import evaluate
from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.ratio import negated
from symreg.calculus.signs.conditions import is_at_least_zero
from symreg.calculus.signs.extremes import Extreme, beyond, extremes
from symreg.calculus.signs.sign import sign_between
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE, NONPOSITIVE
from symreg.claims.convexity import U, V, has_jumps, weight_pairs
from symreg.claims.shape import settled, told
from symreg.claims.verdict import PHI, SLOPE, SLOPE_OF_W, Verdict, Witness
from symreg.claims.witness import Row, parameter_rows, refuting, weights_between
from symreg.expressions.arithmetic import INFINITY, ZERO, W, call, minus, negative, times
from symreg.expressions.tree import Compare, Name, Tree, number, substitute

_FAR = tuple(Fraction(10) ** k for k in (1, 2, 3, 6, 7, 12, 20))
_MOST_PAIRS = 400


def monotone(analysis: Analysis) -> Verdict:
    """phi never falls, or never rises."""
    claim = "monotone"
    if has_jumps(analysis):
        return settled(claim, None, _up_and_down(analysis), "")
    sign = _sign_by_factors(analysis)
    if sign:
        words = "falls" if sign > 0 else "rises"
        return Verdict(claim=claim, verdict="proved", method="factors", said=(PHI, f" never {words}"))
    least, most = _extremes_of_slope(analysis)
    for side, words, extreme in ((1, "rises", most), (-1, "falls", least)):
        if extreme is None:
            continue
        bound = negated(extreme, analysis.parameters) if side > 0 else extreme
        if bound.value != negative(INFINITY) and is_at_least_zero(bound.value, analysis.parameters) is True:
            return Verdict(claim=claim, verdict="proved", method=told([extreme.method]), said=(PHI, f" never {words}"))
    return settled(claim, None, _of_both_signs(analysis), "")


def _sign_by_factors(analysis: Analysis) -> int:
    """Return the sign of phi' where all addends of the derivative, as the rules gave it, have it; 0: they have not."""
    gradients = [addend.gradient for addend in analysis.addends]
    low, high = analysis.ends
    if len(analysis.whole.pieces) > 1 or len(gradients) > 1:
        return 0
    sign = sign_between(gradients[0], low, high, analysis.parameters)
    return 1 if sign in NONNEGATIVE else -1 if sign in NONPOSITIVE else 0


def bounded_slope(analysis: Analysis) -> Verdict:
    """|phi(u) - phi(v)| <= G*|u - v|; G is the least such number, the supremum of |phi'|."""
    claim = "bounded slope"
    if has_jumps(analysis):
        witness = _rises_faster(analysis, 10**6)
        return Verdict(claim=claim, verdict="refuted", witness=witness, method="piece by piece", said=(PHI, " jumps"))
    least, most = _extremes_of_slope(analysis)
    if least is None or most is None:
        return Verdict(claim=claim, verdict="undecided")
    size = beyond(1, most, negated(least, analysis.parameters), analysis.parameters)
    if INFINITY in (most.value, negative(least.value)) or least.value == negative(INFINITY):
        said = (SLOPE, " has no bound")
        witness = _steeper_than(analysis, 10**6) or _rises_faster(analysis, 10**6)
        return Verdict(claim=claim, verdict="refuted", witness=witness, method=told([size.method]), said=said)
    return Verdict(claim=claim, verdict="proved", symbol="G", value=size.value, method=told([size.method]))


def _extremes_of_slope(analysis: Analysis) -> tuple[Extreme | None, Extreme | None]:
    """Return the infimum and the supremum of phi' over all pieces; None for what is not decided."""
    parameters = analysis.parameters
    pairs = [
        extremes(piece.slope, piece.low, piece.high, parameters, piece.curvature) for piece in analysis.whole.pieces
    ]
    if any(pair is None for pair in pairs):
        return None, None
    least, most = next(pair for pair in pairs if pair is not None)
    for pair in pairs:
        if pair is not None:
            least, most = beyond(-1, least, pair[0], parameters), beyond(1, most, pair[1], parameters)
    return least, most


def _of_both_signs(analysis: Analysis) -> Witness | None:
    """Return two weights at which phi' has opposite signs."""
    meaning = (Compare(">=", times(call("dphi", U), call("dphi", V)), ZERO),)
    for row in parameter_rows(analysis.parameters):
        rising, falling = (list(islice(_with_sign(analysis, row, sign), 3)) for sign in (1, -1))
        for first, at_u in falling:
            for second, at_v in rising:
                product = times(substitute(first.slope, {W: U}), substitute(second.slope, {W: V}))
                found = refuting(product, ">=", ZERO, [{**row, "u": at_u, "v": at_v}], meaning=meaning)
                if found is not None:
                    return found
    return None


def _with_sign(analysis: Analysis, row: Row, sign: int) -> Iterator[tuple[Piece, Fraction]]:
    """Yield weights at which phi' has a sign, as far as digits show."""
    values: dict[Tree, object] = {Name(name): evaluate(number(value), {}) for name, value in row.items()}
    for piece in analysis.whole.pieces:
        for weight in islice(weights_between(piece.low, piece.high, row), _MOST_PAIRS):
            if sign * evaluate(piece.slope, {**values, W: evaluate(number(weight), {})}) > 0:
                yield piece, weight


def _steeper_than(analysis: Analysis, bound: int) -> Witness | None:
    """Return a weight at which phi' is greater than a bound."""
    size = call("abs", SLOPE_OF_W)
    meaning = (Compare("<=", size, number(bound)),)
    for row in parameter_rows(analysis.parameters):
        for piece in analysis.whole.pieces:
            far = [side * x for x in _FAR for side in (1, -1) if (piece.high if side > 0 else piece.low) is None]
            weights = [*weights_between(piece.low, piece.high, row), *far]
            rows = ({**row, "w": weight} for weight in weights)
            found = refuting(call("abs", piece.slope), "<=", number(bound), rows, meaning=meaning)
            if found is not None:
                return found
    return None


def _rises_faster(analysis: Analysis, bound: int) -> Witness | None:
    """Return two weights between which phi changes by more than a bound times their distance."""
    rise = call("abs", minus(call("phi", V), call("phi", U)))
    most = times(number(bound), call("abs", minus(V, U)))
    change = call("abs", minus(*(substitute(analysis.value, {W: place}) for place in (V, U))))
    return refuting(change, "<=", most, weight_pairs(analysis, None), meaning=(Compare("<=", rise, most),))


def _up_and_down(analysis: Analysis) -> Witness | None:
    """Return three weights in a row on which phi rises and falls."""
    places = tuple(map(Name, "uvq"))
    values = [substitute(analysis.value, {W: place}) for place in places]
    formal = [call("phi", place) for place in places]
    product, meant = (times(minus(b, a), minus(c, b)) for a, b, c in (values, formal))
    return refuting(product, ">=", ZERO, _in_a_row(analysis), meaning=(Compare(">=", meant, ZERO),))


def _in_a_row(analysis: Analysis) -> Iterator[Row]:
    """Yield three weights, ascending: about knots and on the pieces beside them."""
    for pair in weight_pairs(analysis, None):
        row = {name: value for name, value in pair.items() if name not in "uv"}
        for piece in analysis.whole.pieces:
            for weight in islice(weights_between(piece.low, piece.high, row), 3):
                yield {**row, **dict(zip("uvq", sorted((pair["u"], pair["v"], weight)), strict=True))}
