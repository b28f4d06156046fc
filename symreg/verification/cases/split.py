"""Which terms of a penalty a rule's proximal operator takes, decided by the oracle's slopes, not by the compiler.

A term with a kink, an infinite slope, or an end of its domain at some weight for some parameters goes to the operator,
the others into the gradient, if the rule takes one. Takes terms and a rule, hands on both parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, product
from math import isfinite

import numpy as np
from flint import arb, ctx

from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Number, Tree, free_indices, names, walk
from symreg.model.interval import inside
from symreg.model.lifts import Group
from symreg.model.ordering import are_in_order, in_order
from symreg.model.spec import Array, Rule
from symreg.model.terms import Term, Terms
from symreg.verification.cases.prox_minima import norm_problem
from symreg.verification.cases.sampling.parameters import sampled_parameters
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.minimum.steps import Stepper, stepper
from symreg.verification.oracle.ball import ball, balls
from symreg.verification.oracle.decisions import sign_or_hull
from symreg.verification.oracle.derivatives import Slope, slope
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.kinks import Kink, from_ordinal, kinks, ordinal
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import elementwise, slopes, values
from symreg.verification.oracle.switches import switches

_SAMPLES = 7
_MOST_KINKS = 64  # of one setting: a periodic function has one kink like the other
_JUMP = 2.0**-20  # of the slopes around: what they differ by across a kink that lies between two floats
_AROUND = 2.0**-6  # how far around, relative
_NOTHING = 2.0**-200  # a slope known to this is known well enough
_LENGTH = 4  # weights in a vector
_GRID = (0.0, *(sign * 2.0**k for k in range(-8, 9) for sign in (-1, 1)))
_TIMES = (1, 2, 3, 30, 3000)  # at which a gradient moves the weight, if it does
_SIZES = (0.0, 1.0, -2.0, 1000.0)  # of the penalty's gradient
_MIDDLE = (0.75, -0.625, 1.375, 0.3125)


def split(terms: Terms, rule: Rule) -> tuple[Terms, Terms]:
    """Return the terms whose gradient a rule uses, and those whose proximal operator it takes."""
    if not rule.uses_prox:
        return terms, Terms(terms=())
    has_gradient = moves_by_gradient(rule)
    taken = [not has_gradient or _is_cut(term) or has_kink(term) for term in terms.terms]
    rows = list(zip(terms.terms, taken, strict=True))
    smooth, prox = (Terms(terms=tuple(term for term, is_taken in rows if is_taken == side)) for side in (False, True))
    return smooth, prox


@lru_cache(maxsize=64)
def moves_by_gradient(rule: Rule) -> bool:
    """Does a weight come elsewhere in a few steps where the penalty has another gradient?

    The loss has none there, and `prox` gives v. Where too few steps have a value it counts as moved.
    """
    if not any(names(step.expression) & {"g", "g_penalty"} for step in rule.steps):
        return False
    step = stepper(rule)
    starts = (_MIDDLE[0], -_MIDDLE[0])  # of either sign: a condition on the weight may hide the gradient on one side
    ends = [{_end(rule, step, start, size) for size in _SIZES} - {None} for start in starts]
    return not any(ends) or any(len(found) > 1 for found in ends)


def _end(rule: Rule, step: Stepper, start: float, size: float) -> tuple[float, ...] | None:
    """Return the weight after each of a few steps with a gradient of one size; None where it has no value."""
    point: dict[str, Value] = {p.name: arb(p.default or (0.5 if 0.5 in p.domain else 0.0)) for p in rule.parameters}
    point |= {state.name: arb(state.initial) for state in rule.states}
    point |= {"w": arb(start), "g_loss": arb(0), "g_penalty": arb(size), "prox": lambda v, s: v}
    weights = []
    for t in _TIMES:
        after = step({**point, "t": arb(t)})
        if after is None:
            return None
        weights.append(float(after["w"]))
        point |= after
    return tuple(weights)


def _is_cut(term: Term) -> bool:
    """Is a penalty of single weights +inf just beside a weight at which it is finite?"""
    defaults = {p.name: p.default for p in term.parameters}
    domain = term.domain.at(defaults)
    return term.is_elementwise and any(end is not None and end in domain for end in (domain.low, domain.high))


@lru_cache(maxsize=64)
def has_kink(term: Term) -> bool:
    """Has the term no finite derivative at some weight, for some of the parameters that are tried?"""
    if isinstance(term.lift, Group):
        (term,) = norm_problem(Terms(terms=(term,))).terms
    look = _kinked_at if term.is_elementwise else _kinked_in_space
    return any(look(term, setting) for setting in _settings(term))


def _settings(term: Term) -> Iterator[dict[str, float]]:
    """Yield the defaults, parameters of other sizes and of the other sign, and each at an end that its domain has."""
    stream = Stream("split", term.name)
    for number in range(_SAMPLES):
        yield sampled_parameters(term.parameters, stream, number, {})
    defaults = {p.name: p.default for p in term.parameters}
    for p in term.parameters:
        if -p.default in p.domain:
            yield in_order(term.parameters, defaults | {p.name: -p.default}, (p.name,))
        for end, is_closed in ((p.domain.low, p.domain.low_closed), (p.domain.high, p.domain.high_closed)):
            setting = in_order(term.parameters, defaults | {p.name: float(end or 0)}, (p.name,))
            is_right = end is not None and is_closed and are_in_order(term.parameters, setting)
            if is_right and _has_a_value(term, setting):
                yield setting


def _has_a_value(term: Term, setting: Mapping[str, float]) -> bool:
    if not term.is_elementwise:
        return True
    domain = term.domain.at(setting)
    at = [w for w in (1.0, -1.0, 0.375, 2.5) if w in domain] or [inside(domain)]
    results = [values(Terms(terms=(term,)), setting)([w]) for w in at]
    return any(value is not None and value.is_finite() for value in results)


def _kinked_at(term: Term, setting: Mapping[str, float]) -> bool:
    phi = elementwise((term,), setting)
    assert phi is not None

    def at(weight: float, sides: tuple[int, ...] = (-1, 1)) -> Slope | None:
        return slope(phi, weight, sides=sides, floor=_NOTHING)

    marked = [term, *(replace(term, tree=Call("abs", (base,))) for base in _delicate(term.tree))]
    marked_kinks = sorted(kinks(marked, setting), key=lambda kink: abs(kink.below))
    domain = term.domain.at(setting)
    within = [kink for kink in marked_kinks if kink.below in domain and kink.above in domain]
    ends = {float(end): side for end, side in ((domain.low, 1), (domain.high, -1)) if end is not None and end in domain}
    if any(_is_kink(at(end, (side,))) for end, side in ends.items()):
        return True
    return any(_is_kinked_across(kink, at) for kink in within[:_MOST_KINKS] if kink.below not in ends)


def _delicate(tree: Tree) -> Iterator[Tree]:
    """Yield what stands under a root or a power that is no whole number, and moves with the weights."""
    for node in walk(tree):
        match node:
            case Call("sqrt", (base,)):
                pass
            case Binary("**", base, Number(value) | Negate(Number(value))) if value.denominator != 1:
                pass
            case Binary("**", base, exponent) if names(exponent):
                pass
            case _:
                continue
        if any(below == Name("w") or (isinstance(below, Item) and below.array == "w") for below in walk(base)):
            yield base


def _is_kinked_across(kink: Kink, at: Callable[[float], Slope | None]) -> bool:
    if kink.is_float:
        return _is_kink(at(kink.below))
    near, around = (
        [at(kink.below), at(kink.above)],
        [at(kink.below - abs(kink.below) * _AROUND), at(kink.above + abs(kink.above) * _AROUND)],
    )
    if any(map(_is_kink, near)):
        return True
    left, right = (float(one.value) if one is not None else 0.0 for one in near)
    size = max((abs(float(one.value)) for one in (*near, *around) if one is not None), default=0.0)
    return abs(right - left) > _JUMP * size


def _is_kink(one: Slope | None) -> bool:
    """Is there no one finite derivative? Where it is undetermined there is none that could be used."""
    return one is None or one.at_kink or not isfinite(float(one.value))


def _kinked_in_space(term: Term, setting: Mapping[str, float]) -> bool:
    """Look at the origin, at equal weights, and where one weight takes a switch of the term through zero."""
    stream = Stream("split arrays", term.name)
    arrays = {array.name: _moderate(array, stream) for array in term.arrays}
    slope_at = slopes(Terms(terms=(term,)), setting, arrays, floor=_NOTHING)
    for weights in ([0.0] * _LENGTH, [0.75] * _LENGTH):
        if any(_is_kink(slope_at(weights, j)) for j in range(_LENGTH)):
            return True
    for switch in (*switches(term.tree), *_delicate(term.tree)):
        for moving in _along(switch, setting, arrays):
            for j in range(_LENGTH):

                def at(weight: float, j: int = j) -> Slope | None:
                    return slope_at([*_MIDDLE[:j], weight, *_MIDDLE[j + 1 :]], j)

                if any(_is_kinked_across(kink, at) for kink in _crossings(moving, j)):
                    return True
    return False


def _moderate(array: Array, stream: Stream) -> np.ndarray:
    shape = (_LENGTH,) * len(array.shape)
    sizes = [stream.log_uniform(-2, 2) for _ in range(int(np.prod(shape)))]
    return np.array([x if x in array.domain else array.default for x in sizes]).reshape(shape)


def _along(
    switch: Tree, setting: Mapping[str, float], arrays: Mapping[str, np.ndarray]
) -> Iterator[Callable[[int, float], float]]:
    """Yield the switch, for each value of its indices, as a function of one weight's place and value."""
    code, indices = compiled(switch), sorted(free_indices(switch))
    subscripts = [s for node in walk(switch) if isinstance(node, Item) for s in node.subscripts if s.index in indices]
    known = {name: ball(x) for name, x in setting.items()}
    given = {name: balls(array) for name, array in arrays.items()}
    for place in product(range(_LENGTH), repeat=len(indices)):
        bound = dict(zip(indices, place, strict=True))
        if any(not 0 <= bound[s.index] + s.shift < _LENGTH for s in subscripts):
            continue

        def moving(j: int, weight: float, bound: dict[str, int] = bound) -> float:
            weights = [arb(w) for w in (*_MIDDLE[:j], weight, *_MIDDLE[j + 1 :])]
            scope = Scope(dict(known), {**given, "w": weights}, _LENGTH, sign_or_hull, dict(bound))
            with ctx.workprec(128):
                return float(code(scope))

        yield moving


def _crossings(moving: Callable[[int, float], float], j: int) -> Iterator[Kink]:
    """Yield where a switch changes its sign between two points of the grid, as the floats around."""
    rows = [(x, moving(j, x)) for x in sorted(_GRID)]
    for (low, before), (high, after) in pairwise(rows):
        if before == 0.0:
            yield Kink(low, low, is_fixed=False)
        if not before * after < 0:
            continue
        a, b = ordinal(low), ordinal(high)
        while b - a > 1:
            middle = (a + b) // 2
            value = moving(j, from_ordinal(middle))
            if value == 0.0:
                a = b = middle
            elif value * before > 0:
                a = middle
            else:
                b = middle
        yield Kink(from_ordinal(a), from_ordinal(b), is_fixed=False)
