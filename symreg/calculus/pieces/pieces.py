"""Split an elementwise penalty at its switches into smooth pieces that hold for all parameter values.

Takes terms over the bare `w`; hands on, in ascending order, each piece's value and first three derivatives free of any
switch, and how neighbours meet. What would hold at sample parameters only is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from symreg.calculus.differentiation.differentiate import bare, differentiate, elementwise_over_j
from symreg.calculus.domains.conditions import refuse_undefined
from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.pieces.choices import chosen_slope, kind_of
from symreg.calculus.pieces.jumps import refuse_jump
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.one_sided import one_sided
from symreg.calculus.pieces.order import domain_of, ordered_positions
from symreg.calculus.pieces.settle import settled
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.parity import is_even
from symreg.calculus.signs.roots import roots, singular_at, switches
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import sign_of
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import (
    NAN,
    ZERO,
    W,
    has_w,
    minus,
    negative,
    rational,
    size,
    times,
    total,
    without_extrema,
)
from symreg.expressions.text import mention
from symreg.expressions.tree import Binary, Tree, number, substitute, walk
from symreg.model.domain import Domain, between
from symreg.model.spec import Parameter
from symreg.model.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A smooth part of phi on an open interval; every tree is over the bare `w`, simplified, and free of any switch.

    Args:
        low: Lower end, an expression in the parameters (an end of the domain is an end), or None for -inf.
        high: Upper end, or None for +inf.
        value: phi.
        slope: phi'.
        curvature: phi''.
        third: phi'''.
    """

    low: Tree | None
    high: Tree | None
    value: Tree
    slope: Tree
    curvature: Tree
    third: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """A whole phi.

    Args:
        pieces: Ascending, over the whole domain; neighbours are different expressions, or phi is another between.
        knots: Between neighbours, one fewer than pieces.
        is_even: Is phi(-w) = phi(w) proved?
        domain: Of the weight.
    """

    pieces: tuple[Piece, ...]
    knots: tuple[Knot, ...]
    is_even: bool
    domain: Domain


def pieces(terms: Terms) -> Pieces:
    """Return the pieces of the sum of the elementwise terms, one phi.

    Args:
        terms: Those in index notation are left out; everything holds for all their parameters in the domains.

    Raises:
        Intractable: The order of two knots, or a branch, depends on the parameters, or was not decided; says which.
        NotDifferentiable: A switch whose roots cannot be listed.
    """
    parameters = terms.parameters
    for term in terms.elementwise:
        refuse_undefined(term, term.parameters)
        _refuse_high_roots(term.tree)
    value = whole_value(terms)
    domain = domain_of(terms)
    low, high = domain.lower, domain.upper
    is_symmetric = domain.is_all or (low is not None and high == negative(low))
    is_mirrored = is_symmetric and is_even(value)
    positions = ordered_positions(value, low, high, parameters, is_mirrored=is_mirrored)
    ends = pairwise([*([] if is_mirrored else [low]), *positions, high])
    found = _merged([_piece(value, a, b, parameters) for a, b in ends], value, parameters)
    if is_mirrored:
        found = _merged([*(_mirrored(piece, parameters) for piece in reversed(found)), *found], value, parameters)
    knots = tuple(_knot(a, b, value, parameters) for a, b in pairwise(found))
    return Pieces(pieces=tuple(found), knots=knots, is_even=is_mirrored, domain=domain)


def refuse_jumps_between(whole: Pieces, terms: Terms) -> None:
    """Check that the sum of the elementwise terms, of which these are the pieces, does not jump between them.

    Raises:
        NotDifferentiable: It does; says where.
    """
    value, parameters = whole_value(terms), terms.parameters
    for knot in whole.knots:
        refuse_jump(value, knot.position, samples(parameters), whole.domain, parameters)


_HIGHEST_ROOT = 24
"""Of powers with a greater denominator SymPy makes polynomials whose degree nobody waits for."""


def _refuse_high_roots(tree: Tree) -> None:
    for node in walk(tree):
        match node:
            case Binary("**", base, exponent) if has_w(base):
                value = rational(exponent)
                if value is not None and value.denominator > _HIGHEST_ROOT:
                    raise Intractable(f"a power of {value} is a root of too high a degree")


def half(whole: Pieces) -> Pieces:
    """Return the pieces of an even phi for weights >= 0."""
    assert whole.is_even
    count = len(whole.pieces)
    kept = whole.pieces[count // 2 :]
    if count % 2:
        kept = (replace(kept[0], low=ZERO), *kept[1:])
    domain = between(ZERO, whole.domain.upper, low_closed=True, high_closed=whole.domain.high_closed)
    knots = whole.knots[len(whole.knots) - len(kept) + 1 :]
    return Pieces(pieces=kept, knots=knots, is_even=True, domain=domain)


def whole_value(terms: Terms) -> Tree:
    """Return phi, the sum of the elementwise terms, with its switches."""
    return total([times(number(t.coefficient), without_extrema(t.tree)) for t in terms.elementwise])


def _refuse_singular(smooth: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> None:
    """Check that no denominator, root or logarithm of a piece is singular within it."""
    for expression in dict.fromkeys(singular_at(smooth)):
        try:
            roots(expression)
        except NotDifferentiable:
            if sign_between(expression, low, high, parameters) not in ("positive", "negative"):
                raise Intractable(f"whether {mention(expression)} can be 0 was not decided") from None


def _piece(value: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> Piece:
    smooth = simplify(settled(value, low, high, parameters), parameters)
    if switches(smooth):  # SymPy's sqrt(w**2) is abs(w)
        smooth = simplify(settled(smooth, low, high, parameters), parameters)
    _refuse_singular(smooth, low, high, parameters)
    slope, curvature, third = _derivatives(smooth, parameters)
    return Piece(low=low, high=high, value=smooth, slope=slope, curvature=curvature, third=third)


_LONGEST = 200
"""Nodes of a tree whose derivative is still taken."""


def _derivatives(smooth: Tree, parameters: tuple[Parameter, ...]) -> tuple[Tree, Tree, Tree]:
    made: list[Tree] = []
    for _ in range(3):
        tree = made[-1] if made else smooth
        if size(tree) > _LONGEST:
            raise Intractable("its derivatives are too long to be studied piece by piece")
        made.append(simplify(bare(differentiate(elementwise_over_j(tree), parameters).tree), parameters))
    return made[0], made[1], made[2]


def _mirrored(piece: Piece, parameters: tuple[Parameter, ...]) -> Piece:
    def turned(tree: Tree, sign: int) -> Tree:
        return simplify(times(number(sign), substitute(tree, {W: negative(W)})), parameters)

    return Piece(
        low=None if piece.high is None else simplify(negative(piece.high), parameters),
        high=None if piece.low is None else simplify(negative(piece.low), parameters),
        value=turned(piece.value, 1),
        slope=turned(piece.slope, -1),
        curvature=turned(piece.curvature, 1),
        third=turned(piece.third, -1),
    )


def _merged(found: list[Piece], value: Tree, parameters: tuple[Parameter, ...]) -> list[Piece]:
    """Return the pieces with neighbours that are the same expression as one, unless the value between is another."""
    made: list[Piece] = []
    for piece in found:
        if made and _is_one(made[-1], piece, parameters) and not _is_apart(made[-1], value, parameters):
            made[-1] = replace(made[-1], high=piece.high)
        else:
            made.append(piece)
    return made


def _is_one(before: Piece, after: Piece, parameters: tuple[Parameter, ...]) -> bool:
    """Are two pieces one expression, which is smooth where they meet?"""
    if not _is_zero(minus(before.value, after.value), parameters):
        return False
    rows = [{**row, W: evaluate(after.low, row)} for row in samples(parameters) if after.low is not None]
    return all(abs(evaluate(tree, row)) < _INFINITE for tree in (before.value, before.third) for row in rows)


def _is_apart(before: Piece, value: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is phi at the upper end of a piece, and there alone, something else, as in where(w == 0, 0, 1)?"""
    assert before.high is not None
    for row in samples(parameters):
        at = {**row, W: evaluate(before.high, row)}
        whole, piece = evaluate(value, at), evaluate(before.value, at)
        if abs(whole - piece) > TINY * (1 + abs(piece)):
            return True
    return False


_INFINITE = TINY.context.inf


def _is_zero(tree: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is a tree 0 for all weights? Asked of samples first: nearly always it is not."""
    at = {W: evaluate(number(Fraction(7, 5)), {})}
    if any(abs(evaluate(tree, {**values, **at})) > TINY for values in samples(parameters)):
        return False
    return simplify(tree, parameters) == ZERO or sign_of(tree, parameters) == "zero"


def _knot(before: Piece, after: Piece, value: Tree, parameters: tuple[Parameter, ...]) -> Knot:
    """Return how two neighbouring pieces meet."""
    position = after.low
    assert position is not None
    left, right = (_slope(piece, position, side, parameters) for piece, side in ((before, -1), (after, 1)))
    here = _at(value, position, 0, parameters)
    sides = [minus(_at(piece.value, position, side, parameters), here) for piece, side in ((before, -1), (after, 1))]
    gaps = [gap for gap in sides if sign_for_all(gap, parameters) != "zero"]
    kind = kind_of(left, right, parameters)
    return Knot(
        position=position,
        left=left,
        right=right,
        kind=kind,
        chosen=left if kind == "smooth" else chosen_slope(left, right, parameters),
        jump=simplify(gaps[0], parameters) if gaps else ZERO,
    )


def _slope(piece: Piece, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a piece's slope at its end; a choice on the parameters where it depends on them whether it is finite."""
    found = limit_at(piece.slope, position, side, parameters)
    return one_sided(piece.slope, position, side, parameters, samples(parameters)) if found == NAN else found


def _at(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a tree's value at a position, as the limit from a side where it has none there."""
    made = simplify(substitute(tree, {W: position}), parameters)
    return limit_at(tree, position, side, parameters) if made == NAN and side else made
