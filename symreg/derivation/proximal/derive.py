"""Derive a proximal operator to be read: from the minimum that it is to cases of v, with its envelope and conjugate.

Takes terms; hands on a `ProxChain`. The operator is the one that is emitted (`proximal.derive`), its formulas are as
papers write them (`proximal.formulas`).
"""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.border import border
from symreg.calculus.radial import radial_profile
from symreg.derivation.model import Letters, ProxChain
from symreg.derivation.proximal.by_cases import derive_by_cases
from symreg.derivation.proximal.without_cases import derive_from_rest, derive_search
from symreg.derivation.proximal.writer import Writer
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ZERO, W, call
from symreg.expressions.tree import Tree, substitute
from symreg.model.objective import Objective
from symreg.model.terms import Terms
from symreg.proximal.derive import with_exponents
from symreg.proximal.operator import Operator


@border("the proximal operator")
def derive_prox(objective: Objective, terms: Terms | None = None) -> ProxChain:
    """Return the derivation of the proximal operator of an objective's penalty, or of some of its terms.

    Args:
        objective: Whose penalty it is.
        terms: Of the penalty; None: all of them.

    Raises:
        Intractable, NotDifferentiable: Why there is no operator.
    """
    terms = objective.terms if terms is None else terms
    is_radial = bool(terms.indexed)
    operator, profiles, exponents = with_exponents(_profiles(terms) if is_radial else terms)
    writer = Writer(
        objective=objective,
        terms=terms,
        profiles=profiles,
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


def _profiles(terms: Terms) -> Terms:
    """Return phi of a function of the norm as terms over single weights, of |w|."""
    profiles = [(term, radial_profile(term)) for term in terms.terms]
    size_of: dict[Tree, Tree] = {W: call("abs", W)}
    radial = [replace(term, tree=substitute(tree, size_of)) for term, tree in profiles if tree is not None]
    if len(radial) < len(profiles):
        raise Intractable("a proximal operator is derived for sums over single weights and for functions of norm(w)")
    return Terms(terms=tuple(radial))


def _letters(terms: Terms, *, is_radial: bool) -> Letters:
    taken = {parameter.name for parameter in terms.parameters}
    u, s, x, r = (next(c for c in letters if c not in taken) for letters in ("uzqabc", "shkdef", "xabcdef", "rlmnij"))
    return Letters(weight=u, point=r if is_radial else "v", step=s, scaled=x)
