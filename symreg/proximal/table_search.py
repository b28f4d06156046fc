"""Derive the operator of a sum of terms that are curved in ways of their own: where F turns is found at run time.

Of each term alone it is known, for all parameters, between which weights its curvature rises or falls. Between two
neighbouring ones of all these weights the curvature of the sum is one part that rises and one that falls, and so lies
between bounds that its values at the two give. That is enough to find every turn of F once the parameters are known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from symreg.calculus.analysis import Analysis
from symreg.calculus.pieces.order import domain_of
from symreg.calculus.pieces.pieces import Piece, half, whole_value
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.parity import is_even
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.calculus.signs.table import Run, sign_table
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable
from symreg.expressions.arithmetic import INFINITY, ZERO, W, call, has_w, minus, negative, plus, without_extrema
from symreg.expressions.decompose import addends, signed
from symreg.expressions.text import mention
from symreg.expressions.tree import Binary, Tree, names, substitute, walk
from symreg.model.domain import Domain
from symreg.model.spec import Parameter, Rule
from symreg.model.terms import Term, Terms
from symreg.proximal.operator import AnyOperator, Operator, TableSearch, TermPiece
from symreg.proximal.solving.iteration import curvature_of
from symreg.proximal.solving.slopes import stable_slope


def table_search(analysis: Analysis) -> TableSearch:
    """Return the operator of the sum of the elementwise terms.

    Raises:
        Intractable: Pieces of a term alone whose order depends on the parameters, or a curvature of which it is not
            known where it rises and falls, or in the end stays negative.
        NotDifferentiable: As `pieces`.
    """
    terms = analysis.terms
    domain = domain_of(terms)
    if domain.names:
        raise Intractable(f"the ends of the domain {domain} are parameters, and F is not known to rise between them")
    is_mirrored = domain.is_all and is_even(whole_value(terms))
    per_term = tuple(p for term in terms.elementwise for p in _of_term(analysis, term, domain, is_mirrored=is_mirrored))
    ends = dict.fromkeys(piece.high for term_pieces in per_term for piece in term_pieces if piece.high is not None)
    return TableSearch(addends=per_term, knots=tuple(ends), is_even=is_mirrored, domain=domain)


def refuse_step_per_weight(operator: AnyOperator, terms: Terms, rule: Rule) -> None:
    """Check that a rule has one step for all weights where the operator needs a table, which is made for one step.

    Args:
        operator: Of the terms.
        terms: Those whose operator the rule takes.
        rule: That takes it.

    Raises:
        Intractable: It has a step of its own for each weight; names the terms and says what would work.
    """
    if isinstance(operator, TableSearch) and any(prox_call.is_step_per_weight for prox_call in rule.prox_calls):
        raise Intractable(
            f"{', '.join(term.name for term in terms.terms)}: {rule.name} takes the operator with a step of its own "
            "for each weight, and the minima of this sum are found in a table made for one step; "
            "take a rule with one step for all, such as proximal_gradient"
        )


def refuse_per_weight(operator: AnyOperator, per_weight: Collection[str]) -> None:
    """Check that an operator may have other parameters at each weight.

    Raises:
        Intractable: It is found in a table that is made once, or there is one only for some of the parameters.
    """
    if not per_weight:
        return
    listed = ", ".join(f"{name}[n]" for name in per_weight)
    if isinstance(operator, TableSearch):
        raise Intractable(
            f"{listed}: the minima of this sum are found in a table made for all weights; take one number for all"
        )
    if isinstance(operator, Operator) and operator.needs is not None and names(operator.needs) & set(per_weight):
        raise Intractable(f"{listed}: the operator has a minimum only for some of its values; take one number for all")


def _of_term(analysis: Analysis, term: Term, domain: Domain, *, is_mirrored: bool) -> Iterator[tuple[TermPiece, ...]]:
    """Yield the pieces of a term, or those of each of its addends where they are not known for all together."""
    centre = _centre(term.tree) if domain.is_all else None
    if centre is not None:
        moved = replace(term, tree=_moved(term.tree, centre))
        for term_pieces in _of_term(analysis, moved, domain, is_mirrored=False):
            yield tuple(_moved_back(piece, centre, term.parameters) for piece in term_pieces)
        return
    try:
        yield tuple(_pieces_of(analysis, term, domain, is_mirrored=is_mirrored))
    except Intractable:
        parts = addends_of(term)
        if len(parts) < 2:
            raise
        for part in parts:
            yield from _of_term(analysis, part, domain, is_mirrored=is_mirrored)


def addends_of(term: Term) -> tuple[Term, ...]:
    """Return the addends of a term as terms, without those that are constant."""
    parts = addends(without_extrema(term.tree))
    return tuple(replace(term, tree=signed(sign, part)) for sign, part in parts if has_w(part))


def _centre(tree: Tree) -> Tree | None:
    """Return the a of a tree in which w stands only as w - a or a - w; None of any other."""
    centres = {
        other
        for node in walk(tree)
        if isinstance(node, Binary) and node.operator == "-"
        for side, other in ((node.left, node.right), (node.right, node.left))
        if side == W and not has_w(other)
    }
    if len(centres) != 1:
        return None
    (centre,) = centres
    return centre if not has_w(substitute(tree, {minus(W, centre): ZERO, minus(centre, W): ZERO})) else None


def _moved(tree: Tree, centre: Tree) -> Tree:
    """Return a tree of w - a and a - w as one of w and -w."""
    return substitute(tree, {minus(W, centre): W, minus(centre, W): negative(W)})


def _moved_back(piece: TermPiece, centre: Tree, parameters: tuple[Parameter, ...]) -> TermPiece:
    def at(tree: Tree) -> Tree:
        return substitute(tree, {W: minus(W, centre)})

    return TermPiece(
        high=None if piece.high is None else simplify(plus(piece.high, centre), parameters),
        value=at(piece.value),
        slope=at(piece.slope),
        curvature=at(piece.curvature),
        rises=piece.rises,
    )


def _pieces_of(analysis: Analysis, term: Term, domain: Domain, *, is_mirrored: bool) -> Iterator[TermPiece]:
    """Yield, ascending, where a term is smooth and its curvature only rises or only falls.

    Args:
        analysis: Of the whole sum.
        term: One addend.
        domain: Of the whole sum.
        is_mirrored: Is the whole even, so that weights >= 0 are enough?
    """
    parameters, alone = term.parameters, analysis.of(Terms(terms=(term,)))
    whole = alone.continuous_pieces()
    smooth = (half(whole) if is_mirrored and whole.is_even else whole).pieces
    if domain.upper is None:
        _refuse_downward(smooth[-1], 1, term)
    if domain.lower is None and not is_mirrored:
        _refuse_downward(smooth[0], -1, term)
    for piece in smooth:
        table = _monotone_runs(piece, alone)
        if table is None:
            raise Intractable(
                f"where the curvature of {term.name}, {mention(piece.curvature)}, rises and falls was not decided"
            )
        slope = stable_slope(piece, parameters)
        curvature = curvature_of(piece, slope, parameters)
        for run in table:
            yield TermPiece(high=run.high, value=piece.value, slope=slope, curvature=curvature, rises=run.sign >= 0)


def _monotone_runs(piece: Piece, analysis: Analysis) -> Sequence[Run] | None:
    """Return where the curvature of a piece rises and falls; None where that is not decided.

    A zero of phi''' that is in the piece for some parameters alone is listed where it is known of all the line which
    sign is on which side of it: wherever it is, the weights of the piece are on one of the two.
    """
    parameters, table = analysis.parameters, analysis.signs(piece.third, piece)
    if table is not None:
        return table
    centre = _centre(piece.third)
    third = piece.third if centre is None else _moved(piece.third, centre)
    wide = sign_table(third, None, None, parameters)
    if wide is None:
        return None

    def end(zero: Tree | None) -> Tree | None:
        if zero is None:
            return piece.high
        at = zero if centre is None else simplify(plus(zero, centre), parameters)
        return at if piece.high is None else call("min", at, piece.high)

    return [replace(run, high=end(run.high)) for run in wide]


def _refuse_downward(piece: Piece, side: int, term: Term) -> None:
    """Raise Intractable unless a term in the end pulls weights back, or its curvature is not negative there."""
    parameters = term.parameters
    pull = piece.slope if side > 0 else negative(piece.slope)
    if any(sign_between(tree, piece.low, piece.high, parameters) in NONNEGATIVE for tree in (pull, piece.curvature)):
        return
    last = limit_at(piece.curvature, None, -side, parameters)
    if last != INFINITY and sign_for_all(last, parameters) not in NONNEGATIVE:
        raise Intractable(
            f"{term.name} bends down again and again, or without end: such a term is taken by itself, or with a*|w| "
            "and k*w^2"
        )
