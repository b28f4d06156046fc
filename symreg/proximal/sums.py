"""Take |w| and w^2 out of a sum: what they do to its proximal operator is done to v and to the step.

With u >= 0 and v >= 0, `s*(phi(u) + a*u + k*u^2/2) + (u - v)^2/2` is, but for what does not depend on u, the cost of
phi alone with the step s/(1 + s*k) at (v - s*a)/(1 + s*k), times 1 + s*k. Below v = s*a the minimiser is 0 if phi is
nowhere less than at 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symreg.calculus.analysis import Analysis
from symreg.calculus.border import border
from symreg.calculus.pieces.pieces import Piece, half
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ZERO, W, has_w, minus, total
from symreg.expressions.tree import Tree, substitute
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.proximal.operator import Operator


def without_abs_and_square(analysis: Analysis, derive: Callable[[Analysis], object]) -> Operator:
    """Return the operator of a sum by that of its terms other than |w| and w^2.

    Args:
        analysis: Of the sum; terms in index notation are left out.
        derive: Returns the operator of a sum.

    Raises:
        Intractable: There are no such terms, or no others; or the others have no operator that is even.
    """
    terms = analysis.terms
    alone = {term: analysis.of(Terms(terms=(term,))) for term in terms.elementwise}
    taken = {term: pair for term, known in alone.items() if (pair := _abs_and_square(known)) is not None}
    rest = analysis.of(Terms(terms=tuple(term for term in terms.elementwise if term not in taken)))
    if not taken or not rest.terms.terms:
        raise Intractable("there is no |w| and no w^2 to take out")
    operator = derive(rest)
    if not isinstance(operator, Operator) or not operator.is_even or operator.needs is not None:
        raise Intractable("what is left without |w| and w^2 has no even operator")
    slope, curvature = (simplify(total([pair[k] for pair in taken.values()]), terms.parameters) for k in (0, 1))
    if slope != ZERO and not is_least_at_zero(rest):
        raise Intractable("what is left without |w| may be less elsewhere than at 0")
    return replace(operator, abs_coefficient=slope, square_coefficient=curvature)


def _abs_and_square(analysis: Analysis) -> tuple[Tree, Tree] | None:
    """Return the a and the k of a term that is a*|w| + k*w^2/2 with neither of them negative; None of any other."""
    try:
        whole = analysis.continuous_pieces()
    except (Intractable, NotDifferentiable):
        return None
    if not whole.is_even or not whole.domain.is_all or len(half(whole).pieces) > 1:
        return None
    (piece,) = half(whole).pieces
    curvature = piece.curvature
    slope = simplify(substitute(piece.slope, {W: ZERO}), analysis.parameters)
    if has_w(curvature) or any(
        sign_for_all(tree, analysis.parameters) not in NONNEGATIVE for tree in (slope, curvature)
    ):
        return None
    return slope, curvature


def is_least_at_zero(analysis: Analysis) -> bool:
    """Is a sum of terms that is even nowhere less than at 0? False where that is not decided."""
    try:
        with border("where the penalty is least"):
            found = half(analysis.continuous_pieces()).pieces
            return all(_is_more(piece, substitute(found[0].value, {W: ZERO}), analysis.parameters) for piece in found)
    except (Intractable, NotDifferentiable):
        return False


def _is_more(piece: Piece, least: Tree, parameters: tuple[Parameter, ...]) -> bool:
    more = simplify(minus(piece.value, least), parameters)
    return sign_between(more, piece.low, piece.high, parameters) in NONNEGATIVE
