"""What a gradient step does to a negative and to a positive weight, and up to which step size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from symreg.calculus.analysis import Analysis
from symreg.calculus.domains.gaps import Gaps
from symreg.calculus.evaluation.high_precision import Values, evaluate, samples
from symreg.calculus.evaluation.spans import DISTANCE, along, middle
from symreg.calculus.pieces.one_sided import beside
from symreg.calculus.signs.limits import grouped
from symreg.calculus.signs.roots import knots_of, roots
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE, NONPOSITIVE, is_imaginary, sign_of
from symreg.calculus.symbolic.simplify import simplify
from symreg.derivation.model import Direction, Sign
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import ZERO, W, has_w, negative, numeric, plus, power, size, total
from symreg.expressions.tree import Binary, Call, Compare, Logic, Tree, number, substitute, walk
from symreg.model.domain import Domain
from symreg.model.interval import Interval, inside
from symreg.model.spec import Parameter


def directions(analysis: Analysis) -> tuple[Direction, ...]:
    """Return the sign of phi' on each side of zero, piece by piece, equal neighbours as one; negative side first.

    Nothing is said of weights outside the domain, and of those at which the formula has no value only that.
    """
    parts, parameters = analysis.addends, analysis.parameters
    gradient, holes = total([part.simplified for part in parts]), _Holes.of(analysis)
    made: list[Direction] = []
    sides: tuple[tuple[Literal["negative", "positive"], int], ...] = (("negative", -1), ("positive", 1))
    for word, side in sides:
        rows = _merged(list(_pieces(gradient, parameters, holes, side)))
        if any(sign == "undecided" for sign, _, _ in rows) and any(d.names for d in holes.domains):
            # Where the domain ends among the zeros, or on which side of zero, depends on the parameters.
            widened = replace(holes, domains=holes.hulls(parameters))
            rows = _merged(list(_pieces(gradient, parameters, widened, side)))
        if any(sign == "undecided" for sign, _, _ in rows) and len(parts) > 1 and holes.are_whole_sides(parameters):
            each = ({sign for sign, _, _ in _pieces(p.simplified, p.term.parameters, holes, side)} for p in parts)
            rows = [(_sign_of_sum(each), None, None)]
        made += [Direction(side=word, sign=sign, where=_region(low, high, side)) for sign, low, high in rows]
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holes:
    """Where a sum has no value: outside its domains, and in the gaps of its addends' formulas."""

    domains: tuple[Domain, ...]
    gaps: tuple[Gaps, ...]

    @classmethod
    def of(cls, analysis: Analysis) -> _Holes:
        domains = dict.fromkeys(term.domain for term in analysis.terms.terms)
        return cls(domains=tuple(domains), gaps=analysis.gaps)

    def hulls(self, parameters: tuple[Parameter, ...]) -> tuple[Interval, ...]:
        """Return the least domains with numbers for ends that hold these for all parameters."""
        ranges = {p.name: p.domain for p in parameters}
        return tuple(dict.fromkeys(domain.hull(ranges) for domain in self.domains))

    def are_whole_sides(self, parameters: tuple[Parameter, ...]) -> bool:
        """May there be a value at every weight of a side of zero, or at none?"""
        hulls = self.hulls(parameters)
        return not any(self.gaps) and all(end in (None, 0) for d in hulls for end in (d.low, d.high))

    @property
    def ends(self) -> tuple[Tree, ...]:
        """The weights between which there is a value everywhere or nowhere."""
        ends = [end for d in self.domains for end in (d.lower, d.upper) if end is not None]
        return tuple(dict.fromkeys((*ends, *(end for found in self.gaps for end in found.ends))))

    @property
    def poles(self) -> tuple[Tree, ...]:
        """Single weights without a value."""
        return tuple(point for found in self.gaps for point in found.points)

    @property
    def is_listed(self) -> bool:
        """Is it known of every weight whether there is a value?"""
        return not any(found.conditions for found in self.gaps)

    def are_beyond(self, weight: Tree, row: Values) -> bool:
        """Does a weight lie outside a domain?"""
        return not all(_is_between(weight, d.lower, d.upper, row) for d in self.domains)

    def hold(self, weight: Tree, row: Values) -> bool:
        """Does a weight lie in a gap?"""
        return any(_is_between(weight, low, high, row) for found in self.gaps for low, high in found.regions)


def _is_between(weight: Tree, low: Tree | None, high: Tree | None, row: Values) -> bool:
    at = evaluate(weight, row)
    return (low is None or bool(evaluate(low, row) < at)) and (high is None or bool(at < evaluate(high, row)))


def _sign_of_sum(each: Iterable[set[Sign]]) -> Sign:
    """Return the sign of a sum from the signs that each addend has on a whole side; asks no further than it must."""
    found: set[Sign] = set()
    is_strict = False
    for signs in each:
        found |= signs
        if not any(found <= set(one_sign) for one_sign in (NONNEGATIVE, NONPOSITIVE)):
            return "undecided"
        is_strict |= signs <= {"positive"} or signs <= {"negative"}
    if found <= {"zero"}:
        return "zero"
    if found <= set(NONNEGATIVE):
        return "positive" if is_strict else "nonnegative"
    return "negative" if is_strict else "nonpositive"


Piece = tuple[Sign, Tree | None, Tree | None]
"""A sign, and the magnitudes between which it holds (None: 0, or infinity)."""


def _pieces(gradient: Tree, parameters: tuple[Parameter, ...], holes: _Holes, side: int) -> Iterator[Piece]:
    """Yield the pieces of one side, from zero outwards; a pole as a piece of no length."""
    row, hulls = samples(parameters)[0], holes.hulls(parameters)
    if any(d.low is not None and d.low >= 0 if side < 0 else d.high is not None and d.high <= 0 for d in hulls):
        return
    try:
        ends = _between((*knots_of(gradient, parameters), *holes.ends), None, None, side, parameters)
    except NotDifferentiable:
        ends = None
    if ends is None:
        yield ("undecided", None, None)
        return
    poles = _between(holes.poles, None, None, side, parameters) or ()
    for low, high in pairwise((None, *ends, None)):
        inner = middle(*_span(low, high, side))
        if low in poles:
            yield ("undefined", low, low)
        if holes.are_beyond(inner, row):
            continue
        if holes.hold(inner, row):
            yield ("undefined", low, high)
            continue
        for sign, start, end in _signs_between(gradient, low, high, side, parameters):
            yield (sign if holes.is_listed or sign == "both" else "undecided", start, end)


def _between(
    positions: Iterable[Tree], low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]
) -> list[Tree] | None:
    """Return the magnitudes of the weights that lie between two magnitudes, ascending.

    None if it is not the same ones in the same order for all parameters.
    """
    inner: list[Tree] = []
    for position in positions:
        if is_imaginary(position, parameters):
            continue
        magnitude = simplify(position if side > 0 else negative(position), parameters)
        above = _difference(magnitude, low, parameters)
        if above in _ABOVE and (high is None or _difference(high, magnitude, parameters) in _ABOVE):
            inner.append(magnitude)
        elif above not in NONPOSITIVE and (high is None or _difference(high, magnitude, parameters) not in NONPOSITIVE):
            return None
    values = samples(parameters)[0]
    ordered = sorted(dict.fromkeys(inner), key=lambda end: evaluate(end, values))
    is_ordered = all(_difference(b, a, parameters) in _ABOVE for a, b in pairwise(ordered))
    return ordered if is_ordered else None


_ABOVE = ("positive", "nonnegative")


def _difference(a: Tree, b: Tree | None, parameters: tuple[Parameter, ...]) -> Sign:
    return sign_of(a if b is None else plus(a, negative(b)), parameters)


def _signs_between(
    gradient: Tree, low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]
) -> Iterator[Piece]:
    """Yield the signs of phi' between two magnitudes: one, or those between its zeros where these can be listed."""
    ends = _span(low, high, side)
    piece = simplify(beside(gradient, middle(*ends), side, samples(parameters)), parameters)
    sign = sign_of(substitute(piece, {W: along(*ends)}), parameters, positive=(DISTANCE.name,))
    if sign != "undecided":
        yield (sign, low, high)
        return
    try:
        zeros = _between(_changes(piece), low, high, side, parameters)
    except NotDifferentiable:
        zeros = None
    if zeros is not None:
        yield from ((_sign_at(piece, a, b, side, parameters), a, b) for a, b in pairwise((low, *zeros, high)))
    else:
        yield ("both" if _takes_both(piece, low, high, side, parameters) else "undecided", low, high)


def _changes(piece: Tree) -> list[Tree]:
    """Return every weight at which a smooth piece may change its sign: its zeros, its poles, and logarithms' ends.

    Raises:
        NotDifferentiable: They cannot be listed.
    """
    found = list(roots(piece))
    for node in walk(piece):
        match node:
            case Binary("/", _, below) if has_w(below):
                found += roots(below)
            case Binary("**", base, exponent) if has_w(base) and not (numeric(exponent) or -1) > 0:
                found += roots(base)
            case Call("log" | "log1p" as function, (argument,)) if has_w(argument):
                found += roots(argument if function == "log" else plus(number(1), argument))
            case Call("tan" | "where" | "sign" as function, _) if has_w(node):
                raise NotDifferentiable(f"{function} is not continuous")
            case _:
                pass
    return found


def _sign_at(piece: Tree, low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> Sign:
    """Return the sign of a piece that is continuous and not 0 between two magnitudes: it is the same everywhere.

    Where no coefficient in it can be 0 that holds for all parameters, whose domains are intervals; the samples only
    show which of the two signs it is. Else it has to be proved.
    """
    ends = _span(low, high, side)
    if not _keeps_its_shape(piece, parameters):
        return sign_between(piece, *ends, parameters)
    at = middle(*ends)
    values = [evaluate(piece, {**row, W: evaluate(at, row)}) for row in samples(parameters)]
    if all(value > 0 for value in values):
        return "positive"
    return "negative" if all(value < 0 for value in values) else "undecided"


def _keeps_its_shape(piece: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Has every coefficient in a piece one strict sign for all parameters, so that no addend is lost for some?"""
    sums = [piece, *(node for node in walk(piece) if isinstance(node, Binary) and node.operator in ("+", "-"))]
    scalars = (scalar for node in dict.fromkeys(sums) for scalar, _ in grouped(node, parameters))
    return all(sign_for_all(scalar, parameters) in ("positive", "negative", "zero") for scalar in scalars)


def _span(low: Tree | None, high: Tree | None, side: int) -> tuple[Tree | None, Tree | None]:
    """Return the weights between which those of two magnitudes on one side of zero lie."""
    near = low or ZERO
    return (near, high) if side > 0 else (None if high is None else negative(high), negative(near))


def _takes_both(piece: Tree, low: Tree | None, high: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> bool:
    """Is phi' positive somewhere and negative somewhere on the piece, at each of the samples? No, if it is long."""
    if size(piece) > _LONGEST_SAMPLED:
        return False
    moved = substitute(piece, {W: along(*_span(low, high, side))})
    elsewhere = tuple(replace(p, default=inside(p.domain)) for p in parameters)
    return all(_has_both_signs(moved, row) for row in (*samples(parameters), *samples(elsewhere)))


_LONGEST_SAMPLED = 60


def _has_both_signs(tree: Tree, values: Values) -> bool:
    signs = set()
    for k in range(-30, 31):
        found = evaluate(tree, {**values, DISTANCE: evaluate(power(number(10), number(Fraction(k, 6))), {})})
        signs.add((found > 0) - (found < 0))
        if {1, -1} <= signs:
            return True
    return False


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with neighbours of one sign joined, unless a pole lies between them."""
    made: list[Piece] = []
    for sign, low, high in pieces:
        if made and made[-1][0] == sign:
            made[-1] = (sign, made[-1][1], high)
        else:
            made.append((sign, low, high))
    return [piece for piece in made if piece[1] is None or piece[1] != piece[2]]


def _region(low: Tree | None, high: Tree | None, side: int) -> Tree | None:
    magnitude = W if side > 0 else Call("abs", (W,))
    ends = [Compare(">", magnitude, low)] if low is not None else []
    ends += [Compare("<", magnitude, high)] if high is not None else []
    return None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))
