"""The call that is made of somebody's own function, by name: that of the emitted function of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symreg.errors import SpecError
from symreg.model.lifts import STARTS
from symreg.model.loss import DataTerm
from symreg.model.spec import Rule
from symreg.model.terms import Terms

Kind = Literal[
    "value", "gradient", "prox", "step", "hessian_vector", "partial", "loss_value", "loss_gradient", "loss_hessian"
]
OF_SAMPLES: tuple[Kind, ...] = ("hessian_vector", "partial", "loss_value", "loss_gradient", "loss_hessian")
"""What only an objective with a loss over samples has."""
SAMPLE_WEIGHT = "sample_weight"
"""The argument for the samples' weights, which a function need not take."""

WITHOUT_SIZES = "a function over groups is judged on groups that are given: name their sizes, as in groups 3,3,2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a function is called with.

    Args:
        kind: What it computes.
        arrays: Given by position: `w`, or `v` of a prox; of a step `g`, and `state` if the rule has one. Over samples
            `X` and `y` in place of `g`; of a loss alone `z` and `y`.
        named: Given by keyword: declared arrays, the `step` of a prox, a rule's parameters, the objective's.
        states: What the dict `state` holds.
    """

    kind: Kind
    arrays: tuple[str, ...]
    named: tuple[str, ...]
    states: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return the call as a signature: `update(w, g, *, lr, lam)`."""
        return f"{name}({', '.join([*self.arrays, *(['*', *self.named] if self.named else [])])})"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that arguments can be made of; the states have names of their own besides."""
        return (*self.arrays, *self.named, *(state for state in self.states if state not in self.arrays))


def call_of(terms: Terms, rule: Rule | None, kind: Kind) -> Call:
    """Return the call of a function of a kind.

    Raises:
        SpecError: It is a step, and there is no rule.
    """
    groups = [] if terms.groups is None else [STARTS, terms.groups.weights]
    own = [*groups, *(array.name for array in terms.arrays), *(p.name for p in terms.parameters)]
    if kind != "step":
        return Call(kind=kind, arrays=("v",) if kind == "prox" else ("w",), named=(*_step(kind), *own))
    if rule is None:
        raise SpecError("a step is judged against a rule's; name one, such as gradient_descent")
    states = (*(state.name for state in rule.states), *(["t"] if rule.uses_t else []))
    return Call(
        kind=kind,
        arrays=("w", "g", *(["state"] if states else [])),
        named=(*(p.name for p in rule.parameters), *own),
        states=states,
    )


def call_of_samples(data: DataTerm, terms: Terms, rule: Rule | None, kind: Kind) -> Call:
    """Return the call of a function of an objective with a loss over samples.

    Raises:
        SpecError: It is a step, and there is no rule.
    """
    of_loss = tuple(p.name for p in data.loss.parameters)
    if kind.startswith("loss_"):
        return Call(kind=kind, arrays=("z", "y"), named=of_loss)
    if kind == "partial":
        return Call(kind=kind, arrays=("w", "X", "y"), named=(*of_loss, SAMPLE_WEIGHT))
    penalty = call_of(terms, rule, kind if kind == "step" else "value")
    named = (*(p.name for p in data.parameters), *penalty.named)
    arrays = ("w", "v", "X", "y") if kind == "hessian_vector" else ("w", "X", "y")
    return Call(
        kind=kind,
        arrays=(*arrays, *(name for name in penalty.arrays if name == "state")),
        named=(*dict.fromkeys(named), SAMPLE_WEIGHT),
        states=penalty.states,
    )


def _step(kind: Kind) -> tuple[str, ...]:
    return ("step",) if kind == "prox" else ()
