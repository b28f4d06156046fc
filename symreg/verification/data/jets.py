"""A formula of one variable and its derivatives, as balls over whatever rounding of its inputs may make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flint import arb, arb_series

from symreg.expressions.tree import Tree
from symreg.model.interval import Interval
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Decide, Record, Undecided, following, sign, sign_of_the_germ
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.evaluate import Code, Scope, compiled
from symreg.verification.oracle.series import ORDER

_ULPS_OF_INPUT = 4


@dataclass(frozen=True, slots=True)
class Jet:
    """f, f' and f'' at one place, each a ball over all that is right."""

    value: arb
    slope: arb
    curvature: arb

    def at(self, order: int) -> arb:
        """Return the derivative of an order from 0 to 2."""
        return (self.value, self.slope, self.curvature)[order]

    def union(self, other: Jet) -> Jet:
        """Return the jet that holds both."""
        rows = zip((self.value, self.slope, self.curvature), (other.value, other.slope, other.curvature), strict=True)
        return Jet(*(own.union(others) for own, others in rows))


Jets = Callable[[arb, Mapping[str, Exact]], "Jet | None"]


def jets(tree: Tree, variable: str, domains: Sequence[Interval], parameters: Mapping[str, Exact], unit: int) -> Jets:
    """Return a formula as a function of its variable, a ball, and of the other names that change from call to call.

    Parameters and those names are moved by a few units in the last place: what rounding on the way amounts to. Where a
    ball holds a kink, both sides of it are in the result. None where nothing is certain, or outside the domains.

    Args:
        tree: As it was written.
        variable: Its name.
        domains: Of the variable.
        parameters: Exact, by name.
        unit: The format's rounding is 2**unit.
    """
    code = compiled(tree)
    exact = {name: ball(x) for name, x in parameters.items()}
    moved = {name: widened(x, unit) for name, x in exact.items()}

    def jet(x: arb, others: Mapping[str, Exact]) -> Jet | None:
        low, high = x.lower(), x.upper()
        if not x.is_finite() or not all(float(end) in domain for domain in domains for end in (low, high)):
            return None
        at = {name: ball(y) for name, y in others.items()}
        names = {**moved, **{name: widened(y, unit) for name, y in at.items()}}
        try:
            return _jet(code, {**names, variable: arb_series([x, arb(1)], ORDER)}, sign)
        except Undecided:
            pass
        sides: list[Jet] = []
        for end, side in ((low, -1), (high, 1)):  # the branch that holds beside the ball, over all of the ball
            record = Record(sign_of_the_germ)
            try:
                code(Scope({**exact, **at, variable: arb_series([end, arb(side)], ORDER)}, decide=record))
                branch = {**names, variable: arb_series([x, arb(1)], ORDER)}
                sides.append(_jet(code, branch, following(record.taken)))
            except Undecided:
                return None
        return sides[0].union(sides[1])

    return jet


def widened(x: arb, unit: int) -> arb:
    """Return a number with room for a few units in the last place of a format; 0 is exact."""
    return x if x.is_zero() else x + arb(0, 1) * (abs(x) * arb((_ULPS_OF_INPUT, unit))).abs_upper()


def _jet(code: Code, names: Mapping[str, object], decide: Decide) -> Jet:
    result = code(Scope(dict(names), decide=decide))
    return Jet(series.constant(result), series.derivative(result, 1), 2 * series.derivative(result, 2))
