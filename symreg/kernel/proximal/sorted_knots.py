"""Lower an operator whose knots are sorted once the parameters are known: the best minimum of the spans between."""

from __future__ import annotations

from symreg.expressions.tree import Binary, Call, Compare, Name, Negate, Tree, children, number, rebuild, substitute
from symreg.kernel.proximal.common import Candidate, Lowering, Statements, clipped
from symreg.model.domain import Domain
from symreg.proximal.operator import Unordered

_W = Name("w")
_ZERO, _ONE = number(0), number(1)


class Sorting(Lowering):
    """Writes statements for an `Unordered`."""

    def sorted(self, operator: Unordered, x: Tree, once: Statements, each: Statements) -> Tree:
        """Return the best minimum of the spans between knots, which are sorted here; in each of them F is linear."""
        ends = self.within(operator.domain, self.ascending([self.at(knot) for knot in operator.knots], once), once)
        lows = [*([] if operator.is_even else [None]), *ends]
        highs = [*lows[1:], None]
        x = self.bounded(x, each)
        candidates: list[Candidate] = []
        before: Tree | None = None
        spans = list(zip(lows, highs, strict=True))
        if not operator.is_even:
            spans = spans[operator.domain.lower is not None : len(spans) - (operator.domain.upper is not None)]
        for k, (low, high) in enumerate(spans):
            inside = self.let("inside", _inside(low, high), once)
            slope = self.let("slope", _taken(operator.slope, _ZERO, inside), once)
            rise = Binary("+", _ONE, Binary("*", self.step, _taken(operator.curvature, _ZERO, inside)))
            u: Tree = Binary("/", Binary("-", x, Binary("*", self.step, slope)), self.let("rise", rise, once))
            bottom, top = (
                None if end is None else self.let("edge", self.force(end, _taken(operator.slope, end, inside)), once)
                for end in (low, high)
            )
            if low is not None and (k == 0 or before is not None):
                here = _taken(operator.value, low, inside)
                candidates.append(Candidate(low, here, before, bottom))
            before = top
            u = self.let("u", clipped(u, low, high), each)
            candidates.append(Candidate(u, _taken(operator.value, u, inside), bottom, top))
            if k == len(spans) - 1 and high is not None:
                candidates.append(Candidate(high, _taken(operator.value, high, inside), top, None))
        return self.best(candidates, x, each)

    def within(self, domain: Domain, ends: list[Tree], once: Statements) -> list[Tree]:
        """Return ends moved into the domain: where the parameters put a knot outside, its spans have no width."""
        low, high = (None if end is None else self.at(end) for end in (domain.lower, domain.upper))
        return ends if domain.is_all else [self.let("end", clipped(end, low, high), once) for end in ends]

    def ascending(self, values: list[Tree], once: Statements) -> list[Tree]:
        """Return names of values in ascending order: each one is put in its place among those before it."""
        made: list[Tree] = []
        for value in values:
            for k, smaller in enumerate(made):
                low = self.let("end", Call("min", (smaller, value)), once)
                value = self.let("end", Call("max", (smaller, value)), once)
                made[k] = low
            made.append(value)
        return made


def _inside(low: Tree | None, high: Tree | None) -> Tree:
    """Return a weight between two ends."""
    if low is None or high is None:
        end, side = (high, -1) if low is None else (low, 1)
        if end is None:
            return _ZERO
        far = Binary("+", Call("abs", (end,)), _ONE)
        return Binary("+" if side > 0 else "-", end, far)
    return Binary("+", Binary("/", low, number(2)), Binary("/", high, number(2)))


def _taken(tree: Tree, u: Tree, inside: Tree) -> Tree:
    """Return a tree at u with its switches as they are at another weight, so that u may lie on a knot."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            asked = substitute(condition, {_W: inside})
            return Call("where", (asked, _taken(then, u, inside), _taken(otherwise, u, inside)))
        case Call("abs" | "sign" as function, (argument,)):
            is_negative = Compare("<", substitute(argument, {_W: inside}), _ZERO)
            made = _taken(argument, u, inside)
            if function == "sign":
                return Call("where", (is_negative, number(-1), _ONE))
            return Call("where", (is_negative, Negate(made), made))
        case _ if tree == _W:
            return u
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_taken(child, u, inside) for child in below)) if below else tree
