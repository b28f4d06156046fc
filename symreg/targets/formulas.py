"""What a function computes, as equations: left side, sign, right side."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Name, Tree, names, number, substitute
from symreg.model.terms import Terms
from symreg.updates.update import WITHIN_REACH, Update

Equation = tuple[str, str, str]


def penalty_formulas(terms: Terms) -> tuple[Equation, ...]:
    """Return R(w) as it was written."""
    rows: list[Equation] = []
    phis = [_weighted(term.coefficient, term.tree) for term in terms.elementwise]
    sums = [to_text(_weighted(term.coefficient, term.tree)) for term in terms.indexed]
    sums += [to_text(_weighted(term.coefficient, term.tree)) for term in terms.grouped]
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
    if update.kind == "prox" and (update.norm_operator is not None or update.variation is not None):
        return (("prox(v)", "=", "argmin over u of step*R(u) + norm(u - v)**2/2"),)
    if update.kind == "prox":
        cost = "step*R(u) + norm(u - v)**2/2" if update.is_radial else "step*phi(u) + (u - v)**2/2"
        return (("prox(v)", "=", f"argmin over u of {cost}"), *update.cases)
    derivative = "dS/dw[j]" if update.smooth else "dR/dw[j]"
    if update.kind == "gradient":
        return _slope(update, derivative)
    steps = [(step.target, "<-", to_text(step.expression)) for step in update.assignments]
    if all("g_penalty" not in names(step.expression) for step in update.assignments):
        return tuple(steps)
    parts = [("S(w)", "=", f"{update.smooth}, which prox does not take")] if update.smooth else []
    penalty = ("g_penalty", "=", f"{derivative}, of the weights before the step")
    return (*steps, penalty, *parts, *_slope(update, derivative))


def _slope(update: Update, derivative: str) -> tuple[Equation, ...]:
    """Return what the derivative is of the terms whose gradient an update takes."""
    addends: list[str] = []
    rows: list[Equation] = []
    if update.elementwise is not None:
        addends.append("phi'(w[j])")
        rows.append(("phi'(w)", "=", to_text(substitute(update.elementwise, {WITHIN_REACH: Name("w")}))))
    if update.indexed is not None:
        addends.append(to_text(update.indexed))
    if update.of_norm is not None:
        groups = update.terms.groups
        assert groups is not None
        addends.append(f"{groups.weights}[g]*psi'(norm(w[g]))*w[j]/norm(w[g]), g the group of j")
        rows.append(("psi'(w)", "=", to_text(substitute(update.of_norm, {WITHIN_REACH: Name("w")}))))
    return ((derivative, "=", " + ".join(addends)), *rows)


def _weighted(coefficient: Fraction, tree: Tree) -> Tree:
    return tree if coefficient == 1 else Binary("*", number(coefficient), tree)


def _total(trees: Iterable[Tree]) -> Tree:
    first, *others = trees
    for other in others:
        first = Binary("+", first, other)
    return first
