"""Differentiate a tree, keeping every rule applied; takes elementwise trees over `w[j]` and trees in index notation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.differentiation.flat import opened
from symreg.calculus.evaluation.bounds import is_positive
from symreg.derivation.model import Step
from symreg.errors import Intractable
from symreg.expressions.arithmetic import (
    ONE,
    WJ,
    ZERO,
    addends,
    call,
    factors,
    minus,
    negative,
    numeric,
    over,
    plus,
    power,
    product,
    signed,
    times,
    total,
    where,
    without_extrema,
)
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
    children,
    free_indices,
    number,
    rebuild,
    substitute,
    transform,
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
    parts = tracer.differentiate(_with_index_free(without_extrema(tree)))
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
        for outer, argument in zip(PARTIALS[tree.function](*arguments), arguments, strict=True):
            if not varies(argument) or outer == ZERO:
                continue
            if tree.function == "sqrt" and _is_of_vector(argument) and not is_positive(argument, self.parameters):
                outer = _unless_zero(argument, outer)
            made.extend((times(outer, c), delta) for c, delta in self.differentiate(argument))
            formal.append(times(outer, _d(argument)))
        is_kinked = tree.function in ("abs", "sign")
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
                made.append((_resolved(coefficient, body, index, delta[1]), None))
            else:
                made.append((summation(_in_range_of(coefficient, body, index), index, body), delta))
        if shifts == [0] and all(delta == (index, 0) for _, delta in parts) and _reach(body, index) == (0, 0):
            del self.steps[at:]
            local = at_j(body, index, 0)
            self.differentiate(local)
            self.note(at, "index sum", tree, _d(local), why)
        else:
            self.note(len(self.steps), "index sum", tree, total([_with_factor(c, delta) for c, delta in made]), why)
        return made


def varies(tree: Tree) -> bool:
    """Does the tree hold a weight?"""
    return any(
        (isinstance(n, Item) and n.array == "w") or (isinstance(n, Call) and n.function == "norm") for n in walk(tree)
    )


def summation(body: Tree, index: str, original: Tree, *, splits: bool = True) -> Tree:
    """Return the sum of `body` over `index`, with what does not depend on the index pulled out of it.

    Args:
        body: What is summed; where it holds the index, its subscripts have the range of `original`'s.
        index: Over which index.
        original: What was summed when the range was fixed; it counts where `body` has lost the index.
        splits: Pull addends out too? What cancels between them term by term then cancels between sums, with a loss.
    """
    if isinstance(body, Negate):
        return negative(summation(body.operand, index, original, splits=splits))
    if index not in free_indices(body):
        return times(_count(index, original), body)
    outside = product([f for f in factors(body) if index not in free_indices(f[0])])
    core = product([f for f in factors(body) if index in free_indices(f[0])])
    split = addends(core)
    if splits and any(index not in free_indices(addend) for _, addend in split):
        parts = [signed(s, summation(_in_range_of(a, original, index), index, original)) for s, a in split]
        return times(outside, total(parts))
    return times(outside, Sum(_in_range_of(core, original, index), index))


_TWO = Number(Fraction(2))

PARTIALS: dict[str, Callable[..., tuple[Tree, ...]]] = {
    "abs": lambda u: (call("sign", u),),
    "sign": lambda u: (ZERO,),
    "sqrt": lambda u: (over(ONE, times(_TWO, call("sqrt", u))),),
    "exp": lambda u: (call("exp", u),),
    "expm1": lambda u: (call("exp", u),),
    "log": lambda u: (over(ONE, u),),
    "log1p": lambda u: (over(ONE, plus(ONE, u)),),
    "sin": lambda u: (call("cos", u),),
    "cos": lambda u: (negative(call("sin", u)),),
    "tan": lambda u: (plus(ONE, power(call("tan", u), _TWO)),),
    "sinh": lambda u: (call("cosh", u),),
    "cosh": lambda u: (call("sinh", u),),
    "tanh": lambda u: (over(ONE, power(call("cosh", u), _TWO)),),
    "atan": lambda u: (over(ONE, plus(ONE, power(u, _TWO))),),
    "sigmoid": lambda u: (times(call("sigmoid", u), call("sigmoid", negative(u))),),
    "softplus": lambda u: (call("sigmoid", u),),
    "logaddexp": lambda u, v: (call("sigmoid", minus(u, v)), call("sigmoid", minus(v, u))),
}
"""Partial derivatives of the language's functions by each argument; each follows from the definition."""


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


def _with_index_free(tree: Tree) -> Tree:
    """Return the tree with a bound index called `j` under another name, so that `j` is free for the weight's."""
    used = {n.index for n in walk(tree) if isinstance(n, Sum)}
    if "j" not in used:
        return tree
    taken = used | {n.name for n in walk(tree) if isinstance(n, Name)}
    fresh = next(letter for letter in "klmpqrsuabcde" if letter not in taken)

    def change(node: Tree) -> Tree:
        match node:
            case Item(array, subscripts) if node != WJ or "j" in used:
                return Item(array, tuple(Subscript(fresh if s.index == "j" else s.index, s.shift) for s in subscripts))
            case Sum(body, "j"):
                return Sum(body, fresh)
            case _:
                return node

    return transform(tree, change)


def at_j(tree: Tree, index: str, shift: int) -> Tree:
    """Return the tree with the free `index` replaced by `j + shift`."""
    match tree:
        case Item(array, subscripts):
            return Item(array, tuple(Subscript("j", s.shift + shift) if s.index == index else s for s in subscripts))
        case _:
            below = children(tree)
            return rebuild(tree, tuple(at_j(child, index, shift) for child in below)) if below else tree


def _reach(tree: Tree, index: str) -> tuple[int, int]:
    """Return the least and the greatest shift of an index."""
    shifts = [s.shift for n in walk(tree) if isinstance(n, Item) for s in n.subscripts if s.index == index]
    return min(shifts), max(shifts)


def _resolved(coefficient: Tree, body: Tree, index: str, shift: int) -> Tree:
    """Return a coefficient at `index = j - shift`, 0 where that is not in the range of the sum over `body`."""
    low, high = _reach(body, index)
    made = at_j(coefficient, index, -shift)
    for reach, is_beyond in ((min(0, low) - shift, min(0, low) < shift), (high - shift, high > shift)):
        if is_beyond:
            made = where(_in_range("j", reach), made, ZERO)
    return made


def _in_range_of(coefficient: Tree, body: Tree, index: str) -> Tree:
    """Return a summand whose subscripts allow the same range of the index as `body`'s do."""
    if index not in free_indices(coefficient):
        return coefficient
    (low, high), (own_low, own_high) = _reach(body, index), _reach(coefficient, index)
    for reach, is_narrower in ((low, low < min(0, own_low)), (high, high > own_high)):
        if is_narrower:
            coefficient = where(_in_range(index, reach), coefficient, ZERO)
    return coefficient


def _in_range(index: str, shift: int) -> Tree:
    return Call("in_range", (Item("w", (Subscript(index, shift),)),))


def _count(index: str, body: Tree) -> Tree:
    """Return how many values the index of a sum has."""
    low, high = _reach(body, index)
    span = high - min(0, low)
    if span == 0:
        return Name("n")
    length = number(span)
    return where(Compare(">", Name("n"), length), minus(Name("n"), length), ZERO)


def elementwise_over_j(tree: Tree) -> Tree:
    """Return an elementwise tree with the bare `w` written `w[j]`."""
    return substitute(tree, {Name("w"): WJ})


def bare(tree: Tree) -> Tree:
    """Return a tree over `w[j]` with it written as the bare `w`."""
    return substitute(tree, {WJ: Name("w")})
