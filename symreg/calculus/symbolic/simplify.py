"""Tidy expressions with SymPy: the shortest of its equal forms, limits, and signs over all parameter values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import sympy

from symreg.calculus.border import Unforeseen, border
from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.evaluation.spans import DISTANCE
from symreg.calculus.symbolic.translate import from_sympy, to_sympy
from symreg.expressions.arithmetic import (
    NAN,
    W,
    addends,
    negative,
    numeric,
    over,
    plus,
    signed,
    size,
    times,
    total,
    where,
)
from symreg.expressions.tree import (
    Call,
    Constant,
    Item,
    Name,
    Number,
    Sum,
    Tree,
    children,
    names,
    number,
    substitute,
    walk,
)
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter

LARGEST = 400
"""Trees of more nodes are left as they are: SymPy's time grows faster than their length."""
MOST_VARIABLES = 8
"""Quotients of polynomials in more are tidied addend by addend: bringing them together may take for ever."""
MOST_CHOICES = 3
"""Trees with more distinct conditions keep their choices where they are: each can double the pieces."""

Sign = Literal["negative", "nonpositive", "zero", "nonnegative", "positive", "undecided"]


@lru_cache(maxsize=2048)
def tidy(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the shortest equal form that SymPy's cheap transformations give; choices stand outermost.

    Sums and norms are taken as they are.
    """
    if size(tree) > LARGEST:
        return tree
    return _tidied(lifted(tree), parameters)


def expanded(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an expression without choices with its products of sums multiplied out; a long one as it is."""
    return tree if size(tree) > LARGEST else from_sympy(sympy.expand(to_sympy(tree, parameters, opaque=True)))


def collected(tree: Tree, variable: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an expression linear in a variable as `a*variable + b`; any other as it is."""
    if size(tree) > LARGEST or not is_linear(tree, variable, parameters):
        return tree
    symbol = to_sympy(variable, parameters)
    expression = to_sympy(tree, parameters, opaque=True)
    expanded = sympy.expand(expression)
    if not expanded.is_polynomial(symbol) or sympy.degree(expanded, symbol) != 1:
        return tree
    slope, rest = expanded.coeff(symbol, 1), expression.subs(symbol, 0)
    if slope == 1:
        return tree
    first = times(from_sympy(slope), variable)
    return first if rest == 0 else plus(first, from_sympy(sympy.factor_terms(rest)))


def is_linear(tree: Tree, variable: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is a tree without choices linear in a variable, by its values at samples? Told before SymPy expands it."""
    if any(isinstance(n, Call) and n.function == "where" for n in walk(tree)):
        return False
    leaves = [
        n for n in walk(tree) if isinstance(n, Name | Item | Sum) or (isinstance(n, Call) and n.function == "norm")
    ]
    for row in samples(parameters)[:2]:
        at: dict[Tree, Any] = {node: evaluate(number(Fraction(k, 7)), {}) for k, node in enumerate(leaves, start=2)}
        at |= row
        low, middle, high = (evaluate(tree, {**at, variable: evaluate(number(x), {})}) for x in (-3, 1, 5))
        if not abs(high - 2 * middle + low) <= TINY * (abs(high) + abs(middle) + abs(low)):
            return False
    return True


def lifted(tree: Tree) -> Tree:
    """Return the tree with each `where` taken out of the arithmetic around it (where that makes few pieces)."""
    choices = [n for n in _outside_conditions(tree) if isinstance(n, Call) and n.function == "where"]
    conditions = list(dict.fromkeys(choice.arguments[0] for choice in choices))
    if not conditions or len(conditions) > MOST_CHOICES:
        return tree
    first = conditions[0]
    then, otherwise = (
        substitute(tree, {c: c.arguments[branch] for c in choices if c.arguments[0] == first}) for branch in (1, 2)
    )
    return where(first, lifted(then), lifted(otherwise))


def _outside_conditions(tree: Tree) -> list[Tree]:
    """Return the nodes that do not stand in a condition or under a sum, outer ones first."""
    match tree:
        case Call("where", (_, then, otherwise)):
            return [tree, *_outside_conditions(then), *_outside_conditions(otherwise)]
        case Sum():
            return []
        case _:
            return [tree, *(node for child in children(tree) for node in _outside_conditions(child))]


_HIGHEST_POWER_OF_E = 100
_LARGEST = Fraction(10) ** 250


def _tidied(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    match tree:
        case Call("where", (condition, then, otherwise)):
            return where(condition, _tidied(then, parameters), _tidied(otherwise, parameters))
        case _ if not children(tree) or numeric(tree) is not None:
            return tree
    expression = to_sympy(tree, parameters, opaque=True)
    if expression.has(sympy.nan, sympy.zoo, sympy.oo):
        return NAN if expression.has(sympy.nan, sympy.zoo) else tree
    changes: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (sympy.factor_terms, _with_products_joined)
    if _has_high_power_of_e(expression):
        pass
    elif _variables(expression) <= MOST_VARIABLES:
        changes += (sympy.cancel, sympy.together, sympy.factor, sympy.expand)
    elif len(parts := addends(tree)) > 1:
        return total([_tidied(signed(sign, part), parameters) for sign, part in parts])
    forms = [expression]
    for change in changes:
        try:
            forms.append(change(expression))
        except (sympy.PolynomialError, NotImplementedError):
            continue  # SymPy has no such form of it: NotImplementedError is where its own algorithms end
    made = dict.fromkeys(from_sympy(form) for form in forms)
    best = min((form for form in made if _fits_floating_point(form)), key=size, default=tree)
    return tree if size(tree) < 0.75 * size(best) else best


def _has_high_power_of_e(expression: sympy.Expr) -> bool:
    """Is an exponent multiplied by a p/q of many digits? SymPy makes polynomials of degree p in exp(x/q)."""
    addends_ = (a for power in expression.atoms(sympy.exp) for a in sympy.Add.make_args(power.exp))
    factors_ = (addend.as_coeff_Mul()[0] for addend in addends_)
    return any(f.is_Rational and max(abs(f.p), f.q) > _HIGHEST_POWER_OF_E for f in factors_)


def _fits_floating_point(tree: Tree) -> bool:
    """Is no number in a tree too large or too small to be computed with? One denominator for all can make them so."""
    values = [node.value for node in walk(tree) if isinstance(node, Number)]
    return all(not value or _LARGEST > abs(value) > 1 / _LARGEST for value in values)


def _variables(expression: sympy.Expr) -> int:
    """Return how many symbols, functions and roots an expression is a quotient of polynomials in."""
    roots = [power for power in expression.atoms(sympy.Pow) if not power.exp.is_Integer]
    return len(expression.free_symbols) + len(expression.atoms(sympy.Function)) + len(roots)


def _with_products_joined(expression: sympy.Expr) -> sympy.Expr:
    """Return an expression with sin(u)*cos(u) as sin(2*u)/2, sinh(u)/cosh(u) as tanh(u), abs(u)*sign(u) as u."""

    def joined(product: sympy.Mul) -> sympy.Expr:
        powers = product.as_powers_dict()
        for size_of in sorted(product.atoms(sympy.Abs), key=sympy.default_sort_key):
            u = size_of.args[0]
            if powers.get(size_of) == 1 and powers.get(sympy.sign(u)) == 1:
                product = product * u / (size_of * sympy.sign(u))
        for sine, cosine, ratio in ((sympy.sin, sympy.cos, sympy.tan), (sympy.sinh, sympy.cosh, sympy.tanh)):
            for function in sorted(product.atoms(sine), key=sympy.default_sort_key):
                u = function.args[0]
                top, bottom = powers.get(function, 0), powers.get(cosine(u), 0)
                if top == 1 and bottom == 1:
                    product = product * sine(2 * u) / (2 * function * cosine(u))
                elif top == 1 and bottom == -1:
                    product = product * ratio(u) * cosine(u) / function
        return product

    return expression.replace(lambda node: node.is_Mul, joined)


def limit(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the limit of a tree as w goes to a position from the left (side -1) or the right (1), `nan` if unknown."""
    moved, apart = _moved(tree, position, side)
    expression, symbol = to_sympy(moved, (*parameters, apart)), to_sympy(DISTANCE, (apart,))
    try:
        with border("a limit"):
            value = sympy.limit(expression, symbol, 0, "+")
    except Unforeseen:
        return NAN  # where SymPy's algorithm for limits ends it raises anything
    if value in (sympy.oo, -sympy.oo):
        return Constant("inf") if value == sympy.oo else negative(Constant("inf"))
    if value.is_finite is False or value.has(sympy.Limit, sympy.AccumBounds, sympy.nan, sympy.oo, -sympy.oo):
        return NAN
    return from_sympy(value)


def joined_beside(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return an equal tree on one side of a position, its powers joined: there `sqrt(w**2)*w**p` is w**(p + 1)."""
    moved, apart = _moved(tree, position, side)
    distance = signed("+" if side > 0 else "-", plus(W, negative(position)))
    joined = sympy.powsimp(to_sympy(moved, (*parameters, apart), opaque=True), combine="exp")
    joined = joined.replace(lambda e: e.is_Pow, lambda e: e.base ** sympy.expand(e.exp))
    return substitute(from_sympy(joined), {DISTANCE: distance})


def _moved(tree: Tree, position: Tree, side: int) -> tuple[Tree, Parameter]:
    """Return a tree as a function of the distance from a position, and that distance."""
    moved = substitute(tree, {W: plus(position, DISTANCE if side > 0 else negative(DISTANCE))})
    return moved, Parameter(name=DISTANCE.name, domain=WORDS["positive"], default=1.0)


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
    return size(tree) > (_LONGEST_WITH_ROOTS if has_roots else _LONGEST)


_LONGEST, _LONGEST_WITH_ROOTS = 160, 20
_LARGEST_DENOMINATOR = 2**64


def _both(a: Sign, b: Sign) -> Sign:
    """Return the strictest sign that two signs imply."""
    if a == b:
        return a
    return next((word for word, implied in _WEAK.items() if {a, b} <= implied), "undecided")


_WEAK: dict[Sign, set[Sign]] = {
    "nonnegative": {"positive", "nonnegative", "zero"},
    "nonpositive": {"negative", "nonpositive", "zero"},
}


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
    if _variables(expression) <= MOST_VARIABLES:
        forms += [lambda e: sympy.factor(sympy.together(e)), sympy.expand]
    for form in forms:
        try:
            made = form(expression)
        except (sympy.PolynomialError, NotImplementedError):
            continue  # SymPy has no such form of it; another one may show the sign
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
