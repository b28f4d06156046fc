"""The proximal operator as a function of balls: the minimiser at the middle of point and step, and how far it moves.

Takes the terms that a rule's operator takes and their parameters; hands on a function of balls for `prox(v, s)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from flint import arb

from symreg.expressions.tree import Binary, Call, Item, Name, Number, Subscript, Sum, Tree, substitute, transform
from symreg.model.interval import REAL
from symreg.model.terms import Terms
from symreg.verification.minimum.minimiser import Minimiser, MinimiserUnknown, NoMinimum, minimisers
from symreg.verification.oracle.ball import exactly
from symreg.verification.oracle.decisions import Undecided
from symreg.verification.oracle.derivatives import Exact

Operator: TypeAlias = "Callable[[arb, arb], arb]"

_SLACK_BITS = 20  # by which the minimiser's first order is exceeded: balls are narrower than 2**-180 where it counts
_NARROW = 2.0**-100  # of a point: balls no narrower than this hold what rounding makes of it
_SLACK_OF_WIDE = 2
_GREATEST = 1e300
_LONG_STEP = 2.0**60
_MOST_STEPS = 64  # for which one search is kept; where each weight has a step of its own they are of no more use


@lru_cache(maxsize=64)
def counted(terms: Terms, count: int) -> Terms:
    """Return terms in which the number of weights is the number that it is."""

    def change(node: Tree) -> Tree:
        return Number(Fraction(count)) if node == Name("n") else node

    return Terms(terms=tuple(replace(term, tree=transform(term.tree, change)) for term in terms.terms))


def operator(terms: Terms, parameters: Mapping[str, Exact], beside: arb | None = None) -> Operator:
    """Return `prox(v, s)` of elementwise terms or of functions of norm(w); of no terms, v itself.

    The result raises `MinimiserUnknown` where the minimiser is undetermined, not unique, or missing.

    Args:
        terms: Without `n`; see `counted`.
        beside: Of functions of norm(w), the sum of the squares of the points of all other weights; nothing for none.
    """
    if terms.grouped:
        return operator_in_group(terms, parameters, (), arb(1))
    used = {p.name for p in terms.parameters}
    profile = _profile(terms)
    along = _elementwise(profile, tuple((name, x) for name, x in sorted(parameters.items()) if name in used))
    return _radial(along, arb(0) if beside is None else beside) if terms.indexed else along


def operator_in_group(terms: Terms, parameters: Mapping[str, Exact], others: Sequence[arb], weight: arb) -> Operator:
    """Return `prox(v, s)` of a penalty over groups at one weight: first that of single weights, then of the norm.

    Args:
        terms: Over groups, and of single weights.
        parameters: Exact numbers by name.
        others: The points of the other weights of the group.
        weight: The group's c_g.
    """
    used = {p.name for p in terms.parameters}
    known = tuple((name, x) for name, x in sorted(parameters.items()) if name in used)
    single = _elementwise(Terms(terms=terms.elementwise), known)
    phis = (replace(term.phi, domain=REAL) for term in terms.grouped)
    size: dict[Tree, Tree] = {Name("w"): _SIZE}
    along = _elementwise(Terms(terms=tuple(replace(phi, tree=substitute(phi.tree, size)) for phi in phis)), known)

    def prox(v: arb, s: arb) -> arb:
        moved = single(v, s)
        squares = sum((single(other, s) ** 2 for other in others), moved**2)
        if weight.is_zero() or moved.is_zero():
            return moved
        whole = squares.sqrt()
        shrunk = along(whole, s * weight)
        if shrunk.is_zero():
            return arb(0)
        if not whole > 0:
            raise MinimiserUnknown
        return moved * (shrunk / whole)

    return prox


def has_minima(terms: Terms, parameters: Mapping[str, Exact]) -> bool:
    """Has the cost of the operator a minimum for every step, as far as a very long one tells?"""
    try:
        operator(terms, parameters)(arb(1), arb(_LONG_STEP))
    except NoMinimum:
        return False
    except Undecided:
        return True
    return True


def _radial(along: Operator, beside: arb) -> Operator:
    """Return the operator of phi(norm(w)) at one weight: its share of the whole, shrunk as the operator of phi does."""

    def prox(v: arb, s: arb) -> arb:
        whole = (v * v + beside).sqrt()
        shrunk = along(whole, s)
        if shrunk.is_zero():
            return arb(0)
        if not whole > 0:
            raise MinimiserUnknown
        return v * (shrunk / whole)

    return prox


@lru_cache(maxsize=64)
def _profile(terms: Terms) -> Terms:
    """Return elementwise terms as they are, and of functions of norm(w) the ones of a single weight that they are."""
    return Terms(terms=tuple(replace(term, tree=transform(term.tree, _of_one_weight)) for term in terms.terms))


def _of_one_weight(node: Tree) -> Tree:
    match node:
        case Call("norm", _):
            return _SIZE
        case Sum(Binary("**", Item("w", (subscript,)), Number(two)), index) if two == 2:
            return _SQUARE if subscript == Subscript(index) else node
        case Sum(Binary("*", Item("w", (subscript,)) as one, other), index) if one == other:
            return _SQUARE if subscript == Subscript(index) else node
        case Call("sqrt", (inner,)) if inner == _SQUARE:
            return _SIZE
        case Binary("**", inner, Number(half)) if inner == _SQUARE and half == Fraction(1, 2):
            return _SIZE
        case _:
            return node


_SIZE: Tree = Call("abs", (Name("w"),))
_SQUARE: Tree = Binary("**", Name("w"), Number(Fraction(2)))


@lru_cache(maxsize=256)
def _elementwise(terms: Terms, parameters: tuple[tuple[str, Exact], ...]) -> Operator:
    if not terms.terms:
        return lambda v, s: v
    if terms.indexed:
        return _unknown
    known = _Known(terms, dict(parameters))

    def prox(v: arb, s: arb) -> arb:
        if v.is_nan() or s.is_nan():
            return arb.nan()
        if not (abs(v) < _GREATEST and s > 0 and s < _GREATEST):
            raise MinimiserUnknown
        point, step = _middle(v), _middle(s)
        found = known.at(point, step)
        if v.is_exact() and s.is_exact():
            if found is None or (found.ties and not point):
                raise MinimiserUnknown  # the sign of a zero would tell
            return found.value
        if found is None or found.ties:
            raise Undecided
        # A step that is off by a part moves the minimiser as a point that is off by that part of its way would.
        off = v.rad() + abs(found.value - v) * s.rad() / s
        is_wide = not off < abs(v) * _NARROW
        if found.at_knot or is_wide:  # the operator never falls
            room = exactly((off * (_SLACK_OF_WIDE if is_wide else 1 << _SLACK_BITS)).upper())
            return _hull(found.value, known.at(point - room, step), known.at(point + room, step))
        return found.value + arb(0, 1) * (off / found.curvature * (1 << _SLACK_BITS)).abs_upper()

    return prox


def _unknown(v: arb, s: arb) -> arb:
    """Take the operator of what is neither elementwise nor a function of norm(w)."""
    raise MinimiserUnknown


class _Known:
    """The minimisers for one set of parameters; what is kept of them for each step is let go of now and then."""

    def __init__(self, terms: Terms, parameters: dict[str, Exact]) -> None:
        self._terms, self._parameters = terms, parameters
        self._search = minimisers(terms, parameters)
        self._steps: set[Exact] = set()

    def at(self, point: Exact, step: Exact) -> Minimiser | None:
        if len(self._steps) >= _MOST_STEPS and step not in self._steps:
            self._search = minimisers(self._terms, self._parameters)
            self._steps.clear()
        self._steps.add(step)
        return self._search(point, step)


def _hull(knot: arb, *others: Minimiser | None) -> arb:
    """Return a knot if it is what all others are, else a ball that holds all."""
    whole = knot
    for other in others:
        if other is None:
            raise Undecided
        if not (other.at_knot and other.value == knot):
            whole = whole.union(other.value)
    return whole


def _middle(x: arb) -> Fraction:
    return exactly(x.mid())
