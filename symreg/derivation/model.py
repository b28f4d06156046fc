"""What a derivation consists of: steps, knots, what the update does on each side of zero, bounds on the step size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from symreg.expressions.tree import Tree
from symreg.model.spec import Rule
from symreg.objectives.resolve import Objective

if TYPE_CHECKING:
    from symreg.derivation.prox_model import ProxChain

Sign = Literal["negative", "nonpositive", "zero", "nonnegative", "positive", "both", "undecided", "undefined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One equality `before = after`, or with a target one assignment `target <- after`.

    `Call("d", (x,))` is the formal derivative of x by `w[j]`; `Name("O")`, `Name("L")`, `Name("R")` are objective, loss
    and penalty, `Name("S")` and `Name("P")` the parts of a penalty whose gradient and whose proximal operator a rule
    takes; `Item("g", j)` is dL/dw_j. Weights are `Item("w", ...)`: the weight in question is `w[j]`, `j` free.
    `Call("prox", (v, s))` is the operator with step s, `Call("argmin", (u, x))` the u that makes x least. What else
    stands in the derivation of an operator: see `prox_chain`.

    Args:
        rule: The rule applied, in the field's words: `power rule`, `index sum`, ...
        before: The expression that the rule was applied to.
        after: What it became.
        why: A few words: why the rule applies or what happened.
        condition: Where the equality holds, or None for everywhere.
        target: Of an assignment: `w` or a state; "" for an equality.
    """

    rule: str
    before: Tree
    after: Tree
    why: str = ""
    condition: Tree | None = None
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """A weight at which a piece of an elementwise penalty ends.

    Args:
        position: Where, an expression in the parameters.
        left: The derivative from the left there (may be `inf`, `Negate(inf)` or, at a domain's end, `nan`).
        right: The derivative from the right.
        is_kink: Do the two differ (for some parameter values)?
        chosen: What a gradient rule uses there: 0 if it lies between the two, else the one of smaller magnitude.
    """

    position: Tree
    left: Tree
    right: Tree
    is_kink: bool
    chosen: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What a gradient step on the penalty alone does to a weight on one side of zero.

    Args:
        side: Sign of the weight.
        sign: Sign of dR/dw_j on that whole side, or `both` where it changes, `undecided` where it was not decided,
            `undefined` where the formula has no value.
        where: The part of the side that the sign was decided on, or None for all of it.
    """

    side: Literal["negative", "positive"]
    sign: Sign
    where: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBound:
    """A condition on the step size, derived from the update.

    Args:
        claim: `no overshoot` (no weight changes its sign) or `contraction` (the size of each that moves falls).
        condition: Holds if and only if the claim does for all weights.
    """

    claim: str
    condition: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A whole derivation.

    Args:
        objective: What was derived.
        rule: The update rule that the gradient was put into.
        steps: In the order in which they are read; each is true by itself.
        gradient: dR/dw_j, over `Item("w", j)`; of a part of R if the rule takes the operator of another part.
        update: The rule's assignments with the gradient in place, simplified; (target, expression) pairs.
        smooth: What the gradient is of: `R`, a part `S` of it, or "" where the operator takes all of R.
        proximal: What the rule takes the proximal operator of: `R`, a part `P` of it, or "" for nothing.
        knots: Of the elementwise part.
        directions: Negative side first; empty where the objective is not elementwise.
        bounds: On the step size; empty where none was decided, or none is small enough.
        notes: Conventions and assumptions that a reader must know, one sentence each.
        operator: Of the operator that the rule takes; None if it takes none, or no derivation of it is written.
    """

    objective: Objective
    rule: Rule
    steps: tuple[Step, ...]
    gradient: Tree
    update: tuple[tuple[str, Tree], ...]
    smooth: str = "R"
    proximal: str = ""
    knots: tuple[Knot, ...] = ()
    directions: tuple[Direction, ...] = ()
    bounds: tuple[StepBound, ...] = ()
    notes: tuple[str, ...] = ()
    operator: ProxChain | None = None
