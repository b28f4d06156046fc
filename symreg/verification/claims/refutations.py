"""Check the numbers that are said to refute a claim: the inequality as it is printed, and the claim by R itself.

A refutation that cannot be confirmed is as wrong as a proof that a sample contradicts.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from flint import arb

from symreg.expressions.tree import Name
from symreg.model.terms import Terms
from symreg.verification.claims.checks import differ
from symreg.verification.claims.data import Claimed, Refutation
from symreg.verification.claims.function import BITS, Function, is_within, slope_of, truth
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Decide, sign_or_hull
from symreg.verification.oracle.evaluate import Scope, compiled, evaluate
from symreg.verification.oracle.series import Value

Confirms: TypeAlias = "Callable[[Curve, dict[str, Fraction]], bool | None]"


class Curve:
    """R along the weights of a refutation, a function of one number."""

    def __init__(self, terms: Terms, refutation: Refutation) -> None:
        """Compile it at the refutation's parameters."""
        row = {p.name: dict(refutation.at).get(p.name, Fraction(p.default)) for p in terms.parameters}
        arrays = {
            array.name: list(refutation.arrays[array.name])
            if len(array.shape) == 2
            else refutation.arrays[array.name][0]
            for array in terms.arrays
        }
        self.function = Function(terms, row, arrays)
        self._weights = [compiled(weight) for weight in refutation.weights]
        self.is_plain = refutation.weights == (Name("w"),)

    def of(self, at: Value, decide: Decide) -> Value:
        """Return R where the number is `at`."""
        return self.function.of([code(Scope({"w": at}, decide=decide)) for code in self._weights], decide)

    def value(self, at: Fraction) -> arb:
        """Return R; not finite where there is none within the domain."""
        points = [code(Scope({"w": ball(at)})) for code in self._weights]
        inside = not self.is_plain or self.function.holds((at,))
        return self.function.of(points, sign_or_hull) if inside else arb.nan()

    def slope(self, at: Fraction) -> arb | None:
        """Return the slope along the curve, None where it is not determined."""
        return slope_of(self.of, at)


def unconfirmed(terms: Terms, claimed: Claimed) -> str | None:
    """Return what is wrong with a refutation, None if nothing is, or there is none."""
    refutation = claimed.refutation
    if refutation is None:
        return None
    at = dict(refutation.at)
    if not is_within(at, terms.parameters):
        return "its parameters are outside their domains"
    if claimed.holds_iff is not None and truth(claimed.holds_iff, at):
        return "the condition holds there"
    if not _fails(refutation, at):
        return f"{refutation.operator} is not refuted there"
    curve = Curve(terms, claimed.refutation) if claimed.refutation else None
    assert curve is not None
    for name in ("w", "u", "v", "q"):
        if name in at and not curve.value(at[name]).is_finite():
            return f"there is no value at {name} = {float(at[name]):.8g}"
    confirms = CONFIRMS.get(claimed.claim)
    if confirms is not None and confirms(curve, at) is False:
        return "R itself does not fail there"
    return None


def _fails(refutation: Refutation, at: dict[str, Fraction]) -> bool:
    """Is it sure that the inequality does not hold?"""
    left, right = (evaluate(side, at, precision=BITS) for side in (refutation.left, refutation.right))
    gap = left - right
    return bool(
        {"<": gap >= 0, "<=": gap > 0, ">": gap <= 0, ">=": gap < 0, "==": gap > 0 or gap < 0}[refutation.operator]
    )


def _even(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    return differ(curve.value(at["w"]), curve.value(-at["w"])) if "w" in at else None


def _nonnegative(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    return bool(curve.value(at["w"]) < 0) if "w" in at else None


def _not_convex(bend: float) -> Confirms:
    """Return whether R + bend/2*w**2 lies above its chord between u and v."""

    def confirms(curve: Curve, at: dict[str, Fraction]) -> bool | None:
        if not {"u", "v"} <= at.keys():
            return None
        u, v = at["u"], at["v"]
        gap = curve.value((u + v) / 2) - (curve.value(u) + curve.value(v)) / 2
        return bool(gap > arb(bend) * ball((u - v) ** 2) / 8)

    return confirms


def _steep(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    if not {"u", "v"} <= at.keys():
        return None
    first, second = curve.slope(at["u"]), curve.slope(at["v"])
    if first is None or second is None:
        return None
    return bool(abs(second - first) > 10**6 * abs(ball(at["v"] - at["u"])))


def _of_both_signs(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    if "q" in at:
        first, middle, last = (curve.value(at[name]) for name in "uvq")
        return bool((middle - first) * (last - middle) < 0)
    slopes = [curve.slope(at[name]) for name in ("u", "v") if name in at]
    if len(slopes) != 2 or slopes[0] is None or slopes[1] is None:
        return None
    return bool(slopes[0] * slopes[1] < 0)


def _steeper(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    if {"u", "v"} <= at.keys():
        u, v = at["u"], at["v"]
        return bool(abs(curve.value(v) - curve.value(u)) > 10**6 * abs(ball(v - u)))
    slope = curve.slope(at["w"]) if "w" in at else None
    return None if slope is None else bool(abs(slope) > 10**6)


def _away(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    slope = curve.slope(at["w"]) if "w" in at else None
    return None if slope is None else bool(ball(at["w"]) * slope < 0)


def _crosses(factor: int) -> Confirms:
    """Return whether a step of 1e-6 takes the weight too far, or away from 0."""

    def confirms(curve: Curve, at: dict[str, Fraction]) -> bool | None:
        slope = curve.slope(at["w"]) if "w" in at else None
        if slope is None:
            return None
        ratio = slope / ball(at["w"]) / 10**6
        return bool(ratio > factor or (factor == 2 and ratio < 0))

    return confirms


def _far_slope(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    slope = curve.slope(at["w"]) if "w" in at else None
    return None if slope is None else bool(abs(slope) > 1)


def _not_homogeneous(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    if "w" not in at:
        return None
    first, second, third = (curve.value(k * at["w"]) for k in (1, 2, 4))
    return differ(second * second, first * third)


def _not_sparse(curve: Curve, at: dict[str, Fraction]) -> bool | None:
    if not curve.is_plain or curve.function.is_indexed:
        return None
    sides = curve.function.sides((Fraction(0),))
    return None if sides is None else not (sides[0] < 0 < sides[1])


CONFIRMS: dict[str, Confirms] = {
    "even": _even,
    "nonnegative": _nonnegative,
    "convex": _not_convex(0),
    "weakly convex": _not_convex(1e6),
    "strongly convex": _not_convex(-1e-6),
    "gradient Lipschitz": _steep,
    "monotone": _of_both_signs,
    "bounded slope": _steeper,
    "shrinks toward the origin": _away,
    "step without overshoot": _crosses(1),
    "step that contracts": _crosses(2),
    "sparse": _not_sparse,
    "unbiased": _far_slope,
    "continuous thresholding": _not_convex(0),
    "positively homogeneous": _not_homogeneous,
}
"""Whether R fails at the numbers of a refutation; None where numbers do not tell."""
