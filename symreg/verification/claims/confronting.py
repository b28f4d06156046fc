"""Try verdicts on a penalty, and what a derivation says, at many points; what contradicts them is symreg's mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from flint import ctx

from symreg.expressions.tree import Tree, names
from symreg.model.spec import Parameter, Rule
from symreg.model.terms import Terms
from symreg.verification.claims.checks import CHECKS, OTHERWISE, Found
from symreg.verification.claims.data import Claimed, Row, Sign
from symreg.verification.claims.function import BITS, truth
from symreg.verification.claims.place import Place
from symreg.verification.claims.points import rows, where_true
from symreg.verification.claims.refutations import unconfirmed
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.evaluate import evaluate

_MOST = 4
"""Sets of parameters at which a claim is looked at."""
_LEAST_STEP = Fraction(1, 2**60)


class Contradicted(Exception):
    """A verdict that a sample contradicts: a mistake in what proved it, never a verdict."""


def confront(terms: Terms, verdicts: Iterable[Claimed]) -> None:
    """Look for what contradicts verdicts on a penalty.

    Args:
        terms: The penalty as it was written.
        verdicts: In any order; claims without a check of their own, and undecided ones, are passed over.

    Raises:
        Contradicted: Names the claim, the point, and what was found there.
    """
    looked = _Looked(terms)
    with ctx.workprec(BITS):
        for claimed in verdicts:
            found = looked.at(claimed)
            if found is not None:
                raise Contradicted(f"'{claimed.claim}' is {claimed.verdict}, but {found}")


def confront_chain(terms: Terms, rule: Rule, signs: Sequence[Sign], bounds: Sequence[tuple[str, Tree]]) -> None:
    """Look for what contradicts a derivation's sentences on where a step leads.

    Args:
        terms: The penalty, elementwise.
        rule: Of the step, told apart from the penalty.
        signs: Of the slope, on parts of both sides of 0.
        bounds: `no overshoot` or `contraction`, and the condition for which it is claimed.

    Raises:
        Contradicted: Names the sentence, the point, and what was found there.
    """
    looked = _Looked(terms)
    with ctx.workprec(BITS):
        for place in looked.places(None):
            for sign in signs:
                _confront_sign(place, sign)
            for claim, condition in bounds:
                for row in _greatest(place.row, rule, condition):
                    _confront_step(place, rule, row, claim)


class _Looked:
    """The places at which a penalty was looked at, each made once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.rows = rows(terms.parameters)
        self._places: dict[tuple[Fraction, ...], Place] = {}

    def place(self, row: Row) -> Place:
        key = tuple(row.values())
        if key not in self._places:
            self._places[key] = Place(self.terms, row)
        return self._places[key]

    def places(self, condition: Tree | None) -> tuple[Place, ...]:
        """Return some at which a condition holds, for some steps at least."""
        used: Iterable[str] = () if condition is None else names(condition) & {"lr", "step"}
        steps = dict.fromkeys(used, _LEAST_STEP)
        found = where_true(({**row, **steps} for row in self.rows), condition, _MOST)
        return tuple(self.place({name: x for name, x in row.items() if name not in steps}) for row in found)

    def at(self, claimed: Claimed) -> Found:
        """Return what contradicts one verdict."""
        check = CHECKS.get(claimed.claim)
        if check is None or claimed.verdict == "undecided":
            return None
        if claimed.verdict == "refuted":
            return unconfirmed(self.terms, claimed)
        for place in self.places(claimed.holds_iff):
            found = check(place, claimed)
            if found is not None:
                return f"{found}{_at(place.row)}"
        if claimed.verdict == "conditional":
            return self._otherwise(claimed) or unconfirmed(self.terms, claimed)
        return None

    def _otherwise(self, claimed: Claimed) -> Found:
        """Return where a claim holds although its condition does not."""
        check = OTHERWISE.get(claimed.claim)
        failing = [row for row in self.rows if check is not None and truth(claimed.holds_iff, row) is False]
        for row in failing[:_MOST]:
            found = None if check is None else check(self.place(row), claimed)
            if found is not None:
                return f"{found}{_at(row)}"
        return None


def _confront_sign(place: Place, said: Sign) -> None:
    """Compare the slope's sign at samples with what is said of it."""
    excluded = _EXCLUDED.get(said.sign)
    if excluded is None:
        return
    for (weight,), _, slope in place.slopes:
        is_meant = weight * said.side > 0 and truth(said.where, {**place.row, "w": weight})
        if is_meant and excluded(slope):
            where = "below" if said.side < 0 else "above"
            found = f"w = {float(weight):.8g}: it is {slope.str(8)}{_at(place.row)}"
            raise Contradicted(f"the slope {where} 0 is said to be {said.sign}, but at {found}")


_EXCLUDED = {
    "negative": lambda slope: slope >= 0,
    "nonpositive": lambda slope: slope > 0,
    "zero": lambda slope: slope != 0,
    "nonnegative": lambda slope: slope < 0,
    "positive": lambda slope: slope <= 0,
    "undefined": lambda slope: slope.is_finite(),
}


def _greatest(row: Row, rule: Rule, condition: Tree) -> Iterator[Row]:
    """Yield values of the rule's parameters at which a condition holds, one of them as great as it may be."""
    tried = rows(rule.parameters)[:_MOST]
    for parameter in rule.parameters:
        others = dict.fromkeys(tuple((name, x) for name, x in at.items() if name != parameter.name) for at in tried)
        for at in others:
            yield from _with_greatest(parameter, {**row, **dict(at)}, condition)


def _with_greatest(parameter: Parameter, row: Row, condition: Tree) -> tuple[Row, ...]:
    """Return a row with the greatest size of a parameter at which a condition holds, if there is one.

    By powers of two first, then by eighths of the one that is found; by all eighths where it holds at no power.
    """

    def holding(sizes: Iterable[Fraction]) -> tuple[Row, ...]:
        return where_true(({**row, parameter.name: size} for size in sizes if size in parameter.domain), condition, 1)

    for at_power in holding(_POWERS):
        return holding(at_power[parameter.name] * eighths for eighths in _EIGHTHS)
    return holding(power * eighths for power in _POWERS for eighths in _EIGHTHS)


_POWERS = tuple(Fraction(2) ** k for k in range(40, -41, -1))
_EIGHTHS = tuple(Fraction(eighths, 8) for eighths in range(15, 7, -1))
"""Sizes of a step, the greatest first: powers of two, and what they are multiplied by."""


def _confront_step(place: Place, rule: Rule, row: Row, claim: str) -> None:
    """Take the rule's step with the loss's gradient at 0 and see whether it does what is claimed."""
    (step,) = rule.steps
    for (weight,), _, slope in place.slopes:
        at = {**row, "w": weight, "g": slope, "g_penalty": slope, "g_loss": Fraction(0)}
        moved = evaluate(step.expression, at, precision=BITS)
        is_across = moved * ball(weight) < 0
        is_farther = abs(moved) > abs(ball(weight))
        if is_across if claim == "no overshoot" else is_farther:
            found = f"from w = {float(weight):.8g} to {moved.str(8)}{_at(row)}"
            raise Contradicted(f"'{claim}' is claimed of the step, but it leads {found}")


def _at(row: Row) -> str:
    return f" at {', '.join(f'{name} = {float(value):.8g}' for name, value in row.items())}" if row else ""
