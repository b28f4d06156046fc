"""Long vectors: results in blocks and in one piece, and long sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Sum, Tree, walk
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import Look, differing
from symreg.verification.cases.calling import Subject, call_gradient, call_value
from symreg.verification.cases.dependence import longest
from symreg.verification.cases.gradient_cases import StepCase
from symreg.verification.cases.sampling import Group, plain_array
from symreg.verification.comparison import sensitivity
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import Finding, measured
from symreg.verification.oracle.ball import reach
from symreg.verification.oracle.formats import FORMATS, Dtype, Vector
from symreg.verification.oracle.slopes import values

SMALL = 12


_LONG = (2_050, 264_000)  # two of the blocks that C sums in, two of those that NumPy works in


_MOST_SUMMANDS = 4_500_000  # of a sum of sums over two of C's blocks


_BLOCKS = (1024, 131_072)


_REACH = 8  # how far on either side a stencil may read and still be compared


_PERIOD = 13


LATE = 2**24  # a count in single precision stops here


def moderate_weights(terms: Terms, group: Group, length: int) -> Vector:
    """Return weights around the group's, all different up to a period that no block's size is a multiple of."""
    few = group.vectors[0]
    factors = 1.0 + np.arange(_PERIOD) / 32.0
    made = np.resize(few, _PERIOD) * factors.astype(few.dtype)
    domains = terms.intervals(group.parameters)
    inside = [w if all(float(w) in domain for domain in domains) else few[0] for w in made]
    return np.resize(np.array(inside, dtype=few.dtype), length)


def plain_group(terms: Terms, group: Group, length: int, dtype: Dtype) -> Group:
    """Return the group with its declared arrays, plain ones, in another size."""
    return replace(group, arrays={array.name: plain_array(array, length, dtype) for array in terms.arrays})


def case_of(rule: Rule, group: Group, weights: Vector) -> StepCase:
    """Return a step some time after the first, with gradients and states of the weights' size, none negative."""
    sizes = np.abs(weights) + weights.dtype.type(0.25)
    return StepCase(
        group=group,
        weights=weights,
        slopes=(),
        gradient=weights[::-1].copy(),
        parameters={p.name: p.default for p in rule.parameters},
        arrays={s.name: sizes.copy() for s in rule.states if s.is_array},
        scalars={s.name: s.initial for s in rule.states if not s.is_array},
        taken=3 if rule.uses_t else 0,
    )


def part_of(case: StepCase, where: slice) -> StepCase:
    return replace(
        case,
        weights=case.weights[where].copy(),
        gradient=case.gradient[where].copy(),
        arrays={name: column[where].copy() for name, column in case.arrays.items()},
    )


def long_length(terms: Terms) -> tuple[int, ...]:
    """Return lengths beyond the blocks that emitted code works in, as far as they do not cost too much."""
    most = longest(terms, _MOST_SUMMANDS)
    return tuple(n for n in _LONG if n <= most) or (most,)


def check_long_sum(tally: Tally, subject: Subject, terms: Terms, group: Group) -> None:
    """Compare a sum over many weights with the exact one: no more than the summands' own rounding is lost in it."""
    sums = [node for term in terms.indexed for node in walk(term.tree) if isinstance(node, Sum)]
    if any(isinstance(node, Sum) for one in sums for node in walk(one.body)):
        return
    weights = moderate_weights(terms, group, _LONG[0])
    shape = FORMATS[subject.dtype]
    exact = values(terms, group.parameters, floor=shape.floor)(weights.tolist())
    if exact is None or not exact.is_finite():
        return
    share = sensitivity.of_summands(terms, weights.tolist(), group.parameters, {}, None, shape)
    look = Look(tally, subject, {"n": len(weights)} | group.parameters)
    got = look.at(lambda: call_value(subject, group, weights))
    found = None if got is None else measured(got, exact, exact, shape, (share,))
    if found is not None and found.finding is Finding.WRONG:
        tally.fail(Failure(at=look.place, expected=float(exact), got=got, ratio=found.ratio, rank=2.0))


def check_long_gradient(look: Look, subject: Subject, terms: Terms, group: Group, n: int) -> None:
    weights = moderate_weights(terms, group, n)

    def gradient(part: slice) -> dict[str, Any]:
        return {"gradient": call_gradient(subject, group, weights[part])}

    _same_in_parts(replace(look, place={"n": n} | group.parameters), terms, gradient, n)


def check_long_step(look: Look, terms: Terms, take: Callable[[StepCase], dict[str, Any]], case: StepCase) -> None:
    n = len(case.weights)

    def step(part: slice) -> dict[str, Any]:
        after = take(part_of(case, part))
        return {name: after[name] for name in ("w", *case.arrays)}

    place = {"n": n} | case.parameters | case.group.parameters
    _same_in_parts(replace(look, place=place), terms, step, n)


def _same_in_parts(look: Look, terms: Terms, call: Callable[[slice], dict[str, Any]], n: int) -> None:
    """Require of many weights what comes out for a few of them, or for an equal one, as far as that is the same."""
    whole = look.at(lambda: call(slice(n)))
    if whole is None:
        return
    if all(_is_local(term.tree) for term in terms.indexed):
        ends = [k * size for size in _BLOCKS for k in (1, 2)]
        places = sorted({j + k for j in (0, *ends, n) for k in range(-4, 5) if 0 <= j + k < n})
        windows = [slice(max(0, j - _REACH), min(n, j + _REACH + 1)) for j in places]
        parts = [look.at(partial(call, window)) for window in windows]
        if any(part is None for part in parts):
            return
        for name, column in whole.items():
            short = [part[name][j - window.start] for part, j, window in zip(parts, places, windows, strict=True)]
            for k in differing(look, column[places], np.array(short)):
                look.fail(
                    f"{name}[{places[k]}] is {column[places[k]]:.17g}, among its neighbours alone {short[k]:.17g}"
                )
            inner = column[_REACH : n - _REACH]
            for k in differing(look, inner[_PERIOD:], inner[:-_PERIOD]):
                k += _REACH
                look.fail(f"{name}[{k + _PERIOD}] is not what {name}[{k}] is, among the same neighbours")
    elif all(_is_symmetric(term.tree) for term in terms.indexed):
        for name, column in whole.items():
            repeated = np.resize(column[:_PERIOD], n)
            for k in differing(look, column, repeated):
                look.fail(f"{name}[{k}] is {column[k]:.17g}, of an equal weight elsewhere {repeated[k]:.17g}")


def _is_local(tree: Tree) -> bool:
    """Is the derivative by a weight one of its near neighbours alone? True of plain sums, added up and scaled."""
    match tree:
        case Sum(body, index):
            items = [node for node in walk(body) if isinstance(node, Item)]
            near = all(len(item.subscripts) == 1 and item.subscripts[0].index == index for item in items)
            least, greatest = reach(body, index)
            return near and greatest - least <= _REACH and not any(map(_is_global, walk(body)))
        case Binary("+" | "-", left, right):
            return _is_local(left) and _is_local(right)
        case Binary("*", left, right):
            return (_is_constant(left) and _is_local(right)) or (_is_local(left) and _is_constant(right))
        case Binary("/", left, right):
            return _is_local(left) and _is_constant(right)
        case Negate(operand):
            return _is_local(operand)
        case _:
            return _is_constant(tree)


def _is_constant(tree: Tree) -> bool:
    return not any(isinstance(node, Item) or _is_global(node) for node in walk(tree))


def _is_global(node: Tree) -> bool:
    return isinstance(node, Sum) or node == Name("n") or (isinstance(node, Call) and node.function == "norm")


def _is_symmetric(tree: Tree) -> bool:
    """Do equal weights have equal derivatives wherever they stand?"""
    return all(subscript.shift == 0 for node in walk(tree) if isinstance(node, Item) for subscript in node.subscripts)
