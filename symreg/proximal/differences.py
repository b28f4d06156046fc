"""The proximal operator of lam*sum |w[i+1] - w[i]|, the total variation, and of it beside a multiple of |w|.

It is found by an exact algorithm for the whole vector, in a time that grows as its length (the taut string; Davies and
Kovac 2001, Ann. Statist. 29(1):1-65; Condat 2013, IEEE Signal Process. Lett. 20(11):1054-1057 and Johnson 2013, J.
Comput. Graph. Stat. 22(2):246-260 find the same point). Beside a*|w| the operator of that comes after it (Friedman et
al. 2007, Ann. Appl. Stat. 1(2):302-332, Proposition 1).
"""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.errors import Intractable
from symreg.expressions.tree import Tree
from symreg.model.lifts import Difference
from symreg.model.terms import Terms
from symreg.proximal.derive import operator
from symreg.proximal.groups import is_gauge
from symreg.proximal.operator import AnyOperator


def has_differences(terms: Terms) -> bool:
    """Are there terms over differences and single weights alone, at least one of them over differences?"""
    return (
        bool(terms.indexed) and all(isinstance(term.lift, Difference) for term in terms.indexed) and not terms.grouped
    )


def operators_of_differences(analysis: Analysis) -> tuple[Tree, AnyOperator | None]:
    """Return lam, by which the absolute differences are multiplied, and the operator of single weights after it.

    Args:
        analysis: Of a penalty over differences, perhaps beside one of single weights.

    Raises:
        Intractable, NotDifferentiable: There is none: phi is no multiple of the absolute difference, or the single
            weights have another penalty.
    """
    terms = analysis.terms
    phi = analysis.of(Terms(terms=tuple(term.phi for term in terms.indexed)))
    if not _is_size(phi):
        names = ", ".join(term.name for term in terms.indexed)
        raise Intractable(
            f"{names}: a proximal operator over differences is derived for multiples of the absolute difference, as in "
            "difference(l1)"
        )
    strength = phi.whole.pieces[-1].slope
    if not terms.elementwise:
        return strength, None
    single = analysis.of(Terms(terms=terms.elementwise))
    if not _is_size(single):
        names = ", ".join(term.name for term in terms.elementwise)
        raise Intractable(f"beside differences the operator is derived for multiples of |w|, and {names} is none")
    return strength, operator(single)


def _is_size(phi: Analysis) -> bool:
    """Is it a multiple of |w|, on the whole line?"""
    return is_gauge(phi) and phi.whole.is_even and phi.whole.domain.is_all
