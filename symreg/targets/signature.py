"""The arguments of an emitted function, once, in one order; everything that lists them is a view of it.

The order is C's: n, the numbers that the function is of (`w`, or `v` of a proximal operator, `z` of a loss), the
direction of a product with the Hessian, the data: how many samples, `X`, the labels, the samples' weights; declared
arrays, the loss's gradient, a rule's states and its count of steps, groups of weights, parameters, what receives the
result, sums that are returned beside it, scratch: so many numbers for each weight, or the `rows` of a search. In Python
the first, the data but the samples' weights, the gradient and one dict of the states are passed by position, groups,
arrays, parameters, the samples' weights and `out` by keyword; lengths and scratch are not passed at all.
A matrix is one argument here, whatever it takes to pass it: in C a pointer and the distance of its rows or columns, or
the three arrays of compressed rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan
from typing import Literal

from symreg.kernel import Kernel
from symreg.model.interval import REAL, WORDS, Interval
from symreg.model.labels import Labels
from symreg.model.lifts import STARTS
from symreg.model.loss import DataTerm
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.updates.kinds import LOSS_KINDS, Kind
from symreg.updates.update import Update

Role = Literal[
    "length",
    "data",
    "direction",
    "samples",
    "matrix",
    "labels",
    "sample_weight",
    "array",
    "gradient",
    "state",
    "count",
    "groups_length",
    "groups",
    "group_weights",
    "parameter",
    "result",
    "sum",
    "scratch",
    "rows",
]
Returns = Literal["number", "array", "nothing", "sums"]
Dimension = Literal["n", "m", "groups_n"] | int
"""The number of weights, of rows of data, of groups, or a number of rows that the function itself needs."""

BY_POSITION = ("z", "w", "v", "X", "y", "g", "state")
"""In Python, in this order; all else is passed by keyword. `state` is the dict of a rule's states and of `t`."""

STEP = Parameter(name="step", domain=WORDS["positive"], default=nan, doc="factor of the penalty")
"""What a proximal operator takes besides the penalty's parameters; it has no default."""


MOST_ROWS, NUMBERS_OF_ROW, DEEPEST_SPAN = 256, 7, 128
"""What a search for minimisers has room for in C: parts on which F rises, and halvings of a span to find them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of an emitted function.

    Args:
        name: As it is declared.
        role: What it is for.
        shape: Of an array, `("n",)` or `("n", "n")` say; `()` of one number.
        dtype: `size`, `index` for 64 bits, `real` for the precision of the arrays, or `wide`: double, unless all is in
            single precision.
        domain: Values that it, or each of its elements, may take.
        default: Its value where it is not given, or before the first step; NaN for none.
        above: The name of another argument that it, or each of its elements, has to exceed; "" for none.
        is_overwritten: Is it written to, and so passed by its address in C?
        may_be: The name of an argument that it may be exactly, though it is written and that one read; "" for none.
        doc: A few words of whoever declared it.
        labels: What each element of the labels may be, closer than their domain says it.
    """

    name: str
    role: Role
    shape: tuple[Dimension, ...] = ()
    dtype: Literal["size", "index", "real", "wide"] = "real"
    domain: Interval = REAL
    default: float = nan
    above: str = ""
    is_overwritten: bool = False
    may_be: str = ""
    doc: str = ""
    labels: Labels | None = None

    @property
    def is_pointer(self) -> bool:
        """Is it passed by its address in C?"""
        return bool(self.shape) or self.is_overwritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What an emitted function takes and returns.

    Args:
        arguments: In the order of C.
        returns: A number, an array (in C a status, and the array is the last argument but scratch), nothing, or the
            sums of a `partial`: a number, an array and a number.
    """

    arguments: tuple[Argument, ...]
    returns: Returns

    def of(self, *roles: Role) -> tuple[Argument, ...]:
        """Return the arguments that have one of some roles, in order."""
        return tuple(argument for argument in self.arguments if argument.role in roles)

    @property
    def data(self) -> Argument:
        """The array that the function is of: weights `w`, or `v` of a proximal operator."""
        (data,) = self.of("data")
        return data

    @property
    def result(self) -> Argument | None:
        """The array that receives the result, of a function that returns one."""
        return next(iter(self.of("result")), None)

    @property
    def states(self) -> tuple[Argument, ...]:
        """What a rule keeps from step to step, `t` among them."""
        return self.of("state", "count")

    @property
    def by_position(self) -> tuple[str, ...]:
        """The names that Python passes by position."""
        given = self.of("data", "direction", "matrix", "labels", "gradient")
        names = {argument.name for argument in given} | ({"state"} if self.states else set())
        return tuple(name for name in BY_POSITION if name in names)

    @property
    def by_keyword(self) -> tuple[Argument, ...]:
        """The arguments that Python passes by keyword."""
        return (
            *self.of("groups", "group_weights", "array", "parameter"),
            *self.of("sample_weight"),
            *self.of("result"),
        )


def state_signature(step: Signature) -> Signature:
    """Return the signature of the function that sets the state of a step as it is before the first one."""
    return Signature(arguments=step.of("length", "state", "count"), returns="nothing")


def signature_of(kernel: Kernel) -> Signature:
    """Return the signature of the function that a kernel is."""
    return Signature(arguments=tuple(_arguments(kernel)), returns=_RETURNS[kernel.update.kind])


_RETURNS: dict[Kind, Returns] = {
    "value": "number",
    "gradient": "array",
    "hessian_vector": "array",
    "partial": "sums",
    "lipschitz": "number",
    "loss_value": "array",
    "loss_gradient": "array",
    "loss_hessian": "array",
    "prox": "array",
    "step": "nothing",
}


def _arguments(kernel: Kernel) -> Iterator[Argument]:
    update = kernel.update
    rule, terms, is_step = update.rule, update.terms, update.kind == "step"
    data = {"prox": "v", "lipschitz": ""}.get(update.kind, "z" if update.kind in LOSS_KINDS else "w")
    yield Argument(name="n", role="length", dtype="size")
    if data:
        yield Argument(name=data, role="data", shape=("n",), is_overwritten=is_step)
    if update.kind == "hessian_vector":
        yield Argument(name="v", role="direction", shape=("n",))
    if update.data is not None:
        yield from _samples(update, update.data)
    for parameter in update.parameters:
        if parameter.shape:
            yield Argument(
                name=parameter.name,
                role="array",
                shape=parameter.shape,
                domain=parameter.allowed,
                above=parameter.above,
                doc=parameter.doc,
            )
    for array in terms.arrays:
        yield Argument(name=array.name, role="array", shape=array.shape, domain=array.domain, doc=array.doc)
    if is_step and update.data is None:
        yield Argument(name="g", role="gradient", shape=("n",))
    for state in rule.states if rule else ():
        yield Argument(
            name=state.name,
            role="state",
            shape=("n",) if state.is_array else (),
            dtype="real" if state.is_array else "wide",
            default=state.initial,
            is_overwritten=True,
            doc=state.doc,
        )
    if rule and rule.uses_t:
        yield Argument(name="t", role="count", dtype="wide", default=0.0, is_overwritten=True, doc="steps taken")
    yield from _groups(terms)
    own = rule.parameters if rule else (STEP,) if update.kind == "prox" else ()
    for parameter in (*own, *(p for p in update.parameters if not p.shape)):
        yield Argument(
            name=parameter.name,
            role="parameter",
            dtype="wide",
            domain=parameter.domain,
            default=parameter.default,
            above=parameter.above,
            doc=parameter.doc,
        )
    if _RETURNS[update.kind] in ("array", "sums"):
        may_be = data if kernel.may_alias else ""
        yield Argument(name="out", role="result", shape=("n",), is_overwritten=True, may_be=may_be)
    if update.kind == "partial":
        for name in ("loss", "weight"):
            yield Argument(name=name, role="sum", dtype="wide", is_overwritten=True)
    if kernel.buffers:
        shape: tuple[Dimension, ...] = (len(kernel.buffers), "n")
        yield Argument(name=kernel.buffers[0].name, role="scratch", shape=shape, is_overwritten=True)
    if kernel.variation is not None:
        yield Argument(name=kernel.variation.chains, role="rows", shape=(4, "n"), dtype="wide", is_overwritten=True)
    if kernel.search is not None:
        size = MOST_ROWS * NUMBERS_OF_ROW + DEEPEST_SPAN
        yield Argument(name=kernel.search.rows, role="rows", shape=(size,), dtype="wide", is_overwritten=True)


def _groups(terms: Terms) -> Iterator[Argument]:
    """Yield what says which weights are a group, of a penalty over groups."""
    if terms.groups is None:
        return
    yield Argument(name=f"{STARTS}_n", role="groups_length", dtype="size")
    yield Argument(name=STARTS, role="groups", shape=("groups_n",), dtype="index")
    yield Argument(
        name=terms.groups.weights,
        role="group_weights",
        shape=("groups_n",),
        dtype="wide",
        domain=WORDS["nonnegative"],
    )


def _samples(update: Update, data: DataTerm) -> Iterator[Argument]:
    """Yield the arguments that hold the data, or of a function of the loss alone the labels."""
    labels, domain = data.loss.labels, data.loss.labels.interval
    if update.kind in LOSS_KINDS:
        yield Argument(name="y", role="labels", shape=("n",), domain=domain, labels=labels)
    elif update.passes_samples:
        yield Argument(name="samples", role="samples", dtype="size")
        yield Argument(name="X", role="matrix", shape=("m", "n"))
        if update.kind != "lipschitz":
            yield Argument(name="y", role="labels", shape=("m",), domain=domain, labels=labels)
        yield Argument(name="sample_weight", role="sample_weight", shape=("m",), domain=WORDS["nonnegative"])
