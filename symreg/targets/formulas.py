"""What a function computes, as equations: left side, sign, right side."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Name, Tree, number, substitute
from symreg.model.terms import Terms
from symreg.updates.update import WITHIN_REACH, Update

Equation = tuple[str, str, str]


def penalty_formulas(terms: Terms) -> tuple[Equation, ...]:
    """Return R(w) as it was written."""
    rows: list[Equation] = []
    phis = [_weighted(term.coefficient, term.tree) for term in terms.elementwise]
    sums = [to_text(_weighted(term.coefficient, term.tree)) for term in terms.indexed]
    if phis:
        sums = ["sum(phi(w[i]), i)", *sums]
        rows.append(("phi(w)", "=", to_text(_total(phis))))
    moving = dict.fromkeys(term.domain for term in terms.terms if term.domain.names)
    rows += [("w[i]", "in", f"{domain}, elsewhere R(w) is +inf") for domain in moving]
    return (("R(w)", "=", " + ".join(sums)), *rows)


def formulas(update: Update) -> tuple[Equation, ...]:
    """Return what a function computes, in the form in which it is computed."""
    if update.kind == "value":
        return ()
    if update.kind == "prox":
        cost = "step*R(u) + norm(u - v)**2/2" if update.is_radial else "step*phi(u) + (u - v)**2/2"
        return (("prox(v)", "=", f"argmin over u of {cost}"), *update.cases)
    slope: list[Equation] = []
    addends = []
    if update.elementwise is not None:
        addends.append("phi'(w[j])")
        slope.append(("phi'(w)", "=", to_text(substitute(update.elementwise, {WITHIN_REACH: Name("w")}))))
    if update.indexed is not None:
        addends.append(to_text(update.indexed))
    slope.insert(0, ("dR/dw[j]", "=", " + ".join(addends)))
    if update.kind == "gradient":
        return tuple(slope)
    steps = [(step.target, "<-", to_text(step.expression)) for step in update.assignments]
    return (*steps, ("g_penalty", "=", "dR/dw[j], of the weights before the step"), *slope)


def _weighted(coefficient: Fraction, tree: Tree) -> Tree:
    return tree if coefficient == 1 else Binary("*", number(coefficient), tree)


def _total(trees: Iterable[Tree]) -> Tree:
    first, *others = trees
    for other in others:
        first = Binary("+", first, other)
    return first
