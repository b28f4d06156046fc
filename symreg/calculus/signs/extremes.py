"""The infimum and the supremum of a smooth function of the weight on an interval, as expressions in the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from flint import arb, ctx

from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.calculus.evaluation.spans import middle
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.nondimensional import scaled
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.table import Run, is_closed, sign_table, simplified
from symreg.calculus.signs.zeros import PRECISION, enclosed
from symreg.calculus.symbolic.simplify import simplify
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, call, has_w, minus, negative, rational, times
from symreg.expressions.decompose import factors, product
from symreg.expressions.tree import Binary, Call, Tree, number, substitute
from symreg.model.spec import Parameter

Attained = Literal["on an interval", "at a point", "as a limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """An infimum or a supremum.

    Args:
        value: An expression in the parameters; `inf` or minus it where there is no bound. Where it depends on the
            parameters which of several it is, a `min` or `max` of these.
        at: A weight at which it is attained or approached; None where that is at infinity, or depends on parameters.
        attained: Is it the value on a whole interval, at points within the interval, or only a limit at its ends?
        method: How the monotone stretches were found.
    """

    value: Tree
    at: Tree | None
    attained: Attained
    method: str


def extremes(
    tree: Tree,
    low: Tree | None,
    high: Tree | None,
    parameters: tuple[Parameter, ...],
    derivative: Tree | None = None,
    *,
    direction: int | None = None,
) -> tuple[Extreme, Extreme] | None:
    """Return the infimum and the supremum of a tree strictly between two ends; None where they are not decided.

    Args:
        tree: Over the bare `w`, free of switches, smooth between the ends.
        low: Lower end, an expression in the parameters; None: -inf.
        high: Upper end; None: inf.
        parameters: With their domains.
        derivative: Of the tree, if it is known.
        direction: 1 or -1, where the tree is known to rise or to fall all the way.
    """
    plain = plain_extremes(tree, low, high, parameters)
    if plain is not None:
        return plain
    if direction is not None:
        runs: tuple[Run, ...] | None = (Run(sign=direction, low=low, high=high, method="factors"),)
    else:
        derivative = derivative_of(tree, parameters) if derivative is None else derivative
        runs = sign_table(derivative, low, high, parameters)
    return None if runs is None else extremes_of_runs(tree, runs, parameters)


def plain_extremes(
    tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]
) -> tuple[Extreme, Extreme] | None:
    """Return the extremes of a constant, and those of a wave on a half-line; None of any other tree."""
    if not has_w(tree):
        constant = Extreme(value=tree, at=middle(low, high), attained="on an interval", method="factors")
        return constant, constant
    return wave(tree, parameters) if low is None or high is None else None


def extremes_of_runs(
    tree: Tree, runs: tuple[Run, ...], parameters: tuple[Parameter, ...]
) -> tuple[Extreme, Extreme] | None:
    """Return the extremes of a tree over the intervals on which its derivative has one sign; None: not decided."""
    marks = [runs[0].low, *(run.high for run in runs)]
    least, most = (_best(side, tree, runs, marks, parameters) for side in (-1, 1))
    return None if least is None or most is None else (least, most)


def derivative_of(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the derivative of a tree over the bare `w`, simplified."""
    return simplify(bare(differentiate(elementwise_over_j(tree), parameters).tree), parameters)


def _best(
    side: int, tree: Tree, runs: tuple[Run, ...], marks: list[Tree | None], parameters: tuple[Parameter, ...]
) -> Extreme | None:
    """Return the least (side -1) or the greatest (side 1) of a tree's values at the marks; None if one is not known."""
    method = runs[0].method
    values = [_value_at(tree, mark, k, len(runs), side, parameters) for k, mark in enumerate(marks)]
    if NAN in values:
        return None
    found: list[Extreme] = []
    for k, (mark, value) in enumerate(zip(marks, values, strict=True)):
        how: Attained = "as a limit" if k in (0, len(runs)) else "at a point"
        found.append(Extreme(value=value, at=mark, attained=how, method=method))
    for run, value in zip(runs, values, strict=False):
        if run.sign == 0:
            found.append(Extreme(value=value, at=middle(run.low, run.high), attained="on an interval", method=method))
    best = found[0]
    for other in found[1:]:
        best = beyond(side, best, other, parameters)
    return best


def _value_at(tree: Tree, mark: Tree | None, k: int, count: int, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the value at a zero of the derivative, or the limit at an end.

    At a zero that is known by its digits it is a number of `DIGITS` digits times the scale, rounded to the safe side.
    """
    if mark is None or k in (0, count):
        return limit_at(tree, mark, 1 if k == 0 else -1, parameters)
    if is_closed(mark):
        return simplify(substitute(tree, {W: mark}), parameters)
    form = scaled([tree], parameters, lengths=[mark])
    (reduced,), (place,) = form.reduced, form.lengths
    turn = {"positive": side, "negative": -side}.get(sign_for_all(form.prefactor, parameters))
    if form.groups or place is None or turn is None:
        return NAN
    return simplified(times(form.prefactor, rounded(enclosed(substitute(reduced, {W: place})), turn)), parameters)


DIGITS = 20


def rounded(value: arb, side: int) -> Tree:
    """Return a ball as a number of `DIGITS` digits that is surely not above it (side -1), or not below it (side 1)."""
    if not value.is_finite() or value == 0:
        return ZERO if value == 0 else NAN
    with ctx.workprec(PRECISION):
        places = DIGITS - 1 - int(float((abs(value.mid()).log() / arb(10).log()).floor()))
        mantissa, exponent = (value.upper() if side > 0 else value.lower()).man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent) * Fraction(10) ** places
    return number((ceil(exact) if side > 0 else floor(exact)) / Fraction(10) ** places)


def beyond(side: int, a: Extreme, b: Extreme, parameters: tuple[Parameter, ...]) -> Extreme:
    """Return the lesser (side -1) or the greater (side 1) of two extremes; of equal ones, the one that is attained."""
    if a.value == b.value:
        return a if _ATTAINED.index(a.attained) <= _ATTAINED.index(b.attained) else b
    top = INFINITY if side > 0 else negative(INFINITY)
    if top in (a.value, b.value):
        return a if a.value == top else b
    if negative(top) in (a.value, b.value):
        return b if a.value == negative(top) else a
    sign = sign_for_all(minus(a.value, b.value), parameters)
    if sign == "zero":
        return a if _ATTAINED.index(a.attained) <= _ATTAINED.index(b.attained) else b
    if sign in ("positive", "nonnegative"):
        return a if side > 0 else b
    if sign in ("negative", "nonpositive"):
        return b if side > 0 else a
    function = "max" if side > 0 else "min"
    parts = [part for e in (a, b) for part in _arguments(e.value, function)]
    return Extreme(value=call(function, *dict.fromkeys(parts)), at=None, attained="as a limit", method=a.method)


_ATTAINED: tuple[Attained, ...] = ("on an interval", "at a point", "as a limit")


def _arguments(tree: Tree, function: str) -> tuple[Tree, ...]:
    return tree.arguments if isinstance(tree, Call) and tree.function == function else (tree,)


def wave(tree: Tree, parameters: tuple[Parameter, ...]) -> tuple[Extreme, Extreme] | None:
    """Return the extremes of a multiple of sin or cos, or of its square, over a half-line: all are attained."""
    moving = [(factor, above) for factor, above in factors(tree) if has_w(factor)]
    amplitude = product([part for part in factors(tree) if not has_w(part[0])])
    sign = sign_for_all(amplitude, parameters)
    match moving:
        case [(Call("sin" | "cos", (argument,)), True)] if _is_multiple(argument):
            low, high = negative(amplitude), amplitude
        case [(Binary("**", Call("sin" | "cos", (argument,)), exponent), True)] if _is_multiple(argument):
            if rational(exponent) != 2:
                return None
            low, high = ZERO, amplitude
        case _:
            return None
    if sign not in ("positive", "negative"):
        return None
    if sign == "negative":
        low, high = high, low
    made = [Extreme(value=value, at=None, attained="at a point", method="factors") for value in (low, high)]
    return made[0], made[1]


def _is_multiple(argument: Tree) -> bool:
    """Is it w times what has no w in it?"""
    moving = [part for part in factors(argument) if has_w(part[0])]
    return moving == [(W, True)]
