"""What a function computes, as equations: left side, sign, right side."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symreg.expressions.arithmetic import ONE, times
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Name, Tree, names, number, substitute
from symreg.model.loss import DataTerm
from symreg.model.objective import Objective
from symreg.model.terms import Terms
from symreg.updates.update import WITHIN_REACH, Update

_Z_WITHIN_REACH = substitute(WITHIN_REACH, {Name("w"): Name("z")})
Equation = tuple[str, str, str]


def objective_formulas(objective: Objective) -> tuple[Equation, ...]:
    """Return what the objective is, as it was written: O(w) of a loss and a penalty, or R(w) alone."""
    data = objective.data
    if data is None:
        return penalty_formulas(objective.terms)
    penalty = penalty_formulas(objective.terms) if objective.terms.terms else ()
    reduced = "sum(l(z[k], y[k]), k)" + ("/m" if data.reduction == "mean" else "")
    loss = "L(w)" if penalty else "O(w)"
    return (
        *([("O(w)", "=", "L(w) + R(w)")] if penalty else []),
        (loss, "=", f"{_scale(data)}{reduced}, with z = X @ w"),
        ("l(z, y)", "=", to_text(data.loss.expression)),
        *penalty,
    )


def _scale(data: DataTerm) -> str:
    scale = times(number(data.coefficient), data.factor)
    return "" if scale == ONE else f"{to_text(scale)}*"


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
    if update.data is not None and update.kind != "prox":
        return _of_data(update, update.data)
    return _of_penalty(update)


def _of_data(update: Update, data: DataTerm) -> tuple[Equation, ...]:
    """Return what a function of an objective with a loss computes; of a step also how it comes to g."""
    trees = {
        "loss_value": ("l(z, y)", update.loss_value),
        "loss_gradient": ("dl/dz", update.loss_gradient),
        "loss_hessian": ("d2l/dz2", update.loss_hessian),
    }
    reach: dict[Tree, Tree] = {WITHIN_REACH: Name("w"), _Z_WITHIN_REACH: Name("z")}
    rows = {kind: (name, "=", to_text(substitute(tree, reach))) for kind, (name, tree) in trees.items() if tree}
    over = "/m" if data.reduction == "mean" else ""
    gradient = f"{_scale(data)}sum(dl/dz(z[k], y[k])*X[k, j], k){over}"
    penalty = "dR/dw[j]" if update.elementwise is not None or update.indexed is not None else ""
    match update.kind:
        case "loss_value" | "loss_gradient" | "loss_hessian":
            return (rows[update.kind],)
        case "value":
            return ()
        case "gradient":
            of_loss = (("dL/dw[j]", "=", gradient), rows["loss_gradient"])
            if not penalty:
                return of_loss
            return (("dO/dw[j]", "=", f"dL/dw[j] + {penalty}"), *of_loss, *_slope(update, penalty))
        case "hessian_vector":
            product = f"{_scale(data)}sum(d2l/dz2(z[k], y[k])*u[k]*X[k, j], k){over}"
            u = ("u", "=", "X @ v")
            if update.curvature is None:
                return (("(H @ v)[j]", "=", product), u, rows["loss_hessian"])
            curvature = ("phi''(w)", "=", to_text(substitute(update.curvature, reach)))
            return (("(H @ v)[j]", "=", f"{product} + phi''(w[j])*v[j]"), u, rows["loss_hessian"], curvature)
        case "partial":
            return (
                ("loss", "=", "sum(l(z[k], y[k]), k), with z = X @ w"),
                ("out[j]", "=", "sum(dl/dz(z[k], y[k])*X[k, j], k)"),
                ("weight", "=", "m, or the sum of sample_weight"),
                rows["loss_gradient"],
            )
        case "lipschitz":
            assert update.loss_bound is not None
            bound = times(number(data.coefficient), times(data.factor, update.loss_bound))
            return (("bound", "=", f"{to_text(bound)}*sum(X[k, j]**2, k, j){over}"),)
    return (*_of_penalty(update), ("g", "=", f"dL/dw[j] = {gradient}"), rows["loss_gradient"])


def _of_penalty(update: Update) -> tuple[Equation, ...]:
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
