"""Differentiate a tree, keeping every rule applied; takes elementwise trees over `w[j]` and trees in index notation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.differentiation.flat import opened
from symreg.calculus.differentiation.index_sums import (
    at_j,
    in_range_of,
    reach_of,
    resolved,
    summation,
    varies,
    with_index_free,
)
from symreg.calculus.differentiation.step import Step
from symreg.calculus.evaluation.bounds import is_positive
from symreg.errors import Intractable
from symreg.expressions.arithmetic import (
    ONE,
    WJ,
    ZERO,
    minus,
    negative,
    numeric,
    over,
    power,
    times,
    total,
    where,
    without_extrema,
)
from symreg.expressions.decompose import addends, factors, product, signed
from symreg.expressions.formulas import derivatives
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Name,
    Negate,
    Number,
    Subscript,
    Sum,
    Tree,
    substitute,
    walk,
)
from symreg.model.spec import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivative:
    """A derivative by `w[j]` and the rules that led to it, outermost first."""

    tree: Tree
    steps: tuple[Step, ...]


def differentiate(tree: Tree, parameters: tuple[Parameter, ...] = ()) -> Derivative:
    """Return d tree / d w[j].

    Args:
        tree: Over `w[j]` itself (elementwise), or in index notation with every index bound; `where` is differentiated
            in place, `abs` and `sign` as away from their kink (`sign(0)` is 0).
        parameters: For their domains: where one shows that a root's argument is positive, no guard is needed.

    Raises:
        Intractable: An exponent varies with the weights.
    """
    tracer = _Tracer(parameters)
    parts = tracer.differentiate(with_index_free(without_extrema(tree)))
    return Derivative(tree=total([coefficient for coefficient, _ in parts]), steps=tuple(tracer.steps))


Delta = tuple[str, int]
Part = tuple[Tree, Delta | None]
"""A coefficient, and the condition `index + shift = j` under which it counts (None: always)."""


class _Tracer:
    """The walk: returns a derivative as parts, and collects the steps."""

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        self.parameters = parameters
        self.steps: list[Step] = []

    def note(self, at: int, rule: str, before: Tree, after: Tree, why: str = "") -> None:
        """Put a step before those of the parts that it led to (`at` is how many steps there were before)."""
        step = Step(rule=rule, before=_d(before), after=after, why=why)
        if step not in self.steps[:at]:
            self.steps.insert(at, step)

    def differentiate(self, tree: Tree) -> list[Part]:
        if not varies(tree):
            return []
        apart = opened(tree, varies, self.parameters)
        if isinstance(apart, Call) and apart.function == "where":
            return self.piecewise(tree, *apart.arguments)
        match tree:
            case Item("w", (Subscript(index, shift),)):
                return [(ONE, None if (index, shift) == ("j", 0) else (index, shift))]
            case Negate(operand):
                return [(negative(c), delta) for c, delta in self.differentiate(operand)]
            case Binary("+" | "-"):
                return self.sum_rule(tree)
            case Binary("*" | "/"):
                return self.product_rule(tree)
            case Binary("**", base, exponent):
                return self.power_rule(tree, base, exponent)
            case Call("where", (condition, then, otherwise)):
                return self.piecewise(tree, condition, then, otherwise)
            case Call("norm", _):
                after = _unless_zero(tree, over(WJ, tree))
                self.note(len(self.steps), "norm", tree, after, "the unit vector; 0 is taken at the zero vector")
                return [(after, None)]
            case Call():
                return self.chain_rule(tree)
            case Sum(body, index):
                return self.index_sum(tree, body, index)
            case _:
                raise Intractable(f"there is no rule to differentiate {type(tree).__name__}")

    def sum_rule(self, tree: Tree) -> list[Part]:
        at, parts = len(self.steps), addends(tree)
        moving = [(sign, a) for sign, a in parts if varies(a)]
        made = [(signed(s, c), delta) for s, a in moving for c, delta in self.differentiate(a)]
        if len(moving) > 1:
            self.note(at, "sum rule", tree, total([signed(s, _d(a)) for s, a in moving]))
        elif len(parts) > 1:
            why = "the rest does not hold w_j"
            self.note(at, "constant term", tree, signed(moving[0][0], _d(moving[0][1])), why)
        return made

    def product_rule(self, tree: Tree) -> list[Part]:
        at, split = len(self.steps), factors(tree)
        outside = product([f for f in split if not varies(f[0])])
        moving = [f for f in split if varies(f[0])]
        inner = product(moving)
        if outside != ONE:
            made = [(times(outside, c), delta) for c, delta in self.differentiate(inner)]
            if numeric(outside) != -1:
                self.note(at, "constant factor", tree, times(outside, _d(inner)))
            return made
        top = product([f for f in moving if f[1]])
        bottom = product([(f, True) for f, above in moving if not above])
        if bottom == ONE:
            return self.factors_rule(tree, [f for f, _ in moving])
        square = power(bottom, _TWO)
        below = [(negative(over(times(top, c), square)), delta) for c, delta in self.differentiate(bottom)]
        if not varies(top):
            self.note(at, "reciprocal rule", tree, negative(over(times(top, _d(bottom)), square)))
            return below
        above = [(over(c, bottom), delta) for c, delta in self.differentiate(top)]
        formal = over(minus(times(_d(top), bottom), times(top, _d(bottom))), square)
        self.note(at, "quotient rule", tree, formal)
        return above + below

    def factors_rule(self, tree: Tree, moving: list[Tree]) -> list[Part]:
        if len(moving) == 1:
            return self.differentiate(moving[0])
        at = len(self.steps)
        made: list[Part] = []
        formal: list[Tree] = []
        for position, factor in enumerate(moving):
            others = product([(f, True) for i, f in enumerate(moving) if i != position])
            formal.append(times(others, _d(factor)))
            made.extend((times(others, c), delta) for c, delta in self.differentiate(factor))
        self.note(at, "product rule", tree, total(formal))
        return made

    def power_rule(self, tree: Tree, base: Tree, exponent: Tree) -> list[Part]:
        at = len(self.steps)
        outer = times(exponent, power(base, minus(exponent, ONE)))
        is_singular = _may_be_singular(exponent, self.parameters) and not is_positive(base, self.parameters)
        if is_singular and _is_of_vector(base):
            outer = _unless_zero(base, outer)
        made = [(times(outer, c), delta) for c, delta in self.differentiate(base)]
        rule = "power rule" if base == WJ else "power and chain rule"
        self.note(at, rule, tree, times(outer, _d(base)))
        return made

    def piecewise(self, tree: Tree, condition: Tree, then: Tree, otherwise: Tree) -> list[Part]:
        at = len(self.steps)
        first, second = self.differentiate(then), self.differentiate(otherwise)
        formal = where(condition, _d(then) if varies(then) else ZERO, _d(otherwise) if varies(otherwise) else ZERO)
        self.note(at, "piece by piece", tree, formal, "inside each piece; the ends are looked at below")
        deltas = dict.fromkeys(delta for _, delta in first + second)
        return [(where(condition, _collected(first, delta), _collected(second, delta)), delta) for delta in deltas]

    def chain_rule(self, tree: Call) -> list[Part]:
        at, arguments = len(self.steps), tree.arguments
        made: list[Part] = []
        formal: list[Tree] = []
        for outer, argument in zip(derivatives(tree.function, arguments), arguments, strict=True):
            if not varies(argument) or outer == ZERO:
                continue
            if tree.function == "sqrt" and _is_of_vector(argument) and not is_positive(argument, self.parameters):
                outer = _unless_zero(argument, outer)
            made.extend((times(outer, c), delta) for c, delta in self.differentiate(argument))
            formal.append(times(outer, _d(argument)))
        is_kinked = bool(FUNCTIONS[tree.function].kink)
        rule = f"derivative of {tree.function}" if arguments == (WJ,) else f"chain rule, {tree.function}"
        self.note(at, rule, tree, total(formal), "away from the kink; sign(0) = 0" if is_kinked else "")
        return made

    def index_sum(self, tree: Tree, body: Tree, index: str) -> list[Part]:
        at = len(self.steps)
        parts = self.differentiate(body)
        shifts = sorted({delta[1] for _, delta in parts if delta is not None and delta[0] == index}, reverse=True)
        where_held = " and ".join(f"{index} = j{-shift:+d}" if shift else f"{index} = j" for shift in shifts)
        why = f"only {where_held} {'holds' if len(shifts) == 1 else 'hold'} w_j" if shifts else ""
        made: list[Part] = []
        for coefficient, delta in parts:
            if delta is not None and delta[0] == index:
                made.append((resolved(coefficient, body, index, delta[1]), None))
            else:
                made.append((summation(in_range_of(coefficient, body, index), index, body), delta))
        if shifts == [0] and all(delta == (index, 0) for _, delta in parts) and reach_of(body, index) == (0, 0):
            del self.steps[at:]
            local = at_j(body, index, 0)
            self.differentiate(local)
            self.note(at, "index sum", tree, _d(local), why)
        else:
            self.note(len(self.steps), "index sum", tree, total([_with_factor(c, delta) for c, delta in made]), why)
        return made


_TWO = Number(Fraction(2))


def _d(tree: Tree) -> Tree:
    return ONE if tree == WJ else Call("d", (tree,))


def _with_factor(coefficient: Tree, delta: Delta | None) -> Tree:
    """Return what a part adds to the derivative: under the index of a sum further out, its factor `dw_i/dw_j` too."""
    return coefficient if delta is None else times(coefficient, _d(Item("w", (Subscript(*delta),))))


def _collected(parts: list[Part], delta: Delta | None) -> Tree:
    return total([c for c, d in parts if d == delta])


def _unless_zero(tree: Tree, value: Tree) -> Tree:
    return where(Compare("==", tree, ZERO), ZERO, value)


def _is_of_vector(tree: Tree) -> bool:
    return any(
        isinstance(n, Sum)
        or (isinstance(n, Item) and n.array == "w" and n != WJ)
        or (isinstance(n, Call) and n.function == "norm")
        for n in walk(tree)
    )


def _may_be_singular(exponent: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Can `u**(exponent - 1)` be singular at u = 0?"""
    value = numeric(exponent)
    if value is not None:
        return value < 1
    return not is_positive(minus(exponent, ONE), parameters)


def elementwise_over_j(tree: Tree) -> Tree:
    """Return an elementwise tree with the bare `w` written `w[j]`."""
    return substitute(tree, {Name("w"): WJ})


def bare(tree: Tree) -> Tree:
    """Return a tree over `w[j]` with it written as the bare `w`."""
    return substitute(tree, {WJ: Name("w")})
