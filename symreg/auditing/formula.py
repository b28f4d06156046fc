"""Judge an object by the formula that it should be of: its value, gradient, prox and subdifferential, one point each.

Takes an `Operator`, elementwise terms and numbers for their parameters; hands on checks. What is right comes from the
verification room, with proven error radii. An answer that is right for inputs within `rtol` of the given ones is right,
and so is a prox within `rtol` of the greater of input and result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf, isfinite, isnan, nan

from flint import arb

from symreg.auditing import itself, places
from symreg.auditing.landscape import Landscape, landscape
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
_PATIENCE = 8  # minimisers of one step that are not enclosed before no more are asked for
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
    tables: list[Landscape] = field(default_factory=list)

    def value(self, weight: Exact) -> arb | None:
        """Return phi(w): infinite outside the domain, None where undetermined."""
        return values(self.terms, self.parameters)([weight])

    def holds(self, weight: float) -> bool:
        """Is a weight inside the domain?"""
        return all(weight in term.domain for term in self.terms.terms)

    def landscape(self) -> Landscape:
        """Return phi, tabulated, to be searched where the minimiser is not enclosed."""
        if not self.tables:

            def value(weight: float) -> float:
                found = self.value(weight)
                return nan if found is None else float(found)

            self.tables.append(landscape(value, self.sizes))
        return self.tables[0]

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
    beside_one = [_one_sided(formula, w) for w in (1.0, 0.5, 0.1) if formula.holds(w)]
    typical = max((abs(x) for pair in beside_one if pair is not None for x in pair if isfinite(x)), default=0.0)
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
            size = max([abs(g), typical, *ends])
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
    judge = _Judge(formula=formula, exact=minimisers(formula.terms, formula.parameters), rtol=rtol)
    searched = 0
    for step in steps:
        patience = _PATIENCE
        try:
            for v, got in places.images(operator, formula.sizes, step, count):
                tick()
                found = judge.minimiser(v, step) if patience else None
                at = {"v": v, "step": step}
                if found is None:
                    patience -= patience > 0
                    searched += 1
                    failure = judge.unsettled(v, step, got)
                    if failure is None:
                        itself.judge_image(tally, formula.landscape(), at, got, whose="")
                    else:
                        tally.fail(failure, step)
                elif isinstance(got, str):
                    tally.fail(Failure(at=at, got=None, right=float(found.value), error=inf, notes=(got,)), step)
                elif (failure := judge.failure(v, step, got, found)) is not None:
                    tally.fail(failure, step)
                else:
                    nearest = float(judge.nearest(got, found))
                    tally.agree(0.0 if abs(got - nearest) <= _ROUNDING else relative(got, nearest, v), step)
        except NoMinimum as reason:
            notes.append(f"prox is not judged at step = {short(step)}: {reason}")
    if searched:
        notes.append(
            f"at {searched:,} points the minimiser is not enclosed: there, prox is held to be stationary, "
            "and a lower objective is searched for"
        )
    return tally, tuple(notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Tells a wrong prox from one that rounding, or an input within `rtol`, explains."""

    formula: Formula
    exact: Callable[..., Minimiser | None]
    rtol: float

    def minimiser(self, v: float, step: float) -> Minimiser | None:
        """Return the minimiser, without candidates that its enclosure could not tell from it but their values can."""
        found = self.exact(v, step)
        if found is None or not found.ties:
            return found
        known: list[tuple[float, arb]] = []
        for one in (found.value, *found.ties):
            height = self.objective(float(one), v, step)
            if height is not None and isfinite(height):
                known.append((height, one))
        if not known:
            return None
        least = min(height for height, _ in known)
        kept = [m for height, m in known if height - least <= _ROUNDING * self.size(float(m), float(m), v, step)]
        return replace(found, value=kept[0], ties=tuple(kept[1:]), curvature=arb.nan())

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
        small = self.rtol * max(abs(right), abs(v)) + _ROUNDING
        if abs(got - float(self.nearest(got, found))) <= small:
            return None
        here, there = self.objective(got, v, step), self.objective(right, v, step)
        note = ""
        if here is not None and there is not None:
            lower, upper = both(there, here)
            note = f"step*phi(u) + (u - v)**2/2 is {upper} at {short(got)}, {lower} at {both(right, got)[0]}"
        is_gross = here is not None and there is not None and here - there > _GROSS * self.size(got, right, v, step)
        if not is_gross and self.is_explained(v, step, got, found):
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

    def is_explained(self, v: float, step: float, got: float, found: Minimiser) -> bool:
        """Would it be right for an input, a step and parameters that differ by `rtol`, or by rounding?

        That is: it is no further from the minimiser than such differences move that one, or it is stationary, as far
        as such differences let it be, and its objective is the least one, as far as they go.
        """
        part = max(self.rtol, _ROUNDING)
        at = float(found.value)
        if not found.at_knot:
            pull = self.pull(at)
            if pull is not None and found.curvature > 0:
                shift = part * (abs(v) + step * max(map(abs, pull))) + step * self.pull_shift(at)
                if abs(got - at) <= part * abs(at) + 2 * shift / float(found.curvature):
                    return True
        pull = self.pull(got)
        here, there = self.objective(got, v, step), self.objective(at, v, step)
        if pull is None or here is None or there is None:
            return False
        size = max(abs(x) for x in pull if isfinite(x)) if any(map(isfinite, pull)) else 0.0
        slack = part * (abs(v) + abs(got) + step * size)
        is_stationary = got + step * pull[0] - slack <= v <= got + step * pull[1] + slack
        return is_stationary and here - there <= part * self.size(got, at, v, step)

    def unsettled(self, v: float, step: float, got: float | str) -> Failure | None:
        """Return what is wrong with a prox that is near no stationary point, where its minimiser is not known.

        It is near one if u + step*phi'(u) passes v within `rtol` of it, of the greater of it and of the input.
        """
        if isinstance(got, str) or not isfinite(got) or not self.formula.holds(got):
            return None
        reach = self.rtol * max(abs(got), abs(v)) + _ROUNDING
        sides: list[float] = []
        for side, u in ((-1, got - reach), (1, got + reach)):
            if not self.formula.holds(u):
                sides.append(side * inf)
                continue
            pull = self.pull(u)
            if pull is None:
                return None
            sides.append(u + step * pull[0 if side < 0 else 1])
        if sides[0] <= v <= sides[1]:
            return None
        best = self.formula.landscape().minimum(v, step)
        if best is None or self.formula.landscape().lower(got, v, step) is not None:
            return None  # the search has more to say
        at, right = {"v": v, "step": step}, float(f"{best:.7g}")
        note = f"u + step*phi'(u) is about {sides[0]:.9g} there, where it should be v"
        return Failure(at=at, got=got, right=right, error=relative(got, best, v), notes=(note,))

    def pull(self, u: float, parameters: Mapping[str, Exact] | None = None) -> tuple[float, float] | None:
        """Return the least and the greatest slope of phi at u; None where it has none."""
        found = slopes(self.formula.terms, parameters or self.formula.parameters)([u], 0)
        if found is None or found.value.is_nan():
            return None
        return float(found.low), float(found.high)

    def pull_shift(self, u: float) -> float:
        """Return how far rounding of the parameters moves the slope of phi at u."""
        total = 0.0
        unmoved = self.pull(u)
        for name, number in self.formula.parameters.items():
            for other in _moved(number, _ROUNDING):
                if all(other in p.domain for p in self.formula.terms.parameters if p.name == name):
                    found = self.pull(u, {**self.formula.parameters, name: Fraction(other)})
                    if found is not None and unmoved is not None and isfinite(found[0] - unmoved[0]):
                        total += abs(found[0] - unmoved[0])
        return total


def _moved(x: float, part: float) -> tuple[float, ...]:
    return (x * (1 + part), x * (1 - part)) if x else ()


def _is_near(got: float, right: float, rtol: float, slack: float) -> bool:
    if not (isfinite(got) and isfinite(right)):
        return got == right
    return abs(got - right) <= rtol * abs(right) + slack


def _outside(formula: Formula) -> list[float]:
    """Return weights outside the domain, as far as there are any."""
    ends = [end for term in formula.terms.terms for end in (term.domain.low, term.domain.high)]  # conventions differ
    return [w for w in (-2.0, -1.0, -0.5, -0.001, 1.5, 2.0, 10.0) if not formula.holds(w) and Fraction(w) not in ends]


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
