"""The loss over the samples written out: predictions, the chain rule, sums as products with X, bounds on curvature."""

from __future__ import annotations

from symreg.calculus.differentiation.step import Step
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.composed.losses import CLAIMS, curvature_bound
from symreg.derivation.loss import derive_loss
from symreg.derivation.loss_model import CURVATURE, LOSS, SLOPE, DataDerivation, LossDerivation
from symreg.expressions.arithmetic import ONE, call, power, size, times
from symreg.expressions.decompose import factors, product
from symreg.expressions.tree import Call, Item, Name, Subscript, Sum, Tree, names, number, substitute, transform, walk
from symreg.model.loss import DataTerm

_L, _M, X, R = Name("L"), Name("m"), Name("X"), Name("r")
Z, Y = Name("z"), Name("y")
_K = Subscript("k")
Z_K, Y_K, R_K, D_KK = (Item(name, (_K,) * count) for name, count in (("z", 1), ("y", 1), ("r", 1), ("D", 2)))
_X_KJ = Item("X", (_K, Subscript("j")))
TRANSPOSE = call("transpose", X)
_LONGEST = 20
"""Nodes of a slope that is put into every sum; a longer one stands there as r_k."""


def derive_data(data: DataTerm, index: str) -> DataDerivation:
    """Return the derivation of a loss over samples.

    Args:
        data: The loss; none of its names is a letter of a derivation.
        index: Of a weight in the sum that is a prediction.

    Raises:
        NotDifferentiable: The loss jumps, or has a switch whose roots cannot be listed.
        Intractable: A loss that the calculus does not handle.
    """
    loss = derive_loss(data.loss, _DECIDED)
    scale = data.scale
    whole = Sum(substitute(LOSS, _AT_SAMPLE), "k")
    prediction = Sum(times(Item("X", (_K, Subscript(index))), Item("w", (Subscript(index),))), index)
    opening = (
        Step(rule="loss", before=_L, after=times(scale, whole), why=_where_from(data)),
        Step(rule="prediction", before=Z_K, after=prediction, why="linear in the weights"),
    )
    first, second = _by_order(loss)
    slopes, slope = _slope(loss, scale, prediction, index)
    has_hessian = loss.hessian is not None and not any(knot.is_kink for knot in loss.knots)
    bound = _bound(loss) if has_hessian else None
    lipschitz = None if bound is None else simplify(times(scale, bound), data.parameters)
    steps = [*first, *slopes]
    if has_hessian:
        steps += [*second, *_curvature(loss, scale, bound)]
    return DataDerivation(
        data=data,
        loss=loss,
        scale=scale,
        opening=opening,
        steps=tuple(steps),
        slope=slope,
        lipschitz=None if lipschitz is None else times(lipschitz, _SQUARED_NORM),
        notes=_notes(data, loss),
    )


_DECIDED = {claim: CLAIMS[claim] for claim in ("convex", "gradient Lipschitz")}
_AT_SAMPLE: dict[Tree, Tree] = {Z: Z_K, Y: Y_K}
_SQUARED_NORM = power(call("norm", X), number(2))


def _bound(loss: LossDerivation) -> Tree | None:
    """Return what |l''| does not exceed for any prediction and label."""
    verdict = loss.verdicts["gradient Lipschitz"]
    if verdict.verdict != "proved" or verdict.value is None:
        return None
    return verdict.value if "y" not in names(verdict.value) else curvature_bound(loss.loss)


def _where_from(data: DataTerm) -> str:
    return "the mean over the samples" if data.reduction == "mean" else "the sum over the samples"


def _by_order(loss: LossDerivation) -> tuple[list[Step], list[Step]]:
    """Return the steps to l', and those from there to l''; their derivatives are by z."""
    last = max(i for i, step in enumerate(loss.steps) if step.before == SLOPE)
    steps = [_by_prediction(step) for step in loss.steps]
    return steps[: last + 1], steps[last + 1 :]


def _by_prediction(step: Step) -> Step:
    """Return a step of a loss with its formal derivatives by z, as beside them others are by a weight."""

    def change(node: Tree) -> Tree:
        return Call("d", (*node.arguments, Z)) if isinstance(node, Call) and node.function == "d" else node

    before, after = (transform(side, change) for side in (step.before, step.after))
    rule = {"loss": "loss of a sample", "result": "derivative of the loss"}.get(step.rule, step.rule)
    return Step(rule=rule, before=before, after=after, why=step.why, condition=step.condition)


def _slope(loss: LossDerivation, scale: Tree, prediction: Tree, index: str) -> tuple[list[Step], Tree]:
    """Return the steps from l' to dL/dw_j, and that."""
    formal, inner = (substitute(tree, _AT_SAMPLE) for tree in (SLOPE, LOSS))
    at_sample = substitute(loss.gradient, _AT_SAMPLE)
    steps = [
        Step(
            rule="chain rule",
            before=call("d", inner),
            after=times(formal, call("d", Z_K)),
            why="y_k does not depend on w_j",
        ),
        Step(
            rule="index sum",
            before=call("d", prediction),
            after=_X_KJ,
            why=f"only {index} = j holds w_j, and X_kj is its factor",
        ),
        Step(
            rule="gradient of the loss",
            before=call("d", _L),
            after=times(scale, Sum(times(formal, _X_KJ), "k")),
            why="sample by sample",
        ),
    ]
    if _is_long(at_sample):
        slope = times(scale, Sum(times(R_K, _X_KJ), "k"))
        steps.append(Step(rule="slopes", before=R_K, after=at_sample, why="l'(z_k, y_k), which is put in as r_k"))
    else:
        outer = product((factor, above) for factor, above in factors(at_sample) if not _is_of_sample(factor))
        rest = product((factor, above) for factor, above in factors(at_sample) if _is_of_sample(factor))
        slope = simplified_product(times(outer, scale), Sum(times(rest, _X_KJ), "k"))
    steps.append(Step(rule="gradient of the loss", before=call("d", _L), after=slope, why="with l'(z_k, y_k) put in"))
    after = times(scale, times(TRANSPOSE, R))
    steps.append(Step(rule="as a product", before=call("gradient", _L), after=after, why="r_k = l'(z_k, y_k)"))
    return steps, slope


def simplified_product(scale: Tree, rest: Tree) -> Tree:
    """Return scale*rest, the numbers of the scale in one."""
    numbers = [(f, above) for f, above in factors(scale) if not names(f)]
    others = [(f, above) for f, above in factors(scale) if names(f)]
    return times(product([*numbers, *others]), rest)


def _is_long(slope: Tree) -> bool:
    has_choice = any(isinstance(node, Call) and node.function == "where" for node in walk(slope))
    return has_choice or size(slope) > _LONGEST


def _is_of_sample(tree: Tree) -> bool:
    return any(node in (Z_K, Y_K) for node in walk(tree))


def _curvature(loss: LossDerivation, scale: Tree, bound: Tree | None) -> list[Step]:
    """Return the steps from l'' to the Hessian of L, and to what its norm does not exceed."""
    hessian = call("hessian", _L)
    beside = ", where no z_k lies where pieces meet" if loss.knots else ""
    curved = times(times(TRANSPOSE, Name("D")), X)
    why = f"D is diagonal, D_kk = l''(z_k, y_k){beside}"
    steps = [Step(rule="second derivative", before=hessian, after=times(scale, curved), why=why)]
    assert loss.hessian is not None
    if loss.hessian != ONE and not names(loss.hessian) & {"z", "y"}:
        after = simplified_product(times(loss.hessian, scale), times(TRANSPOSE, X))
        steps.append(Step(rule="second derivative", before=hessian, after=after, why="l''(z, y) is one number"))
    if bound is None:
        return steps
    why = "the norm of a matrix is its largest singular value"
    if loss.hessian != bound:
        of_one = call("abs", CURVATURE)
        steps.append(Step(rule="curvature bound", before=of_one, after=bound, why=_FOR_ALL, is_bound=True))
        why = "no D_kk is larger; the norm of a matrix is its largest singular value"
    most = simplified_product(times(bound, scale), _SQUARED_NORM)
    steps.append(Step(rule="curvature bound", before=call("norm", hessian), after=most, why=why, is_bound=True))
    return steps


_FOR_ALL = "for every prediction and every label"


def _notes(data: DataTerm, loss: LossDerivation) -> tuple[str, ...]:
    mean = ", m is their sum," if data.reduction == "mean" else ","
    notes = [f"with weights of the samples l(z_k, y_k) is multiplied by that of sample k{mean} {_ROOTS}"]
    if any(knot.is_kink for knot in loss.knots):
        notes.append(_KINKS)
    return (*notes, *loss.notes)


_ROOTS = "and row k of X, where X stands in a bound, by its root"
_KINKS = (
    "where a prediction lies on a kink of l(z, y) there is no second derivative, and no step is small enough everywhere"
)
