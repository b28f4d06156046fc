"""The proximal operator of a penalty over groups: its conditions, and what may stand beside it.

By the radial theorem, where phi is nowhere less than at 0, the minimiser of step*c*phi(norm(u)) + norm(u - v)**2/2 lies
in the direction of v, and its norm is the proximal point of norm(v) by phi (Yuan and Lin 2006 for |w|; Combettes and
Pesquet 2007, Proposition 2.1 and its proof for any phi of the norm).

Beside a convex and positively homogeneous function kappa of the single weights, such as |w|, the operator of the sum is
the one of the groups after the one of kappa (Yu 2013, On decomposing the proximal map, Theorem 4). For points of one
direction d the cost is step*r*kappa(d) - r*d'v + step*c*phi(r) + r**2/2: the best direction is the same for every
radius r, that of prox of kappa at v, whose norm takes the place of norm(v). So phi need not be convex.
"""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.calculus.border import border
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ZERO, W, has_w, minus
from symreg.expressions.tree import substitute
from symreg.model.terms import Terms
from symreg.proximal.derive import operator
from symreg.proximal.operator import AnyOperator, TableSearch
from symreg.proximal.sums import is_least_at_zero


def operators_of_groups(analysis: Analysis) -> tuple[AnyOperator | None, AnyOperator]:
    """Return the operator of the single weights, if there is anything for it, and that of the groups' norms after it.

    Args:
        analysis: Of a penalty with terms over groups.

    Raises:
        Intractable, NotDifferentiable: Why there is none.
    """
    terms = analysis.terms
    if terms.indexed:
        names = ", ".join(term.name for term in terms.indexed)
        raise Intractable(
            f"of a penalty over groups beside one over other weights together ({names}) no operator is known"
        )
    if not is_least_at_zero(analysis.of_norms):
        names = ", ".join(term.name for term in terms.grouped)
        raise Intractable(f"{names}: it is not decided that phi is nowhere less than at 0, which the direction needs")
    of_norm = operator(analysis.of_norms)
    if isinstance(of_norm, TableSearch):
        raise Intractable(
            "the operator needs a table of minimisers for each step, and each group has a step of its own"
        )
    if not terms.elementwise:
        return None, of_norm
    single = analysis.of(Terms(terms=terms.elementwise))
    if not is_gauge(single):
        names = ", ".join(term.name for term in terms.elementwise)
        raise Intractable(
            f"beside a penalty over groups, one of the single weights ({names}) has to be convex and positively "
            "homogeneous, as l1 and nonnegative(l1) are: only then is the operator of the sum the one after the other"
        )
    return operator(single), of_norm


def is_gauge(analysis: Analysis) -> bool:
    """Is phi convex, with phi(a*w) = a*phi(w) for a >= 0? Lines from 0 do; False where that is not decided."""
    try:
        with border("whether the penalty is positively homogeneous"):
            pieces = analysis.continuous_pieces().pieces
    except (Intractable, NotDifferentiable):
        return False
    parameters = analysis.parameters
    are_rays = all(
        {piece.low, piece.high} <= {None, ZERO}
        and not has_w(piece.slope)
        and simplify(substitute(piece.value, {W: ZERO}), parameters) == ZERO
        for piece in pieces
    )
    if not are_rays or not pieces:
        return False
    rise = minus(pieces[-1].slope, pieces[0].slope)
    return len(pieces) == 1 or sign_for_all(rise, parameters) in NONNEGATIVE
