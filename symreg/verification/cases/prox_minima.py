"""Exact minimisers for the cases of `prox`: of elementwise terms, or of functions of norm(w) along the radius.

What counts as a function of norm(w) is decided here on trees, apart from how the compiler decides it
(`calculus/radial.py`): if the two differ, the judge must not follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from flint import arb, ctx

from symreg.expressions.tree import Call, Item, Name, Sum, Tree, substitute, transform, walk
from symreg.model.interval import REAL, WORDS
from symreg.model.terms import Term, Terms
from symreg.verification.cases.prox_differences import differences_in
from symreg.verification.comparison.tolerance import WORKING_BITS
from symreg.verification.minimum.minimiser import Minimiser, Minimisers, NoMinimum, minimisers
from symreg.verification.minimum.piecewise import PiecewisePhi, piecewise
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.formats import Vector


def radius_of(terms: Terms) -> Terms | None:
    """Return phi(r), r >= 0, as elementwise terms where all terms are functions of norm(w) and n alone, else None."""
    profiles = [_of_radius(term) for term in terms.terms]
    known = tuple(term for term in profiles if term is not None)
    return Terms(terms=known) if known and len(known) == len(profiles) else None


def _of_radius(term: Term) -> Term | None:
    norm, radius = Call("norm", (Name("w"),)), Name("_radius")
    tree = transform(term.tree, lambda node: radius if node == norm else node)
    rest = list(walk(tree))
    if term.arrays or radius not in rest:
        return None
    if any(isinstance(n, Item | Sum) or n == Name("w") for n in rest):
        return None
    tree = transform(tree, lambda node: Name("w") if node == radius else node)
    return replace(term, tree=tree, domain=WORDS["nonnegative"])


def norm_problem(terms: Terms) -> Terms:
    """Return the penalty of a group's norm as elementwise terms of its size."""
    size: dict[Tree, Tree] = {Name("w"): Call("abs", (Name("w"),))}
    phis = (term.phi for term in terms.grouped)
    return Terms(terms=tuple(replace(phi, tree=substitute(phi.tree, size), domain=REAL) for phi in phis))


def is_judged(terms: Terms) -> bool:
    """Is there a reference for the terms' proximal operator?"""
    return not terms.indexed or differences_in(terms) or (not terms.grouped and radius_of(terms) is not None)


@lru_cache(maxsize=128)
def minima_of(terms: Terms, parameters: tuple[tuple[str, Exact], ...]) -> tuple[Minimisers, PiecewisePhi]:
    """Return the minimiser for a set of parameters, and what was found of phi; kept, as both formats ask for it."""
    known = piecewise(terms.terms, dict(parameters))
    return minimisers(terms, dict(parameters), known), known


def minimum(terms: Terms, parameters: Mapping[str, Exact], v: Exact | arb, step: Exact) -> Minimiser | None:
    """Return the exact minimum; None where there is none, or none is certain."""
    try:
        return minima_of(terms, tuple(parameters.items()))[0](v, step)
    except NoMinimum:
        return None


def norm_of(vector: Vector) -> arb:
    """Return the Euclidean norm of a vector as a ball."""
    with ctx.workprec(WORKING_BITS):
        norm: arb = sum((arb(x) * arb(x) for x in vector.tolist()), arb(0)).sqrt()
        return norm
