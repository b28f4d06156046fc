"""How an emitted function treats what it is given: any length and layout, `out`, and inputs that are not its to change.

Takes a subject and a human-sized group of points; hands failures to the check's tally. What is right at the places
looked at comes from the same function, called in the plain way with a short vector, as the oracle judged it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Sum, Tree, walk
from symreg.model.spec import Rule
from symreg.model.terms import Terms, told_apart
from symreg.verification.behaviour.refusals import require_all, wrong_relations
from symreg.verification.cases.calling import Subject, Trouble, call_gradient, call_step, call_value, called, given
from symreg.verification.cases.dependence import longest
from symreg.verification.cases.gradient_cases import StepCase
from symreg.verification.cases.sampling import FORMATS, Dtype, Group, Vector, plain_array
from symreg.verification.cases.split import split
from symreg.verification.comparison import sensitivity
from symreg.verification.comparison.tally import Failure, Tally
from symreg.verification.comparison.tolerance import Finding, measured
from symreg.verification.minimum.operators import counted, has_minima
from symreg.verification.oracle.ball import reach
from symreg.verification.oracle.slopes import values

LENGTHS = (*range(1, 18), 33)  # around what is left over of vectors of 2, 4, 8 and 16
_SMALL = 12
_LONG = (2_050, 264_000)  # two of the blocks that C sums in, two of those that NumPy works in
_MOST_SUMMANDS = 4_500_000  # of a sum of sums over two of C's blocks
_BLOCKS = (1024, 131_072)
_REACH = 8  # how far on either side a stencil may read and still be compared
_PERIOD = 13
_LATE = 2**24  # a count in single precision stops here
_ROOM = 10  # 2**10 u: layouts change the order of operations at most


def of_value(tally: Tally, subject: Subject, terms: Terms, group: Group) -> None:
    """Look at `value` of strided and many-dimensional weights, and at its sum over many weights in index notation."""
    weights = moderate_weights(terms, group, _SMALL)
    group = _group(terms, group, _SMALL, subject.dtype)
    look = Look(tally, subject, {"w": weights.tolist()} | group.parameters)
    plain = look.at(lambda: call_value(subject, group, weights))
    wrong = wrong_relations(terms, group, subject.dtype)
    require_all(look, wrong, lambda given: call_value(subject, given, weights))
    for name, other in layouts(weights, is_flat=bool(terms.indexed)):
        look.same(f"w is {name}", plain, partial(call_value, subject, group, other))
    if not terms.indexed:
        parts = [look.at(partial(call_value, subject, group, weights[k : k + 1])) for k in range(_SMALL)]
        for n in range(1, _SMALL if None not in parts else 0):
            got = look.at(partial(call_value, subject, group, weights[:n]))
            room = 2.0 ** (FORMATS[subject.dtype].unit + _ROOM) * fsum(map(abs, parts))
            if got is not None and abs(got - fsum(parts[:n])) > room:
                look.fail(f"of {n} weights it is {got:.17g}, of them one by one {fsum(parts[:n]):.17g}")
    elif not terms.arrays:
        _long_sum(tally, subject, terms, group)


def of_gradient(tally: Tally, subject: Subject, terms: Terms, group: Group) -> None:
    """Look at `gradient` of weights of every length and layout, with `out`, and with `out` being the weights."""
    weights = moderate_weights(terms, group, max(LENGTHS))
    if not terms.indexed:
        look = Look(tally, subject, group.parameters)
        whole = look.at(lambda: call_gradient(subject, group, weights))
        for n in LENGTHS:
            expected = None if whole is None else whole[:n]
            look.same(f"of {n} weights", expected, partial(call_gradient, subject, group, weights[:n]))
    weights, group = weights[:_SMALL], _group(terms, group, _SMALL, subject.dtype)
    look = Look(tally, subject, {"w": weights.tolist()} | group.parameters)
    plain = look.at(lambda: call_gradient(subject, group, weights))
    wrong = wrong_relations(terms, group, subject.dtype)
    require_all(look, wrong, lambda given: call_gradient(subject, given, weights))
    for name, other in layouts(weights, is_flat=bool(terms.indexed)):
        shaped = None if plain is None else plain.reshape(other.shape)
        look.same(f"w is {name}", shaped, partial(call_gradient, subject, group, other))
    if plain is not None:
        _outputs(look, subject, group, weights, plain)
    if terms.indexed and not terms.arrays:
        for n in _long(terms):
            _long_gradient(look, subject, terms, group, n)


def of_step(tally: Tally, subject: Subject, terms: Terms, rule: Rule, group: Group) -> None:
    """Look at a step of weights of every length, of other layouts, late, and of many weights in index notation."""
    _, renamed = told_apart(terms, rule)
    look = Look(tally, subject, group.parameters)

    def take(case: StepCase) -> dict[str, Any]:
        return call_step(subject, rule, renamed, case)

    case = _case(rule, group, moderate_weights(terms, group, max(LENGTHS)))
    if not terms.indexed:
        whole = look.at(lambda: take(case))
        for n in LENGTHS:
            after = look.at(partial(take, _part(case, slice(n))))
            for name in ("w", *case.arrays):
                if whole is not None and after is not None:
                    look.require(f"{name} of {n} weights", after[name], whole[name][:n])
    case = _part(replace(case, group=_group(terms, group, _SMALL, subject.dtype)), slice(_SMALL))
    plain = look.at(lambda: take(case))
    if plain is None:
        return
    wrong = wrong_relations(terms, case.group, subject.dtype)
    require_all(look, wrong, lambda given: take(replace(case, group=given)))
    for layout, gradient in layouts(case.gradient, is_flat=True):
        after = look.at(partial(take, replace(case, gradient=gradient)))
        if after is not None:
            look.require(f"w, where g is {layout},", after["w"], plain["w"])
    if not terms.indexed:
        after = look.at(lambda: take(_shaped(case, (3, _SMALL // 3))))
        if after is not None:
            look.require("w of two dimensions", after["w"], plain["w"].reshape(3, -1))
    if rule.uses_t and has_minima(counted(split(terms, rule)[1], len(case.weights)), group.parameters):
        look.at(lambda: take(replace(case, taken=_LATE)))
    if terms.indexed and not terms.arrays:
        for n in _long(terms):
            long = _group(terms, group, n, subject.dtype)
            _long_step(look, terms, take, _case(rule, long, moderate_weights(terms, group, n)))


@dataclass(frozen=True, slots=True)
class Look:
    """Where failures go, and what is said of their place."""

    tally: Tally
    subject: Subject
    place: Mapping[str, Any]

    def at(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns, None if it failed."""
        try:
            return call()
        except Trouble as trouble:
            self.fail(str(trouble))
            return None

    def same(self, what: str, expected: Any, call: Callable[[], Any]) -> None:
        """Require of a call what another one gave."""
        got = self.at(call)
        if got is not None and expected is not None:
            self.require(what, got, expected)

    def require(self, what: str, got: Any, expected: Any) -> None:
        """Require that two results agree."""
        if not self.agree(got, expected):
            self.fail(f"{what}: {first_difference(got, expected)}")

    def agree(self, got: Any, expected: Any) -> bool:
        """Are two results the same, as far as another order of the same operations goes?"""
        room = 2.0 ** (FORMATS[self.subject.dtype].unit + _ROOM)
        with np.errstate(all="ignore"):
            size = float(np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected)))
        if np.shape(got) != np.shape(expected):
            return False
        return bool(np.allclose(got, expected, room, room * size, equal_nan=True))

    def fail(self, note: str) -> None:
        """Record a failure."""
        self.tally.fail(Failure(at=self.place, note=note, rank=2.0))


def first_difference(got: Any, expected: Any) -> str:
    if np.shape(got) != np.shape(expected):
        return f"the shape is {np.shape(got)} where {np.shape(expected)} is right"
    mine, theirs = np.ravel(got), np.ravel(expected)
    with np.errstate(all="ignore"):
        off = np.abs(mine - theirs)
    k = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    return f"{float(mine[k]):.17g} comes out at {k}, in a short plain vector {float(theirs[k]):.17g}"


def moderate_weights(terms: Terms, group: Group, length: int) -> Vector:
    """Return weights around the group's, all different up to a period that no block's size is a multiple of."""
    few = group.vectors[0]
    factors = 1.0 + np.arange(_PERIOD) / 32.0
    made = np.resize(few, _PERIOD) * factors.astype(few.dtype)
    domains = terms.intervals(group.parameters)
    inside = [w if all(float(w) in domain for domain in domains) else few[0] for w in made]
    return np.resize(np.array(inside, dtype=few.dtype), length)


def _group(terms: Terms, group: Group, length: int, dtype: Dtype) -> Group:
    """Return the group with its declared arrays, plain ones, in another size."""
    return replace(group, arrays={array.name: plain_array(array, length, dtype) for array in terms.arrays})


def layouts(column: Vector, *, is_flat: bool) -> Iterator[tuple[str, Vector]]:
    """Yield the same numbers with gaps between them, backwards in memory and, for some, in two dimensions."""
    gaps = np.full(2 * len(column), np.nan, column.dtype)
    gaps[::2] = column
    yield "strided", gaps[::2]
    yield "reversed in memory", column[::-1].copy()[::-1]
    if not is_flat:
        square = column.reshape(3, -1)
        yield "of two dimensions", square
        yield "in Fortran's order", np.asfortranarray(square)
        yield "a transposed array", np.ascontiguousarray(square.T).T


def _outputs(look: Look, subject: Subject, group: Group, weights: Vector, plain: NDArray[Any]) -> None:
    """Look at what `gradient` does with `out`: given, the weights themselves, and overlapping them in part."""
    named = given(group, len(weights))
    function = subject.functions["gradient"]

    def into(w: Vector, out: Vector) -> Vector:
        is_returned = called(function, (w,), {**named, "out": out}) is out
        if not is_returned:
            raise Trouble("with out given, something else is returned")
        return out

    look.same("with out", plain, lambda: into(weights.copy(), np.full_like(weights, np.nan)))
    own = weights.copy()
    try:
        if not look.agree(into(own, own), plain):
            look.fail(f"with out being w: {first_difference(own, plain)}")
    except Trouble as trouble:
        if not isinstance(trouble.__cause__, ValueError) or not np.array_equal(own, weights):
            look.fail(f"with out being w {trouble}")
    both = np.concatenate((weights, weights))
    before, overlapping = both.copy(), both[1 : len(weights) + 1]
    try:
        into(both[: len(weights)], overlapping)
        look.fail("out that overlaps w is not refused")
    except Trouble as trouble:
        if not isinstance(trouble.__cause__, ValueError) or not np.array_equal(both, before):
            look.fail(f"with out that overlaps w {trouble}")


def _case(rule: Rule, group: Group, weights: Vector) -> StepCase:
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


def _part(case: StepCase, where: slice) -> StepCase:
    return replace(
        case,
        weights=case.weights[where].copy(),
        gradient=case.gradient[where].copy(),
        arrays={name: column[where].copy() for name, column in case.arrays.items()},
    )


def _shaped(case: StepCase, shape: tuple[int, ...]) -> StepCase:
    return replace(
        case,
        weights=case.weights.reshape(shape),
        gradient=case.gradient.reshape(shape),
        arrays={name: column.reshape(shape) for name, column in case.arrays.items()},
    )


# Many weights in index notation


def _long(terms: Terms) -> tuple[int, ...]:
    """Return lengths beyond the blocks that emitted code works in, as far as they do not cost too much."""
    most = longest(terms, _MOST_SUMMANDS)
    return tuple(n for n in _LONG if n <= most) or (most,)


def _long_sum(tally: Tally, subject: Subject, terms: Terms, group: Group) -> None:
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


def _long_gradient(look: Look, subject: Subject, terms: Terms, group: Group, n: int) -> None:
    weights = moderate_weights(terms, group, n)

    def gradient(part: slice) -> dict[str, Any]:
        return {"gradient": call_gradient(subject, group, weights[part])}

    _same_in_parts(replace(look, place={"n": n} | group.parameters), terms, gradient, n)


def _long_step(look: Look, terms: Terms, take: Callable[[StepCase], dict[str, Any]], case: StepCase) -> None:
    n = len(case.weights)

    def step(part: slice) -> dict[str, Any]:
        after = take(_part(case, part))
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
            for k in _differing(look, column[places], np.array(short)):
                look.fail(
                    f"{name}[{places[k]}] is {column[places[k]]:.17g}, among its neighbours alone {short[k]:.17g}"
                )
            inner = column[_REACH : n - _REACH]
            for k in _differing(look, inner[_PERIOD:], inner[:-_PERIOD]):
                k += _REACH
                look.fail(f"{name}[{k + _PERIOD}] is not what {name}[{k}] is, among the same neighbours")
    elif all(_is_symmetric(term.tree) for term in terms.indexed):
        for name, column in whole.items():
            repeated = np.resize(column[:_PERIOD], n)
            for k in _differing(look, column, repeated):
                look.fail(f"{name}[{k}] is {column[k]:.17g}, of an equal weight elsewhere {repeated[k]:.17g}")


def _differing(look: Look, got: NDArray[Any], expected: NDArray[Any]) -> list[int]:
    """Return the first place at which two columns differ, if there is one."""
    if look.agree(got, expected):
        return []
    with np.errstate(all="ignore"):
        off = np.abs(got - expected)
    return [int(np.argmax(np.where(np.isnan(off), np.inf, off)))]


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
