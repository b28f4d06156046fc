"""Compare one number of a function under test with its exact value and everything that is allowed there.

Takes a case of `cases.py`, a place in it and the number; hands on what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from math import inf, isnan

from flint import arb, ctx

from symreg.expressions.tree import Binary, Compare, Logic, Tree, children, names
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.slope_cases import SlopeCase, ValueCase
from symreg.verification.cases.step_case import StepCase, point_of_operator, step_point
from symreg.verification.comparison import sensitivity
from symreg.verification.comparison.tolerance import WORKING_BITS, Finding, Measured, measured
from symreg.verification.minimum.steps import Stepper
from symreg.verification.oracle.decisions import Undecided, sign
from symreg.verification.oracle.evaluate import Code, Scope, compiled
from symreg.verification.oracle.formats import FORMATS, Format, Vector


def find_value(
    terms: Terms, case: ValueCase, k: int, got: float, shape: Format, rtol: float, known: Shares
) -> Measured:
    """Compare R(w) of the case with number k."""
    assert case.exact is not None
    shares = sensitivity.of_value(_inputs(terms, case.group, case.weights, shape), case.exact)
    return measured(got, case.exact, case.exact, shape, known.at(k, shares), rtol)


def find_slope(
    case: SlopeCase,
    j: int,
    got: float,
    shape: Format,
    rtol: float,
    shares: Iterable[arb | None],
    at_choice: bool = False,
) -> Measured:
    """Compare dR/dw_j; at a kink with anything between the one-sided derivatives, or with the stated choice."""
    slope = case.exact[j]
    assert slope is not None
    low, high = (slope.value, slope.value) if at_choice else (slope.low, slope.high)
    return measured(got, low, high, shape, shares, rtol)


def shares_of_slope(terms: Terms, case: SlopeCase, j: int, shape: Format) -> Iterator[arb | None]:
    """Return the shares of dR/dw_j."""
    slope = case.exact[j]
    assert slope is not None
    return sensitivity.of_slope(_inputs(terms, case.group, case.weights, shape), j, slope.value)


def find_step(
    terms: Terms,
    step: Stepper,
    case: StepCase,
    output: str,
    k: int,
    j: int,
    got: float,
    shape: Format,
    rtol: float,
    known: Shares,
) -> Measured:
    """Compare an output of a step for one weight, number k of all cases."""
    if isnan(got):
        return Measured(Finding.WRONG, inf)
    exact = case.exact[output][j]
    slope = case.slopes[j]
    assert exact is not None and slope is not None
    point = step_point(case, j)
    low, high = exact, exact
    if slope.at_kink:
        for end in (slope.low, slope.high):
            after = step({**point, "g_penalty": end}) if end.is_finite() else None
            if after is not None:
                with ctx.workprec(WORKING_BITS):
                    low, high = low.min(after[output]), high.max(after[output])
    inputs = _inputs(terms if case.smooth is None else case.smooth, case.group, case.weights, shape)
    spread = partial(_spread_beside, step, case, j, shape)
    shares = sensitivity.of_step(
        step, output, point, inputs, j, exact, case.prox, case.beside(j), spread, partial(case.operator_at, j)
    )
    return measured(got, low, high, shape, known.at((output, k), shares), rtol)


def _inputs(terms: Terms, group: Group, weights: Vector, shape: Format) -> sensitivity.Inputs:
    listed = weights.tolist()
    return sensitivity.Inputs(
        terms=terms,
        weights=listed,
        parameters=group.parameters,
        arrays=group.arrays_for(len(listed)),
        shape=shape,
    )


def _spread_beside(step: Stepper, case: StepCase, j: int, shape: Format) -> arb:
    """Return how far the sum of the squares of the other weights' points moves when their inputs do."""
    total = arb(0)
    with ctx.workprec(WORKING_BITS):
        relative = arb(sensitivity.ULPS_OF_INPUT) * arb((1, shape.unit))
        for i in (j, *case.others(j)):
            at, point = case.points[i], step_point(case, i)
            inputs = [name for name in point if name not in ("t", "prox") and not point[name].is_zero()]
            changed = [{**point, name: point[name] * (1 + relative)} for name in inputs if i != j]
            off = sum((abs(point_of_operator(step, other) - at) for other in changed), arb(0))
            total = total + 2 * abs(at) * off + off * off
    return total.abs_upper()


class Shares:
    """Shares of the tolerance by point; where all of them had to be worked out they serve the next subject too."""

    def __init__(self) -> None:
        self._known: dict[Hashable, list[arb | None]] = {}

    def at(self, point: Hashable, made: Iterator[arb | None]) -> Iterable[arb | None]:
        """Return the shares at a point, `made` unless they are known."""
        return self._known.get(point) or self._kept(point, made)

    def _kept(self, point: Hashable, made: Iterator[arb | None]) -> Iterator[arb | None]:
        drawn = []
        for share in made:
            drawn.append(share)
            yield share
        self._known[point] = drawn


def range_check(rule: Rule, shape: Format) -> Callable[[StepCase, int], bool]:
    """Return whether an intermediate result leaves the format's normal range: then nothing is promised of the step."""
    varying = {"w", "g", "g_loss", "g_penalty", *(state.name for state in rule.states if state.is_array)}
    steps: list[tuple[str, list[tuple[Code, float, float]]]] = []
    for step in rule.steps:
        nodes = [(compiled(node), least, most) for node, least, most in _ranges(step.expression, varying, shape)]
        steps.append((step.target, nodes))
        if names(step.expression) & varying:
            varying.add(step.target)

    def out_of_range(case: StepCase, j: int) -> bool:
        point = step_point(case, j)
        point["g"] = point["g_loss"] + point["g_penalty"]
        scope = Scope(dict(point), decide=sign)
        for target, nodes in steps:
            try:
                sizes = [(code(scope), least, most) for code, least, most in nodes]
            except Undecided:
                return False
            if any(abs(x) > most or (abs(x) < least and not x.is_zero()) for x, least, most in sizes):
                return True
            scope.names[target] = sizes[0][0]
        return False

    return out_of_range


def _ranges(
    tree: Tree, varying: set[str], shape: Format, is_addend: bool = False, is_scalar: bool = False
) -> Iterator[tuple[Tree, float, float]]:
    """Yield each number that an expression goes through, the whole first, and the least and greatest size of it.

    What is below the normal range does no harm as an addend; what depends on no array is in double precision.
    """
    if isinstance(tree, Compare | Logic):
        for operand in children(tree):
            yield from _ranges(operand, varying, shape)
        return
    wide = FORMATS["float64"] if is_scalar else shape
    yield tree, 0.0 if is_addend else wide.floor, wide.greatest / 4
    adds = isinstance(tree, Binary) and tree.operator in ("+", "-")
    for operand in children(tree):
        yield from _ranges(operand, varying, shape, adds, not names(tree) & varying)
