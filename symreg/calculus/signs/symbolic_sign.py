"""The sign of an expression that SymPy knows from the domains of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import sympy

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.symbolic.simplify import LONGEST, LONGEST_WITH_ROOTS, MOST_VARIABLES, variables
from symreg.calculus.symbolic.translate import to_sympy
from symreg.expressions.arithmetic import negative, over, plus, size, times
from symreg.expressions.tree import Call, Name, Number, Tree, names, number, substitute, walk
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter

Sign = Literal["negative", "nonpositive", "zero", "nonnegative", "positive", "undecided"]
NONNEGATIVE: tuple[Sign, ...] = ("positive", "nonnegative", "zero")
"""The signs of what is at least 0 for all parameters."""
NONPOSITIVE: tuple[Sign, ...] = ("negative", "nonpositive", "zero")
"""The signs of what is at most 0."""
STRICT: dict[Sign, int] = {"negative": -1, "zero": 0, "positive": 1}
"""The signs that are the same everywhere, as numbers."""


def is_imaginary(tree: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is a tree real for no parameters at all, as the root of a negative number, or the logarithm of 0?"""
    expression = to_sympy(tree, parameters)
    return expression.is_real is False or expression.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)


@lru_cache(maxsize=2048)
def sign_of(tree: Tree, parameters: tuple[Parameter, ...], positive: tuple[str, ...] = ()) -> Sign:
    """Return a tree's sign for all parameters in their domains and all positive values of the names in `positive`.

    Each parameter is written as the end of its domain plus a positive number, and each factor must show its sign. The
    far end of a bounded domain, which no such number reaches, is asked about by itself.
    """
    found = _sign_within(tree, parameters, positive)
    for parameter in parameters:
        low, high = parameter.domain.low, parameter.domain.high
        if found == "undecided" or low is None or high is None or not parameter.domain.high_closed:
            continue
        if parameter.name in names(tree):
            rest = tuple(p for p in parameters if p.name != parameter.name)
            found = _both(found, sign_of(substitute(tree, {Name(parameter.name): number(high)}), rest, positive))
    return found


def is_heavy(tree: Tree) -> bool:
    """Would SymPy take its time over the sign of a tree, of roots or of long numbers in it?"""
    if any(isinstance(node, Number) and node.value.denominator > _LARGEST_DENOMINATOR for node in walk(tree)):
        return True  # an end that was enclosed: powers of it have thousands of digits
    has_roots = any(isinstance(node, Call) and node.function == "sqrt" for node in walk(tree))
    return size(tree) > (LONGEST_WITH_ROOTS if has_roots else LONGEST)


_LARGEST_DENOMINATOR = 2**64


def _both(a: Sign, b: Sign) -> Sign:
    """Return the strictest sign that two signs imply."""
    if a == b:
        return a
    if {a, b} <= set(NONNEGATIVE):
        return "nonnegative"
    return "nonpositive" if {a, b} <= set(NONPOSITIVE) else "undecided"


def _sign_within(tree: Tree, parameters: tuple[Parameter, ...], positive: tuple[str, ...]) -> Sign:
    """Return the sign without the far ends of bounded domains."""
    apart = tuple(Parameter(name=name, domain=WORDS["positive"], default=1.0) for name in positive)
    low, high, is_nonzero = bounds(tree, {p.name: p for p in (*parameters, *apart)})
    if is_nonzero and (low >= 0 or high <= 0):
        return "positive" if low >= 0 else "negative"
    used = names(tree)
    parameters = tuple(p for p in parameters if p.name in used)
    shifted: dict[Tree, Tree] = {Name(p.name): _from_the_end(p) for p in parameters}
    beyond = [p for p in parameters if _is_told_by_another(p, parameters)]
    shifted |= {Name(p.name): plus(shifted[Name(p.above)], Name(p.name)) for p in beyond}
    free = tuple(replace(p, domain=WORDS["positive"] if p in beyond else _positive_part(p)) for p in parameters)
    expression = to_sympy(substitute(tree, shifted), (*free, *apart))
    weak: Sign = "undecided"
    forms: list[Callable[[sympy.Expr], sympy.Expr]] = [lambda e: e, sympy.factor_terms]
    if variables(expression) <= MOST_VARIABLES:
        forms += [lambda e: sympy.factor(sympy.together(e)), sympy.expand]
    for form in forms:
        try:
            made = form(expression)
        except (sympy.PolynomialError, NotImplementedError):
            continue  # NotImplementedError is where SymPy's own algorithms end; another form may show the sign
        claims: tuple[tuple[Sign, bool | None], ...] = (
            ("zero", made.is_zero),
            ("positive", made.is_positive),
            ("negative", made.is_negative),
            ("nonnegative", made.is_nonnegative),
            ("nonpositive", made.is_nonpositive),
        )
        found: Sign = next((word for word, claim in claims if claim), "undecided")
        if found in ("zero", "positive", "negative"):
            return found
        weak = found if weak == "undecided" else weak
    return weak


def _is_told_by_another(parameter: Parameter, parameters: tuple[Parameter, ...]) -> bool:
    """Is all that is known of a parameter that it exceeds another one, which does not exceed a third?"""
    other = next((p for p in parameters if p.name == parameter.above), None)
    if other is None or other.above or parameter.domain.high is not None:
        return False
    low, bottom = parameter.domain.low, other.domain.low
    return low is None or (bottom is not None and low <= bottom)


def _from_the_end(parameter: Parameter) -> Tree:
    """Return the parameter as its domain's end and a distance from it: `2 + a` for (2, inf), `2 - a` for (-inf, 2)."""
    low, high, name = parameter.domain.low, parameter.domain.high, Name(parameter.name)
    if low is not None and high is not None:
        # (low + high*a)/(1 + a) runs through the interval as a runs through the positive numbers.
        top = plus(number(low), times(number(high), name))
        return over(top, plus(number(1), name))
    if low is not None:
        return plus(number(low), name)
    if high is not None:
        return plus(number(high), negative(name))
    return name


def _positive_part(parameter: Parameter) -> Interval:
    """Return the domain of the distance from the end; the far end of a bounded domain is left to its limit."""
    domain = parameter.domain
    if domain.is_all:
        return domain
    near_is_open = not domain.high_closed if domain.low is None else not domain.low_closed
    return WORDS["positive"] if near_is_open else WORDS["nonnegative"]
