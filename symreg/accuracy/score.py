"""Score forms of an expression: the worst error at fixed points, as a share of what an emitted value may be off.

Takes the expression as the rules give it, and other forms of it. An emitted e for an exact f may be off by 4 ulp(f),
by what f moves when each input moves by 4u of itself, and by an underflow floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from flint import arb, ctx

from symreg.accuracy.cost import Interner
from symreg.accuracy.rounding import GREATEST, Column, Precision, RoundedEvaluator, singles, ulp
from symreg.calculus.evaluation.balls import Exact, Undecided, compiled
from symreg.expressions.tree import Tree

BITS = (160, 700, 2600)
"""Precisions at which a value is tried until it is known; 1e-150 squared beside 1 needs a thousand bits."""

_UNIT: dict[Precision, int] = {"float64": -53, "float32": -24}
_FLOOR: dict[Precision, float] = {"float64": math.ldexp(1.0, -970), "float32": math.ldexp(1.0, -103)}
_PROMISED: dict[Precision, float] = {"float64": math.ldexp(1.0, 499), "float32": math.ldexp(1.0, 60)}
_LIKELY = 0.5  # of 4 ulp: below it, what the inputs allow on top need not be known


@dataclass(slots=True)
class Point:
    """Inputs, all exact, and the exact value there.

    Args:
        values: By name.
        is_single: Is the weight a number of single precision, within the range promised for it?
        bits: The precision at which the value is known.
        head: The value rounded to double precision.
        tail: What is missing in it.
    """

    values: dict[str, float]
    is_single: bool
    ball: arb
    bits: int
    head: float
    tail: float
    allowances: dict[Precision, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """How wrong a form is.

    Args:
        failures: Points at which it is off by more than it may be.
        strays: Points beyond the promised range at which it is NaN.
        worst: The greatest error as a share of what is allowed; inf for NaN or an overflow that should not be.
    """

    failures: int
    strays: int
    worst: float


class Trial:
    """An expression's exact values at points, and the arithmetic in which its forms are tried there."""

    def __init__(
        self, exact: Exact, inputs: tuple[str, ...], points: Sequence[Point], interner: Interner | None = None
    ) -> None:
        self.exact = exact
        self.inputs = inputs
        self.points = tuple(points)
        self.interner = interner or Interner()
        self.scores: dict[int, Score] = {}
        self.proofs: dict[int, bool] = {}
        self.groups: tuple[tuple[RoundedEvaluator, tuple[Point, ...]], ...] = tuple(
            (RoundedEvaluator(_columns(chosen, inputs), precision, self.interner), chosen)
            for precision, chosen in _by_precision(self.points)
            if chosen
        )

    def score(self, form: Tree) -> Score:
        """Return how wrong a form is at the points, in both precisions."""
        number = self.interner.number(form)
        found = self.scores.get(number)
        if found is None:
            shares, strays = [], 0
            for evaluator, points in self.groups:
                for share, point in zip(self.shares(form, evaluator, points), points, strict=True):
                    if is_promised(point, evaluator.precision):
                        shares.append(share)
                    else:
                        strays += share > 0.0
            failures = sum(share > 1.0 for share in shares)
            found = self.scores[number] = Score(failures, strays, max(shares, default=0.0))
        return found

    def shares(self, form: Tree, evaluator: RoundedEvaluator, points: tuple[Point, ...]) -> list[float]:
        """Return the error at each point as a share of what is allowed there."""
        precision = evaluator.precision
        found = evaluator.at(form)
        if evaluator.is_single and not evaluator.varies(form):
            found = singles(found)
        return [self.share(value, point, precision) for value, point in zip(found, points, strict=True)]

    def share(self, value: float, point: Point, precision: Precision) -> float:
        """Return one error as a share of what is allowed."""
        if not is_promised(point, precision):
            return math.inf if value != value and not self.is_vague(point, precision) else 0.0
        if value != value:
            return math.inf
        if abs(point.head) > GREATEST[precision] and value == math.copysign(math.inf, point.head):
            return 0.0
        error = abs((value - point.head) - point.tail)
        allowed = 4.0 * ulp(point.head, precision) + _FLOOR[precision]
        if error <= _LIKELY * allowed:
            return error / allowed
        allowed += self.allowance(point, precision)
        if math.isinf(value):
            return 0.0 if abs(point.head) + allowed > GREATEST[precision] else math.inf
        return 0.0 if self.is_vague(point, precision) else error / allowed

    def is_vague(self, point: Point, precision: Precision) -> bool:
        """Is the value too ill-conditioned to say anything of a form?"""
        allowed = 4.0 * ulp(point.head, precision) + _FLOOR[precision] + self.allowance(point, precision)
        return allowed > abs(point.head) / 1000.0 and allowed > 1000.0 * _FLOOR[precision]

    def allowance(self, point: Point, precision: Precision) -> float:
        """Return what the value moves, in all, when each input moves by 4u of itself."""
        found = point.allowances.get(precision)
        if found is None:
            found = point.allowances[precision] = self._allowance(point, _UNIT[precision] + 2)
        return found

    def _allowance(self, point: Point, exponent: int) -> float:
        total = 0.0
        with ctx.workprec(point.bits + 64):
            at = {name: arb(point.values[name]) for name in self.inputs}
            for name in self.inputs:
                here = at[name]
                moved = 0.0
                for direction in (1, -1):
                    at[name] = here + direction * here * arb((1, exponent))
                    try:
                        distance = float(abs(self.exact(at) - point.ball).upper())
                    except Undecided:
                        continue
                    moved = max(moved, distance) if distance == distance else moved
                at[name] = here
                total += moved
        return total

    def proves(self, form: Tree) -> bool:
        """Is a form proved to have the same value at every point, to 2^-56 of it?"""
        number = self.interner.number(form)
        if number not in self.proofs:
            self.proofs[number] = self._proves(form)
        return self.proofs[number]

    def _proves(self, form: Tree) -> bool:
        code = compiled(form)
        for point in self.points:
            if not is_promised(point, "float64"):
                continue
            for extra in (64, 600, 2000):
                with ctx.workprec(point.bits + extra):
                    try:
                        value = code({name: arb(point.values[name]) for name in self.inputs})
                    except Undecided:
                        continue
                    off = abs(value - point.ball)
                    if math.isinf(point.head) or off <= abs(point.ball) * arb((1, -56)) or off < _FLOOR["float64"]:
                        break
            else:
                return False
        return True


def is_promised(point: Point, precision: Precision) -> bool:
    """Is the weight in the range for which accuracy is promised? Beyond it a form only must not be NaN."""
    return abs(point.values["w"]) <= _PROMISED[precision]


def known(exact: Exact, values: dict[str, float], is_single: bool) -> Point | None:
    """Return a point with its exact value, or None where there is none or it is not known."""
    for bits in BITS:
        with ctx.workprec(bits):
            try:
                ball = exact({name: arb(value) for name, value in values.items()})
            except Undecided:
                continue
            if not ball.is_finite():
                if ball == arb.pos_inf() or ball == arb.neg_inf():
                    return None
                continue
            size, radius = abs(ball).upper(), ball.rad()
            if radius * arb((1, 70)) <= size or size < _FLOOR["float64"] * 2.0**-20:
                head = float(ball)
                tail = float(ball - head) if math.isfinite(head) else 0.0
                return Point(values=values, is_single=is_single, ball=ball, bits=bits, head=head, tail=tail)
    return None


def _by_precision(points: tuple[Point, ...]) -> tuple[tuple[Precision, tuple[Point, ...]], ...]:
    return (("float64", points), ("float32", tuple(point for point in points if point.is_single)))


def _columns(points: tuple[Point, ...], inputs: tuple[str, ...]) -> dict[str, Column]:
    return {name: [point.values[name] for point in points] for name in ("w", *inputs)}
