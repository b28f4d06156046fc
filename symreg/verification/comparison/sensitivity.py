"""How far an exact value moves when its inputs move by the rounding of the format: the shares of the tolerance.

Each generator yields one share per input (every weight, array element, parameter, gradient, state), the likely ones
first, so that whoever draws from it can stop early; `None` is a share that could not be determined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_series, ctx

from symreg.expressions.tree import Binary, Call, Constant, Item, Name, Negate, Number, Sum, Tree, rebuild
from symreg.model.terms import Terms
from symreg.verification.comparison.tolerance import WORKING_BITS, moved
from symreg.verification.minimum.operators import Operator
from symreg.verification.minimum.steps import Stepper
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball, balls
from symreg.verification.oracle.derivatives import Exact, Slope
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.formats import Format
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.slopes import slopes, values
from symreg.verification.oracle.switches import reach

ULPS_OF_INPUT = 4


def nudged(x: Exact, shape: Format) -> tuple[Fraction, ...]:
    """Return x(1 + 4u) and x(1 - 4u), exactly; nothing for zero."""
    exact = Fraction(x)
    part = exact * ULPS_OF_INPUT / (1 << -shape.unit)
    return (exact + part, exact - part) if exact else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a value or a slope is computed from.

    Args:
        terms: The formula.
        weights: All weights.
        parameters: By name.
        arrays: Declared arrays by name, of the weights' length.
        shape: The format that inputs are rounded to.
    """

    terms: Terms
    weights: Sequence[Exact]
    parameters: Mapping[str, Exact]
    arrays: Mapping[str, Any]
    shape: Format

    def value(self) -> arb | None:
        """Return R(w)."""
        return values(self.terms, self.parameters, self.arrays, floor=self.shape.floor)(self.weights)

    def slope(self, j: int) -> Slope | None:
        """Return dR/dw_j."""
        return slopes(self.terms, self.parameters, self.arrays, floor=self.shape.floor)(self.weights, j)

    def with_weight(self, k: int) -> tuple[Inputs, ...]:
        """Return the inputs with weight k nudged either way."""
        before, after = self.weights[:k], self.weights[k + 1 :]
        return tuple(replace(self, weights=[*before, other, *after]) for other in nudged(self.weights[k], self.shape))

    def with_others(self) -> Iterator[tuple[Inputs, ...]]:
        """Yield, for each parameter and each element of an array, the inputs with that nudged either way."""
        for name, others in _changes(self.parameters, self.shape):
            yield tuple(replace(self, parameters={**self.parameters, name: x}) for x in others)
        for arrays in _array_changes(self.arrays, self.shape):
            yield tuple(replace(self, arrays=changed) for changed in arrays)


def of_value(inputs: Inputs, exact: arb) -> Iterator[arb | None]:
    """Yield the shares of R(w)."""
    for k in range(len(inputs.weights)):
        if changed := inputs.with_weight(k):
            yield moved(exact, [one.value() for one in changed])
    for changed in inputs.with_others():
        yield moved(exact, [one.value() for one in changed])
    if inputs.terms.indexed:
        yield of_summands(inputs, None)


def of_repeated(
    terms: Terms, few: Mapping[float, int], parameters: Mapping[str, float], shape: Format
) -> Iterator[arb | None]:
    """Yield the shares of R(w) of an elementwise objective whose weights take few values, each of them often."""

    def total(given: Mapping[str, Exact]) -> arb | None:
        one_value = values(terms, given, floor=shape.floor)
        parts = [(count, one_value([weight])) for weight, count in few.items()]
        return None if any(x is None for _, x in parts) else sum((n * x for n, x in parts if x is not None), arb(0))

    value_of = values(terms, parameters, floor=shape.floor)
    with ctx.workprec(WORKING_BITS):
        for weight, count in few.items():
            exact = value_of([weight])
            share = None if exact is None else moved(exact, [value_of([other]) for other in nudged(weight, shape)])
            yield None if share is None else count * share
        whole = total(parameters)
        for name, changed in _changes(parameters, shape):
            yield None if whole is None else moved(whole, [total({**parameters, name: x}) for x in changed])


def of_slope(inputs: Inputs, j: int, exact: arb) -> Iterator[arb | None]:
    """Yield the shares of dR/dw_j."""
    for _, others in slope_changes(inputs, j):
        yield moved(exact, [end for other in others if other is not None for end in (other.low, other.high)])
    if inputs.terms.indexed:
        yield of_summands(inputs, j)


def slope_changes(inputs: Inputs, j: int) -> Iterator[tuple[bool, list[Slope | None]]]:
    """Yield dR/dw_j with each input nudged either way, and whether that input is w_j itself."""
    touched = range(len(inputs.weights)) if inputs.terms.couple_weights else (j,)
    for k in sorted(touched, key=lambda k: k != j):
        if changed := inputs.with_weight(k):
            yield k == j, [one.slope(j) for one in changed]
    for changed in inputs.with_others():
        yield False, [one.slope(j) for one in changed]


def of_step(
    step: Stepper,
    output: str,
    point: Mapping[str, Value],
    inputs: Inputs,
    j: int,
    exact: arb,
    prox: Terms,
    beside: arb,
    spread: Callable[[], arb],
    operator_at: Callable[[Mapping[str, Exact], arb], Operator],
) -> Iterator[arb | None]:
    """Yield the shares of one output of a step.

    Args:
        step: Takes the step.
        output: `w` or a state.
        point: What the step was evaluated at.
        inputs: What `g_penalty` was computed from.
        j: The weight.
        exact: What the output is.
        prox: The terms that the rule takes the proximal operator of.
        beside: Of those in index notation, the sum of the squares of the other weights' points.
        spread: How far that sum moves when their inputs do.
        operator_at: Returns the operator for other parameters, and another such sum.
    """
    shape = inputs.shape

    def shifted(**changes: Value) -> arb | None:
        after = step({**point, **changes})
        return None if after is None else after[output]

    with ctx.workprec(WORKING_BITS):
        relative = arb(ULPS_OF_INPUT) * arb((1, shape.unit))
        for name, x in point.items():
            if name != "w" and name not in _FOLLOWING and not x.is_zero():
                yield moved(exact, [shifted(**{name: x * (1 + relative)}), shifted(**{name: x * (1 - relative)})])
    taken = {p.name: inputs.parameters[p.name] for p in prox.parameters}
    for name, changed in _changes(taken, shape):
        yield moved(exact, [shifted(prox=operator_at({**taken, name: x}, beside)) for x in changed])
    if prox.couple_weights:
        with ctx.workprec(WORKING_BITS):
            sums = [beside + spread(), arb(0).max(beside - spread())]
        yield moved(exact, [shifted(prox=operator_at(taken, total)) for total in sums])
    own = {p.name: inputs.parameters[p.name] for p in inputs.terms.parameters}
    for is_own, slopes_found in slope_changes(replace(inputs, parameters=own), j):
        at = [ball(v) for v in nudged(inputs.weights[j], shape)] if is_own else [point["w"]] * len(slopes_found)
        ends = [(w, end) for w, one in zip(at, slopes_found, strict=True) if one for end in (one.low, one.high)]
        yield moved(exact, [shifted(w=w, g_penalty=end) for w, end in ends if end.is_finite()])
    if inputs.terms.indexed:
        share = of_summands(inputs, j)
        with ctx.workprec(WORKING_BITS):
            ends_of_sum = [point["g_penalty"] + share, point["g_penalty"] - share]
        yield moved(exact, [shifted(g_penalty=end) for end in ends_of_sum])


_FOLLOWING = frozenset({"t", "g_penalty", "prox"})
"""Names in a step's point that are exact counts, or follow from other inputs."""


def _changes(parameters: Mapping[str, Exact], shape: Format) -> Iterator[tuple[str, tuple[Fraction, ...]]]:
    for name, x in parameters.items():
        if others := nudged(x, shape):
            yield name, others


def _array_changes(arrays: Mapping[str, Any], shape: Format) -> Iterator[list[dict[str, Any]]]:
    """Yield, for each element of each array, the arrays with that element nudged either way."""
    for name, array in arrays.items():
        if array.dtype.kind == "i":
            continue  # where groups begin is exact
        for place in np.ndindex(array.shape):
            changes = []
            for other in nudged(float(array[place]), shape):
                changed = array.astype(object)
                changed[place] = other
                changes.append({**arrays, name: changed})
            if changes:
                yield changes


def of_summands(inputs: Inputs, j: int | None) -> arb:
    """Return 4u * sum |summand|, or of the summands' derivatives by w_j, over the terms in index notation."""
    with ctx.workprec(128):
        known = {name: ball(x) for name, x in inputs.parameters.items()}
        given = {a.name: balls(inputs.arrays[a.name]) for a in inputs.terms.arrays}
        weights = balls(inputs.weights)
        scope = Scope(known, {**given, "w": weights}, len(weights), _sign_of_midpoint)
        total = arb(0)
        for term in inputs.terms.indexed:
            spread, slope = _spread(term.tree, scope, -1 if j is None else j)
            total = total + ball(term.coefficient) * (spread if j is None else slope)
        return total * ULPS_OF_INPUT * arb((1, inputs.shape.unit))


def _sign_of_midpoint(x: Any) -> int:
    middle = float(series.constant(x))
    return (middle > 0) - (middle < 0)


def _spread(tree: Tree, scope: Scope, j: int) -> tuple[arb, arb]:
    """Return how far a sum's roundings move a tree's value, in u, and its derivative's size added up without signs."""

    def value(node: Tree) -> arb:
        found: arb = compiled(node)(scope)
        return found

    match tree:
        case Number() | Constant() | Name():
            return arb(0), arb(0)
        case Item(array, subscripts):
            at = scope.indices[subscripts[0].index] + subscripts[0].shift
            return arb(0), arb(1 if array == "w" and at == j else 0)
        case Negate(operand):
            return _spread(operand, scope, j)
        case Sum(body, index):
            least, greatest = reach(body, index)
            spread, slope = arb(0), arb(0)
            for i in range(-least, scope.length - greatest):
                scope.indices[index] = i
                one, its_slope = _spread(body, scope, j)
                scope.indices[index] = i
                spread, slope = spread + one + abs(value(body)), slope + its_slope
            scope.indices.pop(index, None)
            return spread, slope
        case Binary("+" | "-", left, right):
            (a, b), (c, d) = _spread(left, scope, j), _spread(right, scope, j)
            return a + c, b + d
        case Call("norm", _):
            squares = [abs(w) for w in scope.arrays["w"]]
            whole = value(tree)
            return whole, (squares[j] / whole if j >= 0 and not whole.is_zero() else arb(0))
        case Call("where", (condition, then, otherwise)):
            holds = value(Call("where", (condition, Number(Fraction(1)), Number(Fraction(0)))))
            return _spread(otherwise if holds.is_zero() else then, scope, j)
        case Binary(_, left, right):
            operands: tuple[Tree, ...] = (left, right)
        case Call(_, arguments):
            operands = arguments
        case _:
            raise TypeError(f"a condition is not a number: {tree!r}")
    spread, slope = arb(0), arb(0)
    for place, operand in enumerate(operands):
        inner, inner_slope = _spread(operand, scope, j)
        factor = abs(_partial(tree, operands, place, scope))
        if not inner.is_zero():
            spread = spread + factor * inner
        if not inner_slope.is_zero():
            slope = slope + factor * inner_slope
    return spread, slope


def _partial(tree: Tree, operands: tuple[Tree, ...], place: int, scope: Scope) -> arb:
    """Return the derivative of a node by one of its operands."""
    at: arb = compiled(operands[place])(scope)
    scope.names["_operand"] = arb_series([at, arb(1)], series.ORDER)
    moving = rebuild(tree, (*operands[:place], Name("_operand"), *operands[place + 1 :]))
    return series.slope(compiled(moving)(scope))
