"""phi'' and phi''' for the iteration of F(u) = v, written over the functions that phi' computes already.

One power, exponential or tanh then does for all of them. Where there is such an expensive function, the iteration has a
second derivative too: Halley's method takes two thirds of the rounds of Newton's.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan

from symreg.accuracy.rounding import COUNT, RoundedEvaluator
from symreg.calculus.pieces.pieces import Piece
from symreg.calculus.symbolic.dominant import freed
from symreg.calculus.symbolic.simplify import expanded, simplify
from symreg.expressions.arithmetic import ONE, W, minus, numeric, over, power, rational, times
from symreg.expressions.tree import Binary, Call, Name, Tree, number, substitute, transform, walk
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter
from symreg.proximal.operator import MonotonePiece
from symreg.proximal.solving.slopes import derivative


def over_functions_of(slope: Tree, tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a derivative of phi' over the powers of w, the exponentials and the tanh that phi' holds.

    Accurate enough for a step of an iteration, not for more.

    Args:
        slope: phi'.
        tree: phi'' or phi'''.
        parameters: With their domains.
    """
    for node in dict.fromkeys(walk(slope)):
        match node:
            case Binary("**", base, exponent) if base == W and rational(exponent) is None:
                tree = _by_power(tree, node, exponent)
            case Call("exp", (argument,)):
                tree = _by_exponential(tree, node, argument)
            case Call("tanh", (argument,)):
                tree = _by_tanh(tree, node, argument, parameters)
    return tree


def curvature_of(piece: Piece | MonotonePiece, slope: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return phi'' of a piece over the functions of phi', in a form that is a number far out if there is one.

    Args:
        piece: Or a part of it; its curvature over one denominator may be one infinity over another.
        slope: phi', the form that is used.
        parameters: With their domains.
    """
    given = piece.curvature
    forms = (given, expanded(given, parameters), derivative(slope, parameters), _without_sinh(given, parameters))
    known = (over_functions_of(slope, form, parameters) for form in forms)
    return far_out((*known, freed(given)), piece.low, piece.high, parameters)


def number_far_out(tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a tree, with the greatest exponential taken out of its sums if it is no number far out without that."""
    return far_out((tree, freed(tree)), low, high, parameters)


def _without_sinh(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a tree with sinh(x) as tanh(x)*cosh(x), which is often divided by a power of cosh(x)."""
    sines = {node for node in walk(tree) if isinstance(node, Call) and node.function == "sinh"}
    bounded: dict[Tree, Tree] = {
        node: times(Call("tanh", node.arguments), Call("cosh", node.arguments)) for node in sines
    }
    return expanded(substitute(tree, bounded), parameters) if bounded else tree


def far_out(forms: Iterable[Tree], low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the first form that is a number in double precision far out, if its span has no end; else the first."""
    weights = [w for w in _FAR if high is None] + [-w for w in _FAR if low is None]
    first, *others = forms
    if not weights or is_number(first, W, weights, parameters):
        return first
    return next((form for form in others if is_number(form, W, weights, parameters)), first)


_FAR = (1e4, 1e10, 1e25, 1e50, 1e75, 1e100, 1e125, 1e149)


def is_number(tree: Tree, variable: Tree, at: list[float], parameters: tuple[Parameter, ...]) -> bool:
    """Is a tree no NaN in double precision at numbers given for a variable, and parameters at their defaults?"""
    columns = {p.name: [p.default if isfinite(p.default) else 1.0] * len(at) for p in (*parameters, COUNT)}
    return not any(map(isnan, RoundedEvaluator({**columns, "w": at}, "float64").at(substitute(tree, {variable: W}))))


def third_of(
    piece: MonotonePiece, curvature: Tree, parameters: tuple[Parameter, ...], *, by_weight: bool
) -> Tree | None:
    """Return phi''' if phi' holds an expensive function and phi''' none besides; None where Newton's method will do.

    Args:
        piece: With phi' and phi'''.
        curvature: phi'' over the functions of phi'.
        parameters: With their domains.
        by_weight: Return w*phi''', which is finite in floating point where phi'' is?
    """
    known = _expensive(piece.slope)
    if not known:
        return None
    third = _by_positive(piece.third, parameters) if by_weight else piece.third
    form = number_far_out(over_functions_of(piece.slope, third, parameters), piece.low, piece.high, parameters)
    return form if _expensive(form) <= known | _expensive(curvature) else None


def _by_positive(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return w times a tree, for w > 0, so that their powers are joined."""
    above = Parameter(name="w_above_0", domain=WORDS["positive"], default=1.0)
    made = simplify(substitute(times(W, tree), {W: Name(above.name)}), (*parameters, above))
    return substitute(made, {Name(above.name): W})


def _expensive(tree: Tree) -> set[Tree]:
    """Return the function calls over the weight, and its powers other than those of whole numbers and halves."""
    nodes: set[Tree] = set()
    for node in walk(tree):
        match node:
            case Call(function, _) if function not in _INEXPENSIVE and W in walk(node):
                nodes.add(node)
            case Binary("**", base, exponent) if W in walk(base):
                value = rational(exponent)
                if value is None or value.denominator > 2:
                    nodes.add(node)
    return nodes


_INEXPENSIVE = ("abs", "sqrt", "sign", "min", "max", "where")


def _by_power(tree: Tree, given: Tree, exponent: Tree) -> Tree:
    """Write w**(e - 1), w**(e - 2), ... as w**e/w, ..."""
    changed: dict[Tree, Tree] = {}
    for node in walk(tree):
        match node:
            case Binary("**", base, other) if base == W and node != given:
                less = numeric(simplify(minus(exponent, other), ()))
                if less is not None and less.denominator == 1:
                    changed[node] = over(given, power(W, number(less)))
    return substitute(tree, changed)


def _by_exponential(tree: Tree, given: Tree, argument: Tree) -> Tree:
    """Write exp(2*a), exp(3*a), ... as powers of exp(a)."""
    changed: dict[Tree, Tree] = {}
    for node in walk(tree):
        match node:
            case Call("exp", (other,)) if node != given:
                times_as_much = numeric(simplify(over(other, argument), ()))
                if times_as_much is not None and times_as_much.denominator == 1 and 1 < times_as_much <= _MOST:
                    changed[node] = power(given, number(times_as_much))
    return substitute(tree, changed)


_MOST = 4


def _by_tanh(tree: Tree, given: Tree, argument: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Write 1/cosh(a)**2 as 1 - tanh(a)**2, and sinh(a)/cosh(a) as tanh(a)."""
    tanh, cosh = Name("tanh_of_w"), Name("cosh_of_w")
    known = (
        *parameters,
        Parameter(name=tanh.name, domain=Interval(), default=0.5),
        Parameter(name=cosh.name, domain=WORDS["positive"], default=1.0),
    )
    put: dict[Tree, Tree] = {
        Call("sinh", (argument,)): times(tanh, cosh),
        Call("cosh", (argument,)): cosh,
        given: tanh,
    }
    apart = simplify(substitute(tree, put), known)

    def change(node: Tree) -> Tree:
        match node:
            case Binary("**", base, exponent) if base == cosh:
                degree = numeric(exponent)
                if degree is not None and degree > 0 and (degree / 2).denominator == 1:
                    return over(ONE, power(minus(ONE, power(tanh, number(2))), number(degree / 2)))
        return node

    made = simplify(transform(apart, change), known)
    return tree if cosh in walk(made) else substitute(made, {tanh: given})
