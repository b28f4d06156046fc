"""Long vectors against short ones: equal weights, among equal neighbours, give equal results wherever they stand.

What is right in the short vector was judged before. In index notation that holds of sums over near neighbours, and of
terms in which all weights are alike; of other terms nothing is compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Sum, Tree, walk
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import Harness
from symreg.verification.behaviour.lengths import PERIOD, moderate_weights, part_of
from symreg.verification.cases.calling import call_gradient
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.slope_cases import SlopeCase
from symreg.verification.cases.step_case import StepCase
from symreg.verification.comparison.tolerance import Finding, Measured, Reference, errors, reference
from symreg.verification.oracle.switches import reach

_BLOCKS = (1024, 131_072)
_REACH = 8  # how far on either side a stencil may read and still be compared
_MOST_COMPARED = 64  # places that are not nearly the same, each compared with all that is allowed
_SAME = 8  # ulp by which the same weight may come out differently in another place of a longer array


# In index notation


def check_long_gradient(harness: Harness, terms: Terms, group: Group, n: int) -> None:
    """Require of the gradient of n weights what comes out for parts of them."""
    weights = moderate_weights(terms, group, n)

    def gradient(part: slice) -> dict[str, Any]:
        return {"gradient": call_gradient(harness.subject, group, weights[part])}

    _same_in_parts(harness.elsewhere({"n": n} | group.parameters), terms, gradient, n)


def check_long_step(harness: Harness, terms: Terms, take: Callable[[StepCase], dict[str, Any]], case: StepCase) -> None:
    """Require of a step of many weights what comes out for parts of them."""

    def step(part: slice) -> dict[str, Any]:
        after = take(part_of(case, part))
        return {name: after[name] for name in ("w", *case.arrays)}

    n = len(case.weights)
    _same_in_parts(harness.elsewhere({"n": n} | case.parameters | case.group.parameters), terms, step, n)


def _same_in_parts(harness: Harness, terms: Terms, call: Callable[[slice], dict[str, Any]], n: int) -> None:
    """Require of many weights what comes out for a few of them, or for an equal one, as far as that is the same."""
    whole = harness.result_of(lambda: call(slice(n)))
    if whole is None:
        return
    if all(_is_local(term.tree) for term in terms.indexed):
        _same_in_windows(harness, whole, call, n)
    elif all(_is_symmetric(term.tree) for term in terms.indexed):
        for name, column in whole.items():
            repeated = np.resize(column[:PERIOD], n)
            if (k := harness.worst_difference(column, repeated)) is not None:
                harness.fail(f"{name}[{k}] is {column[k]:.17g}, of an equal weight elsewhere {repeated[k]:.17g}")


def _same_in_windows(harness: Harness, whole: dict[str, Any], call: Callable[[slice], dict[str, Any]], n: int) -> None:
    """Require at the ends of blocks what comes out for a weight and its neighbours alone, and that results repeat."""
    ends = [k * size for size in _BLOCKS for k in (1, 2)]
    places = sorted({j + k for j in (0, *ends, n) for k in range(-4, 5) if 0 <= j + k < n})
    windows = [slice(max(0, j - _REACH), min(n, j + _REACH + 1)) for j in places]
    parts = [harness.result_of(partial(call, window)) for window in windows]
    if any(part is None for part in parts):
        return
    for name, column in whole.items():
        short = [part[name][j - window.start] for part, j, window in zip(parts, places, windows, strict=True)]
        if (k := harness.worst_difference(column[places], np.array(short))) is not None:
            harness.fail(f"{name}[{places[k]}] is {column[places[k]]:.17g}, among its neighbours alone {short[k]:.17g}")
        inner = column[_REACH : n - _REACH]
        if (k := harness.worst_difference(inner[PERIOD:], inner[:-PERIOD])) is not None:
            k += _REACH
            harness.fail(f"{name}[{k + PERIOD}] is not what {name}[{k}] is, among the same neighbours")


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


# Of single weights


def same_everywhere(
    harness: Harness,
    long: NDArray[Any],
    short: NDArray[Any],
    exact: Sequence[arb | None],
    case: SlopeCase | StepCase,
    output: str,
    find: Callable[[int, float], Measured],
) -> None:
    """Require of each place in a long array what came out for the same weight in a short one (which was judged).

    Vector functions may differ in their last digits from the ones that the last few elements of an array get: what is
    not nearly the same is compared like any other number.

    Args:
        harness: Where failures go.
        long: What came out for the case's weights repeated.
        short: What came out for them alone.
        exact: What is right for them.
        case: The case.
        output: What came out: `gradient`, `w` or a state.
        find: Compares a number with what is right at a place of the short array.
    """
    known = reference(exact)
    repeats = np.arange(len(long)) % len(short)
    with np.errstate(invalid="ignore", over="ignore"):
        same = long == short[repeats]
    same |= np.isnan(long) & np.isnan(short[repeats])
    if same.all():
        return
    off_short = errors(short, known, harness.subject.dtype)
    off = _errors_of_repeats(long, known, repeats, harness)
    for k in np.flatnonzero(~same & ~(off <= 2 * off_short[repeats] + _SAME))[:_MOST_COMPARED]:
        place = int(repeats[k])
        if exact[place] is None or find(place, float(long[k])).finding is not Finding.WRONG:
            continue
        at = {"n": len(long), "i": int(k), "w": float(case.weights[repeats[k]])} | case.group.parameters
        note = f"in a shorter array the same weight gives {float(short[repeats[k]]):.17g}"
        harness.elsewhere(at | {"output": output}).fail(note, got=float(long[k]))
        return


def _errors_of_repeats(
    long: NDArray[Any], known: Reference, repeats: NDArray[np.intp], harness: Harness
) -> NDArray[np.float64]:
    """Return the errors in ulp of results for repeated weights; infinite where no finite number is right."""
    finite = np.isfinite(known.head[repeats])
    off = np.where(finite, 0.0, np.inf)
    if finite.any():
        part = replace(
            known,
            head=known.head[repeats][finite],
            tail=known.tail[repeats][finite],
            radius=known.radius[repeats][finite],
            balls=(arb(0),) * int(finite.sum()),
        )
        off[finite] = errors(long[finite], part, harness.subject.dtype)
    return off
