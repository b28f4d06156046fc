"""Judge an object by the formula that it should be of: its value, gradient, prox and subdifferential, one point each.

Takes an `Operator`, elementwise terms and numbers for their parameters; hands on checks. What is right comes from the
verification room, with proven error radii. An answer that is right for inputs within `rtol` of the given ones is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite, isnan

from flint import arb

from symreg.auditing import places
from symreg.auditing.operator import Operator, Trouble
from symreg.auditing.report import both, short
from symreg.auditing.tally import Failure, Tally, relative
from symreg.language.terms import Terms
from symreg.verification.ball import Undecided
from symreg.verification.kinks import kinks
from symreg.verification.minimiser import Minimiser, NoMinimum, minimisers
from symreg.verification.oracle import Exact, elementwise, slope, slopes, values

_ROUNDING = 2.0**-48  # of the sizes that a formula goes through: a person's own order of operations
_BESIDE = 1e-6  # a relative distance from a kink
_GROSS = 1e-6  # a part of the objective that no rounding of the inputs moves it by

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

    def value(self, weight: Exact) -> arb | None:
        """Return phi(w): infinite outside the domain, None where undetermined."""
        return values(self.terms, self.parameters)([weight])

    def holds(self, weight: float) -> bool:
        """Is a weight inside the domain?"""
        return all(weight in term.domain for term in self.terms.terms)

    def weights(self, count: int) -> list[float]:
        """Return weights to look at, beside each kink among them."""
        found = [k.below for k in kinks(self.terms.terms, self.parameters)]
        near = [x * (1 + part) for x in found for part in (0.0, _BESIDE, -_BESIDE)]
        return places.weights(self.sizes, count, near, lambda w: isfinite(w) and self.holds(w))


def check_value(operator: Operator, formula: Formula, count: int, rtol: float, tick: Tick) -> Tally:
    """Compare the object's value of one weight with the formula's."""
    tally = Tally("value")
    assert operator.value is not None
    typical = [formula.value(w) for w in (1.0, -1.0, 10.0, -10.0)]
    size = max([1.0, *(float(abs(x)) for x in typical if x is not None and x.is_finite())])
    for weight in (*formula.weights(count), *_outside(formula)):
        tick()
        exact = formula.value(weight)
        if exact is None or exact.is_nan():
            tally.skip()
            continue
        right = float(exact)
        try:
            got = operator.value([weight])
        except Trouble as trouble:
            tally.fail(Failure(at={"w": weight}, got=None, right=right, error=inf, notes=(str(trouble),)))
            continue
        if right == inf and isnan(got):
            tally.skip()  # outside its domain many a formula is not a number
        elif _is_near(got, right, rtol, _ROUNDING * size):
            tally.agree(relative(got, right, size * _ROUNDING / rtol if rtol else size))
        else:
            note = ("the weight is outside the domain",) if right == inf else ()
            tally.fail(Failure(at={"w": weight}, got=got, right=right, error=relative(got, right), notes=note))
    return tally


def check_gradient(operator: Operator, formula: Formula, count: int, rtol: float, tick: Tick) -> Tally:
    """Compare the object's gradient with the formula's; at a kink anything between the one-sided slopes is right."""
    tally = Tally("gradient")
    assert operator.gradient is not None
    exact = slopes(formula.terms, formula.parameters)
    for weight in formula.weights(count):
        tick()
        found = exact([weight], 0)
        if found is None or not found.value.is_finite():
            tally.skip()
            continue
        low, high, right = float(found.low), float(found.high), float(found.value)
        try:
            (got,) = operator.gradient([weight])
        except Trouble as trouble:
            tally.fail(Failure(at={"w": weight}, got=None, right=right, error=inf, notes=(str(trouble),)))
            continue
        near = [float(x.value) for x in (exact([w], 0) for w in _moved(weight, rtol)) if x is not None]
        slack = rtol * abs(right) + _ROUNDING + sum(abs(x - right) for x in near if isfinite(x) and low == high)
        if low - slack <= got <= high + slack:
            tally.agree(relative(got, right, 1.0) if low == high else 0.0)
        else:
            tally.fail(Failure(at={"w": weight}, got=got, right=right, error=relative(got, right)))
    return tally


def check_subdifferential(operator: Operator, formula: Formula, count: int, rtol: float, tick: Tick) -> Tally:
    """Compare the object's distance of -g from the subdifferential; at a concave kink conventions differ."""
    tally = Tally("subdifferential")
    assert operator.distance is not None
    gradients = places.gradients(formula.sizes)
    for weight in formula.weights(max(1, count // len(gradients))):
        sides = _one_sided(formula, weight)
        for g in gradients:
            tick()
            if sides is None or not sides[0] <= sides[1]:
                tally.skip()
                continue
            right = max(sides[0] + g, -g - sides[1], 0.0)
            at = {"w": weight, "g": g}
            try:
                (got,) = operator.distance([weight], [g])
            except Trouble as trouble:
                tally.fail(Failure(at=at, got=None, right=right, error=inf, notes=(str(trouble),)))
                continue
            ends = [abs(x) for x in sides if isfinite(x)]
            size = max([abs(g), *ends])
            if _is_near(got, right, rtol, max(rtol, _ROUNDING) * size):
                tally.agree(relative(got, right, size))
                continue
            note = f"the subdifferential is [{short(sides[0])}, {short(sides[1])}]"
            tally.fail(
                Failure(
                    at=at, got=got, right=right, error=relative(got, right, size), notes=(note,) * (sides[0] < sides[1])
                )
            )
    return tally


def check_prox(
    operator: Operator, formula: Formula, steps: Iterable[float], count: int, rtol: float, tick: Tick
) -> tuple[Tally, tuple[str, ...]]:
    """Compare the object's prox with the global minimiser; return what was left out as notes, too."""
    tally, notes = Tally("prox"), []
    exact = minimisers(formula.terms, formula.parameters)
    judge = _Judge(formula=formula, exact=exact, rtol=rtol)
    for step in steps:
        try:
            for v, got in places.images(operator, formula.sizes, step, count):
                tick()
                found = exact(v, step)
                if found is None:
                    tally.skip()
                elif isinstance(got, str):
                    right = float(found.value)
                    at = {"v": v, "step": step}
                    tally.fail(Failure(at=at, got=None, right=right, error=inf, notes=(got,)), step)
                else:
                    failure = judge.failure(v, step, got, found)
                    if failure is None:
                        tally.agree(relative(got, float(judge.nearest(got, found)), v), step)
                    else:
                        tally.fail(failure, step)
        except NoMinimum as reason:
            notes.append(f"prox is not judged at step = {short(step)}: {reason}")
    return tally, tuple(notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Tells a wrong prox from one that rounding, or an input within `rtol`, explains."""

    formula: Formula
    exact: Callable[..., Minimiser | None]
    rtol: float

    def nearest(self, got: float, found: Minimiser) -> arb:
        """Return the minimiser, of those that tie, that is nearest to what came out."""
        if not isfinite(got):
            return found.value
        nearest: arb = min((found.value, *found.ties), key=lambda m: float(abs(m - got)))
        return nearest

    def failure(self, v: float, step: float, got: float, found: Minimiser) -> Failure | None:
        """Return what is wrong with a prox, None if nothing is."""
        right = float(found.value)
        at = {"v": v, "step": step}
        if not isfinite(got):
            return Failure(at=at, got=got, right=right, error=inf)
        small = self.rtol * abs(right) + 2.0**-49 * abs(v)
        if abs(got - float(self.nearest(got, found))) <= small:
            return None
        here, there = self.objective(got, v, step), self.objective(right, v, step)
        note = ""
        if here is not None and there is not None:
            lower, upper = both(there, here)
            note = f"step*phi(u) + (u - v)**2/2 is {upper} at {short(got)}, {lower} at {both(right, got)[0]}"
        is_gross = here is not None and there is not None and here - there > _GROSS * self.size(got, right, v, step)
        if not is_gross and self.is_explained(v, step, got, right, small):
            return None
        shown = (note,) if here is not None and there is not None and here > there else ()
        return Failure(at=at, got=got, right=right, error=relative(got, right, v), notes=shown)

    def objective(self, u: float, v: float, step: float) -> float | None:
        """Return step*phi(u) + (u - v)^2/2."""
        found = self.formula.value(u)
        if found is None or found.is_nan():
            return None
        return float(arb(step) * found + (arb(u) - arb(v)) ** 2 / 2) if found.is_finite() else inf

    def size(self, got: float, right: float, v: float, step: float) -> float:
        """Return the size of what the objective is added up from, at both points."""
        parts = [self.formula.value(u) for u in (got, right)]
        known = [abs(float(x)) for x in parts if x is not None and x.is_finite()]
        return step * sum(known) + (got - v) ** 2 / 2 + (right - v) ** 2 / 2

    def is_explained(self, v: float, step: float, got: float, right: float, small: float) -> bool:
        """Would it be right for an input, a step and parameters that differ by `rtol`, or by rounding?"""
        moved = small
        for found in self.beside(v, step):
            if found is None:
                continue
            for one in (found.value, *found.ties):
                if abs(got - float(one)) <= small:
                    return True
                if abs(float(one) - right) <= 1e-3 * max(abs(right), abs(v)):  # on the same branch
                    moved += abs(float(one) - right)
        return abs(got - right) <= moved

    def beside(self, v: float, step: float) -> Iterator[Minimiser | None]:
        """Yield the minimisers for inputs and parameters beside the given ones."""
        for other in _moved(v, max(self.rtol, _ROUNDING)):
            yield self.exact(other, step)
        for other in _moved(step, max(self.rtol, _ROUNDING)):
            yield self.exact(v, other)
        for name, number in self.formula.parameters.items():
            for other in _moved(number, _ROUNDING):
                if all(other in p.domain for p in self.formula.terms.parameters if p.name == name):
                    changed: dict[str, Exact] = {**self.formula.parameters, name: Fraction(other)}
                    yield minimisers(self.formula.terms, changed)(v, step)


def _moved(x: float, part: float) -> tuple[float, ...]:
    return (x * (1 + part), x * (1 - part)) if x else ()


def _is_near(got: float, right: float, rtol: float, slack: float) -> bool:
    if not (isfinite(got) and isfinite(right)):
        return got == right
    return abs(got - right) <= rtol * abs(right) + slack


def _outside(formula: Formula) -> list[float]:
    """Return weights outside the domain, as far as there are any."""
    return [w for w in (-2.0, -1.0, -0.5, -0.001, 1.5, 2.0, 10.0) if not formula.holds(w)]


def _one_sided(formula: Formula, weight: float) -> tuple[float, float] | None:
    """Return the slopes to the left and to the right, infinite where the domain ends; None if undetermined."""
    phi = elementwise(formula.terms.elementwise, formula.parameters)
    assert phi is not None
    made: list[float] = []
    for side in (-1, 1):
        end = "low" if side < 0 else "high"
        if any(getattr(term.domain, end) == weight for term in formula.terms.terms):
            made.append(side * inf)
            continue
        try:
            found = slope(phi, weight, sides=(side,))
        except Undecided:
            return None
        if found is None or found.value.is_nan():
            return None
        made.append(float(found.value))
    left, right = made
    close = abs(left - right) <= 1e-12 * max(abs(left), abs(right)) if isfinite(left) and isfinite(right) else False
    return (left, left) if close else (left, right)
