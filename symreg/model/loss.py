"""A loss of one prediction and one label, and the sum or the mean of it over the samples: L of O = L + R."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from symreg.display import card, one_line
from symreg.expressions.arithmetic import ONE, over, times
from symreg.expressions.text import to_text
from symreg.expressions.tree import Name, Tree, number
from symreg.model.domain import Domain
from symreg.model.interval import REAL
from symreg.model.labels import ANY, Labels
from symreg.model.spec import Parameter, parameter_rows
from symreg.model.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss l(z, y) of one prediction z and one label y.

    Args:
        name: Identifier; the first part of the stem of emitted files.
        title: One line of text.
        expression: Over the names `z`, `y` and the parameters.
        labels: What y may be.
        prediction: Domain of z; outside it the loss is +inf and its derivatives NaN.
        parameters: In the order of the file: the order of arguments of what is emitted.
        reference: Where the formula is from.
        doc: Free text, one paragraph.
        aliases: Other names of the same loss.
        source: File name or `expression`, for messages.
        path: Of its file, as it was given; "" for what is no file of the user's.
        notes: How its text was read, where it was in another notation.
    """

    name: str
    title: str
    expression: Tree
    labels: Labels = ANY
    prediction: Domain = REAL
    parameters: tuple[Parameter, ...] = ()
    reference: str = ""
    doc: str = ""
    aliases: tuple[str, ...] = ()
    source: str = field(default="expression", compare=False)
    path: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        return one_line(f"loss {self.name}", (to_text(self.expression), *self._conditions()))

    def _repr_html_(self) -> str:
        return card(
            f"loss {self.name}",
            (
                ("title", "", self.title),
                ("l(z, y)", to_text(self.expression), ""),
                ("label", self.labels.condition("y"), ""),
                *(() if self.prediction.is_all else (("prediction", self.prediction.condition("z"), ""),)),
                *parameter_rows(self.parameters),
                *((("reference", "", self.reference),) if self.reference else ()),
                *((("doc", "", self.doc),) if self.doc else ()),
            ),
        )

    def _conditions(self) -> tuple[str, ...]:
        labels = () if self.labels.are_all else (self.labels.condition("y"),)
        prediction = () if self.prediction.is_all else (self.prediction.condition("z"),)
        return (*labels, *prediction, *(p.condition for p in self.parameters))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTerm:
    """`coefficient * factor * sum over k of s_k*l(x_k'w, y_k)`; of a mean it is divided by the sum of the s_k.

    X is m x n, a row x_k a sample; y and the weights s of the samples have m numbers, and s is 1 where none are given.

    Args:
        loss: Its parameters under their names in the objective.
        reduction: Over the samples.
        coefficient: Exact and positive.
        factor: A product or quotient of positive parameters, 1 where there is none.
        factor_parameters: Those that the factor is of.
    """

    loss: Loss
    reduction: Literal["mean", "sum"]
    coefficient: Fraction = Fraction(1)
    factor: Tree = ONE
    factor_parameters: tuple[Parameter, ...] = ()

    def __str__(self) -> str:
        scale = times(number(self.coefficient), self.factor)
        reduced = f"{self.reduction}({to_text(self.loss.expression)})"
        return reduced if scale == ONE else f"{to_text(scale)}*{reduced}"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Each parameter once: those of the factor, then those of the loss."""
        return tuple({p.name: p for p in (*self.factor_parameters, *self.loss.parameters)}.values())

    @property
    def scale(self) -> Tree:
        """What the sum over the samples is multiplied by; `m` is their number, or the sum of their weights."""
        scale = times(number(self.coefficient), self.factor)
        return over(scale, Name("m")) if self.reduction == "mean" else scale

    @property
    def declarations(self) -> Term:
        """The loss as a term, which is one of z: what its parameters are, and what they are shared with, counts."""
        return Term(
            name=self.loss.name,
            coefficient=self.coefficient,
            tree=self.loss.expression,
            domain=self.loss.prediction,
            parameters=self.parameters,
        )
