"""Lower an operator whose knots are sorted once the parameters are known: the best minimum of the spans between."""

from __future__ import annotations

from symreg.calculus.operator import Unordered
from symreg.kernel.ir import Root
from symreg.kernel.lowering import FARTHEST, Candidate, Lowering, Statements, clipped
from symreg.language.interval import Interval
from symreg.language.tree import Binary, Call, Compare, Logic, Name, Negate, Tree, children, number, rebuild, substitute

_W = Name("w")
_ONE = number(1)


class Sorting(Lowering):
    """Writes statements for an `Unordered`."""

    def sorted(self, operator: Unordered, x: Tree, once: Statements, each: Statements) -> Tree:
        """Return the best minimum of the spans between knots, which are sorted here; in each of them F is linear."""
        ends = self.ascending([self.at(knot) for knot in operator.knots], once)
        lows = [*([] if operator.is_even else [None]), *ends]
        highs = [*lows[1:], None]
        candidates: list[Candidate] = []
        before: Tree | None = None
        for k, (low, high) in enumerate(zip(lows, highs, strict=True)):
            if not operator.is_even and not _reaches(operator.domain, low, high):
                continue
            inside = self.let("inside", _inside(low, high), once)
            of = self.of_parabola if operator.third == number(0) else self.of_span
            first, last, u = of(operator, x, (low, high), inside, once, each)
            bottom, top = (
                None if end is None else self.let("edge", self.force(end, _taken(operator.slope, end, inside)), once)
                for end in (first, last)
            )
            if low is not None and (k == 0 or before is not None):
                here = _taken(operator.value, low, inside)
                candidates.append(Candidate(low, here, before, bottom))
            before = top
            u = self.let("u", u, each)
            candidates.append(Candidate(u, _taken(operator.value, u, inside), bottom, top))
        return self.best(candidates, x, each)

    def of_parabola(
        self,
        operator: Unordered,
        x: Tree,
        ends: tuple[Tree | None, Tree | None],
        inside: Tree,
        once: Statements,
        each: Statements,
    ) -> tuple[Tree | None, Tree | None, Tree]:
        """Return the ends of a span where F is linear, and the u between them with F(u) = x."""
        slope = self.let("slope", _taken(operator.slope, number(0), inside), once)
        rise = Binary("+", _ONE, Binary("*", self.step, _taken(operator.curvature, number(0), inside)))
        u = Binary("/", Binary("-", x, Binary("*", self.step, slope)), self.let("rise", rise, once))
        return (*ends, clipped(u, *ends))

    def of_span(
        self,
        operator: Unordered,
        x: Tree,
        ends: tuple[Tree | None, Tree | None],
        inside: Tree,
        once: Statements,
        each: Statements,
    ) -> tuple[Tree | None, Tree | None, Tree]:
        """Return the ends of the part of a span where F rises, and the u between them with F(u) = x."""
        low = ends[0] if ends[0] is not None else Negate(FARTHEST)
        high = ends[1] if ends[1] is not None else FARTHEST

        def rise(u: Tree) -> Tree:
            return Binary("+", _ONE, Binary("*", self.step, _taken(operator.curvature, u, inside)))

        at_low, at_high = (self.let("rise", rise(end), once) for end in (low, high))
        is_up = Compare(">=", at_high, number(0))
        turns = Compare("<", Binary("*", at_low, at_high), number(0))
        turn = Name(self.namer.fresh("turn"))
        sign = self.let("sign", Call("where", (is_up, _ONE, number(-1))), once)
        bend = Binary("*", self.step, _taken(operator.third, turn, inside))
        once.append(
            Root(
                name=turn.name,
                low=self.let("end", Call("where", (turns, low, high)), once),
                high=high,
                start=Call("where", (turns, inside, high)),
                residual=Binary("*", sign, rise(turn)),
                slope=Binary("*", sign, bend),
            )
        )
        first = self.let("low", Call("where", (Logic("and", (turns, is_up)), turn, low)), once)
        is_down = Logic("and", (turns, Logic("not", (is_up,))))
        last = self.let("high", Call("where", (is_down, turn, high)), once)
        u = Name(self.namer.fresh("u"))
        pull = Binary("*", self.step, _taken(operator.slope, u, inside))
        each.append(
            Root(
                name=u.name,
                low=first,
                high=last,
                start=clipped(x, first, last),
                residual=Binary("-", Binary("+", u, pull), x),
                slope=rise(u),
            )
        )
        return (first if ends[0] is not None else None), (last if ends[1] is not None else None), u

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
            return number(0)
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
            is_negative = Compare("<", substitute(argument, {_W: inside}), number(0))
            made = _taken(argument, u, inside)
            if function == "sign":
                return Call("where", (is_negative, number(-1), _ONE))
            return Call("where", (is_negative, Negate(made), made))
        case _ if tree == _W:
            return u
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_taken(child, u, inside) for child in below)) if below else tree


def _reaches(domain: Interval, low: Tree | None, high: Tree | None) -> bool:
    """Is a span between two ends one of the domain? Those beyond its own ends are not."""
    return not ((low is None and domain.low is not None) or (high is None and domain.high is not None))
