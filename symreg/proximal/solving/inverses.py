"""Solve F(u) = u + s*phi'(u) = v for u in closed form, to be read: degree up to 3, in u or a root of u; Lambert's W.

What is emitted has forms of its own, which keep their digits (`closed_forms`); these are as papers write them. Each is
compared with F at samples before it is handed on, so that no branch of a root is taken for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from math import lcm
from typing import Any

import sympy

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds, samples
from symreg.calculus.signs.symbolic_sign import sign_of
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import W, call, minus, over, plus, power, size, times
from symreg.expressions.tree import Constant, Name, Tree, number, substitute
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter
from symreg.proximal.operator import STEP, V
from symreg.proximal.solving.points import exact, known_with, weights_between

LARGEST = 80
"""Slopes of more nodes are not solved."""
LARGEST_SHOWN = 200
"""Closed forms of more nodes are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """u with F(u) = v.

    Args:
        tree: Over `V`, `STEP`, the parameters and the names defined.
        method: How it was found, in a few words.
        definitions: What stands under names of their own in `tree`, each over `V`, `STEP`, the parameters and the
            names before it.
        is_linear: Is it of degree 1?
    """

    tree: Tree
    method: str
    definitions: tuple[tuple[str, Tree], ...] = ()
    is_linear: bool = False

    @property
    def whole(self) -> Tree:
        """The tree with the definitions put in."""
        made = self.tree
        for name, tree in reversed(self.definitions):
            made = substitute(made, {Name(name): tree})
        return made


def inverse(
    slope: Tree,
    curvature: Tree,
    low: Tree | None,
    high: Tree | None,
    parameters: tuple[Parameter, ...],
    *,
    is_even: bool,
    condition: Tree | None = None,
    taken: frozenset[str] = frozenset(),
) -> Inverse | None:
    """Return u for every v that F reaches on a piece where it rises; None if there is no closed form to be shown.

    Args:
        slope: phi', over the bare `w`.
        curvature: phi''.
        low: Lower end of the piece; None: -inf.
        high: Upper end; None: inf.
        parameters: With their domains.
        is_even: Are u and v positive?
        condition: On the parameters and `STEP`, under which it is to hold.
        taken: Names that mean something else already.
    """
    if size(slope) > LARGEST:
        return None
    known = known_with(parameters, is_even=is_even)
    is_positive = low is not None and sign_of(low, known) in ("zero", "positive", "nonnegative")
    equation = to_sympy(plus(W, minus(times(STEP, slope), V)), known, weight=WORDS["positive"] if is_positive else None)
    unknown = next((symbol for symbol in equation.free_symbols if symbol.name == "w"), None)
    if unknown is None:
        return None
    points = [
        (values, u) for values, u in _samples_on(low, high, known) if condition is None or holds(condition, values)
    ]
    taken |= {parameter.name for parameter in known}
    for solve in (_by_degree, _by_lambert):
        for made in solve(equation, unknown, taken):
            if size(made.whole) <= LARGEST_SHOWN and _gives_back(made.whole, slope, curvature, points):
                return made
    return None


def _gives_back(tree: Tree, slope: Tree, curvature: Tree, points: list[tuple[Values, Any]]) -> bool:
    """Does a formula give u back for v = F(u), wherever F rises, at several samples?"""
    compared = 0
    for values, u in points:
        at = {**values, W: u}
        if not 1 + values[STEP] * evaluate(curvature, at) > TINY:
            continue
        v = u + values[STEP] * evaluate(slope, at)
        if not abs(evaluate(tree, {**values, V: v}) - u) <= TINY * (1 + abs(u)):
            return False
        compared += 1
    return compared >= 3


def _samples_on(low: Tree | None, high: Tree | None, known: tuple[Parameter, ...]) -> Iterator[tuple[Values, Any]]:
    """Yield parameters with a step, small ones too, and weights strictly between two ends."""
    shares = [exact(share) for share in ("0.01", "0.3", "1", "4", "20")]
    for row in samples(known):
        for step in (row[STEP], row[STEP] / 1000):
            values = {**row, STEP: step}
            for u in weights_between(low, high, values, shares):
                yield values, u


# By degree


def _by_degree(equation: Any, unknown: Any, taken: frozenset[str]) -> Iterator[Inverse]:
    """Yield the roots of a polynomial equation in u or in r, u = r**q."""
    exponents = [power_.exp for power_ in equation.atoms(sympy.Pow) if power_.base == unknown]
    if not all(exponent.is_Rational for exponent in exponents):
        return
    q = lcm(*(int(exponent.q) for exponent in exponents))
    r = sympy.Symbol("r", positive=True) if q > 1 else unknown
    top = sympy.expand(sympy.fraction(sympy.together(equation.subs(unknown, r**q)))[0])
    if not top.is_polynomial(r):
        return
    coefficients = sympy.Poly(top, r).all_coeffs()
    while coefficients[-1] == 0:  # a root at 0, which is no point of the piece's inside
        coefficients.pop()
    named = _DEGREES.get(len(coefficients) - 1)
    if named is None:
        return
    if coefficients[0].could_extract_minus_sign():
        coefficients = [-c for c in coefficients]
    for made in named(coefficients, taken):
        yield made if q == 1 else _raised(made, q)


def _raised(made: Inverse, q: int) -> Inverse:
    return Inverse(
        tree=power(made.tree, number(q)),
        method=f"{made.method} in the root r of u = r**{q}",
        definitions=made.definitions,
    )


def _linear(coefficients: list[Any], _: frozenset[str]) -> Iterator[Inverse]:
    a, b = coefficients
    top, bottom = sympy.fraction(sympy.factor(-b / a))
    forms = [over(shortest(sign * top), shortest(sign * bottom)) for sign in (1, -1)]
    yield Inverse(tree=min(forms, key=size), method="linear", is_linear=True)


def _quadratic(coefficients: list[Any], _: frozenset[str]) -> Iterator[Inverse]:
    a, b, c = coefficients
    inside = shortest(b**2 - 4 * a * c)
    top, bottom = from_sympy(sympy.expand(-b)), from_sympy(sympy.expand(2 * a))
    for join in (plus, minus):
        yield Inverse(tree=over(join(top, call("sqrt", inside)), bottom), method="quadratic formula")


def _cubic(coefficients: list[Any], taken: frozenset[str]) -> Iterator[Inverse]:
    """Yield the one real root by Cardano's formula, and the three by Viete's."""
    a, b, c, d = coefficients
    shift = from_sympy(sympy.factor_terms(b / (3 * a)))
    p = sympy.factor((3 * a * c - b**2) / (3 * a**2))
    q = sympy.factor((2 * b**3 - 9 * a * b * c + 27 * a**2 * d) / (27 * a**3))
    h, D = (next(n for n in (f"{letter}{k or ''}" for k in count()) if n not in taken) for letter in "hD")
    root = call("sqrt", Name(D))
    sides = [call("cbrt", join(Name(h), root)) for join in (plus, minus)]
    inside = plus(power(Name(h), number(2)), power(shortest(p / 3), number(3)))
    definitions = ((h, shortest(-q / 2)), (D, inside))
    yield Inverse(tree=minus(plus(*sides), shift), method="cubic, Cardano's formula", definitions=definitions)
    if p.is_negative is False:
        return
    size_of = call("sqrt", shortest(-p / 3))
    cosine = shortest(-q / 2 / (-p / 3) ** sympy.Rational(3, 2))
    for turn in range(3):
        angle = over(call("acos", cosine), number(3))
        if turn:
            angle = minus(angle, over(times(number(2 * turn), Constant("pi")), number(3)))
        tree = minus(times(times(number(2), size_of), call("cos", angle)), shift)
        yield Inverse(tree=tree, method="cubic, Viete's trigonometric formula")


_DEGREES: dict[int, Callable[[list[Any], frozenset[str]], Iterator[Inverse]]] = {1: _linear, 2: _quadratic, 3: _cubic}


def _shortest_form(expression: Any) -> Any:
    """Return the shortest of a few equal forms."""
    forms = [expression, sympy.expand(expression), sympy.factor(expression), sympy.factor_terms(expression)]
    return min(forms, key=lambda form: (size(from_sympy(form)), forms.index(form)))


# By Lambert's W, the inverse of x*exp(x)


def _by_lambert(equation: Any, unknown: Any, _: frozenset[str]) -> Iterator[Inverse]:
    """Yield the root of `A + B*u + C*log(u*a + b) = 0` or `A + B*u + C*exp(u*a + b) = 0`."""
    found = [node for node in equation.atoms(sympy.log, sympy.exp) if node.has(unknown)]
    if len(found) != 1:
        return
    (node,) = found
    inner = sympy.expand(node.args[0])
    stand_in = sympy.Symbol("T", real=True)
    whole = equation.subs(node, stand_in)
    if not whole.is_polynomial(unknown, stand_in) or not inner.is_polynomial(unknown):
        return
    polynomial = sympy.Poly(whole, unknown, stand_in)
    if polynomial.total_degree() != 1 or sympy.degree(inner, unknown) != 1:
        return
    A, B, C = (polynomial.coeff_monomial(m) for m in (1, unknown, stand_in))
    a, b = inner.coeff(unknown, 1), inner.coeff(unknown, 0)
    if isinstance(node, sympy.exp):
        outside = shortest(-A / B)
        argument = times(shortest(a * C / B), call("exp", shortest(b - a * A / B)))
        tree = minus(outside, over(call("lambertw", argument), from_sympy(a)))
    else:
        factor = C * a / B
        argument = over(call("exp", shortest((b - A * a / B) / factor)), shortest(factor))
        tree = over(minus(times(shortest(factor), call("lambertw", argument)), from_sympy(b)), from_sympy(a))
    yield Inverse(tree=tree, method="Lambert's W, the inverse of x*exp(x)")


def shortest(expression: Any) -> Tree:
    """Return the shortest of a few forms of an expression, as a tree."""
    return from_sympy(_shortest_form(expression))
