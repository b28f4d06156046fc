"""Where the gradient of a whole objective is zero, if that is a linear system: the normal equations."""

from __future__ import annotations

from symreg.calculus.analysis import Analysis
from symreg.calculus.differentiation.smooth import derivative_beside_kinks
from symreg.calculus.differentiation.step import Step
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.symbolic.simplify import simplify
from symreg.derivation.data import TRANSPOSE, X, Y, Z, simplified_product
from symreg.derivation.descent import SAMPLES
from symreg.derivation.letters import free_letter
from symreg.derivation.loss_model import DataDerivation
from symreg.expressions.arithmetic import ZERO, W, call, minus, negative, over, plus, times, total
from symreg.expressions.tree import Item, Name, Subscript, Tree, names, substitute

_IDENTITY = Name("I")
_GRADIENT = call("gradient", Name("O"))


def normal_equations(data: DataDerivation, whole: Analysis) -> tuple[Step, ...]:
    """Return the steps from the gradient of O to the linear equations for its zeros; none where they are not linear.

    They are where l' is affine in the prediction, with one positive factor, and R' linear in the weight.

    Args:
        data: The derivation of L.
        whole: Of R.
    """
    curvature, parameters = _curvature_of_loss(data), (*data.data.parameters, *whole.parameters, SAMPLES)
    decay = _slope_of_penalty(whole)
    if curvature is None or decay is None or sign_for_all(curvature, parameters) != "positive":
        return ()
    target = simplify(over(negative(substitute(data.loss.gradient, {Z: ZERO})), curvature), data.data.parameters)
    steps: list[Step] = []
    labels: Tree = Y
    if target != Y:
        at_sample = substitute(target, {Y: Item("y", (Subscript("k"),))})
        letter = free_letter("bcaeh", {p.name for p in parameters} | {a.name for a in whole.terms.arrays})
        labels = Name(letter)
        why = "the prediction at which l'(z_k, y_k) is 0"
        steps.append(Step(rule="target", before=Item(letter, (Subscript("k"),)), after=at_sample, why=why))
    fit = minus(times(X, W), labels)
    scaled = simplified_product(times(curvature, data.scale), times(TRANSPOSE, fit))
    rho = simplify(over(decay, times(curvature, data.scale)), parameters)
    why = "l'(z_k, y_k) is linear in z_k"
    steps.append(Step(rule="gradient of both", before=_GRADIENT, after=plus(scaled, times(decay, W)), why=why))
    matrix = plus(times(TRANSPOSE, X), times(rho, _IDENTITY))
    is_definite = sign_for_all(decay, parameters) == "positive"
    steps.append(
        Step(
            rule="normal equations",
            before=times(matrix, W),
            after=times(TRANSPOSE, labels),
            why=f"where the gradient is 0; {_DEFINITE if is_definite else _SINGULAR}",
        )
    )
    return tuple(steps)


_DEFINITE = "the matrix is positive definite, and so there is one solution, the minimiser"
_SINGULAR = "one solution where the columns of X are independent"


def _curvature_of_loss(data: DataDerivation) -> Tree | None:
    """Return l'' if it is one number for all predictions and labels."""
    loss = data.loss
    is_smooth = loss.hessian is not None and not loss.knots and loss.loss.prediction.is_all
    return loss.hessian if is_smooth and loss.hessian is not None and not names(loss.hessian) & {"z", "y"} else None


def _slope_of_penalty(whole: Analysis) -> Tree | None:
    """Return b if R'(w) = b*w for each weight by itself."""
    if whole.indexed or whole.knots or any(not addend.term.domain.is_all for addend in whole.addends):
        return None
    if whole.terms.per_weight:  # b is another number for each weight
        return None
    slope = total([addend.simplified for addend in whole.addends])
    second = simplify(derivative_beside_kinks(slope, whole.parameters), whole.parameters)
    at_zero = simplify(substitute(slope, {W: ZERO}), whole.parameters)
    return second if "w" not in names(second) and at_zero == ZERO else None
