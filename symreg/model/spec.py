"""The specs: a penalty and an update rule as plain, validated data, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from symreg.display import card, one_line
from symreg.expressions.running_averages import Cancellation, cancellations
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Tree, names, walk
from symreg.model.coefficient import checked_coefficient, weighted_text
from symreg.model.domain import Domain
from symreg.model.interval import REAL, Interval, decimal
from symreg.model.lifts import Lift

Shape = tuple[Literal["n", "m"], ...]
OF_DATA = ("X", "y")
"""Reserved names that an array over the samples may have."""
"""Of what is declared with a shape: each dimension is `n`, the number of weights, or `m`, the number of samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter: one number, or one for each weight.

    Args:
        name: Identifier; not one of the reserved names.
        domain: Values that it may take; always finite.
        default: A value inside the domain.
        above: The name of another parameter that it has to exceed, as the ends of a domain have to; "" for none.
        latex: Its symbol in LaTeX, or "" for one made from the name.
        doc: A few words for docstrings.
        is_assumed: Was it undeclared in an inline expression, and so taken as positive?
        is_chosen: Was the default chosen for want of a given one?
        shape: `("n",)` of a parameter of which each weight has an element of its own: in a formula of one weight its
            name stands for that element, and domain and default are those of each.
        has_zero: May an element be 0, beside the positive numbers of its domain? The penalty vanishes there.
    """

    name: str
    domain: Interval
    default: float
    latex: str = ""
    doc: str = ""
    is_assumed: bool = False
    is_chosen: bool = field(default=False, compare=False)
    above: str = ""
    shape: Shape = ()
    has_zero: bool = False

    @property
    def allowed(self) -> Interval:
        """The values that it may take: its domain, and 0 where the penalty vanishes there."""
        return replace(self.domain, low=Fraction(0), low_closed=True) if self.has_zero else self.domain

    @property
    def condition(self) -> str:
        """What it has to be, as in `lam > 0`, or `c n, c[i] >= 0` of one that has a shape."""
        if self.shape:
            above = f", {self.name}[i] > {self.above}[i]" if self.above else ""
            return f"{self.name} n, {self.allowed.condition(f'{self.name}[i]')}{above}"
        if not self.above:
            return self.domain.condition(self.name)
        own = "" if self.domain.is_all else f"{self.domain.condition(self.name)}, "
        return f"{own}{self.name} > {self.above}"

    def __repr__(self) -> str:
        return one_line("parameter", (self.condition, f"default {decimal(self.default)}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A declared array argument of an index-notation penalty.

    Args:
        name: Identifier; not one of the reserved names.
        shape: A vector's or a square matrix's.
        latex: Its symbol in LaTeX, or "" for one made from the name.
        doc: A few words for docstrings.
        domain: Values that each element may take; all real numbers are taken as they come, other domains are checked.
        default: A typical element, inside the domain.
    """

    name: str
    shape: Shape
    latex: str = ""
    doc: str = ""
    domain: Interval = REAL
    default: float = 1.0

    @property
    def element(self) -> Parameter:
        """One of its elements, as a parameter of the same name."""
        return Parameter(name=self.name, domain=self.domain, default=self.default, latex=self.latex, doc=self.doc)

    @property
    def condition(self) -> str:
        """What it has to be, as in `A n x n` or `c n, c[i] >= 0`."""
        size = f"{self.name} {' x '.join(self.shape)}"
        return size if self.domain.is_all else f"{size}, {self.domain.condition(f'{self.name}[i]')}"

    def __repr__(self) -> str:
        return one_line("array", (self.condition,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """A penalty R(w).

    Args:
        name: Identifier; the stem of emitted files.
        title: One line of text.
        expression: Its addends, each elementwise (bare `w`) or in index notation.
        domain: Of each weight; outside it the value is +inf and the gradient NaN.
        parameters: In the order of the file: the order of arguments of what is emitted.
        arrays: Declared arrays, in the order of the file.
        reference: Where the formula is from.
        doc: Free text, one paragraph.
        aliases: Other names of the same penalty.
        source: File name or `expression`, for messages.
        path: Of its file, as it was given; "" for what is no file of the user's.
        notes: How its text was read, where it was in another notation.
        lift: What holds the penalty of one number that it is made of; then the expression is how that is written.
    """

    name: str
    title: str
    expression: Tree
    domain: Domain
    parameters: tuple[Parameter, ...]
    arrays: tuple[Array, ...] = ()
    reference: str = ""
    doc: str = ""
    aliases: tuple[str, ...] = ()
    source: str = field(default="expression", compare=False)
    path: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    lift: Lift | None = None

    def __repr__(self) -> str:
        return one_line(f"penalty {self.name}", (to_text(self.expression), *self._conditions()))

    def _repr_html_(self) -> str:
        return card(
            f"penalty {self.name}",
            (
                *_words(("title", self.title), ("also called", ", ".join(self.aliases))),
                ("expression", to_text(self.expression), ""),
                *(() if self.domain.is_all else (("domain of w", str(self.domain), ""),)),
                *parameter_rows(self.parameters),
                *((a.name, a.condition, a.doc) for a in self.arrays),
                *_words(("reference", self.reference), ("doc", self.doc)),
            ),
        )

    def _conditions(self) -> tuple[str, ...]:
        domain = () if self.domain.is_all else (self.domain.condition("w"),)
        return (*(p.condition for p in self.parameters), *(a.condition for a in self.arrays), *domain)

    def __add__(self, other: Penalty | PenaltySum) -> PenaltySum:
        return PenaltySum(addends=((Fraction(1), self),)) + other

    def __rmul__(self, coefficient: float | Fraction) -> PenaltySum:
        return PenaltySum(addends=((checked_coefficient(coefficient), self),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltySum:
    """A sum of penalties with positive coefficients: `l1 + 0.5 * l2` in Python."""

    addends: tuple[tuple[Fraction, Penalty], ...]

    def __repr__(self) -> str:
        return one_line("sum of penalties", (" + ".join(weighted_text(c, p.name) for c, p in self.addends),))

    def __add__(self, other: Penalty | PenaltySum) -> PenaltySum:
        if not isinstance(other, Penalty | PenaltySum):
            return NotImplemented
        more = other.addends if isinstance(other, PenaltySum) else ((Fraction(1), other),)
        return PenaltySum(addends=self.addends + more)

    def __rmul__(self, coefficient: float | Fraction) -> PenaltySum:
        exact = checked_coefficient(coefficient)
        return PenaltySum(addends=tuple((exact * c, penalty) for c, penalty in self.addends))


def parameter_rows(parameters: Iterable[Parameter]) -> tuple[tuple[str, str, str], ...]:
    """Return the rows of a card on parameters: name, condition, default and words."""
    return tuple((p.name, p.condition, _and(p.doc, f"default {decimal(p.default)}")) for p in parameters)


def _and(*words: str) -> str:
    return "; ".join(part for part in words if part)


def _words(*rows: tuple[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return the rows of a card on what was said in words, if it was."""
    return tuple((label, "", words) for label, words in rows if words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`target = expression`, elementwise; the target is `w`, a state variable, or a name that lives for one step."""

    target: str
    expression: Tree

    def __str__(self) -> str:
        return f"{self.target} = {to_text(self.expression)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state variable of a rule and its value before the first step.

    It is an array if an assignment to it depends on `w`, `g` or an array state, else a scalar.
    """

    name: str
    initial: float
    is_array: bool
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxCall:
    """One `prox(argument, step)` in the assignments of a rule.

    Args:
        tree: The call itself, as it stands in the assignment.
        argument: Where the operator is taken; one number a weight.
        step: Its step.
        is_step_per_weight: Does the step depend on `w`, a gradient or an array state, so that each weight has its own?
    """

    tree: Tree
    argument: Tree
    step: Tree
    is_step_per_weight: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An update rule: assignments that run in order, elementwise, over `w`, gradients, states, parameters and `t`.

    `g_loss` is the loss's gradient, `g_penalty` the penalty's, `g` their sum; `t` counts steps from 1. In a rule that
    uses `prox(v, s)`, the proximal operator with step s takes those terms of the penalty that have a kink, and
    `g_penalty` is the gradient of the others. `aliases`, `source` and `path` are as those of a penalty.

    Where a parameter of the objective has a name of the rule's, `renamed` holds that name and the one in its place.
    """

    name: str
    title: str
    steps: tuple[Assignment, ...]
    states: tuple[State, ...]
    parameters: tuple[Parameter, ...]
    reference: str = ""
    doc: str = ""
    aliases: tuple[str, ...] = ()
    source: str = field(default="expression", compare=False)
    renamed: tuple[tuple[str, str], ...] = ()
    path: str = field(default="", compare=False)

    @property
    def command_name(self) -> str:
        """What it is called on a command line: the path of its file, or its name."""
        return self.path or self.name

    def __repr__(self) -> str:
        return one_line(f"rule {self.name}", ("; ".join(map(str, self.steps)), *(p.condition for p in self.parameters)))

    def _repr_html_(self) -> str:
        return card(
            f"rule {self.name}",
            (
                *_words(("title", self.title), ("also called", ", ".join(self.aliases))),
                ("steps", "\n".join(map(str, self.steps)), ""),
                *(
                    (s.name, f"{s.name} = {decimal(s.initial)}", f"at first{s.doc and '; '}{s.doc}")
                    for s in self.states
                ),
                *parameter_rows(self.parameters),
                *_words(("reference", self.reference), ("doc", self.doc)),
            ),
        )

    @property
    def uses_t(self) -> bool:
        """Does a step read the number of steps taken?"""
        return any("t" in names(step.expression) for step in self.steps)

    @property
    def uses_prox(self) -> bool:
        """Does a step take a proximal operator?"""
        return bool(self.prox_calls)

    @property
    def prox_calls(self) -> tuple[ProxCall, ...]:
        """Each different `prox(v, s)` in the order in which it is first taken."""
        varying = varying_names(self.steps)
        calls: dict[Tree, ProxCall] = {}
        for step in self.steps:
            for node in walk(step.expression):
                match node:
                    case Call("prox", (argument, size)):
                        calls[node] = ProxCall(
                            tree=node, argument=argument, step=size, is_step_per_weight=bool(names(size) & varying)
                        )
        return tuple(calls.values())

    @property
    def cancellations(self) -> tuple[Cancellation, ...]:
        """Differences of running averages that cancel where the gradient is steady."""
        return cancellations([(s.target, s.expression) for s in self.steps], {state.name for state in self.states})


def varying_names(steps: Iterable[Assignment]) -> frozenset[str]:
    """Return the names that hold one number per weight: assigned from `w`, a gradient or another such, in any order."""
    assignments = tuple(steps)
    varying = {"w", "g", "g_loss", "g_penalty"}
    while more := {assignment.target for assignment in assignments if names(assignment.expression) & varying} - varying:
        varying |= more
    return frozenset(varying)
