"""Claims about the rule that a penalty's proximal operator is: sparse, unbiased, continuous, by quadratics."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import sympy

from symreg.calculus.analysis import Analysis
from symreg.calculus.signs.conditions import Truth, all_of, is_at_least_zero
from symreg.calculus.signs.extremes import wave
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.table import simplified
from symreg.calculus.symbolic.translate import to_sympy
from symreg.claims.convexity import convex, weakly_convex
from symreg.claims.shape import FOR_SOME
from symreg.claims.verdict import PHI, PHI_OF_W, SLOPE, SLOPE_OF_W, Verdict, Witness, Words
from symreg.claims.witness import parameter_rows, refuting
from symreg.expressions.arithmetic import (
    INFINITY,
    NAN,
    ONE,
    ZERO,
    W,
    call,
    has_w,
    negative,
    over,
    plus,
    power,
    rational,
    times,
    where,
)
from symreg.expressions.tree import Binary, Compare, Name, Tree, number, walk

STEP = Name("step")
"""The s of prox_{s phi}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleFormula:
    """Up to which step s the objective s*phi(u) + (u - v)**2/2 is convex, so that one formula gives its minimiser.

    Args:
        bound: 1/rho; `inf`: every step will do; 0: none will.
        is_strict: Is the bound itself too much? It is where phi'' = -rho on an interval: the minimisers fill it there.
        condition: The same as a condition on `step`; None where every step will do.
    """

    bound: Tree
    is_strict: bool
    condition: Tree | None


def single_formula(analysis: Analysis) -> SingleFormula | None:
    """Return the bound up to which one formula gives the proximal operator, None where it is not decided."""
    verdict, least = weakly_convex(analysis), analysis.least_curvature
    if verdict.verdict == "refuted":
        return SingleFormula(bound=ZERO, is_strict=False, condition=Compare("<=", STEP, ZERO))
    if verdict.verdict != "proved" or verdict.value is None or least is None:
        return None
    if verdict.value == ZERO:
        return SingleFormula(bound=INFINITY, is_strict=False, condition=None)
    is_strict = least.attained == "on an interval"
    operator, depth = "<" if is_strict else "<=", simplified(negative(least.value), analysis.parameters)
    bound = simplified(over(ONE, depth), analysis.parameters)
    if verdict.value == depth:
        return SingleFormula(bound=bound, is_strict=is_strict, condition=Compare(operator, STEP, bound))
    chosen = where(Compare(">", depth, ZERO), bound, INFINITY)
    return SingleFormula(bound=chosen, is_strict=is_strict, condition=Compare(operator, times(STEP, depth), ONE))


def sparse(analysis: Analysis) -> Verdict:
    """0 is a kink that opens upward, phi'(0-) < 0 < phi'(0+): small weights become exactly 0."""
    claim = "sparse"
    slopes = analysis.slopes_at_zero()
    if slopes is None:
        return Verdict(claim=claim, verdict="refuted", method="domain", said=(ZERO, " is not inside the domain"))
    left, right = slopes
    if any(knot.position == ZERO and knot.jump != ZERO for knot in analysis.whole.knots):
        return Verdict(claim=claim, verdict="undecided", said=(PHI, " jumps at ", ZERO))
    if NAN in slopes:
        return Verdict(claim=claim, verdict="undecided")
    truths: list[Truth] = []
    for side, sign in ((right, 1), (left, -1)):
        turned = side if sign > 0 else negative(side)
        if turned in (INFINITY, negative(INFINITY)):
            truths.append(turned == INFINITY)
        elif isinstance(turned, Compare):
            return Verdict(claim=claim, verdict="undecided")
        else:
            truths.append(is_at_least_zero(turned, analysis.parameters, strictly=True))
    truth = all_of(truths, analysis.parameters)
    if truth is True:
        return _thresholding(claim, left, right, analysis)
    said = ("the slope at ", ZERO, " is ", left, " from the left, ", right, " from the right")
    if truth is False:
        witness = None
        for side, operator in ((right, ">"), (left, "<")):
            if side not in (INFINITY, negative(INFINITY)) and witness is None:
                rows = parameter_rows(analysis.parameters)
                witness = refuting(side, operator, ZERO, rows, meaning=_OPENS_UPWARD)
        return Verdict(claim=claim, verdict="refuted", witness=witness, method="slopes at 0", said=said)
    return Verdict(claim=claim, verdict="conditional", holds_iff=truth, method="slopes at 0", said=said)


_OPENS_UPWARD = ("the slope is negative from the left and positive from the right",)


def _thresholding(claim: str, left: Tree, right: Tree, analysis: Analysis) -> Verdict:
    """Return the verdict on a kink that opens upward: a threshold where both sides have one slope, else an interval."""
    method, stays = "slopes at 0", ("a weight at ", ZERO, " stays there")
    while_it_is = " while the loss's gradient is "
    if left == negative(right) == negative(INFINITY):
        said: Words = (*stays, " whatever the loss's gradient is")
    elif INFINITY not in (right, negative(left)) and sign_for_all(plus(left, right), analysis.parameters) == "zero":
        said = (*stays, f"{while_it_is}at most ", right, " in size")
    else:
        low, high = (simplified(negative(side), analysis.parameters) for side in (right, left))
        at_least: Words = () if right == INFINITY else ("at least ", low)
        at_most: Words = () if left == negative(INFINITY) else ("at most ", high)
        said = (*stays, while_it_is, *at_least, *((" and ",) if at_least and at_most else ()), *at_most)
        return Verdict(claim=claim, verdict="proved", method=method, said=said)
    return Verdict(claim=claim, verdict="proved", symbol="threshold", value=right, method=method, said=said)


def unbiased(analysis: Analysis) -> Verdict:
    """phi'(w) -> 0 as |w| -> infinity: large weights are left alone."""
    claim = "unbiased"
    ends = [(p, side) for p, side in ((analysis.active.pieces[0], 1), (analysis.active.pieces[-1], -1))]
    rows = [(p, side) for p, side in ends if (p.low if side > 0 else p.high) is None]
    limits = [limit_at(piece.slope, None, side, analysis.parameters) for piece, side in rows]
    if not rows:
        return Verdict(claim=claim, verdict="proved", method="domain", said=("the domain is bounded",))
    if all(value == ZERO for value in limits):
        return Verdict(claim=claim, verdict="proved", method="limits")
    for value in limits:
        if value in (INFINITY, negative(INFINITY)):
            found = _steep(analysis)
            return Verdict(
                claim=claim, verdict="refuted", witness=found, method="limits", said=(SLOPE, " is not bounded")
            )
        if value not in (ZERO, NAN):
            found = refuting(
                value, "==", ZERO, parameter_rows(analysis.parameters), meaning=(SLOPE_OF_W, " runs to ", ZERO)
            )
            if found is not None:
                said = (SLOPE, " runs to ", value)
                is_for_all = sign_for_all(value, analysis.parameters) in ("positive", "negative")
                method = "limits" if is_for_all else FOR_SOME
                return Verdict(claim=claim, verdict="refuted", witness=found, method=method, said=said)
    if any(wave(piece.slope, analysis.parameters) for piece, _ in rows):
        return Verdict(claim=claim, verdict="refuted", method="oscillation", said=(SLOPE, " never ceases to oscillate"))
    return Verdict(claim=claim, verdict="undecided")


def _steep(analysis: Analysis) -> Witness | None:
    """Return a far weight at which phi' is large."""
    for piece, side in ((analysis.whole.pieces[-1], 1), (analysis.whole.pieces[0], -1)):
        if (piece.high if side > 0 else piece.low) is None:
            far = [Fraction(side * 10**k) for k in (6, 12, 40)]
            rows = ({**row, "w": weight} for row in parameter_rows(analysis.parameters) for weight in far)
            meaning = (Compare("<=", call("abs", SLOPE_OF_W), ONE), " for a far ", W)
            found = refuting(call("abs", piece.slope), "<=", ONE, rows, meaning=meaning)
            if found is not None:
                return found
    return None


def continuous_rule(analysis: Analysis) -> Verdict:
    """The proximal operator of step*phi is continuous in v, for the steps of `holds_iff` and no other."""
    claim = "continuous thresholding"
    found = single_formula(analysis)
    if found is None:
        return Verdict(claim=claim, verdict="undecided")
    if found.condition is None:
        return Verdict(claim=claim, verdict="proved", method="sign table", said=(PHI, " is convex: for every step"))
    if found.bound == ZERO:
        witness = convex(analysis).witness
        said = ("for no step: ", plus(times(STEP, PHI_OF_W), over(power(W, number(2)), number(2))), " is never convex")
        return Verdict(claim=claim, verdict="refuted", witness=witness, method="sign table", said=said)
    return Verdict(
        claim=claim,
        verdict="conditional",
        holds_iff=found.condition,
        symbol="step",
        value=found.bound,
        method="sign table",
    )


def by_quadratics(analysis: Analysis) -> Verdict:
    """u + s*phi'(u) = v is, on every piece, an equation of degree at most 2 in u or in a root of u."""
    claim = "prox by quadratics"
    degrees = [degree_of(piece.slope, analysis) for piece in analysis.active.pieces]
    if all(degree is not None and degree <= 2 for degree in degrees):
        worst = max(degree or 0 for degree in degrees)
        return Verdict(claim=claim, verdict="proved", method="degree", said=(f"of degree {worst}",))
    if any(degree is None and _is_open(p.slope) for p, degree in zip(analysis.active.pieces, degrees, strict=True)):
        return Verdict(claim=claim, verdict="undecided", said=("the degree hangs on an exponent",))
    found = next((p, d) for p, d in zip(analysis.active.pieces, degrees, strict=True) if d is None or d > 2)
    how = "no polynomial equation" if found[1] is None else f"an equation of degree {found[1]}"
    said = ("with slope ", found[0].slope, f" it is {how}")
    return Verdict(claim=claim, verdict="refuted", method="degree", said=said)


def _is_open(slope: Tree) -> bool:
    """Has the weight a parameter as exponent?"""
    powers = (node for node in walk(slope) if isinstance(node, Binary) and node.operator == "**")
    return any(has_w(power.left) and rational(power.right) is None for power in powers)


def degree_of(slope: Tree, analysis: Analysis) -> int | None:
    """Return the degree of u + s*phi'(u) = v in u, or in r where u = r**q; None if it is no polynomial equation."""
    u, s, v, r = (sympy.Symbol(name, positive=True) for name in ("w", "step", "v", "r"))
    expression = to_sympy(slope, analysis.parameters)
    weights = [symbol for symbol in expression.free_symbols if symbol.name == "w"]
    expression = expression.subs(weights[0], u) if weights else expression
    exponents = [power.exp for power in expression.atoms(sympy.Pow) if power.base == u]
    if not all(exponent.is_Rational for exponent in exponents):
        return None
    q = lcm(*(int(exponent.q) for exponent in exponents))
    top, _ = sympy.fraction(sympy.together((u + s * expression - v).subs(u, r**q)))
    top = sympy.expand(top)
    return int(sympy.degree(top, r)) if top.is_polynomial(r) else None
