"""Derive a proximal operator to be read: from the minimum that it is to cases of v, with its envelope and conjugate.

Takes what is known of a penalty; hands on a `ProximalDerivation`. The operator is the one that is emitted
(`proximal.derive`), its formulas are as papers write them (`proximal.formulas`).
"""

from __future__ import annotations

from symreg.calculus.analysis import Analysis, analyse
from symreg.calculus.border import border
from symreg.calculus.radial import radial_profiles
from symreg.derivation.model import Letters, ProximalDerivation
from symreg.derivation.proximal.by_cases import derive_by_cases
from symreg.derivation.proximal.without_cases import derive_from_rest, derive_search
from symreg.derivation.proximal.writer import Writer
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ZERO
from symreg.model.objective import Objective
from symreg.model.terms import Terms
from symreg.proximal.derive import with_exponents
from symreg.proximal.groups import operators_of_groups
from symreg.proximal.operator import Operator


@border("the proximal operator")
def derive_prox(objective: Objective, analysis: Analysis | None = None) -> ProximalDerivation:
    """Return the derivation of the proximal operator of an objective's penalty, or of some of its terms.

    Args:
        objective: Whose penalty it is.
        analysis: Of what the operator is of; None: of all terms.

    Raises:
        Intractable, NotDifferentiable: Why there is no operator.
    """
    analysis = analyse(objective.terms) if analysis is None else analysis
    terms = analysis.terms
    is_radial = terms.couple_weights
    operator, phi, exponents = with_exponents(_of_one_number(analysis))
    writer = Writer(
        objective=objective,
        terms=terms,
        phi=phi,
        is_even=operator.is_even,
        letters=_letters(terms, is_radial=is_radial),
        exponents=exponents,
        is_radial=is_radial,
    )
    if not isinstance(operator, Operator):
        return derive_search(operator, writer)
    if operator.abs_coefficient != ZERO or operator.square_coefficient != ZERO:
        return derive_from_rest(operator, writer)
    return derive_by_cases(operator, writer)


def _of_one_number(analysis: Analysis) -> Analysis:
    """Return what is known of phi, of one weight or of a norm.

    Raises:
        Intractable: The operator is one after another, or there is none.
    """
    terms = analysis.terms
    if not terms.grouped:
        return analysis.of(radial_profiles(terms)) if terms.indexed else analysis
    if terms.elementwise or terms.indexed:
        others = ", ".join(term.name for term in terms.terms if term not in terms.grouped)
        raise Intractable(
            f"beside a penalty over groups the operator is that of {others} first, then that of the groups; derive "
            "each by itself"
        )
    operators_of_groups(analysis)
    return analysis.of_norms


def _letters(terms: Terms, *, is_radial: bool) -> Letters:
    taken = {parameter.name for parameter in terms.parameters}
    u, s, x, r = (next(c for c in letters if c not in taken) for letters in ("uzqabc", "shkdef", "xabcdef", "rlmnij"))
    return Letters(weight=u, point=r if is_radial else "v", step=s, scaled=x)
