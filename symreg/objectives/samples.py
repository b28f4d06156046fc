"""A loss written out in index notation, `sum((sum(X[i, j]*w[j], j) - y[i])**2, i)/m`, as the loss that it is.

The sum over j is the prediction z of a sample, and what is summed over i is l(z, y): everything else is that of a loss.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symreg.errors import SpecError
from symreg.expressions.arithmetic import ONE, numeric, over, times
from symreg.expressions.decompose import addends, factors
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Item, Name, Negate, Subscript, Sum, Tree, arrays, names, transform, walk
from symreg.language.parse import fold
from symreg.language.specs.losses import make_loss
from symreg.model.interval import REAL
from symreg.model.labels import Labels
from symreg.model.loss import DataTerm
from symreg.model.spec import Array, Penalty
from symreg.objectives.notes import EXPRESSION

_RIGHT = "write sum(l, i) or sum(l, i)/m, where l holds the data as sum(X[i, j]*w[j], j) and y[i] alone"


def is_over_samples(penalty: Penalty) -> bool:
    """Has it arrays with a number for each sample?"""
    return any("m" in array.shape for array in penalty.arrays)


def split(coefficient: Fraction, penalty: Penalty) -> tuple[DataTerm, Penalty | None]:
    """Return the loss over samples that an objective in index notation holds, and its penalty, if there is one.

    Raises:
        SpecError: It is no sum over samples of a loss of the prediction and the label.
    """
    source = penalty.source
    of_samples = {array.name for array in penalty.arrays if "m" in array.shape}
    parts = addends(penalty.expression)
    own = [(sign, tree) for sign, tree in parts if arrays(tree) & of_samples]
    rest = [("-" if sign < 0 else "+", tree) for sign, tree in parts if not arrays(tree) & of_samples]
    if len(own) != 1 or own[0][0] < 0 or any("m" in names(tree) for _, tree in rest):
        raise SpecError(f"{source}: arrays over the samples stand in one addend of expr; {_RIGHT}")
    data = _data(penalty, coefficient, own[0][1])
    return data, _remaining(penalty, rest) if rest else None


def _data(penalty: Penalty, coefficient: Fraction, addend: Tree) -> DataTerm:
    core: Sum | None = None
    is_mean, factor = False, ONE
    for tree, is_above in factors(addend):
        value = numeric(tree)
        if isinstance(tree, Sum) and is_above and core is None:
            core = tree
        elif tree == Name("m") and not is_above and not is_mean:
            is_mean = True
        elif value is not None and value > 0:
            coefficient = coefficient * value if is_above else coefficient / value
        elif isinstance(tree, Name) and tree.name not in ("m", "n"):
            factor = times(factor, tree) if is_above else over(factor, tree)
        else:
            raise SpecError(f"{penalty.source}: this is no sum over samples with a coefficient; {_RIGHT}")
    if core is None:
        raise SpecError(f"{penalty.source}: there is no sum over samples; {_RIGHT}")
    labels = [array for array in penalty.arrays if array.shape == ("m",)]
    expression = _of_prediction(core, penalty, labels)
    used, outside = names(expression), names(factor)
    is_written_out = penalty.source == EXPRESSION
    loss = make_loss(
        name="loss" if is_written_out else penalty.name,
        title=to_text(expression) if is_written_out else penalty.title,
        expression=expression,
        labels=Labels(interval=labels[0].domain) if labels else Labels(),
        prediction=REAL,
        parameters=tuple(p for p in penalty.parameters if p.name in used),
        reference=penalty.reference,
        doc=penalty.doc,
        source=penalty.source,
    )
    return DataTerm(
        loss=loss,
        reduction="mean" if is_mean else "sum",
        coefficient=coefficient,
        factor=factor,
        factor_parameters=tuple(p for p in penalty.parameters if p.name in outside),
    )


def _of_prediction(core: Sum, penalty: Penalty, labels: list[Array]) -> Tree:
    """Return what is summed over the samples, over `z` and `y`."""
    matrices = {array.name for array in penalty.arrays if array.shape == ("m", "n")}
    k = Subscript(core.index)

    def change(node: Tree) -> Tree:
        match node:
            case Sum(Binary("*", Item(a, at_a), Item(b, at_b)), j):
                pairs = {(a, at_a), (b, at_b)}
                if any(pairs == {(X, (k, Subscript(j))), ("w", (Subscript(j),))} for X in matrices):
                    return Name("z")
            case Item(array, subscripts) if subscripts == (k,) and array in {label.name for label in labels}:
                return Name("y")
        return node

    made = transform(core.body, change)
    if len(labels) > 1 or len(matrices) != 1 or any(isinstance(node, Item | Sum) for node in walk(made)):
        raise SpecError(f"{penalty.source}: this is no loss of one prediction and one label; {_RIGHT}")
    if names(made) & {"w", "n", "m"}:
        raise SpecError(f"{penalty.source}: a loss of one sample holds no w, n or m; {_RIGHT}")
    return made


def _remaining(penalty: Penalty, rest: list[tuple[str, Tree]]) -> Penalty:
    (sign, first), *others = rest
    expression = fold([("", Negate(first) if sign == "-" else first), *others])
    used = names(expression) | arrays(expression) | set(penalty.domain.names)
    return replace(
        penalty,
        expression=expression,
        parameters=tuple(p for p in penalty.parameters if p.name in used),
        arrays=tuple(a for a in penalty.arrays if a.name in used),
    )
