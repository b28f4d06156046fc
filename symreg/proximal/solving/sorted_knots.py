"""Derive the operator of a sum of parabolas whose knots depend on the parameters in an order that is not known."""

from __future__ import annotations

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.pieces.order import domain_of
from symreg.calculus.pieces.pieces import whole_value
from symreg.calculus.signs.parity import is_even
from symreg.calculus.signs.roots import knots_of
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import is_imaginary
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ZERO, W, without_extrema
from symreg.expressions.decompose import addends
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Tree
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms
from symreg.proximal.operator import PiecewiseQuadratic
from symreg.proximal.solving.slopes import derivative

_FAR = 1 / TINY
MOST_KNOTS = 8
"""Each is one more candidate to compare for every element."""


def piecewise_quadratic(terms: Terms) -> PiecewiseQuadratic:
    """Return the operator of the sum of the elementwise terms.

    Raises:
        Intractable: A term has pieces that are no parabolas, or the knots are too many.
        NotDifferentiable: As `pieces`.
    """
    parameters = terms.parameters
    value = whole_value(terms)
    slope = derivative(value, parameters)
    curvature = derivative(slope, parameters)
    if any(
        not evaluate(curvature, {**row, W: side * _FAR}) >= -TINY for row in samples(parameters) for side in (-1, 1)
    ):
        raise Intractable("whether the cost has a minimum for every step depends on the parameters")
    curved = [term.name for term in terms.elementwise if not _is_made_of_parabolas(term, parameters)]
    if curved:
        raise Intractable(f"{curved[0]} is made of more than parabolas")
    domain = domain_of(terms)
    is_mirrored = domain.is_all and is_even(value)
    knots = [simplify(knot, parameters) for knot in knots_of(value, parameters) if not is_imaginary(knot, parameters)]
    if is_mirrored:
        knots = [ZERO, *(knot for knot in knots if _is_above_zero(knot, parameters))]
    knots += [end for end in (domain.lower, domain.upper) if end is not None]
    knots = list(dict.fromkeys(knots))
    if len(knots) > MOST_KNOTS:
        raise Intractable(f"more than {MOST_KNOTS} knots without a known order")
    return PiecewiseQuadratic(
        knots=tuple(knots),
        value=value,
        slope=slope,
        curvature=curvature,
        is_even=is_mirrored,
        domain=domain,
    )


def _is_above_zero(knot: Tree, parameters: tuple[Parameter, ...]) -> bool:
    sign = sign_for_all(knot, parameters)
    if sign == "undecided":
        raise Intractable(f"on which side of 0 the knot w = {to_text(knot)} lies depends on the parameters")
    return sign in ("positive", "nonnegative")


def _is_made_of_parabolas(term: Term, parameters: tuple[Parameter, ...]) -> bool:
    """Is the third derivative of a term 0 between its knots?"""
    tree = without_extrema(term.tree)
    for _ in range(3):
        tree = derivative(tree, parameters)
    return all(_is_zero(addend, parameters) for _, addend in addends(tree))


def _is_zero(tree: Tree, parameters: tuple[Parameter, ...]) -> bool:
    match tree:
        case Call("where", (_, then, otherwise)):
            return _is_zero(then, parameters) and _is_zero(otherwise, parameters)
        case Binary("*", left, right):
            return _is_zero(left, parameters) or _is_zero(right, parameters)
        case _:
            return tree == ZERO or simplify(tree, parameters) == ZERO
