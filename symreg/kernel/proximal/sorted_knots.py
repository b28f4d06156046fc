"""Lower an operator whose knots are sorted once the parameters are known: the best minimum of the pieces between."""

from __future__ import annotations

from symreg.expressions.tree import Binary, Call, Compare, Negate, Tree, children, number, rebuild, substitute
from symreg.kernel.proximal.minima import Minimum, best_of
from symreg.kernel.proximal.scope import ONE, TWO, ZERO, Scope, Statements, W, clipped
from symreg.model.domain import Domain
from symreg.proximal.operator import PiecewiseQuadratic


def sorted_minima(operator: PiecewiseQuadratic, x: Tree, scope: Scope, once: Statements, each: Statements) -> Tree:
    """Return the best minimum of the pieces between knots, which are sorted here; on each of them F is linear.

    Args:
        operator: Of the penalty; if it is even, x is not negative.
        x: v.
        scope: Of the function.
        once: Receives what does not depend on x.
        each: Receives what does.
    """
    ends = _within(operator.domain, _ascending([scope.at(knot) for knot in operator.knots], scope, once), scope, once)
    lows = [*([] if operator.is_even else [None]), *ends]
    highs = [*lows[1:], None]
    x = scope.bounded(x, each)
    minima: list[Minimum] = []
    before: Tree | None = None
    pieces = list(zip(lows, highs, strict=True))
    if not operator.is_even:
        pieces = pieces[operator.domain.lower is not None : len(pieces) - (operator.domain.upper is not None)]
    for k, (low, high) in enumerate(pieces):
        inside = scope.let("inside", _inside(low, high), once)
        slope = scope.let("intercept", _taken(operator.slope, ZERO, inside), once)
        rise = Binary("+", ONE, Binary("*", scope.step, _taken(operator.curvature, ZERO, inside)))
        u: Tree = Binary("/", Binary("-", x, Binary("*", scope.step, slope)), scope.let("slope", rise, once))
        bottom, top = (
            None
            if end is None
            else scope.let("threshold", scope.threshold(end, _taken(operator.slope, end, inside)), once)
            for end in (low, high)
        )
        if low is not None and (k == 0 or before is not None):
            minima.append(Minimum(low, _taken(operator.value, low, inside), before, bottom))
        before = top
        u = scope.let("u", clipped(u, low, high), each)
        minima.append(Minimum(u, _taken(operator.value, u, inside), bottom, top))
        if k == len(pieces) - 1 and high is not None:
            minima.append(Minimum(high, _taken(operator.value, high, inside), top, None))
    return best_of(minima, x, scope, each)


def _within(domain: Domain, ends: list[Tree], scope: Scope, once: Statements) -> list[Tree]:
    """Return ends moved into the domain: where the parameters put a knot outside, its pieces have no width."""
    low, high = (None if end is None else scope.at(end) for end in (domain.lower, domain.upper))
    return ends if domain.is_all else [scope.let("end", clipped(end, low, high), once) for end in ends]


def _ascending(values: list[Tree], scope: Scope, once: Statements) -> list[Tree]:
    """Return names of values in ascending order: each one is put in its place among those before it."""
    ascending: list[Tree] = []
    for value in values:
        for k, smaller in enumerate(ascending):
            low = scope.let("end", Call("min", (smaller, value)), once)
            value = scope.let("end", Call("max", (smaller, value)), once)
            ascending[k] = low
        ascending.append(value)
    return ascending


def _inside(low: Tree | None, high: Tree | None) -> Tree:
    """Return a weight between two ends."""
    if low is None or high is None:
        end, side = (high, -1) if low is None else (low, 1)
        if end is None:
            return ZERO
        far = Binary("+", Call("abs", (end,)), ONE)
        return Binary("+" if side > 0 else "-", end, far)
    return Binary("+", Binary("/", low, TWO), Binary("/", high, TWO))


def _taken(tree: Tree, u: Tree, inside: Tree) -> Tree:
    """Return a tree at u with its switches as they are at another weight, so that u may lie on a knot."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            asked = substitute(condition, {W: inside})
            return Call("where", (asked, _taken(then, u, inside), _taken(otherwise, u, inside)))
        case Call("abs" | "sign" as function, (argument,)):
            is_negative = Compare("<", substitute(argument, {W: inside}), ZERO)
            taken = _taken(argument, u, inside)
            if function == "sign":
                return Call("where", (is_negative, number(-1), ONE))
            return Call("where", (is_negative, Negate(taken), taken))
        case _ if tree == W:
            return u
        case _:
            parts = children(tree)
            return rebuild(tree, tuple(_taken(child, u, inside) for child in parts)) if parts else tree
