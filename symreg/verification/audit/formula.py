"""Judge an object by the formula that it should be of: its value, its gradient and its subdifferential.

Takes an `Operator`, elementwise terms and numbers for their parameters; hands on checks. What is right comes from the
verification room, with proven error radii. An answer that is right for inputs within `rtol` of the given ones is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import inf, isfinite, isnan, nan

from flint import arb

from symreg.model.terms import Terms
from symreg.verification.audit import sample_points
from symreg.verification.audit.disagreements import answer_of, tally_of
from symreg.verification.audit.object import Operator
from symreg.verification.audit.one_weight import ValueTable, value_table
from symreg.verification.cases.calling import CallFailed
from symreg.verification.comparison.failure import Failure, relative
from symreg.verification.comparison.tally import Tally
from symreg.verification.oracle.decisions import Undecided
from symreg.verification.oracle.derivatives import Exact, slope
from symreg.verification.oracle.kinks import kinks
from symreg.verification.oracle.slopes import elementwise, slopes, values
from symreg.verification.report.numbers import exact

ROUNDING = 2.0**-48  # of the sizes that a formula goes through: a person's own order of operations
_BESIDE = 1e-6  # a relative distance from a kink

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Elementwise terms with numbers for their parameters: what is right.

    Args:
        sizes: Numbers that the formula, or the object, changes at.
    """

    terms: Terms
    parameters: Mapping[str, float]
    sizes: Sequence[float]
    tables: list[ValueTable] = field(default_factory=list)

    def value(self, weight: Exact) -> arb | None:
        """Return phi(w): infinite outside the domain, None where undetermined."""
        return values(self.terms, self.parameters)([weight])

    def holds(self, weight: float) -> bool:
        """Is a weight inside the domain?"""
        return all(weight in domain for domain in self.terms.intervals(self.parameters))

    def table(self) -> ValueTable:
        """Return phi, tabulated, to be searched where the minimiser is not enclosed."""
        if not self.tables:

            def value(weight: float) -> float:
                found = self.value(weight)
                return nan if found is None else float(found)

            self.tables.append(value_table(value, self.sizes))
        return self.tables[0]

    def weights(self, count: int) -> list[float]:
        """Return weights to look at, beside each kink among them."""
        found = [k.below for k in kinks(self.terms.terms, self.parameters)]
        near = [x * (1 + part) for x in found for part in (0.0, _BESIDE, -_BESIDE)]
        return sample_points.weights(self.sizes, count, near, lambda w: isfinite(w) and self.holds(w))


def check_value(operator: Operator, formula: Formula, count: int, rtol: float, tick: Tick) -> Tally:
    """Compare the object's value of one weight with the formula's."""
    tally = tally_of(operator, "value")
    value = operator.value
    assert value is not None
    typical = [formula.value(w) for w in (1.0, -1.0, 10.0, -10.0)]
    size = max([1.0, *(float(abs(x)) for x in typical if x is not None and x.is_finite())])
    for weight in (*formula.weights(count), *_outside(formula)):
        tick()
        exact = formula.value(weight)
        if exact is None or exact.is_nan():
            tally.skip()
            continue
        right = float(exact)
        got = answer_of(tally, {"w": weight}, right, partial(value, [weight]))
        if got is None:
            continue
        if right == inf and isnan(got):
            tally.skip()  # outside its domain many a formula is not a number
        elif _is_near(got, right, rtol, ROUNDING * size):
            tally.agree(relative(got, right, size * ROUNDING / rtol if rtol else size))
        else:
            note = "the weight is outside the domain" if right == inf else ""
            tally.disagree(Failure(at={"w": weight}, got=got, expected=right, error=relative(got, right), note=note))
    return tally


def check_gradient(operator: Operator, formula: Formula, count: int, rtol: float, tick: Tick) -> Tally:
    """Compare the object's gradient with the formula's; at a kink anything between the one-sided slopes is right.

    There is no gradient at a kink, so that to raise there is not wrong.
    """
    tally = tally_of(operator, "gradient")
    gradient = operator.gradient
    assert gradient is not None
    exact = slopes(formula.terms, formula.parameters)
    for weight in formula.weights(count):
        tick()
        reference = exact([weight], 0)
        if reference is None or not reference.value.is_finite():
            tally.skip()
            continue
        low, high, right = float(reference.low), float(reference.high), float(reference.value)
        if low < high and _raises(gradient, weight):
            tally.skip()
            continue
        answer = answer_of(tally, {"w": weight}, right, partial(gradient, [weight]))
        if answer is None:
            continue
        (got,) = answer
        near = [float(x.value) for x in (exact([w], 0) for w in moved(weight, rtol)) if x is not None]
        slack = rtol * abs(right) + ROUNDING + sum(abs(x - right) for x in near if isfinite(x) and low == high)
        if low - slack <= got <= high + slack:
            tally.agree(relative(got, right, 1.0) if low == high else 0.0)
        else:
            tally.disagree(Failure(at={"w": weight}, got=got, expected=right, error=relative(got, right)))
    return tally


def _raises(function: Callable[[list[float]], object], weight: float) -> bool:
    try:
        function([weight])
    except CallFailed:
        return True
    return False


def check_subdifferential(operator: Operator, formula: Formula, count: int, rtol: float, tick: Tick) -> Tally:
    """Compare the object's distance of -g from the subdifferential; at a concave kink conventions differ."""
    tally = tally_of(operator, "subdifferential")
    distance = operator.distance
    assert distance is not None
    gradients = sample_points.gradients(formula.sizes)
    beside_one = [one_sided(formula, w) for w in (1.0, 0.5, 0.1) if formula.holds(w)]
    typical = max((abs(x) for pair in beside_one if pair is not None for x in pair if isfinite(x)), default=0.0)
    for weight in formula.weights(max(1, count // len(gradients))):
        sides = one_sided(formula, weight)
        for g in gradients:
            tick()
            if sides is None or not sides[0] <= sides[1]:
                tally.skip()
                continue
            right = max(sides[0] + g, -g - sides[1], 0.0)
            at = {"w": weight, "g": g}
            answer = answer_of(tally, at, right, partial(distance, [weight], [g]))
            if answer is None:
                continue
            (got,) = answer
            ends = [abs(x) for x in sides if isfinite(x)]
            size = max([abs(g), typical, *ends])
            if _is_near(got, right, rtol, max(rtol, ROUNDING) * size):
                tally.agree(relative(got, right, size))
                continue
            is_interval = sides[0] < sides[1]
            note = f"the subdifferential is [{exact(sides[0])}, {exact(sides[1])}]" if is_interval else ""
            tally.disagree(Failure(at=at, got=got, expected=right, error=relative(got, right, size), note=note))
    return tally


def moved(x: float, part: float) -> tuple[float, ...]:
    """Return a number a part greater and smaller; nothing for zero."""
    return (x * (1 + part), x * (1 - part)) if x else ()


def _is_near(got: float, right: float, rtol: float, slack: float) -> bool:
    if not (isfinite(got) and isfinite(right)):
        return got == right
    return abs(got - right) <= rtol * abs(right) + slack


def _outside(formula: Formula) -> list[float]:
    """Return weights outside the domain, as far as there are any."""
    domains = formula.terms.intervals(formula.parameters)
    ends = [end for domain in domains for end in (domain.low, domain.high)]  # conventions differ
    return [w for w in (-2.0, -1.0, -0.5, -0.001, 1.5, 2.0, 10.0) if not formula.holds(w) and Fraction(w) not in ends]


def one_sided(formula: Formula, weight: float) -> tuple[float, float] | None:
    """Return the slopes to the left and to the right, infinite where the domain ends; None if undetermined."""
    phi = elementwise(formula.terms.elementwise, formula.parameters)
    assert phi is not None
    sides: list[float] = []
    for side in (-1, 1):
        end = "low" if side < 0 else "high"
        if any(getattr(domain, end) == weight for domain in formula.terms.intervals(formula.parameters)):
            sides.append(side * inf)
            continue
        try:
            one_sided = slope(phi, weight, sides=(side,))
        except Undecided:
            return None
        if one_sided is None or one_sided.value.is_nan():
            return None
        sides.append(float(one_sided.value))
    left, right = sides
    close = abs(left - right) <= 1e-12 * max(abs(left), abs(right)) if isfinite(left) and isfinite(right) else False
    return (left, left) if close else (left, right)
