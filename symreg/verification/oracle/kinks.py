"""Where an elementwise penalty changes its formula: found by bisecting the float64 numbers with balls.

Takes the switches of the trees as they were written and a set of parameter values; hands on the floats at or next to
each root. It shares no knots and no formulas with what emitted the code under test.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, arb_series, ctx

from symreg.expressions.tree import Binary, Call, Name, Tree, names
from symreg.model.interval import Interval
from symreg.model.terms import Term
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Undecided, sign_or_hull
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.polynomial import sign_on
from symreg.verification.oracle.scaled import Scaled
from symreg.verification.oracle.switches import switches

_BITS = 160  # decides any two neighbouring floats apart, with products of parameters exact
_MORE_BITS = 1280  # decides exp(w) from 1 for every float but 0
_OCTAVE = 1 << 52  # places between a float and its double: narrower intervals gain nothing from exact terms
_MOST_TOUCHED = 64  # pairs of neighbouring floats with one sign between which a switch may touch 0, as (w - 1)**2 does
_BUDGET = 6000  # interval evaluations for one switch; past it the rest is left out (it only places sample points)


@dataclass(frozen=True, slots=True)
class Kink:
    """A root of a switch.

    Args:
        below: The greatest float that is not above it.
        above: The least float that is not below it; the same float if the root is one.
        is_fixed: Is its switch that of `w` or `abs(w)` and one number or parameter, or without any parameter, so that
            emitted code has no rounding in it?
    """

    below: float
    above: float
    is_fixed: bool

    @property
    def is_float(self) -> bool:
        """Is the root itself a float?"""
        return self.below == self.above


def kinks(terms: Sequence[Term], parameters: Mapping[str, Any]) -> tuple[Kink, ...]:
    """Return the kinks of the elementwise terms over all finite floats, in order, as far as the budget goes."""
    return _kinks(terms, parameters)[0]


def every_kink(terms: Sequence[Term], parameters: Mapping[str, Any]) -> tuple[Kink, ...] | None:
    """Return the kinks of the elementwise terms over all finite floats, in order; None if there may be more."""
    kinks_found, is_complete = _kinks(terms, parameters)
    return kinks_found if is_complete else None


def _kinks(terms: Sequence[Term], parameters: Mapping[str, Any]) -> tuple[tuple[Kink, ...], bool]:
    found: dict[tuple[float, float], Kink] = {}
    known = {name: ball(value) for name, value in parameters.items()}
    exact = {name: Fraction(value) for name, value in parameters.items()}
    is_complete = True
    with ctx.workprec(_BITS):
        for term in terms:
            for switch in switches(term.tree):
                used = names(switch)
                if "w" not in used:
                    continue
                roots, are_all = _roots(_Switch(switch, known, exact), term.domain.at(parameters))
                is_complete = is_complete and are_all
                for below, above in roots:
                    is_fixed = used == {"w"} or (below == above == 0.0) or _is_plain(switch)
                    key = (below, above)
                    found[key] = Kink(below, above, is_fixed and (key not in found or found[key].is_fixed))
    return tuple(found[key] for key in sorted(found)), is_complete


def _is_plain(switch: Tree) -> bool:
    """Does the switch compare `w` or `abs(w)` with a parameter as it stands?"""
    match switch:
        case Binary("-", Name("w") | Call("abs", (Name("w"),)), Name()):
            return True
        case Binary("-", Name(), Name("w") | Call("abs", (Name("w"),))):
            return True
        case _:
            return False


def ordinal(x: float) -> int:
    """Return the place of a float among all floats: neighbours differ by 1, both zeros are 0."""
    bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def from_ordinal(place: int) -> float:
    """Return the float at a place."""
    x: float = struct.unpack("<d", struct.pack("<q", abs(place)))[0]
    return x if place >= 0 else -x


_GREATEST = ordinal(1.7976931348623157e308)
_SIZES = tuple(map(ordinal, (5e-324, 1e-9, 1e-3, 1.0, 30.0, 1e3, 1e9, 1.7976931348623157e308)))
_IN_TURN = (6, 0, 5, 1, 4, 3, 2)  # ranges between sizes, the last looked at first: far out a switch may take the budget


class _Switch:
    """A switch for one set of parameters, as a function of intervals of floats."""

    def __init__(self, tree: Tree, parameters: Mapping[str, arb], exact: Mapping[str, Fraction]) -> None:
        self._tree, self._code, self._exact = tree, compiled(tree), exact
        self._scope = Scope({**parameters}, decide=sign_or_hull)

    def is_decided(self, low: int, high: int) -> bool:
        """Has it surely one sign, or is it zero throughout, between two places of floats?"""
        ends = from_ordinal(low), from_ordinal(high)
        value = self._over(_hull(*ends))
        if value > 0 or value < 0:
            return True
        if self._is_decided_at_an_end(low, high):
            return True
        if high - low > _OCTAVE:
            return sign_on(self._tree, self._exact, *ends) is not None
        with ctx.workprec(_MORE_BITS):
            value = self._over(_hull(*ends))
            return bool(value > 0 or value < 0)

    def _over(self, weight: arb) -> arb:
        self._scope.names["w"] = weight
        value: arb = self._code(self._scope)
        return value

    def _is_decided_at_an_end(self, low: int, high: int) -> bool:
        """Is the switch an exponential of certain sign, or one that rises from above zero, or stays below it, or falls?

        `exp(w) - 1` far out has no useful ball, and next to zero many intervals would be needed.
        """
        around = arb_series([_hull(from_ordinal(low), from_ordinal(high)), arb(1)], 2)
        try:
            over = self._code(Scope({**self._scope.names, "w": around}))
        except Undecided:
            return False
        if isinstance(over, Scaled) and (over.factor[0] > 0 or over.factor[0] < 0):
            return True
        ends = over.derivative(1) if isinstance(over, Scaled) else (series.slope(over),) * 2
        if ends[0] > 0:
            return self.sign(low) == 1 or self.sign(high) == -1
        return bool(ends[1] < 0) and (self.sign(high) == 1 or self.sign(low) == -1)

    def sign(self, place: int) -> int | None:
        """Return the certain sign at the float of a place; None: not decided."""
        with ctx.workprec(_MORE_BITS):
            value = self._over(arb(from_ordinal(place)))
            return 0 if value.is_zero() else 1 if value > 0 else -1 if value < 0 else None


def _roots(switch: _Switch, domain: Interval) -> tuple[list[tuple[float, float]], bool]:
    """Return each root in a domain as the floats around it (twice the same where it is one), and if these are all."""
    least = -_GREATEST if domain.low is None else ordinal(float(domain.low))
    most = _GREATEST if domain.high is None else ordinal(float(domain.high))
    # An open end is no place to look at: there the switch need not have a value, and no sign would show.
    least += Fraction(from_ordinal(least)) not in domain
    most -= Fraction(from_ordinal(most)) not in domain
    spent, is_complete = 0, True
    roots: list[tuple[float, float]] = []
    touched: list[tuple[float, float]] = []
    ranges = [(_SIZES[k], _SIZES[k + 1]) for k in _IN_TURN]
    parts = [part for low, high in ranges for part in ((low, high), (-high, -low))] + [(0, 0)]
    waiting = [(max(low, least), min(high, most)) for low, high in parts if max(low, least) <= min(high, most)]
    while waiting and spent < _BUDGET:
        low, high = waiting.pop()
        spent += 1
        if switch.is_decided(low, high):
            continue
        signs = (switch.sign(low), switch.sign(high)) if high - low <= _OCTAVE else (0, 0)
        if signs == (None, None):
            is_complete = False  # as where it overflows, or runs to 0: no root shows
        elif high - low > 1:
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]
        elif signs[0] == 0 or signs[1] == 0:
            roots += [(x, x) for x, sign in zip(map(from_ordinal, (low, high)), signs, strict=True) if sign == 0]
        elif None in signs or signs[0] != signs[1]:
            roots.append((from_ordinal(low), from_ordinal(high)))
        else:
            touched.append((from_ordinal(low), from_ordinal(high)))
    if len(touched) <= _MOST_TOUCHED:
        roots += touched
    else:
        is_complete = False  # a switch whose balls are too wide to tell, as far out, touches nothing
    exact = {x for x, y in roots if x == y}
    return [
        pair for pair in dict.fromkeys(roots) if pair[0] == pair[1] or not exact & set(pair)
    ], is_complete and not waiting


def _hull(low: float, high: float) -> Any:
    return arb(low) if low == high else arb(low).union(arb(high))
