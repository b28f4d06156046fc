"""Limits of a function of the weight at the ends of an interval; SymPy's are taken only where values confirm them."""

from __future__ import annotations

from fractions import Fraction

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_limit import limit
from symreg.calculus.symbolic.simplify import expanded, simplify
from symreg.expressions.arithmetic import (
    INFINITY,
    NAN,
    ONE,
    ZERO,
    W,
    has_w,
    minus,
    negative,
    numeric,
    over,
    plus,
    power,
    rational,
    times,
    total,
)
from symreg.expressions.decompose import addends, factors, product, signed
from symreg.expressions.tree import Binary, Tree, number, substitute, walk
from symreg.model.spec import Parameter


def limit_at(tree: Tree, end: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a tree's limit at an end from within the interval; `nan` where it is not known.

    Args:
        tree: Over the bare `w`, free of switches.
        end: An expression in the parameters; None: the infinity on that side.
        side: 1 for a lower end, -1 for an upper one.
        parameters: With their domains.
    """
    found = _of_powers(tree, end, side, parameters)
    if found is not None:
        return found
    if end is None:
        moved = substitute(tree, {W: over(number(-side), W)})
        found = _confirmed(moved, ZERO, 1, limit(moved, ZERO, 1, parameters), parameters)
        return _of_addends(tree, side, parameters) if found == NAN else found
    here = simplify(substitute(tree, {W: end}), parameters)
    if here != NAN and all(abs(evaluate(here, row)) < _INFINITE for row in samples(parameters)):
        return ZERO if numeric(here) == 0 else here
    return _confirmed(tree, end, side, limit(tree, end, side, parameters), parameters)


def _of_addends(tree: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the limit at an infinity of a sum whose addends all have one, where the sum's own is not known."""
    parts = grouped(tree, parameters)
    if len(parts) == 1 and parts[0][0] == ONE:
        return NAN
    limits = [_multiplied(limit_at(moving, None, side, parameters), scalar, parameters) for scalar, moving in parts]
    infinite = {value for value in limits if value in (INFINITY, negative(INFINITY))}
    if NAN in limits or len(infinite) > 1:
        return NAN
    return infinite.pop() if infinite else simplify(total(limits), parameters)


def grouped(tree: Tree, parameters: tuple[Parameter, ...]) -> list[tuple[Tree, Tree]]:
    """Return a sum as pairs of a factor without weights and one of weights and numbers alone, each of these once."""
    found: dict[Tree, list[Tree]] = {}
    for sign, part in addends(expanded(tree, parameters)):
        moving = product([factor for factor in factors(part) if has_w(factor[0])])
        scalar = product([factor for factor in factors(part) if not has_w(factor[0])])
        found.setdefault(moving, []).append(signed(sign, scalar))
    return [(simplify(total(scalars), parameters), moving) for moving, scalars in found.items()]


def _multiplied(limit_: Tree, scalar: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    if limit_ not in (INFINITY, negative(INFINITY)):
        return NAN if limit_ == NAN else times(scalar, limit_)
    turned = {"positive": limit_, "negative": negative(limit_), "zero": ZERO}
    return turned.get(sign_for_all(scalar, parameters), NAN)


_INFINITE = float("inf")
_NEAR = (Fraction(1, 10**6), Fraction(1, 10**9), Fraction(1, 10**12))


def _of_powers(tree: Tree, end: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return the limit of a sum in which powers have parameters as exponents, which SymPy does not do.

    None where the tree is no such sum, or its infinities cancel.
    """
    powers = [n for n in walk(tree) if isinstance(n, Binary) and n.operator == "**" and has_w(n.left)]
    if all(rational(n.right) is not None for n in powers):
        return None
    limits: list[Tree] = []
    for sign, addend in addends(tree):
        found = _of_power(signed(sign, addend), end, side, parameters)
        if found is None:
            return None
        limits.append(found)
    infinite = {value for value in limits if value in (INFINITY, negative(INFINITY))}
    if infinite:
        return infinite.pop() if len(infinite) == 1 else None
    return simplify(total(limits), parameters)


def _of_power(tree: Tree, end: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return the limit of a multiple of one power of one base, by the sign of the exponent."""
    base, exponent = ONE, ZERO
    scalars: list[tuple[Tree, bool]] = []
    for factor, above in factors(tree):
        if not has_w(factor):
            scalars.append((factor, above))
            continue
        is_power = isinstance(factor, Binary) and factor.operator == "**"
        this, count = (factor.left, factor.right) if isinstance(factor, Binary) and is_power else (factor, ONE)
        if base not in (ONE, this) or has_w(count):
            return None
        base, exponent = this, (plus if above else minus)(exponent, count)
    coefficient = product(scalars)
    if base == ONE:
        return coefficient
    reached = limit_at(base, end, side, parameters)
    if reached in (NAN, negative(INFINITY)):
        return None
    if reached not in (ZERO, INFINITY):
        return simplify(times(coefficient, power(reached, exponent)), parameters)
    sign = sign_for_all(exponent, parameters)
    if sign == "zero":
        return coefficient
    if sign not in ("positive", "negative"):
        return None
    if (sign == "positive") == (reached == ZERO):
        return ZERO
    direction = sign_for_all(coefficient, parameters)
    return {"positive": INFINITY, "negative": negative(INFINITY), "zero": ZERO}.get(direction)


def _confirmed(tree: Tree, end: Tree, side: int, said: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a limit if values nearer and nearer to the end run towards it, at all samples that have any."""
    confirmed = 0
    for row in samples(parameters):
        at, bound = evaluate(end, row), evaluate(said, row)
        near = [evaluate(tree, {**row, W: at + side * (abs(at) or 1) * evaluate(number(h), {})}) for h in _NEAR]
        if any(value != value for value in near):
            continue
        if abs(bound) == _INFINITE:
            is_so = (near[0] < near[1] < near[2]) if bound > 0 else (near[0] > near[1] > near[2])
        else:
            gaps = [abs(value - bound) for value in near]
            is_so = gaps[2] <= TINY or (gaps[1] >= gaps[2] and 1.2 * gaps[2] <= gaps[1])
        if not is_so:
            return NAN
        confirmed += 1
    return said if confirmed else NAN
