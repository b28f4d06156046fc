"""List the zeros of a function of the weight alone, all of them or none: closed forms, else certified digits.

Takes a tree without parameters that is continuous on an open interval; what is algebraic in w, in a root of w or in an
exponential of w is solved exactly, the rest is bisected in balls on a stated range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any

import sympy
from flint import arb, ctx, fmpz_poly

from symreg.calculus.evaluation.balls import compiled
from symreg.calculus.evaluation.high_precision import evaluate
from symreg.calculus.signs.isolation import RANGE, bisected
from symreg.calculus.signs.roots import roots
from symreg.calculus.symbolic.simplify import simplify
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import W, call, over, power, rational, times, total
from symreg.expressions.tree import Number, Tree, number, walk

PRECISION = 400
"""Bits at which zeros are told from each other and from the ends."""
DIGITS = 60
"""Decimals behind the point of a zero that has no closed form (or as many significant ones, if it is small)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zeros:
    """All zeros within an open interval.

    Args:
        at: Ascending, each once; closed forms, or numbers of `DIGITS` certified digits.
        is_exact: Are all of them closed forms?
        method: How they were found: `closed form`, `polynomial`, `balls for ...`.
    """

    at: tuple[Tree, ...]
    is_exact: bool
    method: str


def zeros(tree: Tree, low: Tree | None, high: Tree | None) -> Zeros | None:
    """Return the zeros strictly between two ends, or None where they cannot be listed, as of what is 0 everywhere.

    Args:
        tree: Over the bare `w` alone; continuous between the ends.
        low: Lower end, without names; None: -inf.
        high: Upper end; None: inf.
    """
    expression = sympy.factor(to_sympy(tree)) if _is_short(tree) else to_sympy(tree)
    if not expression.free_symbols:
        return None if expression == 0 else Zeros(at=(), is_exact=True, method="closed form")
    found: dict[Tree, None] = {}
    is_exact, method = True, "closed form"
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if not base.free_symbols or (exponent.is_number and exponent.is_negative) or isinstance(factor, sympy.exp):
            continue
        part = _of_factor(base, low, high)
        if part is None:
            return None
        found |= dict.fromkeys(part.at)
        is_exact &= part.is_exact
        method = part.method if part.method != "closed form" else method
    return Zeros(at=_within(found, low, high), is_exact=is_exact, method=method)


def sign_at(tree: Tree, at: Any) -> int | None:
    """Return the sign of a tree at an exact weight, proved in balls; None where it does not show."""
    evaluate = compiled(tree)
    for precision in (128, PRECISION, 4 * PRECISION):
        with ctx.workprec(precision):
            value = evaluate({"w": arb(at)})
            if value > 0 or value < 0:
                return 1 if value > 0 else -1
    return None


def enclosed(tree: Tree, precision: int = PRECISION) -> arb:
    """Return a ball that holds the value of a tree without names."""
    with ctx.workprec(precision):
        return compiled(tree)({})


def digits(value: arb) -> Tree:
    """Return the middle of a narrow ball as a number of `DIGITS` decimals or significant digits, whichever are more.

    Raises:
        Intractable: The ball is not that narrow.
    """
    with ctx.workprec(PRECISION):
        size = abs(value.mid())
        places = DIGITS + max(0, -int(float((size.log() / arb(10).log()).floor())) if size > 0 else 0)
        if not value.rad() * arb(10) ** places < arb("1e-3"):
            raise Intractable("a zero is not known to enough digits")
        mantissa, exponent = value.mid().man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return number(Fraction(round(exact * 10**places), 10**places))


_LONGEST = 2_000


def _is_short(tree: Tree) -> bool:
    return sum(1 for _ in walk(tree)) <= _LONGEST


def _of_factor(base: sympy.Expr, low: Tree | None, high: Tree | None) -> Zeros | None:
    tree = from_sympy(base)
    try:
        real = [root for root in roots(tree) if (x := evaluate(root, {})) == x]
        return Zeros(at=tuple(simplify(root, ()) for root in real), is_exact=True, method="closed form")
    except NotDifferentiable:
        pass
    found = _algebraic(base)
    if found is not None:
        return Zeros(at=found, is_exact=not any(isinstance(z, Number) for z in found), method="polynomial")
    balls = bisected(tree, low, high)
    if balls is None:
        return None
    return Zeros(at=tuple(map(digits, balls)), is_exact=not balls, method=f"balls for {RANGE}")


def _algebraic(expression: sympy.Expr) -> tuple[Tree, ...] | None:
    """Return the zeros of a quotient of polynomials in a root of w, or in an exponential of w; None if it is none."""
    x = to_sympy(W)
    t = sympy.Symbol("t", positive=True)
    expression = expression.rewrite(sympy.exp) if expression.has(*_HYPERBOLIC) else expression
    rates = {e: rational(from_sympy(e.args[0] / x)) for e in expression.atoms(sympy.exp) if e.args[0].has(x)}
    if rates:
        known = [rate for rate in rates.values() if rate is not None]
        unit = _unit(known)
        if len(known) < len(rates) or max(abs(rate / unit) for rate in known) > _HIGHEST_DEGREE:
            return None
        moved = expression.xreplace({e: t ** int((rate or unit) / unit) for e, rate in rates.items()})
        return _real_roots(moved, t, lambda e: over(call("log", e), number(unit)), sides=(1,))
    powers = [p.exp for p in expression.atoms(sympy.Pow) if p.base == x]
    if not all(p.is_Rational for p in powers):
        return None
    q = reduce(lcm, (int(p.q) for p in powers), 1)
    if q == 1:
        return _real_roots(expression, x, lambda e: e, sides=(1, -1))
    return _real_roots(expression.subs(x, t**q), t, lambda e: power(e, number(q)), sides=(1,))


_HIGHEST_DEGREE = 100
_HYPERBOLIC = (sympy.sinh, sympy.cosh, sympy.tanh)


def _unit(rates: list[Fraction]) -> Fraction:
    """Return the greatest number of which all rates are whole multiples."""
    bottom = reduce(lcm, (rate.denominator for rate in rates), 1)
    return Fraction(reduce(gcd, (int(rate * bottom) for rate in rates), 0), bottom)


def _real_roots(
    expression: sympy.Expr, variable: sympy.Symbol, back: Callable[[Tree], Tree], *, sides: tuple[int, ...]
) -> tuple[Tree, ...] | None:
    """Return the real roots of a quotient of polynomials with rational coefficients, each taken back to w.

    Args:
        sides: Which signs of a root count; 0 itself is left out where only one does.
    """
    top, _ = sympy.fraction(sympy.together(expression))
    try:
        polynomial = sympy.Poly(top, variable, domain="QQ")
    except (sympy.PolynomialError, sympy.CoercionFailed):
        return None
    _, whole = polynomial.clear_denoms(convert=True)
    made: list[Tree] = []
    _, parts = fmpz_poly([int(c) for c in reversed(whole.all_coeffs())]).factor()
    for part, _ in parts:
        for closed, ball in _roots_of(part):
            sign = (ball > 0) - (ball < 0)
            if sign not in sides and not (sign == 0 and len(sides) == 2):
                continue
            if closed is not None:
                made.append(simplify(back(closed), ()))
            else:
                with ctx.workprec(PRECISION):
                    made.append(digits(compiled(back(W))({"w": ball})))
    return tuple(made)


def _roots_of(part: fmpz_poly) -> Iterator[tuple[Tree | None, arb]]:
    """Yield the real roots of an irreducible polynomial, as closed forms where there is one, and as balls."""
    with ctx.workprec(PRECISION):
        found: list[Any] = part.complex_roots()
        balls = [root.real for root, _ in found if root.imag == 0]
    coefficients = [int(c) for c in part.coeffs()]
    written = total([times(number(c), power(W, number(k))) for k, c in enumerate(coefficients)])
    try:
        closed = [(root, enclosed(root)) for root in roots(written)]
    except NotDifferentiable:
        closed = []
    for ball in balls:
        yield next(((tree, value) for tree, value in closed if value.overlaps(ball)), (None, ball))


def _within(found: Iterable[Tree], low: Tree | None, high: Tree | None) -> tuple[Tree, ...]:
    """Return those that are real and strictly between the ends, ascending, equal ones once."""
    bottom, top = (None if end is None else enclosed(end) for end in (low, high))
    inner: list[tuple[arb, Tree]] = []
    for tree in found:
        value = enclosed(tree)
        if (
            not value.is_finite()
            or (bottom is not None and not value > bottom)
            or (top is not None and not value < top)
        ):
            continue
        if not any(value.overlaps(other) for other, _ in inner):
            inner.append((value, tree))
    return tuple(tree for _, tree in sorted(inner, key=lambda pair: float(pair[0])))
