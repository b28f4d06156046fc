"""Where a penalty's formula has no value: roots and logarithms of what is negative, and poles; and what to do about it.

The one place that decides it, for every command. A formula has a value where each of its requirements holds: `u >= 0`
under a root, `u > 0` under a logarithm, `u != 0` under a line. Their zeros cut the line into intervals, on each of
which a requirement holds everywhere or nowhere. What the sample parameters do not agree on is told as a condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, product
from math import ceil, floor
from typing import Any

from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, holds, interval_at, samples
from symreg.calculus.signs.roots import knots_of, roots
from symreg.calculus.signs.sign_of import is_imaginary
from symreg.calculus.symbolic.simplify import tidy
from symreg.errors import Intractable, NotDifferentiable, SpecError
from symreg.expressions.arithmetic import ONE, ZERO, W, call, power, rational, total, without_extrema
from symreg.expressions.formulas import Relation, requirement
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Sum,
    Tree,
    children,
    free_indices,
    names,
    number,
    rebuild,
    substitute,
    walk,
)
from symreg.model.domain import Domain, parse_domain
from symreg.model.interval import Interval
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms

Region = tuple[Tree | None, Tree | None]
"""An open interval of weights, its ends in ascending order; None for an infinite one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Where a formula has no value within its domain.

    Args:
        regions: Intervals of weights, ascending.
        points: Single weights between others at which it has one.
        conditions: What holds where it has none, of requirements that were not solved for the weight.
    """

    regions: tuple[Region, ...] = ()
    points: tuple[Tree, ...] = ()
    conditions: tuple[Tree, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.regions or self.points or self.conditions)

    @property
    def ends(self) -> tuple[Tree, ...]:
        """The weights at which a region begins or ends, and the single ones."""
        ends = (end for region in self.regions for end in region if end is not None)
        return tuple(dict.fromkeys((*ends, *self.points)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Requirement:
    """`argument relation 0`, which is asked where all the guards hold."""

    argument: Tree
    relation: Relation
    guards: tuple[Tree, ...]

    @property
    def trees(self) -> tuple[Tree, ...]:
        return (self.argument, *self.guards)

    def fails(self, values: Values, zero: Any = 0) -> bool:
        """Is it asked here, and does not hold? What is no greater than `zero` counts as 0."""
        if not all(holds(guard, values) for guard in self.guards):
            return False
        u = evaluate(self.argument, values)
        if abs(u) <= zero:
            return self.relation != ">="
        return bool(u == 0) if self.relation == "!=" else not u > 0


@lru_cache(maxsize=256)
def gaps(term: Term) -> Gaps:
    """Return where a term's formula has no value, as far as that can be told for all parameters alike."""
    known = {p.name: p for p in term.parameters} | {"w": Parameter(name="w", domain=_hull(term), default=0.0)}
    asked = [r for r in _requirements(without_extrema(term.tree), (), known) if not _is_met(r, known)]
    if not asked:
        return Gaps()
    of_one_weight = [_of_one_weight(r) for r in asked]
    alone = [r for r in of_one_weight if r is not None]
    solved = _solved(alone, term)
    conditions: list[Tree] = []
    if solved is None:
        conditions += [_condition(r) for r in alone if _fails_somewhere(r, term)]
    conditions += [
        _condition(r)
        for r, one in zip(asked, of_one_weight, strict=True)
        if one is None and _fails_for_a_vector(r, term)
    ]
    made = solved or Gaps()
    return Gaps(regions=made.regions, points=made.points, conditions=tuple(dict.fromkeys(conditions)))


def undefined_notes(terms: Terms) -> tuple[str, ...]:
    """Return a sentence for each term whose formula is not defined everywhere: where not, and what to add."""
    return tuple(dict.fromkeys(_told(term, _shortly(term)) for term in terms.terms if gaps(term)))


def undefined_note(value: Tree, domain: Domain, parameters: tuple[Parameter, ...]) -> str:
    """Return such a sentence for the value of one weight, "" where none is known to be due."""
    used = names(value).union(domain.names)
    term = Term(
        name="phi",
        coefficient=Fraction(1),
        tree=value,
        domain=domain,
        parameters=tuple(p for p in parameters if p.name in used),
    )
    return _told(term, "the formula") if gaps(term) else ""


_LONGEST = 60


def _shortly(term: Term) -> str:
    """Return a term's formula if it is short, else its name: never a part of it."""
    text = to_text(term.tree)
    return text if len(text) <= _LONGEST else term.name


def _told(term: Term, subject: str) -> str:
    """Return where a formula, called `subject`, has no value, and what to do about it."""
    found = gaps(term)
    parts = [f"for {_interval(*region)}" for region in found.regions]
    parts += [f"at w = {to_text(point)}" for point in found.points]
    parts += [f"where {_shown(condition)}" for condition in found.conditions]
    where = " and ".join(parts)
    domain = None if found.conditions else _domain(term, found)
    advice = "add a domain that leaves such weights out" if domain is None else f"add domain = '{domain}'"
    if not found.conditions and not _components(term, found):
        advice = "no interval of weights is left"
    return f"{subject} is not defined {where}; {advice}"


def _interval(low: Tree | None, high: Tree | None) -> str:
    if low is None or high is None:
        return f"w < {to_text(high)}" if high is not None else f"w > {to_text(low or ZERO)}"
    return f"{to_text(low)} < w < {to_text(high)}"


def _shown(condition: Tree) -> str:
    return to_text(condition).replace(" == ", " = ")


def natural_domain(term: Term) -> Interval | None:
    """Return the domain to add to a term whose formula has a value on one interval of weights, with ends in numbers."""
    found = gaps(term)
    if not found.regions or found.points or found.conditions or len(_components(term, found)) > 1:
        return None
    text = _domain(term, found)
    domain = None if text is None else parse_domain(text)
    return domain if isinstance(domain, Interval) else None


def on_natural_domains(terms: Terms) -> Terms:
    """Return terms in which each that has a natural domain has it: what is said of them is said of that."""
    made = ((term, natural_domain(term)) for term in terms.terms)
    return Terms(terms=tuple(term if d is None else replace(term, domain=d) for term, d in made))


def _domain(term: Term, found: Gaps) -> str | None:
    """Return an open interval on which a formula has a value, the one around 0 if there is one: as it can be typed."""
    row = samples(term.parameters)[0]
    components = _components(term, found)
    if not components:
        return None

    def lies(end: Tree | None, side: int) -> bool:
        return end is None or bool(side * evaluate(end, row) > 0)

    around = [(low, high) for low, high in components if lies(low, -1) and lies(high, 1)]
    above = [(low, high) for low, high in components if low is not None and not lies(low, -1)]
    low, high = (around or above or components[::-1])[0]
    text = f"({_end(low, 1)}, {_end(high, -1)})"
    try:
        parse_domain(text, [p.name for p in term.parameters])
    except SpecError:
        return None  # an end that is more than a parameter
    return text


def _end(end: Tree | None, inward: int) -> str:
    """Return an end of an interval in the notation of domains; of an irrational one three digits further inward."""
    if end is None:
        return "-inf" if inward > 0 else "inf"
    exact = rational(end)
    if exact is not None:
        return str(Interval(low=exact)).removeprefix("(").partition(",")[0] if exact else "0"
    if names(end):
        return to_text(end)
    value = float(evaluate(end, {}))
    places = 2 - int(f"{abs(value):e}".partition("e")[2])
    steps = ceil(value * 10.0**places) if inward > 0 else floor(value * 10.0**places)
    return f"{steps / 10.0**places:.{max(places, 0)}f}"


def _components(term: Term, found: Gaps) -> list[Region]:
    """Return the intervals within the domain on which a formula has a value, ascending."""
    taken: list[Region] = sorted(
        [*found.regions, *((point, point) for point in found.points)],
        key=lambda region: _place(region, samples(term.parameters)[0]),
    )
    low, high = term.domain.lower, term.domain.upper
    made: list[Region] = []
    start: Tree | None = low
    is_open = True
    for first, last in taken:
        if first is not None and (start is None or first != start):
            made.append((start, first))
        start, is_open = last, last is not None
    if is_open and (start is None or start != high):
        made.append((start, high))
    return made


def _place(region: Region, row: Values) -> Any:
    low, high = region
    return evaluate(low, row) if low is not None else evaluate(high if high is not None else ZERO, row) - 1


def _hull(term: Term) -> Interval:
    """Return the weights that lie in a term's domain for some parameters."""
    return term.domain.hull({p.name: p.domain for p in term.parameters})


def _requirements(tree: Tree, guards: tuple[Tree, ...], known: dict[str, Parameter]) -> Iterator[_Requirement]:
    """Yield what a formula needs to have a value; each once for every choice under which it stands."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            yield from _requirements(condition, guards, known)
            yield from _requirements(then, (*guards, condition), known)
            yield from _requirements(otherwise, (*guards, Logic("not", (condition,))), known)
            return
        case Call(function, (u,)) if (needed := requirement(function, u)) is not None:
            argument, relation = needed
            yield _Requirement(argument=argument, relation=relation, guards=guards)
        case Binary("/", _, below):
            yield _Requirement(argument=below, relation="!=", guards=guards)
        case Binary("**", base, exponent) if (of_base := _of_power(exponent, known)) is not None:
            yield _Requirement(argument=base, relation=of_base, guards=guards)
        case _:
            pass
    for child in children(tree):
        yield from _requirements(child, guards, known)


def _of_power(exponent: Tree, known: dict[str, Parameter]) -> Relation | None:
    """Return what a power needs of its base; of an exponent that may be anything, that it is positive."""
    value = rational(exponent)
    if value is not None and value.denominator == 1:
        return "!=" if value < 0 else None
    low, _, _ = bounds(exponent, known) if value is None else (value, value, True)
    return ">=" if low >= 0 else ">"


def _is_met(requirement: _Requirement, known: dict[str, Parameter]) -> bool:
    """Does it show that a requirement holds everywhere, or does it not depend on the weights?"""
    if not any(_is_of_weights(node) for node in walk(requirement.argument)):
        return True
    low, _, is_nonzero = bounds(requirement.argument, known)
    match requirement.relation:
        case ">=":
            return low >= 0
        case ">":
            return low > 0 or (low == 0 and is_nonzero)
        case _:
            return is_nonzero


def _is_of_weights(node: Tree) -> bool:
    return node == W or isinstance(node, Item) or (isinstance(node, Call) and node.function == "norm")


def _condition(requirement: _Requirement) -> Tree:
    """Return what holds where a requirement fails."""
    return Compare({">=": "<", ">": "<=", "!=": "=="}[requirement.relation], requirement.argument, ZERO)


def _of_one_weight(requirement: _Requirement) -> _Requirement | None:
    """Return a requirement on single weights over the bare `w`, or None if it is on several together."""
    nodes = [node for tree in requirement.trees for node in walk(tree)]
    atoms = {node for node in nodes if _is_of_weights(node) or isinstance(node, Sum)}
    if len(atoms) != 1:
        return None
    (atom,) = atoms
    if atom == W:
        return requirement
    if not (isinstance(atom, Item) and atom.array == "w"):
        return None
    argument, *guards = (substitute(tree, {atom: W}) for tree in requirement.trees)
    return _Requirement(argument=argument, relation=requirement.relation, guards=tuple(guards))


def _solved(asked: Sequence[_Requirement], term: Term) -> Gaps | None:
    """Return the gaps that requirements on one weight leave, or None if they are not the same for all parameters."""
    parameters, rows = term.parameters, samples(term.parameters)
    try:
        found = [root for r in asked for root in roots(r.argument)]
        found += [root for r in asked for tree in r.trees for root in knots_of(_as_number(tree))]
        tidied = [tidy(x, parameters) for x in found if not _is_never_real(x, parameters)]
    except (NotDifferentiable, Intractable):
        return None
    ordered = _ordered(tidied, rows)
    if ordered is None:
        return None
    low, high = term.domain.lower, term.domain.upper
    ends = _within(ordered, low, high, rows)
    if ends is None:
        return None
    cuts: list[Tree | None] = [low, *ends, high]
    tables = [[_fails(asked, _between(a, b, row), row) for a, b in pairwise(cuts)] for row in rows]
    dots = [[_fails(asked, evaluate(end, row), row, TINY) for end in ends] for row in rows]
    if any(table != tables[0] for table in tables) or any(row != dots[0] for row in dots):
        return None
    regions: list[Region] = []
    for (a, b), is_gone, goes_on in zip(pairwise(cuts), tables[0], (False, *dots[0]), strict=True):
        if is_gone and goes_on and regions and regions[-1][1] == a:
            regions[-1] = (regions[-1][0], b)
        elif is_gone:
            regions.append((a, b))
    points = [
        end
        for end, is_gone, (before, after) in zip(ends, dots[0], pairwise(tables[0]), strict=True)
        if is_gone and not before and not after
    ]
    return Gaps(regions=tuple(regions), points=tuple(points))


def _as_number(tree: Tree) -> Tree:
    """Return a condition as a choice, so that it can be asked for its switches."""
    return Call("where", (tree, ONE, ZERO)) if isinstance(tree, Compare | Logic) else tree


def _is_never_real(position: Tree, parameters: tuple[Parameter, ...]) -> bool:
    return bool(children(position)) and is_imaginary(position, parameters)


def _ordered(positions: Iterable[Tree], rows: tuple[Values, ...]) -> list[Tree] | None:
    """Return positions in ascending order, equal ones once, or None if it is not one order for all parameters."""
    unique = list(dict.fromkeys(positions))
    places = {x: [evaluate(x, row) for row in rows] for x in unique}
    unique = [x for x in unique if any(value == value for value in places[x])]
    if any(value != value for x in unique for value in places[x]):
        return None
    made: list[Tree] = []
    for x in sorted(unique, key=lambda x: places[x][0]):
        steps = [b - a for a, b in zip(places[made[-1]], places[x], strict=True)] if made else []
        if made and all(abs(step) <= TINY for step in steps):
            continue
        if any(step <= TINY for step in steps):
            return None
        made.append(x)
    return made


def _within(
    positions: Sequence[Tree], low: Tree | None, high: Tree | None, rows: tuple[Values, ...]
) -> list[Tree] | None:
    """Return the positions inside an interval, or None if they are not the same ones for all parameters."""
    made: list[Tree] = []
    for x in positions:
        inner = {
            (low is None or evaluate(x, row) - evaluate(low, row) > TINY)
            and (high is None or evaluate(high, row) - evaluate(x, row) > TINY)
            for row in rows
        }
        if len(inner) > 1:
            return None
        made += [x] if True in inner else []
    return made


def _between(low: Tree | None, high: Tree | None, row: Values) -> Any:
    """Return a weight inside an interval, at no round place of it."""
    a, b = (None if end is None else evaluate(end, row) for end in (low, high))
    part = evaluate(number(Fraction(618, 1000)), {})
    if a is not None and b is not None:
        return a + (b - a) * part
    if a is not None:
        return a + (1 + abs(a)) * part
    return (b - (1 + abs(b)) * part) if b is not None else part


def _fails(asked: Sequence[_Requirement], weight: Any, row: Values, zero: Any = 0) -> bool:
    return any(r.fails({**row, W: weight}, zero) for r in asked)


_MAGNITUDES = tuple(Fraction(x) for x in ("0.003", "0.04", "0.3", "0.9", "1.7", "2.6", "4", "5.3", "7", "30", "1000"))


def _fails_somewhere(requirement: _Requirement, term: Term) -> bool:
    """Does a requirement on one weight fail at a weight of the domain; or between two, where it may not be 0?"""
    weights = [s * x for x in _MAGNITUDES for s in (1, -1)]
    try:
        zeros = roots(requirement.argument)
    except NotDifferentiable:
        zeros = ()
    low, high = term.domain.lower, term.domain.upper
    for row in samples(term.parameters):
        for zero in _within([x for x in zeros if evaluate(x, row) == evaluate(x, row)], low, high, (row,)) or ():
            if requirement.fails({**row, W: evaluate(zero, row)}, TINY):
                return True
        domain = interval_at(term.domain, row)
        at = [{**row, W: evaluate(number(x), {})} for x in weights if x in domain]
        if any(requirement.fails(values) for values in at):
            return True
        if requirement.relation == "!=":
            asked = [values for values in at if all(holds(guard, values) for guard in requirement.guards)]
            if {-1, 1} <= {_sign(evaluate(requirement.argument, values)) for values in asked}:
                return True
    return False


def _sign(x: Any) -> int:
    return int(x > 0) - int(x < 0)


_VECTORS = ((1, 2, 3), (-1, -2, -3), (3, -1, -2), (-2, 4, -1), (0, 0, 0))


def _fails_for_a_vector(requirement: _Requirement, term: Term) -> bool:
    """Does a requirement on several weights fail for a vector of a few simple ones, for some values of its indices?"""
    bound = sorted(frozenset().union(*(free_indices(tree) for tree in requirement.trees)))
    length = len(_VECTORS[0])
    for places in product(range(length), repeat=len(bound)):
        at = dict(zip(bound, places, strict=True))
        try:
            argument, *guards = (_written_out(tree, at, length) for tree in requirement.trees)
        except IndexError:
            continue
        plain = _Requirement(argument=argument, relation=requirement.relation, guards=tuple(guards))
        for row, vector in product(samples(term.parameters), _VECTORS):
            domain = interval_at(term.domain, row)
            if all(x in domain for x in vector) and plain.fails({**row, **_elements(vector)}):
                return True
    return False


def _elements(vector: tuple[int, ...]) -> dict[Tree, Any]:
    made: dict[Tree, Any] = {Name(f"w_{k}_"): evaluate(number(x), {}) for k, x in enumerate(vector)}
    return {Name("n"): evaluate(number(len(vector)), {}), **made}


def _written_out(tree: Tree, at: dict[str, int], length: int) -> Tree:
    """Return a tree with sums written out over so many weights, and 1 for each element of another array.

    Raises:
        IndexError: A subscript is out of range.
    """
    match tree:
        case Item(array, subscripts):
            places = [at[s.index] + s.shift for s in subscripts]
            if not all(0 <= place < length for place in places):
                raise IndexError
            return Name(f"w_{places[0]}_") if array == "w" else ONE
        case Call("norm", _):
            return call("sqrt", total([power(Name(f"w_{k}_"), number(2)) for k in range(length)]))
        case Sum(body, index):
            parts = []
            for place in range(length + _FARTHEST):
                try:
                    parts.append(_written_out(body, {**at, index: place}, length))
                except IndexError:
                    continue
            return total(parts)
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_written_out(child, at, length) for child in below)) if below else tree


_FARTHEST = 8
"""Of a shift: `w[i-8]` has an element for an i beyond the length."""
