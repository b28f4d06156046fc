"""Judge a prox by the global minimiser of step*phi(u) + (u - v)^2/2, as the oracle encloses it.

Takes an `Operator` and a `Formula`, hands on the check. Where the minimiser is not enclosed, the prox is held to be
stationary, by certified slopes, and a lower objective is searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isfinite

from flint import arb

from symreg.verification.audit import consistency, sample_points
from symreg.verification.audit.disagreements import tally_of
from symreg.verification.audit.formula import ROUNDING, Formula, Tick, moved
from symreg.verification.audit.object import Operator
from symreg.verification.audit.one_weight import Indeterminate
from symreg.verification.comparison.failure import Failure, relative
from symreg.verification.comparison.tally import Tally
from symreg.verification.minimum.minimiser import Minimiser, NoMinimum, minimisers
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.slopes import slopes
from symreg.verification.report.numbers import distinguished, exact

_PATIENCE = 8  # minimisers of one step that are not enclosed before no more are asked for
_GROSS = 1e-6  # a part of the objective that no rounding of the inputs moves it by


def check_prox(
    operator: Operator, formula: Formula, steps: Iterable[float], count: int, rtol: float, tick: Tick
) -> tuple[Tally, tuple[str, ...]]:
    """Compare the object's prox with the global minimiser; return what was left out as notes, too."""
    tally, notes = tally_of(operator, "prox"), []
    judge = _Judge(formula=formula, exact=minimisers(formula.terms, formula.parameters), rtol=rtol)
    searched = 0
    for step in steps:
        patience = _PATIENCE
        try:
            for v, got in sample_points.images(operator, formula.sizes, step, count):
                tick()
                minimiser = judge.minimiser(v, step) if patience else None
                at = {"v": v, "step": step}
                if minimiser is None:
                    patience -= patience > 0
                    searched += 1
                    failure = judge.unsettled(v, step, got)
                    if failure is None:
                        consistency.judge_image(tally, formula.table(), at, got, whose="")
                    else:
                        tally.disagree(failure, step)
                elif isinstance(got, str):
                    tally.disagree(Failure(at=at, got=None, expected=float(minimiser.value), error=inf, note=got), step)
                elif (failure := judge.failure(v, step, got, minimiser)) is not None:
                    tally.disagree(failure, step)
                else:
                    nearest = float(judge.nearest(got, minimiser))
                    tally.agree(0.0 if abs(got - nearest) <= ROUNDING else relative(got, nearest, v), step)
        except NoMinimum as reason:
            notes.append(f"prox is not judged at step = {exact(step)}: {reason}")
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
        enclosed = self.exact(v, step)
        if enclosed is None or not enclosed.ties:
            return enclosed
        known: list[tuple[float, arb]] = []
        for one in (enclosed.value, *enclosed.ties):
            height = self.objective(float(one), v, step)
            if height is not None and isfinite(height):
                known.append((height, one))
        if not known:
            return None
        least = min(height for height, _ in known)
        kept = [m for height, m in known if height - least <= ROUNDING * self.size(float(m), float(m), v, step)]
        return replace(enclosed, value=kept[0], ties=tuple(kept[1:]), curvature=arb.nan())

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
            return Failure(at=at, got=got, expected=right, error=inf)
        small = self.rtol * max(abs(right), abs(v)) + ROUNDING
        if abs(got - float(self.nearest(got, found))) <= small:
            return None
        own, least = self.objective(got, v, step), self.objective(right, v, step)
        note = ""
        if own is not None and least is not None and own > least:
            lower, upper = distinguished(least, own)
            note = f"step*phi(u) + (u - v)**2/2 is {upper} at {exact(got)}, {lower} at {distinguished(right, got)[0]}"
        is_gross = own is not None and least is not None and own - least > _GROSS * self.size(got, right, v, step)
        if not is_gross and self.is_explained(v, step, got, found):
            return None
        return Failure(at=at, got=got, expected=right, error=relative(got, right, v), note=note)

    def objective(self, u: float, v: float, step: float) -> float | None:
        """Return step*phi(u) + (u - v)^2/2."""
        value = self.formula.value(u)
        if value is None or value.is_nan():
            return None
        return float(arb(step) * value + (arb(u) - arb(v)) ** 2 / 2) if value.is_finite() else inf

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
        part = max(self.rtol, ROUNDING)
        at = float(found.value)
        if not found.at_knot:
            pull = self.pull(at)
            if pull is not None and found.curvature > 0:
                shift = part * (abs(v) + step * max(map(abs, pull))) + step * self.pull_shift(at)
                if abs(got - at) <= part * abs(at) + 2 * shift / float(found.curvature):
                    return True
        pull = self.pull(got)
        own, least = self.objective(got, v, step), self.objective(at, v, step)
        if pull is None or own is None or least is None:
            return False
        size = max(abs(x) for x in pull if isfinite(x)) if any(map(isfinite, pull)) else 0.0
        slack = part * (abs(v) + abs(got) + step * size)
        is_stationary = got + step * pull[0] - slack <= v <= got + step * pull[1] + slack
        return is_stationary and own - least <= part * self.size(got, at, v, step)

    def unsettled(self, v: float, step: float, got: float | str) -> Failure | None:
        """Return what is wrong with a prox that is near no stationary point, where its minimiser is not known.

        It is near one if u + step*phi'(u) passes v within `rtol` of it, of the greater of it and of the input.
        """
        if isinstance(got, str) or not isfinite(got) or not self.formula.holds(got):
            return None
        reach = self.rtol * max(abs(got), abs(v)) + ROUNDING
        sides: list[float] = []  # of u + step*phi'(u), a little below and a little above
        for side, u in ((-1, got - reach), (1, got + reach)):
            if not self.formula.holds(u):
                sides.append(side * inf)
                continue
            pull = self.pull(u)
            if pull is None:
                return None
            sides.append(u + step * pull[0 if side < 0 else 1])
        slack = (
            8 * 2.0**-52 * (abs(got) + abs(v) + max((abs(side - got) for side in sides if isfinite(side)), default=0.0))
        )
        if sides[0] - slack <= v <= sides[1] + slack:
            return None
        known = self.formula.table()
        best = known.minimum(v, step)
        try:
            if best is None or known.lower(got, v, step) is not None:
                return None  # the search has more to say
        except Indeterminate:
            return None
        at, right = {"v": v, "step": step}, float(f"{best:.7g}")
        note = f"u + step*phi'(u) is about {sides[0]:.9g} there, where it should be v"
        return Failure(at=at, got=got, expected=right, error=relative(got, best, v), note=note)

    def pull(self, u: float, parameters: Mapping[str, Exact] | None = None) -> tuple[float, float] | None:
        """Return the least and the greatest slope of phi at u; None where it has none."""
        slope = slopes(self.formula.terms, parameters or self.formula.parameters)([u], 0)
        if slope is None or slope.value.is_nan():
            return None
        return float(slope.low), float(slope.high)

    def pull_shift(self, u: float) -> float:
        """Return how far rounding of the parameters moves the slope of phi at u."""
        total = 0.0
        unmoved = self.pull(u)
        for name, number in self.formula.parameters.items():
            for other in moved(number, ROUNDING):
                if all(other in p.domain for p in self.formula.terms.parameters if p.name == name):
                    changed = self.pull(u, {**self.formula.parameters, name: Fraction(other)})
                    if changed is not None and unmoved is not None and isfinite(changed[0] - unmoved[0]):
                        total += abs(changed[0] - unmoved[0])
        return total
